"""Several requests at the same moment: one wins, the others are told so, and nothing is half done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import pytest

from accounts import lifecycle
from accounts.lifecycle import PersonChanges
from accounts.models import Group, GroupMembership, User
from audit.actors import configuration
from audit.models import AuditEvent
from tests.scim.committed import at_once, committed_directory
from tests.scim.directory import Directory, error_of


@pytest.fixture
def committed(transactional_db: None) -> Iterator[Directory]:
    yield from committed_directory()


def test_of_many_who_create_one_user_name_one_does(committed: Directory) -> None:
    """P-5, P-8: a race is a 409 for the losers, never a 500"""
    spellings = ("mia@corp.example", "MIA@corp.example", "Mia@Corp.Example") * 2
    answers = at_once([partial(committed.post, "/Users", {"userName": each}) for each in spellings])
    assert sorted(each.status_code for each in answers) == [201] + [409] * 5
    for each in answers:
        if each.status_code == 409:
            assert error_of(each)["scimType"] == "uniqueness"
    assert User.objects.for_account(committed.account).count() == 1
    assert AuditEvent.objects.filter(action="user.created").count() == 1
    assert AuditEvent.objects.filter(reason="user.name_taken").count() == 5


def test_of_many_who_rename_to_one_user_name_one_does(committed: Directory) -> None:
    """P-8"""
    people = [committed.push(f"person{number}")["id"] for number in range(4)]
    rename = {"op": "replace", "path": "userName", "value": "wanted"}
    answers = at_once([partial(committed.patch, f"/Users/{each}", rename) for each in people])
    assert sorted(each.status_code for each in answers) == [200, 409, 409, 409]
    assert User.objects.for_account(committed.account).filter(user_name="wanted").count() == 1


def test_of_many_who_saw_one_version_one_changes_it(committed: Directory) -> None:
    """P-10: If-Match holds against those who are on their way at the same time"""
    person = committed.push("mia")
    version = committed.get(f"/Users/{person['id']}").headers["ETag"]

    def change(number: int) -> int:
        operation = {"op": "add", "path": "title", "value": f"title {number}"}
        return int(committed.patch(f"/Users/{person['id']}", operation, if_match=version).status_code)

    assert sorted(at_once([partial(change, number) for number in range(5)])) == [200] + [412] * 4


def test_of_many_who_create_one_group_one_does(committed: Directory) -> None:
    """P-8"""
    answers = at_once([partial(committed.post, "/Groups", {"displayName": "Engineers"})] * 4)
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]
    assert Group.objects.for_account(committed.account).count() == 1


def test_members_who_are_added_at_once_all_come_in(committed: Directory) -> None:
    """P-12"""
    people = [committed.push(f"person{number}")["id"] for number in range(5)]
    group = committed.push_group("Engineers")["id"]

    def add(person: str) -> int:
        value = [{"value": person}, {"value": people[0]}]  # the first comes with each of them
        operation = {"op": "add", "path": "members", "value": value}
        return int(committed.patch(f"/Groups/{group}", operation).status_code)

    assert at_once([partial(add, each) for each in people]) == [204] * 5
    held = GroupMembership.objects.filter(group=group).values_list("user_id", flat=True)
    assert sorted(map(str, held)) == sorted(people)


_TEXTS = ("title", "nickName", "userType", "locale", "preferredLanguage")


def _write_each(committed: Directory, resource: str, paths: Sequence[str], **headers: str) -> list[int]:
    """Patch one resource by as many requests at once as there are paths, and return what they answered."""

    def change(path: str) -> int:
        operation = {"op": "add", "path": path, "value": "xx"}
        return int(committed.patch(resource, operation, **headers).status_code)

    return at_once([partial(change, path) for path in paths])


def test_attributes_that_are_written_at_once_all_stay(committed: Directory) -> None:
    """P-9: who waited for another's change goes on from it, never from what there was before"""
    for number in range(3):
        person = f"/Users/{committed.push(f'mia{number}')['id']}"
        assert _write_each(committed, person, _TEXTS) == [200] * 5
        assert committed.read(person).keys() >= set(_TEXTS)


def test_whom_no_directory_described_yet_is_described_by_many_at_once(committed: Directory) -> None:
    """P-8, P-9"""
    for number in range(3):
        values = PersonChanges(user_name=f"mia{number}")
        user = lifecycle.create_user(actor=configuration(), account=committed.account, values=values)
        assert _write_each(committed, f"/Users/{user.pk}", _TEXTS) == [200] * 5
        assert committed.read(f"/Users/{user.pk}").keys() >= set(_TEXTS)


def test_extensions_of_a_group_that_are_written_at_once_all_stay(committed: Directory) -> None:
    """P-8, P-9"""
    for number in range(3):
        group = f"/Groups/{committed.push_group(f'Engineers {number}')['id']}"
        assert _write_each(committed, group, [f"urn:x:y:{name}" for name in "abcde"]) == [204] * 5
        assert committed.read(group)["urn:x:y"] == dict.fromkeys("abcde", "xx")


def test_of_many_who_saw_one_version_of_a_group_one_extends_it(committed: Directory) -> None:
    """P-10"""
    group = f"/Groups/{committed.push_group('Engineers')['id']}"
    version = committed.get(group).headers["ETag"]
    answers = _write_each(committed, group, [f"urn:x:y:{name}" for name in "abcde"], if_match=version)
    assert sorted(answers) == [204] + [412] * 4


def test_a_person_who_is_deleted_meanwhile_is_not_there(committed: Directory) -> None:
    """P-5"""
    person = committed.push("mia")["id"]

    def change() -> int:
        operation = {"op": "add", "path": "title", "value": "Boss"}
        return int(committed.patch(f"/Users/{person}", operation).status_code)

    def delete() -> int:
        return int(committed.delete(f"/Users/{person}").status_code)

    answers = at_once([change, delete, change, delete])
    assert {answers[0], answers[2]} <= {200, 404}
    assert sorted((answers[1], answers[3])) == [204, 404]
    assert committed.get(f"/Users/{person}").status_code == 404


def test_a_person_who_is_deleted_while_they_join_is_in_no_group(committed: Directory) -> None:
    """P-5: whichever comes first, no dead id stays in the group"""
    group = committed.push_group("Engineers")["id"]
    for number in range(6):
        person = committed.push(f"person{number}")["id"]
        join = {"op": "add", "path": "members", "value": [{"value": person}]}
        joined, deleted = at_once(
            [
                partial(committed.patch, f"/Groups/{group}", join),
                partial(committed.delete, f"/Users/{person}"),
            ]
        )
        assert joined.status_code in (204, 400)
        assert deleted.status_code == 204
    assert committed.read(f"/Groups/{group}")["members"] == []
