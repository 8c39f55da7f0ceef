"""Configuration, kept keys, the command line and the front page."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from simulator.__main__ import main
from simulator.config import Vendor
from simulator.config_file import load_config, parse_config
from simulator.errors import ConfigError
from simulator.keys import KeyStore
from simulator.server import serve_in_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.server import RunningSimulator

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "demo" / "simulator.yaml"
MINIMAL: dict[str, Any] = {
    "directories": [
        {
            "slug": "a",
            "vendor": "okta",
            "tenant_id": "t",
            "people": [{"id": "p1", "user_name": "p@acme.example", "space_name": ["A", "B"], "groups": []}],
            "oidc": {"client_id": "c", "redirect_uris": ["${broker}/cb"]},
        }
    ]
}


def test_demo_file_holds_the_four_people_of_the_story() -> None:
    acme = load_config(DEMO).directories[0]
    assert (acme.slug, acme.vendor) == ("acme", Vendor.ENTRA)
    assert acme.tenant_id == "11111111-2222-4333-8444-555555555555"
    mia, noah, lena, omar = acme.people
    assert mia.claims["space_name"] == ("Trial,DevOps",)
    assert mia.claims["space_role"] == ("Space Member,Space Developer",)
    assert len(mia.groups or ()) == 2
    assert noah.claims["space_name"] is None
    assert lena.claims["timezone"] == ("Mars/Olympus_Mons",)
    assert omar.email is None
    assert acme.saml.service_providers[0].acs_urls == ("http://localhost:8000/sso/saml/acme-saml/",)
    assert acme.oidc_clients[0].redirect_uris == (
        "http://localhost:8000/sso/oidc/acme-oidc/callback",
        "http://localhost:8000/sso/oidc/acme-oidc/admin-consent/return",
    )
    assert acme.oidc_clients[0].client_secret == "demo-secret-for-acme"
    assert "demo-secret-for-acme" not in repr(acme)


def test_absent_and_empty_values_stay_apart_in_the_configuration() -> None:  # J-10
    person = parse_config(MINIMAL).directories[0].people[0]
    assert person.groups == ()
    assert person.email is None
    assert person.claims["space_name"] == ("A", "B")
    assert person.claims["role_mapping"] is None


def test_broker_address_is_put_in() -> None:
    client = parse_config(MINIMAL, "http://localhost:4711/").directories[0].oidc_clients[0]
    assert client.redirect_uris == ("http://localhost:4711/cb",)


@pytest.mark.parametrize(
    ("where", "key", "value"),
    [
        ("directories[0].people[0].space_nam", ("people", 0, "space_nam"), "x"),
        ("directories[0].people[0].email", ("people", 0, "email"), 5),
        ("directories[0].people[0].groups", ("people", 0, "groups"), [1]),
        ("directories[0].people[0].name_id_format", ("people", 0, "name_id_format"), "kerberos"),
        ("directories[0].people", ("people",), []),
        ("directories[0].vendor", ("vendor",), "ping"),
        ("directories[0].slug", ("slug",), "a/b"),
        ("directories[0].oidc[0].redirect_uris", ("oidc", "redirect_uris"), ["/relative"]),
        ("directories[0].oidc[0].flows", ("oidc", "flows"), ["implicit"]),
    ],
)
def test_wrong_key_is_named(where: str, key: tuple[str | int, ...], value: object) -> None:
    document = copy.deepcopy(MINIMAL)
    target: Any = document["directories"][0]
    for step in key[:-1]:
        target = target[step]
    target[key[-1]] = value
    with pytest.raises(ConfigError) as caught:
        parse_config(document)
    assert caught.value.where == where


def test_key_and_certificate_survive_a_restart(tmp_path: Path) -> None:
    first = KeyStore(tmp_path / "state").saml("acme")
    again = KeyStore(tmp_path / "state").saml("acme")
    assert again.certificate_pem == first.certificate_pem
    kept = tmp_path / "state" / "acme-saml.pem"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in kept.parent.iterdir()] == ["acme-saml.pem"]
    assert KeyStore(tmp_path / "other").saml("acme").certificate_pem != first.certificate_pem


def test_metadata_written_twice_is_the_same_and_the_one_that_is_served(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # S-2
    state = ["--config", str(DEMO), "--state-dir", str(tmp_path / "state"), "--port", "9123"]
    for folder in ("one", "two"):
        assert main([*state, "--write-metadata", str(tmp_path / folder)]) == 0
    one = (tmp_path / "one" / "acme.xml").read_bytes()
    assert one == (tmp_path / "two" / "acme.xml").read_bytes()
    assert b'entityID="http://127.0.0.1:9123/acme/saml/metadata"' in one
    config = load_config(DEMO, base_url="http://127.0.0.1:9123", state_dir=str(tmp_path / "state"))
    with serve_in_thread(config) as running:
        port = running.port
        assert requests.get(f"http://127.0.0.1:{port}/acme/saml/metadata", timeout=10).content == one


def test_entity_id_may_be_written_as_entra_does(session: requests.Session) -> None:
    document = copy.deepcopy(MINIMAL)
    document["directories"][0]["saml"] = {"entity_id": "https://sts.windows.net/${tenant_id}/"}
    with serve_in_thread(parse_config(document)) as running:
        metadata = session.get(f"{running.url}/a/saml/metadata", timeout=10).text
    assert 'entityID="https://sts.windows.net/t/"' in metadata


def test_unusable_configuration_ends_with_a_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("directories: [")
    assert main(["--config", str(broken)]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_command_serves_says_what_it_is_and_stops_on_request(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "simulator",
        "--config",
        str(DEMO),
        "--state-dir",
        str(tmp_path),
        "--port",
        "0",
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first, second = process.stdout.readline(), process.stdout.readline()
        process.terminate()
        assert process.wait(timeout=10) == 0
    assert first.startswith("Identity provider simulator on http://127.0.0.1:")
    assert "signs in ANYBODY" in second


def test_front_page_lists_what_a_configuration_needs(
    simulator: RunningSimulator, session: requests.Session
) -> None:
    page = session.get(simulator.url, timeout=10)
    for text in (
        f"{simulator.url}/entra/saml/metadata",
        f"{simulator.url}/okta/oidc/.well-known/openid-configuration",
        f"{simulator.url}/generic/provision",
        "mia@acme.example",
        "Noah &lt;b&gt;Brandt&lt;/b&gt;",
        "Acme &lt;entra&gt;",
        "saml/start?sp=http%3A%2F%2Fapp.example",
        "signs in anybody",
    ):
        assert text in page.text
    assert "s3cret" not in page.text


def test_assets_are_served(simulator: RunningSimulator, session: requests.Session) -> None:
    for path, kind in (("/static/simulator.css", "text/css"), ("/static/simulator.js", "text/javascript")):
        answer = session.get(simulator.url + path, timeout=10)
        assert answer.headers["Content-Type"].startswith(kind)
    assert session.get(f"{simulator.url}/static/../keys.py", timeout=10).status_code == 404
    assert session.get(f"{simulator.url}/healthz", timeout=10).text == "ok"


def test_unknown_page_and_foreign_host_are_refused(
    simulator: RunningSimulator, session: requests.Session, refusal: Callable[[requests.Response], str]
) -> None:
    assert refusal(session.get(f"{simulator.url}/nowhere/saml/sso", timeout=10)) == "AADSTS90002"
    assert refusal(session.get(f"{simulator.url}/entra/saml/other", timeout=10)) == "AADSTS90002"
    for host in ("rebound.example", "[", "127.0.0.1.rebound.example"):
        assert refusal(session.get(simulator.url, headers={"Host": host}, timeout=10)) == "AADSTS90002"


def test_body_that_is_no_form_or_too_large_is_refused(
    simulator: RunningSimulator, session: requests.Session, refusal: Callable[[requests.Response], str]
) -> None:
    url = f"{simulator.url}/entra/saml/continue"
    assert refusal(session.post(url, json={"person": "mia"}, timeout=10)) == "AADSTS900144"
    assert refusal(session.post(url, data={"a": "x" * 1_100_000}, timeout=10)) == "AADSTS90015"
