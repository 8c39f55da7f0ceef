"""The names that an account speaks in: its spaces, space roles and account roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from accounts import lifecycle
from accounts.models import AccountRole
from console.configuration.accounts import AccountState
from console.configuration.places import Place
from console.configuration.problems import did_you_mean
from console.configuration.run import Run
from foundation.folding import fold
from spaces.models import Space, SpaceRole
from spaces.tenants import create_space, create_space_role


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What there is, by name. Spaces and their roles compare exactly (J-6), account roles without case."""

    spaces: dict[str, Space]
    space_roles: dict[str, SpaceRole]
    account_roles: dict[str, AccountRole]  # by folded name

    def space(self, run: Run, place: Place, name: str) -> Space | None:
        """Return a space; note a problem when there is none of this name."""
        space = self.spaces.get(name)
        if space is None:
            run.problem(place, f"there is no space {name}{did_you_mean(name, self.spaces)}")
        return space

    def space_role(self, run: Run, place: Place, name: str) -> SpaceRole | None:
        """Return a space role; note a problem when there is none of this name."""
        role = self.space_roles.get(name)
        if role is None:
            run.problem(place, f"there is no space role {name}{did_you_mean(name, self.space_roles)}")
        return role

    def account_role(self, run: Run, place: Place, name: str) -> AccountRole | None:
        """Return an account role; note a problem when there is none of this name."""
        role = self.account_roles.get(fold(name))
        if role is None:
            known = (known.name for known in self.account_roles.values())
            run.problem(place, f"there is no account role {name}{did_you_mean(name, known)}")
        return role

    def roles_by_space(self, run: Run, place: Place, names: Mapping[str, tuple[str, ...]]) -> RolesBySpace:
        """Return what ``{space: [role, …]}`` names, with problems noted for what there isn't."""
        found: RolesBySpace = {}
        for space_name, role_names in names.items():
            space = self.space(run, place.at(space_name), space_name)
            roles = [
                self.space_role(run, place.at(space_name, index), name)
                for index, name in enumerate(role_names)
            ]
            if space is not None:
                found[space] = tuple(role for role in roles if role is not None)
        return found


RolesBySpace = dict[Space, tuple[SpaceRole, ...]]


def apply_vocabulary(run: Run, state: AccountState) -> Vocabulary:
    """Create the spaces and roles that the file names, and return all that the account has then."""
    account, part, actor = state.account, state.part, run.actor
    words = Vocabulary(
        {space.name: space for space in Space.objects.for_account(account)},
        {role.name: role for role in SpaceRole.objects.for_account(account)},
        {role.name_folded: role for role in AccountRole.objects.for_account(account)},
    )
    for index, name in enumerate(part.spaces):
        if name not in words.spaces:
            with run.at(part.place.at("spaces", index)):
                words.spaces[name] = create_space(account=account, actor=actor, name=name)
                run.difference.added(state.label, "spaces", name)
    for index, name in enumerate(part.space_roles):
        if name not in words.space_roles:
            with run.at(part.place.at("space_roles", index)):
                words.space_roles[name] = create_space_role(account=account, actor=actor, name=name)
                run.difference.added(state.label, "space_roles", name)
    for index, name in enumerate(part.account_roles):
        if fold(name) not in words.account_roles:
            with run.at(part.place.at("account_roles", index)):
                words.account_roles[fold(name)] = lifecycle.create_account_role(
                    account=account, actor=actor, name=name
                )
                run.difference.added(state.label, "account_roles", name)
    return words
