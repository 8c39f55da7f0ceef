"""Before single sign-on becomes mandatory or a provider goes: who would be left outside (L-3, L-8, R-4)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import lifecycle
from accounts.lifecycle import PersonChanges
from accounts.models import Account, BuiltInAccountRole, SsoPolicy, User, UserSession
from audit.models import AuditEvent
from sso import providers
from sso.models import IdentityProvider, ProviderGrant, State
from tests.conftest import client_of
from tests.console.admin_pages import address_of, page, save, words
from tests.console.test_admin_authorization_switch import by_provider
from tests.journeys.partner_world import found_reseller
from tests.worlds import (
    OPERATOR,
    PASSWORD,
    World,
    add_identity,
    add_person,
    add_provider,
    add_provisioned,
)

Browse = Callable[[User], Client]


@pytest.fixture
def proven(acme: World) -> World:
    """An account whose provider was seen to work and whose SSO account admin has an identity there."""
    providers.note_proof(provider=acme.provider, version=acme.provider.version)
    add_identity(acme.sso_admin, acme.provider)
    return acme


def mandatory(world: World) -> str:
    return page(Account, "require_sso", world.account.pk)


def test_admin_reads_who_has_no_identity_a_password_only_or_no_address_that_counts(
    proven: World, browse: Browse
) -> None:  # L-8
    add_provisioned(proven.account, "ned")
    for name, email in (("nomail", ""), ("outsider", "out@elsewhere.example")):
        lifecycle.create_user(
            actor=OPERATOR, account=proven.account, values=PersonChanges(user_name=name, email=email)
        )
    asked = words(browse(proven.sso_admin).get(mandatory(proven)))
    assert "5 people have no identity at a provider yet" in asked
    only = asked.split("only a password so far")[1].split("without an e-mail address")[0]
    assert ("emma@acme.example" in only, "ned@acme.example" in only) == (True, False)
    assert "so a first sign-in can't find them: nomail Of these" in asked
    assert "outside the account's verified domains: outsider" in asked


def test_admin_without_an_identity_does_not_lock_themself_out(proven: World, browse: Browse) -> None:  # L-8
    second = add_person(proven.account, "second", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    browser = browse(second)
    assert "You would lock yourself out" in words(browser.get(mandatory(proven)))
    assert "You would lock yourself out" in words(browser.post(mandatory(proven), follow=True))
    proven.account.refresh_from_db()
    assert proven.account.sso_policy == SsoPolicy.OPTIONAL
    assert AuditEvent.objects.filter(reason="account.locks_you_out").exists()


@pytest.mark.django_db
def test_sso_admin_whom_a_provider_from_above_keeps_out_has_no_way_in_by_it(
    browse: Browse,
) -> None:  # L-8, V-5
    reseller = found_reseller(accounts=("acme",))
    acme, shared = reseller.accounts["acme"], reseller.provider
    providers.note_proof(provider=shared, version=shared.version)
    add_identity(acme.sso_admin, shared)
    address = page(Account, "require_sso", acme.account.pk)
    browser = browse(acme.sso_admin)
    assert "You would lock yourself out" in words(browser.get(address))
    assert "nobody could switch this back" in words(browser.post(address, follow=True))
    assert AuditEvent.objects.filter(reason="account.sso_not_proven").exists()
    grant = ProviderGrant.objects.get()
    browser.post(page(ProviderGrant, "allow_admins", grant.pk))
    assert "You would lock yourself out" not in words(browser.get(address))
    browser.post(address)
    acme.account.refresh_from_db()
    assert acme.account.sso_policy == SsoPolicy.MANDATORY


def test_identity_at_a_provider_that_is_off_is_no_way_back(proven: World, browse: Browse) -> None:  # L-8
    other = add_provider(proven.account, "acme-second")
    providers.note_proof(provider=other, version=other.version)
    browser = browse(proven.sso_admin)
    browser.post(page(IdentityProvider, "disable", proven.provider.pk))
    assert "nobody could switch this back" in words(browser.post(mandatory(proven), follow=True))


def test_identity_at_a_provider_that_nobody_saw_work_is_no_way_back(
    proven: World, browse: Browse
) -> None:  # L-8, V-18
    other = add_provider(proven.account, "acme-second")
    second = add_person(proven.account, "second", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    add_identity(second, other)
    lifecycle.disable_user(user=proven.sso_admin, actor=OPERATOR)
    browser = browse(second)
    assert "nobody could switch this back" in words(browser.post(mandatory(proven), follow=True))
    providers.note_proof(provider=other, version=other.version)
    browser.post(mandatory(proven))
    proven.account.refresh_from_db()
    assert proven.account.sso_policy == SsoPolicy.MANDATORY


def test_before_disabling_the_last_way_in_the_admin_reads_that_it_is_theirs(proven: World) -> None:  # L-8
    browser = by_provider(proven, proven.sso_admin)
    lifecycle.update_account(
        account=proven.account, actor=OPERATOR, values={"sso_policy": SsoPolicy.MANDATORY}
    )
    asked = words(browser.get(page(IdentityProvider, "disable", proven.provider.pk)))
    assert "1 person can't sign in afterwards: sso@acme.example You are one of them" in asked


@pytest.mark.django_db
def test_before_a_provider_from_above_goes_the_admin_reads_who_needs_it(browse: Browse) -> None:  # L-8, V-5
    reseller = found_reseller(accounts=("acme",))
    acme, grant = reseller.accounts["acme"], ProviderGrant.objects.get()
    ned = add_provisioned(acme.account, "ned")
    add_identity(ned, reseller.provider)
    browser = browse(acme.sso_admin)
    off = page(ProviderGrant, "delete", grant.pk)
    asked = words(browser.get(off))
    assert "Stop reseller-saml name from signing people into Acme?" in asked
    assert "1 person can't sign in afterwards: ned@acme.example" in asked
    assert ProviderGrant.objects.exists()  # asking changes nothing
    browser.post(page(ProviderGrant, "allow_admins", grant.pk))
    boss = add_person(acme.account, "boss", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    lifecycle.drop_password(user=boss, actor=OPERATOR, why="test")
    add_identity(boss, reseller.provider)
    asked = words(browser.get(page(ProviderGrant, "keep_admins_out", grant.pk)))
    assert "1 person can't sign in afterwards: boss@acme.example" in asked
    browser.post(off)
    assert not ProviderGrant.objects.exists()
    assert AuditEvent.objects.filter(action="provider.grant_revoked").exists()


def test_operator_reads_account_by_account_who_needs_a_provider_from_above(
    browse: Browse, operator: User
) -> None:  # L-8, V-5
    reseller = found_reseller(accounts=("acme", "globex"))
    add_identity(add_provisioned(reseller.account("acme"), "ned"), reseller.provider)
    asked = words(browse(operator).get(page(IdentityProvider, "disable", reseller.provider.pk)))
    assert "Acme: 1 person can't sign in afterwards Globex: 0 people can't sign in afterwards" in asked


def test_admin_reads_who_could_get_back_in_and_is_warned_when_nobody_could(
    proven: World, browse: Browse
) -> None:  # L-8, L-9
    browser = browse(proven.sso_admin)
    assert "Nobody could get back in if the provider fails" in words(browser.get(mandatory(proven)))
    confirmed = timezone.now() - timedelta(days=4)
    User.objects.filter(pk=proven.sso_admin.pk).update(
        recovery_email="sso@private.example", recovery_email_confirmed_at=confirmed
    )
    asked = words(browser.get(mandatory(proven)))
    assert "by recovery access if the provider fails: sso@acme.example" in asked
    assert "Nobody could get back in" not in asked
    # One that rests is none yet (V-15), and who isn't SSO account admin gets no link (L-9).
    User.objects.filter(pk=proven.sso_admin.pk).update(recovery_email_changed_at=timezone.now())
    User.objects.filter(pk=proven.admin.pk).update(
        recovery_email="admin@private.example", recovery_email_confirmed_at=confirmed
    )
    assert "Nobody could get back in if the provider fails" in words(browser.get(mandatory(proven)))


def test_operator_may_require_it_without_an_identity(
    proven: World, browse: Browse, operator: User
) -> None:  # L-8
    assert "is mandatory now" in words(browse(operator).post(mandatory(proven), follow=True))


def test_session_that_began_with_a_password_ends_with_the_switch(
    proven: World, browse: Browse
) -> None:  # L-3
    emma, admin = browse(proven.employee), browse(proven.sso_admin)
    assert emma.get("/api/me").status_code == 200
    admin.post(mandatory(proven))
    assert emma.get("/api/me").status_code == 401
    assert admin.get("/api/me").status_code == 401
    assert {row.end_reason for row in UserSession.objects.all()} == {"access"}


def test_after_the_switch_a_password_opens_no_door(proven: World, browse: Browse) -> None:  # L-3
    browse(proven.sso_admin).post(mandatory(proven))
    for door in ("/login/acme/", "/login/"):
        client = client_of("localhost:8000")
        client.post(door, {"user_name": "emma@acme.example", "password": PASSWORD})
        assert client.get("/api/me").status_code == 401
    assert client_of("localhost:8000").get("/admin/login/").headers["Location"].startswith("/login/")
    basic = f"Basic {b64encode(f'emma@acme.example:{PASSWORD}'.encode()).decode()}"
    for door in ("/api/me", "/api/scim/Me", "/api/scim/Users"):
        answer = client_of("localhost:8000").get(door, headers={"authorization": basic})
        assert answer.status_code == 401, door


def test_session_that_no_provider_vouches_for_counts_as_one_by_password(
    proven: World, browse: Browse
) -> None:  # L-3: fails closed
    emma = browse(proven.employee)
    session = emma.session
    session["_auth_user_backend"] = "sso.backends.SsoBackend"
    session.save()
    browse(proven.sso_admin).post(mandatory(proven))
    assert emma.get("/api/me").status_code == 401


def test_policy_that_cannot_be_read_means_single_sign_on() -> None:  # L-3
    for broken in ("", "Optional", "yes"):
        assert not Account(sso_policy=broken).password_sign_in_allowed


def test_session_by_password_of_somebody_with_managed_roles_ends(
    proven: World, browse: Browse
) -> None:
    emma, admin = browse(proven.employee), browse(proven.sso_admin)
    lifecycle.update_account(account=proven.account, actor=OPERATOR, values={"sso_authorization": True})
    assert admin.get("/api/me").status_code == 401
    assert emma.get("/api/me").status_code == 200  # no identity: roles by hand, and so the password


def test_before_disabling_a_provider_the_admin_reads_who_needs_it(
    proven: World, browse: Browse
) -> None:  # L-8
    ned = add_provisioned(proven.account, "ned")
    add_identity(ned, proven.provider)
    browser = browse(proven.sso_admin)
    address = page(IdentityProvider, "disable", proven.provider.pk)
    asked = words(browser.get(address))
    assert "1 person can't sign in afterwards: ned@acme.example" in asked

    other = add_provider(proven.account, "acme-second")
    add_identity(ned, other)
    assert "Everybody who can sign in now can do so afterwards." in words(browser.get(address))
    browser.post(address)
    proven.provider.refresh_from_db()
    assert proven.provider.state == State.DISABLED


def test_operator_does_not_take_the_module_that_everybody_signs_in_by(
    proven: World, browse: Browse, operator: User
) -> None:  # L-8, A-2
    browser = browse(operator)
    browser.post(mandatory(proven))
    told = words(save(browser, address_of(proven.account), sso_module=""))
    assert "People of this account sign in by single sign-on only" in told
    assert AuditEvent.objects.filter(reason="account.sso_still_needed").exists()
    proven.account.refresh_from_db()
    assert proven.account.sso_module
    browser.post(page(Account, "allow_passwords", proven.account.pk))
    save(browser, address_of(proven.account), sso_module="")
    proven.account.refresh_from_db()
    assert not proven.account.sso_module


def test_impact_costs_the_same_for_many(
    proven: World, browse: Browse, django_assert_max_num_queries: Callable[..., CaptureQueriesContext]
) -> None:
    browser = browse(proven.sso_admin)
    with django_assert_max_num_queries(60) as few:
        browser.get(mandatory(proven))
    for number in range(30):
        add_identity(add_provisioned(proven.account, f"p{number}"), proven.provider)
        add_provisioned(proven.account, f"q{number}")
    with django_assert_max_num_queries(60) as many:
        asked = words(browser.get(mandatory(proven)))
    assert len(many.captured_queries) == len(few.captured_queries)
    assert "and 22 more" in asked
