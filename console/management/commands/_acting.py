"""A command acts as the vendor operator, under one track ID that leads to everything it did in the audit trail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from audit.actors import Actor, configuration
from foundation import track_ids


@contextmanager
def acting(label: str) -> Iterator[Actor]:
    """Give the actor of a command; ``label`` is what the audit trail calls it."""
    before = track_ids.current()
    track_ids.bind(track_ids.new_track_id())
    try:
        yield configuration(label)
    finally:
        track_ids.bind(before)
