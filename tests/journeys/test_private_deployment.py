"""A deployment of one account: its own button, and an admin who gets in whatever happens (X-2, X-3, L-3, L-5, J-12)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import lxml.html
import pytest
from django.core.management import call_command
from django.test import Client

from accounts import lifecycle
from accounts.lifecycle.roles import account_role_named
from accounts.models import Account, AccountRoleMembership, BuiltInAccountRole, Kind, SsoPolicy, User
from accounts.password_admins import LastPasswordAdmin
from accounts.sources import Source
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from foundation.models import OutboxMessage
from spaces import tenants
from spaces.models import Space, SpaceRole
from sso import providers
from sso.models import FederatedIdentity, IdentityProvider, State
from tests.conftest import client_of
from tests.console.admin_pages import address_of, page, read, without_row, words
from tests.journeys.conftest import OPERATOR, Company, make_mandatory
from tests.journeys.person_browser import PersonBrowser, sign_in
from tests.journeys.seen import SAML
from tests.worlds import (
    PASSWORD,
    World,
    add_identity,
    add_person,
    add_vendor_person,
    found_account,
)
from tests.worlds import sign_in as sign_in_with_password

DIRECTORY = Actor(ActorKind.SCIM, "token-of-acme", "Entra provisioning")
LAST = "is the last admin who can sign in by password"
SSO_ADMIN = BuiltInAccountRole.SSO_ACCOUNT_ADMIN


@pytest.fixture
def private(settings: Any) -> None:
    """One account's own deployment."""
    settings.BROKER_DEPLOYMENT = "private"


@pytest.fixture
def world(db: None, private: None) -> World:
    """The account of the deployment, its provider enabled; admin and sso_admin have passwords."""
    return found_in_private(enabled=True)


def found_in_private(*, enabled: bool) -> World:
    """Found the account with the provider as a draft, since at first nobody has a password (X-3)."""
    world = found_account("acme", enabled=False)
    if enabled:
        providers.enable_provider(provider=world.provider, actor=OPERATOR)
        world.provider.refresh_from_db()
    return world


def browser_of(user: User) -> Client:
    client = client_of("localhost:8000")
    sign_in_with_password(client, user)
    return client


@pytest.fixture
def operator(db: None) -> Client:
    """An operator at the admin."""
    return browser_of(add_vendor_person("olga", Kind.OPERATOR))


def enter(browser: Client, user: User, password: str = PASSWORD) -> Any:
    return browser.post("/login/acme/", {"user_name": user.user_name, "password": password})


def drop(user: User) -> None:
    lifecycle.drop_password(user=user, actor=OPERATOR, why="test")


# --- one account, its own button ----------------------------------------------------------------------------


def test_login_page_shows_the_accounts_own_button(
    acme: Company, private: None, browser: PersonBrowser
) -> None:
    # X-2, L-5
    page = browser.open("/login/")
    assert "Sign in to Acme" in page.words
    assert "Sign in with Azure" in page.words
    make_mandatory_with_a_keeper(acme.account)
    assert "Corporate Account SSO" in browser.open("/login/").words  # L-1


def make_mandatory_with_a_keeper(account: Account) -> User:
    keeper = add_person(account, "keeper", SSO_ADMIN)
    make_mandatory(account)
    return keeper


def test_newcomer_gets_the_default_space_and_role(
    make_company: Callable[..., Company], settings: Any, browser: PersonBrowser
) -> None:
    # X-2, J-7: Omar's directory sends no space
    company = make_company()
    company.saml.default_space = Space.objects.for_account(company.account).get(name="Trial")
    company.saml.default_space_role = SpaceRole.objects.for_account(company.account).get(
        name="Space Developer"
    )
    company.saml.save()
    settings.BROKER_DEPLOYMENT = "private"
    sign_in(browser, SAML, person="noah@acme.example")
    me = browser.me()
    assert [(space["name"], [role["name"] for role in space["roles"]]) for space in me["spaces"]] == [
        ("Trial", ["Space Developer"])
    ]
    assert [role["name"] for role in me["account_roles"]] == ["Member"]


