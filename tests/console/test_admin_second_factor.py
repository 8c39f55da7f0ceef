"""An admin helps somebody who lost their second factor, within what they may do (V-8, A-9)."""

from __future__ import annotations

from collections.abc import Callable

from django.core import mail as outgoing
from django.test import Client

from accounts.lifecycle import factors
from accounts.models import FactorKind, RecoveryCode, SecondFactor, User
from accounts.totp import new_secret
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from foundation.outbox import drain
from tests.console.admin_pages import address_of, page
from tests.worlds import World

Browse = Callable[[User], Client]


def give_factor(user: User) -> None:
    SecondFactor.objects.create(user=user, kind=FactorKind.TOTP, name="phone", secret=new_secret())
    actor = Actor(ActorKind.USER, str(user.pk), user.user_name)
    factors.make_recovery_codes(user=user, actor=actor)


def test_admin_resets_the_factor_of_an_employee(acme: World, browse: Browse) -> None:
    # V-8
    theirs, browser = browse(acme.employee), browse(acme.admin)
    give_factor(acme.employee)
    address = page(User, "reset_second_factor", acme.employee.pk)
    assert address in browser.get(address_of(acme.employee)).text
    assert "Make sure that it is really them who asks." in browser.get(address).text
    browser.post(address)
    assert not SecondFactor.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert theirs.get("/api/me").status_code == 401
    event = AuditEvent.objects.get(action="second_factor.reset")
    assert event.account_id == acme.account.pk
    assert event.actor_id == str(acme.admin.pk)
    drain()
    assert "An administrator removed all your second factors" in outgoing.outbox[-1].body
    assert outgoing.outbox[-1].to == ["emma@acme.example"]


def test_account_admin_resets_no_sso_account_admin(acme: World, browse: Browse) -> None:
    # V-8
    give_factor(acme.sso_admin)
    address = page(User, "reset_second_factor", acme.sso_admin.pk)
    assert browse(acme.admin).post(address).status_code == 403
    assert SecondFactor.objects.count() == 1


def test_nobody_resets_their_own(acme: World, operator: User, browse: Browse) -> None:
    # V-8: it would be a way past the password that a change of one's own takes
    for person in (acme.sso_admin, operator):
        browser = browse(person)
        give_factor(person)
        assert browser.post(page(User, "reset_second_factor", person.pk)).status_code == 403
    assert SecondFactor.objects.count() == 2


def test_admin_of_another_account_resets_nothing(acme: World, globex: World, browse: Browse) -> None:
    #
    give_factor(acme.employee)
    address = page(User, "reset_second_factor", acme.employee.pk)
    assert browse(globex.admin).post(address).status_code in (302, 403, 404)
    assert SecondFactor.objects.count() == 1


def test_operator_helps_an_sso_account_admin(acme: World, operator: User, browse: Browse) -> None:
    # V-8
    give_factor(acme.sso_admin)
    browse(operator).post(page(User, "reset_second_factor", acme.sso_admin.pk))
    assert not SecondFactor.objects.exists()
