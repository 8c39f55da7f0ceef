"""Celery's queue as files in one folder, for one machine without a message broker.

Kombu brings this transport, except that it writes a message, and the table of who listens to what, into the very file
that another process may be reading: that one then finds half of it, or nothing, and fails. Here a file is written under
another name and renamed into place, which is atomic within a folder.
"""

from __future__ import annotations

import fcntl
import os
import time
import uuid
from pathlib import Path
from typing import Any

from kombu.transport import filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """A channel of the file-system transport whose files appear whole or not at all."""

    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:  # type: ignore[override]  # as its parent
        # Readers take the first by name. Wall-clock time, so that the order also holds after a restart of the machine.
        name = f"{time.time_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        _write(Path(self.data_folder_out) / name, payload)

    def _queue_bind(
        self, exchange: str, routing_key: str | None, pattern: str | None, queue: str | None
    ) -> None:
        file: Path = self._exchange_file(exchange)  # type: ignore[attr-defined]  # missing in the stubs
        file.parent.mkdir(exist_ok=True)
        entry = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with (file.parent / f".{file.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            table = self.get_table(exchange)
            if entry not in table:
                _write(file, [entry, *table])


def _write(path: Path, content: Any) -> None:
    draft = path.with_name(f".{path.name}.{uuid.uuid4()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(str_to_bytes(dumps(content)))
    draft.rename(path)


class Transport(filesystem.Transport):
    """Named in ``CELERY_BROKER_TRANSPORT`` while ``CELERY_BROKER_URL`` is unset."""

    Channel = Channel