def test_second_account_is_refused(world: World, operator: Client) -> None:
    #
    fields = {"name": "Globex", "slug": "globex", "partner": "", "region": "", "sso_module": "on"}
    answer = operator.post(page(Account, "add"), fields)
    assert "it has its account" in words(answer)
    assert Account.objects.count() == 1
    assert AuditEvent.objects.filter(reason="account.only_one").exists()


# --- enabled only while an admin gets in without it ---------------------------------------------------------


def test_provider_is_enabled_only_while_an_admin_has_a_password(private: None, operator: Client) -> None:
    #
    world = found_in_private(enabled=False)
    address = page(IdentityProvider, "enable", world.provider.pk)
    User.objects.filter(pk__in=[world.admin.pk, world.sso_admin.pk]).update(password="!")

    told = words(operator.post(address, follow=True))

    assert "No active admin of this account can sign in by password" in told
    world.provider.refresh_from_db()
    assert world.provider.state != State.ENABLED
    assert AuditEvent.objects.filter(reason="account.no_password_admin", action="provider.enable").exists()

    lifecycle.set_password(user=world.admin, actor=OPERATOR, password=PASSWORD)
    operator.post(address)
    world.provider.refresh_from_db()
    assert world.provider.state == State.ENABLED


def test_disabled_admins_and_members_with_a_password_do_not_count(private: None, operator: Client) -> None:
    #
    world = found_in_private(enabled=False)  # emma, no admin, keeps hers
    User.objects.filter(pk=world.admin.pk).update(directory_active=False)
    User.objects.filter(pk=world.sso_admin.pk).update(disabled_at="2026-01-01T00:00Z")
    operator.post(page(IdentityProvider, "enable", world.provider.pk))
    world.provider.refresh_from_db()
    assert world.provider.state != State.ENABLED


def test_configuration_file_makes_admin_and_provider_in_one_run(
    db: None, private: None, tmp_path: Any, client: Client
) -> None:
    #
    path = tmp_path / "broker.yaml"
    path.write_text(
        f"""
accounts:
  - slug: acme
    name: Acme
    sso_module: true
    email_domains: [acme.example]
    users:
      - {{user_name: ada@acme.example, account_roles: [Account Admin], password: {PASSWORD}}}
    identity_providers:
      - slug: acme-oidc
        name: Acme Entra
        protocol: oidc
        vendor: entra
        enabled: true
        oidc: {{issuer: "https://idp.acme.example", client_id: abc, client_secret: xyz, flow: hybrid}}
"""
    )
    call_command("configure", str(path))
    assert IdentityProvider.objects.get().state == State.ENABLED
    assert "Sign in with Azure" in client.get("/login/").text


# --- exempt from mandatory ----------------------------------------------------------------------------------


def test_one_admin_comes_by_password_where_everybody_else_may_not(world: World) -> None:
    # L-3: SSO account admins first, since they can switch it back
    make_mandatory(world.account)
    shown = client_of("localhost:8000").get("/login/acme/")
    assert "Sign in as an administrator when single sign-on fails" in words(shown)
    for person in (world.admin, world.employee):
        refused = enter(client_of("localhost:8000"), person)
        assert "signs in to Identity Broker with the corporate account only" in words(refused)
    keeper = client_of("localhost:8000")
    assert enter(keeper, world.sso_admin).status_code == 302
    assert keeper.get("/api/me").json()["id"] == str(world.sso_admin.pk)
    assert (
        AuditEvent.objects.filter(reason="sso_required").count() == 0
    )  # anonymous tries go to the failure log


