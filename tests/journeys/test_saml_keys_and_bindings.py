"""A customer imports our metadata at their identity provider: encrypted assertions, signed requests, rollover, POST."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from lxml import etree

from accounts import privilege
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent, FailureLogEntry
from simulator.config import ServiceProvider, SimulatorConfig, Vendor
from simulator.server import RunningSimulator, serve_in_thread
from sso.models import SignInAttempt
from sso.models import Vendor as ProviderVendor
from sso_saml import key_pairs
from sso_saml.configuration import SamlValues, save_saml_settings
from sso_saml.models import SpKeyPair
from tests.journeys.conftest import OPERATOR, Company, directory_of, found_company
from tests.journeys.person_browser import Page, PersonBrowser, sign_in
from tests.journeys.seen import reasons, track_id_of
from tests.journeys.test_concurrent_first_sign_in import at_once

START = "/sso/saml/acme-saml/"
METADATA = "/sso/saml/acme-saml/metadata"
MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the identity provider's administrator puts our metadata."""
    return tmp_path_factory.mktemp("imported") / "broker.xml"


@pytest.fixture(scope="module")
def careful_idp(imported: Path) -> Iterator[RunningSimulator]:
    """Acme's directory, which does what our metadata says once it was imported."""
    directory = directory_of("acme", Vendor.OKTA)
    known = directory.saml.service_providers[0]
    careful = ServiceProvider(known.entity_id, known.acs_urls, imported)
    config = SimulatorConfig(
        (replace(directory, saml=replace(directory.saml, service_providers=(careful,))),)
    )
    with serve_in_thread(config) as running:
        yield running


@pytest.fixture
def company(careful_idp: RunningSimulator, imported: Path, settings: object, db: None) -> Company:
    settings.BROKER_NETWORK_ALLOW_LIST = frozenset({("127.0.0.1", careful_idp.port)})  # type: ignore[attr-defined]
    imported.unlink(missing_ok=True)
    return found_company("acme", careful_idp, ProviderVendor.OKTA)


@pytest.fixture
def import_metadata(company: Company, imported: Path) -> Callable[[], etree._Element]:
    """Let the identity provider's administrator download and import our metadata."""

    def carry() -> etree._Element:
        page = PersonBrowser().open(METADATA)
        assert page.status == 200
        imported.write_text(page.text)
        return etree.fromstring(page.text.encode())

    return carry


def save(company: Company, **values: object) -> None:
    save_saml_settings(provider=company.saml, actor=OPERATOR, values=SamlValues(**values))  # type: ignore[arg-type]


def certificates(metadata: etree._Element, use: str) -> list[str]:
    return [
        element.findtext(f".//{DS}X509Certificate") or ""
        for element in metadata.iter(f"{MD}KeyDescriptor")
        if element.get("use") == use
    ]


def arrives(browser: PersonBrowser, **fields: str | list[str]) -> bool:
    sign_in(browser, START, email="mia@acme.example", **fields)
    return bool(browser.me()["authenticated"])


def sent_assertion(browser: PersonBrowser) -> str:
    """Return the XML that the provider's page would carry home."""
    page = browser.submit(browser.open(START), fresh=True, person="mia@acme.example")
    return base64.b64decode(page.form()[2]["SAMLResponse"]).decode()


# --- encryption -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", ["assertion", "response", "both"])
def test_encrypted_assertion_signs_in_with_whatever_is_signed(
    company: Company, import_metadata: Callable[[], etree._Element], browser: PersonBrowser, sign: str
) -> None:
    # S-7
    import_metadata()
    assert "EncryptedAssertion" in sent_assertion(PersonBrowser())
    assert "mia@acme.example" not in sent_assertion(PersonBrowser())
    assert arrives(browser, sign=sign)
    assert browser.me()["email"] == "mia@acme.example"


def test_assertion_that_only_a_lost_key_of_ours_opens_is_said_to_be_so(
    company: Company,
    import_metadata: Callable[[], etree._Element],
    new_browser: Callable[[], PersonBrowser],
    settings: Any,
) -> None:
    # S-7, L-11
    import_metadata()
    settings.BROKER_ENCRYPTION_KEYS = ["another-key-than-the-one-that-was-there-0123456789abc"]
    page = sign_in(new_browser(), START, email="mia@acme.example")
    assert page.status == 503
    assert reasons(track_id_of(page)) == ["secret.unreadable"]
    assert FailureLogEntry.objects.get().target == "acme-saml"  # support sees whose it is
    key_pairs.add_next_key(provider=company.saml, actor=OPERATOR)
    import_metadata()  # shows both; the provider takes the one in use, which is still the lost one
    key_pairs.roll_over(provider=company.saml, actor=OPERATOR)
    import_metadata()
    assert arrives(new_browser())


