"""Which group memberships a sign-in adds and removes: a pure comparison of values, nothing is written here.

In go the group identifiers that the provider sent, the account's *mapped* groups (those that have an IdP
identifier) and what the person already holds; out comes a ``GroupDiff`` for the planner to show or apply.
Groups without an identifier are not passed in and so can never appear in the result (G-2).

Decisions, with their reasons:

- **Absent or overage never removes** (J-10, G-5). ``claimed=None`` changes nothing. With ``overage`` a list
  may still have arrived, cut short: each identifier on it is a statement of the verified provider and may
  add, but what is not on it was perhaps only cut, so nothing is removed. A caller that resolved the overage
  elsewhere (Microsoft Graph) passes the full list with ``overage=False``.
- **Present and empty removes** every row of source claims and manual in mapped groups. A list of nothing but
  blank entries is an empty list.
- **Rows of source claims and manual follow the claim; every other source is left alone** (G-2), so a person
  whom SCIM put into a group stays in it whatever the claim says.
- **Only a missing membership is added.** Whoever is in the group already, by whatever source, gets no second
  row. Above all a claims row beside a directory row would outlive SCIM's removal until the next sign-in, and
  access that the directory took away must be gone at once. Should the directory row go while claims still
  name the group, the next sign-in adds it back as a claims row.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from accounts.sources import Source

GroupId = TypeVar("GroupId", bound=Hashable)

_HEX_GROUPS = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_GUID = re.compile(rf"({_HEX_GROUPS})|\{{({_HEX_GROUPS})\}}", re.IGNORECASE)

# An allow-list: a source added later is left alone until somebody decides otherwise.
_FOLLOWS_THE_CLAIM = frozenset({Source.CLAIMS, Source.MANUAL})


class SkipReason(StrEnum):
    """Why nothing was removed although the claim does not name everything that is held."""

    ABSENT = "absent"  # the provider said nothing about groups (J-10)
    OVERAGE = "overage"  # the provider has more groups than it could send (G-5)


@dataclass(frozen=True, slots=True)
class MappedGroup(Generic[GroupId]):
    """A group of the account that has an IdP identifier; ``key`` is ``identifier_key`` of it."""

    id: GroupId
    key: str


@dataclass(frozen=True, slots=True)
class HeldMembership(Generic[GroupId]):
    """One membership row that the person has now; rows in groups that are not mapped are ignored."""

    group_id: GroupId
    source: Source


@dataclass(frozen=True, slots=True)
class GroupDiff(Generic[GroupId]):
    """What to change.

    ``add`` are groups that get a row of source claims; ``remove`` are existing rows by group and source.
    ``received`` are the identifiers sent, as keys, each once, in the order sent (G-6, G-7); ``unmatched``
    those of them that no group of the account has. ``skipped_reason`` is set when removal was not considered
    and should become a warning.
    """

    add: frozenset[GroupId]
    remove: frozenset[tuple[GroupId, Source]]
    received: tuple[str, ...]
    unmatched: tuple[str, ...]
    skipped_reason: SkipReason | None


def identifier_key(identifier: str) -> str:
    """Return the form under which IdP identifiers are unique in an account and are compared (G-1).

    Outer blanks are dropped. A GUID in its 8-4-4-4-12 form, in any case and with or without braces, becomes
    lower case without braces. Everything else (names, distinguished names, bare hexadecimal) stays exactly as
    it is, case included. A blank identifier gives "", which stands for no identifier.
    """
    trimmed = identifier.strip()
    guid = _GUID.fullmatch(trimmed)
    return (guid[1] or guid[2]).lower() if guid else trimmed


def received_keys(claimed: tuple[str, ...] | None) -> tuple[str, ...]:
    """Return the identifiers that a provider sent, as keys, each once, in the order sent (G-6, G-7)."""
    return tuple(dict.fromkeys(key for sent in claimed or () if (key := identifier_key(sent))))


def diff_groups(
    claimed: tuple[str, ...] | None,
    overage: bool,
    mapped: Sequence[MappedGroup[GroupId]],
    held: Sequence[HeldMembership[GroupId]],
) -> GroupDiff[GroupId]:
    """Compare the groups a provider claimed with what the person holds (G-2, G-5, J-10).

    ``claimed`` are identifiers as sent; ``None`` means that no groups claim arrived. ``overage`` says that
    the provider could not send them all. ``mapped`` are all groups of the account that have an identifier,
    ``held`` the person's memberships of any source. Raises nothing: an identifier nobody has is reported, not
    refused (J-9).
    """
    received = received_keys(claimed)
    # A blank key would be a group without identifier; it is dropped here so that no claim can empty it.
    keys = {group.id: key for group in mapped if (key := identifier_key(group.key))}
    named, known = set(received), set(keys.values())
    wanted = {group_id for group_id, key in keys.items() if key in named}

    if overage:
        skipped_reason: SkipReason | None = SkipReason.OVERAGE
    elif claimed is None:
        skipped_reason = SkipReason.ABSENT
    else:
        skipped_reason = None

    remove: frozenset[tuple[GroupId, Source]] = frozenset()
    if skipped_reason is None:
        remove = frozenset(
            (row.group_id, row.source)
            for row in held
            if row.group_id in keys and row.group_id not in wanted and row.source in _FOLLOWS_THE_CLAIM
        )
    return GroupDiff(
        add=frozenset(wanted - {row.group_id for row in held}),
        remove=remove,
        received=received,
        unmatched=tuple(key for key in received if key not in known),
        skipped_reason=skipped_reason,
    )
