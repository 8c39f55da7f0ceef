"""The browser is sent to the provider with a request that every vendor takes (S-1, L-4)."""

from __future__ import annotations

import base64
import hashlib
import zlib
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

from sso_saml.messages import SamlConfig
from sso_saml.requests import Asking, posted_request, redirect_url_of
from sso_saml.signing import SigningKey, sign_query
from tests.sso_saml.forge import (
    ADA,
    DS,
    EMAIL,
    EXC_C14N,
    NOW,
    PASSWORD,
    REQUEST_ID,
    SAML,
    SAMLP,
    SP,
    canonical,
    config,
    pem,
    private_pem,
    rsa_key,
    sp_certificate,
)

SSO = "https://idp.acme.example/sso"


def asking(**asked: object) -> Asking:
    values: dict[str, object] = {"request_id": REQUEST_ID, "issue_instant": NOW, **asked}
    return Asking(**values)  # type: ignore[arg-type]


def url_for(settings: SamlConfig | None = None, **asked: object) -> str:
    return redirect_url_of(settings or config(), asking(**asked))


def our_key() -> SigningKey:
    return SigningKey(private_pem(rsa_key("sp")), pem(sp_certificate()))


def request_in(url: str) -> etree._Element:
    deflated = base64.b64decode(parse_qs(urlsplit(url).query)["SAMLRequest"][0], validate=True)
    return etree.fromstring(zlib.decompress(deflated, -15))


def test_request_says_who_asks_and_where_the_answer_goes() -> None:  # S-1
    url = url_for(relay_state="abc-_123")
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

    assert request_in(url_for(issue_instant=elsewhere)).get("IssueInstant") == "2026-11-20T09:30:00Z"


def test_query_of_the_sign_on_url_stays() -> None:
    google = replace(config(), sso_url="https://accounts.google.example/o/saml2/idp?idpid=C0%2Fx")
    url = url_for(google)

    assert url.startswith("https://accounts.google.example/o/saml2/idp?idpid=C0%2Fx&SAMLRequest=")
    assert request_in(url).get("Destination") == google.sso_url


def test_person_can_be_made_to_prove_themselves_again() -> None:
    assert request_in(url_for(force_authn=True)).get("ForceAuthn") == "true"


def test_typed_email_travels_in_the_url() -> None:  # L-4
    url = url_for(login_hint="ada+test&x@acme.example")

    assert parse_qs(urlsplit(url).query)["login_hint"] == ["ada+test&x@acme.example"]
    assert request_in(url).find(f"{{{SAML}}}Subject") is None


def test_typed_email_travels_as_subject_where_the_vendor_supports_it() -> None:  # L-4
    url = url_for(subject_hint="<ada>&@acme.example", name_id_format=EMAIL)
    request = request_in(url)

    assert "login_hint" not in parse_qs(urlsplit(url).query)
    assert request.findtext(f"{{{SAML}}}Subject/{{{SAML}}}NameID") == "<ada>&@acme.example"
    assert [etree.QName(child).localname for child in request] == ["Issuer", "Subject", "NameIDPolicy"]
    assert request[2].get("Format") == EMAIL


@pytest.mark.parametrize("hint", ["", "a" * 321, "ada\n@acme.example", "\x00", "\ud800"])
@pytest.mark.parametrize("style", ["login_hint", "subject_hint"])
def test_hint_that_no_provider_could_use_is_left_out(hint: str, style: str) -> None:
    url = url_for(**{style: hint})

    assert url == url_for()
    assert url != url_for(**{style: ADA})


@pytest.mark.parametrize("relay_state", ["", "x" * 81, "é" * 41])
def test_relay_state_fits_into_80_bytes(relay_state: str) -> None:
    with pytest.raises(ValueError, match="RelayState"):
        url_for(relay_state=relay_state)

    assert "RelayState=" in url_for(relay_state="x" * 80)


@pytest.mark.parametrize(
    "sso_url", ["", "javascript:alert(1)", "/sso", "https:///sso", "https://idp.example/#x"]
)
def test_browser_is_sent_to_web_addresses_only(sso_url: str) -> None:
    with pytest.raises(ValueError, match="Single Sign-On URL"):
        url_for(replace(config(), sso_url=sso_url))


