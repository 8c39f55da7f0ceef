"""Many operations in one request, each as if it had come alone (P-10, RFC 7644 §3.7)."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from accounts import lifecycle
from accounts.lifecycle.roles import account_role_named
from accounts.models import BuiltInAccountRole, HeldChange, Status
from accounts.sources import Source
from audit.actors import configuration
from audit.models import AuditEvent
from scim.models import RequestLogEntry
from scim.store import create_document
from tests.scim.bulk_requests import bulk, id_of, new_group, new_user, patch_of, send_bulk, statuses
from tests.scim.directory import ENTERPRISE, Directory, error_of


def test_every_method_answers_as_it_would_alone(directory: Directory) -> None:
    """P-10"""
    ada, group = directory.push("ada"), directory.push_group("g")
    gone = directory.push("gone")
    results = bulk(
        directory,
        new_user("grace", "b1"),
        {"method": "PUT", "path": f"/Users/{ada['id']}", "data": {"userName": "ada", "title": "Dr"}},
        patch_of(f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": ada["id"]}]}),
        {"method": "DELETE", "path": f"/Users/{gone['id']}"},
    )
    assert statuses(results) == [201, 200, 204, 204]
    assert [each["method"] for each in results] == ["POST", "PUT", "PATCH", "DELETE"]
    assert results[0]["bulkId"] == "b1"
    for each, path in ((results[0], f"/Users/{id_of(results[0])}"), (results[1], f"/Users/{ada['id']}")):
        shown = directory.get(path)
        assert json.loads(shown.content)["meta"]["location"] == each["location"]
        assert shown.headers["ETag"] == each["version"]
    assert results[3]["location"] == gone["meta"]["location"]
    assert directory.read(f"/Users/{ada['id']}")["title"] == "Dr"
    assert directory.read(f"/Groups/{group['id']}")["members"][0]["value"] == ada["id"]
    assert directory.get(f"/Users/{gone['id']}").status_code == 404


def test_new_people_are_put_into_a_new_group_by_their_bulk_ids(directory: Directory) -> None:
    """RFC 7644 §3.7.2, also where the group comes first"""
    results = bulk(
        directory,
        new_group("Readers", "bulkId:a", "bulkId:b"),
        new_user("ada", "a"),
        new_user("bob", "b", **{ENTERPRISE: {"manager": {"value": "bulkId:a"}}}),
        patch_of("/Users/bulkId:a", {"op": "replace", "path": "title", "value": "Dr"}),
    )
    assert statuses(results) == [201, 201, 201, 200]
    assert [each.get("bulkId") for each in results] == ["Readers", "a", "b", None]
    group, ada, bob = (id_of(each) for each in results[:3])
    assert {each["value"] for each in directory.read(f"/Groups/{group}")["members"]} == {ada, bob}
    assert directory.read(f"/Users/{ada}")["title"] == "Dr"
    assert directory.read(f"/Users/{bob}")[ENTERPRISE]["manager"]["value"] == ada


def test_chain_of_references_is_followed_from_its_far_end(directory: Directory) -> None:
    """RFC 7644 §3.7.2: each person's manager is the next in the list"""
    chain = [new_user(f"p{n}", **{ENTERPRISE: {"manager": f"bulkId:p{n + 1}"}}) for n in range(30)]
    results = bulk(directory, *chain, new_user("p30"))
    assert statuses(results) == [201] * 31
    for below, above in pairwise(results):
        assert directory.read(f"/Users/{id_of(below)}")[ENTERPRISE]["manager"]["value"] == id_of(above)


def test_reference_to_nothing_is_a_conflict_of_that_operation_alone(directory: Directory) -> None:
    """RFC 7644 §3.7.1"""
    results = bulk(
        directory,
        new_group("lost", "bulkId:nobody"),
        new_user(""),  # without a name, refused
        patch_of("/Users/bulkId:", {"op": "replace", "path": "title", "value": "x"}),
        new_user("ada"),
        {"method": "DELETE", "path": "/Users/bulkId:nobody"},
    )
    assert statuses(results) == [409, 400, 409, 201, 409]
    assert "bulkId:nobody" in results[0]["response"]["detail"]
    assert all("location" not in results[at] for at in (0, 1, 2, 4))
    assert directory.find('displayName eq "lost"', "/Groups") == []


