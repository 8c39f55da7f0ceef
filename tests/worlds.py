"""Accounts with people, spaces, groups and a provider, made as an operator would: a world for tests of any area.

``found_account("acme")`` gives an account in which single sign-on works (one enabled OpenID Connect provider, nobody
asks it anything), with an account admin, an SSO account admin and an employee, each with the password ``PASSWORD``.
Two of them beside each other are what a test of scoping needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from django.contrib.auth.hashers import make_password
from django.test import Client
from django.utils import timezone

from accounts import lifecycle
from accounts.lifecycle import PersonChanges
from accounts.lifecycle.roles import account_role_named
from accounts.models import (
    Account,
    AccountRole,
    BuiltInAccountRole,
    EmailDomain,
    Group,
    Kind,
    Partner,
    User,
    UserSession,
)
from accounts.sources import Source
from audit.actors import Actor, ActorKind, configuration
from foundation.secret_tokens import digest, random_secret
from spaces import access, tenants
from spaces.models import MappingRole, Space, SpaceRole
from sso import providers
from sso.models import (
    FederatedIdentity,
    IdentityProvider,
    ProtocolName,
    Purpose,
    SignInAttempt,
    Stage,
    Vendor,
)
from sso_oidc.configuration import OidcValues, save_oidc_settings

OPERATOR = configuration("tests")
PASSWORD = "correct-horse-battery-1"


@dataclass
class World:
    """One account and what is in it. ``employee`` was never signed in; ``admin`` and ``sso_admin`` are who they say."""

    account: Account
    admin: User
    sso_admin: User
    employee: User
    space: Space
    space_role: SpaceRole
    account_role: AccountRole
    group: Group
    mapped_group: Group
    mapping_role: MappingRole
    provider: IdentityProvider


def found_account(slug: str, *, partner: Partner | None = None, enabled: bool = True) -> World:
    """Make an account; ``enabled`` decides whether its provider is."""
    account = lifecycle.create_account(
        actor=OPERATOR, slug=slug, name=slug.title(), sso_module=True, partner=partner
    )
    method = EmailDomain.Method.OPERATOR
    lifecycle.verify_domain(account=account, actor=OPERATOR, domain=f"{slug}.example", method=method)
    space = tenants.create_space(account=account, actor=OPERATOR, name=f"{slug.title()} Lab")
    space_role = tenants.create_space_role(account=account, actor=OPERATOR, name=f"{slug.title()} Developer")
    account_role = AccountRole.objects.create(account=account, name=f"{slug.title()} Billing")
    mapping_role, _ = tenants.save_mapping_role(
        account=account,
        actor=OPERATOR,
        name=f"{slug}-sales",
        account_roles=frozenset({account_role}),
        space_roles={space: frozenset({space_role})},
    )
    admin = add_person(account, "admin", BuiltInAccountRole.ACCOUNT_ADMIN)
    sso_admin = add_person(account, "sso", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    employee = add_person(account, "emma")
    group = lifecycle.create_group(account=account, actor=OPERATOR, name=f"{slug.title()} Readers")
    lifecycle.set_group_membership(group=group, user=employee, actor=OPERATOR, member=True)
    mapped = lifecycle.create_group(
        account=account, actor=OPERATOR, name=f"{slug.title()} Engineers", idp_identifier=f"{slug}-engineers"
    )
    access.grant_space_role(user=employee, space=space, role=space_role, actor=OPERATOR, source=Source.MANUAL)
    access.grant_group_space_role(group=group, space=space, role=space_role, actor=OPERATOR)
    provider = add_provider(account, f"{slug}-oidc", enabled=enabled)
    account.refresh_from_db()
    return World(
        account,
        admin,
        sso_admin,
        employee,
        space,
        space_role,
        account_role,
        group,
        mapped,
        mapping_role,
        provider,
    )


def add_person(account: Account, name: str, role: BuiltInAccountRole | None = None) -> User:
    """Make a member ``<name>@<account>.example`` with a password, and perhaps an admin role."""
    address = f"{name}@{account.slug}.example"
    values = PersonChanges(user_name=address, email=address, given_name=name.title())
    user = lifecycle.create_user(actor=OPERATOR, account=account, values=values)
    _give_password(user)
    if role is not None:
        held = account_role_named(account, role)
        lifecycle.grant_account_role(user=user, role=held, actor=OPERATOR, source=Source.MANUAL)
    return user


def add_provisioned(account: Account, name: str) -> User:
    """Make a person as a directory's SCIM push does: pending, without a password (P-4)."""
    directory = Actor(ActorKind.SCIM, "", "a directory")
    address = f"{name}@{account.slug}.example"
    values = PersonChanges(user_name=address, email=address, external_id=f"ext-{name}-{account.slug}")
    user, _ = lifecycle.provision_user(account=account, actor=directory, values=values)
    return user


