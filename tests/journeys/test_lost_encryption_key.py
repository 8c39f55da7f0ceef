"""A stored secret that no present key opens is said clearly wherever it is needed, and mended by entering it again."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import BuiltInAccountRole, User
from audit.models import FailureLogEntry
from sso.graph.access import GraphValues, save_graph_access
from sso.models import SignInAttempt
from sso_oidc.models import OidcSettings
from sso_saml import key_pairs
from sso_saml.configuration import SamlValues, save_saml_settings
from sso_saml.models import SpKeyPair
from tests.console.admin_pages import address_of, page, save, words
from tests.journeys.authenticator_app import code_of, type_password, with_app
from tests.journeys.conftest import OPERATOR, Company
from tests.journeys.entra_world import MIA_OID, Answer, EntraCloud, add_own_provider, answer_with
from tests.journeys.person_browser import Page, PersonBrowser, sign_in
from tests.journeys.seen import OIDC, SAML, reasons, rows, track_id_of, written
from tests.worlds import add_person, found_account
from tests.worlds import sign_in as open_session

LOST = "secret.unreadable"


@pytest.fixture
def lose_key(settings: Any) -> Any:
    """Return what replaces the deployment's encryption keys by one that opened nothing yet."""

    def lose() -> None:
        settings.BROKER_ENCRYPTION_KEYS = ["another-key-than-the-one-that-was-there-0123456789abc"]

    return lose


@pytest.fixture
def admin(acme: Company) -> User:
    return add_person(acme.account, "sso", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)


def assert_said(answer: Page, provider: str = "") -> None:
    """A track ID, a support contact and nothing else (L-11); support finds what it was, and whose."""
    assert answer.status == 503, f"{answer.status}: {answer.words[:300]}"
    assert "Something went wrong" in answer.words
    assert "decrypt" not in answer.words
    assert reasons(track_id_of(answer)) == [LOST]
    if provider:
        assert FailureLogEntry.objects.get(code=LOST).target == provider


def test_openid_sign_in_that_begins_after_the_key_was_lost(
    acme: Company, browser: PersonBrowser, lose_key: Any
) -> None:  # L-11
    lose_key()
    before = rows()
    assert_said(browser.open(OIDC), "acme-oidc")
    assert set(written(before)) <= {"audit.FailureLogEntry"}
    assert FailureLogEntry.objects.get(code=LOST).account_id == acme.account.pk


def test_openid_sign_in_that_comes_back_after_the_key_was_lost(
    acme: Company, browser: PersonBrowser, lose_key: Any
) -> None:  # L-11
    asked = browser.open(OIDC)
    carrying = browser.submit(asked, fresh=True, person="mia@acme.example")
    lose_key()
    before = rows()
    assert_said(browser.submit(carrying), "acme-oidc")
    assert set(written(before)) <= {"audit.FailureLogEntry"}
    assert browser.me() == {"authenticated": False}


def test_openid_sign_in_that_is_parked_when_the_key_is_lost(
    acme: Company, browser: PersonBrowser, lose_key: Any
) -> None:  # L-11, V-17
    carrying = browser.submit(browser.open(OIDC), fresh=True, person="mia@acme.example")
    parked = browser.submit(carrying, follow=False)
    lose_key()
    assert_said(browser.open(parked.headers["Location"]), "continue")
    assert browser.me() == {"authenticated": False}


def test_saml_request_is_not_sent_unsigned_when_our_key_is_lost(
    acme: Company, browser: PersonBrowser, lose_key: Any
) -> None:  # L-11, S-7
    save_saml_settings(provider=acme.saml, actor=OPERATOR, values=SamlValues(sign_requests=True))
    key_pairs.ensure_key_pair(provider=acme.saml, actor=OPERATOR)
    lose_key()
    before = rows()
    assert_said(browser.open(SAML), "acme-saml")
    assert not SignInAttempt.objects.exists()
    assert set(written(before)) <= {"audit.FailureLogEntry"}


def test_saml_requests_are_signed_again_once_the_next_key_is_rolled_over(
    acme: Company, admin: User, browser: PersonBrowser, lose_key: Any
) -> None:  # S-7
    save_saml_settings(provider=acme.saml, actor=OPERATOR, values=SamlValues(sign_requests=True))
    key_pairs.ensure_key_pair(provider=acme.saml, actor=OPERATOR)
    lose_key()
    console = PersonBrowser()
    open_session(console.client, admin)
    assert "can't be read" in words(console.client.get(address_of(acme.saml)))
    for step in ("add_next_key", "roll_over_key", "drop_previous_key"):
        assert console.client.post(page(type(acme.saml), step, acme.saml.pk)).status_code == 302
    assert "can't be read" not in words(console.client.get(address_of(acme.saml)))
    assert SpKeyPair.objects.filter(provider=acme.saml).count() == 1
    assert "&Signature=" in browser.open(SAML).url


