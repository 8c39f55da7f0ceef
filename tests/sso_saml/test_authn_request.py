"""The browser is sent to the provider with a request that every vendor takes (S-1, L-4)."""

from __future__ import annotations

import base64
import zlib
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree

from sso_saml.requests import HintStyle, build_authn_request
from tests.sso_saml.forge import ADA, EMAIL, NOW, REQUEST_ID, SAML, SAMLP, SP, config

SSO = "https://idp.acme.example/sso"


def request_in(url: str) -> etree._Element:
    deflated = base64.b64decode(parse_qs(urlsplit(url).query)["SAMLRequest"][0], validate=True)
    return etree.fromstring(zlib.decompress(deflated, -15))


def test_request_says_who_asks_and_where_the_answer_goes() -> None:  # S-1
    url = build_authn_request(config(), REQUEST_ID, NOW, relay_state="abc-_123")
    request = request_in(url)

    assert url.startswith(f"{SSO}?SAMLRequest=")
    assert parse_qs(urlsplit(url).query)["RelayState"] == ["abc-_123"]
    assert request.tag == f"{{{SAMLP}}}AuthnRequest"
    assert dict(request.items()) == {
        "ID": REQUEST_ID,
        "Version": "2.0",
        "IssueInstant": "2026-11-20T09:30:00Z",
        "Destination": SSO,
        "ProtocolBinding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
        "AssertionConsumerServiceURL": SP,
    }
    # No NameIDPolicy, RequestedAuthnContext or Subject: each breaks with some vendor.
    assert [(child.tag, child.text) for child in request] == [(f"{{{SAML}}}Issuer", SP)]


def test_moment_is_utc() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5)))

    assert (
        request_in(build_authn_request(config(), REQUEST_ID, elsewhere)).get("IssueInstant")
        == "2026-11-20T09:30:00Z"
    )


def test_query_of_the_sign_on_url_stays() -> None:
    google = replace(config(), sso_url="https://accounts.google.example/o/saml2/idp?idpid=C0%2Fx")
    url = build_authn_request(google, REQUEST_ID, NOW)

    assert url.startswith("https://accounts.google.example/o/saml2/idp?idpid=C0%2Fx&SAMLRequest=")
    assert request_in(url).get("Destination") == google.sso_url


def test_person_can_be_made_to_prove_themselves_again() -> None:
    assert (
        request_in(build_authn_request(config(), REQUEST_ID, NOW, force_authn=True)).get("ForceAuthn")
        == "true"
    )


def test_typed_email_travels_in_the_url() -> None:  # L-4
    url = build_authn_request(config(), REQUEST_ID, NOW, "ada+test&x@acme.example")

    assert parse_qs(urlsplit(url).query)["login_hint"] == ["ada+test&x@acme.example"]
    assert request_in(url).find(f"{{{SAML}}}Subject") is None


def test_typed_email_travels_as_subject_where_the_vendor_supports_it() -> None:  # L-4
    url = build_authn_request(
        config(), REQUEST_ID, NOW, "<ada>&@acme.example", hint_style=HintStyle.SUBJECT, name_id_format=EMAIL
    )
    request = request_in(url)

    assert "login_hint" not in parse_qs(urlsplit(url).query)
    assert request.findtext(f"{{{SAML}}}Subject/{{{SAML}}}NameID") == "<ada>&@acme.example"
    assert [etree.QName(child).localname for child in request] == ["Issuer", "Subject", "NameIDPolicy"]
    assert request[2].get("Format") == EMAIL


@pytest.mark.parametrize("hint", ["", "a" * 321, "ada\n@acme.example", "\x00", "\ud800"])
@pytest.mark.parametrize("style", list(HintStyle))
def test_hint_that_no_provider_could_use_is_left_out(hint: str, style: HintStyle) -> None:
    url = build_authn_request(config(), REQUEST_ID, NOW, hint, hint_style=style)

    assert url == build_authn_request(config(), REQUEST_ID, NOW)
    assert url != build_authn_request(config(), REQUEST_ID, NOW, ADA, hint_style=style)


@pytest.mark.parametrize("relay_state", ["", "x" * 81, "é" * 41])
def test_relay_state_fits_into_80_bytes(relay_state: str) -> None:
    with pytest.raises(ValueError, match="RelayState"):
        build_authn_request(config(), REQUEST_ID, NOW, relay_state=relay_state)

    assert "RelayState=" in build_authn_request(config(), REQUEST_ID, NOW, relay_state="x" * 80)


@pytest.mark.parametrize(
    "sso_url", ["", "javascript:alert(1)", "/sso", "https:///sso", "https://idp.example/#x"]
)
def test_browser_is_sent_to_web_addresses_only(sso_url: str) -> None:
    with pytest.raises(ValueError, match="Single Sign-On URL"):
        build_authn_request(replace(config(), sso_url=sso_url), REQUEST_ID, NOW)


@pytest.mark.parametrize("request_id", ["", "1abc", "a b", 'a"', "_a\n"])
def test_request_id_is_a_name(request_id: str) -> None:
    with pytest.raises(ValueError, match="request_id"):
        build_authn_request(config(), request_id, datetime(2026, 1, 1, tzinfo=NOW.tzinfo))
