"""pysaml2's identity provider in a process and an environment of its own (``pysaml2_idp/``)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from bench.environments import python_with
from bench.saml_libraries import SOURCE
from tests.interop.running_broker import ROOT
from tests.interop.saml_company import Attributes
from tests.interop.visitor import Page, Visitor
from tests.interop.waiting import server_process

_HERE = Path(__file__).with_name("pysaml2_idp")
ENVIRONMENT = ROOT / "var" / "interop" / "pysaml2"


class Pysaml2:
    """The running provider."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def metadata(self) -> bytes:
        return requests.get(f"{self.url}/metadata", timeout=30).content

    def import_application(
        self, entity_id: str, metadata: str, people: Mapping[str, Attributes], signing: Mapping[str, object]
    ) -> None:
        form = {
            "entity_id": entity_id,
            "metadata": metadata,
            "people": json.dumps(people),
            "mode": json.dumps(signing),
        }
        answer = requests.post(f"{self.url}/applications", data=form, timeout=30)
        assert answer.status_code == 200, answer.text

    def sign_in(self, visitor: Visitor, page: Page, person: str) -> Page:
        return visitor.fill(page, action="/login", who=person)

    def session(self, visitor: Visitor) -> dict[str, Any]:
        """What it knows of this browser's session, and the answers to its LogoutRequests."""
        return visitor.json(f"{self.url}/session")

    def has_session(self, visitor: Visitor, person: str) -> bool:
        session = self.session(visitor)
        return bool(session["open"]) and session["who"] == person

    def begin_logout(self, visitor: Visitor, binding: str) -> Page:
        """Sign out there."""
        return visitor.open(f"{self.url}/logout?binding={binding}")


@contextmanager
def running_pysaml2(port: int, folder: Path) -> Iterator[Pysaml2]:
    """Install it once, run it until the block ends."""
    python = python_with(ENVIRONMENT, requirements=SOURCE / "pysaml2.txt")
    provider = Pysaml2(port)
    command = [str(python), "-W", "ignore", str(_HERE / "server.py"), str(port), str(folder)]
    with server_process(command, f"{provider.url}/metadata", folder / "pysaml2.log"):
        yield provider
