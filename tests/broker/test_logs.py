"""What an operator finds in the log: the track ID and the route, and never a code, a key or a link's token (V-24)."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from django.test import Client

from foundation import track_ids


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that goes to standard error while the test runs."""
    [handler] = [each for each in logging.getLogger().handlers if each.get_name() == "stderr"]
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    before = handler.setStream(written)
    yield written
    if before is not None:
        handler.setStream(before)


@pytest.mark.django_db
def test_query_and_unknown_path_of_a_request_are_not_logged(lines: io.StringIO) -> None:
    # V-24
    Client(headers={"host": "localhost:8000"}).get("/setup-typo/s3cr3t-in-path/?code=s3cr3t-in-query")
    assert "request_finished" in lines.getvalue()
    assert "s3cr3t" not in lines.getvalue()


@pytest.mark.django_db
def test_request_lines_carry_the_track_id_that_the_page_shows(lines: io.StringIO) -> None:
    response = Client(headers={"host": "localhost:8000"}).get("/admin/")
    entries = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert {entry["track_id"] for entry in entries} == {response.headers["X-Track-Id"]}
    assert any(
        entry["event"] == "request_finished" and entry["request"] == "GET /admin/" for entry in entries
    )


def test_traceback_is_logged_without_the_variables_of_its_frames(lines: io.StringIO) -> None:
    # design rule 8
    def open_the_safe(combination: str) -> None:
        raise RuntimeError("the safe is stuck")

    try:
        open_the_safe("s3cr3t" + "-combination")
    except RuntimeError:
        structlog.get_logger("test").exception("broken")
    entry = json.loads(lines.getvalue())
    assert "the safe is stuck" in entry["exception"]
    assert "s3cr3t-combination" not in lines.getvalue()


def test_secrets_logged_by_mistake_are_masked_also_in_lines_of_libraries(lines: io.StringIO) -> None:
    # design rule 8
    structlog.get_logger("test").info("made", client_secret="s3cr3t-one", nested={"password": "s3cr3t-two"})
    logging.getLogger("some.library").info("sent %s", "Authorization: Bearer s3cr3t-three-long-enough")
    assert lines.getvalue().count("\n") == 2
    assert "s3cr3t" not in lines.getvalue()


def test_line_outside_a_request_has_the_track_id_of_the_work_in_hand(lines: io.StringIO) -> None:
    track_ids.bind("AAAA-BBBB-CCCC")
    try:
        structlog.get_logger("test").info("drained")
    finally:
        track_ids.bind("")
    assert json.loads(lines.getvalue())["track_id"] == "AAAA-BBBB-CCCC"
