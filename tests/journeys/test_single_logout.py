"""Signing out here and at the identity provider ends both sessions, whichever side it begins on (L-12, S-7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from django.utils import timezone
from lxml import etree

from accounts.models import EndReason, UserSession
from audit.models import AuditEvent, FailureLogEntry
from simulator.saml_sessions import SamlSession
from sso import providers
from sso.claims import Claims
from sso.models import IdentityProvider
from sso_saml.configuration import SamlValues, save_saml_settings
from sso_saml.models import LogoutInFlight, SpentAssertion
from sso_saml.tasks import purge_spent_assertions
from tests.journeys.conftest import OPERATOR, Company
from tests.journeys.logouts import (
    SLO,
    LogoutRecipe,
    answer_in,
    at,
    key_of,
    message_in,
    parameters,
    published_certificate,
    published_key,
    status_in,
    verify_enveloped,
    verify_query,
)
from tests.journeys.person_browser import HOME, Page, PersonBrowser, answer_of, sign_in
from tests.journeys.seen import OIDC, SAML, refused_for
from tests.sso_saml.encryption import XENC, Encryption
from tests.sso_saml.forge import SAML as NS
from tests.sso_saml.forge import SAMLP

NewBrowser = Callable[[], PersonBrowser]
ANONYMOUS = {"authenticated": False}
BINDINGS = pytest.mark.parametrize("binding", ["redirect", "post"])


def offer_logout(company: Company, binding: str = "redirect", **values: str) -> None:
    """Configure single logout as an admin would."""
    url = f"{company.directory}/saml/slo"
    given = {"slo_url": url, "slo_binding": binding, **values}
    save_saml_settings(provider=company.saml, actor=OPERATOR, values=SamlValues(**given))  # type: ignore[arg-type]


def policy_of(page: Page) -> str:
    """The page's Content-Security-Policy, each directive with a semicolon after it."""
    return page.headers["Content-Security-Policy"] + ";"


@pytest.fixture
def acme_slo(acme: Company) -> Company:
    offer_logout(acme)
    return acme


def sessions_there(company: Company) -> list[SamlSession]:
    """The sessions that the identity provider believes to be open, newest first."""
    return company.idp.app.sites[company.account.slug].sessions.all()


def end_there(browser: PersonBrowser, company: Company, session: SamlSession, **fields: str) -> Page:
    """Press the identity provider's own button, and stop where its page or redirect would carry the request to us."""
    form = {"index": session.index, "binding": "redirect", **fields}
    return browser.post(f"{company.directory}/saml/end", form)


def recipe(company: Company, **changes: object) -> LogoutRecipe:
    """An honest LogoutRequest of the company's identity provider."""
    site = company.idp.app.sites[company.account.slug]
    return LogoutRecipe(key_of(site.saml_key), site.urls.entity_id).but(**changes)


def redirected(browser: PersonBrowser, honest: LogoutRecipe, path: str = SLO) -> Page:
    """Let a browser follow the identity provider's redirect to us, and stop at our answer."""
    return browser._get(f"{HOME}{path}?{honest.query()}")


# --- from here to the identity provider -------------------------------------------------------------------------------


@BINDINGS
def test_employee_signs_out_here_and_the_session_at_the_identity_provider_is_over_too(
    acme: Company, browser: PersonBrowser, binding: str
) -> None:
    # L-12, S-7
    offer_logout(acme, binding)
    sign_in(browser, SAML)
    (theirs, *_) = sessions_there(acme)
    page = browser.sign_out()
    assert page.status == 200
    assert "You are signed out" in page.words
    assert "Acme SAML says that your session there has ended too" in page.words
    assert browser.me() == ANONYMOUS
    assert theirs not in sessions_there(acme)
    assert page.url.startswith(f"{HOME}{SLO}?ended=")  # the message is gone from the address bar
    assert AuditEvent.objects.filter(action="session.ended_at_provider").count() == 1
    assert LogoutInFlight.objects.get().outcome == "success"


