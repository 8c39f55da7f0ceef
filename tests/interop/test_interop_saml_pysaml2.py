"""People of a company whose identity provider runs pysaml2 sign in and out (S-2, S-7, L-12)."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.interop.conftest import PeerPorts
from tests.interop.pysaml2_peer import Pysaml2, running_pysaml2
from tests.interop.running_broker import RunningBroker
from tests.interop.saml_company import Manner, SamlCompany, companies_of
from tests.interop.visitor import Visitor

pytestmark = pytest.mark.interop

Companies = dict[str, SamlCompany]
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
REDIRECT, POST = (f"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{name}" for name in ("Redirect", "POST"))
RESPONSE: dict[str, object] = {"sign_response": True, "sign_assertion": False}
ASSERTION: dict[str, object] = {"sign_response": False, "sign_assertion": True}
BOTH: dict[str, object] = {"sign_response": True, "sign_assertion": True}
BY_REDIRECT = {"sign_requests": True, "slo_binding": "redirect"}
BY_POST = {"sign_requests": True, "request_binding": "post", "slo_binding": "post"}
ENCRYPTED = {**BY_POST, "require_encryption": True}


def _encrypted(signing: dict[str, object], content: str) -> dict[str, object]:
    return {**signing, "encrypt_assertion": True, "content": content}


MANNERS = {
    "response-signed": Manner(RESPONSE, BY_REDIRECT),
    "assertion-signed": Manner(ASSERTION, BY_REDIRECT),
    "both-signed": Manner(BOTH, BY_REDIRECT),
    "encrypted": Manner(_encrypted(ASSERTION, "aes128-cbc"), ENCRYPTED),
    "encrypted-in-signed": Manner(_encrypted(RESPONSE, "aes256-gcm"), ENCRYPTED),
    "encrypted-both-signed": Manner(_encrypted(BOTH, "aes256-gcm"), ENCRYPTED),
    "triple-des": Manner(_encrypted(ASSERTION, "tripledes-cbc"), ENCRYPTED),
    "unsigned-request": Manner(BOTH, {"sign_requests": False}),
    "by-redirect": Manner(BOTH, BY_REDIRECT),
    "by-post": Manner(BOTH, BY_POST),
}


@pytest.fixture(scope="module")
def pysaml2(tmp_path_factory: pytest.TempPathFactory, peer_ports: PeerPorts) -> Iterator[Pysaml2]:
    with running_pysaml2(peer_ports.pysaml2, tmp_path_factory.mktemp("pysaml2")) as running:
        yield running


@pytest.fixture(scope="module")
def companies(broker: RunningBroker, pysaml2: Pysaml2, tmp_path_factory: pytest.TempPathFactory) -> Companies:
    return companies_of(broker, pysaml2, MANNERS, tmp_path_factory.mktemp("companies"))


@pytest.mark.parametrize("slug", ["response-signed", "assertion-signed", "both-signed"])
def test_sign_in_by_metadata_alone(companies: Companies, pysaml2: Pysaml2, slug: str) -> None:
    """S-2, S-7: each side knows of the other what its metadata says; the request is signed in its query"""
    visitor = Visitor()
    companies[slug].assert_employee(visitor, companies[slug].sign_in(visitor))
    assert pysaml2.session(visitor)["asked_by"] == REDIRECT


@pytest.mark.parametrize("slug", ["encrypted", "encrypted-in-signed", "encrypted-both-signed"])
def test_sign_in_with_an_encrypted_assertion(companies: Companies, pysaml2: Pysaml2, slug: str) -> None:
    """S-7: encrypted to the key in our metadata, and nothing else would be taken; the request is a signed POST"""
    visitor = Visitor()
    companies[slug].assert_employee(visitor, companies[slug].sign_in(visitor))
    assert pysaml2.session(visitor)["asked_by"] == POST


def test_triple_des_which_is_its_default_is_refused(companies: Companies) -> None:
    """S-7: AES only; the page tells nobody why, the failure log does"""
    visitor = Visitor()
    refused = companies["triple-des"].sign_in(visitor)
    assert (refused.status, urlsplit(refused.url).path) == (400, "/sso/saml/triple-des/")
    assert not companies["triple-des"].is_signed_in(visitor)


def test_the_provider_refuses_what_we_did_not_sign(companies: Companies, pysaml2: Pysaml2) -> None:
    """S-7: so its yes in the other tests means that it verified our signature"""
    refused = Visitor().open(companies["unsigned-request"].entity_id)
    assert (refused.status, urlsplit(refused.url).port) == (400, urlsplit(pysaml2.url).port)
    assert "IncorrectlySigned" in refused.text


def test_the_provider_refuses_a_request_that_was_changed_on_the_way(companies: Companies) -> None:
    """S-7: the signature covers RelayState as well"""
    visitor = Visitor()
    start = companies["by-redirect"].entity_id
    address = visitor.session.get(start, allow_redirects=False, timeout=30).headers["Location"]
    relay_state = parse_qs(urlsplit(address).query)["RelayState"][0]
    assert "IncorrectlySigned" in visitor.open(address.replace(relay_state, relay_state[::-1])).text
    assert "IncorrectlySigned" not in visitor.open(address).text


@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_signing_out_here_ends_the_session_there(
    companies: Companies, pysaml2: Pysaml2, binding: str
) -> None:
    """S-7, L-12: our LogoutRequest is verified there, its LogoutResponse here"""
    company = companies[f"by-{binding}"]
    visitor = Visitor()
    company.assert_employee(visitor, company.sign_in(visitor))
    assert pysaml2.has_session(visitor, company.employee)
    end = company.sign_out(visitor)
    assert not pysaml2.has_session(visitor, company.employee)
    assert not company.is_signed_in(visitor)
    company.assert_signed_out_everywhere(end)


@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_signing_out_there_ends_the_session_here(
    companies: Companies, pysaml2: Pysaml2, binding: str
) -> None:
    """S-7, L-12: its LogoutRequest is verified here, our LogoutResponse there"""
    company = companies[f"by-{binding}"]
    visitor, elsewhere = Visitor(), Visitor()
    for each in (visitor, elsewhere):
        company.assert_employee(each, company.sign_in(each))
    end = pysaml2.begin_logout(visitor, binding)
    assert "Signed out everywhere" in end.text, end.text
    assert pysaml2.session(visitor)["logout_answers"][-1] == SUCCESS
    assert not company.is_signed_in(visitor)
    assert company.is_signed_in(elsewhere)  # another session of the same person, with an index of its own
