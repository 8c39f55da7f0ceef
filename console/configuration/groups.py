"""Groups and what they grant (G-1, G-8). Grants are added; those that the file doesn't name stay."""

from __future__ import annotations

from accounts import lifecycle
from accounts.models import Group
from console.configuration.accounts import AccountState
from console.configuration.run import Run
from console.configuration.schema import GroupPart
from console.configuration.vocabulary import Vocabulary
from foundation.folding import fold
from spaces.access import grant_group_space_role
from spaces.models import GroupSpaceRole


def apply_groups(run: Run, state: AccountState, words: Vocabulary) -> None:
    """Create and update the groups of an account; a group is found by its name."""
    if not state.part.groups:
        return
    folded = [fold(part.name) for part in state.part.groups]
    groups = {
        row.name_folded: row
        for row in Group.objects.for_account(state.account).filter(name_folded__in=folded)
    }
    grants = GroupSpaceRole.objects.for_account(state.account)
    granted = set(grants.values_list("group_id", "space_id", "role_id"))
    for part in state.part.groups:
        group = _save(run, state, part, groups.get(fold(part.name)))
        place = part.place.at("space_roles")
        for space, roles in words.roles_by_space(run, place, part.space_roles).items():
            for role in roles:
                if group is None or (group.pk, space.pk, role.pk) in granted:
                    continue
                with run.at(place.at(space.name)):
                    grant_group_space_role(group=group, space=space, role=role, actor=run.actor)
                    run.difference.added(
                        state.label_of("group", part.name), "space_roles", f"{role.name} in {space.name}"
                    )


def _save(run: Run, state: AccountState, part: GroupPart, group: Group | None) -> Group | None:
    label = state.label_of("group", part.name)
    identifier = part.idp_identifier
    if group is None:
        with run.at(part.place):
            group = lifecycle.create_group(
                account=state.account, actor=run.actor, name=part.name, idp_identifier=identifier or ""
            )
            run.difference.created(label, idp_identifier=identifier)
        return group
    name = part.name if part.name != group.name else None
    identifier = identifier if identifier != group.idp_identifier else None
    if name is not None or identifier is not None:
        old = group.name, group.idp_identifier
        with run.at(part.place):
            lifecycle.update_group(group=group, actor=run.actor, name=name, idp_identifier=identifier)
            if name is not None:
                run.difference.changed(label, "name", old[0], name)
            if identifier is not None:
                run.difference.changed(label, "idp_identifier", old[1], identifier)
    return group
