"""A product that sends a bad SAML request finds out at the simulator, not at its first customer."""

from __future__ import annotations

import base64
import datetime as dt
import zlib
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulator.conftest import ServiceProvider


SP = "http://app.example/sso/saml/acme/"


def test_good_request_shows_the_page_with_people_and_claims(
    sp: ServiceProvider, session: requests.Session
) -> None:
    page = sp.go(sp.request_xml(), RelayState="abc")
    assert page.status_code == 200
    for control in ('id="person"', 'id="continue"', 'id="space_name"', 'id="leave_out_groups"', 'id="sign"'):
        assert control in page.text
    assert "Noah &lt;b&gt;Brandt&lt;/b&gt;" in page.text
    assert "Set-Cookie" not in page.headers
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("code", "attributes"),
    [
        ("AADSTS700016", {"Issuer": "http://app.example/other/"}),
        ("AADSTS50011", {"AssertionConsumerServiceURL": "http://app.example/sso/saml/acme"}),
        ("AADSTS50011", {"AssertionConsumerServiceURL": "http://app.example/sso/saml/acme/?x"}),
        ("AADSTS75008", {"Destination": "http://127.0.0.1/entra/saml/sso"}),
        ("AADSTS75005", {"Version": "1.1"}),
        ("AADSTS75005", {"ID": None}),
        ("AADSTS75005", {"ID": "7abc"}),
        ("AADSTS75005", {"IssueInstant": None}),
        ("AADSTS75005", {"IssueInstant": "2026-11-20T10:00:00"}),
        ("AADSTS76026", {"IssueInstant": "2026-01-01T10:00:00Z"}),
        ("AADSTS75003", {"ProtocolBinding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"}),
    ],
)
def test_wrong_attribute_is_refused_on_a_page(
    sp: ServiceProvider,
    refusal: Callable[[requests.Response], str],
    code: str,
    attributes: dict[str, Any],
) -> None:  # S-1
    assert refusal(sp.go(sp.request_xml(**attributes))) == code
    assert refusal(sp.post(sp.request_xml(**attributes))) == code


def test_request_from_the_future_is_refused(
    sp: ServiceProvider, refusal: Callable[[requests.Response], str]
) -> None:
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=20)
    assert refusal(sp.go(sp.request_xml(IssueInstant=f"{soon:%Y-%m-%dT%H:%M:%SZ}"))) == "AADSTS76026"


@pytest.mark.parametrize(
    ("code", "inner"),
    [
        ("AADSTS75016", '<samlp:NameIDPolicy Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity"/>'),
        (
            "AADSTS75011",
            '<samlp:RequestedAuthnContext Comparison="minimum"><saml:AuthnContextClassRef>'
            "urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>"
            "</samlp:RequestedAuthnContext>",
        ),
        ("AADSTS900236", "<saml:Subject><saml:NameID>noah@acme.example</saml:NameID></saml:Subject>"),
    ],
)
def test_element_that_entra_does_not_support_is_refused(
    sp: ServiceProvider, refusal: Callable[[requests.Response], str], code: str, inner: str
) -> None:  # L-4
    assert refusal(sp.go(sp.request_xml(inner=inner))) == code


def test_request_with_a_document_type_is_refused(
    sp: ServiceProvider, refusal: Callable[[requests.Response], str]
) -> None:  # S-8
    xml = '<!DOCTYPE a [<!ENTITY b "c">]>' + sp.request_xml()
    assert refusal(sp.go(xml)) == "AADSTS90107"
    assert refusal(sp.go("<not closed")) == "AADSTS90107"


@pytest.mark.parametrize("value", ["", "%%%", "aGVsbG8=", base64.b64encode(b"\xff\xfe").decode()])
def test_garbage_instead_of_a_request_is_refused(
    sp: ServiceProvider, session: requests.Session, refusal: Callable[[requests.Response], str], value: str
) -> None:
    page = session.get(f"{sp.url}/entra/saml/sso", params={"SAMLRequest": value}, timeout=10)
    assert refusal(page) in {"AADSTS75005", "AADSTS750054"}


def test_deflate_bomb_is_refused(
    sp: ServiceProvider, session: requests.Session, refusal: Callable[[requests.Response], str]
) -> None:
    squeezer = zlib.compressobj(wbits=-15)
    bomb = base64.b64encode(squeezer.compress(b" " * 20_000_000) + squeezer.flush()).decode()
    page = session.post(
        f"{sp.url}/entra/saml/continue", data={"SAMLRequest": bomb, "binding": "redirect"}, timeout=10
    )
    assert refusal(page) == "AADSTS90015"


def test_login_hint_preselects_the_person(sp: ServiceProvider) -> None:  # L-4
    page = sp.go(sp.request_xml(), login_hint="NOAH@acme.example")
    assert 'value="noah@acme.example"' in page.text
    page = sp.go(sp.request_xml(), login_hint="<stranger>@acme.example")
    assert "&lt;stranger&gt;@acme.example, who is not in this directory" in page.text


def test_subject_preselects_the_person_at_other_vendors(sp: ServiceProvider) -> None:  # L-4
    inner = "<saml:Subject><saml:NameID>noah@acme.example</saml:NameID></saml:Subject>"
    page = sp.go(sp.request_xml("okta", inner=inner), "okta")
    assert 'value="noah@acme.example"' in page.text


def test_too_long_relay_state_is_refused(
    sp: ServiceProvider, refusal: Callable[[requests.Response], str]
) -> None:  # design rule 7
    assert refusal(sp.go(sp.request_xml(), RelayState="x" * 81)) == "AADSTS90015"


def test_idp_initiated_start_needs_a_registered_application(
    sp: ServiceProvider, session: requests.Session, refusal: Callable[[requests.Response], str]
) -> None:  # S-5
    page = session.get(f"{sp.url}/entra/saml/start", params={"sp": "http://other.example"}, timeout=10)
    assert refusal(page) == "AADSTS700016"
    page = session.get(
        f"{sp.url}/entra/saml/start", params={"sp": SP, "acs": "http://evil.example/"}, timeout=10
    )
    assert refusal(page) == "AADSTS50011"


def test_acs_url_changed_on_the_way_through_the_page_is_refused(
    sp: ServiceProvider, session: requests.Session, refusal: Callable[[requests.Response], str]
) -> None:
    data = {"sp": SP, "acs": "http://evil.example/", "person": "mia@acme.example"}
    assert refusal(session.post(f"{sp.url}/entra/saml/continue", data=data, timeout=10)) == "AADSTS50011"
