"""panva's oidc-provider (npm) in a Node process of its own (``oidc_provider_idp/``)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from joserfc.jwk import ECKey, RSAKey

from bench.environments import Node
from tests.interop.oidc_company import PERSON, Manner
from tests.interop.running_broker import ROOT
from tests.interop.visitor import Page, Visitor
from tests.interop.waiting import server_process

_HERE = Path(__file__).with_name("oidc_provider_idp")
_NODE = ROOT / "var" / "interop" / "node"
_ENVIRONMENT = ROOT / "var" / "interop" / "oidc_provider"


class OidcProvider:
    """The running provider."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"

    def sign_in(self, visitor: Visitor, page: Page, person: str) -> Page:
        page = visitor.fill(page, login=person, password="anything")
        # It asks users of native clients each time whether they know what they do (RFC 8252 §8.6).
        return visitor.fill(page, action="/interaction/") if page.url.startswith(self.issuer) else page

    def seen(self) -> dict[str, Any]:
        """What it has been asked and told: response types, ways of authentication, pushed requests, logouts."""
        found: dict[str, Any] = requests.get(f"{self.issuer}/operator/seen", timeout=10).json()
        return found

    def rotate(self) -> str:
        """Sign with the next key from now on; return its name."""
        return requests.post(f"{self.issuer}/operator/rotate", timeout=10).text

    def say_yes(self, visitor: Visitor, page: Page) -> Page:
        """Agree to sign out."""
        return visitor.fill(page, action="/session/end/confirm", logout="yes")

    def sign_out_there(self, visitor: Visitor) -> Page:
        """Sign out at the provider, which tells every application."""
        return self.say_yes(visitor, visitor.open(f"{self.issuer}/session/end"))


def client_of(broker_url: str, slug: str, manner: Manner, secret: str) -> dict[str, object]:
    """The registration of one company's product. Web clients of the hybrid flow must have https there; these don't."""
    ours = f"{broker_url}/sso/oidc/{slug}"
    hybrid = "code id_token" in str(manner.registered.get("response_types", ""))
    return {
        "client_id": slug,
        "application_type": "native" if hybrid else "web",
        "redirect_uris": [f"{ours}/callback"],
        "post_logout_redirect_uris": [f"{ours}/logged-out"],
        "backchannel_logout_uri": f"{ours}/backchannel-logout",
        "backchannel_logout_session_required": True,
        "grant_types": ["authorization_code", *(["implicit"] if hybrid else [])],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "jwks_uri": f"{broker_url}/.well-known/jwks.json",
        **({"client_secret": secret} if secret else {}),
        **manner.registered,
    }


@contextmanager
def running_oidc_provider(
    port: int, broker_url: str, manners: Mapping[str, Manner], client_secrets: Mapping[str, str], folder: Path
) -> Iterator[OidcProvider]:
    """Install it once, run it until the block ends."""
    node = Node.in_environment(_NODE, requirements=_HERE / "node.txt")
    home = node.install(_ENVIRONMENT, source=_HERE)
    keys = [RSAKey.generate_key(2048, {"kid": f"rsa-{number}", "use": "sig"}) for number in range(3)]
    keys_and_curve = [*keys, ECKey.generate_key("P-256", {"kid": "ec-0", "use": "sig"})]
    configuration = {
        "port": port,
        "clients": [
            client_of(broker_url, slug, manner, client_secrets.get(slug, ""))
            for slug, manner in manners.items()
        ],
        "people": {f"mia@{slug}.example": {"email": f"mia@{slug}.example", **PERSON} for slug in manners},
        "keys": [key.as_dict(private=True) for key in keys_and_curve],
        "cookieKey": secrets.token_hex(16),
    }
    file = folder / "configuration.json"
    file.write_text(json.dumps(configuration), encoding="utf-8")
    provider = OidcProvider(port)
    url = f"{provider.issuer}/.well-known/openid-configuration"
    command = [str(node.program), str(home / "server.mjs"), str(file)]
    with server_process(command, url, folder / "oidc-provider.log", environment={"NODE_ENV": "production"}):
        yield provider