def test_request_by_redirect_is_signed_and_names_the_session_as_the_provider_did(
    acme_slo: Company, browser: PersonBrowser
) -> None:
    # S-7; Core §3.7.1, Bindings §3.4.4.1
    sign_in(browser, SAML)
    session = UserSession.objects.get()
    page = browser.post("/logout/", {})
    url = page.link("Continue")
    verify_query(url, published_key())
    root = message_in(url, "SAMLRequest")
    assert root.get("Destination") == f"{acme_slo.directory}/saml/slo"
    assert root.findtext(f"{{{NS}}}Issuer") == f"{HOME}{SAML}"
    name_id = root.find(f"{{{NS}}}NameID")
    assert name_id is not None
    assert (name_id.text, name_id.get("Format")) == (session.name_id, session.name_id_format)
    assert root.findtext(f"{{{SAMLP}}}SessionIndex") == session.session_index
    begun, until = (
        dt.datetime.fromisoformat(root.get(name) or "") for name in ("IssueInstant", "NotOnOrAfter")
    )
    assert until - begun == dt.timedelta(minutes=5)
    assert len(parameters(url)["RelayState"].encode()) <= 80


def test_request_by_post_is_signed_inside(acme: Company, browser: PersonBrowser) -> None:
    # S-7; Bindings §3.5
    offer_logout(acme, "post")
    sign_in(browser, SAML)
    page = browser.post("/logout/", {})
    assert page.form()[0] == f"{acme.directory}/saml/slo"
    # A redirect after the form, back here or on to others, obeys form-action as well.
    assert f"form-action 'self' http://127.0.0.1:{acme.idp.port} https:;" in policy_of(page)
    assert "frame-ancestors 'none';" in policy_of(page)
    verify_enveloped(answer_in(page, "SAMLRequest"), published_key())


def test_qualifiers_of_the_name_go_back_as_they_came(acme_slo: Company, browser: PersonBrowser) -> None:
    # Core §3.3.4: a provider compares the whole NameID
    sign_in(browser, SAML)
    UserSession.objects.update(name_qualifier="https://idp/q", sp_name_qualifier="https://sp/q")
    root = message_in(browser.post("/logout/", {}).link("Continue"), "SAMLRequest")
    name_id = root.find(f"{{{NS}}}NameID")
    assert name_id is not None
    assert (name_id.get("NameQualifier"), name_id.get("SPNameQualifier")) == ("https://idp/q", "https://sp/q")


def test_session_here_is_over_even_when_the_provider_never_answers(
    acme_slo: Company, browser: PersonBrowser
) -> None:
    # L-12
    sign_in(browser, SAML)
    browser.post("/logout/", {})
    assert browser.me() == ANONYMOUS
    assert UserSession.objects.get().end_reason == EndReason.LOGOUT
    assert "You are signed out" in browser.open("/logout/").words
    row = LogoutInFlight.objects.get()
    page = browser.open(f"{SLO}?ended={row.pk}")
    assert "did not confirm that your session there has ended" in page.words


def test_where_no_logout_is_configured_the_page_says_to_sign_out_there(
    acme: Company, browser: PersonBrowser
) -> None:
    # L-12
    sign_in(browser, SAML)
    page = browser.sign_out()
    assert page.url == f"{HOME}/logout/"
    assert "sign out of your company's identity provider as well" in page.words
    assert not LogoutInFlight.objects.exists()


def test_provider_that_was_disabled_meanwhile_is_not_told(acme_slo: Company, browser: PersonBrowser) -> None:
    sign_in(browser, SAML)
    providers.disable_provider(provider=acme_slo.saml, actor=OPERATOR)
    assert browser.sign_out().url == f"{HOME}/logout/"
    assert browser.me() == ANONYMOUS


def test_partial_logout_is_told_as_that(acme_slo: Company, browser: PersonBrowser) -> None:
    # Core §3.2.2.2
    sign_in(browser, SAML)
    page = redirected(browser, answer_to(browser, acme_slo, status=("Success", "PartialLogout")))
    page = browser.open(page.headers["Location"])
    assert "could not sign you out of every other application" in page.words
    assert LogoutInFlight.objects.get().outcome == "partial"


