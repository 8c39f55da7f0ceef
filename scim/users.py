"""People by SCIM: create, read, replace, patch, delete. Each function is one request's work in one transaction.

What has a column is changed through ``accounts.lifecycle`` like everywhere else; the rest is the directory's document.
A change of either is one audit event with old and new values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from accounts import lifecycle
from accounts.lifecycle import PersonChanges
from accounts.models import User
from scim.call import Call
from scim.documents import changes_between, columns_of, document_of
from scim.filter_fields import USER_FIELDS
from scim.list_query import ListQuery
from scim.listing import Listed, page_of
from scim.patch import Draft, cleaned_document
from scim.patch_body import read_operations
from scim.projection import Projection
from scim.representation import represent_user, user_version
from scim.schema import JsonObject
from scim.scope import find_user, groups_held, people_of, people_with_groups, rows_of_people
from scim.store import create_document, resource_of, update_document

# Called with a person's present version before anything is changed; raises PreconditionFailed.
Guard = Callable[[str], None]

_IN_COLUMNS = frozenset({"userName", "externalId", "displayName", "active"})

USERS = Listed("Users", people_of, USER_FIELDS, rows_of_people, people_with_groups)


def list_users(call: Call, query: ListQuery) -> JsonObject:
    """Return a page of people."""
    return page_of(call, USERS, query, partial(represent_users, call, query.projection))


def represent_users(call: Call, projection: Projection, found: Sequence[User]) -> list[JsonObject]:
    """Return several people; their groups are loaded only if they will be shown."""
    groups = groups_held(call, found) if projection.wants("groups") else {}
    return [
        represent_user(call, user, resource_of(user), groups.get(user.pk, ()), projection) for user in found
    ]


def show_user(call: Call, user: User, projection: Projection, *, is_new: bool = False) -> JsonObject:
    """Return one person; nobody asks for the groups of a new one."""
    wanted = projection.wants("groups") and not is_new
    groups = groups_held(call, [user]).get(user.pk, ()) if wanted else ()
    return represent_user(call, user, resource_of(user), groups, projection)


def version(user: User) -> str:
    """Return the entity tag of a person."""
    return user_version(user, resource_of(user))


def create_user(call: Call, body: JsonObject) -> tuple[User, bool]:
    """Answer a POST: a new, pending person, or a deactivated one restored under the same id (P-4, V-13).

    Returns the person and whether they are new.
    """
    draft = Draft({})
    draft.merge(body)
    document = {"active": True} | draft.finished()
    user, restored = lifecycle.provision_user(
        account=call.account,
        actor=call.actor,
        values=PersonChanges(**columns_of(document)),
        directory_active=document["active"],
        details=_details({}, document),
    )
    if restored:
        _rewrite(user, document)
    else:
        user.scim_resource = create_document(user, document)
    call.effect.update({"user": str(user.pk), "restored" if restored else "created": True})
    _note_ignored(call, draft)
    return user, not restored


def _rewrite(user: User, document: JsonObject) -> None:
    """Give somebody who came back the document that they came back with."""
    resource = resource_of(user)
    before = document_of(user, resource)
    if user.email != columns_of(document)["email"]:
        # V-8: an admin's new address waits for approval; until then the directory reads the one that counts.
        document = cleaned_document({**document, "emails": before.get("emails", [])})
    if resource is None:
        user.scim_resource = create_document(user, document)
    else:
        update_document(user, resource, before, document)


def replace_user(call: Call, resource_id: str, body: JsonObject, guard: Guard) -> User:
    """Answer a PUT. What the body leaves out is kept: absent is not empty (RFC 7644 §3.5.1 allows both readings)."""
    user = find_user(call, resource_id, for_update=True)
    guard(version(user))
    before = document_of(user, resource_of(user))
    draft = Draft(before, resource_id=str(user.pk), replacing=True)
    draft.merge(body)
    return _save(call, user, before, draft)


def patch_user(call: Call, resource_id: str, body: JsonObject, guard: Guard) -> User:
    """Answer a PATCH: all of its operations, or none."""
    operations = read_operations(body)
    user = find_user(call, resource_id, for_update=True)
    guard(version(user))
    before = document_of(user, resource_of(user))
    draft = Draft(before, resource_id=str(user.pk))
    for operation in operations:
        draft.apply(operation)
    return _save(call, user, before, draft)


def delete_user(call: Call, resource_id: str, guard: Guard) -> None:
    """Remove a person from the account; the user name is free again, the audit trail stays (P-5)."""
    user = find_user(call, resource_id, for_update=True)
    guard(version(user))
    user.account = call.account  # the same row, read with the token
    lifecycle.delete_user(user=user, actor=call.actor)
    call.effect.update(user=resource_id, deleted=True)


def _save(call: Call, user: User, before: JsonObject, draft: Draft) -> User:
    after = draft.finished()
    _note_ignored(call, draft)
    call.effect.update(user=str(user.pk), changed=sorted(changes_between(before, after)))
    if after == before:
        return user
    resource = resource_of(user)
    old, new = columns_of(before), columns_of(after)
    columns = {name: value for name, value in new.items() if value != old[name]}
    details = _details(before, after)
    leaving = before["active"] and not after["active"]
    user.account = call.account  # the same row, read with the token
    try:
        if columns or details:
            values = PersonChanges(**columns)
            lifecycle.update_user(user=user, actor=call.actor, values=values, details=details)
    except lifecycle.ChangeHeld as refusal:
        if leaving:
            # V-8 makes the rest wait for an admin, but nobody who leaves may stay in meanwhile.
            refusal.message += " The deactivation in the same request was applied."
            set_inactive = partial(lifecycle.set_directory_active, user=user, actor=call.actor, active=False)
            call.after_rollback.append(set_inactive)
        raise
    if before["active"] != after["active"]:
        lifecycle.set_directory_active(user=user, actor=call.actor, active=after["active"])
    if resource is None:
        resource = create_document(user, after)
    else:
        update_document(user, resource, before, after)
    user.scim_resource = resource
    return user


def _details(before: JsonObject, after: JsonObject) -> dict[str, Any]:
    found = changes_between(before, after)
    return {name: change for name, change in found.items() if name not in _IN_COLUMNS}


def _note_ignored(call: Call, draft: Draft) -> None:
    if draft.ignored:
        call.effect["ignored"] = draft.ignored[:50]
