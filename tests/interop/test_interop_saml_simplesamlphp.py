"""People of a company whose identity provider is SimpleSAMLphp sign in and out (S-2, S-7, L-12)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.interop.conftest import PeerPorts
from tests.interop.running_broker import RunningBroker
from tests.interop.saml_company import Manner, SamlCompany, companies_of
from tests.interop.simplesamlphp_peer import WEB, SimpleSamlPhp, running_simplesamlphp
from tests.interop.visitor import Visitor

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(
        shutil.which("php") is None or not WEB.is_dir(),
        reason="needs Debian's packages simplesamlphp and php-cli",
    ),
]

Companies = dict[str, SamlCompany]
BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-"
AES128_CBC = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"
AES256_GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"


def _signing(**how: object) -> dict[str, object]:
    plain = {"saml20.sign.response": True, "saml20.sign.assertion": True}
    return {**plain, "logout_binding": f"{BINDING}Redirect", **how}


BY_REDIRECT = {"sign_requests": True, "slo_binding": "redirect"}
BY_POST = {"sign_requests": True, "request_binding": "post", "slo_binding": "post"}
ENCRYPTED = {"assertion.encryption": True}
MANNERS = {
    "s-response-signed": Manner(_signing(**{"saml20.sign.assertion": False}), BY_REDIRECT),
    "s-assertion-signed": Manner(_signing(**{"saml20.sign.response": False}), BY_POST),
    "s-both-signed": Manner(_signing(), BY_REDIRECT),
    "s-encrypted-cbc": Manner(
        _signing(**ENCRYPTED, sharedkey_algorithm=AES128_CBC), {**BY_POST, "require_encryption": True}
    ),
    "s-encrypted-gcm": Manner(
        _signing(**ENCRYPTED, sharedkey_algorithm=AES256_GCM), {**BY_REDIRECT, "require_encryption": True}
    ),
    "s-name-encrypted": Manner(_signing(**{"nameid.encryption": True}), BY_REDIRECT),
    "s-unsigned-request": Manner(_signing(**{"validate.authnrequest": True}), {"sign_requests": False}),
    "s-by-redirect": Manner(_signing(), BY_REDIRECT),
    "s-by-post": Manner(_signing(logout_binding=f"{BINDING}POST"), BY_POST),
}


@pytest.fixture(scope="module")
def simplesamlphp(tmp_path_factory: pytest.TempPathFactory, peer_ports: PeerPorts) -> Iterator[SimpleSamlPhp]:
    folder = tmp_path_factory.mktemp("simplesamlphp")
    with running_simplesamlphp(peer_ports.simplesamlphp, folder) as running:
        yield running


@pytest.fixture(scope="module")
def companies(
    broker: RunningBroker, simplesamlphp: SimpleSamlPhp, tmp_path_factory: pytest.TempPathFactory
) -> Companies:
    return companies_of(broker, simplesamlphp, MANNERS, tmp_path_factory.mktemp("companies"))


@pytest.mark.parametrize("slug", ["s-response-signed", "s-assertion-signed", "s-both-signed"])
def test_sign_in_by_metadata_alone(companies: Companies, slug: str) -> None:
    """S-2, S-7: each side knows of the other what its metadata says; requests are signed, by redirect and by POST"""
    visitor = Visitor()
    companies[slug].assert_employee(visitor, companies[slug].sign_in(visitor))


@pytest.mark.parametrize("slug", ["s-encrypted-cbc", "s-encrypted-gcm"])
def test_sign_in_with_an_encrypted_assertion(companies: Companies, slug: str) -> None:
    """S-7: encrypted to the key in our metadata, and nothing else would be taken"""
    visitor = Visitor()
    companies[slug].assert_employee(visitor, companies[slug].sign_in(visitor))


def test_sign_in_and_out_with_an_encrypted_name(companies: Companies, simplesamlphp: SimpleSamlPhp) -> None:
    """S-7: NameID as EncryptedID, in the assertion and in its LogoutRequest"""
    company = companies["s-name-encrypted"]
    visitor = Visitor()
    company.assert_employee(visitor, company.sign_in(visitor))
    simplesamlphp.begin_logout(visitor)
    assert not company.is_signed_in(visitor)


def test_the_provider_refuses_what_we_did_not_sign(
    companies: Companies, simplesamlphp: SimpleSamlPhp
) -> None:
    """S-7: so its yes in the other tests means that it verified our signature"""
    refused = Visitor().open(companies["s-unsigned-request"].entity_id)
    assert urlsplit(refused.url).port == urlsplit(simplesamlphp.url).port
    assert "no signature found on message" in refused.text, refused.text


def test_the_provider_refuses_a_request_that_was_changed_on_the_way(companies: Companies) -> None:
    """S-7: the signature covers RelayState as well"""
    visitor = Visitor()
    start = companies["s-by-redirect"].entity_id
    address = visitor.session.get(start, allow_redirects=False, timeout=30).headers["Location"]
    relay_state = parse_qs(urlsplit(address).query)["RelayState"][0]
    refused = visitor.open(address.replace(relay_state, relay_state[::-1]))
    assert "Unable to validate signature on query string" in refused.text, refused.text
    assert any("password" in form.fields for form in visitor.open(address).forms)


@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_signing_out_here_ends_the_session_there(
    companies: Companies, simplesamlphp: SimpleSamlPhp, binding: str
) -> None:
    """S-7, L-12: our LogoutRequest is verified there, its LogoutResponse here"""
    company = companies[f"s-by-{binding}"]
    visitor = Visitor()
    company.assert_employee(visitor, company.sign_in(visitor))
    assert simplesamlphp.has_session(visitor, company.employee)
    end = company.sign_out(visitor)
    assert not simplesamlphp.has_session(visitor, company.employee)
    assert not company.is_signed_in(visitor)
    company.assert_signed_out_everywhere(end)


@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_signing_out_there_ends_the_session_here(
    companies: Companies, simplesamlphp: SimpleSamlPhp, binding: str
) -> None:
    """S-7, L-12: its LogoutRequest is verified here, our LogoutResponse there"""
    company = companies[f"s-by-{binding}"]
    visitor = Visitor()
    company.assert_employee(visitor, company.sign_in(visitor))
    assert simplesamlphp.has_session(visitor, company.employee)
    end = simplesamlphp.begin_logout(visitor)
    assert (end.url, end.status) == (f"{simplesamlphp.url}/logout.php", 200), f"{end.url}\n{end.text}"
    assert not company.is_signed_in(visitor)
    assert not simplesamlphp.has_session(visitor, company.employee)