def test_provider_that_could_not_end_its_session_is_not_believed_to_have(
    acme_slo: Company, browser: PersonBrowser
) -> None:
    # L-12: the page tells the truth
    sign_in(browser, SAML)
    page = redirected(browser, answer_to(browser, acme_slo, status=("Responder", "RequestDenied")))
    assert "You are signed out" in page.words
    assert "did not confirm" in page.words
    assert refused_for(page) == "saml.logout_not_done"
    assert browser.me() == ANONYMOUS


def answer_to(browser: PersonBrowser, company: Company, **changes: object) -> LogoutRecipe:
    """Sign out here, and make the identity provider's honest answer to the request that left."""
    url = browser.post("/logout/", {}).link("Continue")
    request_id = message_in(url, "SAMLRequest").get("ID")
    return recipe(
        company,
        kind="LogoutResponse",
        in_response_to=request_id,
        relay_state=parameters(url)["RelayState"],
        **changes,
    )


def test_answer_by_post_finds_the_browser_again(acme_slo: Company, browser: PersonBrowser) -> None:
    # V-16: the cross-site POST brings no cookie, the GET after it does
    sign_in(browser, SAML)
    form = answer_to(browser, acme_slo).form()
    page = browser.post(SLO, form, cross_site=True)
    assert page.status == 303
    assert "has ended too" in browser.open(page.headers["Location"]).words


def test_somebody_who_signed_in_again_meanwhile_is_not_told_to_be_signed_out(
    acme_slo: Company, browser: PersonBrowser
) -> None:
    sign_in(browser, SAML)
    honest = answer_to(browser, acme_slo)
    sign_in(browser, SAML)
    page = browser.open(f"{SLO}?{honest.query()}")
    assert page.url == f"{HOME}/"
    assert browser.me()["authenticated"] is True


def test_logouts_past_waiting_for_are_forgotten(acme_slo: Company, browser: PersonBrowser) -> None:
    sign_in(browser, SAML)
    browser.post("/logout/", {})
    purge_spent_assertions()
    assert LogoutInFlight.objects.count() == 1
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=31), tick=True):
        purge_spent_assertions()
    assert not LogoutInFlight.objects.exists()


# --- from the identity provider to here -------------------------------------------------------------------------------


@BINDINGS
def test_signed_out_at_the_identity_provider_the_next_request_here_is_signed_out(
    acme: Company, browser: PersonBrowser, binding: str
) -> None:
    # L-12, S-7
    offer_logout(acme, binding)
    sign_in(browser, SAML)
    (theirs, *_) = sessions_there(acme)
    page = browser.leave(browser._follow(end_there(browser, acme, theirs, binding=binding)))
    assert "the application says: Success" in page.words
    assert browser.me() == ANONYMOUS
    row = UserSession.objects.get()
    assert row.end_reason == EndReason.PROVIDER_LOGOUT
    event = AuditEvent.objects.get(
        action="session.ended", message__contains="signed out at the identity provider"
    )
    assert event.actor_kind == "provider"
    assert event.account_id == acme.account.pk


def test_one_of_two_browsers_is_signed_out_by_its_session_index(
    acme_slo: Company, new_browser: NewBrowser
) -> None:
    # S-7
    office, phone = new_browser(), new_browser()
    sign_in(office, SAML)
    sign_in(phone, SAML)
    (of_phone, _, *_) = sessions_there(acme_slo)
    phone.leave(phone._follow(end_there(phone, acme_slo, of_phone)))
    assert phone.me() == ANONYMOUS
    assert office.me()["authenticated"] is True


def test_without_a_session_index_both_browsers_are_signed_out(
    acme_slo: Company, new_browser: NewBrowser
) -> None:
    # Core §3.7.3.2
    office, phone = new_browser(), new_browser()
    sign_in(office, SAML)
    sign_in(phone, SAML)
    (of_phone, *_) = sessions_there(acme_slo)
    phone.leave(phone._follow(end_there(phone, acme_slo, of_phone, everywhere="1")))
    assert office.me() == ANONYMOUS
    assert phone.me() == ANONYMOUS


