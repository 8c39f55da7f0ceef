"""What a provider publishes: discovery that lies, key sets that are too much or nothing, rotation (O-5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from joserfc.jwk import ECKey

from foundation.http import OutboundCode as H
from sso_oidc.errors import OidcCode as C
from tests.foundation.local_server import answer
from tests.sso_oidc.corpus.case import ANSWERS, Case, Hook, Variant, Way, nothing
from tests.sso_oidc.corpus.direct_answers import (
    GONE,
    PAGE,
    At,
    cut_off,
    endless_chunks,
    no_http,
    nothing_was_collected,
    redirecting,
)
from tests.sso_oidc.corpus.id_token_signature import WEAK
from tests.sso_oidc.corpus.provider import Token
from tests.sso_oidc.corpus.scene import Delivery, Scene, new_browser
from tests.sso_oidc.misbehaving_provider import OTHER_RSA, RSA, public

WELL_KNOWN = "/.well-known/openid-configuration"
CURVE = ECKey.generate_key("P-256").as_dict(private=False)


@dataclass(frozen=True)
class Published:
    """The discovery document, changed."""

    changes: Mapping[str, Any]

    def __call__(self, scene: Scene) -> None:
        document = {**scene.provider.document, **self.changes}
        scene.provider.document = {name: value for name, value in document.items() if value is not ...}


def publishing(**changes: Any) -> Published:
    """The discovery document, changed."""
    return Published(changes)


@dataclass(frozen=True)
class Keys:
    """The key set."""

    document: Mapping[str, Any]

    def __call__(self, scene: Scene) -> None:
        scene.provider.jwks = dict(self.document)


def many(count: int) -> list[dict[str, Any]]:
    """So many keys, the right one last."""
    others = [{**CURVE, "kid": f"ec-{number}"} for number in range(count - 1)]
    return [*others, *public(RSA)["keys"]]


def issuer_with_slash(scene: Scene) -> None:
    publishing(issuer=f"{scene.provider.issuer}/")(scene)


def another_issuer(scene: Scene) -> None:
    publishing(issuer=scene.evil.issuer)(scene)


def own_parameter(scene: Scene) -> None:
    publishing(authorization_endpoint=f"{scene.provider.issuer}/authorize?state=mine")(scene)


def own_query(scene: Scene) -> None:
    publishing(authorization_endpoint=f"{scene.provider.issuer}/authorize?policy=b2c")(scene)


def user_info_in_url(scene: Scene) -> None:
    port = scene.provider.server.port
    publishing(token_endpoint=f"http://user:password@127.0.0.1:{port}/token")(scene)


def turning_evil(scene: Scene) -> None:
    """Between leaving and coming home the document starts to speak for somebody else."""

    def change(scene: Scene, delivery: Delivery) -> Delivery:
        cache.clear()
        another_issuer(scene)
        return delivery

    scene.on_answer = change


def rotating(scene: Scene) -> None:
    """Between leaving and coming home the provider takes a new key; the old ones are in our cache by then."""
    _know_keys(scene)

    def rotate(scene: Scene, delivery: Delivery) -> Delivery:
        scene.provider.jwks = public(OTHER_RSA)
        scene.provider.key = OTHER_RSA
        if delivery.grant.hybrid:
            return delivery.but(id_token=scene.provider.id_token(Token.FRONT, delivery.grant))
        return delivery

    scene.on_answer = rotate


def rotating_unpublished(scene: Scene) -> None:
    """A new key that the provider forgets to publish."""
    _know_keys(scene)
    scene.provider.key = OTHER_RSA


def rotating_twice(scene: Scene) -> None:
    """A second unknown key within the minute."""
    _know_keys(scene)
    _refresh_once(scene)
    scene.provider.jwks = public(OTHER_RSA)
    scene.provider.key = OTHER_RSA


def _know_keys(scene: Scene) -> None:
    browser = new_browser()
    _, delivery = scene.leave(browser)
    assert delivery is not None
    scene.deliver(delivery)
    assert browser.get("/api/me").status_code == 200
    scene.provider.server.requests.clear()


def _refresh_once(scene: Scene) -> None:
    scene.provider.key = OTHER_RSA
    _, delivery = scene.leave(new_browser())
    assert delivery is not None
    scene.deliver(delivery)
    assert scene.provider.count("/keys") == 1


def asked_once(scene: Scene) -> None:
    """The keys were fetched anew once."""
    assert scene.provider.count("/keys") == 1


def _case(name: str, code: str, spoil: Hook, twin: Hook = nothing, **more: Any) -> Case:
    return Case(name, "O-5", code, spoil, twin, ways=ANSWERS, **more)


def _document(name: str, twin: Hook = nothing, **changes: Any) -> Case:
    return _case(f"discovery: {name}", C.DISCOVERY, publishing(**changes), twin)


DISCOVERY = (
    _case("discovery: issuer with a slash more", C.DISCOVERY, issuer_with_slash),
    _case("discovery: another issuer", C.DISCOVERY, another_issuer),
    _document("no issuer", issuer=GONE),
    _document("no authorization endpoint", authorization_endpoint=GONE),
    _document("no token endpoint", token_endpoint=GONE),
    _document("no keys", jwks_uri=GONE),
    _document("token endpoint without TLS", token_endpoint="http://idp.example/token"),
    _document("token endpoint in our network", token_endpoint="https://10.0.0.1/token"),
    _document("token endpoint on this machine", token_endpoint="https://127.0.0.1:5432/token"),
    _document("keys at the cloud's metadata service", jwks_uri="http://169.254.169.254/latest/meta-data"),
    _document("keys in a file", jwks_uri="file:///etc/passwd"),
    _document("userinfo by another scheme", userinfo_endpoint="gopher://idp.example/"),
    _document("authorization endpoint that is a script", authorization_endpoint="javascript:alert(1)"),
    _document("token endpoint that is a list", token_endpoint=["https://idp.example/token"]),
    _case("discovery: credentials in an address", C.DISCOVERY, user_info_in_url),
    _case("discovery: our parameters in its address", C.DISCOVERY, own_parameter, own_query),
    _document("algorithms none and HMAC only", id_token_signing_alg_values_supported=["none", "HS256"]),
    _document("algorithms that are a text", id_token_signing_alg_values_supported="RS256"),
    _document(
        "a flag that is a text",
        publishing(authorization_response_iss_parameter_supported=False),
        authorization_response_iss_parameter_supported="false",
    ),
    _case("discovery: a page", H.NOT_JSON, At(WELL_KNOWN, PAGE), down=True),
    _case("discovery: gone", H.STATUS, At(WELL_KNOWN, answer(b"", status=404)), down=True),
    _case("discovery: 500", H.STATUS, At(WELL_KNOWN, answer(b"", status=500)), down=True),
    _case(
        "discovery: redirect", H.REDIRECT, redirecting(WELL_KNOWN, 302), down=True, look=nothing_was_collected
    ),
    _case("discovery: 2 MB", H.TOO_LARGE, At(WELL_KNOWN, answer(b" " * 2_000_000)), down=True),
    _case("discovery: cut off", H.CONNECTION, At(WELL_KNOWN, cut_off), down=True),
    _case("discovery: another protocol", H.CONNECTION, At(WELL_KNOWN, no_http), down=True),
    _case("discovery that turns to another issuer meanwhile", C.DISCOVERY, turning_evil),
)
KEY_SETS = (
    _case("101 keys", C.KEYS, Keys({"keys": many(101)}), Keys({"keys": many(100)})),
    _case(
        "key set above 256 KB",
        H.TOO_LARGE,
        Keys({**public(RSA), "x": "x" * 300_000}),
        Keys({**public(RSA), "x": "x" * 200_000}),
        down=True,
    ),
    _case("endless key set", H.TOO_LARGE, At("/keys", endless_chunks), down=True),
    _case("no key", C.KEYS, Keys({"keys": []})),
    _case("keys that are no list", C.KEYS, Keys({"keys": {"rsa-1": 1}})),
    _case("no list of keys", C.KEYS, Keys({})),
    _case("symmetric key only", C.KEYS, Keys({"keys": [{"kty": "oct", "k": "AAAA", "kid": "rsa-1"}]})),
    _case("weak key only", C.KEYS, Keys(public(WEAK))),
    _case("keys of unknown types only", C.KEYS, Keys({"keys": [{"kty": "new"}, 1, None, {}]})),
    _case("key set: a page", H.NOT_JSON, At("/keys", PAGE), down=True),
    _case("key set: gone", H.STATUS, At("/keys", answer(b"", status=404)), down=True),
    _case("key set: redirect", H.REDIRECT, redirecting("/keys", 307), down=True, look=nothing_was_collected),
    _case("key set: a name twice", H.NOT_JSON, At("/keys", answer(b'{"keys":[],"keys":[]}')), down=True),
    _case("new key that was not published", C.UNKNOWN_KEY, rotating_unpublished, rotating, look=asked_once),
    _case("second new key within a minute", C.UNKNOWN_KEY, rotating_twice, look=asked_once),
)
CASES = (*DISCOVERY, *KEY_SETS)
VARIANTS = (
    Variant("new key between leaving and coming home", "O-5", rotating, ways=ANSWERS, look=asked_once),
    Variant(
        "keys of unknown types beside the right one",
        "O-5",
        Keys({"keys": [{"kty": "new", "kid": "rsa-1"}, 1, None, {}, *public(RSA)["keys"]]}),
        ways=ANSWERS,
    ),
    Variant("authorization endpoint with a query of its own", "O-5", own_query, ways=(Way.CODE,)),
    Variant("no userinfo endpoint", "O-5", publishing(userinfo_endpoint=GONE), ways=ANSWERS),
)
