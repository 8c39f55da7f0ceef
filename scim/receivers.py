"""Follow what others change about people, so that the directory reads what is true.

A sign-in or an admin may change a person's names, e-mail or phone; the document and the rows that filters look at are
brought in step in the same transaction. Changes by SCIM itself write their own. When a person is deleted, what the
directory told us about them goes (V-13: a later POST of the same user name is a new person with nothing).
"""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts.models import Kind, User
from accounts.signals import person_changed, person_deleted
from audit.actors import Actor, ActorKind
from foundation.compiled_queries import CompiledQuery, key
from foundation.compiled_writes import CompiledDelete
from scim.documents import contacts_of, document_of
from scim.models import UserResource, UserValue
from scim.multi_values import primary_value
from scim.schema import JsonObject
from scim.store import create_document, update_document

_SHOWN = frozenset({"email", "phone", "given_name", "family_name", "display_name"})


@receiver(person_changed, dispatch_uid="scim.follow_person")
def follow_person(
    sender: type[User],
    user: User,
    actor: Actor,
    changed: frozenset[str],
    created: bool = False,
    **_: Any,
) -> None:
    """Bring a member's document in step with their columns."""
    if actor.kind is ActorKind.SCIM or user.kind != Kind.MEMBER or not _SHOWN & changed:
        return
    resource = None if created else _RESOURCE.first(user.pk)
    if resource is None:
        create_document(user, document_of(user, None))
        return
    before = document_of(user, resource)
    after = dict(before)
    for attribute, column in (("emails", "email"), ("phoneNumbers", "phone")):
        if column in changed:
            after[attribute] = _with_primary(before.get(attribute) or [], contacts_of(user).get(attribute))
    update_document(user, resource, before, {key: value for key, value in after.items() if value != []})


@receiver(person_deleted, dispatch_uid="scim.forget_person")
def forget_person(sender: type[User], user: User, **_: Any) -> None:
    """Drop the document and its rows."""
    _FORGET_VALUES.run_later(user.pk)
    _FORGET_DOCUMENT.run_later(user.pk)


_RESOURCE = CompiledQuery(lambda user: UserResource.objects.filter(user=user), key)
_FORGET_VALUES = CompiledDelete(lambda user: UserValue.objects.filter(user=user), key)
_FORGET_DOCUMENT = CompiledDelete(lambda user: UserResource.objects.filter(user=user), key)


def _with_primary(entries: list[JsonObject], new: list[JsonObject] | None) -> list[JsonObject]:
    """Return the entries with the one that the column was made from replaced by the column's new value."""
    old = primary_value(entries)
    value = new[0]["value"] if new else ""
    replaced = [{**entry, "value": value} if entry.get("value") == old else entry for entry in entries]
    kept = [entry for entry in replaced if entry.get("value")]
    return kept if old else [*(new or []), *kept]
