"""A partner's provider signs people into the partner's accounts through one entrance with a key (S-6, V-5, V-19)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography import x509
from django.utils import timezone

from accounts import lifecycle
from accounts.models import PartnerKey, User, UserSession
from audit.models import AuditEvent, FailureLogEntry
from sso import providers
from sso.models import FederatedIdentity, ParkedAnswer, SignInAttempt
from sso_saml.configuration import SamlValues, save_saml_settings
from sso_saml.key_pairs import ensure_key_pair
from tests.journeys.partner_world import (
    ENTRANCE,
    Reseller,
    add_employee,
    add_partner_provider,
    arrive,
    deliver,
    found_reseller,
    issuer_of,
    response_of,
)
from tests.journeys.person_browser import HOME, PersonBrowser
from tests.journeys.seen import code_in, refused_for, rows, track_id_of, written
from tests.sso_saml.forge import Seal, rsa_key
from tests.worlds import OPERATOR

NewBrowser = Callable[[], PersonBrowser]


@pytest.fixture
def reseller(db: None) -> Reseller:
    return found_reseller()


def nobody_is_in(browser: PersonBrowser) -> bool:
    return browser.me() == {"authenticated": False} and not UserSession.objects.exists()


# --- honest ones ------------------------------------------------------------------------------------------------------


def test_employee_of_an_account_arrives_there(reseller: Reseller, browser: PersonBrowser) -> None:
    # S-6
    mia = add_employee(reseller.accounts["acme"], "mia")
    page = arrive(browser, reseller.say("mia@acme.example"), reseller.key)
    assert page.url == f"{HOME}/"
    me = browser.me()
    assert (me["account"]["slug"], me["user_name"]) == ("acme", "mia@acme.example")
    assert me["session"]["identity_provider"] == "reseller-saml"
    assert FederatedIdentity.objects.get().user == mia
    attempt = SignInAttempt.objects.get()
    assert (attempt.unsolicited, attempt.outcome, attempt.account) == (True, "signed_in", mia.account)
    assert attempt.host == "localhost:8000"  # design rule 9


def test_second_time_the_person_is_known_by_the_subject_alone(
    reseller: Reseller, browser: PersonBrowser
) -> None:
    # V-1
    add_employee(reseller.accounts["acme"], "mia")
    arrive(browser, reseller.say("mia@acme.example"), reseller.key)
    browser.post("/logout/", {})
    renamed = reseller.say("mia.keller@acme.example", name_id="subject-of-mia@acme.example")
    arrive(browser, renamed, reseller.key)
    assert browser.me()["user_name"] == "mia@acme.example"
    assert User.objects.get(user_name="mia@acme.example").email == "mia.keller@acme.example"


@pytest.mark.parametrize(
    "path",
    [
        "/SSO/SAML2/Consume",
        "/sso/saml2/consume",
        "/Sso/Saml2/CONSUME",
        "/SSO/SAML2/Consume/",
        "/sso/saml2/consume/",
    ],
)
def test_path_counts_in_any_case_and_with_a_slash(
    reseller: Reseller, browser: PersonBrowser, path: str
) -> None:
    # S-6
    add_employee(reseller.accounts["acme"], "mia")
    arrive(browser, reseller.say("mia@acme.example"), reseller.key, path=path)
    assert browser.me()["authenticated"] is True


@pytest.mark.parametrize("keyed", [True, False], ids=["with the key", "without"])
@pytest.mark.parametrize("path", [ENTRANCE, "/sso/saml2/consume"])
def test_destination_and_recipient_name_the_entrance_with_or_without_the_key(
    reseller: Reseller, browser: PersonBrowser, keyed: bool, path: str
) -> None:
    # S-6
    add_employee(reseller.accounts["acme"], "mia")
    address = f"{HOME}{path}" + (f"?x-rs-key={reseller.key}" if keyed else "")
    said = reseller.say("mia@acme.example", destination=address, recipient=address)
    arrive(browser, said, reseller.key, path=path)
    assert browser.me()["authenticated"] is True


def test_entrance_itself_may_be_the_audience(reseller: Reseller, browser: PersonBrowser) -> None:
    # S-1, S-6: an administrator who was given this address alone has nothing else to type
    add_employee(reseller.accounts["acme"], "mia")
    said = reseller.say("mia@acme.example", audiences=((f"{HOME}{ENTRANCE}",),))
    arrive(browser, said, reseller.key)
    assert browser.me()["authenticated"] is True


def test_separate_entity_id_is_the_only_audience(reseller: Reseller, browser: PersonBrowser) -> None:
    # S-1
    add_employee(reseller.accounts["acme"], "mia")
    own = "urn:broker:for:reseller"
    save_saml_settings(provider=reseller.provider, actor=OPERATOR, values=SamlValues(sp_entity_id=own))
    for audience in (f"{HOME}{ENTRANCE}", f"{HOME}/sso/saml/reseller-saml/", "urn:broker:for:another"):
        said = reseller.say("mia@acme.example", audiences=((audience,),))
        assert refused_for(deliver(browser, said, reseller.key)) == "saml.audience"
    arrive(browser, reseller.say("mia@acme.example", audiences=((own,),)), reseller.key)
    assert browser.me()["authenticated"] is True


def test_setting_for_unasked_responses_is_about_the_redirect_url(
    reseller: Reseller, browser: PersonBrowser
) -> None:
    # S-5, S-6: this entrance is for nothing else
    add_employee(reseller.accounts["acme"], "mia")
    for mode in ("refuse", "restart", "accept"):
        save_saml_settings(provider=reseller.provider, actor=OPERATOR, values=SamlValues(idp_initiated=mode))
        arrive(browser, reseller.say("mia@acme.example"), reseller.key)
        assert browser.me()["authenticated"] is True
        browser.post("/logout/", {})


def test_somebody_who_opens_the_address_is_led_to_the_login_page(
    reseller: Reseller, browser: PersonBrowser
) -> None:
    # V-24
    page = browser.open(f"{ENTRANCE}?x-rs-key={reseller.key}")
    assert page.url == f"{HOME}/login/"
    assert reseller.key not in page.text


# --- keys -------------------------------------------------------------------------------------------------------------


def test_two_keys_work_while_one_replaces_the_other(reseller: Reseller, browser: PersonBrowser) -> None:
    # S-6
    add_employee(reseller.accounts["acme"], "mia")
    _, new = lifecycle.rotate_partner_key(partner=reseller.partner, actor=OPERATOR)
    assert len(new) == 32
    old = reseller.key
    for key in (old, new):
        reseller.key = key
        arrive(browser, reseller.say("mia@acme.example"), key)
        assert browser.me()["authenticated"] is True
        browser.post("/logout/", {})
    PartnerKey.objects.filter(hint=old[:4]).update(expires_at=timezone.now() - timedelta(seconds=1))
    reseller.key = old
    assert refused_for(deliver(browser, reseller.say("mia@acme.example"), old)) == "partner.key"


def test_missing_unknown_expired_and_revoked_key_get_the_same_page(
    reseller: Reseller, new_browser: NewBrowser
) -> None:
    # S-6, V-21
    expired, plain = lifecycle.rotate_partner_key(partner=reseller.partner, actor=OPERATOR)
    lifecycle.revoke_partner_key(key=expired, actor=OPERATOR)
    said = reseller.say("mia@acme.example")
    pages = []
    for key in (None, "", "0" * 32, plain, reseller.key[:-1], f"{reseller.key}0", "ü" * 32, "\x00" * 32):
        before = rows()
        page = deliver(new_browser(), said, key)
        assert refused_for(page) == "partner.key"
        # Repeats are counted in the row of the first.
        assert written(before) in ({"audit.FailureLogEntry": 1}, {})
        pages.append((page.status, page.text.replace(track_id_of(page), "")))
    twice = new_browser().post(
        f"{ENTRANCE}?x-rs-key={reseller.key}&x-rs-key={reseller.key}", {"SAMLResponse": "x"}, cross_site=True
    )
    pages.append((twice.status, twice.text.replace(track_id_of(twice), "")))
    assert len(set(pages)) == 1


def test_key_of_another_partner_opens_none_of_this_ones_accounts(
    reseller: Reseller, browser: PersonBrowser
) -> None:
    # V-5: the other partner's provider and accounts don't exist here
    other = found_reseller("other", accounts=("initech",))
    add_employee(other.accounts["initech"], "olga")
    add_employee(reseller.accounts["acme"], "mia")
    said = response_of(reseller.provider, other.key, "mia@acme.example")
    assert refused_for(deliver(browser, said, other.key)) == "saml.issuer"
    assert nobody_is_in(browser)
    # Its own provider naming somebody of the first partner's finds nobody.
    said = other.say("mia@acme.example")
    assert refused_for(arrive(browser, said, other.key)) == "no_active_account"
    assert not FederatedIdentity.objects.exists()
    arrive(browser, other.say("olga@initech.example"), other.key)
    assert browser.me()["account"]["slug"] == "initech"


def test_account_provider_of_the_same_name_is_no_provider_of_the_partner(
    reseller: Reseller, browser: PersonBrowser
) -> None:
    # V-5
    said = reseller.say(
        "mia@acme.example",
        response_issuer=issuer_of("somebody-else"),
        assertion_issuer=issuer_of("somebody-else"),
    )
    assert refused_for(deliver(browser, said, reseller.key)) == "saml.issuer"


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sign_assertion": None}, "saml.signature_missing"),
        ({"sign_assertion": Seal(key=rsa_key("a stranger"))}, "saml.signature_invalid"),
        ({"audiences": (("https://another.example/",),)}, "saml.audience"),
        ({"audiences": ()}, "saml.audience"),
        ({"destination": f"{HOME}{ENTRANCE}?x-rs-key={'0' * 32}"}, "saml.destination"),
        ({"destination": f"{HOME}{ENTRANCE}x"}, "saml.destination"),
        ({"destination": f"{HOME}{ENTRANCE}?"}, "saml.destination"),
        ({"destination": f"{HOME}/SSO/SAML2/consume"}, "saml.destination"),
        ({"destination": f"{HOME}/sso/saml/reseller-saml/"}, "saml.destination"),
        ({"destination": f"https://localhost:8000{ENTRANCE}"}, "saml.destination"),
        ({"recipient": f"{HOME}{ENTRANCE}?x-rs-key={'0' * 32}"}, "saml.recipient"),
        ({"recipient": f"http://evil.example{ENTRANCE}"}, "saml.recipient"),
        ({"recipient": None}, "saml.recipient"),
        ({"response_in_response_to": "_made_up"}, "saml.in_response_to"),
        ({"in_response_to": "_made_up"}, "saml.in_response_to"),
        ({"assertion_issuer": "https://evil.example"}, "saml.issuer"),
        ({"response_issuer": "https://evil.example"}, "saml.issuer"),
        ({"confirmed_until": "2020-01-01T00:00:00Z"}, "saml.expired"),
        ({"valid_until": "2020-01-01T00:00:00Z"}, "saml.expired"),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(value),
)
def test_response_with_one_thing_wrong_is_refused(
    reseller: Reseller, browser: PersonBrowser, changes: dict[str, object], code: str
) -> None:
    # S-6, S-8, V-19
    add_employee(reseller.accounts["acme"], "mia")
    before = rows()
    page = deliver(browser, reseller.say("mia@acme.example", **changes), reseller.key)
    assert refused_for(page) == code
    assert written(before) == {"audit.FailureLogEntry": 1}
    assert nobody_is_in(browser)
    arrive(browser, reseller.say("mia@acme.example"), reseller.key)  # the twin
    assert browser.me()["authenticated"] is True


def test_answer_to_a_request_of_ours_is_not_taken_here(reseller: Reseller, browser: PersonBrowser) -> None:
    # V-19: what was asked for goes to the Redirect URL, whose attempt protects it
    add_employee(reseller.accounts["acme"], "mia")
    assert browser.client.get("/sso/saml/reseller-saml/").status_code == 302
    asked = SignInAttempt.objects.get().request_id
    said = reseller.say("mia@acme.example", response_in_response_to=asked, in_response_to=asked)
    assert refused_for(deliver(browser, said, reseller.key)) == "saml.in_response_to"


def test_assertion_counts_once(reseller: Reseller, browser: PersonBrowser) -> None:
    # S-8
    add_employee(reseller.accounts["acme"], "mia")
    said = reseller.say("mia@acme.example")
    arrive(browser, said, reseller.key)
    assert refused_for(deliver(browser, said, reseller.key)) == "saml.replay"
    assert UserSession.objects.count() == 1


def test_answer_is_for_the_browser_that_brought_it(reseller: Reseller, new_browser: NewBrowser) -> None:
    # V-16, V-17, V-19
    add_employee(reseller.accounts["acme"], "mia")
    mine, stranger = new_browser(), new_browser()
    parked = deliver(mine, reseller.say("mia@acme.example"), reseller.key)
    code = code_in(parked)
    assert refused_for(stranger.open(f"/sso/continue/?code={code}")) == "attempt.wrong_browser"
    assert refused_for(mine.open(f"/sso/continue/?code={code}")) == "attempt.spent"
    assert nobody_is_in(mine)
    assert nobody_is_in(stranger)


def test_browser_that_holds_anothers_session_is_asked_first(
    reseller: Reseller, browser: PersonBrowser
) -> None:
    # V-19
    add_employee(reseller.accounts["acme"], "mia")
    add_employee(reseller.accounts["globex"], "gus")
    arrive(browser, reseller.say("mia@acme.example"), reseller.key)
    page = arrive(browser, reseller.say("gus@globex.example"), reseller.key)
    assert "in Globex?" in page.words
    assert browser.me()["user_name"] == "mia@acme.example"
    browser.submit(page, choice="continue")
    assert browser.me()["user_name"] == "gus@globex.example"


def test_disabled_and_draft_providers_take_nothing(reseller: Reseller, browser: PersonBrowser) -> None:
    # V-18
    add_employee(reseller.accounts["acme"], "mia")
    providers.disable_provider(provider=reseller.provider, actor=OPERATOR)
    assert refused_for(deliver(browser, reseller.say("mia@acme.example"), reseller.key)) == "saml.issuer"
    draft = add_partner_provider(reseller.partner, "draft", enabled=False)
    said = response_of(draft, reseller.key, "mia@acme.example")
    assert refused_for(deliver(browser, said, reseller.key)) == "saml.issuer"
    assert not SignInAttempt.objects.exists()


def test_provider_disabled_while_the_answer_waits_signs_nobody_in(
    reseller: Reseller, browser: PersonBrowser
) -> None:
    # V-17
    add_employee(reseller.accounts["acme"], "mia")
    parked = deliver(browser, reseller.say("mia@acme.example"), reseller.key)
    providers.disable_provider(provider=reseller.provider, actor=OPERATOR)
    assert refused_for(browser.open(parked.headers["Location"])) == "provider.not_enabled"
    assert nobody_is_in(browser)


def test_two_partners_with_one_identity_provider_keep_their_answers_apart(
    reseller: Reseller, browser: PersonBrowser
) -> None:
    # V-6: the entrance is everybody's, so where two stand for one provider it is no audience
    other = found_reseller("other", accounts=("initech",))
    add_employee(reseller.accounts["acme"], "mia")
    save_saml_settings(
        provider=other.provider, actor=OPERATOR, values=SamlValues(idp_entity_id=reseller.issuer)
    )
    said = reseller.say(
        "mia@acme.example",
        audiences=((f"{HOME}{ENTRANCE}",),),
        destination=f"{HOME}{ENTRANCE}",
        recipient=f"{HOME}{ENTRANCE}",
    )
    assert refused_for(deliver(browser, said, reseller.key)) == "saml.audience"
    arrive(browser, reseller.say("mia@acme.example"), reseller.key)
    assert browser.me()["authenticated"] is True


def test_providers_of_one_partner_with_one_issuer_are_told_apart_by_audience_and_key(
    reseller: Reseller, browser: PersonBrowser
) -> None:
    # V-1
    add_employee(reseller.accounts["acme"], "mia")
    second = add_partner_provider(reseller.partner, "second-saml", issuer=reseller.issuer)
    arrive(browser, reseller.say("mia@acme.example"), reseller.key)
    assert browser.me()["session"]["identity_provider"] == "reseller-saml"
    browser.post("/logout/", {})
    said = response_of(
        second,
        reseller.key,
        "mia@acme.example",
        response_issuer=reseller.issuer,
        assertion_issuer=reseller.issuer,
    )
    # No account switched the second one on.
    assert refused_for(arrive(browser, said, reseller.key)) == "no_active_account"


@pytest.mark.parametrize("issuer", [True, False], ids=["named outside", "named inside alone"])
def test_encrypted_answer_is_decrypted_and_checked_all_the_same(
    reseller: Reseller, browser: PersonBrowser, issuer: bool
) -> None:
    # S-7, V-19
    add_employee(reseller.accounts["acme"], "mia")
    ours = ensure_key_pair(provider=reseller.provider, actor=OPERATOR)
    to = x509.load_pem_x509_certificate(ours.certificate.encode())
    outside = {} if issuer else {"response_issuer": None}
    for changes, code in (
        ({"in_response_to": "_made_up"}, "saml.in_response_to"),
        ({"recipient": f"{HOME}{ENTRANCE}?x-rs-key={'0' * 32}"}, "saml.recipient"),
        ({"assertion_issuer": "https://evil.example"}, "saml.issuer"),
    ):
        said = reseller.say("mia@acme.example", **outside, **changes).encrypted_to(to)
        assert refused_for(deliver(browser, said, reseller.key)) == code
    assert nobody_is_in(browser)
    arrive(browser, reseller.say("mia@acme.example", **outside).encrypted_to(to), reseller.key)
    assert browser.me()["authenticated"] is True


@pytest.mark.parametrize(
    "body", [{}, {"SAMLResponse": ""}, {"SAMLResponse": "!"}, {"SAMLResponse": ["a", "b"]}]
)
def test_garbage_gets_a_page_with_a_track_id(
    reseller: Reseller, browser: PersonBrowser, body: dict[str, object]
) -> None:
    # S-8, L-11
    page = browser.post(f"{ENTRANCE}?x-rs-key={reseller.key}", body, cross_site=True)
    assert refused_for(page).startswith("saml.")
    assert not ParkedAnswer.objects.exists()
    assert FailureLogEntry.objects.get().partner_id in (None, reseller.partner.pk)
    assert not AuditEvent.objects.filter(action__startswith="sign_in").exists()