def test_wrong_password_of_the_keeper_looks_like_anybody_elses(world: World) -> None:
    # V-26
    make_mandatory(world.account)
    answers = [
        enter(client_of("localhost:8000"), world.sso_admin, "wrong"),
        enter(client_of("localhost:8000"), world.employee),
        enter(client_of("localhost:8000"), world.employee, "wrong"),
        client_of("localhost:8000").post(
            "/login/acme/", {"user_name": "nobody@acme.example", "password": "wrong"}
        ),
    ]
    assert {answer.status_code for answer in answers} == {answers[0].status_code}
    assert len({words(answer).split("Track ID")[0] for answer in answers}) == 1


def test_next_admin_keeps_the_door_when_the_keeper_leaves(world: World) -> None:
    # L-3
    make_mandatory(world.account)
    lifecycle.set_directory_active(user=world.sso_admin, actor=DIRECTORY, active=False)
    assert enter(client_of("localhost:8000"), world.sso_admin).status_code != 302
    assert enter(client_of("localhost:8000"), world.admin).status_code == 302


def test_in_any_other_deployment_nobody_is_exempt(db: None) -> None:
    # L-3
    world = found_account("acme")
    make_mandatory(world.account)
    assert enter(client_of("localhost:8000"), world.sso_admin).status_code == 400
    assert "when single sign-on fails" not in words(client_of("localhost:8000").get("/login/acme/"))


def test_without_anybody_exempt_it_does_not_become_mandatory(private: None, operator: Client) -> None:
    # X-3, L-3
    world = found_in_private(enabled=True)
    User.objects.filter(pk__in=[world.admin.pk, world.sso_admin.pk]).update(password="!")
    add_identity(world.sso_admin, world.provider)
    providers.note_proof(provider=world.provider, version=world.provider.version)
    operator.post(page(Account, "require_sso", world.account.pk))
    world.account.refresh_from_db()
    assert world.account.sso_policy == SsoPolicy.OPTIONAL
    assert AuditEvent.objects.filter(reason="account.no_password_admin", action="account.update").exists()


# --- the last one stays -------------------------------------------------------------------------------------


@pytest.fixture
def last(world: World) -> World:
    """Only the SSO account admin still has a password."""
    drop(world.admin)
    return world


def untouched(user: User) -> bool:
    user.refresh_from_db()
    role = AccountRoleMembership.objects.filter(user=user, role__built_in=SSO_ADMIN.value)
    return user.can_sign_in and user.has_usable_password() and role.exists()


def test_disabling_the_last_one_is_refused(last: World, operator: Client) -> None:
    # L-3
    another_sso_admin_without_a_password(last)
    told = words(operator.post(page(User, "disable", last.sso_admin.pk), follow=True))
    assert LAST in told
    assert untouched(last.sso_admin)
    assert AuditEvent.objects.get(reason="user.last_password_admin").action == "user.disable"


def another_sso_admin_without_a_password(world: World) -> User:
    other = add_person(world.account, "other", SSO_ADMIN)
    drop(other)
    return other


def test_deleting_the_last_one_is_refused(last: World, operator: Client) -> None:
    # L-3
    another_sso_admin_without_a_password(last)
    operator.post(page(User, "delete", last.sso_admin.pk), {"post": "yes"})
    assert untouched(last.sso_admin)
    assert AuditEvent.objects.get(reason="user.last_password_admin").action == "user.delete"


def test_demoting_the_last_one_is_refused(last: World, operator: Client) -> None:
    # L-3
    another_sso_admin_without_a_password(last)
    row = AccountRoleMembership.objects.get(user=last.sso_admin)
    address = address_of(last.sso_admin)
    told = words(
        operator.post(address, without_row(read(operator, address), "account_role_memberships", row))
    )
    assert LAST in told
    assert untouched(last.sso_admin)


def test_who_stays_an_admin_by_another_role_may_be_demoted(last: World, operator: Client) -> None:
    # L-3
    another_sso_admin_without_a_password(last)
    plain = account_role_named(last.account, BuiltInAccountRole.ACCOUNT_ADMIN)
    lifecycle.grant_account_role(user=last.sso_admin, role=plain, actor=OPERATOR, source=Source.MANUAL)
    row = AccountRoleMembership.objects.get(user=last.sso_admin, role__built_in=SSO_ADMIN.value)
    address = address_of(last.sso_admin)
    operator.post(address, without_row(read(operator, address), "account_role_memberships", row))
    assert not AccountRoleMembership.objects.filter(pk=row.pk).exists()


