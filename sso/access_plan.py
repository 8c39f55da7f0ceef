"""What access a sign-in gives and takes: role mapping, or else space claims; groups beside it (R-7).

Every writer touches only rows of its own source (design rule 3), with the two exceptions that the rules name: groups by
claim also move manual rows of mapped groups (G-2), and role mapping replaces manual and claimed roles (R-2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from accounts.group_sync import SkipReason, diff_groups, received_keys
from accounts.sources import Source
from spaces.access import NO_ACCESS_CHANGE, AccessChange, GroupGrant, RoleGrant, SpaceGrant
from spaces.assignment import RuleFired, assign
from spaces.role_mapping import MappingOutcome, map_roles
from sso.claims import Claims, ClaimWarning
from sso.matching import Match
from sso.refusals import Code, Refusal
from sso.snapshot import SignInState


@dataclass(frozen=True, slots=True)
class AccessPlan:
    """The change of access, and what the admin should know about how it came to be."""

    change: AccessChange = NO_ACCESS_CHANGE
    rules: tuple[RuleFired, ...] = ()
    warnings: tuple[ClaimWarning, ...] = ()
    group_synced: bool = False
    groups_received: tuple[str, ...] = ()
    groups_skipped: SkipReason | None = None


def plan_access(
    claims: Claims, state: SignInState, match: Match, *, first_login: bool
) -> AccessPlan | Refusal:
    """Return the change of access, or the refusal when role mapping decides and has nothing to go by (R-3)."""
    user_id = None if match.person is None else match.person.user.pk
    if state.account.sso_authorization:
        plan = _by_role_mapping(claims, state, user_id)
        if isinstance(plan, Refusal):
            return plan
    else:
        plan = _by_space_claims(claims, state, user_id, first_login=first_login)
    return _with_groups(plan, claims, state, user_id)


def _by_role_mapping(claims: Claims, state: SignInState, user_id: UUID | None) -> AccessPlan | Refusal:
    result = map_roles(claims.role_mapping, state.mapping_rules)
    if result.outcome is MappingOutcome.MISSING:
        return Refusal(Code.ROLE_MAPPING_MISSING, "the role_mapping claim is missing or empty")
    if result.outcome is MappingOutcome.UNMATCHED:
        return Refusal(
            Code.ROLE_MAPPING_UNMATCHED, f"no mapping role is called {', '.join(result.unmatched)[:300]}"
        )
    change, kept = _exactly(
        state,
        user_id,
        {RoleGrant(role, Source.MAPPING) for role in result.account_roles},
        {SpaceGrant(space, role, Source.MAPPING) for space, role in result.space_roles},
        owned=frozenset({Source.MANUAL, Source.CLAIMS, Source.MAPPING}),
    )
    warnings = tuple(ClaimWarning("role_mapping_unmatched", value[:200]) for value in result.unmatched)
    return AccessPlan(change=change, warnings=(*kept, *warnings))


def without_mapped_roles(state: SignInState, user_id: UUID) -> AccessChange:
    """Return what takes away what mapping roles gave somebody whom they refuse now (R-3); other rows stay."""
    return _exactly(state, user_id, set(), set(), owned=frozenset({Source.MAPPING}))[0]


def _exactly(
    state: SignInState,
    user_id: UUID | None,
    roles: set[RoleGrant],
    spaces: set[SpaceGrant],
    *,
    owned: frozenset[Source],
) -> tuple[AccessChange, tuple[ClaimWarning, ...]]:
    """Return the change after which the rows of ``owned`` are exactly these, and what was spared of it."""
    held_roles = state.held_roles.get(user_id, frozenset()) if user_id else frozenset()
    held_spaces = state.held_spaces.get(user_id, frozenset()) if user_id else frozenset()
    lost = frozenset(row for row in held_roles if row.source in owned and row not in roles)
    kept: tuple[ClaimWarning, ...] = ()
    if state.last_sso_admin and state.sso_admin_role not in {row.role_id for row in roles}:
        # Nobody could change single sign-on any more; an SSO account admin has to appoint a successor first (V-8).
        spared = frozenset(row for row in lost if row.role_id == state.sso_admin_role)
        if spared:
            kept = (ClaimWarning("last_sso_admin_kept", "the last SSO account admin keeps that role"),)
        lost -= spared
    left = {grant.role_id for grant in (held_roles | roles) - lost}
    if user_id is not None and state.password_admins == (user_id,) and not state.admin_role_ids & left:
        # L-3: demoting the last admin with a password is refused, by whatever door.
        spared = frozenset(row for row in lost if row.role_id in state.admin_role_ids)
        kept = (
            *kept,
            ClaimWarning("last_password_admin_kept", "the last admin with a password stays an admin"),
        )
        lost -= spared
    change = AccessChange(
        add_roles=frozenset(roles - held_roles),
        remove_roles=lost,
        add_spaces=frozenset(spaces - held_spaces),
        remove_spaces=frozenset(row for row in held_spaces if row.source in owned and row not in spaces),
    )
    return change, kept


def _by_space_claims(
    claims: Claims, state: SignInState, user_id: UUID | None, *, first_login: bool
) -> AccessPlan:
    held = state.held_spaces.get(user_id, frozenset()) if user_id else frozenset()
    roles, role_warnings = _default_account_role(state, user_id, first_login=first_login)
    if not (first_login or state.provider.update_access_on_login):
        return AccessPlan(change=AccessChange(add_roles=roles), warnings=role_warnings)
    if claims.space_names is None:
        add = _default_space(state) if first_login and not held else frozenset()
        absent = (
            ()
            if add
            else (ClaimWarning("space_name_absent", "no space_name claim; spaces stay as they are"),)
        )
        return AccessPlan(AccessChange(add_spaces=add, add_roles=roles), warnings=(*role_warnings, *absent))
    result = assign(claims.space_names, claims.space_roles, tuple(state.spaces), tuple(state.space_roles))
    wanted = {
        SpaceGrant(
            state.spaces[row.space], state.space_roles.get(row.role, state.space_member_role), Source.CLAIMS
        )
        for row in result.assignments
    }
    change = AccessChange(
        add_spaces=frozenset(wanted - held),
        remove_spaces=frozenset(row for row in held if row.source is Source.CLAIMS and row not in wanted),
        add_roles=roles,
    )
    names = tuple(
        ClaimWarning(
            "name_matched_without_case", f"{warning.kind.value} {warning.sent!r} taken as {warning.matched!r}"
        )
        for warning in result.warnings
    )
    return AccessPlan(change=change, rules=result.rules, warnings=(*role_warnings, *names))


def _default_account_role(
    state: SignInState, user_id: UUID | None, *, first_login: bool
) -> tuple[frozenset[RoleGrant], tuple[ClaimWarning, ...]]:
    """Return the account role of somebody who has none yet (J-2); never one with power (V-8)."""
    if not first_login or (user_id is not None and state.held_roles.get(user_id)):
        return frozenset(), ()
    role = state.provider.default_account_role_id or state.member_role
    if role in state.admin_role_ids:
        warning = ClaimWarning("default_role_is_admin", "an admin role can't be a default; Member is given")
        return frozenset({RoleGrant(state.member_role, Source.CLAIMS)}), (warning,)
    return frozenset({RoleGrant(role, Source.CLAIMS)}), ()


def _default_space(state: SignInState) -> frozenset[SpaceGrant]:
    space = state.provider.default_space_id
    if space is None:
        return frozenset()
    role = state.provider.default_space_role_id or state.space_member_role
    return frozenset({SpaceGrant(space, role, Source.CLAIMS)})


def _with_groups(plan: AccessPlan, claims: Claims, state: SignInState, user_id: UUID | None) -> AccessPlan:
    if not state.provider.group_sync:
        # G-6: told, though nothing follows.
        return replace(plan, groups_received=received_keys(claims.groups))
    held = state.held_groups.get(user_id, ()) if user_id else ()
    diff = diff_groups(claims.groups, claims.groups_overage, state.mapped_groups, held)
    warnings = plan.warnings
    if diff.skipped_reason is SkipReason.ABSENT:
        warnings = (*warnings, ClaimWarning("groups_absent", "no groups claim; memberships stay as they are"))
    elif diff.skipped_reason is SkipReason.OVERAGE:
        warnings = (
            *warnings,
            ClaimWarning("groups_overage", "more groups than the provider sends; none was removed"),
        )
    change = replace(
        plan.change,
        add_groups=frozenset(GroupGrant(group, Source.CLAIMS) for group in diff.add),
        remove_groups=frozenset(GroupGrant(group, source) for group, source in diff.remove),
    )
    return replace(
        plan,
        change=change,
        warnings=warnings,
        group_synced=True,
        groups_received=diff.received,
        groups_skipped=diff.skipped_reason,
    )
