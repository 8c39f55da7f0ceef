"""Tells at the terminal about each mail that ``make run`` writes as a file instead of sending it."""

from __future__ import annotations

from email import policy
from email.parser import BytesHeaderParser
from pathlib import Path


class NewMails:
    """The mails that came since it was made. ``folder`` need not exist yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told = set(folder.glob("*.log"))

    def tell(self) -> None:
        """Print recipient, subject and path of each one that is new."""
        for path in sorted(set(self._folder.glob("*.log")) - self._told):
            with path.open("rb") as file:
                head = BytesHeaderParser(policy=policy.default).parse(file)
            if head["To"] is None:  # still being written
                continue
            self._told.add(path)
            print(f"Mail to {head['To']}: {head['Subject']}\n  {path}", flush=True)
