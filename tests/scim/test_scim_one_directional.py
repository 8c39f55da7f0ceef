"""Provisioning goes one way: nothing is ever written to the identity provider (P-7)."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

from scim import __path__ as scim_folders
from tests.scim.directory import ENTERPRISE, Directory

# What could carry a request out of this process.
_WAYS_OUT = {
    "aiohttp",
    "foundation.http",
    "foundation.outbound_connection",
    "ftplib",
    "http.client",
    "httpx",
    "requests",
    "smtplib",
    "socket",
    "subprocess",
    "urllib.request",
    "urllib3",
}


class _Listener:
    """Notes the addresses to which Python's sockets connect while it is on; an audit hook can't be taken away."""

    def __init__(self) -> None:
        self.on = False
        self.addresses: list[Any] = []
        sys.addaudithook(self._heard)

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.on and event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen"):
            self.addresses.append(arguments[1] if event == "socket.connect" else arguments[0])


_LISTENER = _Listener()


def _imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return found


def test_no_part_of_scim_knows_a_way_out() -> None:
    """P-7"""
    files = [file for folder in scim_folders for file in Path(folder).rglob("*.py")]
    assert len(files) > 30
    assert {str(file): ways for file in files if (ways := _imports(file) & _WAYS_OUT)} == {}


def test_no_operation_of_a_directory_makes_us_call_anybody(directory: Directory) -> None:
    """P-7: a whole life of a person and a group, refusals included; Redis, where it is used, is on this machine"""
    _LISTENER.addresses.clear()
    _LISTENER.on = True
    try:
        ada = directory.push(
            "ada", externalId="a", emails=[{"value": "a@x.example"}], **{ENTERPRISE: {"department": "E"}}
        )
        group = directory.push_group("Engineers", externalId="g", members=[{"value": ada["id"]}])
        path = f"/Users/{ada['id']}"
        assert directory.post("/Users", {"userName": "ADA"}).status_code == 409
        assert directory.put(path, ada | {"displayName": "Ada"}).status_code == 200
        for active in (False, True, False):
            off = {"op": "replace", "path": "active", "value": active}
            assert directory.patch(path, off).status_code == 200
        assert directory.search('userName eq "ada"')["totalResults"] == 1
        rename = {"op": "replace", "path": "displayName", "value": "Makers"}
        assert directory.patch(f"/Groups/{group['id']}", rename).status_code == 204
        assert directory.delete(f"/Groups/{group['id']}").status_code == 204
        assert directory.delete(path).status_code == 204
    finally:
        _LISTENER.on = False
    assert [each for each in _LISTENER.addresses if not _is_here(each)] == []


def test_the_listener_hears_a_connection() -> None:
    """Else the test above could not fail"""
    import socket

    _LISTENER.addresses.clear()
    _LISTENER.on = True
    try:
        with socket.socket() as probe:
            probe.settimeout(0.1)
            probe.connect_ex(("192.0.2.1", 443))  # an address for documentation: nobody is there
    finally:
        _LISTENER.on = False
    assert [each for each in _LISTENER.addresses if not _is_here(each)] == [("192.0.2.1", 443)]


def _is_here(address: Any) -> bool:
    host = address[0] if isinstance(address, tuple) else address
    return host in ("127.0.0.1", "::1", "localhost") or str(host).startswith("/")