def test_logout_that_names_several_sessions_ends_those(acme_slo: Company, new_browser: NewBrowser) -> None:
    office, phone, kiosk = new_browser(), new_browser(), new_browser()
    for each in (office, phone, kiosk):
        sign_in(each, SAML)
    of_kiosk, of_phone, _ = (session.index for session in sessions_there(acme_slo)[:3])
    answer = redirected(phone, recipe(acme_slo, session_indexes=(of_phone, of_kiosk)))
    assert status_in(answer) == ["Success"]
    assert [each.me()["authenticated"] for each in (office, phone, kiosk)] == [True, False, False]


@BINDINGS
def test_it_works_in_a_browser_that_brings_no_cookie(
    acme_slo: Company, browser: PersonBrowser, new_browser: NewBrowser, binding: str
) -> None:
    # a cross-site POST, or a frame of the provider's page
    sign_in(browser, SAML)
    honest = recipe(acme_slo)
    if binding == "post":
        answer = browser.post(SLO, honest.form(), cross_site=True)
    else:
        answer = redirected(new_browser(), honest)
    assert status_in(answer) == ["Success"]
    assert browser.me() == ANONYMOUS


def test_answer_is_signed_and_carries_back_what_the_provider_gave(
    acme_slo: Company, browser: PersonBrowser
) -> None:
    # S-7; Bindings §3.4.3
    sign_in(browser, SAML)
    honest = recipe(acme_slo, relay_state="theirs & ours/ä")
    answer = redirected(browser, honest)
    url = answer.headers["Location"]
    assert url.startswith(f"{acme_slo.directory}/saml/slo?SAMLResponse=")
    verify_query(url, published_key())
    assert parameters(url)["RelayState"] == "theirs & ours/ä"
    root = answer_in(answer)
    assert root.get("InResponseTo") == honest.id
    assert root.get("Destination") == f"{acme_slo.directory}/saml/slo"
    assert root.findtext(f"{{{NS}}}Issuer") == f"{HOME}{SAML}"


def test_answer_by_post_is_signed_and_may_stand_in_the_providers_frame_only(
    acme: Company, browser: PersonBrowser
) -> None:
    # S-7; front-channel logout loads each application in a frame
    offer_logout(acme, "post")
    sign_in(browser, SAML)
    answer = browser.post(SLO, recipe(acme).form(), cross_site=True)
    verify_enveloped(answer_in(answer), published_key())
    assert answer.form()[2]["RelayState"] == "opaque-to-us"
    origin = f"http://127.0.0.1:{acme.idp.port}"
    assert f"frame-ancestors {origin};" in policy_of(answer)
    assert f"form-action 'self' {origin} https:;" in policy_of(answer)
    assert "X-Frame-Options" not in answer.headers
    elsewhere = browser.post(SLO, {}, cross_site=True)
    assert elsewhere.headers["X-Frame-Options"] == "DENY"


def test_answer_goes_to_the_response_url_where_the_provider_has_one(
    acme: Company, browser: PersonBrowser
) -> None:
    # Metadata §2.2.2
    there = f"{acme.directory}/saml/slo/done?tenant=1"
    offer_logout(acme, slo_response_url=there)
    sign_in(browser, SAML)
    url = redirected(browser, recipe(acme)).headers["Location"]
    assert url.startswith(f"{there}&SAMLResponse=")


def test_relay_state_that_is_too_long_is_not_carried_back(acme_slo: Company, browser: PersonBrowser) -> None:
    # Bindings §3.4.3: 80 bytes
    sign_in(browser, SAML)
    answer = redirected(browser, recipe(acme_slo, relay_state="x" * 81))
    assert "RelayState" not in parameters(answer.headers["Location"])
    assert browser.me() == ANONYMOUS


def test_provider_without_an_address_for_answers_still_ends_the_session(
    acme: Company, browser: PersonBrowser
) -> None:
    sign_in(browser, SAML)
    page = redirected(browser, recipe(acme))
    assert page.status == 200
    assert "You are signed out" in page.words
    assert browser.me() == ANONYMOUS


def test_session_that_is_over_already_is_a_success(acme_slo: Company, browser: PersonBrowser) -> None:
    # what was asked for is so
    sign_in(browser, SAML)
    (theirs, *_) = sessions_there(acme_slo)
    browser.post("/logout/", {})
    answer = redirected(browser, recipe(acme_slo, session_indexes=(theirs.index,)))
    assert status_in(answer) == ["Success"]


