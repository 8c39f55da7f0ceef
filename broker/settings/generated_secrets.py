"""Secrets of a deployment on one machine: made once, kept in ``var/``, never a constant in the code.

Only used while the base URL is localhost; a public deployment brings its own and doesn't start without.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def load_or_create(path: Path) -> str:
    """Return the secret in ``path``; make one of 384 bits, readable by this user only, if there is none.

    Several processes may start at once: a finished file is linked into place, so all read the same secret.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was faster; its secret is the one
    finally:
        draft.unlink()
    return path.read_text(encoding="ascii").strip()
