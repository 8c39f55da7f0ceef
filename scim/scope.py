"""Where every query begins: people and groups of the call's account that the directory may know of (P-6, V-2, V-9)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import Group, GroupMembership, User
from accounts.sources import Source
from foundation.ids import parse_id
from scim.call import Call
from scim.errors import NotFound
from scim.filter_fields import Collection
from scim.models import UserValue
from scim.representation import Reference


def users_of(call: Call) -> QuerySet[User]:
    """Return the people whom the directory may see, with their documents."""
    found: QuerySet[User] = User.objects.for_account(call.account).present().select_related("scim_resource")
    return found


def find_user(call: Call, resource_id: str, *, for_update: bool = False) -> User:
    """Return one person; raises ``NotFound`` for anybody else's id and for any other text."""
    people = users_of(call)
    if for_update:
        people = people.select_for_update(of=("self",))
    key = parse_id(resource_id)
    user = None if key is None else people.filter(pk=key).first()
    if user is None:
        raise NotFound(f"There is no user {resource_id[:100]}.")
    return user


def rows_of_users(call: Call) -> Any:
    """Return the ``scim.filters.Rows`` of people: conditions on rows become scoped subqueries."""

    def rows(collection: Collection, condition: Q) -> Q:
        if collection.name == "groups":
            return Q(pk__in=directory_memberships(call).filter(condition).values("user"))
        values = UserValue.objects.for_account(call.account).filter(condition, attribute=collection.name)
        return Q(pk__in=values.values("user"))

    return rows


def groups_of(call: Call, user_ids: Iterable[UUID]) -> dict[UUID, list[Reference]]:
    """Return the directory's groups of some people, in one query."""
    found: dict[UUID, list[Reference]] = {}
    held = directory_memberships(call).filter(user__in=list(user_ids)).order_by("group__name_folded")
    for user_id, group_id, name in held.values_list("user_id", "group_id", "group__name"):
        found.setdefault(user_id, []).append((group_id, name))
    return found


def directory_groups(call: Call) -> QuerySet[Group]:
    """Return the groups that the directory owns; local ones don't exist for it until it adopts them (V-9)."""
    found: QuerySet[Group] = Group.objects.for_account(call.account).filter(directory_owned=True)
    return found


def directory_memberships(call: Call) -> QuerySet[GroupMembership]:
    """Return the memberships that the directory made, in groups that it owns."""
    found: QuerySet[GroupMembership] = GroupMembership.objects.for_account(call.account).filter(
        source=Source.DIRECTORY, group__directory_owned=True
    )
    return found