def test_name_without_its_format_is_the_same_name(acme_slo: Company, browser: PersonBrowser) -> None:
    # Core §3.3.4: what is left out says nothing
    sign_in(browser, SAML)
    assert status_in(redirected(browser, recipe(acme_slo, name_id_format=None))) == ["Success"]
    assert browser.me() == ANONYMOUS


def test_qualifiers_that_say_what_leaving_them_out_says_are_the_same_name(
    acme_slo: Company, browser: PersonBrowser
) -> None:
    # Core §8.3.7
    sign_in(browser, SAML)
    entity_id = acme_slo.idp.app.sites["acme"].urls.entity_id
    honest = recipe(acme_slo, name_qualifier=entity_id, sp_name_qualifier=f"{HOME}{SAML}")
    assert status_in(redirected(browser, honest)) == ["Success"]
    assert browser.me() == ANONYMOUS


def test_session_of_another_provider_goes_on(acme_slo: Company, new_browser: NewBrowser) -> None:
    by_saml, by_oidc = new_browser(), new_browser()
    sign_in(by_saml, SAML)
    sign_in(by_oidc, OIDC)
    redirected(by_saml, recipe(acme_slo))
    assert by_saml.me() == ANONYMOUS
    assert by_oidc.me()["authenticated"] is True


def test_other_peoples_sessions_go_on(acme_slo: Company, new_browser: NewBrowser) -> None:
    mia, noah = new_browser(), new_browser()
    sign_in(mia, SAML)
    sign_in(noah, SAML, "noah@acme.example")
    redirected(mia, recipe(acme_slo))
    assert mia.me() == ANONYMOUS
    assert noah.me()["user_name"] == "noah@acme.example"


def test_answer_that_was_under_way_while_the_provider_ended_its_session_signs_nobody_in(
    acme_slo: Company, browser: PersonBrowser
) -> None:
    # Core §3.7.3.2
    page = answer_of(browser, SAML)
    (theirs, *_) = sessions_there(acme_slo)
    parked = browser.submit(page, follow=False)
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=5), tick=True):
        answer = redirected(browser, recipe(acme_slo, session_indexes=(theirs.index,)))
        assert status_in(answer) == ["Requester", "UnknownPrincipal"]
        assert refused_for(browser.open(parked.headers["Location"])) == "saml.logged_out"
        assert browser.me() == ANONYMOUS
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=10), tick=True):
        sign_in(browser, SAML)  # afresh at the identity provider
        assert browser.me()["authenticated"] is True


def test_older_logout_that_was_held_back_does_not_undo_a_newer_one(
    acme_slo: Company, browser: PersonBrowser
) -> None:
    # L-12, V-17: it travels through the person's own browser
    older = recipe(acme_slo, issued=at(-1))
    page = answer_of(browser, SAML)
    parked = browser.submit(page, follow=False)
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=5), tick=True):
        redirected(PersonBrowser(), recipe(acme_slo))
        redirected(browser, older)
        assert refused_for(browser.open(parked.headers["Location"])) == "saml.logged_out"


def test_session_that_ends_at_the_provider_while_groups_are_fetched_does_not_begin_here(
    acme_slo: Company, browser: PersonBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    # L-12, G-5: Graph may take seconds
    page = answer_of(browser, SAML, overage="1")
    (theirs, *_) = sessions_there(acme_slo)
    parked = browser.submit(page, follow=False)

    def slow(_provider: object, claims: Claims, _asked_by: object) -> Claims:
        redirected(PersonBrowser(), recipe(acme_slo, session_indexes=(theirs.index,)))
        return claims

    monkeypatch.setattr("sso_saml.protocol.resolve_overage", slow)
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=5), tick=True):
        assert refused_for(browser.open(parked.headers["Location"])) == "saml.logged_out"
        assert browser.me() == ANONYMOUS


