"""Pushing people from the simulator's page and from the command line."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from simulator import push
from simulator.config_file import load_config
from simulator.forms import PageForm
from simulator.server import serve_in_thread

Scim = tuple[str, list[tuple[str, str | None]]]
DEMO = Path(__file__).parents[2] / "demo" / "simulator.yaml"


@pytest.fixture
def scim() -> Iterator[Scim]:
    """A SCIM server that accepts everybody; gives its base URL and the (method, token) pairs it saw."""
    seen: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            seen.append((self.command, self.headers["Authorization"]))
            self.send_response(200 if self.command == "GET" else 201)
            self.end_headers()
            self.wfile.write(json.dumps({"Resources": [], "id": "<i>1</i>"}).encode())

        do_GET = do_POST = do_PATCH = do_DELETE = handle_any

        def log_message(self, format: str, *args: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}", seen
        http.shutdown()
        thread.join()


@pytest.fixture
def page(scim: Scim, tmp_path: Path) -> Iterator[str]:
    """The demo's provisioning page; its SCIM target is the accepting server, its token is in a file."""
    config = tmp_path / "demo" / "simulator.yaml"
    config.parent.mkdir()
    config.write_text(DEMO.read_text())
    token = tmp_path / "var" / "simulator" / "acme-scim-token"
    token.parent.mkdir(parents=True)
    token.write_text("configured-token\n")
    with serve_in_thread(load_config(config, broker_url=scim[0])) as running:
        yield running.url + "/acme/provision"


def test_person_is_pushed_and_request_and_answer_are_shown(page: str, scim: Scim) -> None:
    with requests.Session() as browser:
        answer = PageForm.read(browser.get(page, timeout=10)).send(
            browser, person="mia@acme.example", action="create", given_name="Maja <3"
        )
    assert "Create: done." in answer.text
    assert "POST " in answer.text
    assert "Maja &lt;3" in answer.text
    assert "&lt;i&gt;1&lt;/i&gt;" in answer.text
    assert "configured-token" not in answer.text
    assert scim[1] == [("GET", "Bearer configured-token"), ("POST", "Bearer configured-token")]


def test_failure_is_shown_with_its_reason(page: str) -> None:
    with requests.Session() as browser:
        form = PageForm.read(browser.get(page, timeout=10))
        answer = form.send(browser, person="noah@acme.example", action="deactivate")
    assert "noah@acme.example is not known to the SCIM server" in answer.text


def test_configured_token_never_goes_to_a_typed_address(
    page: str, scim: Scim, refusal: Callable[[requests.Response], str]
) -> None:  # V-23
    data = {
        "base_url": scim[0] + "/other",
        "dialect": "entra",
        "person": "mia@acme.example",
        "action": "create",
    }
    assert refusal(requests.post(page, data=data, timeout=10)) == "AADSTS900144"
    assert scim[1] == []
    assert requests.post(page, data=data | {"token": "typed"}, timeout=10).status_code == 200
    assert {token for _, token in scim[1]} == {"Bearer typed"}


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}])
def test_form_of_another_site_is_refused(
    page: str, scim: Scim, refusal: Callable[[requests.Response], str], headers: dict[str, str]
) -> None:
    data = {"dialect": "entra", "person": "mia@acme.example", "action": "create"}
    assert refusal(requests.post(page, data=data, headers=headers, timeout=10)) == "AADSTS90023"
    assert scim[1] == []


def test_command_line_prints_requests_without_the_token(
    scim: Scim, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--base-url", scim[0], "--token", "cli-token", "--config", str(DEMO), "create"]
    assert push.main([*arguments, "--person", "mia@acme.example", "--display-name", "Mia X"]) == 0
    printed = capsys.readouterr().out
    assert '"displayName": "Mia X"' in printed
    assert "-> 201" in printed
    assert "cli-token" not in printed
    assert [method for method, _ in scim[1]] == ["GET", "POST"]


@pytest.mark.parametrize(
    ("status", "arguments"),
    [
        (1, ["deactivate", "--person", "mia@acme.example"]),
        (2, ["create", "--person", "stranger@acme.example"]),
        (2, ["create"]),
        (2, ["group-create", "--group", "Nobody"]),
        (2, ["create", "--person", "mia@acme.example", "--directory", "other"]),
    ],
)
def test_command_line_tells_failure_by_its_exit_status(
    scim: Scim, capsys: pytest.CaptureFixture[str], status: int, arguments: list[str]
) -> None:
    common = ["--base-url", scim[0], "--token", "t", "--config", str(DEMO)]
    assert push.main([*common, *arguments]) == status
    assert capsys.readouterr().err.startswith("simulator.push: ")
