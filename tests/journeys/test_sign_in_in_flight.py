"""Nobody but the browser that began a sign-in can end it, and it ends once (design rule 7, V-16, V-17)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import User, UserSession
from audit.models import AuditEvent
from sso.models import FederatedIdentity, ParkedAnswer, SignInAttempt, Stage
from tests.journeys.conftest import Company
from tests.journeys.person_browser import Page, PersonBrowser, answer_of, sign_in
from tests.journeys.seen import CALLBACK, CONTINUE, OIDC, SAML, code_in, fields_of, refused_for

NewBrowser = Callable[[], PersonBrowser]
BY_POST = pytest.mark.parametrize("start", [SAML, OIDC], ids=["saml", "hybrid"])


def deliver(browser: PersonBrowser, answer: Page) -> Page:
    """Post the form that carries the provider's answer home, and stop there."""
    return browser.submit(answer, follow=False)


def nobody_came_in() -> bool:
    tables = (User, UserSession, FederatedIdentity)
    return not any(table._default_manager.exists() for table in tables) and not AuditEvent.objects.filter(
        action__startswith="sign_in"
    )


@BY_POST
def test_victim_who_answers_an_attackers_attempt_signs_neither_of_them_in(
    acme: Company, new_browser: NewBrowser, start: str
) -> None:
    # V-17, design rule 7
    attacker, victim = new_browser(), new_browser()
    lure = attacker.open(start).url  # the provider's address with the attacker's request
    answer = victim.submit(victim.open(lure), fresh=True, person="mia@acme.example")
    parked = deliver(victim, answer)
    code = code_in(parked)  # only the victim's browser ever sees this

    assert refused_for(attacker.open(CONTINUE)) == "attempt.code_unknown"
    assert refused_for(attacker.open(f"{CONTINUE}?code=guess{code[5:]}")) == "attempt.code_unknown"
    assert refused_for(victim.open(f"{CONTINUE}?code={code}")) == "attempt.wrong_browser"
    # Even if the victim is talked into reading the address of that page out, it is worth nothing any more.
    assert refused_for(attacker.open(f"{CONTINUE}?code={code}")) == "attempt.spent"
    assert attacker.me() == victim.me() == {"authenticated": False}
    assert nobody_came_in()


@BY_POST
def test_attacker_whose_attempt_a_victim_answered_can_only_become_themself(
    acme: Company, new_browser: NewBrowser, start: str
) -> None:
    # V-17: each answer is parked for itself, so the victim's can't be picked up with the attacker's own code
    attacker, victim = new_browser(), new_browser()
    at_provider = attacker.open(start)
    deliver(victim, victim.submit(victim.open(at_provider.url), fresh=True, person="mia@acme.example"))
    attacker.submit(attacker.submit(at_provider, fresh=True, person="noah@acme.example"))
    assert attacker.me()["user_name"] == "noah@acme.example"
    assert victim.me() == {"authenticated": False}
    assert [user.user_name for user in User.objects.all()] == ["noah@acme.example"]


def test_victim_who_answers_an_attackers_code_flow_signs_neither_of_them_in(
    make_company: Callable[..., Company], new_browser: NewBrowser
) -> None:
    # V-16, O-6
    make_company("acme", flow="code")
    attacker, victim = new_browser(), new_browser()
    at_provider = attacker.open(OIDC)
    page = victim.submit(victim.open(at_provider.url), fresh=True, person="mia@acme.example")
    assert page.url.startswith(f"http://localhost:8000{CALLBACK}")
    assert refused_for(page) == "attempt.wrong_browser"
    # The address that the victim's browser shows holds the victim's unredeemed code.
    assert refused_for(attacker.open(page.url)) == "attempt.spent"
    assert attacker.me() == victim.me() == {"authenticated": False}
    assert nobody_came_in()


@BY_POST
def test_browser_without_its_cookie_gets_nothing_for_the_code_alone(
    acme: Company, browser: PersonBrowser, new_browser: NewBrowser, start: str
) -> None:
    # V-16, V-17
    at_provider = browser.open(start)
    parked = deliver(browser, browser.submit(at_provider, fresh=True, person="mia@acme.example"))
    stranger = new_browser()
    assert refused_for(stranger.open(f"{CONTINUE}?code={code_in(parked)}")) == "attempt.wrong_browser"
    assert refused_for(browser.open(parked.headers["Location"])) == "attempt.spent"
    assert nobody_came_in()
    # The attempt itself was not taken away: a new answer of the provider ends it.
    browser.submit(browser.submit(at_provider, fresh=True, person="mia@acme.example"))
    assert browser.me()["authenticated"] is True


