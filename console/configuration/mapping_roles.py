"""Mapping roles (R-1): a scope that the file names gives exactly the roles listed, one that it doesn't name stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from accounts.models import AccountRole
from console.configuration.accounts import AccountState
from console.configuration.run import Run
from console.configuration.schema import MappingRolePart
from console.configuration.vocabulary import Vocabulary
from spaces.models import MappingRole, MappingScopeRole, Space, SpaceRole
from spaces.tenants import save_mapping_role


@dataclass(slots=True)
class _Gives:
    """What a mapping role stands for, in the account and in each space."""

    account: frozenset[AccountRole] = frozenset()
    spaces: dict[Space, frozenset[SpaceRole]] = field(default_factory=dict)

    def described(self) -> dict[str, list[str]]:
        """Return the names of the roles by scope."""
        scopes = {
            f"space {space.name}": sorted(role.name for role in roles) for space, roles in self.spaces.items()
        }
        return {"account": sorted(role.name for role in self.account)} | scopes


def apply_mapping_roles(run: Run, state: AccountState, words: Vocabulary) -> None:
    """Create and update the mapping roles of an account."""
    if not state.part.mapping_roles:
        return
    known = {role.name: role.pk for role in MappingRole.objects.for_account(state.account)}
    given = _given(state, words)
    for part in state.part.mapping_roles:
        pk = known.get(part.name)
        _save(run, state, words, part, _Gives() if pk is None else given[pk], is_new=pk is None)


def _given(state: AccountState, words: Vocabulary) -> dict[UUID, _Gives]:
    spaces = {space.pk: space for space in words.spaces.values()}
    space_roles = {role.pk: role for role in words.space_roles.values()}
    account_roles = {role.pk: role for role in words.account_roles.values()}
    rows: Iterable[tuple[Any, ...]] = MappingScopeRole.objects.for_account(state.account).values_list(
        "scope__mapping_role_id", "scope__space_id", "account_role_id", "space_role_id"
    )
    given: dict[UUID, _Gives] = defaultdict(_Gives)
    for mapping_role, space_id, account_role, space_role in rows:
        gives = given[mapping_role]
        if space_id is None:
            gives.account |= {account_roles[account_role]}
        else:
            space = spaces[space_id]
            gives.spaces[space] = gives.spaces.get(space, frozenset()) | {space_roles[space_role]}
    return given


def _save(
    run: Run, state: AccountState, words: Vocabulary, part: MappingRolePart, before: _Gives, *, is_new: bool
) -> None:
    wanted = _Gives(before.account, dict(before.spaces))
    at = part.place.at("account")
    found = [words.account_role(run, at.at(index), name) for index, name in enumerate(part.account)]
    if part.account:
        wanted.account = frozenset(role for role in found if role is not None)
    for space, roles in words.roles_by_space(run, part.place.at("spaces"), part.spaces).items():
        wanted.spaces[space] = frozenset(roles)
    if wanted == before:
        return
    with run.at(part.place):
        save_mapping_role(
            account=state.account,
            actor=run.actor,
            name=part.name,
            account_roles=wanted.account,
            space_roles=wanted.spaces,
        )
        label = state.label_of("mapping role", part.name)
        if is_new:
            run.difference.created(label)
        old, new = before.described(), wanted.described()
        for scope, names in new.items():
            if names != old.get(scope, []):
                run.difference.changed(label, scope, old.get(scope, []), names)