def test_dropping_the_last_password_is_refused(last: World) -> None:
    # L-3
    with pytest.raises(LastPasswordAdmin):
        drop(last.sso_admin)
    assert untouched(last.sso_admin)


def test_another_password_frees_the_first(last: World, operator: Client) -> None:
    # L-3
    another_sso_admin_without_a_password(last)
    lifecycle.set_password(user=last.admin, actor=OPERATOR, password=PASSWORD)
    operator.post(page(User, "disable", last.sso_admin.pk))
    last.sso_admin.refresh_from_db()
    assert last.sso_admin.disabled_at is not None


def test_directory_blocks_even_the_last_one_and_the_others_are_told(last: World) -> None:
    # V-13, V-14: who left is out
    other = another_sso_admin_without_a_password(last)
    lifecycle.set_directory_active(user=last.sso_admin, actor=DIRECTORY, active=False)
    assert enter(client_of("localhost:8000"), last.sso_admin).status_code == 401
    assert AuditEvent.objects.filter(action="account.last_password_admin_blocked").exists()
    mails = [
        row.payload for row in OutboxMessage.objects.all() if "no admin with a password" in str(row.payload)
    ]
    assert other.email in str(mails)


def test_linking_leaves_the_keeper_the_password_and_takes_it_from_others(
    acme: Company, private: None, new_browser: Callable[[], PersonBrowser]
) -> None:
    # J-12, L-3: both have an identity; mandatory takes every password but the keeper's
    mia = add_person(acme.account, "mia", SSO_ADMIN)
    noah = add_person(acme.account, "noah")
    for person in (mia, noah):
        connect(new_browser(), person)
    make_mandatory(acme.account)
    for person in (mia, noah):
        browser = new_browser()
        sign_in(browser, SAML, person=person.user_name)
        assert browser.me()["id"] == str(person.pk)
        person.refresh_from_db()
    assert mia.has_usable_password()
    assert not noah.has_usable_password()
    browser = new_browser()
    browser.post("/login/acme/", {"user_name": mia.user_name, "password": PASSWORD})
    assert browser.me()["id"] == str(mia.pk)


def test_role_mapping_does_not_demote_the_last_one(
    acme: Company, private: None, new_browser: Callable[[], PersonBrowser]
) -> None:
    # L-3, R-2, R-4: everybody's roles are those of the claim; the keeper stays an admin and keeps the password
    mia = add_person(acme.account, "mia", BuiltInAccountRole.ACCOUNT_ADMIN)
    connect(new_browser(), mia)
    member = account_role_named(acme.account, BuiltInAccountRole.MEMBER)
    tenants.save_mapping_role(
        account=acme.account, actor=OPERATOR, name="staff", account_roles=frozenset({member}), space_roles={}
    )
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"sso_authorization": True})
    browser = new_browser()
    sign_in(browser, SAML, person=mia.user_name, role_mapping="staff")
    assert {role["name"] for role in browser.me()["account_roles"]} == {"Account Admin", "Member"}
    browser = new_browser()
    browser.post("/login/acme/", {"user_name": mia.user_name, "password": PASSWORD})
    assert browser.me()["id"] == str(mia.pk)


def connect(browser: PersonBrowser, person: User) -> None:
    """Sign in by password, then connect single sign-on (V-3)."""
    browser.post("/login/acme/", {"user_name": person.user_name, "password": PASSWORD})
    links = [anchor.get("href") for anchor in lxml.html.fromstring(browser.open("/").text).iter("a")]
    sign_in(browser, next(link for link in links if SAML in link), person=person.user_name)
    assert FederatedIdentity.objects.filter(user=person).exists()