@BY_POST
def test_state_is_stored_hashed_and_the_main_session_holds_nothing_of_a_sign_in(
    acme: Company, browser: PersonBrowser, start: str
) -> None:
    # V-16, design rule 7
    answer = answer_of(browser, start)
    handle = fields_of(answer).get("RelayState") or fields_of(answer)["state"]
    assert 21 <= len(handle) <= 80
    assert handle not in str(SignInAttempt.objects.values().get())
    code = code_in(deliver(browser, answer))
    row = ParkedAnswer.objects.values().get()
    assert code not in str(row)
    assert {name for name in browser.client.cookies} == {"broker-browser"}
    cookie = browser.client.cookies["broker-browser"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert len(cookie.value) == 43
    assert cookie.value not in str(SignInAttempt.objects.values().get())


def test_answer_at_rest_is_encrypted_and_erased_when_it_was_used(
    acme: Company, browser: PersonBrowser
) -> None:
    # V-17, design rule 8
    from django.db import connection

    def at_rest() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT payload FROM sso_parkedanswer")
            return str(cursor.fetchone()[0])

    parked = deliver(browser, answer_of(browser, SAML))
    assert "mia@acme.example" not in at_rest()
    assert "mia@acme.example" in ParkedAnswer.objects.get().payload
    browser.open(parked.headers["Location"])
    assert at_rest() == ""


@BY_POST
def test_code_of_a_continuation_works_once(acme: Company, browser: PersonBrowser, start: str) -> None:
    # V-17
    parked = deliver(browser, answer_of(browser, start))
    browser.open(parked.headers["Location"])
    again = browser.open(parked.headers["Location"])
    assert refused_for(again) == "attempt.spent"
    assert browser.me()["authenticated"] is True  # the first one stands
    assert UserSession.objects.count() == 1


def test_saml_response_that_is_posted_twice_counts_once(acme: Company, browser: PersonBrowser) -> None:
    # S-8
    answer = answer_of(browser, SAML)
    first = deliver(browser, answer)
    assert refused_for(deliver(browser, answer)) == "saml.replay"
    browser.open(first.headers["Location"])
    assert browser.me()["authenticated"] is True
    assert refused_for(deliver(browser, answer)) == "attempt.spent"


@BY_POST
def test_two_verified_answers_of_one_attempt_end_in_one_session(
    acme: Company, browser: PersonBrowser, start: str
) -> None:
    # V-17: one conditional update spends both
    at_provider = browser.open(start)
    people = ("mia@acme.example", "noah@acme.example")
    first, second = [
        deliver(browser, browser.submit(at_provider, fresh=True, person=person)) for person in people
    ]
    browser.open(first.headers["Location"])
    assert refused_for(browser.open(second.headers["Location"])) == "attempt.spent"
    assert browser.me()["user_name"] == "mia@acme.example"
    assert User.objects.count() == 1


def test_code_flow_callback_works_once(make_company: Callable[..., Company], browser: PersonBrowser) -> None:
    # O-6
    make_company("acme", flow="code")
    sign_in(browser, OIDC)
    [callback] = [url for url in browser.trail if CALLBACK in url]
    browser.post("/logout/", {})
    assert refused_for(browser.open(callback)) == "attempt.spent"
    assert browser.me() == {"authenticated": False}


@BY_POST
def test_two_tabs_at_once_both_work(acme: Company, browser: PersonBrowser, start: str) -> None:
    # L-6
    first, second = browser.open(f"{start}?next=/login/one/"), browser.open(f"{start}?next=/login/two/")
    for tab in (second, first):
        page = browser.submit(browser.submit(tab, fresh=True, person="mia@acme.example"), follow=False)
        done = browser.client.get(page.headers["Location"])
        assert done.status_code == 302
        assert browser.me()["user_name"] == "mia@acme.example"
    assert set(SignInAttempt.objects.values_list("outcome", flat=True)) == {"signed_in"}


def test_one_track_id_leads_through_a_sign_in_from_start_to_end(
    acme: Company, browser: PersonBrowser
) -> None:
    # V-16, A-4
    answer = answer_of(browser, SAML)
    parked = deliver(browser, answer)
    done = browser.open(parked.headers["Location"])
    track_id = SignInAttempt.objects.get().track_id
    assert parked.headers["X-Track-Id"] == track_id
    assert done.status == 200
    events = AuditEvent.objects.filter(track_id=track_id).values_list("action", flat=True)
    assert {"user.created", "access.changed", "sign_in.succeeded"} <= set(events)
    assert UserSession.objects.get().track_id == track_id
    assert fields_of(answer)["RelayState"] not in str(list(AuditEvent.objects.values()))


@pytest.mark.parametrize("relay_state", ["somebody-elses", "http://evil.example/", "\x00", "x" * 5000])
def test_forged_relay_state_is_refused(acme: Company, browser: PersonBrowser, relay_state: str) -> None:
    # L-7, V-17
    fields = fields_of(answer_of(browser, SAML))
    page = browser.post(SAML, {**fields, "RelayState": relay_state}, cross_site=True)
    assert refused_for(page) == "attempt.unknown"
    assert not ParkedAnswer.objects.exists()
    assert nobody_came_in()


def test_relay_state_of_another_attempt_is_refused(acme: Company, new_browser: NewBrowser) -> None:
    # V-17
    mine, theirs = new_browser(), new_browser()
    fields, other = fields_of(answer_of(mine, SAML)), fields_of(answer_of(theirs, SAML))
    page = mine.post(SAML, {**fields, "RelayState": other["RelayState"]}, cross_site=True)
    assert refused_for(page) == "attempt.unknown"


def test_provider_that_loses_relay_state_still_signs_in(acme: Company, browser: PersonBrowser) -> None:
    # S-1: InResponseTo names the attempt
    fields = fields_of(answer_of(browser, SAML))
    parked = browser.post(SAML, {"SAMLResponse": fields["SAMLResponse"]}, cross_site=True)
    browser.open(parked.headers["Location"])
    assert browser.me()["authenticated"] is True


def test_form_post_error_from_anyone_spends_nothing(
    acme: Company, browser: PersonBrowser, new_browser: NewBrowser
) -> None:
    # V-17, design traps
    answer = answer_of(browser, OIDC)
    state = fields_of(answer)["state"]
    page = new_browser().post(CALLBACK, {"state": state, "error": "access_denied"}, cross_site=True)
    assert refused_for(page) == "consent_refused"
    assert SignInAttempt.objects.get().stage == Stage.OPEN
    browser.submit(answer)
    assert browser.me()["authenticated"] is True


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("error", ["access_denied", "login_required", "server_error", "<script>"])
def test_error_of_a_provider_never_logs_anybody_out(
    acme: Company, browser: PersonBrowser, method: str, error: str
) -> None:
    # design traps, O-6
    sign_in(browser, OIDC)
    known = fields_of(answer_of(browser, OIDC))["state"]
    for state in ("unknown", known):
        data = {"error": error, "state": state}
        answer = (
            browser.client.get(CALLBACK, data) if method == "get" else browser.client.post(CALLBACK, data)
        )
        assert 400 <= answer.status_code < 500
        assert "<script>" not in answer.content.decode()
    assert browser.me()["user_name"] == "mia@acme.example"


def test_answer_of_one_companys_provider_is_nothing_at_anothers(
    acme: Company, make_company: Callable[..., Company], new_browser: NewBrowser
) -> None:
    # S-8: other tenant's assertion
    from sso.models import Vendor

    make_company("globex", Vendor.OKTA)
    mine, evil = new_browser(), new_browser()
    mine.open(SAML)
    stolen = fields_of(answer_of(evil, "/sso/saml/globex-saml/"))
    page = mine.post(SAML, stolen, cross_site=True)
    assert refused_for(page) == "attempt.unknown"  # no attempt of this provider has that request ID
    assert nobody_came_in()


def test_token_of_one_companys_provider_is_nothing_at_anothers(
    acme: Company, make_company: Callable[..., Company], new_browser: NewBrowser
) -> None:
    # O-6
    from sso.models import Vendor

    make_company("globex", Vendor.OKTA)
    mine, evil = new_browser(), new_browser()
    my_state = fields_of(answer_of(mine, OIDC))["state"]
    stolen = fields_of(answer_of(evil, "/sso/oidc/globex-oidc/login"))
    assert refused_for(evil.post(CALLBACK, stolen, cross_site=True)) == "attempt.unknown"
    page = evil.post(CALLBACK, {**stolen, "state": my_state}, cross_site=True)
    assert refused_for(page).startswith("oidc.")
    assert nobody_came_in()
