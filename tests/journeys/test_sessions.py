"""How long a session lives, where it lives, and what ends it (L-12, L-13, V-7, design rule 10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import lifecycle
from accounts.models import EndReason, User, UserSession
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from tests.journeys.conftest import OPERATOR, Company
from tests.journeys.person_browser import PersonBrowser, sign_in
from tests.journeys.seen import OIDC, SAML

DIRECTORY = Actor(ActorKind.SCIM, "token-of-acme", "Entra provisioning")
STARTS = pytest.mark.parametrize("start", [SAML, OIDC], ids=["saml", "oidc"])
ANONYMOUS = {"authenticated": False}


def expires(browser: PersonBrowser) -> dt.timedelta:
    """Return how long the session may last from now, by what it says itself."""
    return dt.datetime.fromisoformat(browser.me()["session"]["expires_at"]) - timezone.now()


@STARTS
def test_signing_out_ends_the_session_and_says_so(acme: Company, browser: PersonBrowser, start: str) -> None:
    # L-12
    sign_in(browser, start)
    key = browser.client.cookies["session"].value
    page = browser.open("/logout/")
    assert page.url == "http://localhost:8000/"  # a GET signs nobody out
    assert browser.me()["authenticated"] is True
    assert "You are signed out" in browser.sign_out().words
    assert browser.me() == ANONYMOUS
    row = UserSession.objects.get()
    assert row.end_reason == EndReason.LOGOUT
    assert AuditEvent.objects.filter(action="session.ended").exists()

    thief = Client(headers={"host": "localhost:8000"})
    thief.cookies["session"] = key
    assert thief.get("/api/me").status_code == 401


def test_another_site_cannot_sign_anybody_out(acme: Company, browser: PersonBrowser) -> None:
    # L-12
    sign_in(browser, SAML)
    strict = Client(enforce_csrf_checks=True, headers={"host": "localhost:8000"})
    strict.cookies = browser.client.cookies
    assert strict.post("/logout/").status_code == 403
    assert browser.me()["authenticated"] is True


@STARTS
def test_session_ends_when_the_providers_does(acme: Company, browser: PersonBrowser, start: str) -> None:
    # L-13: SessionNotOnOrAfter, session_expiry
    sign_in(browser, start, session_minutes="10")
    assert dt.timedelta(minutes=9) < expires(browser) <= dt.timedelta(minutes=10)
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=11), tick=True):
        assert browser.me() == ANONYMOUS
        assert browser.open("/").url.startswith("http://localhost:8000/login/")


@STARTS
def test_session_is_never_older_than_the_account_allows(
    acme: Company, browser: PersonBrowser, start: str
) -> None:
    # L-13
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"max_session_hours": 1})
    sign_in(browser, start, session_minutes="600")
    assert dt.timedelta(minutes=58) < expires(browser) <= dt.timedelta(hours=1)
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=61), tick=True):
        assert browser.me() == ANONYMOUS


def test_session_does_not_grow_by_being_used(acme: Company, browser: PersonBrowser) -> None:
    # L-13
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"max_session_hours": 1})
    sign_in(browser, SAML)
    start = timezone.now()
    for minutes in (20, 40, 59):
        with time_machine.travel(start + dt.timedelta(minutes=minutes), tick=True):
            assert browser.me()["authenticated"] is True
            assert browser.open("/").status == 200
    with time_machine.travel(start + dt.timedelta(minutes=61), tick=True):
        assert browser.me() == ANONYMOUS
        assert browser.open("/").url.startswith("http://localhost:8000/login/")


@pytest.mark.parametrize(
    "end",
    [
        lambda user: lifecycle.set_directory_active(user=user, actor=DIRECTORY, active=False),
        lambda user: lifecycle.disable_user(user=user, actor=OPERATOR),
        lambda user: lifecycle.delete_user(user=user, actor=DIRECTORY),
        lambda user: lifecycle.end_all_sessions(user=user, actor=OPERATOR, reason=EndReason.ADMIN),
        lambda user: lifecycle.set_password(
            user=user, actor=OPERATOR, password="correct horse battery staple"
        ),
    ],
    ids=["deactivated", "disabled", "deleted", "ended by an admin", "password set"],
)
def test_every_open_session_is_over_at_its_next_request(
    acme: Company, new_browser: Callable[[], PersonBrowser], end: Callable[[User], object], settings: object
) -> None:
    # L-13, P-5, V-12, design rule 10
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # type: ignore[attr-defined]
    browsers = [new_browser(), new_browser()]
    for browser, start in zip(browsers, (SAML, OIDC), strict=True):
        sign_in(browser, start)
    end(User.objects.get())
    for browser in browsers:
        assert browser.me() == ANONYMOUS
        assert browser.open("/").url.startswith("http://localhost:8000/login/")
    assert not UserSession.objects.filter(ended_at=None).exists()


def test_one_session_is_ended_without_the_others(
    acme: Company, new_browser: Callable[[], PersonBrowser]
) -> None:
    # design rule 10
    first, second = new_browser(), new_browser()
    sign_in(first, SAML)
    sign_in(second, OIDC)
    row = UserSession.objects.get(provider_id=acme.saml.pk)
    lifecycle.end_session(session=row, actor=OPERATOR, reason=EndReason.ADMIN)
    assert first.me() == ANONYMOUS
    assert second.me()["authenticated"] is True


def test_session_that_was_reactivated_too_late_stays_over(acme: Company, browser: PersonBrowser) -> None:
    # V-12: coming back is a new sign-in
    sign_in(browser, SAML)
    user = User.objects.get()
    lifecycle.set_directory_active(user=user, actor=DIRECTORY, active=False)
    lifecycle.set_directory_active(user=user, actor=DIRECTORY, active=True)
    assert browser.me() == ANONYMOUS


def test_session_lives_on_the_host_where_it_began(acme: Company, browser: PersonBrowser) -> None:
    # V-7
    sign_in(browser, SAML)
    lifecycle.verify_host_name(account=acme.account, actor=OPERATOR, host="sso.acme.example")
    elsewhere = Client(headers={"host": "sso.acme.example:8000"})
    elsewhere.cookies = browser.client.cookies
    assert elsewhere.get("/api/me").json() == ANONYMOUS
    assert elsewhere.get("/").headers["Location"].startswith("/login/")


def test_provider_of_an_account_with_a_host_name_begins_there_and_not_here(
    acme: Company, browser: PersonBrowser
) -> None:
    # design rule 9
    lifecycle.verify_host_name(account=acme.account, actor=OPERATOR, host="sso.acme.example")
    answer = browser.client.get(f"{SAML}?login_hint=mia@acme.example")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"http://sso.acme.example:8000{SAML}?login_hint=mia@acme.example"
    assert "broker-browser" not in browser.client.cookies
    there = Client(headers={"host": "sso.acme.example:8000"})
    assert there.get(SAML).status_code == 302


def test_answer_that_comes_to_another_host_than_it_began_on_is_refused(
    acme: Company, browser: PersonBrowser
) -> None:
    # V-17, design rule 9
    from tests.journeys.person_browser import answer_of
    from tests.journeys.seen import fields_of, refused_for

    fields = fields_of(answer_of(browser, SAML))
    lifecycle.verify_host_name(account=acme.account, actor=OPERATOR, host="sso.acme.example")
    page = browser.post(SAML, fields, cross_site=True)
    assert refused_for(page) == "attempt.wrong_host"
    there = PersonBrowser("http://sso.acme.example:8000")
    page = there.post(SAML, fields, cross_site=True)
    assert refused_for(page) == "attempt.wrong_host"
    assert not User.objects.exists()


def test_unknown_host_is_answered_with_nothing(acme: Company) -> None:
    # design rule 9
    for host in ("evil.example", "localhost", "localhost:8001", "sso.acme.example:8000"):
        answer = Client(headers={"host": host}).get(SAML)
        assert answer.status_code == 400
        assert "acme" not in answer.content.decode()


@STARTS
def test_session_key_planted_before_the_sign_in_is_worth_nothing_after(
    acme: Company, browser: PersonBrowser, start: str
) -> None:
    # session fixation
    planted = browser.client.session
    planted["planted"] = "by a stranger"
    planted.save()
    before = planted.session_key
    sign_in(browser, start)
    assert browser.me()["authenticated"] is True
    assert browser.client.cookies["session"].value != before
    assert "planted" not in browser.client.session
    thief = Client(headers={"host": "localhost:8000"})
    thief.cookies["session"] = before
    assert thief.get("/api/me").status_code == 401


def test_what_the_provider_said_of_its_session_is_kept_for_logging_out_and_encrypted(
    acme: Company, browser: PersonBrowser
) -> None:
    # design rules 8 and 10, L-12
    sign_in(browser, OIDC)
    row = UserSession.objects.get()
    assert row.id_token.count(".") == 2
    assert row.sid
    with connection.cursor() as cursor:
        cursor.execute("SELECT id_token, key_digest FROM accounts_usersession")
        stored, digest = cursor.fetchone()
    assert row.id_token not in stored
    assert browser.client.cookies["session"].value not in digest


def test_saml_session_index_and_name_id_are_kept(acme: Company, browser: PersonBrowser) -> None:
    # S-7, L-12
    sign_in(browser, SAML)
    row = UserSession.objects.get()
    assert row.session_index.startswith("_")
    assert row.name_id == "mia@acme.example"
    assert row.subject.endswith("a1c3e5f7-0001-4a00-8000-00000000a001")
