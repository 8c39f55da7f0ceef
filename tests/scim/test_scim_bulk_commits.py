"""Operations of a bulk request are committed one by one, so that what was done stays done (RFC 7644 §3.7)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import User
from audit.models import AuditEvent
from scim.models import UserValue
from scim.store import create_document
from tests.scim.bulk_requests import bulk, new_user, send_bulk, statuses
from tests.scim.committed import committed_directory
from tests.scim.directory import Directory


@pytest.fixture
def committed(transactional_db: None) -> Iterator[Directory]:
    yield from committed_directory()


def test_worker_that_is_killed_half_way_leaves_whole_operations(
    committed: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P-9: what is not an exception but the end of the process, in the middle of the third of four"""

    def killed_at_carl(user: Any, document: Any) -> Any:
        made = create_document(user, document)
        if user.user_name == "carl":
            raise SystemExit
        return made

    monkeypatch.setattr("scim.users.create_document", killed_at_carl)
    people = [
        new_user("ada", title="Dr"),
        new_user("ADA", "again"),
        new_user("carl", title="Dr"),
        new_user("dan"),
    ]
    with pytest.raises(SystemExit):
        send_bulk(committed, *people)
    monkeypatch.undo()
    assert list(User.objects.for_account(committed.account).values_list("user_name", flat=True)) == ["ada"]
    assert list(UserValue.objects.values_list("user__user_name", "attribute")) == [("ada", "title")]
    assert list(AuditEvent.objects.filter(action="user.created").values_list("object_label", flat=True)) == [
        "ada"
    ]
    # The refusal of the second was written after its own rollback, not at the end.
    assert AuditEvent.objects.filter(reason="user.name_taken").count() == 1
    assert statuses(bulk(committed, *people[1:])) == [409, 201, 201]