def test_key_rollover_leaves_nobody_outside(
    company: Company,
    import_metadata: Callable[[], etree._Element],
    new_browser: Callable[[], PersonBrowser],
) -> None:
    # S-7: the provider goes on encrypting to the key that it knows
    first = import_metadata()
    assert len(certificates(first, "encryption")) == len(certificates(first, "signing")) == 1
    key_pairs.add_next_key(provider=company.saml, actor=OPERATOR)
    overlap = PersonBrowser().open(METADATA).text
    shown = certificates(etree.fromstring(overlap.encode()), "encryption")
    assert len(shown) == 2
    assert shown[0] == certificates(first, "encryption")[0]
    assert arrives(new_browser())

    key_pairs.roll_over(provider=company.saml, actor=OPERATOR)
    after = certificates(etree.fromstring(PersonBrowser().open(METADATA).text.encode()), "encryption")
    assert after == [shown[1]]
    assert arrives(new_browser())  # encrypted to the previous key

    assert key_pairs.drop_previous(provider=company.saml, actor=OPERATOR)
    late = new_browser()
    assert not arrives(late)
    assert SignInAttempt.objects.exists()
    import_metadata()
    assert arrives(new_browser())
    actions = AuditEvent.objects.filter(action__startswith="provider.sp_key").values_list("action", flat=True)
    assert sorted(actions) == [
        "provider.sp_key_added",
        "provider.sp_key_added",
        "provider.sp_key_dropped",
        "provider.sp_key_rolled_over",
    ]


def test_what_cannot_be_decrypted_looks_like_a_bad_signature(
    company: Company, import_metadata: Callable[[], etree._Element], browser: PersonBrowser
) -> None:
    # S-7: no oracle
    import_metadata()
    pages: list[Page] = []
    for begin, end in (("<xenc:CipherValue>", 40), ("<ds:SignatureValue>", 20)):
        page = browser.submit(browser.open(START), fresh=True, person="mia@acme.example", sign="response")
        pages.append(post_changed(browser, page, begin, end))
    page = browser.submit(browser.open(START), fresh=True, person="mia@acme.example", sign="assertion")
    pages.append(post_changed(browser, page, "<xenc:CipherValue>", 400))
    assert {page.status for page in pages} == {400}
    words = {without_track_id(page) for page in pages}
    assert len(words) == 1
    assert not browser.me()["authenticated"]


def post_changed(browser: PersonBrowser, page: Page, after: str, at: int) -> Page:
    """Change one character of the answer, ``at`` places after the last ``after``, and deliver it."""
    action, _, fields = page.form()
    text = base64.b64decode(fields["SAMLResponse"]).decode()
    place = text.rindex(after) + len(after) + at
    changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
    encoded = base64.b64encode(changed.encode()).decode()
    return browser.post(action, {**fields, "SAMLResponse": encoded}, cross_site=True)


def without_track_id(page: Page) -> str:
    return page.words.replace(page.headers["X-Track-Id"], "…")


def test_provider_can_be_held_to_encryption(
    company: Company,
    import_metadata: Callable[[], etree._Element],
    new_browser: Callable[[], PersonBrowser],
) -> None:
    # S-7
    save(company, require_encryption=True)
    assert not arrives(new_browser())
    import_metadata()
    assert arrives(new_browser())


# --- our signatures ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_provider_that_wants_signed_requests_gets_them(
    company: Company,
    import_metadata: Callable[[], etree._Element],
    browser: PersonBrowser,
    binding: str,
) -> None:
    # S-7
    save(company, sign_requests=True, request_binding=binding)
    role = import_metadata().find(f"{MD}SPSSODescriptor")
    assert role is not None
    assert role.get("AuthnRequestsSigned") == "true"
    page = browser.open(f"{START}?login_hint=mia@acme.example")
    if binding == "post":
        page = browser.submit(page)
    assert "127.0.0.1" in page.url
    assert 'value="mia@acme.example"' in page.text  # L-4
    answer = browser.submit(page, fresh=True, person="mia@acme.example", email="mia@acme.example")
    browser.submit(answer)
    assert browser.me()["authenticated"]


