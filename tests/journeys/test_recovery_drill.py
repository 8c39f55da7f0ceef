"""The recovery drill: who could get back in today, and a link that proves it (L-9)."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import lifecycle
from accounts.models import BuiltInAccountRole, Kind, MailedLink
from audit.models import AuditEvent
from tests.conftest import client_of
from tests.console.admin_pages import page as page_of
from tests.journeys.mailbox import link_to, press, words
from tests.journeys.recovery_world import give_address as rested
from tests.journeys.recovery_world import reasons
from tests.worlds import (
    OPERATOR,
    World,
    add_person,
    add_vendor_person,
    found_account,
    sign_in,
)

PAGE = "/recovery-address/"
PRIVATE = "private@mail.example"


@pytest.fixture
def acme(db: None) -> World:
    world = found_account("acme")
    mail.outbox.clear()
    return world


@pytest.fixture
def boss(acme: World, client: Client) -> Client:
    """The browser of Acme's SSO account admin, just signed in."""
    sign_in(client, acme.sso_admin)
    return client


def set_address(browser: Client, address: str = PRIVATE) -> Any:
    browser.post(PAGE, {"address": address})
    return press(browser, link_to(address))


def drill(world: World) -> str:
    return page_of(type(world.account), "recovery_drill", world.account.pk)


def test_drill_says_who_could_recover_today_and_who_could_not_and_why(acme: World, boss: Client) -> None:
    # L-9
    assert "Nobody could get back in today" in words(boss.get(drill(acme)))
    ready = add_person(acme.account, "ready", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    rested(ready, "ready@acme.example")
    set_address(boss)
    off = add_person(acme.account, "off", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    rested(off, "off@mail.example")
    lifecycle.disable_user(user=off, actor=OPERATOR)
    shown = words(boss.get(drill(acme)))
    assert "1 person could get back in today" in shown
    assert "ready@acme.example ✓ could recover today r…@acme.example" in shown
    assert "it may fail together with the directory" in shown
    assert "sso@acme.example ✗ new address, usable from" in shown
    assert "off@acme.example ✗ may not sign in" in shown
    assert PRIVATE not in shown
    assert "admin@acme.example" not in shown


def test_test_link_proves_the_way_and_signs_in_nobody(acme: World, boss: Client) -> None:
    # L-9
    set_address(boss)
    boss.post(drill(acme))
    path = link_to(PRIVATE)
    assert path.startswith("/recovery-drill/")
    elsewhere = client_of("localhost:8000")
    assert elsewhere.get(path.replace("drill", "access"), follow=True).status_code == 400  # not for entering
    done = press(elsewhere, path)
    assert "Recovery access works" in words(done)
    assert elsewhere.get("/api/me").status_code == 401
    assert press(elsewhere, path).status_code == 400
    assert AuditEvent.objects.get(action="recovery_drill.passed").account_id == acme.account.pk
    proved = MailedLink.objects.get(purpose="drill").spent_at
    assert proved is not None
    assert str(timezone.localtime(proved).year) in words(boss.get(drill(acme)))


def test_test_without_an_address_or_too_often_is_refused(acme: World, boss: Client) -> None:
    assert "You have no confirmed recovery address yet." in words(boss.post(drill(acme), follow=True))
    set_address(boss)
    for _ in range(5):
        boss.post(drill(acme))
    assert "wait an hour" in words(boss.post(drill(acme), follow=True))
    assert reasons() == {"recovery_drill.not_possible"}
    assert MailedLink.objects.filter(purpose="drill").count() == 5


def test_drill_of_an_account_is_for_its_sso_admins_and_operators(acme: World, client: Client) -> None:
    # A-1, V-8
    globex = found_account("globex")
    sign_in(client, acme.admin)
    assert client.get(drill(acme)).status_code == 403
    other = client_of("localhost:8000")
    sign_in(other, globex.sso_admin)
    assert other.get(drill(acme)).status_code == 404
    operator = client_of("localhost:8000")
    sign_in(operator, add_vendor_person("olga", Kind.OPERATOR))
    page = operator.get(drill(acme))
    assert page.status_code == 200
    assert "Send me a test" not in words(page)
    assert "Only an SSO account admin" in words(operator.post(drill(acme), follow=True))
