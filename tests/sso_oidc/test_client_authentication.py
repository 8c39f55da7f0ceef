"""How the product proves to a provider who it is, in a whole sign-in (O-1, O-3; RFC 7523, Core §9)."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from sso import providers
from sso.models import Vendor
from sso_oidc import client_keys
from sso_oidc.models import ClientKeyPair
from tests.foundation.local_server import answer
from tests.sso_oidc.openid_world import (
    JWKS,
    OPERATOR,
    PAR,
    ClientCheckingProvider,
    OpenIdWorld,
    last_code,
    last_detail,
)

FLOWS = pytest.mark.parametrize("flow", ["code", "hybrid"])


def keyed(idp: ClientCheckingProvider, vendor: Vendor = Vendor.OTHER, **values: object) -> OpenIdWorld:
    """A world in which the provider's administrator lets it read our keys."""
    idp.method = "private_key_jwt"
    world = OpenIdWorld(
        idp, vendor, {"client_authentication": "private_key_jwt", "client_secret": "", **values}
    )
    idp.known_keys = world.browser.get(JWKS).json()
    return world


@FLOWS
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_secret_travels_as_the_provider_is_said_to_want_it(
    idp: ClientCheckingProvider, method: str, flow: str
) -> None:
    # O-1: chosen, whatever the provider announces
    idp.method = method
    world = OpenIdWorld(idp, values={"client_authentication": method, "flow": flow})
    world.sign_in()
    assert world.is_in


def test_secret_goes_where_the_provider_announces_when_nothing_is_chosen(idp: ClientCheckingProvider) -> None:
    # O-1
    idp.document["token_endpoint_auth_methods_supported"] = ["private_key_jwt", "client_secret_post"]
    idp.method = "client_secret_post"
    world = OpenIdWorld(idp)
    world.sign_in()
    assert world.is_in


def test_public_client_sends_its_name_and_nothing_else(idp: ClientCheckingProvider) -> None:
    # O-1: PKCE alone; a secret that is still stored stays at home
    idp.method = "none"
    world = OpenIdWorld(idp, values={"client_authentication": "none"})
    world.sign_in()
    assert world.is_in
    seen = next(request for request in idp.server.requests if request.path == "/token")
    assert set(seen.form) == {"grant_type", "client_id", "code", "redirect_uri", "code_verifier"}
    assert "authorization" not in seen.headers


def test_wrong_secret_is_refused_as_the_provider_says(idp: ClientCheckingProvider) -> None:
    world = OpenIdWorld(idp)
    world.save(client_secret="wrong")
    assert world.sign_in().status_code == 400
    assert not world.is_in
    assert "invalid_client" in last_detail()


def test_provider_with_a_secret_chosen_and_none_entered_is_not_ready(idp: ClientCheckingProvider) -> None:
    # S-3
    world = OpenIdWorld(idp)
    world.save(client_secret="", client_authentication="client_secret_post")
    assert providers.problems_of(world.provider) == ["the client secret is missing"]
    assert world.sign_in().status_code == 400
    assert last_code() == "oidc.client_authentication"


# --- private_key_jwt --------------------------------------------------------------------------------------------------


@FLOWS
def test_key_of_our_own_takes_the_place_of_a_secret(idp: ClientCheckingProvider, flow: str) -> None:
    # O-1; RFC 10070: the issuer alone is the audience
    world = keyed(idp, flow=flow)
    world.sign_in()
    assert world.is_in
    [claims] = idp.assertions
    assert claims["aud"] == idp.issuer
    assert idp.headers[0]["alg"] == "RS256"
    form = next(request.form for request in idp.server.requests if request.path == "/token")
    assert "client_secret" not in form


def test_every_assertion_is_made_anew(idp: ClientCheckingProvider) -> None:
    # RFC 7523 §3: jti; the provider here refuses one that it has seen
    world = keyed(idp)
    world.sign_in()
    world.sign_in()
    assert len({claims["jti"] for claims in idp.assertions}) == 2


def test_server_that_knows_only_its_endpoint_as_audience_is_asked_again(idp: ClientCheckingProvider) -> None:
    # Core §9: "SHOULD be the URL of the Authorization Server's Token Endpoint"
    world = keyed(idp)
    idp.audiences = {"endpoint"}
    world.sign_in()
    assert world.is_in
    assert idp.assertions[0]["aud"] == idp.server.url("/token")
    assert idp.count("/token") == 2


def test_okta_is_addressed_by_the_endpoint_at_once(idp: ClientCheckingProvider) -> None:
    # Okta: "the audience claim for client_assertion must be the endpoint invoked for the request"
    idp.audiences = {"endpoint"}
    idp.offer_pushed_requests()
    world = keyed(idp, Vendor.OKTA)
    world.sign_in()
    assert world.is_in
    assert [claims["aud"] for claims in idp.assertions] == [idp.server.url(PAR), idp.server.url("/token")]
    assert idp.count("/token") == 1


def test_entra_finds_our_key_by_the_certificate_that_was_uploaded(idp: ClientCheckingProvider) -> None:
    # O-3; Microsoft: PS256, x5t#S256, audience the token endpoint
    idp.audiences, idp.algorithms = {"endpoint"}, {"PS256"}
    world = keyed(idp, Vendor.ENTRA, flow="hybrid")
    download = world.browser.get("/sso/oidc/acme/certificate")
    assert download["Content-Disposition"].startswith('attachment; filename="acme-')
    idp.known_certificate = download.content.decode()
    world.sign_in()
    assert world.is_in
    assert set(idp.headers[0]) == {"alg", "typ", "x5t#S256"}
    assert idp.count("/token") == 1