@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_provider_finds_an_unsigned_request_out(
    company: Company,
    import_metadata: Callable[[], etree._Element],
    browser: PersonBrowser,
    binding: str,
) -> None:
    # S-7: the twin of the test above, so that it can't pass with a provider that checks nothing
    save(company, sign_requests=True, request_binding=binding)
    import_metadata()
    save(company, sign_requests=False)
    page = browser.open(START)
    if binding == "post":
        page = browser.submit(page)
    assert "AADSTS76021" in page.text


def test_posting_page_works_without_javascript_and_opens_one_origin(
    company: Company, browser: PersonBrowser
) -> None:
    # S-7, A-11
    save(company, request_binding="post")
    page = browser.open(START)
    assert page.status == 200
    action, method, fields = page.form()
    assert action == f"{company.idp.url}/acme/saml/sso"
    assert method == "POST"
    assert set(fields) == {"SAMLRequest", "RelayState"}
    policy = page.headers["Content-Security-Policy"]
    directives = {part.split()[0]: part.split()[1:] for part in policy.split(";")}
    assert directives["form-action"] == [company.idp.url]
    assert directives["script-src"] == ["'self'"]
    assert "onload" not in page.text
    assert "<script>" not in page.text
    assert "Continue to 127.0.0.1" in page.words
    assert browser.client.cookies  # the attempt is bound to this browser


# --- who may ----------------------------------------------------------------------------------------------------------


def test_only_those_who_may_configure_a_provider_change_its_keys(company: Company) -> None:
    # V-8
    nobody = Actor(ActorKind.USER, "", "somebody")
    for change in (key_pairs.add_next_key, key_pairs.roll_over, key_pairs.drop_previous):
        with pytest.raises(privilege.NotAllowed):
            change(provider=company.saml, actor=nobody)


def test_rollover_takes_its_steps_in_order(company: Company) -> None:
    # S-7
    key_pairs.ensure_key_pair(provider=company.saml, actor=OPERATOR)
    with pytest.raises(key_pairs.KeyRolloverRefused, match="no next key"):
        key_pairs.roll_over(provider=company.saml, actor=OPERATOR)
    key_pairs.add_next_key(provider=company.saml, actor=OPERATOR)
    with pytest.raises(key_pairs.KeyRolloverRefused, match="already"):
        key_pairs.add_next_key(provider=company.saml, actor=OPERATOR)
    key_pairs.roll_over(provider=company.saml, actor=OPERATOR)
    key_pairs.add_next_key(provider=company.saml, actor=OPERATOR)
    with pytest.raises(key_pairs.KeyRolloverRefused, match="drop it first"):
        key_pairs.roll_over(provider=company.saml, actor=OPERATOR)
    assert key_pairs.drop_previous(provider=company.saml, actor=OPERATOR)
    assert not key_pairs.drop_previous(provider=company.saml, actor=OPERATOR)
    key_pairs.roll_over(provider=company.saml, actor=OPERATOR)


def test_private_keys_are_encrypted_in_the_database(company: Company) -> None:
    # design rule 8
    key_pairs.ensure_key_pair(provider=company.saml, actor=OPERATOR)
    with connection.cursor() as cursor:
        cursor.execute("SELECT private_key FROM sso_saml_spkeypair")
        (stored,) = cursor.fetchone()
    assert "PRIVATE" not in stored
    assert "PRIVATE KEY" in key_pairs.signing_key(company.saml).private_key_pem


def test_processes_that_need_the_first_key_at_once_make_one(
    transactional_db: None, careful_idp: RunningSimulator, settings: object
) -> None:
    # S-7: two people ask for our metadata in the same moment
    settings.BROKER_NETWORK_ALLOW_LIST = frozenset({("127.0.0.1", careful_idp.port)})  # type: ignore[attr-defined]
    provider = found_company("acme", careful_idp, ProviderVendor.OKTA).saml
    made = at_once(*[lambda: key_pairs.signing_key(provider).certificate_pem] * 4)
    assert len(set(made)) == 1
    assert SpKeyPair.objects.get().certificate == made[0]
    assert AuditEvent.objects.filter(action="provider.sp_key_added").count() == 1
