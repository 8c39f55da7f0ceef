"""Which local group a pushed group becomes, if any (P-12, V-9).

A directory may not gain what an admin gave to a group of the same name. By its IdP identifier a group is taken over as
it is: the admin wrote the identifier there for that purpose. By its display name alone only a group that grants
nothing and has nobody in it by hand.
"""

from __future__ import annotations

from accounts.group_sync import identifier_key
from accounts.models import Group, GroupMembership
from accounts.sources import Source
from foundation.folding import fold
from scim.call import Call
from scim.errors import Conflict
from spaces.models import GroupSpaceRole


def local_group_for(call: Call, display_name: str, external_id: str) -> Group | None:
    """Return the local group to adopt, locked, or None for a new one; raises ``Conflict`` with the reason."""
    groups = Group.objects.for_account(call.account).select_for_update()
    if external_id:
        if groups.filter(directory_owned=True, external_id=external_id).exists():
            raise Conflict(f"A group with externalId {external_id[:100]!r} exists already.")
        mapped: Group | None = groups.filter(idp_identifier_key=identifier_key(external_id)).first()
        if mapped is not None:
            if mapped.directory_owned:
                raise Conflict(
                    f"The group {mapped.name!r} has this externalId as its IdP identifier already."
                )
            return mapped
    named: Group | None = groups.filter(name_folded=fold(display_name)).first()
    if named is None:
        return None
    if named.directory_owned:
        raise Conflict(f"A group called {named.name!r} exists already.")
    if why := _why_not_by_name(named, external_id):
        raise Conflict(
            f"There is a local group called {named.name!r} that {why}, so the directory can't take it over. An account "
            "admin can set its IdP identifier to the externalId, rename it, or delete it."
        )
    return named


def _why_not_by_name(group: Group, external_id: str) -> str:
    if GroupSpaceRole.objects.for_account(group.account_id).filter(group=group).exists():
        return "grants roles"
    held = GroupMembership.objects.for_account(group.account_id).filter(group=group, source=Source.MANUAL)
    if held.exists():
        return "has members added by hand"
    if external_id and group.idp_identifier_key:
        return "is mapped to another IdP identifier"
    return ""
