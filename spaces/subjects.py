"""How the things of ``spaces`` are named in the audit trail."""

from __future__ import annotations

from audit.recorder import Subject
from spaces.models import MappingRole, Space, SpaceRole


def of_space(space: Space) -> Subject:
    """A space."""
    return Subject("space", str(space.pk), space.name, account_id=space.account_id)


def of_space_role(role: SpaceRole) -> Subject:
    """A space role."""
    return Subject("space_role", str(role.pk), role.name, account_id=role.account_id)


def of_mapping_role(role: MappingRole) -> Subject:
    """A mapping role."""
    return Subject("mapping_role", str(role.pk), role.name, account_id=role.account_id)
