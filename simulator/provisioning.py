"""What may be asked of the SCIM client, by page (``provision``) or command line (``push``)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from simulator.config import DirectoryGroup, Person
from simulator.scim_client import ScimPusher


class Push(StrEnum):
    """Actions; those that begin with ``group`` need a group, those with members also a person."""

    TEST = "test"
    CREATE = "create"
    UPDATE = "update"
    DEACTIVATE = "deactivate"
    REACTIVATE = "reactivate"
    DELETE = "delete"
    GROUP_CREATE = "group-create"
    GROUP_ADD = "group-add"
    GROUP_REMOVE = "group-remove"
    GROUP_DELETE = "group-delete"


PERSON_ACTIONS = (Push.CREATE, Push.UPDATE, Push.DEACTIVATE, Push.REACTIVATE, Push.DELETE)
GROUP_ACTIONS = (Push.GROUP_CREATE, Push.GROUP_ADD, Push.GROUP_REMOVE, Push.GROUP_DELETE)
NEEDS_PERSON = frozenset({*PERSON_ACTIONS, Push.GROUP_ADD, Push.GROUP_REMOVE})
EDITABLE = ("user_name", "email", "given_name", "family_name", "display_name")


def changed(person: Person, values: Mapping[str, str | None]) -> Person:
    """The person with other texts for some of ``EDITABLE``; None leaves the person's own."""
    changes: dict[str, Any] = {name: values[name] for name in EDITABLE if values.get(name) is not None}
    return dataclasses.replace(person, **changes)


def run(
    pusher: ScimPusher,
    action: Push,
    person: Person | None,
    group: DirectoryGroup | None,
    known_as: str | None = None,
) -> None:
    """Do it. ``known_as``: the person's user name before a rename.

    Raises ValueError when a person or group is lacking, ``ScimFailure``, ``NotProvisioned``.
    """
    if action is Push.TEST:
        pusher.test_connection()
        return
    if action in NEEDS_PERSON and person is None:
        raise ValueError(f"{action} needs a person")
    if action in GROUP_ACTIONS and group is None:
        raise ValueError(f"{action} needs a group")
    if group is not None and action in GROUP_ACTIONS:
        _run_group(pusher, action, person, group)
    elif person is not None:
        _run_person(pusher, action, person, known_as)


def _run_person(pusher: ScimPusher, action: Push, person: Person, known_as: str | None) -> None:
    match action:
        case Push.CREATE:
            pusher.create(person)
        case Push.UPDATE:
            pusher.update(person, known_as)
        case Push.DEACTIVATE:
            pusher.deactivate(person)
        case Push.REACTIVATE:
            pusher.reactivate(person)
        case _:
            pusher.delete(person)


def _run_group(pusher: ScimPusher, action: Push, person: Person | None, group: DirectoryGroup) -> None:
    people = [] if person is None else [person]
    match action:
        case Push.GROUP_CREATE:
            pusher.create_group(group)
        case Push.GROUP_ADD:
            pusher.add_members(group, people)
        case Push.GROUP_REMOVE:
            pusher.remove_members(group, people)
        case _:
            pusher.delete_group(group)
