"""An admin lets somebody in whose sign-in was refused, because it is the same person after all (J-11, V-3, V-8)."""

from __future__ import annotations

from typing import Any

import lxml.html
import pytest
from django.test import Client

from accounts import lifecycle
from accounts.models import BuiltInAccountRole, User
from audit.models import AuditEvent
from foundation.models import OutboxMessage
from sso import providers, relinking
from sso.models import FederatedIdentity, SignInAttempt
from tests.conftest import client_of
from tests.console.admin_pages import page as address
from tests.console.admin_pages import words
from tests.journeys.conftest import MIA, OPERATOR, Company
from tests.journeys.person_browser import Page, PersonBrowser, sign_in
from tests.journeys.seen import SAML, refused_for
from tests.worlds import add_person
from tests.worlds import sign_in as sign_in_by_password

NEW_ID = "a1c3e5f7-0009-4a00-8000-00000000a009"


def boss(company: Company, role: BuiltInAccountRole = BuiltInAccountRole.SSO_ACCOUNT_ADMIN) -> Client:
    """Return the browser of an admin of the account."""
    browser = client_of("localhost:8000")
    sign_in_by_password(browser, add_person(company.account, role.value, role))
    return browser


def come_back() -> tuple[PersonBrowser, Page]:
    """Mia's object was made anew in the directory: the same address, another subject."""
    browser = PersonBrowser()
    return browser, sign_in(browser, SAML, object_id=NEW_ID)


def person() -> User:
    return User.objects.get(email=MIA.email)


def attempt() -> SignInAttempt:
    return SignInAttempt.objects.exclude(outcome="signed_in").latest("created_at")


def approve(admin: Client, **said: str) -> Any:
    """Open the page that asks, and say yes to what it shows."""
    where = address(SignInAttempt, "relink", attempt().pk)
    asked = admin.get(where)
    assert asked.status_code == 200, asked
    fields = dict(lxml.html.fromstring(asked.text).xpath("//form[@method='post']")[-1].form_values())
    return admin.post(where, {**fields, **said}, follow=True)


def test_approved_newcomer_is_the_person_who_was_there_before(acme: Company, browser: PersonBrowser) -> None:
    # J-11, V-8
    sign_in(browser, SAML)
    mine = browser.me()["id"]
    assert refused_for(come_back()[1]) == "identity.recycled"
    admin = boss(acme)
    shown = words(admin.get(address(SignInAttempt, "relink", attempt().pk)))
    assert NEW_ID in shown
    assert MIA.user_name in shown
    assert "Linked." in words(approve(admin))
    assert browser.me() == {"authenticated": False}  # sessions end
    back, _page = come_back()
    assert back.me()["id"] == mine
    assert refused_for(sign_in(PersonBrowser(), SAML)) == "identity.recycled"  # the subject of before
    event = AuditEvent.objects.get(action="identity.relinked")
    assert event.object_id == mine
    assert event.changes["subject"][1].endswith(NEW_ID)
    told = OutboxMessage.objects.filter(kind="mail.send", payload__to=MIA.email)
    assert any("linked anew" in message.payload["subject"] for message in told)


def test_approval_counts_once_and_for_the_person_who_was_shown(acme: Company, browser: PersonBrowser) -> None:
    # V-8: exactly the subject of a named refused attempt
    sign_in(browser, SAML)
    come_back()
    admin = boss(acme)
    other = add_person(acme.account, "other")
    assert "can't be approved" in words(approve(admin, person=str(other.pk)))
    assert not FederatedIdentity.objects.filter(user=other).exists()
    named = attempt()
    approve(admin)
    again = admin.post(address(SignInAttempt, "relink", named.pk), {"person": str(person().pk)})
    assert again.status_code == 403
    refused = AuditEvent.objects.get(reason="identity.relink_impossible")
    assert refused.action == "identity.relink"