def test_question_to_somebody_who_is_signed_in_already(
    acme: Company, browser: PersonBrowser, lose_key: Any
) -> None:  # V-19, L-11
    sign_in(browser, OIDC, person="noah@acme.example")
    asked = sign_in(browser, OIDC)
    assert "continue as" in asked.words
    lose_key()
    before = rows()
    assert_said(browser.open(asked.url))
    assert set(written(before)) == {"audit.FailureLogEntry"}
    assert browser.me()["email"] == "noah@acme.example"


def test_sessions_go_on_and_end_without_the_old_key(
    acme: Company, browser: PersonBrowser, lose_key: Any
) -> None:  # L-12
    sign_in(browser, OIDC)
    lose_key()
    assert browser.me()["email"] == "mia@acme.example"  # its session holds an ID token that nobody can read
    left = browser.sign_out()
    assert left.status == 200, left.words[:300]
    assert browser.me() == {"authenticated": False}


def test_admin_reads_which_secret_is_lost_and_enters_it_again(
    acme: Company, admin: User, browser: PersonBrowser, lose_key: Any
) -> None:  # L-11, V-23
    lose_key()
    console = PersonBrowser()
    open_session(console.client, admin)
    address = address_of(acme.oidc)
    assert "can't be read Enter it again below" in words(console.client.get(address))
    tested = console.client.post(page(type(acme.oidc), "test_connection", acme.oidc.pk), follow=True)
    assert "client secret can't be read" in words(tested)
    # What is saved without it leaves it as it was: the key may come back.
    cipher = stored(acme)
    assert save(console.client, address, acr_values="urn:mfa").status_code == 302
    assert stored(acme) == cipher
    assert save(console.client, address, client_secret="a-secret-for-tests", acr_values="").status_code == 302
    assert "can't be read" not in words(console.client.get(address))
    sign_in(browser, OIDC)
    assert browser.me()["email"] == "mia@acme.example"


def test_refused_sign_in_whose_claims_cannot_be_read_is_shown_and_not_approved(
    acme: Company, admin: User, lose_key: Any
) -> None:  # L-11, A-5, J-11
    add_person(acme.account, "mia")
    sign_in(PersonBrowser(), SAML)
    refused = SignInAttempt.objects.get(outcome="link.needs_proof")
    console = PersonBrowser()
    open_session(console.client, admin)
    lose_key()
    shown = console.client.get(address_of(refused))
    assert shown.status_code == 200
    assert page(SignInAttempt, "relink", refused.pk) not in shown.text


def test_debugger_shows_a_sign_in_whose_claims_cannot_be_read(
    acme: Company, admin: User, browser: PersonBrowser, lose_key: Any
) -> None:
    sign_in(browser, OIDC)
    lose_key()
    console = PersonBrowser()
    open_session(console.client, admin)
    shown = console.client.get(address_of(SignInAttempt.objects.get()))
    assert shown.status_code == 200
    assert "keys don't open it" in words(shown)


def stored(acme: Company) -> str:
    return str(vars(OidcSettings.objects.get(provider=acme.oidc))["client_secret"].cipher)


def test_groups_are_kept_when_only_the_secret_for_graph_is_lost(
    cloud: EntraCloud, browser: PersonBrowser, settings: Any
) -> None:  # G-5
    world = found_account("acme")
    provider = add_own_provider(cloud, world)
    access = GraphValues(client_id="reader", client_secret="a-secret")
    old = settings.BROKER_ENCRYPTION_KEYS
    settings.BROKER_ENCRYPTION_KEYS = ["the-key-of-a-moment-ago-0123456789abcdefghijklmnopqrstu"]
    save_graph_access(provider=provider, actor=OPERATOR, values=access)
    settings.BROKER_ENCRYPTION_KEYS = old
    overage = {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://x/"}}}
    answer_with(cloud, browser, "/sso/oidc/acme-entra/login", Answer(oid=MIA_OID, back=overage))
    assert browser.me()["email"] == "mia@acme.example"
    warned = str(SignInAttempt.objects.get().report["warnings"])
    assert "groups_overage_unresolved" in warned
    assert "GraphAccess.client_secret can't be decrypted" in warned


def test_authenticator_app_that_cannot_be_read_is_no_wrong_code(
    db: None, browser: PersonBrowser, lose_key: Any
) -> None:  # V-11, L-11
    found_account("acme")
    secret, codes = with_app(browser)
    lose_key()
    step = type_password(browser, "admin@acme.example", "/login/acme/")
    assert_said(browser.submit(step, code=code_of(secret)))
    assert browser.me() == {"authenticated": False}
    browser.submit(type_password(browser, "admin@acme.example", "/login/acme/"), code=codes[0])
    assert browser.me()["authenticated"]  # a recovery code is only a digest here


def test_the_deployment_check_names_what_is_lost(acme: Company, lose_key: Any) -> None:
    said = io.StringIO()
    call_command("check", databases=["default"], stderr=said, stdout=said)
    assert "broker.W002" not in said.getvalue()
    lose_key()
    call_command("check", databases=["default"], stderr=said, stdout=said)
    assert "1 × sso_oidc.OidcSettings.client_secret can't be decrypted: OIDC: Acme OIDC" in said.getvalue()
