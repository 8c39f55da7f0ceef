"""Save and delete mapping roles with an eye on whom it affects (R-1, R-4).

What is saved takes effect at each next sign-in, or at once. While authorization is on, an SSO account admin can't save
away the role that lets them save: another one may.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar
from uuid import UUID

from accounts import privilege, subjects
from accounts.models import Account, AccountRole
from audit.actors import Actor
from audit.refusals import Refused, refusals_audited
from foundation.transactions import in_transaction
from spaces import tenants
from spaces.models import MappingRole, Space, SpaceRole
from spaces.role_mapping import MappingRoleRule
from sso.replanning import Effect, effect_on, effects
from sso.role_changes import apply_now
from sso.snapshot import mapping_rules

T = TypeVar("T")


class OwnAdminRole(Refused):
    """The acting admin would no longer be an SSO account admin by this change."""

    code = "mapping_role.own_admin_role"


@refusals_audited
@in_transaction
def save(
    *,
    account: Account,
    actor: Actor,
    role: MappingRole | None,
    name: str,
    account_roles: frozenset[AccountRole],
    space_roles: Mapping[Space, frozenset[SpaceRole]],
    at_once: bool = False,
) -> tuple[MappingRole, bool]:
    """Create a mapping role, or change and rename ``role``; return it and whether anything changed."""
    names = frozenset({name} if role is None else {name, role.name})

    def write() -> tuple[MappingRole, bool]:
        return tenants.save_mapping_role(
            account=account,
            actor=actor,
            name=name,
            account_roles=account_roles,
            space_roles=space_roles,
            existing=role,
            new=role is None,
        )

    saved, changed = _keeping_own_role(account, actor, write)
    if at_once:
        apply_now(account=account, actor=actor, names=names)
    return saved, changed


@refusals_audited
@in_transaction
def delete(*, role: MappingRole, actor: Actor) -> None:
    """Delete a mapping role; who has no other one is refused at the next sign-in (R-3)."""
    _keeping_own_role(role.account, actor, lambda: tenants.delete_mapping_role(role=role, actor=actor))


def if_saved(account: Account, old_name: str, rule: MappingRoleRule[UUID]) -> Iterator[Effect]:
    """Yield what saving ``rule`` for ``old_name`` ("" for a new one) means for those who are sent either name."""
    rules = (*(each for each in mapping_rules(account) if each.name != old_name), rule)
    return effects(account, rules=rules, names=frozenset({old_name, rule.name} - {""}))


def count_named(roles: Iterable[MappingRole]) -> dict[UUID, int]:
    """Return how many people were sent each mapping role's name last; everybody is looked at once an account."""
    by_account: dict[Account, list[MappingRole]] = {}
    for role in roles:
        by_account.setdefault(role.account, []).append(role)
    counts: dict[UUID, int] = {}
    for account, mine in by_account.items():
        names = frozenset(role.name for role in mine)
        sent = Counter(name for each in effects(account, names=names) for name in set(each.role_mapping))
        counts |= {role.pk: sent[role.name] for role in mine}
    return counts


def _keeping_own_role(account: Account, actor: Actor, write: Callable[[], T]) -> T:
    """Write, and refuse if that takes SSO account admin from the acting admin, whose roles follow mapping roles."""
    acting = privilege.user_of(actor) if account.sso_authorization else None
    own = acting is not None and acting.account_id == account.pk and acting.connected
    before = effect_on(account, acting.pk) if acting is not None and own else None
    written = write()
    if acting is not None and before is not None and before.is_sso_admin:
        after = effect_on(account, acting.pk)
        if after is None or not after.is_sso_admin:
            raise OwnAdminRole(
                "You would no longer be SSO Account Admin by this change; ask another SSO Account Admin to make it.",
                actor=actor,
                action="mapping_role.save",
                subject=subjects.of_account(account),
            )
    return written
