"""Everything that ``plan_sign_in`` looks at, read in a constant number of queries.

The planner is pure: it gets ``Claims`` and a ``SignInState`` and answers with a ``SignInPlan``. This module reads that
state. The number of queries depends neither on the number of spaces and groups of the account nor on those of the
person or the claims (a test counts them at 1 and at 200).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.group_sync import HeldMembership, MappedGroup, identifier_key
from accounts.models import (
    Account,
    AccountRoleMembership,
    BuiltInAccountRole,
    User,
)
from accounts.password_admins import password_admins
from accounts.sources import Source
from foundation.addresses import is_address
from foundation.folding import fold
from spaces.access import RoleGrant, SpaceGrant
from spaces.models import BuiltInSpaceRole, MappingRole, MappingScopeRole
from spaces.role_mapping import MappingRoleRule
from sso import snapshot_queries as queries
from sso.claims import Claims
from sso.models import FederatedIdentity, IdentityProvider, ProviderGrant, State
from sso.snapshot_queries import Vocabulary


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the account as the planner sees them; ``admin`` is any admin role, ``sso_admin`` the highest."""

    user: User
    admin: bool
    sso_admin: bool
    provider_ids: frozenset[UUID]  # where they have a live identity
    sister_subjects: frozenset[str]  # Entra object ids under which providers of the same directory know them


@dataclass(frozen=True, slots=True)
class SignInState:
    """A snapshot of what the account, the provider and the people concerned are like right now."""

    now: datetime
    provider: IdentityProvider
    account: Account
    granted: bool  # the account lets this provider sign people in (always true for its own)
    grants_sso_admins: bool
    verified_domains: frozenset[str]
    identity: FederatedIdentity | None  # live identity of (provider, account, subject)
    bound: Person | None  # whose it is
    by_external_id: tuple[Person, ...]
    by_user_name: tuple[Person, ...]
    by_email: tuple[Person, ...]
    departed: tuple[User, ...]  # deleted people whom these claims name, not readmitted (V-13)
    former: tuple[User, ...]  # those of them to whom this very subject was bound
    reserved: bool  # an operator, vendor staff, partner admin or guest has this name or address (V-2)
    group_syncing: frozenset[UUID]  # the account's enabled providers that synchronize groups
    same_directory: frozenset[UUID]  # providers that speak for the same people (V-3)
    spaces: dict[str, UUID]
    space_roles: dict[str, UUID]
    space_member_role: UUID
    member_role: UUID
    admin_role_ids: frozenset[UUID]
    sso_admin_role: UUID
    last_sso_admin: bool  # the bound person is the only one left who may change SSO here
    mapped_groups: tuple[MappedGroup[UUID], ...]
    mapping_rules: tuple[MappingRoleRule[UUID], ...]
    held_spaces: dict[UUID, frozenset[SpaceGrant]]  # by person, for everyone above
    held_roles: dict[UUID, frozenset[RoleGrant]]
    held_groups: dict[UUID, tuple[HeldMembership[UUID], ...]]
    password_admins: tuple[UUID, ...] = ()  # of a private deployment, the keeper first (L-3)


