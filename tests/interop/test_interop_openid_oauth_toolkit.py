"""People of a company whose identity provider is django-oauth-toolkit sign in and out (O-1, O-6, O-7)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.interop.conftest import PeerPorts
from tests.interop.oauth_toolkit_peer import OauthToolkit, running_oauth_toolkit
from tests.interop.oidc_company import Manner, OidcCompany, configure_companies
from tests.interop.running_broker import RunningBroker
from tests.interop.visitor import Visitor

pytestmark = pytest.mark.interop

Companies = dict[str, OidcCompany]
MANNERS = {
    "t-basic": Manner(),
    "t-form": Manner(ours={"client_authentication": "client_secret_post"}),
    "t-public": Manner(ours={"client_authentication": "none"}),
    "t-hmac": Manner({"algorithm": "HS256", "hash_client_secret": False}),
    "t-leaving": Manner(),
}


@pytest.fixture(scope="module")
def client_secrets() -> dict[str, str]:
    return {slug: secrets.token_urlsafe(32) for slug in MANNERS if slug != "t-public"}


@pytest.fixture(scope="module")
def oauth_toolkit(
    broker: RunningBroker,
    peer_ports: PeerPorts,
    client_secrets: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[OauthToolkit]:
    folder = tmp_path_factory.mktemp("oauth-toolkit")
    port = peer_ports.oauth_toolkit
    with running_oauth_toolkit(port, broker.url, MANNERS, client_secrets, folder) as running:
        yield running


@pytest.fixture(scope="module")
def companies(
    broker: RunningBroker,
    oauth_toolkit: OauthToolkit,
    client_secrets: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Companies:
    folder = tmp_path_factory.mktemp("toolkit-companies")
    return configure_companies(broker, oauth_toolkit, MANNERS, client_secrets, folder)


@pytest.mark.parametrize("slug", ["t-basic", "t-form", "t-public"])
def test_code_flow_with_each_way_to_say_who_we_are(companies: Companies, slug: str) -> None:
    """O-1, O-6: the provider demands PKCE of everybody"""
    visitor = Visitor()
    companies[slug].assert_employee(visitor, companies[slug].sign_in(visitor))


def test_tokens_signed_with_the_client_secret_are_refused(companies: Companies) -> None:
    """O-6: what the administrator of an application chooses there"""
    visitor = Visitor()
    refused = companies["t-hmac"].sign_in(visitor)
    assert (refused.status, urlsplit(refused.url).path) == (400, "/sso/oidc/t-hmac/callback")
    assert not companies["t-hmac"].is_signed_in(visitor)


def test_signing_out_here_ends_the_session_there(companies: Companies) -> None:
    """O-7, L-12: it takes the ID token's word for who asks, and sends the person back at once"""
    company, visitor = companies["t-leaving"], Visitor()
    company.assert_employee(visitor, company.sign_in(visitor))
    end = company.sign_out(visitor)
    assert (end.status, urlsplit(end.url).path) == (200, "/sso/oidc/t-leaving/logged-out"), end.text[:2000]
    assert "t-leaving was asked to end your session there too" in end.text
    assert not company.is_signed_in(visitor)
    again = visitor.open(company.start)
    assert urlsplit(again.url).path == "/accounts/login/"
