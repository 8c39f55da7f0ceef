"""Microsoft Entra's provisioning service, with and without ``aadOptscim062020`` in the address (P-8).

Source: "Known issues and resolutions with SCIM 2.0 protocol compliance of the Microsoft Entra provisioning service"
(https://learn.microsoft.com/entra/identity/app-provisioning/application-provisioning-config-problem-scim-compatibility)
and "Develop a SCIM endpoint" (…/use-scim-to-provision-users-and-groups) for the shapes of requests.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import Group
from tests.scim.directory import CORE, ENTERPRISE, Directory, error_of

OBJECT_ID = "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"
WORK = 'emails[type eq "work"].value'
Operation = dict[str, Any]


@pytest.fixture
def entra(directory: Directory) -> Directory:
    directory.headers |= {"content-type": "application/scim+json; charset=utf-8"}
    return directory


@pytest.fixture
def ada(entra: Directory) -> Any:
    body = {
        "schemas": [CORE, ENTERPRISE],
        "externalId": OBJECT_ID,
        "userName": "ada@corp.example",
        "active": True,
        "displayName": "Ada",
        "emails": [{"primary": True, "type": "work", "value": "ada@corp.example"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Ada Lovelace", "familyName": "Lovelace", "givenName": "Ada"},
        "roles": [],
        ENTERPRISE: {"employeeNumber": "1"},
    }
    response = entra.post("/Users", body)
    assert response.status_code == 201, response.content
    return json.loads(response.content)


def _patched(entra: Directory, person: Any, *operations: Operation) -> Any:
    response = entra.patch(f"/Users/{person['id']}", *operations)
    assert response.status_code == 200, response.content
    assert json.loads(response.content) == entra.read(f"/Users/{person['id']}")
    return json.loads(response.content)


@pytest.mark.parametrize("flag", [{}, {"aadOptscim062020": ""}])
def test_test_connection_asks_for_somebody_who_is_not_there(entra: Directory, flag: dict[str, str]) -> None:
    """P-8: the flag of the tenant URL may reach the query and means nothing here"""
    found = entra.listed("/Users", **flag, filter=f'userName eq "{uuid4()}"')
    assert (found["totalResults"], found["Resources"]) == (0, [])
    name = f'displayName eq "{uuid4()}"'
    assert entra.listed("/Groups", **flag, excludedAttributes="members", filter=name)["totalResults"] == 0


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "ADA@corp.example"',
        f'externalId eq "{OBJECT_ID}"',
        f'{WORK} eq "ada@corp.example"',
        'emails[type eq "work"] and userName eq "ada@corp.example"',
    ],
)
def test_every_matching_attribute_finds_the_person(entra: Directory, ada: Any, text: str) -> None:
    """P-8"""
    assert entra.listed("/Users", filter=text)["Resources"] == [ada]


def _many_without_flag(op: str = "Replace") -> list[Operation]:
    return [
        {"op": op, "path": "displayName", "value": "Pvlo"},
        {"op": op, "path": WORK, "value": "new@corp.example"},
        {"op": op, "path": "name.givenName", "value": "Gtfd"},
        {"op": op, "path": "name.familyName", "value": "Pkqf"},
        {"op": op, "path": "externalId", "value": "Eqpj"},
        {"op": op, "path": f"{ENTERPRISE}:employeeNumber", "value": "Eqpj"},
    ]


_WITH_FLAG: list[Operation] = [
    {"op": "replace", "path": WORK, "value": "new@corp.example"},
    {
        "op": "replace",
        "value": {
            "displayName": "Pvlo",
            "name.givenName": "Gtfd",
            "name.familyName": "Pkqf",
            "externalId": "Eqpj",
            f"{ENTERPRISE}:employeeNumber": "Eqpj",
        },
    },
]


@pytest.mark.parametrize("operations", [_many_without_flag(), _many_without_flag("Add"), _WITH_FLAG])
def test_many_attributes_change_at_once(entra: Directory, ada: Any, operations: list[Operation]) -> None:
    """P-8: one operation each, or those without a filter together; the outcome is the same"""
    shown = _patched(entra, ada, *operations)
    assert shown["displayName"] == "Pvlo"
    assert shown["emails"] == [{"primary": True, "type": "work", "value": "new@corp.example"}]
    assert shown["name"] == {"formatted": "Ada Lovelace", "familyName": "Pkqf", "givenName": "Gtfd"}
    assert (shown["externalId"], shown[ENTERPRISE]) == ("Eqpj", {"employeeNumber": "Eqpj"})


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "replace", "path": "active", "value": False},
        {"op": "Replace", "value": {"active": "False"}},
        {"op": "Add", "path": "active", "value": [{"value": "False"}]},
    ],
)
def test_person_is_disabled_and_restored(entra: Directory, ada: Any, operation: Operation) -> None:
    """P-5, P-8: unassigned or soft-deleted in Entra"""
    assert _patched(entra, ada, operation)["active"] is False
    assert entra.listed("/Users", filter="active eq false")["totalResults"] == 1
    restored = _patched(entra, ada, {"op": "Replace", "path": "active", "value": "True"})
    assert restored["active"] is True


@pytest.mark.parametrize("value", ["Babs", [{"value": "Babs"}], [{"$ref": None, "value": "Babs"}]])
@pytest.mark.parametrize("op", ["Add", "add", "Replace"])
def test_single_texts_come_bare_or_as_a_list_of_one(entra: Directory, ada: Any, op: str, value: Any) -> None:
    """P-8: jobs made before the flag write the list"""
    assert _patched(entra, ada, {"op": op, "path": "nickName", "value": value})["nickName"] == "Babs"


@pytest.mark.parametrize(
    "value",
    [
        "b-7",
        {"value": "b-7"},
        [{"value": "b-7"}],
        [{"$ref": "../Users/b-7", "value": "b-7"}],
        {"id": "x", "value": "b-7"},
    ],
)
def test_manager_is_read_from_each_of_its_shapes(entra: Directory, ada: Any, value: Any) -> None:
    """P-8, P-11"""
    path = f"{ENTERPRISE}:manager"
    shown = _patched(entra, ada, {"op": "Add", "path": path, "value": value})
    assert shown[ENTERPRISE]["manager"]["value"] == "b-7"
    assert entra.find(f'{path}.value eq "b-7"') == ["ada@corp.example"]
    assert "manager" not in _patched(entra, ada, {"op": "Remove", "path": path})[ENTERPRISE]
    nobody = _patched(entra, ada, {"op": "Replace", "path": path, "value": ""})
    assert "manager" not in nobody[ENTERPRISE]


@pytest.mark.parametrize(
    ("path", "value", "attribute", "entries"),
    [
        ('emails[type eq "other"].value', "o@x.example", "emails", {"type": "other", "value": "o@x.example"}),
        (
            'phoneNumbers[type eq "mobile"].value',
            "+49 1",
            "phoneNumbers",
            {"type": "mobile", "value": "+49 1"},
        ),
        ('addresses[type eq "work"].country', "DE", "addresses", {"type": "work", "country": "DE"}),
        ('roles[primary eq "True"].value', "admin", "roles", {"primary": True, "value": "admin"}),
        ('roles[primary eq "True"].type', "WindowsAzureActiveDirectoryRole", "roles", None),
        ('ims[type eq "skype"].value', "ada", "ims", {"type": "skype", "value": "ada"}),
    ],
)
def test_value_that_is_not_there_yet_is_made_by_add_and_missed_by_replace(
    entra: Directory, ada: Any, path: str, value: str, attribute: str, entries: Any
) -> None:
    """P-8; RFC 7644 §3.5.2.3: replace has no target"""
    missed = entra.patch(f"/Users/{ada['id']}", {"op": "Replace", "path": path, "value": value})
    assert error_of(missed)["scimType"] == "noTarget"
    shown = _patched(entra, ada, {"op": "Add", "path": path, "value": value})
    if entries is None:  # a role without a value is none
        assert attribute not in shown
        return
    assert entries in shown[attribute]
    changed = _patched(entra, ada, {"op": "Replace", "path": path, "value": "other"})
    assert "other" in [value for entry in changed[attribute] for value in entry.values()]


def test_app_roles_of_both_expressions_are_kept(entra: Directory, ada: Any) -> None:
    """P-8: SingleAppRoleAssignment writes a text, AppRoleAssignmentsComplex a list with JSON in it"""
    role = {"id": "18d14569-c3bd-439b-9a66-3a2aee01d14f", "value": "user", "displayName": "User"}
    value = [
        {
            "primary": False,
            "type": "WindowsAzureActiveDirectoryRole",
            "value": json.dumps(role),
            "display": "User",
        }
    ]
    assert _patched(entra, ada, {"op": "Add", "path": "roles", "value": value})["roles"] == value
    simple = _patched(entra, ada, {"op": "Replace", "path": "roles", "value": [{"value": "admin"}]})
    assert simple["roles"] == [{"value": "admin"}]


def test_vendor_schemas_are_kept_and_patched(entra: Directory, ada: Any) -> None:
    """P-9: custom attributes have to be named below a schema of this form in Entra's editor"""
    urn = "urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User"
    shown = _patched(entra, ada, {"op": "Add", "path": f"{urn}:CustomAttribute", "value": "x"})
    assert shown[urn] == {"CustomAttribute": "x"}
    assert urn in shown["schemas"]
    shown = _patched(
        entra, ada, {"op": "replace", "value": {f"{urn}:CustomAttribute": "y", f"{urn}:Other": "z"}}
    )
    assert shown[urn] == {"CustomAttribute": "y", "Other": "z"}
    assert urn not in _patched(
        entra, ada, *({"op": "Remove", "path": f"{urn}:{name}"} for name in ("CustomAttribute", "Other"))
    )


