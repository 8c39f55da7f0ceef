"""No bulk request makes the server fail, and each of its operations is done wholly or not at all (P-9, V-21)."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import AuditEvent
from scim.bulk import execution_order, read_bulk
from tests.scim.bulk_requests import new_group, new_user
from tests.scim.directory import Directory, error_of
from tests.scim.hostile_input import OBJECTS, PATCHES, VALUES

_FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

_NAMES = st.sampled_from(["a", "b", "c", "d"])
_REFERENCES = _NAMES.map(lambda name: f"bulkId:{name}")
_PATHS = st.one_of(
    st.sampled_from(["/Users", "/Groups", "Users", "/Bulk", "/Me", "/", "", "/Users/.search", "/Users/x/y"]),
    st.builds(
        "/{}/{}".format, st.sampled_from(["Users", "Groups"]), st.one_of(_REFERENCES, st.text(max_size=5))
    ),
)
_DATA = st.one_of(
    OBJECTS,
    PATCHES,
    VALUES,
    st.fixed_dictionaries({"userName": st.one_of(_NAMES, _REFERENCES)}, optional={"manager": _REFERENCES}),
    st.fixed_dictionaries(
        {"displayName": _NAMES, "members": st.lists(st.builds(dict, value=_REFERENCES), max_size=3)}
    ),
    st.fixed_dictionaries(
        {
            "Operations": st.lists(
                st.fixed_dictionaries({"op": st.just("add"), "value": OBJECTS, "path": _REFERENCES}),
                max_size=2,
            )
        }
    ),
)
_OPERATIONS = st.fixed_dictionaries(
    {},
    optional={
        "method": st.one_of(st.sampled_from(["POST", "PUT", "PATCH", "DELETE", "GET", "post"]), VALUES),
        "path": st.one_of(_PATHS, VALUES),
        "bulkId": st.one_of(_NAMES, st.uuids().map(str), VALUES),
        "version": st.one_of(st.sampled_from(["*", 'W/"1"']), VALUES),
        "data": _DATA,
    },
)
_BODIES = st.fixed_dictionaries(
    {"Operations": st.one_of(st.lists(st.one_of(_OPERATIONS, _OPERATIONS, VALUES), max_size=5), VALUES)},
    optional={"failOnErrors": st.one_of(st.integers(0, 3), VALUES), "schemas": VALUES},
)


def _names(directory: Directory) -> set[str]:
    return set(directory.find("userName pr")) | set(directory.find("displayName pr", "/Groups"))


@_FUZZ
@given(body=_BODIES)
def test_no_bulk_makes_the_server_fail(directory: Directory, body: dict[str, Any]) -> None:
    """P-9"""
    response = directory.post("/Bulk", body)
    assert response.status_code < 500, response.content
    if response.status_code >= 400:
        error_of(response)
        return
    results = json.loads(response.content)["Operations"]
    assert len(results) <= len(body["Operations"])
    for each in results:
        assert int(each["status"]) < 500, each
        if int(each["status"]) < 300 and each["method"] != "DELETE":
            path = each["location"].split("/api/scim")[1]
            shown = directory.get(path)
            assert shown.status_code == 200 or any(
                other["method"] == "DELETE" and other.get("location") == each["location"] for other in results
            )


@st.composite
def _batches(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Readable operations: some work, some are refused half-way (a group whose members don't exist, a taken name)."""
    found: list[dict[str, Any]] = []
    for at in range(draw(st.integers(1, 6))):
        name = draw(st.sampled_from(["ada", "bob", "carl"]))
        if draw(st.booleans()):
            found.append(new_user(name, f"b{at}", title="Dr", emails=[f"{name}@x.example"]))
        else:
            members = draw(
                st.lists(st.sampled_from(["bulkId:b0", "bulkId:b1", "bulkId:b5", "nobody"]), max_size=2)
            )
            found.append(new_group(name, *members, bulk_id=f"b{at}"))
    return found


@_FUZZ
@given(batch=_batches(), stop_after=st.integers(0, 2))
def test_what_an_operation_says_is_what_is_there(
    directory: Directory, batch: list[dict[str, Any]], stop_after: int
) -> None:
    """P-9: 201 and all of it is there, with its event; an error, and none of it is"""
    for each in directory.read("/Users")["Resources"]:
        directory.delete(f"/Users/{each['id']}")
    for each in directory.read("/Groups")["Resources"]:
        directory.delete(f"/Groups/{each['id']}")
    events = AuditEvent.objects.filter(action__endswith=".created").count()
    response = directory.post("/Bulk", {"Operations": batch, "failOnErrors": stop_after})
    results = {each["bulkId"]: each for each in json.loads(response.content)["Operations"]}
    made = [each for each in batch if results.get(each["bulkId"], {}).get("status") == "201"]
    failed = sum(each["status"] != "201" for each in results.values())
    assert failed <= stop_after or not stop_after
    assert len(results) == len(batch) or failed == stop_after
    people = {each["userName"]: each for each in directory.read("/Users")["Resources"]}
    assert sorted(people) == sorted(each["data"]["userName"] for each in made if each["path"] == "/Users")
    assert all(each["title"] == "Dr" and each["emails"] for each in people.values())
    groups = {each["displayName"]: each for each in directory.read("/Groups")["Resources"]}
    expected = {
        each["data"]["displayName"]: {
            results[member["value"].removeprefix("bulkId:")]["location"].rsplit("/", 1)[1]
            for member in each["data"]["members"]
        }
        for each in made
        if each["path"] == "/Groups"
    }
    assert {
        name: {member["value"] for member in each.get("members", [])} for name, each in groups.items()
    } == expected
    assert AuditEvent.objects.filter(action__endswith=".created").count() == events + len(made)


@given(
    needs=st.lists(st.sets(st.integers(0, 7), max_size=3), min_size=1, max_size=8),
    posts=st.sets(st.integers(0, 7)),
)
def test_order_puts_what_is_needed_first_and_changes_nothing_else(
    needs: list[set[int]], posts: set[int]
) -> None:
    """RFC 7644 §3.7.2, against reachability computed the slow way"""
    operations = [
        {
            "method": "POST" if at in posts else "PATCH",
            "path": "/Groups" if at in posts else "/Groups/x",
            "bulkId": f"b{at}",
            "data": {"members": [f"bulkId:b{need}" for need in sorted(each)]},
        }
        for at, each in enumerate(needs)
    ]
    read = read_bulk({"Operations": operations}, 10).operations
    order, circular = execution_order(read)
    known = [{need for need in each if need in posts and need < len(needs)} for each in needs]
    reached = [set(each) for each in known]
    for _ in needs:
        reached = [each | {far for near in each for far in reached[near]} for each in reached]
    assert circular == {
        at for at, each in enumerate(reached) if at in each or any(x in reached[x] for x in each)
    }
    assert sorted(order) == list(range(len(needs)))
    place = {at: when for when, at in enumerate(order)}
    for at, each in enumerate(known):
        if at not in circular:
            assert all(place[need] < place[at] for need in each)
    # Who is done before an earlier one is needed by an operation that stands before it in the request.
    for at in range(len(needs)):
        for earlier in range(at):
            if place[at] < place[earlier]:
                assert any(
                    at in reached[user] for user in range(at) if user not in circular and user <= earlier
                )
