"""PATCH as Okta, Entra, OneLogin, JumpCloud and others write it (P-8, P-9; RFC 7644 §3.5.2)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from audit.models import AuditEvent
from tests.scim.directory import CORE, ENTERPRISE, Directory, error_of

WORK = {"value": "ada@corp.example", "type": "work", "primary": True}
HOME = {"value": "ada@home.example", "type": "home"}


@pytest.fixture
def ada(directory: Directory) -> Any:
    return directory.push(
        "ada",
        externalId="a-1",
        displayName="Ada",
        name={"givenName": "Ada", "familyName": "Lovelace"},
        title="Analyst",
        emails=[WORK, HOME],
        **{ENTERPRISE: {"department": "Engines", "manager": {"value": "b-1"}}},
    )


def _patched(directory: Directory, resource: Any, *operations: dict[str, Any]) -> Any:
    response = directory.patch(f"/Users/{resource['id']}", *operations)
    assert response.status_code == 200, response.content
    shown = json.loads(response.content)
    assert shown == directory.read(f"/Users/{resource['id']}")
    return shown


@pytest.mark.parametrize(
    ("value", "active"),
    [(False, False), ("False", False), ("false", False), ("True", True), (" TRUE ", True)],
)
@pytest.mark.parametrize("op", ["Replace", "replace", "ADD"])
@pytest.mark.parametrize("path", ["active", "ACTIVE", f"{CORE}:active", None])
def test_active_is_read_from_booleans_and_their_names(
    directory: Directory, ada: Any, op: str, path: str | None, value: Any, active: bool
) -> None:
    """P-5, P-8: "False" as a text is true in most languages"""
    operation = (
        {"op": op, "value": {"active": value}} if path is None else {"op": op, "path": path, "value": value}
    )
    assert _patched(directory, ada, operation)["active"] is active
    assert directory.person(ada).directory_active is active


@pytest.mark.parametrize("value", ["no", "0", 0, 1, "", None, [], {}, "Falsch"])
def test_what_is_neither_true_nor_false_is_refused(directory: Directory, ada: Any, value: Any) -> None:
    """P-8"""
    response = directory.patch(f"/Users/{ada['id']}", {"op": "replace", "path": "active", "value": value})
    assert error_of(response)["scimType"] == "invalidValue"
    assert directory.person(ada).directory_active


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"op": "replace", "path": "title", "value": "Dr"}, {"title": "Dr"}),
        ({"op": "add", "path": "nickName", "value": "A"}, {"nickName": "A"}),
        ({"op": "add", "path": "employeeNumber", "value": "x"}, 400),
        ({"op": "remove", "path": "title"}, {"title": None}),
        ({"op": "replace", "path": "title", "value": None}, {"title": None}),
        ({"op": "replace", "path": "title", "value": ""}, {"title": None}),
        (
            {"op": "replace", "path": "name.givenName", "value": "A."},
            {"name": {"givenName": "A.", "familyName": "Lovelace"}},
        ),
        (
            {"op": "replace", "path": "name", "value": {"givenName": "A."}},
            {"name": {"givenName": "A.", "familyName": "Lovelace"}},
        ),
        ({"op": "remove", "path": "name.givenName"}, {"name": {"familyName": "Lovelace"}}),
        ({"op": "remove", "path": "name"}, {"name": None}),
        (
            {"op": "replace", "value": {"name.familyName": "King"}},
            {"name": {"givenName": "Ada", "familyName": "King"}},
        ),
        ({"op": "replace", "path": f"{CORE}:displayName", "value": "A"}, {"displayName": "A"}),
        ({"op": "replace", "path": CORE, "value": {"title": "Dr"}}, {"title": "Dr"}),
    ],
)
def test_simple_and_complex_attributes(
    directory: Directory, ada: Any, operation: dict[str, Any], expected: dict[str, Any] | int
) -> None:
    """P-8"""
    if isinstance(expected, int):
        assert directory.patch(f"/Users/{ada['id']}", operation).status_code == expected
        return
    shown = _patched(directory, ada, operation)
    assert {key: shown.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"op": "Add", "path": f"{ENTERPRISE}:division", "value": "V"}, {"division": "V"}),
        ({"op": "Replace", "path": f"{ENTERPRISE}:manager", "value": "c-2"}, {"manager": {"value": "c-2"}}),
        (
            {"op": "Replace", "path": f"{ENTERPRISE}:manager.value", "value": "c-2"},
            {"manager": {"value": "c-2"}},
        ),
        (
            {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": [{"$ref": None, "value": "c-2"}]},
            {"manager": {"value": "c-2"}},
        ),
        ({"op": "Add", "path": f"{ENTERPRISE}:manager", "value": [{"value": "c-2"}, {"value": "d"}]}, None),
        ({"op": "Remove", "path": f"{ENTERPRISE}:manager"}, {"manager": None}),
        ({"op": "Replace", "path": f"{ENTERPRISE}:manager", "value": ""}, {"manager": None}),
        ({"op": "Replace", "value": {f"{ENTERPRISE}:department": "X"}}, {"department": "X"}),
        (
            {"op": "Replace", "value": {ENTERPRISE: {"department": "X"}}},
            {"department": "X", "manager": {"value": "b-1"}},
        ),
        ({"op": "Replace", "path": ENTERPRISE, "value": {"DEPARTMENT": "X"}}, {"department": "X"}),
        ({"op": "Replace", "path": ENTERPRISE.upper(), "value": {"costCenter": 7}}, {"costCenter": "7"}),
    ],
)
def test_enterprise_attributes(
    directory: Directory, ada: Any, operation: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    """P-8, P-11"""
    if expected is None:
        assert directory.patch(f"/Users/{ada['id']}", operation).status_code == 400
        return
    shown = _patched(directory, ada, operation)[ENTERPRISE]
    assert {key: shown.get(key) for key in expected} == expected


def test_extension_that_is_removed_leaves_the_schemas_too(directory: Directory, ada: Any) -> None:
    """P-11"""
    shown = _patched(directory, ada, {"op": "remove", "path": ENTERPRISE})
    assert ENTERPRISE not in shown
    assert shown["schemas"] == [CORE]


@pytest.mark.parametrize(
    ("operation", "emails"),
    [
        (
            {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "x@corp.example"},
            [WORK | {"value": "x@corp.example"}, HOME],
        ),
        (
            {"op": "Replace", "path": 'emails[type eq "WORK"]', "value": {"value": "x@corp.example"}},
            [WORK | {"value": "x@corp.example"}, HOME],
        ),
        (
            {"op": "Replace", "value": {'emails[type eq "work"].value': "x@corp.example"}},
            [WORK | {"value": "x@corp.example"}, HOME],
        ),
        (
            {"op": "Add", "path": 'emails[type eq "other"].value', "value": "x@corp.example"},
            [WORK, HOME, {"type": "other", "value": "x@corp.example"}],
        ),
        ({"op": "Replace", "path": "emails", "value": [HOME]}, [HOME]),
        ({"op": "Replace", "path": "emails", "value": HOME}, [HOME]),
        ({"op": "Replace", "path": "emails", "value": []}, None),
        ({"op": "Add", "path": "emails", "value": [HOME]}, [WORK, HOME]),
        (
            {"op": "Add", "path": "emails", "value": {"value": "n@x.example", "primary": "True"}},
            [WORK | {"primary": False}, HOME, {"value": "n@x.example", "primary": True}],
        ),
        (
            {"op": "Replace", "path": 'emails[type eq "home"].primary', "value": True},
            [WORK | {"primary": False}, HOME | {"primary": True}],
        ),
        ({"op": "Remove", "path": "emails"}, None),
        ({"op": "Remove", "path": 'emails[type eq "work"]'}, [HOME]),
        ({"op": "Remove", "path": 'emails[type eq "work"].value'}, [HOME]),
        ({"op": "Replace", "path": 'emails[type eq "work"].value', "value": ""}, [HOME]),
        ({"op": "Remove", "path": 'emails[type eq "other"]'}, [WORK, HOME]),
        ({"op": "Remove", "path": "emails", "value": [{"value": "ADA@home.example"}]}, [WORK]),
        ({"op": "Remove", "path": "emails", "value": []}, [WORK, HOME]),
        ({"op": "Remove", "path": 'emails.type eq "work"'}, [HOME]),
        ({"op": "Remove", "path": 'emails[value sw "ada@" and not (type eq "home")]'}, [HOME]),
        (
            {"op": "Replace", "path": "emails.type", "value": "x"},
            [WORK | {"type": "x"}, HOME | {"type": "x"}],
        ),
    ],
)
def test_values_of_a_list(directory: Directory, ada: Any, operation: dict[str, Any], emails: Any) -> None:
    """P-8"""
    shown = _patched(directory, ada, operation)
    assert shown.get("emails") == emails
    for entry in emails or ():
        assert directory.find(f'emails.value eq "{entry["value"]}"') == ["ada"]
    assert len(directory.find("emails pr")) == bool(emails)


def test_the_persons_address_follows_the_primary_value(directory: Directory, ada: Any) -> None:
    """J-3, P-8"""
    _patched(directory, ada, {"op": "replace", "path": 'emails[type eq "home"].primary', "value": True})
    assert directory.person(ada).email == "ada@home.example"
    _patched(directory, ada, {"op": "remove", "path": "emails"})
    assert directory.person(ada).email == ""


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({"op": "replace", "path": 'emails[type eq "other"].value', "value": "x"}, "noTarget"),
        ({"op": "add", "path": 'emails[type sw "oth"].value', "value": "x"}, "noTarget"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "replace", "path": "shoeSize", "value": 44}, "invalidPath"),
        ({"op": "replace", "path": "name.shoeSize", "value": 44}, "invalidPath"),
        ({"op": "replace", "path": f"{ENTERPRISE}:shoeSize", "value": 44}, "invalidPath"),
        ({"op": "replace", "path": "emails[", "value": 44}, "invalidPath"),
        ({"op": "replace", "path": "active[value eq true]", "value": True}, "invalidPath"),
        ({"op": "replace", "path": 7, "value": True}, "invalidPath"),
        ({"op": "remove", "path": 'emails[shoeSize eq "1"]'}, "invalidFilter"),
        ({"op": "replace", "path": "id", "value": "other"}, "mutability"),
        ({"op": "replace", "path": "groups", "value": []}, "mutability"),
        ({"op": "add", "path": "meta.version", "value": "x"}, "mutability"),
        ({"op": "remove", "path": "userName"}, "mutability"),
        ({"op": "remove", "path": "active"}, "mutability"),
        ({"op": "replace", "path": "userName", "value": ""}, "invalidValue"),
        ({"op": "replace", "path": "title"}, "invalidValue"),
        ({"op": "add", "path": "title", "value": {"a": 1}}, "invalidValue"),
        ({"op": "replace", "path": 'emails[type eq "work"]', "value": [{}, {}]}, "invalidValue"),
        ({"op": "move", "path": "title", "value": "x"}, "invalidSyntax"),
        ({"path": "title", "value": "x"}, "invalidSyntax"),
        ({"op": "replace", "value": "x"}, "invalidSyntax"),
    ],
)
def test_what_can_not_be_applied_is_refused_and_nothing_before_it_stays(
    directory: Directory, ada: Any, operation: dict[str, Any], scim_type: str
) -> None:
    """P-8, P-9: a 200 is never given for an operation that was not applied; a PATCH is atomic"""
    response = directory.patch(
        f"/Users/{ada['id']}",
        {"op": "replace", "path": "title", "value": "half"},
        {"op": "replace", "path": "active", "value": False},
        operation,
    )
    assert response.status_code == 400
    assert error_of(response)["scimType"] == scim_type
    assert directory.read(f"/Users/{ada['id']}") == ada


def test_echoes_and_passwords_change_nothing_and_are_no_error(directory: Directory, ada: Any) -> None:
    """P-9"""
    shown = _patched(
        directory,
        ada,
        {"op": "replace", "path": "password", "value": "Tr0ub4dor&3x"},
        {"op": "replace", "path": "id", "value": ada["id"]},
        {"op": "add", "path": "schemas", "value": [CORE]},
        {
            "op": "replace",
            "value": {"id": "other", "meta": {}, "groups": [], "password": "x", "shoeSize": 44},
        },
    )
    assert shown == ada


def test_nothing_new_writes_nothing(directory: Directory, ada: Any) -> None:
    """P-8: directories repeat themselves; the version and the audit trail stay"""
    events = AuditEvent.objects.count()
    same = {"op": "replace", "path": "title", "value": "Analyst"}
    assert _patched(directory, ada, same, {"op": "add", "path": "emails", "value": [WORK]}) == ada
    assert AuditEvent.objects.count() == events


def test_attributes_of_an_undeclared_extension_can_be_patched(directory: Directory, ada: Any) -> None:
    """P-9"""
    urn = "urn:vendor:badge:2.0:User"
    shown = _patched(directory, ada, {"op": "add", "path": f"{urn}:colour", "value": "red"})
    assert shown[urn] == {"colour": "red"}
    shown = _patched(directory, ada, {"op": "replace", "value": {urn: {"floor": 3}, f"{urn}:door": {"a": 1}}})
    assert shown[urn] == {"colour": "red", "floor": 3}
    assert shown[f"{urn}:door"] == {"a": 1}
    shown = _patched(
        directory, ada, {"op": "remove", "path": f"{urn}:colour"}, {"op": "remove", "path": f"{urn}:door"}
    )
    assert shown[urn] == {"floor": 3}
    assert urn not in _patched(directory, ada, {"op": "remove", "path": urn})


def test_one_operation_per_attribute_and_names_in_any_case(directory: Directory, ada: Any) -> None:
    """P-8: JumpCloud sends an operation for each; some clients write "operations" """
    body = {
        "operations": [
            {"OP": "replace", "Path": "TITLE", "Value": "Dr"},
            {"op": "add", "path": "locale", "value": "x"},
        ]
    }
    response = directory.send("PATCH", f"/Users/{ada['id']}", body)
    assert response.status_code == 200
    shown = directory.read(f"/Users/{ada['id']}")
    assert (shown["title"], shown["locale"]) == ("Dr", "x")


def test_taken_user_name_is_a_conflict(directory: Directory, ada: Any) -> None:
    """P-8"""
    directory.push("bob")
    response = directory.patch(f"/Users/{ada['id']}", {"op": "replace", "path": "userName", "value": "BOB"})
    assert response.status_code == 409
    assert error_of(response)["scimType"] == "uniqueness"


def test_change_is_audited_with_old_and_new_values_once(directory: Directory, ada: Any) -> None:
    """A-4"""
    _patched(directory, ada, {"op": "replace", "value": {"title": "Dr", "displayName": "A. Lovelace"}})
    event = AuditEvent.objects.get(object_id=ada["id"], action="user.updated")
    assert event.changes == {"title": ["Analyst", "Dr"], "display_name": ["Ada", "A. Lovelace"]}