def test_operation_that_needs_a_failed_one_fails_with_it(directory: Directory) -> None:
    """RFC 7644 §3.7"""
    directory.push("taken")
    results = bulk(directory, new_user("taken", "t"), new_group("g", "bulkId:t"), new_user("free"))
    assert statuses(results) == [409, 409, 201]
    assert results[0]["response"]["scimType"] == "uniqueness"
    assert "bulkId:t" in results[1]["response"]["detail"]


def test_circle_of_references_is_refused_and_the_rest_done(directory: Directory) -> None:
    """RFC 7644 §3.7.1"""
    results = bulk(
        directory,
        new_group("a", "bulkId:b"),
        new_group("b", "bulkId:a"),
        new_group("itself", "bulkId:itself"),
        new_group("behind", "bulkId:a"),
        new_user("ada"),
    )
    assert statuses(results) == [409, 409, 409, 409, 201]
    assert "circle" in results[0]["response"]["detail"]
    assert directory.read("/Groups")["totalResults"] == 0


def test_members_that_are_groups_are_refused_here_as_everywhere(directory: Directory) -> None:
    """P-12"""
    results = bulk(directory, new_group("inner", bulk_id="i"), new_group("outer", "bulkId:i"))
    assert statuses(results) == [201, 400]


def test_operations_go_on_past_errors_until_the_allowed_number(directory: Directory) -> None:
    """RFC 7644 §3.7: what was done stays done, what was not is not in the answer"""
    directory.push("taken")
    operations = [
        new_user("u1"),
        new_user("taken", "t1"),
        new_user("u2"),
        new_user("taken", "t2"),
        new_user("u3"),
    ]
    assert statuses(bulk(directory, *operations, failOnErrors=1)) == [201, 409]
    assert directory.find('userName sw "u"') == ["u1"]
    operations[0] = new_user("u4")
    assert statuses(bulk(directory, *operations, failOnErrors=2)) == [201, 409, 201, 409]
    assert statuses(bulk(directory, new_user("taken"), new_user("u5"), failOnErrors=0)) == [409, 201]
    assert statuses(bulk(directory, new_user("taken"), new_user("u6"))) == [409, 201]
    assert directory.find('userName eq "u3"') == []