@pytest.mark.parametrize("request_id", ["", "1abc", "a b", 'a"', "_a\n"])
def test_request_id_is_a_name(request_id: str) -> None:
    with pytest.raises(ValueError, match="request_id"):
        url_for(request_id=request_id, issue_instant=datetime(2026, 1, 1, tzinfo=NOW.tzinfo))


# --- what a provider may want on top ----------------------------------------------------------------------------------

STRONG = "urn:oasis:names:tc:SAML:2.0:ac:classes:X509"


def test_contexts_are_asked_for_with_their_comparison() -> None:  # S-7
    request = request_in(url_for(contexts=(PASSWORD, STRONG), comparison="minimum"))
    wanted = request.find(f"{{{SAMLP}}}RequestedAuthnContext")

    assert wanted is not None
    assert wanted.get("Comparison") == "minimum"
    assert [element.text for element in wanted] == [PASSWORD, STRONG]


def test_request_with_everything_follows_the_schema() -> None:
    posted = posted_request(
        config(),
        asking(
            subject_hint=ADA,
            force_authn=True,
            contexts=(STRONG,),
            name_id_format=EMAIL,
            relay_state="abc",
        ),
        our_key(),
    )
    spec = find_spec("onelogin.saml2")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "schemas"
    schema = etree.XMLSchema(etree.parse(str(folder / "saml-schema-protocol-2.0.xsd")))
    schema.assertValid(etree.fromstring(base64.b64decode(posted.fields["SAMLRequest"])))


def test_signed_query_is_what_the_specification_says() -> None:  # S-7, Bindings §3.4.4.1
    google = replace(config(), sso_url=f"{SSO}?idpid=C0")
    url = redirect_url_of(google, asking(relay_state="a b&c", login_hint=ADA), our_key())
    query = urlsplit(url).query
    given = parse_qs(query)

    assert query.startswith("idpid=C0&SAMLRequest=")
    assert [pair.partition("=")[0] for pair in query.split("&")][1:] == [
        "SAMLRequest",
        "RelayState",
        "SigAlg",
        "Signature",
        "login_hint",
    ]
    assert given["SigAlg"] == ["http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"]
    assert given["RelayState"] == ["a b&c"]
    signed = query[query.index("SAMLRequest=") : query.index("&Signature=")]
    signature = base64.b64decode(given["Signature"][0], validate=True)
    # Raises InvalidSignature if it is not one.
    rsa_key("sp").public_key().verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        rsa_key("idp").public_key().verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())


def test_posted_request_goes_to_its_own_address_with_the_signature_inside() -> None:  # S-7
    post_url = "https://idp.acme.example/sso/post"
    settings = replace(config(), sso_post_url=post_url)
    posted = posted_request(settings, asking(relay_state="abc", login_hint=ADA), our_key())
    request = etree.fromstring(base64.b64decode(posted.fields["SAMLRequest"], validate=True))

    assert posted.url == f"{post_url}?login_hint=ada%40acme.example"
    assert posted.fields["RelayState"] == "abc"
    assert request.get("Destination") == post_url
    assert [etree.QName(child).localname for child in request] == ["Issuer", "Signature"]
    signature = request[1]
    value = base64.b64decode(signature.findtext(f"{{{DS}}}SignatureValue") or "")
    signed_info = canonical(signature[0], EXC_C14N)
    rsa_key("sp").public_key().verify(value, signed_info, padding.PKCS1v15(), hashes.SHA256())
    digest = base64.b64decode(signature.findtext(f".//{{{DS}}}DigestValue") or "")
    request.remove(signature)
    assert digest == hashlib.sha256(canonical(request, EXC_C14N)).digest()


def test_posted_request_goes_to_the_one_address_when_there_is_no_other() -> None:
    posted = posted_request(config(), asking())
    assert posted.url == SSO
    assert set(posted.fields) == {"SAMLRequest"}


def test_only_a_message_and_its_relay_state_are_signed() -> None:
    for parameters in ([], [("RelayState", "x")], [("SAMLRequest", "x"), ("login_hint", ADA)]):
        with pytest.raises(ValueError, match="signed"):
            sign_query(parameters, our_key())


def test_a_private_key_does_not_show_in_logs() -> None:  # V-24
    assert "PRIVATE" not in repr(our_key())
    assert "PRIVATE" not in repr(config())
