"""``make reset``: back to the state of a fresh clone."""

from __future__ import annotations

import shutil
from pathlib import Path

from demo.run_lock import LOCK_NAME

# Whoever points BROKER_VAR at a folder of something else must not lose it.
_OURS = frozenset({"secret-key", "broker.sqlite3", "celery", "simulator", "static", "log", "ci"})


def empty(folder: Path) -> int:
    """Remove everything in ``folder`` but the folder and the lock; return how many entries that were."""
    entries = [entry for entry in folder.iterdir() if entry.name != LOCK_NAME]
    if entries and not any(entry.name in _OURS for entry in entries):
        raise SystemExit(f"{folder} doesn't look like a data folder of this product; nothing was removed.")
    for entry in entries:
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    return len(entries)
