"""The simulator's side of single logout: strict with what applications send, honest about its sessions."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from lxml import etree

from simulator.config_file import parse_config
from simulator.saml_sessions import MAX_SESSIONS, SamlSession, SamlSessions
from simulator.server import RunningSimulator, serve_in_thread
from tests.simulator.conftest import SP, directory

SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SLO = "http://app.example/sso/saml/acme/logout"
MIA = SamlSession("_index1", SP, "mia@acme.example", "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress")


@pytest.fixture
def with_logout() -> Iterator[RunningSimulator]:
    """A directory whose application takes logout messages, with a session of Mia's."""
    there = directory("entra")
    there["saml"] = {"service_providers": [{"entity_id": SP, "acs_urls": [SP], "slo_url": SLO}]}
    with serve_in_thread(parse_config({"directories": [there]})) as running:
        running.app.sites["entra"].sessions.add(MIA)
        yield running


def request_xml(running: RunningSimulator, **changes: str) -> str:
    said = {
        "destination": f"{running.url}/entra/saml/slo",
        "issuer": SP,
        "name": MIA.name_id,
        "index": MIA.index,
    }
    said |= changes
    return (
        f'<p:LogoutRequest xmlns:p="{SAMLP}" xmlns:a="{SAML}" ID="_r1" Version="2.0" '
        f'Destination="{said["destination"]}"><a:Issuer>{said["issuer"]}</a:Issuer>'
        f"<a:NameID>{said['name']}</a:NameID><p:SessionIndex>{said['index']}</p:SessionIndex></p:LogoutRequest>"
    )


def send(running: RunningSimulator, xml: str, **query: str) -> requests.Response:
    squeezer = zlib.compressobj(wbits=-15)
    packed = base64.b64encode(squeezer.compress(xml.encode()) + squeezer.flush()).decode()
    sent = {"SAMLRequest": packed, "SigAlg": "x", "Signature": "eA==", **query}
    url = f"{running.url}/entra/saml/slo?{urlencode({k: v for k, v in sent.items() if v})}"
    return requests.get(url, allow_redirects=False, timeout=10)


def statuses(answer: requests.Response) -> list[str]:
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    root = etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLResponse"][0]), -15))
    return [str(code.get("Value")).rpartition(":")[2] for code in root.iter(f"{{{SAMLP}}}StatusCode")]


def test_application_ends_a_session(with_logout: RunningSimulator) -> None:
    answer = send(with_logout, request_xml(with_logout), RelayState="opaque")
    assert answer.headers["Location"].startswith(f"{SLO}?SAMLResponse=")
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["RelayState"] == ["opaque"]
    assert statuses(answer) == ["Success"]
    assert with_logout.app.sites["entra"].sessions.all() == []
    assert statuses(send(with_logout, request_xml(with_logout))) == ["Requester", "UnknownPrincipal"]


@pytest.mark.parametrize(
    ("changes", "query", "code"),
    [
        ({}, {"Signature": ""}, "AADSTS76021"),
        ({"destination": "https://elsewhere.example/"}, {}, "AADSTS75008"),
        ({"issuer": "https://unknown.example/"}, {}, "AADSTS700016"),
        ({"name": ""}, {}, "AADSTS75005"),
    ],
    ids=["unsigned", "sent elsewhere", "unknown application", "nobody"],
)
def test_request_that_is_not_right_is_refused(
    with_logout: RunningSimulator, changes: dict[str, str], query: dict[str, str], code: str
) -> None:
    answer = send(with_logout, request_xml(with_logout, **changes), **query)
    assert answer.status_code == 400
    assert code in answer.text
    assert with_logout.app.sites["entra"].sessions.all() == [MIA]


def test_page_lists_the_sessions_and_its_button_sends_a_request(with_logout: RunningSimulator) -> None:
    assert MIA.name_id in requests.get(f"{with_logout.url}/entra/saml/sessions", timeout=10).text
    end = f"{with_logout.url}/entra/saml/end"
    foreign = requests.post(end, {"index": MIA.index}, headers={"Origin": "https://evil.example"}, timeout=10)
    assert foreign.status_code == 403
    answer = requests.post(end, {"index": MIA.index}, allow_redirects=False, timeout=10)
    assert answer.headers["Location"].startswith(f"{SLO}?SAMLRequest=")
    assert with_logout.app.sites["entra"].sessions.all() == []
    assert requests.post(end, {"index": MIA.index}, timeout=10).status_code == 400


def test_only_so_many_sessions_are_remembered() -> None:
    sessions = SamlSessions()
    for number in range(MAX_SESSIONS + 5):
        sessions.add(replace(MIA, index=f"_{number}"))
    assert len(sessions.all()) == MAX_SESSIONS
    assert sessions.get("_0") is None