def read_state(claims: Claims, provider: IdentityProvider, account: Account) -> SignInState:
    """Read the snapshot. ``provider`` and ``account`` have just been read again by the caller (V-17)."""
    identities = queries.IDENTITIES.all(account.pk, provider.pk, claims.subject)
    identity = next((row for row in identities if row.closed_at is None), None)
    candidates = _candidates(claims, account, {row.user_id for row in identities})
    bound = None if identity is None else next((u for u in candidates if u.pk == identity.user_id), None)
    ids = [user.pk for user in candidates]
    links: dict[UUID, list[FederatedIdentity]] = {}
    for row in queries.LINKS.all(account.pk, ids):
        links.setdefault(row.user_id, []).append(row)
    held = held_by(account, ids)
    words = _vocabulary(account)
    built_in = {name: role for role, name, *_ in words[Vocabulary.ACCOUNT_ROLE] if name}
    providers = words[Vocabulary.PROVIDER]
    same_directory = _same_directory(provider, [(key, other) for key, *_, other in providers])

    def person(user: User) -> Person:
        mine = links.get(user.pk, [])
        roles = {grant.role_id for grant in held.roles.get(user.pk, frozenset())}
        return Person(
            user=user,
            admin=bool(roles & {built_in["account_admin"], built_in["sso_account_admin"]}),
            sso_admin=built_in["sso_account_admin"] in roles,
            provider_ids=frozenset(row.provider_id for row in mine),
            sister_subjects=frozenset(
                row.subject
                for row in mine
                if row.provider_id in same_directory and row.subject_source == "entra_object_id"
            ),
        )

    email = claims.email if claims.email and is_address(claims.email) else ""
    present = [user for user in candidates if user.deleted_at is None]
    departed = tuple(u for u in candidates if u.deleted_at is not None and u.readmitted_at is None)
    grant = (
        ProviderGrant.objects.for_account(account).filter(provider=provider).first()
        if provider.is_shared and provider.may_serve(account)  # an account may have left the partner since
        else None
    )
    space_roles = words[Vocabulary.SPACE_ROLE]
    return SignInState(
        now=timezone.now(),
        provider=provider,
        account=account,
        granted=not provider.is_shared or grant is not None,
        grants_sso_admins=not provider.is_shared or (grant is not None and grant.allows_sso_admins),
        verified_domains=frozenset(domain for _, domain, *_ in words[Vocabulary.DOMAIN]),
        identity=identity,
        bound=None if bound is None else person(bound),
        by_external_id=tuple(
            person(u) for u in present if claims.external_id and u.external_id == claims.external_id
        ),
        by_user_name=tuple(
            person(u) for u in present if claims.user_name and u.user_name_folded == fold(claims.user_name)
        ),
        by_email=tuple(
            person(u) for u in present if email and fold(email) in (u.email_folded, u.user_name_folded)
        ),
        departed=departed,
        former=tuple(u for u in departed if u.pk in {row.user_id for row in identities}),
        # A bound identity whose person is no member any more is nobody's to use either.
        reserved=_is_reserved(claims, account) or (identity is not None and bound is None),
        same_directory=same_directory,
        group_syncing=frozenset(
            key for key, state, _, syncs, _ in providers if syncs and state == State.ENABLED
        ),
        spaces={name: key for key, name, *_ in words[Vocabulary.SPACE]},
        space_roles={name: key for key, name, *_ in space_roles},
        space_member_role=next(key for key, _, name, *_ in space_roles if name == BuiltInSpaceRole.MEMBER),
        member_role=built_in[BuiltInAccountRole.MEMBER],
        admin_role_ids=frozenset(
            {built_in[BuiltInAccountRole.ACCOUNT_ADMIN], built_in[BuiltInAccountRole.SSO_ACCOUNT_ADMIN]}
        ),
        sso_admin_role=built_in[BuiltInAccountRole.SSO_ACCOUNT_ADMIN],
        last_sso_admin=account.sso_authorization and _is_last_sso_admin(account, bound),
        mapped_groups=_mapped_groups(claims, account, ids),
        mapping_rules=mapping_rules(account) if account.sso_authorization else (),
        held_spaces=held.spaces,
        held_roles=held.roles,
        held_groups=held.groups,
        password_admins=password_admins(account),
    )


def _candidates(claims: Claims, account: Account, known: set[UUID]) -> list[User]:
    """Return everyone whom the claims could mean, deleted people included (V-13): those present first."""
    names = sorted({fold(name) for name in (claims.user_name, claims.email) if name})
    addresses = [fold(claims.email)] if claims.email else []
    external_ids = [claims.external_id] if claims.external_id else []
    bound = queries.PEOPLE_BY_KEY.all(account.pk, sorted(known))
    named = queries.PEOPLE_BY_NAME.all(account.pk, external_ids, names, addresses)
    found = {user.pk: user for user in (*bound, *named)}
    return sorted(found.values(), key=lambda user: user.deleted_at is not None)


