"""A person sees where they are signed in and ends what they don't know; admins do so for their people (L-13, A-5)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import lxml.html
import pytest
from django.test import Client
from django.utils import timezone

from accounts import lifecycle
from accounts.models import User, UserSession
from audit.models import AuditEvent
from tests.conftest import client_of
from tests.console.admin_pages import page
from tests.journeys.conftest import Company
from tests.journeys.person_browser import PersonBrowser
from tests.journeys.person_browser import sign_in as sign_in_through_provider
from tests.worlds import OPERATOR, World, add_session, found_account, sign_in

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
ANONYMOUS = {"authenticated": False}


@pytest.fixture
def acme(db: None) -> World:
    return found_account("acme")


def browse(user: User, **headers: str) -> Client:
    browser = Client(headers={"host": "localhost:8000", **headers})
    sign_in(browser, user)
    return browser


def words(answer: Any) -> str:
    body = lxml.html.fromstring(answer.content).find("body")
    assert body is not None
    return " ".join(" ".join(body.itertext()).split())


def panel(browser: Client) -> list[str]:
    """Return the words of each session on My access."""
    rows = lxml.html.fromstring(browser.get("/").content).xpath("//ul[@aria-label='Sessions']/li")
    return [" ".join(" ".join(row.itertext()).split()) for row in rows]


def signed_in(browser: Client) -> bool:
    return bool(browser.get("/api/me").json()["authenticated"])


def test_person_sees_each_browser_with_place_way_and_end_and_which_is_this_one(acme: World) -> None:
    # L-13
    here, there = browse(acme.employee), browse(acme.employee, **{"user-agent": FIREFOX})
    first, second = panel(here)
    assert "Unknown browser this one from 127.0.0.1" in first
    assert "Firefox on Windows from 127.0.0.1" in second
    assert "with a password" in second
    assert "ends " in second
    assert "this one" not in second
    assert "Firefox on Windows this one" in panel(there)[0]


def test_person_ends_one_other_session(acme: World) -> None:
    # L-13
    here, there, third = browse(acme.employee), browse(acme.employee), browse(acme.employee)
    row = UserSession.objects.order_by("created_at")[1]
    shown = here.post(f"/sessions/{row.pk}/end/", follow=True)
    assert "That session has ended." in words(shown)
    assert [signed_in(each) for each in (here, there, third)] == [True, False, True]
    row.refresh_from_db()
    assert row.end_reason == "person"
    event = AuditEvent.objects.get(action="session.ended")
    assert (event.actor_id, event.account_id) == (str(acme.employee.pk), acme.account.pk)


def test_person_ends_all_others_and_stays(acme: World) -> None:
    # L-13
    here, *others = [browse(acme.employee) for _ in range(3)]
    assert "All other sessions have ended." in words(here.post("/sessions/end-others/", follow=True))
    assert [signed_in(each) for each in (here, *others)] == [True, False, False]
    assert len(panel(here)) == 1
    assert AuditEvent.objects.get(action="session.ended_others").message.startswith(
        "2 other sessions of emma"
    )


def test_nobody_ends_the_session_of_somebody_else_here(acme: World) -> None:
    # V-8
    victim, other = browse(acme.admin), browse(acme.employee)
    row = UserSession.objects.get(user=acme.admin)
    assert other.post(f"/sessions/{row.pk}/end/").status_code == 404
    assert signed_in(victim)
    stranger = client_of("localhost:8000")
    assert stranger.post(f"/sessions/{row.pk}/end/").headers["Location"].startswith("/login/")
    assert other.get("/sessions/end-others/").status_code == 405


def test_lowered_maximum_age_shows_and_counts_at_once(acme: World) -> None:
    # L-13
    here = browse(acme.employee)
    UserSession.objects.update(created_at=timezone.now() - dt.timedelta(hours=2))
    assert signed_in(here)
    add_session(acme.employee)
    UserSession.objects.filter(provider_label="password").update(
        created_at=timezone.now() - dt.timedelta(hours=5), expires_at=timezone.now() + dt.timedelta(hours=7)
    )
    assert len(panel(here)) == 2
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"max_session_hours": 3})
    assert len(panel(here)) == 1
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"max_session_hours": 1})
    assert not signed_in(here)


def test_end_that_the_provider_set_is_told(acme_company: Company, browser: PersonBrowser) -> None:
    # L-13
    sign_in_through_provider(browser, "/sso/saml/acme-saml/")
    assert "as your identity provider set it" not in browser.open("/").words
    UserSession.objects.update(expires_at=timezone.now() + dt.timedelta(minutes=20))
    shown = browser.open("/").words
    assert "through Acme SAML" in shown
    assert "as your identity provider set it" in shown


@pytest.fixture
def acme_company(request: pytest.FixtureRequest) -> Company:
    """The company with real providers; its name is taken by the world of this file."""
    return request.getfixturevalue("make_company")()  # type: ignore[no-any-return]


def test_account_admin_ends_one_session_and_all_of_a_person(acme: World) -> None:
    # V-8, L-13
    admin, emma, emma_again = browse(acme.admin), browse(acme.employee), browse(acme.employee)
    row = UserSession.objects.filter(user=acme.employee).order_by("created_at")[0]
    admin.post(page(UserSession, "end", row.pk))
    assert [signed_in(each) for each in (emma, emma_again)] == [False, True]
    admin.post(page(UserSession, "end_all_of_person", row.pk))
    assert not signed_in(emma_again)
    assert signed_in(admin)
    assert AuditEvent.objects.filter(action="session.ended_all", actor_id=str(acme.admin.pk)).exists()


def test_account_admin_ends_chosen_sessions_of_the_list(acme: World) -> None:
    # V-8, L-13
    admin, emma, boss = browse(acme.admin), browse(acme.employee), browse(acme.sso_admin)
    rows = UserSession.objects.filter(user__in=[acme.employee.pk, acme.sso_admin.pk])
    chosen = {"action": "end_selected", "_selected_action": [str(row.pk) for row in rows]}
    told = words(admin.post(page(UserSession, "changelist"), chosen, follow=True))
    assert "Ended: 1 row." in told
    assert "it needs sso account admin" in told
    assert [signed_in(each) for each in (admin, emma, boss)] == [True, False, True]


def test_account_admin_does_not_end_sessions_of_an_sso_account_admin(acme: World) -> None:
    # V-8
    admin, boss = browse(acme.admin), browse(acme.sso_admin)
    row = UserSession.objects.get(user=acme.sso_admin)
    for name in ("end", "end_all_of_person"):
        assert "it needs sso account admin" in words(admin.post(page(UserSession, name, row.pk), follow=True))
    assert signed_in(boss)
    assert AuditEvent.objects.filter(reason="privilege.not_allowed").exists()
    stranger = browse(found_account("globex").sso_admin)
    assert stranger.post(page(UserSession, "end_all_of_person", row.pk)).status_code == 404
