"""Plan everybody's sign-in anew from what their provider said last, without anybody signing in (R-4, R-5).

What would happen if authorization were on, or a mapping role stood for something else? For everybody seen, the planner
gets the last claims of their newest identity and a snapshot as at a sign-in, but read for ``BATCH`` people at once, so
that a preview costs the same number of queries for one as for hundreds. Only roles and spaces are taken from the plan:
groups and details follow what is said at a sign-in itself.

Who was never seen, or so long ago that the claims are erased (``sso.tasks.CLAIMS_RETENTION``), is not here; they follow
at their next sign-in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from uuid import UUID

from accounts.models import Account, AccountRoleMembership, BuiltInAccountRole, User
from accounts.models.person import UserQuerySet
from foundation.encryption import SecretUnreadable
from spaces.access import NO_ACCESS_CHANGE, AccessChange
from spaces.role_mapping import MappingRoleRule, map_roles
from sso import claims_json
from sso.access_plan import without_mapped_roles
from sso.claims import Claims, SubjectSource
from sso.models import FederatedIdentity, IdentityProvider
from sso.plan import plan_sign_in
from sso.refusals import Code, Refusal
from sso.snapshot import Held, Person, SignInState, held_by, read_state

BATCH = 500  # people read at once
_NOBODY = Claims(issuer="", subject="", subject_source=SubjectSource.SUB)
_BY_MAPPING = frozenset({Code.ROLE_MAPPING_MISSING.value, Code.ROLE_MAPPING_UNMATCHED.value})


@dataclass(frozen=True, slots=True)
class Effect:
    """What the last claims would mean for one person now.

    ``change`` is what to write. With a ``refusal`` they could not sign in; then it takes away at most what mapping
    roles gave. ``gains`` and ``loses`` tell of roles held afterwards or before only, whatever their source.
    """

    user_id: UUID
    user_name: str
    refusal: Refusal | None
    change: AccessChange
    gains: bool
    loses: bool
    is_sso_admin: bool  # afterwards, by a mapping role
    role_mapping: tuple[str, ...]  # as sent

    @property
    def is_unmapped(self) -> bool:
        """Refused because no mapping role fits, which is the mapping roles' own doing (R-3)."""
        return self.refusal is not None and self.refusal.code in _BY_MAPPING


def effects(
    account: Account,
    *,
    rules: tuple[MappingRoleRule[UUID], ...] | None = None,
    people: Collection[UUID] | None = None,
    names: frozenset[str] | None = None,
    after: UUID | None = None,
) -> Iterator[Effect]:
    """Yield everybody's effect as if authorization were on, in the order of ids, beginning behind ``after``.

    ``rules`` stand in for the account's mapping roles; ``people`` narrows to these, ``names`` to those who were sent
    one of them in ``role_mapping``.
    """
    assumed = copy(account)
    assumed.sso_authorization = True
    bases: dict[UUID, SignInState] = {}
    providers: dict[UUID, IdentityProvider] = {}
    admins = _sso_admins(account)
    while True:
        seen = seen_people(account).order_by("pk")
        seen = seen if people is None else seen.filter(pk__in=people)
        batch = list(
            (seen if after is None else seen.filter(pk__gt=after)).values_list("pk", flat=True)[:BATCH]
        )
        if not batch:
            return
        held = held_by(account, batch)
        for identity in _newest(account, batch, providers):
            claims = _last_claims(identity)
            if names is not None and not names & set(_sent(claims)):
                continue
            base = bases.get(identity.provider_id)
            if base is None:
                provider = providers[identity.provider_id]
                base = bases[identity.provider_id] = _base(provider, assumed, rules)
            yield _effect(identity, claims, base, held, admins)
        if len(batch) < BATCH:
            return
        after = batch[-1]


def effect_on(account: Account, user_id: UUID) -> Effect | None:
    """Return what one person's last claims would mean, None when they were not seen."""
    return next(effects(account, people=[user_id]), None)


def seen_people(account: Account) -> UserQuerySet:
    """Return who may sign in and has last claims at a provider."""
    seen = FederatedIdentity.objects.for_account(account).filter(closed_at=None, last_claims_at__isnull=False)
    able: UserQuerySet = User.objects.for_account(account).able_to_sign_in()
    return able.filter(pk__in=seen.values("user"))