def add_vendor_person(name: str, kind: Kind, *, partner: Partner | None = None) -> User:
    """Make an operator, a member of vendor staff or a partner admin, with a password."""
    values = PersonChanges(user_name=name, email=f"{name}@vendor.example")
    user = lifecycle.create_user(actor=OPERATOR, values=values, kind=kind, partner=partner)
    _give_password(user)
    return user


@cache
def _password_hash() -> str:
    """Hashing is slow on purpose; once is enough for all people of a test run."""
    return make_password(PASSWORD)


def _give_password(user: User) -> None:
    user.password = _password_hash()
    user.save(update_fields=["password"])


def add_provider(account: Account, slug: str, *, enabled: bool = True) -> IdentityProvider:
    """Make an OpenID Connect provider that is complete on paper."""
    provider = providers.create_provider(
        actor=OPERATOR,
        slug=slug,
        name=f"{account.name} Okta",
        protocol=ProtocolName.OIDC,
        vendor=Vendor.OKTA,
        account=account,
    )
    values = OidcValues(
        issuer=f"https://{slug}.idp.example", client_id=slug, client_secret=f"secret-of-{slug}"
    )
    save_oidc_settings(provider=provider, actor=OPERATOR, values=values)
    if enabled:
        providers.enable_provider(provider=provider, actor=OPERATOR)
    return provider


def add_identity(user: User, provider: IdentityProvider) -> FederatedIdentity:
    """Bind a person to a subject at a provider, as their first sign-in would."""
    assert user.account is not None
    user.connected = True
    user.save(update_fields=["connected"])
    return FederatedIdentity.objects.create(
        provider=provider,
        account=user.account,
        user=user,
        subject=f"sub-{user.user_name}",
        issuer=f"https://{provider.slug}.idp.example",
        last_claims="{}",
        last_seen_at=timezone.now(),
    )


def add_attempt(user: User, provider: IdentityProvider, *, claims: str = "{}") -> SignInAttempt:
    """Write a sign-in of this person that succeeded."""
    now = timezone.now()
    return SignInAttempt.objects.create(
        handle_digest=digest(random_secret()),
        purpose=Purpose.SIGN_IN,
        provider=provider,
        provider_version=provider.version,
        account=user.account,
        host="localhost:8000",
        browser_digest=digest(random_secret()),
        stage=Stage.SPENT,
        track_id="0000-0000-0000",
        displayed_at=now,
        expires_at=now + timedelta(minutes=30),
        finished_at=now,
        outcome="signed_in",
        user=user,
        report={"match": "email", "rules": [{"rule": 3, "detail": "x"}], "warnings": []},
        claims=claims,
    )


def add_session(user: User) -> UserSession:
    """Write a signed-in browser of this person."""
    return UserSession.objects.create(
        user=user,
        key_digest=digest(random_secret()),
        host="localhost:8000",
        provider_label="password",
        expires_at=timezone.now() + timedelta(hours=1),
    )


def sign_in(client: Client, user: User) -> None:
    """Sign in on the login page with a password, as the person would."""
    page = "/login/" if user.account is None else f"/login/{user.account.slug}/"
    answer = client.post(page, {"user_name": user.user_name, "password": PASSWORD})
    assert answer.status_code == 302, answer.content[:500]