def test_entra_hybrid_without_credential_signs_in_from_the_front_channel(idp: ClientCheckingProvider) -> None:
    # O-3: the third way redeems nothing
    world = OpenIdWorld(idp, Vendor.ENTRA, {"flow": "hybrid", "client_secret": ""})
    world.sign_in()
    assert world.is_in
    assert idp.count("/token") == 0


@pytest.mark.parametrize(
    ("announced", "used"),
    [(None, "RS256"), (["PS256", "RS256"], "RS256"), (["ES256", "PS256"], "PS256"), (["ES256"], None)],
)
def test_assertion_is_signed_as_the_provider_announces(
    idp: ClientCheckingProvider, announced: list[str] | None, used: str | None
) -> None:
    # Discovery §3: token_endpoint_auth_signing_alg_values_supported
    if announced:
        idp.document["token_endpoint_auth_signing_alg_values_supported"] = announced
    world = keyed(idp)
    world.sign_in()
    assert world.is_in == (used is not None)
    assert [header["alg"] for header in idp.headers] == ([used] if used else [])
    if used is None:
        assert last_code() == "oidc.client_authentication"


def test_provider_that_does_not_know_our_key_is_not_given_anything_else(idp: ClientCheckingProvider) -> None:
    world = keyed(idp)
    idp.known_keys = {"keys": []}
    world.save(client_secret="a-secret")
    assert world.sign_in().status_code == 400
    assert not world.is_in
    assert all("a-secret" not in str(request) for request in idp.server.requests)


def test_secret_or_key_never_follows_a_redirect(idp: ClientCheckingProvider) -> None:
    # O-5
    world = keyed(idp)
    idp.server.routes["/token"] = answer(b"", status=307, headers={"Location": idp.server.url("/elsewhere")})
    assert world.sign_in().status_code == 400
    assert idp.count("/elsewhere") == 0


# --- rollover ---------------------------------------------------------------------------------------------------------


def test_rollover_leaves_nobody_outside(idp: ClientCheckingProvider) -> None:
    # O-1: the provider may be slow to read our keys again
    world = keyed(idp)
    client_keys.add_next_key(provider=world.provider, actor=OPERATOR)
    world.sign_in()
    assert world.is_in
    before = idp.known_keys
    idp.known_keys = world.browser.get(JWKS).json()
    assert idp.known_keys["keys"][0] == before["keys"][0]
    assert len(idp.known_keys["keys"]) == 2
    client_keys.roll_over(provider=world.provider, actor=OPERATOR)
    world.sign_in()
    assert len(idp.assertions) == 2
    assert idp.headers[1]["kid"] == idp.known_keys["keys"][1]["kid"] != idp.headers[0]["kid"]
    assert len(world.browser.get(JWKS).json()["keys"]) == 2  # previous is kept
    assert client_keys.drop_previous(provider=world.provider, actor=OPERATOR)
    assert [key["kid"] for key in world.browser.get(JWKS).json()["keys"]] == [idp.headers[1]["kid"]]
    actions = AuditEvent.objects.filter(action__startswith="provider.client_key")
    assert sorted(actions.values_list("action", flat=True)) == [
        "provider.client_key_added",
        "provider.client_key_added",
        "provider.client_key_dropped",
        "provider.client_key_rolled_over",
    ]


@pytest.mark.parametrize("change", ["issuer", "client_id"])
def test_another_target_clears_secret_and_keys(idp: ClientCheckingProvider, change: str) -> None:
    # V-23
    world = keyed(idp)
    world.save(client_secret="a-secret")
    client_keys.add_next_key(provider=world.provider, actor=OPERATOR)
    before = set(ClientKeyPair.objects.values_list("fingerprint", flat=True))
    assert len(before) == 2
    changed = world.save(**{change: f"{idp.issuer}/other"})
    assert {change, "client_secret", "client_key"} <= changed
    after = set(ClientKeyPair.objects.values_list("fingerprint", flat=True))
    assert len(after) == 1  # a new one, since this way is still the chosen one
    assert not after & before
    event = AuditEvent.objects.filter(action="provider.updated").latest("created_at")
    assert event.changes["client_key"][1] == "cleared"
    assert "PRIVATE" not in str(event.changes)


def test_key_made_before_the_client_id_was_known_stays(idp: ClientCheckingProvider) -> None:
    # V-23, O-3: Entra shows the client id only after the application exists, and wants the certificate uploaded there
    world = keyed(idp)
    world.save(client_id="", issuer="")
    [before] = ClientKeyPair.objects.all()
    world.save(issuer=idp.issuer, client_id="another")
    assert ClientKeyPair.objects.get() == before


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"client_authentication": "tls_client_auth"}, "client_authentication is one of"),
        ({"max_age_seconds": -1}, "max_age_seconds"),
        ({"max_age_seconds": True}, "max_age_seconds"),
        ({"acr_values": "gold sil\u00fcber"}, "acr_values"),
        ({"acr_values": "x" * 301}, "300"),
    ],
)
def test_settings_that_mean_nothing_are_refused(
    idp: ClientCheckingProvider, values: dict[str, object], message: str
) -> None:
    world = OpenIdWorld(idp)
    with pytest.raises(providers.ProviderInvalid, match=message):
        world.save(**values)
