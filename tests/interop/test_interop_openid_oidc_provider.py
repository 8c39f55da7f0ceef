"""People of a company whose identity provider is panva's oidc-provider sign in and out (O-1, O-6, O-7)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser

from tests.interop.conftest import PeerPorts
from tests.interop.oidc_company import Manner, OidcCompany, configure_companies
from tests.interop.oidc_provider_peer import OidcProvider, running_oidc_provider
from tests.interop.running_broker import RunningBroker
from tests.interop.visitor import Visitor

pytestmark = pytest.mark.interop

Companies = dict[str, OidcCompany]
HYBRID = {"response_types": ["code id_token"]}
BY_KEY = {"token_endpoint_auth_method": "private_key_jwt"}
MANNERS = {
    "by-basic": Manner(),
    "by-form": Manner(
        {"token_endpoint_auth_method": "client_secret_post"},
        ours={"client_authentication": "client_secret_post"},
    ),
    "public": Manner({"token_endpoint_auth_method": "none"}, ours={"client_authentication": "none"}),
    "hybrid": Manner(HYBRID, flow="hybrid"),
    "curve": Manner({"id_token_signed_response_alg": "ES256"}),
    "padded": Manner({"id_token_signed_response_alg": "PS256", **HYBRID}, flow="hybrid"),
    "hmac": Manner({"id_token_signed_response_alg": "HS256"}),
    "rotating": Manner(),
    "unpushed": Manner(ours={"pushed_requests": False}),
    "by-key": Manner(BY_KEY, ours={"client_authentication": "private_key_jwt"}),
    "by-key-hybrid": Manner(
        {**BY_KEY, **HYBRID}, flow="hybrid", ours={"client_authentication": "private_key_jwt"}
    ),
    "rolling": Manner(BY_KEY, ours={"client_authentication": "private_key_jwt"}),
    "leaving": Manner(),
    "left": Manner(HYBRID, flow="hybrid"),
    "elsewhere": Manner({"redirect_uris": ["https://elsewhere.example/callback"]}),
}
WITHOUT_SECRET = {"public", "by-key", "by-key-hybrid", "rolling"}
_ROLL_OVER = """
from audit.actors import configuration
from sso.models import IdentityProvider
from sso_oidc import client_keys
provider = IdentityProvider.objects.get(slug="rolling")
client_keys.{step}(provider=provider, actor=configuration("interop"))
print(client_keys.pairs_of(provider)["current"].fingerprint)
"""


@pytest.fixture(scope="module")
def client_secrets() -> dict[str, str]:
    return {slug: secrets.token_urlsafe(32) for slug in MANNERS if slug not in WITHOUT_SECRET}


@pytest.fixture(scope="module")
def oidc_provider(
    broker: RunningBroker,
    peer_ports: PeerPorts,
    client_secrets: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[OidcProvider]:
    folder = tmp_path_factory.mktemp("oidc-provider")
    with running_oidc_provider(
        peer_ports.oidc_provider, broker.url, MANNERS, client_secrets, folder
    ) as running:
        yield running


@pytest.fixture(scope="module")
def companies(
    broker: RunningBroker,
    oidc_provider: OidcProvider,
    client_secrets: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Companies:
    folder = tmp_path_factory.mktemp("oidc-companies")
    return configure_companies(broker, oidc_provider, MANNERS, client_secrets, folder)


@pytest.mark.parametrize(
    ("slug", "method"),
    [("by-basic", "client_secret_basic"), ("by-form", "client_secret_post"), ("public", "none")],
)
def test_code_flow_with_each_way_to_say_who_we_are(
    companies: Companies, oidc_provider: OidcProvider, slug: str, method: str
) -> None:
    """O-1: the provider demands PKCE of a public client and takes no other way than the registered one"""
    visitor = Visitor()
    companies[slug].assert_employee(visitor, companies[slug].sign_in(visitor))
    seen = oidc_provider.seen()
    assert (seen["authorizations"][-1], seen["tokens"][-1]) == ("code", method)


@pytest.mark.parametrize("slug", ["hybrid", "padded"])
def test_hybrid_flow_by_form(companies: Companies, oidc_provider: OidcProvider, slug: str) -> None:
    """O-1, O-6: the form that the browser posts brings an ID token with c_hash, the token endpoint another one"""
    visitor = Visitor()
    companies[slug].assert_employee(visitor, companies[slug].sign_in(visitor))
    [(address, fields)] = visitor.sent
    assert urlsplit(address).path == f"/sso/oidc/{slug}/callback"
    assert {"code", "id_token", "state"} <= set(fields)
    assert oidc_provider.seen()["authorizations"][-1] == "code id_token"


def test_tokens_signed_on_a_curve(companies: Companies) -> None:
    """O-6: ES256"""
    visitor = Visitor()
    companies["curve"].assert_employee(visitor, companies["curve"].sign_in(visitor))


def test_tokens_signed_with_the_client_secret_are_refused(companies: Companies) -> None:
    """O-6: never HMAC, though the provider offers it and the administrator there chose it"""
    visitor = Visitor()
    refused = companies["hmac"].sign_in(visitor)
    assert (refused.status, urlsplit(refused.url).path) == (400, "/sso/oidc/hmac/callback")
    assert not companies["hmac"].is_signed_in(visitor)


def test_coming_back_needs_no_second_word(companies: Companies, oidc_provider: OidcProvider) -> None:
    """L-12: another browser tab, hours later"""
    company, visitor = companies["by-basic"], Visitor()
    company.assert_employee(visitor, company.sign_in(visitor))
    company.assert_employee(visitor, visitor.open(company.start))


def test_new_keys_of_the_provider_are_noticed_at_once(
    companies: Companies, oidc_provider: OidcProvider
) -> None:
    """O-5: signed in with the old key, then with a new one that our cache has never seen"""
    company = companies["rotating"]
    before = Visitor()
    company.assert_employee(before, company.sign_in(before))
    assert oidc_provider.rotate() == "rsa-1"
    after = Visitor()
    company.assert_employee(after, company.sign_in(after))


def test_person_who_says_no_at_the_provider_reads_why(companies: Companies) -> None:
    """L-10, O-4: error=access_denied with a description that nobody sees"""
    company, visitor = companies["by-basic"], Visitor()
    asked = visitor.open(company.start)
    refused = visitor.open(f"{asked.url}/abort")
    assert (refused.status, urlsplit(refused.url).path) == (400, "/sso/oidc/by-basic/callback")
    assert "you have to consent" in refused.text
    assert "End-User aborted" not in refused.text
    assert not company.is_signed_in(visitor)


def test_the_provider_refuses_a_callback_that_is_not_registered(
    companies: Companies, oidc_provider: OidcProvider
) -> None:
    """O-2: so its yes in the other tests means that it compared ours; it says so to the pushed request"""
    refused = Visitor().open(companies["elsewhere"].start)
    assert (refused.status, urlsplit(refused.url).path) == (400, "/sso/oidc/elsewhere/login")
    assert "elsewhere" not in oidc_provider.seen()["pushed"]


def test_request_is_pushed_where_the_provider_offers_it(
    companies: Companies, oidc_provider: OidcProvider
) -> None:
    """O-1, RFC 9126: the address that the browser gets holds nothing but a name"""
    visitor = Visitor()
    answer = visitor.session.get(companies["by-basic"].start, allow_redirects=False, timeout=30)
    asked = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert set(asked) == {"client_id", "request_uri"}
    assert "by-basic" in oidc_provider.seen()["pushed"]


def test_request_is_in_the_address_where_it_is_not_pushed(
    companies: Companies, oidc_provider: OidcProvider
) -> None:
    """O-1, O-6"""
    company, visitor = companies["unpushed"], Visitor()
    answer = visitor.session.get(company.start, allow_redirects=False, timeout=30)
    asked = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert (asked["client_id"], asked["code_challenge_method"]) == (["unpushed"], ["S256"])
    assert len(asked["nonce"][0]) >= 32
    company.assert_employee(visitor, company.sign_in(visitor))
    assert "unpushed" not in oidc_provider.seen()["pushed"]


@pytest.mark.parametrize("slug", ["by-key", "by-key-hybrid"])
def test_our_own_key_is_all_that_the_provider_needs(
    companies: Companies, oidc_provider: OidcProvider, slug: str
) -> None:
    """O-1, O-3: it fetches our key set, and verifies an assertion for the request and one for the code"""
    visitor = Visitor()
    companies[slug].assert_employee(visitor, companies[slug].sign_in(visitor))
    assert oidc_provider.seen()["tokens"][-1] == "private_key_jwt"


def test_our_next_key_signs_in_as_the_one_before_did(companies: Companies, broker: RunningBroker) -> None:
    """O-1: published beside the present one before it signs, so that whoever keeps our key set knows it by then"""
    company = companies["rolling"]
    current = broker.shell(_ROLL_OVER.format(step="add_next_key"))
    before = Visitor()
    company.assert_employee(before, company.sign_in(before))
    assert broker.shell(_ROLL_OVER.format(step="roll_over")) != current
    after = Visitor()
    company.assert_employee(after, company.sign_in(after))


def test_signing_out_here_ends_the_session_there(companies: Companies, oidc_provider: OidcProvider) -> None:
    """O-7, L-12: with the ID token as a hint; the provider asks, and sends the person back"""
    company, visitor = companies["leaving"], Visitor()
    company.assert_employee(visitor, company.sign_in(visitor))
    asked = company.sign_out(visitor)
    assert urlsplit(asked.url).path == "/session/end"
    assert not company.is_signed_in(visitor)
    end = oidc_provider.say_yes(visitor, asked)
    assert (end.status, urlsplit(end.url).path) == (200, "/sso/oidc/leaving/logged-out"), end.text[:2000]
    assert "leaving was asked to end your session there too" in end.text
    again = visitor.open(company.start)
    assert urlsplit(again.url).hostname == "127.0.0.1"  # it asks who this is


@pytest.mark.parametrize("slug", ["leaving", "left"])
def test_signing_out_there_ends_the_session_here(
    companies: Companies, oidc_provider: OidcProvider, slug: str
) -> None:
    """O-7, L-12: the provider posts a logout token, which names one session of the person by its sid"""
    company = companies[slug]
    visitor, elsewhere = Visitor(), Visitor()
    for each in (visitor, elsewhere):
        company.assert_employee(each, company.sign_in(each))
    oidc_provider.sign_out_there(visitor)
    assert ["accepted", slug, company.employee] in oidc_provider.seen()["backchannel"]
    assert not company.is_signed_in(visitor)
    assert company.is_signed_in(elsewhere)  # another session of the same person, with a sid of its own


def test_form_that_chromium_carries_from_one_site_to_the_other(
    companies: Companies, chromium: Browser
) -> None:
    """O-1, design rule 7: the provider is on 127.0.0.1 and we are on localhost, so no Lax cookie comes with the form"""
    company = companies["hybrid"]
    context = chromium.new_context()
    page = context.new_page()
    posts = []
    page.on("request", lambda request: posts.append(request) if request.method == "POST" else None)
    page.goto(company.start)
    page.get_by_placeholder("Enter any login").fill(company.employee)
    page.get_by_placeholder("and password").fill("anything")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"{company.broker.url}/")
    [callback] = [each for each in posts if each.url == f"{company.broker.url}/sso/oidc/hybrid/callback"]
    assert "cookie" not in callback.all_headers()
    assert {"code", "id_token", "state"} <= set(callback.post_data_json)
    me = page.request.get(f"{company.broker.url}/api/me").json()
    assert (me["authenticated"], me["email"]) == (True, company.employee)
    context.close()