def test_partners_provider_ends_the_sessions_that_it_began(acme_slo: Company, browser: PersonBrowser) -> None:
    # S-6: a provider above accounts; its people are those of its partner
    from accounts import lifecycle

    partner = lifecycle.create_partner(actor=OPERATOR, slug="reseller", name="Reseller")
    sign_in(browser, SAML)
    IdentityProvider.objects.filter(pk=acme_slo.saml.pk).update(account=None, partner=partner)
    assert status_in(redirected(browser, recipe(acme_slo))) == ["Requester", "UnknownPrincipal"]
    assert browser.me()["authenticated"] is True
    type(acme_slo.account).objects.filter(pk=acme_slo.account.pk).update(partner=partner)
    assert status_in(redirected(browser, recipe(acme_slo))) == ["Success"]
    assert browser.me() == ANONYMOUS


def test_request_is_kept_against_replay_only_as_long_as_it_could_be_used(
    acme_slo: Company, browser: PersonBrowser
) -> None:
    # S-8
    sign_in(browser, SAML)
    SpentAssertion.objects.all().delete()
    redirected(browser, recipe(acme_slo, not_on_or_after=at(1)))
    rows = SpentAssertion.objects.order_by("expires_at")
    assert dt.timedelta(minutes=2.5) < rows[0].expires_at - timezone.now() < dt.timedelta(minutes=3.1)
    with time_machine.travel(timezone.now() + dt.timedelta(hours=1), tick=True):
        purge_spent_assertions()
    assert not SpentAssertion.objects.exists()


def test_nothing_of_the_message_is_needed_to_read_the_answer(
    acme_slo: Company, browser: PersonBrowser
) -> None:
    # the schema's order of our own messages: Issuer, then Status
    sign_in(browser, SAML)
    root = answer_in(redirected(browser, recipe(acme_slo)))
    assert [etree.QName(child).localname for child in root] == ["Issuer", "Status"]


# --- a name that only we can read -------------------------------------------------------------------------------------


def secretly(**knobs: object) -> Callable[[etree._Element], object]:
    """Encrypt the request's NameID to the key that our metadata shows."""

    def edit(root: etree._Element) -> None:
        name_id = root.find(f"{{{NS}}}NameID")
        assert name_id is not None
        Encryption(to=(published_certificate(),), **knobs).replace(name_id, f"{{{NS}}}EncryptedID")  # type: ignore[arg-type]

    return edit


@pytest.mark.parametrize("algorithm", ["http://www.w3.org/2009/xmlenc11#aes256-gcm", f"{XENC}aes128-cbc"])
@BINDINGS
def test_person_named_in_secret_is_signed_out(
    acme_slo: Company, browser: PersonBrowser, binding: str, algorithm: str
) -> None:
    # S-7: EncryptedID
    sign_in(browser, SAML)
    honest = recipe(acme_slo, before_signing=secretly(algorithm=algorithm))
    assert "mia@" not in etree.tostring(honest.tree()).decode()
    answer = redirected(browser, honest) if binding == "redirect" else browser.post(SLO, honest.form())
    assert status_in(answer) == ["Success"]
    assert browser.me() == ANONYMOUS


@pytest.mark.parametrize(
    ("knobs", "code"),
    [
        ({"on_cipher": lambda octets: octets[:-1] + bytes([octets[-1] ^ 1])}, "saml.encrypted"),
        ({"transport": f"{XENC}rsa-1_5"}, "saml.encrypted"),
        ({"on_plain": lambda plain: b"<!DOCTYPE x>" + plain}, "saml.encrypted"),
        ({"on_plain": lambda plain: plain.replace(b"NameID", b"Issuer")}, "saml.encrypted"),
        ({"on_plain": lambda plain: plain.replace(b"@", b"<x/>@")}, "saml.name_id"),
    ],
    ids=["tampered with", "RSA 1.5", "a DTD inside", "something else inside", "elements inside"],
)
def test_name_that_cannot_be_read_ends_nothing(
    acme_slo: Company, browser: PersonBrowser, knobs: dict[str, object], code: str
) -> None:
    # S-7, S-8
    sign_in(browser, SAML)
    answer = redirected(browser, recipe(acme_slo, before_signing=secretly(**knobs)))
    assert status_in(answer) == ["Requester"]
    assert FailureLogEntry.objects.get().code == code
    assert browser.me()["authenticated"] is True
    redirected(browser, recipe(acme_slo, before_signing=secretly()))
    assert browser.me() == ANONYMOUS