def test_one_operation_that_can_not_be_applied_takes_the_others_with_it_and_is_named(
    entra: Directory, ada: Any
) -> None:
    """P-8, P-9: Entra shows the detail, and sends the same again in the next cycle"""
    response = entra.patch(
        f"/Users/{ada['id']}",
        {"op": "Replace", "path": "displayName", "value": "half"},
        {"op": "Add", "path": "companyName", "value": "Corp"},
    )
    body = error_of(response)
    assert (response.status_code, body["scimType"]) == (400, "invalidPath")
    assert "companyName" in body["detail"]
    assert entra.read(f"/Users/{ada['id']}") == ada


@pytest.mark.parametrize("flag", [False, True])
def test_group_is_matched_made_filled_emptied_renamed_and_deleted(
    entra: Directory, ada: Any, flag: bool
) -> None:
    """P-8, P-12"""
    bob = entra.push("bob@corp.example")
    found = entra.listed("/Groups", excludedAttributes="members", filter='displayName eq "Engineers"')
    assert found["totalResults"] == 0
    body = {
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:Group",
            "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group",
        ],
        "externalId": OBJECT_ID,
        "displayName": "Engineers",
        "members": [],
        "meta": {"resourceType": "Group"},
    }
    made = json.loads(entra.post("/Groups", body).content)
    path = f"/Groups/{made['id']}"
    shown = entra.read(f"{path}?excludedAttributes=members")
    assert (shown["externalId"], "members" in shown) == (OBJECT_ID, False)
    assert Group.objects.get(pk=made["id"]).directory_owned

    def members() -> set[str]:
        return {each["value"] for each in entra.read(path)["members"]}

    both = [{"$ref": None, "value": each["id"]} for each in (ada, bob)]
    assert entra.patch(path, {"op": "Add", "path": "members", "value": both}).status_code == 204
    assert members() == {ada["id"], bob["id"]}
    if flag:
        gone: Operation = {"op": "remove", "path": f'members[value eq "{ada["id"]}"]'}
    else:
        gone = {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": ada["id"]}]}
    for _ in range(2):  # it repeats what it believes undone
        assert entra.patch(path, gone).status_code == 204
        assert members() == {bob["id"]}
    rename = {"op": "Replace", "path": "displayName", "value": "Makers"}
    assert entra.patch(path, rename).status_code == 204
    assert members() == {bob["id"]}
    assert entra.listed("/Groups", filter=f'externalId eq "{OBJECT_ID}"')["totalResults"] == 1
    assert entra.delete(path).status_code == 204
    assert entra.delete(path).status_code == 404


def test_soft_deleted_and_then_hard_deleted_person_can_be_made_again(entra: Directory, ada: Any) -> None:
    """P-5, V-13: thirty days after the soft delete Entra sends DELETE"""
    _patched(entra, ada, {"op": "Replace", "path": "active", "value": "False"})
    assert entra.delete(f"/Users/{ada['id']}").status_code == 204
    assert entra.get(f"/Users/{ada['id']}").status_code == 404
    again = entra.push("ada@corp.example", externalId=OBJECT_ID)
    assert again["id"] != ada["id"]