def count_unseen(account: Account) -> int:
    """Return how many people with an identity are not looked at because their claims are not there."""
    connected = User.objects.for_account(account).able_to_sign_in().filter(connected=True)
    return connected.exclude(pk__in=seen_people(account).values("pk")).count()


def _newest(
    account: Account, batch: Sequence[UUID], providers: dict[UUID, IdentityProvider]
) -> list[FederatedIdentity]:
    """Return the identity seen last of each person; one whose provider signs people in goes before any other.

    ``providers`` are those met so far; new ones are added.
    """
    found = FederatedIdentity.objects.for_account(account).filter(
        user__in=batch, closed_at=None, last_claims_at__isnull=False
    )
    rows = list(found.select_related("user").order_by("user_id", "-last_claims_at"))
    unknown = {row.provider_id for row in rows} - set(providers)
    if unknown:
        providers |= IdentityProvider.objects.in_bulk(unknown)
    chosen: dict[UUID, FederatedIdentity] = {}
    for row in rows:
        known = chosen.get(row.user_id)
        if known is None or (_works(providers[row.provider_id]) and not _works(providers[known.provider_id])):
            chosen[row.user_id] = row
    return list(chosen.values())


def _works(provider: IdentityProvider) -> bool:
    return provider.is_enabled and provider.identities_suspended_at is None


def _base(
    provider: IdentityProvider, account: Account, rules: tuple[MappingRoleRule[UUID], ...] | None
) -> SignInState:
    """Return the snapshot of a provider and account without anybody in it."""
    state = read_state(_NOBODY, provider, account)
    return state if rules is None else replace(state, mapping_rules=rules)


def _sso_admins(account: Account) -> frozenset[UUID]:
    held = AccountRoleMembership.objects.for_account(account).filter(
        role__built_in=BuiltInAccountRole.SSO_ACCOUNT_ADMIN,
        user__in=User.objects.for_account(account).able_to_sign_in(),
    )
    return frozenset(held.values_list("user_id", flat=True))


def _effect(
    identity: FederatedIdentity,
    claims: Claims | None,
    base: SignInState,
    held: Held,
    admins: frozenset[UUID],
) -> Effect:
    user = identity.user
    roles, spaces = held.roles.get(user.pk, frozenset()), held.spaces.get(user.pk, frozenset())
    role_ids = {grant.role_id for grant in roles}
    person = Person(
        user=user,
        admin=bool(role_ids & base.admin_role_ids),
        sso_admin=base.sso_admin_role in role_ids,
        provider_ids=frozenset({identity.provider_id}),
        sister_subjects=frozenset(),
    )
    state = replace(
        base,
        identity=identity,
        bound=person,
        reserved=False,
        last_sso_admin=admins == {user.pk},
        held_roles={user.pk: roles},
        held_spaces={user.pk: spaces},
    )
    if claims is None:
        refusal: Refusal | None = Refusal(Code.UNREADABLE, "the last claims can't be read")
        change = NO_ACCESS_CHANGE
    else:
        plan = plan_sign_in(claims, state)
        refusal = plan.refusal
        change = replace(plan.access, add_groups=frozenset(), remove_groups=frozenset())
        if refusal is not None and refusal.code in _BY_MAPPING:
            change = without_mapped_roles(state, user.pk)
    sent = _sent(claims)
    before = role_ids | {(grant.space_id, grant.role_id) for grant in spaces}
    roles = (roles - change.remove_roles) | change.add_roles
    spaces = (spaces - change.remove_spaces) | change.add_spaces
    then = {grant.role_id for grant in roles} | {(grant.space_id, grant.role_id) for grant in spaces}
    return Effect(
        user_id=user.pk,
        user_name=user.user_name,
        refusal=refusal,
        change=change,
        gains=bool(then - before),
        loses=bool(before - then),
        is_sso_admin=refusal is None
        and base.sso_admin_role in map_roles(sent, base.mapping_rules).account_roles,
        role_mapping=sent,
    )


def _sent(claims: Claims | None) -> tuple[str, ...]:
    return () if claims is None else claims.role_mapping or ()


def _last_claims(identity: FederatedIdentity) -> Claims | None:
    try:
        return claims_json.load(identity.last_claims)
    except (SecretUnreadable, ValueError, KeyError, TypeError):
        return None
