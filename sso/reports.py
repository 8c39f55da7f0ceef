"""What is kept of a plan for those who look later: the debugger, and the result of a test (A-5, S-3).

Plain JSON with names instead of ids. Details of a person are named, not quoted: their values are in the claims, which
are stored encrypted.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from accounts.models import Account, AccountRole, Group
from spaces.access import SpaceGrant
from spaces.models import Space, SpaceRole
from sso.claims import ProviderSession
from sso.plan import SignInPlan

_MANY = 200  # names of one kind


def report_of(plan: SignInPlan) -> dict[str, Any]:
    """Return what the debugger shows of a plan: how matched, which rules, which warnings."""
    return {
        "match": plan.match.value if plan.match else "",
        "refusal": plan.refusal.code if plan.refusal else "",
        "first_login": plan.first_login,
        "profile": sorted(plan.profile.given()),
        "groups_received": list(plan.groups_received[:_MANY]),
        "rules": [{"rule": fired.rule.value, "detail": fired.detail} for fired in plan.rules],
        "warnings": [{"code": warning.code, "detail": warning.detail} for warning in plan.warnings],
    }


def authentication_of(session: ProviderSession) -> dict[str, Any]:
    """Return when and how the person proved themselves at the provider, as far as it said so."""
    moment = session.authenticated_at
    return {
        "authenticated_at": moment.isoformat() if moment else "",
        "context": session.context,
        "methods": list(session.methods),
    }


def outcome_of(plan: SignInPlan, account: Account) -> dict[str, Any]:
    """Return what a plan would do to whom, in the account's own names: five queries at most."""
    access = plan.access
    spaces = dict(Space.objects.for_account(account).values_list("pk", "name"))
    space_roles = dict(SpaceRole.objects.for_account(account).values_list("pk", "name"))
    roles = dict(AccountRole.objects.for_account(account).values_list("pk", "name"))
    group_ids = {grant.group_id for grant in (*access.add_groups, *access.remove_groups)}
    groups = dict(
        Group.objects.for_account(account).filter(pk__in=group_ids).values_list("pk", "name")
        if group_ids
        else ()
    )

    def in_spaces(grants: Iterable[SpaceGrant]) -> list[str]:
        named = {f"{spaces.get(g.space_id, '?')} ({space_roles.get(g.role_id, '?')})" for g in grants}
        return sorted(named)[:_MANY]

    def named(ids: Iterable[UUID], names: dict[UUID, str]) -> list[str]:
        return sorted({names.get(key, "?") for key in ids})[:_MANY]

    return {
        "creates": plan.creates,
        "user_name": plan.user_name,
        "new_identity": plan.new_identity,
        "spaces_added": in_spaces(access.add_spaces),
        "spaces_removed": in_spaces(access.remove_spaces),
        "roles_added": named((grant.role_id for grant in access.add_roles), roles),
        "roles_removed": named((grant.role_id for grant in access.remove_roles), roles),
        "groups_added": named((grant.group_id for grant in access.add_groups), groups),
        "groups_removed": named((grant.group_id for grant in access.remove_groups), groups),
        "groups_skipped": plan.groups_skipped.value if plan.groups_skipped else "",
        "drops_password": bool(plan.drop_password),
    }
