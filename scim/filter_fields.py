"""What filters and sorting may look at, and where it lives in the database.

A table maps the lower-case path of an attribute to a column (``Field``), to rows that belong to the resource
(``Collection`` and which of its columns), to a ``Constant``, or to several paths (a complex attribute, for ``pr``). A
path that is in no table can't be filtered on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from scim.schema import ENTERPRISE_URN, GROUP_URN, USER_URN
from scim.search_rows import LISTS, SINGLES


class FieldKind(StrEnum):
    """How a column compares."""

    FOLDED = "folded"  # text, kept folded
    EXACT = "exact"  # text, as it is
    BOOLEAN = "boolean"
    MARK = "mark"  # true, or else as good as not there
    MOMENT = "moment"
    ID = "id"


@dataclass(frozen=True, slots=True)
class Field:
    """A column, by the ORM's name of it."""

    column: str
    kind: FieldKind


@dataclass(frozen=True, slots=True, eq=False)
class Collection:
    """Rows of a resource: what the storage knows them by, and their columns by lower-case sub-attribute."""

    name: str
    columns: Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class InCollection:
    """One column of a collection's rows."""

    collection: Collection
    field: Field


@dataclass(frozen=True, slots=True)
class Constant:
    """A text that is the same for every resource of a type."""

    value: str


Place = Field | InCollection | Collection | Constant | tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class FieldTable:
    """The paths of one resource type; ``urns`` are prefixes that say nothing, in lower case."""

    places: Mapping[str, Place]
    urns: tuple[str, ...]

    def find(self, path: str) -> Place | None:
        """Return where the attribute ``path`` lives; names compare without case."""
        lowered = path.lower()
        for urn in self.urns:
            lowered = lowered.removeprefix(urn)
        return self.places.get(lowered)


def _value_rows(name: str, *, case_exact: bool = False) -> Collection:
    value = Field("value_key", FieldKind.EXACT if case_exact else FieldKind.FOLDED)
    return Collection(
        name,
        MappingProxyType(
            {
                "value": value,
                "type": Field("type_key", FieldKind.FOLDED),
                "primary": Field("is_primary", FieldKind.MARK),
            }
        ),
    )


def _with_subs(collection: Collection) -> dict[str, Place]:
    places: dict[str, Place] = {collection.name: collection}
    for sub, field in collection.columns.items():
        places[f"{collection.name}.{sub}"] = InCollection(collection, field)
    return places


def _singles() -> dict[str, Place]:
    places: dict[str, Place] = {}
    for path, attribute in SINGLES.items():
        rows = _value_rows(path, case_exact=attribute.case_exact)
        places[path] = InCollection(rows, rows.columns["value"])
    return places


_SHARED: dict[str, Place] = {
    "id": Field("id", FieldKind.ID),
    "externalid": Field("external_id", FieldKind.EXACT),
    "meta.created": Field("created_at", FieldKind.MOMENT),
    "meta.lastmodified": Field("updated_at", FieldKind.MOMENT),
}

_USER_PLACES: dict[str, Place] = {
    **_SHARED,
    "meta.resourcetype": Constant("User"),
    "username": Field("user_name_folded", FieldKind.FOLDED),
    "active": Field("directory_active", FieldKind.BOOLEAN),
    "displayname": Field("scim_resource__display_name_key", FieldKind.FOLDED),
    "name.givenname": Field("scim_resource__given_name_key", FieldKind.FOLDED),
    "name.familyname": Field("scim_resource__family_name_key", FieldKind.FOLDED),
    **_singles(),
    "name": ("name.givenname", "name.familyname", *(path for path in SINGLES if path.startswith("name."))),
    f"{ENTERPRISE_URN.lower()}:manager": tuple(path for path in SINGLES if ":manager." in path),
    **_with_subs(
        Collection(
            "groups",
            MappingProxyType(
                {
                    "value": Field("group", FieldKind.ID),
                    "display": Field("group__name_folded", FieldKind.FOLDED),
                }
            ),
        )
    ),
}
for _name in LISTS:
    _USER_PLACES.update(_with_subs(_value_rows(_name)))

_GROUP_PLACES: dict[str, Place] = {
    **_SHARED,
    "meta.resourcetype": Constant("Group"),
    "displayname": Field("name_folded", FieldKind.FOLDED),
    **_with_subs(Collection("members", MappingProxyType({"value": Field("user", FieldKind.ID)}))),
}

USER_FIELDS = FieldTable(MappingProxyType(_USER_PLACES), (f"{USER_URN.lower()}:",))
GROUP_FIELDS = FieldTable(MappingProxyType(_GROUP_PLACES), (f"{GROUP_URN.lower()}:",))