def _is_last_sso_admin(account: Account, bound: User | None) -> bool:
    if bound is None:
        return False
    holders = AccountRoleMembership.objects.for_account(account).filter(
        role__built_in=BuiltInAccountRole.SSO_ACCOUNT_ADMIN,
        user__in=User.objects.for_account(account).able_to_sign_in(),
    )
    return not holders.exclude(user=bound).exists()


def _is_reserved(claims: Claims, account: Account) -> bool:
    # Addresses only: a plain user name such as "admin" may well be an employee's too.
    names = sorted({fold(name) for name in (claims.user_name, claims.email) if name and "@" in name})
    if not names:
        return False
    return bool(queries.RESERVED.all(names, names, account.pk, timezone.now()))


def _same_directory(provider: IdentityProvider, edges: list[tuple[UUID, UUID | None]]) -> frozenset[UUID]:
    """Return the account's providers that were marked as speaking for the same people, itself included (V-3).

    ``edges`` are those of the account that signs in, which a provider from above is not one of.
    """
    found: set[UUID] = {provider.pk}
    if provider.account_id is None:
        return frozenset(found)
    while True:
        more = {b for a, b in edges if b and a in found} | {a for a, b in edges if b in found}
        if more <= found:
            return frozenset(found)
        found |= more


def _mapped_groups(claims: Claims, account: Account, ids: list[UUID]) -> tuple[MappedGroup[UUID], ...]:
    """Return the account's mapped groups that matter: those claimed and those held by anyone concerned."""
    keys = sorted({identifier_key(sent) for sent in claims.groups or ()} - {""})
    return tuple(MappedGroup(group, name or "") for group, name in queries.GROUPS.all(account.pk, keys, ids))


def mapping_rules(account: Account) -> tuple[MappingRoleRule[UUID], ...]:
    names = dict(MappingRole.objects.for_account(account).values_list("pk", "name"))
    account_roles: dict[UUID, set[UUID]] = {key: set() for key in names}
    space_roles: dict[UUID, dict[UUID, set[UUID]]] = {key: {} for key in names}
    for row in MappingScopeRole.objects.for_account(account).select_related("scope"):
        mapping, space = row.scope.mapping_role_id, row.scope.space_id
        if row.account_role_id is not None:
            account_roles[mapping].add(row.account_role_id)
        elif space is not None and row.space_role_id is not None:
            space_roles[mapping].setdefault(space, set()).add(row.space_role_id)
    return tuple(
        MappingRoleRule(
            name=name,
            account_roles=frozenset(account_roles[key]),
            space_roles={space: frozenset(roles) for space, roles in space_roles[key].items()},
        )
        for key, name in names.items()
    )


def _vocabulary(account: Account) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {kind.value: [] for kind in Vocabulary}
    for kind, *row in queries.VOCABULARY.all(account.pk):
        found[kind].append(tuple(row))
    return found


@dataclass(frozen=True, slots=True)
class Held:
    """What people hold, by person."""

    spaces: dict[UUID, frozenset[SpaceGrant]]
    roles: dict[UUID, frozenset[RoleGrant]]
    groups: dict[UUID, tuple[HeldMembership[UUID], ...]]


def held_by(account: Account, ids: list[UUID]) -> Held:
    """Return what these people hold, in one query."""
    spaces: dict[UUID, set[SpaceGrant]] = {}
    roles: dict[UUID, set[RoleGrant]] = {}
    groups: dict[UUID, list[HeldMembership[UUID]]] = {}
    for user, space, role, group, source in queries.HELD.all(account.pk, ids):
        if group is not None:
            groups.setdefault(user, []).append(HeldMembership(group, Source(source)))
        elif space is not None:
            spaces.setdefault(user, set()).add(SpaceGrant(space, role, Source(source)))
        else:
            roles.setdefault(user, set()).add(RoleGrant(role, Source(source)))
    return Held(
        spaces={user: frozenset(rows) for user, rows in spaces.items()},
        roles={user: frozenset(rows) for user, rows in roles.items()},
        groups={user: tuple(rows) for user, rows in groups.items()},
    )