def test_nothing_is_approved_once_the_provider_was_changed(acme: Company, browser: PersonBrowser) -> None:
    # V-8, V-18: what came from the keys of before proves nothing by now
    sign_in(browser, SAML)
    come_back()
    admin, named = boss(acme), attempt()
    providers.disable_provider(provider=acme.saml, actor=OPERATOR)
    where = address(SignInAttempt, "relink", named.pk)
    assert "no longer names a person" in words(admin.get(where, follow=True))
    admin.post(where, {"person": str(person().pk)})
    assert AuditEvent.objects.filter(reason="identity.relink_impossible").exists()
    assert FederatedIdentity.objects.count() == 1


def test_subject_that_is_bound_to_somebody_at_that_moment_stays_theirs(
    acme: Company, browser: PersonBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    # V-1, V-8: the other one's approval commits between our look and our write
    sign_in(browser, SAML)
    come_back()
    admin, other, bind = boss(acme), add_person(acme.account, "other"), relinking._bind

    def bind_too_late(found: relinking._Found, user: User) -> FederatedIdentity:
        bind(found, other)
        return bind(found, user)

    monkeypatch.setattr(relinking, "_bind", bind_too_late)
    assert "can't be approved" in words(approve(admin))
    assert FederatedIdentity.objects.get(closed_at=None).user == person()
    assert AuditEvent.objects.filter(reason="identity.relink_impossible").exists()


def test_password_that_nobody_proved_ends_with_the_approval_and_claims_count_as_at_first(
    acme: Company,
) -> None:
    # V-3, J-12, J-3
    mia = add_person(acme.account, "mia")
    assert refused_for(sign_in(PersonBrowser(), SAML)) == "link.needs_proof"
    approve(boss(acme))
    mia.refresh_from_db()
    assert not mia.has_usable_password()
    browser = PersonBrowser()
    sign_in(browser, SAML)
    assert browser.me()["id"] == str(mia.pk)
    assert {space["name"] for space in browser.me()["spaces"]} == {"Trial", "DevOps"}


def test_nobody_lets_themself_in_nor_somebody_above(acme: Company) -> None:
    # V-8
    mia = add_person(acme.account, "mia", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    sign_in(PersonBrowser(), SAML)
    themself = client_of("localhost:8000")
    sign_in_by_password(themself, mia)
    for admin in (themself, boss(acme, BuiltInAccountRole.ACCOUNT_ADMIN)):
        approve(admin)
    refused = AuditEvent.objects.filter(action="identity.relink", reason="privilege.not_allowed")
    assert refused.count() == 2
    assert not FederatedIdentity.objects.exists()
    lifecycle.disable_user(user=mia, actor=OPERATOR)
    other = boss(acme)
    assert "no longer names a person" in words(
        other.get(address(SignInAttempt, "relink", attempt().pk), follow=True)
    )


def test_nobody_is_linked_while_the_provider_would_not_let_them_in(acme: Company) -> None:
    # L-8, V-3: their password would end for a way that is closed
    mia = add_person(acme.account, "mia")
    assert refused_for(sign_in(PersonBrowser(), SAML)) == "link.needs_proof"
    admin, named = boss(acme), attempt()
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"sso_module": False})
    where = address(SignInAttempt, "relink", named.pk)
    assert "no longer names a person" in words(admin.get(where, follow=True))
    admin.post(where, {"person": str(mia.pk)})
    assert AuditEvent.objects.filter(reason="identity.relink_impossible").exists()
    mia.refresh_from_db()
    assert mia.has_usable_password()


def test_claims_that_another_version_kept_are_nothing_to_approve(acme: Company) -> None:
    # L-11: a refusal, no error page
    mia = add_person(acme.account, "mia")
    sign_in(PersonBrowser(), SAML)
    SignInAttempt.objects.update(claims="{}")
    admin = boss(acme)
    assert admin.get(address(SignInAttempt, "change", attempt().pk)).status_code == 200
    answer = admin.post(address(SignInAttempt, "relink", attempt().pk), {"person": str(mia.pk)})
    assert answer.status_code == 403
