"""Groups by SCIM: create or adopt, read, replace, patch, delete. Members pushed here are the directory's (P-12)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import partial
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts import group_sightings, lifecycle
from accounts.models import Group
from foundation.compiled_queries import CompiledQuery, key
from foundation.compiled_writes import update
from foundation.ids import parse_id
from scim.call import Call
from scim.errors import Conflict, InvalidValue, NotFound
from scim.filter_fields import GROUP_FIELDS, Collection
from scim.filters import Rows
from scim.group_adoption import local_group_for
from scim.group_patch import GroupPlan
from scim.list_query import ListQuery
from scim.listing import Listed, page_of
from scim.models import GroupResource
from scim.patch_body import read_operations
from scim.projection import Projection
from scim.representation import Reference, group_version, represent_group
from scim.schema import JsonObject
from scim.scope import directory_groups, directory_memberships
from scim.undeclared import cleaned

Guard = Callable[[str], None]


def _groups_of(account: UUID) -> QuerySet[Group]:
    return directory_groups(account).select_related("scim_resource")


def _rows_of_groups(account: UUID) -> Rows:
    def rows(collection: Collection, condition: Q) -> Q:
        return Q(pk__in=directory_memberships(account).filter(condition).values("group"))

    return rows


GROUPS = Listed("Groups", _groups_of, GROUP_FIELDS, _rows_of_groups)
_GROUP = CompiledQuery(lambda account, group: _groups_of(account).filter(pk=group), key, key)
_GROUP_LOCKED = CompiledQuery(
    lambda account, group: _groups_of(account).filter(pk=group).select_for_update(of=("self",)), key, key
)


def list_groups(call: Call, query: ListQuery) -> JsonObject:
    """Return a page of groups."""
    return page_of(call, GROUPS, query, partial(represent_groups, call, query.projection))


def represent_groups(call: Call, projection: Projection, found: Sequence[Group]) -> list[JsonObject]:
    """Return several groups; their members are loaded only if they will be shown."""
    wanted = found and projection.wants("members")
    members = _members_of(call, [group.pk for group in found], projection) if wanted else {}
    return [
        represent_group(call, group, resource_of(group), members.get(group.pk, ()), projection)
        for group in found
    ]


def show_group(call: Call, group: Group, projection: Projection) -> JsonObject:
    """Return one group."""
    wanted = projection.wants("members")
    members = _members_of(call, [group.pk], projection).get(group.pk, ()) if wanted else ()
    return represent_group(call, group, resource_of(group), members, projection)


def find_group(call: Call, resource_id: str, *, for_update: bool = False) -> Group:
    """Return one group of the directory; raises ``NotFound`` for anything else."""
    wanted = parse_id(resource_id)
    query = _GROUP_LOCKED if for_update else _GROUP
    group = None if wanted is None else query.first(call.account.pk, wanted)
    if group is None:
        raise NotFound(f"There is no group {resource_id[:100]}.")
    return group


def version(group: Group) -> str:
    """Return the entity tag of a group."""
    return group_version(group, resource_of(group))


def resource_of(group: Group) -> GroupResource | None:
    """Return the undeclared attributes that came with the group, or None."""
    try:
        resource: GroupResource = group.scim_resource
    except GroupResource.DoesNotExist:
        return None
    return resource


def create_group(call: Call, body: JsonObject) -> Group:
    """Answer a POST: a new group, or a local one that the directory takes over (V-9)."""
    plan = GroupPlan({})
    plan.merge(body)
    if plan.display_name is None:
        raise InvalidValue("displayName is required.")
    external_id = plan.external_id or ""
    group = local_group_for(call, plan.display_name, external_id)
    if group is None:
        call.effect["created"] = True
        group = lifecycle.create_group(
            account=call.account,
            actor=call.actor,
            name=plan.display_name,
            external_id=external_id or None,
            directory_owned=True,
        )
    else:
        call.effect["adopted"] = True
        lifecycle.update_group(
            group=group,
            actor=call.actor,
            name=plan.display_name,
            external_id=external_id or None,
            directory_owned=True,
        )
    group_sightings.note(call.account.pk, (external_id,))  # G-7
    _save_members(call, group, plan)
    _save_document(group, plan)
    _note(call, group, plan)
    return group


def replace_group(call: Call, resource_id: str, body: JsonObject, guard: Guard) -> Group:
    """Answer a PUT. Members that the body leaves out altogether stay; an empty list empties the group."""
    group = find_group(call, resource_id, for_update=True)
    guard(version(group))
    return _save(call, group, _planned(group, lambda plan: plan.merge(body)))


def patch_group(call: Call, resource_id: str, body: JsonObject, guard: Guard) -> Group:
    """Answer a PATCH: all of its operations, or none."""
    operations = read_operations(body)
    group = find_group(call, resource_id, for_update=True)
    guard(version(group))

    def fold(plan: GroupPlan) -> None:
        for operation in operations:
            plan.apply(operation)

    return _save(call, group, _planned(group, fold))


def delete_group(call: Call, resource_id: str, guard: Guard) -> None:
    """Delete a group; one that an admin mapped by its IdP identifier is only let go, without its pushed members."""
    group = find_group(call, resource_id, for_update=True)
    guard(version(group))
    call.effect.update(group=resource_id, deleted=True)
    if not group.idp_identifier_key:
        lifecycle.delete_group(group=group, actor=call.actor)
        return
    lifecycle.set_directory_members(group=group, actor=call.actor, add=(), remove=None)
    lifecycle.update_group(group=group, actor=call.actor, external_id="", directory_owned=False)
    GroupResource.objects.filter(group=group).delete()


def _save(call: Call, group: Group, plan: GroupPlan) -> Group:
    if plan.external_id and plan.external_id != group.external_id:
        taken = directory_groups(call.account.pk).filter(external_id=plan.external_id).exclude(pk=group.pk)
        if taken.exists():
            raise Conflict(f"Another group has the externalId {plan.external_id[:100]!r}.")
    resource = resource_of(group)
    if plan.external_id and plan.external_id != group.external_id:
        group_sightings.note(call.account.pk, (plan.external_id,))  # G-7
    if plan.display_name is not None or plan.external_id is not None:
        lifecycle.update_group(
            group=group, actor=call.actor, name=plan.display_name, external_id=plan.external_id
        )
    _save_members(call, group, plan)
    _save_document(group, plan, resource)
    _note(call, group, plan)
    return group


def _planned(group: Group, fold: Callable[[GroupPlan], None]) -> GroupPlan:
    """Return what a request changes of a locked group.

    Of a row that is only joined, PostgreSQL shows who waited for the lock what there was before the wait. Few groups
    have a document, so it is not locked along with each of them, but read again once it is to change.
    """
    plan = _plan_for(group)
    before = deepcopy(plan.document)
    fold(plan)
    if plan.document == before:
        return plan
    group._state.fields_cache.pop("scim_resource", None)
    plan = _plan_for(group)
    fold(plan)
    return plan


def _plan_for(group: Group) -> GroupPlan:
    resource = resource_of(group)
    kept = {} if resource is None else deepcopy(resource.attributes)
    return GroupPlan(kept, resource_id=str(group.pk))


def _save_members(call: Call, group: Group, plan: GroupPlan) -> None:
    if plan.changes_members:
        group.account = call.account  # the same row, read with the token
        added, removed = lifecycle.set_directory_members(
            group=group, actor=call.actor, add=plan.add, remove=None if plan.empty_first else plan.remove
        )
        call.effect.update(members_added=added, members_removed=removed)


def _save_document(group: Group, plan: GroupPlan, resource: GroupResource | None = None) -> None:
    kept = {key: value for key, value in plan.document.items() if cleaned(value)}
    changed = kept != ({} if resource is None else resource.attributes)
    if resource is None:
        if kept:
            group.scim_resource = GroupResource.objects.create(group=group, attributes=kept)
    else:
        if changed:
            resource.attributes, resource.version = kept, resource.version + 1
            resource.save(update_fields=["attributes", "version"])
        group.scim_resource = resource
    if changed:
        update(group, ["updated_at"])  # meta.lastModified; and If-Match is told by the locked row itself


def _note(call: Call, group: Group, plan: GroupPlan) -> None:
    call.effect["group"] = str(group.pk)
    if plan.ignored:
        call.effect["ignored"] = plan.ignored[:50]


def _members_of(call: Call, group_ids: list[UUID], projection: Projection) -> dict[UUID, list[Reference]]:
    found: dict[UUID, list[Reference]] = {}
    held = directory_memberships(call.account.pk).filter(group__in=group_ids)
    if not projection.asks_for("members", "display"):
        for group_id, user_id in held.order_by("user_id").values_list("group_id", "user_id"):
            found.setdefault(group_id, []).append((user_id, ""))
        return found
    columns = ("group_id", "user_id", "user__display_name", "user__user_name")
    for group_id, user_id, display_name, user_name in held.order_by("user_id").values_list(*columns):
        found.setdefault(group_id, []).append((user_id, display_name or user_name))
    return found
