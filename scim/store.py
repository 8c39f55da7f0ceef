"""Write a person's document and the rows that make it findable, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import User
from foundation.compiled_queries import key, text
from foundation.compiled_writes import CompiledDelete, insert, update
from foundation.folding import fold
from scim.documents import kept_of
from scim.models import UserResource, UserValue
from scim.schema import JsonObject
from scim.search_rows import SearchRow, rows_of

_FEW = 20  # rows that are written in one statement that is compiled already


def create_document(user: User, document: JsonObject) -> UserResource:
    """Write the document of somebody who has none."""
    resource = UserResource(user=user, attributes=kept_of(document))
    _copy_names(resource, user)
    insert([resource], later=True)
    _insert(user, rows_of(document))
    return resource


def update_document(user: User, resource: UserResource, before: JsonObject, after: JsonObject) -> None:
    """Write what differs between two documents of a person; ``resource`` is kept in step.

    The caller holds the lock of the user's row, so that two updates of one person don't meet here.
    """
    fields = _copy_names(resource, user)
    kept = kept_of(after)
    if kept != resource.attributes:
        resource.attributes = kept
        resource.version += 1
        fields += ["attributes", "version"]
    if fields:
        update(resource, fields, later=True)
    old, new = set(rows_of(before)), set(rows_of(after))
    if old == new:
        return
    stale = {row.attribute for row in old - new}
    for attribute in sorted(stale):
        _FORGET.run_later(user.pk, attribute)
    _insert(user, (row for row in new if row not in old or row.attribute in stale))


_FORGET = CompiledDelete(
    lambda user, attribute: UserValue.objects.filter(user=user, attribute=attribute), key, text
)


def resource_of(user: User) -> UserResource | None:
    """Return the row that came with the person, or None; asks the database only if it wasn't joined."""
    try:
        resource: UserResource = user.scim_resource
    except UserResource.DoesNotExist:
        return None
    return resource


def _insert(user: User, rows: Iterable[SearchRow]) -> None:
    if user.account_id is None:
        return  # only members are described by directories
    values = [
        UserValue(
            account_id=user.account_id,
            user=user,
            attribute=row.attribute,
            value_key=row.value_key,
            type_key=row.type_key,
            is_primary=row.is_primary,
        )
        for row in rows
    ]
    if len(values) <= _FEW:
        insert(values, later=True)
    else:
        UserValue.objects.bulk_create(values)


def _copy_names(resource: UserResource, user: User) -> list[str]:
    """Bring the folded names in step and return the fields that changed."""
    changed = []
    for field, name in (
        ("display_name_key", user.display_name),
        ("given_name_key", user.given_name),
        ("family_name_key", user.family_name),
    ):
        if getattr(resource, field) != fold(name):
            setattr(resource, field, fold(name))
            changed.append(field)
    return changed
