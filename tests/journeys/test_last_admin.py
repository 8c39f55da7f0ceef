"""Somebody stays who may change single sign-on: the last SSO account admin (V-14, V-8, R-2)."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client

from accounts import lifecycle
from accounts.lifecycle.roles import account_role_named
from accounts.models import BuiltInAccountRole, Kind, User
from accounts.sources import Source
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from foundation import outbox
from sso.models import SignInAttempt
from sso.role_changes import apply_now
from tests.journeys.conftest import OPERATOR, Company
from tests.journeys.person_browser import PersonBrowser, sign_in
from tests.journeys.seen import SAML
from tests.journeys.test_claims_to_access import map_role, switch_authorization_on
from tests.worlds import add_person, add_vendor_person, found_account
from tests.worlds import sign_in as sign_in_here

SSO_ADMIN = BuiltInAccountRole.SSO_ACCOUNT_ADMIN
DIRECTORY = Actor(ActorKind.SCIM, "", "Acme directory")


@pytest.fixture
def mia(acme: Company, browser: PersonBrowser) -> User:
    """Mia came by single sign-on and was made SSO account admin by hand; mapping roles decide from now on."""
    sign_in(browser, SAML)
    user = User.objects.get(user_name="mia@acme.example")
    role = account_role_named(acme.account, SSO_ADMIN)
    lifecycle.grant_account_role(user=user, role=role, actor=OPERATOR, source=Source.MANUAL)
    map_role(acme, "ops", DevOps="Space_Developer")
    switch_authorization_on(acme)
    return user


def roles(browser: PersonBrowser) -> list[str]:
    return [role["name"] for role in browser.me()["account_roles"]]


@pytest.mark.usefixtures("mia")
def test_mapping_role_does_not_take_the_last_sso_admins_role_and_says_so(
    acme: Company, browser: PersonBrowser
) -> None:
    # V-14, R-2
    sign_in(browser, SAML, role_mapping="ops")
    assert roles(browser) == ["SSO Account Admin"]
    assert "last_sso_admin_kept" in str(SignInAttempt.objects.latest("created_at").report)
    apply_now(account=acme.account, actor=OPERATOR)
    outbox.drain()
    assert roles(browser) == ["SSO Account Admin"]


@pytest.mark.usefixtures("mia")
def test_with_another_one_the_mapping_role_decides(acme: Company, browser: PersonBrowser) -> None:
    #
    other = add_person(acme.account, "otto", SSO_ADMIN)
    sign_in(browser, SAML, role_mapping="ops")
    assert roles(browser) == []
    assert other.can_sign_in


def test_whoever_can_help_is_told_and_nobody_who_was_removed(db: None) -> None:
    # V-14: operators, the partner's admins, the account's other admins
    reseller, rival = (
        lifecycle.create_partner(actor=OPERATOR, slug=slug, name=slug) for slug in ("reseller", "rival")
    )
    acme = found_account("acme", partner=reseller)
    add_vendor_person("olga", Kind.OPERATOR)
    add_vendor_person("rita", Kind.PARTNER_ADMIN, partner=reseller)
    add_vendor_person("rob", Kind.PARTNER_ADMIN, partner=rival)
    former = [
        add_vendor_person("otis", Kind.OPERATOR),
        add_vendor_person("rudy", Kind.PARTNER_ADMIN, partner=reseller),
        add_person(acme.account, "former", BuiltInAccountRole.ACCOUNT_ADMIN),
    ]
    for person in former:
        lifecycle.disable_user(user=person, actor=OPERATOR)
    lifecycle.set_directory_active(user=acme.sso_admin, actor=DIRECTORY, active=False)
    outbox.drain()
    told = sorted(each.to[0] for each in mail.outbox if "no SSO account admin left" in str(each.subject))
    assert told == ["admin@acme.example", "olga@vendor.example", "rita@vendor.example"]


def test_operator_may_disable_the_last_sso_admin_after_confirming_it(client: Client, db: None) -> None:
    # V-14: by hand only with a confirmed override, and whoever can help is told
    acme = found_account("acme")
    address = f"/admin/accounts/user/{acme.sso_admin.pk}/"
    sign_in_here(client, add_vendor_person("olga", Kind.OPERATOR))
    assert client.post(f"{address}disable/").status_code == 403
    asked = client.get(f"{address}disable-last-admin/").content.decode()
    assert "is the last SSO account admin of this account who can sign in" in asked
    assert not User.objects.get(pk=acme.sso_admin.pk).disabled_at
    client.post(f"{address}disable-last-admin/")
    assert User.objects.get(pk=acme.sso_admin.pk).disabled_at
    outbox.drain()
    assert ["admin@acme.example"] in [each.to for each in mail.outbox]
    assert AuditEvent.objects.filter(action="account.last_sso_admin_blocked").exists()


def test_nobody_else_is_offered_to_disable_the_last_sso_admin(client: Client, db: None) -> None:
    # V-14, V-8
    acme = found_account("acme")
    sign_in_here(client, acme.sso_admin)
    address = f"/admin/accounts/user/{acme.sso_admin.pk}/"
    assert client.post(f"{address}disable-last-admin/").status_code == 403
    client.post(f"{address}disable/")
    assert not User.objects.get(pk=acme.sso_admin.pk).disabled_at
    assert AuditEvent.objects.filter(reason="user.last_sso_admin").exists()