def test_each_operation_is_done_as_a_whole_or_not_at_all(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P-9: a failure injected after the person was written"""

    def broken_for_bob(user: Any, document: Any) -> Any:
        if user.user_name == "bob":
            raise RuntimeError("secret detail")
        return create_document(user, document)

    monkeypatch.setattr("scim.users.create_document", broken_for_bob)
    results = bulk(directory, new_user("ada"), new_user("bob"), new_user("carl"))
    assert statuses(results) == [201, 500, 201]
    assert "secret detail" not in json.dumps(results)
    assert directory.find("userName pr") == ["ada", "carl"]
    assert not AuditEvent.objects.filter(action="user.created", object_label__contains="bob").exists()


def test_version_is_compared_as_if_match_is(directory: Directory) -> None:
    """P-10: 412"""
    ada = directory.push("ada")
    path, version = f"/Users/{ada['id']}", ada["meta"]["version"]
    change = {"op": "replace", "path": "title", "value": "x"}
    results = bulk(
        directory,
        patch_of(path, change, version=version),
        patch_of(path, change | {"value": "y"}, version=version),
        patch_of(path, change | {"value": "z"}, version="*"),
        {"method": "DELETE", "path": path, "version": 'W/"no"'},
    )
    assert statuses(results) == [200, 412, 200, 412]
    assert results[1]["location"] == ada["meta"]["location"]
    assert directory.read(path)["title"] == "z"


@pytest.mark.parametrize(
    ("operation", "status", "says"),
    [
        ({"method": "GET", "path": "/Users"}, 405, "POST, PUT, PATCH or DELETE"),
        ({"path": "/Users"}, 405, "POST, PUT, PATCH or DELETE"),
        ({"method": "POST", "path": "/Users", "data": {"userName": "x"}}, 400, "bulkId"),
        ({"method": "POST", "path": "/Users", "bulkId": "x"}, 400, "data"),
        ({"method": "POST", "path": "/Users", "bulkId": "x", "data": []}, 400, "data"),
        ({"method": "POST", "path": "/Users/1", "bulkId": "x", "data": {}}, 405, "collection"),
        ({"method": "DELETE", "path": "/Users"}, 405, "one resource"),
        ({"method": "DELETE", "path": "/Users/"}, 405, "one resource"),
        ({"method": "DELETE", "path": "/Devices/1"}, 404, "/Devices/1"),
        ({"method": "DELETE", "path": "/Users/1/2"}, 404, "1/2"),
        ({"method": "DELETE"}, 400, "path"),
        ({"method": "POST", "path": "/Bulk", "bulkId": "x", "data": {"Operations": []}}, 403, "/Bulk"),
        ({"method": "PATCH", "path": "/Me", "data": {}}, 403, "/Me"),
        ({"method": "POST", "path": "/Users/.search", "bulkId": "x", "data": {}}, 403, ".search"),
        ({"method": "PUT", "path": "/Users/1", "data": {}, "version": 1}, 400, "version"),
    ],
)
def test_operation_that_can_not_be_is_refused_in_its_place(
    directory: Directory, operation: dict[str, Any], status: int, says: str
) -> None:
    """P-8, P-10"""
    results = bulk(directory, new_user("before"), operation, new_user("after"))
    assert statuses(results) == [201, status, 201]
    assert says in results[1]["response"]["detail"]


def test_paths_may_lack_the_first_slash_and_names_any_case(directory: Directory) -> None:
    """P-8: liberal in what is read"""
    made = {"Method": "post", "path": "Users/", "BULKID": "a", "data": {"userName": "ada"}}
    assert statuses(bulk(directory, made)) == [201]


def test_change_of_who_an_admin_is_waits_while_the_rest_is_done(directory: Directory) -> None:
    """V-8: also the deactivation in the same operation is applied"""
    boss = directory.push("boss", emails=[{"value": "boss@corp.example"}])
    role = account_role_named(directory.account, BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    lifecycle.grant_account_role(
        user=directory.person(boss), role=role, actor=configuration(), source=Source.MANUAL
    )
    left = boss | {"active": False, "emails": [{"value": "left@corp.example"}]}
    results = bulk(
        directory,
        {"method": "PUT", "path": f"/Users/{boss['id']}", "data": left},
        new_user("ada"),
    )
    assert statuses(results) == [403, 201]
    assert "approval" in results[0]["response"]["detail"]
    assert HeldChange.objects.get(user=boss["id"]).decided_at is None
    person = directory.person(boss)
    assert (person.status, person.email) == (Status.DEACTIVATED, "boss@corp.example")
    assert AuditEvent.objects.filter(object_id=boss["id"], reason="user.change_held").count() == 1


def test_ids_of_another_account_are_as_if_they_did_not_exist(directory: Directory, other: Directory) -> None:
    """P-6: in paths, in members, and as what a bulkId of the other's request stood for"""
    theirs, group = other.push("theirs"), other.push_group("theirs")
    mine, own_group = directory.push("mine"), directory.push_group("mine")
    title = {"op": "replace", "path": "title", "value": "x"}
    add = {"op": "add", "path": "members", "value": [{"value": theirs["id"]}]}
    before = other.read(f"/Users/{theirs['id']}"), other.read(f"/Groups/{group['id']}")
    results = bulk(
        directory,
        patch_of(f"/Users/{theirs['id']}", title),
        {"method": "PUT", "path": f"/Users/{theirs['id']}", "data": {"userName": "stolen"}},
        {"method": "DELETE", "path": f"/Users/{theirs['id']}"},
        {"method": "DELETE", "path": f"/Groups/{group['id']}"},
        patch_of(f"/Groups/{group['id']}", {"op": "remove", "path": "members"}),
        new_group("stolen", theirs["id"]),
        patch_of(f"/Groups/{own_group['id']}", add),
        # and the same with its own
        patch_of(f"/Users/{mine['id']}", title),
        new_group("kept", mine["id"]),
    )
    assert statuses(results) == [404, 404, 404, 404, 404, 400, 400, 200, 201]
    nowhere = "0190a000-0000-7000-8000-000000000000"
    unknown = bulk(directory, patch_of(f"/Users/{nowhere}", title), new_group("stolen", nowhere))
    for at, same in ((0, 0), (5, 1)):
        told, expected = results[at]["response"]["detail"], unknown[same]["response"]["detail"]
        assert told.replace(theirs["id"], nowhere).split(" [")[0] == expected.split(" [")[0]
    assert (other.read(f"/Users/{theirs['id']}"), other.read(f"/Groups/{group['id']}")) == before


def test_request_log_tells_what_came_of_each_operation(directory: Directory) -> None:
    """A-6: one entry, ids and names of attributes but no values"""
    directory.push("taken")
    results = bulk(directory, new_user("ada", password="Tr0ub4dor&3x", shoeSize=44), new_user("taken"))
    entry = RequestLogEntry.objects.order_by("-created_at", "-id")[0]
    assert (entry.method, entry.path, entry.status) == ("POST", "/api/scim/Bulk", 200)
    assert (entry.effect["done"], entry.effect["failed"]) == (1, 1)
    first, second = entry.effect["operations"]
    assert first == {
        "method": "POST",
        "endpoint": "Users",
        "status": 201,
        "user": id_of(results[0]),
        "created": True,
        "ignored": ["shoeSize"],
    }
    assert (second["status"], second["scim_type"]) == (409, "uniqueness")
    kept = json.dumps(entry.body)
    assert '"userName": "ada"' in kept
    assert "Tr0ub4dor" not in kept
    bulk(directory, *[new_user(f"many{n}", title="x" * 100) for n in range(120)])
    entry = RequestLogEntry.objects.order_by("-created_at", "-id")[0]
    assert (entry.effect["done"], len(entry.effect["operations"])) == (120, 100)
    assert "omitted" in json.dumps(entry.body)


@pytest.mark.parametrize(
    ("body", "scim_type"),
    [
        ({}, "invalidSyntax"),
        ({"Operations": []}, "invalidSyntax"),
        ({"Operations": {}}, "invalidSyntax"),
        ({"Operations": [1]}, "invalidSyntax"),
        ({"Operations": [new_user("ada"), None]}, "invalidSyntax"),
        ({"Operations": [new_user("ada", "same"), new_user("bob", "same")]}, "invalidValue"),
        ({"Operations": [new_user("ada")], "failOnErrors": -1}, "invalidValue"),
        ({"Operations": [new_user("ada")], "failOnErrors": "1"}, "invalidValue"),
        ({"Operations": [new_user("ada")], "failOnErrors": True}, "invalidValue"),
    ],
)
def test_what_is_no_bulk_request_does_nothing(directory: Directory, body: Any, scim_type: str) -> None:
    """P-8"""
    response = directory.post("/Bulk", body)
    assert response.status_code == 400
    assert error_of(response)["scimType"] == scim_type
    assert directory.read("/Users")["totalResults"] == 0


def test_bulk_is_posted_by_an_account_and_nobody_else(directory: Directory) -> None:
    """P-2, P-8"""
    response = directory.get("/Bulk")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    error_of(response)
    assert directory.post("/Bulk", {}, authorization="").status_code == 401
    assert directory.send("POST", "/Bulk", b"{}", content_type="text/plain").status_code == 415
    assert send_bulk(directory, new_user("ada")).headers["Content-Type"] == "application/scim+json"
