"""django-oauth-toolkit as an OpenID provider: a Django project of its own (``oauth_toolkit_idp/``) behind gunicorn.

The product has the same library for its SCIM tokens, so its environment serves; nothing else is shared.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.interop.oidc_company import PERSON, Manner
from tests.interop.visitor import Page, Visitor
from tests.interop.waiting import server_process

_PROJECT = Path(__file__).with_name("oauth_toolkit_idp")
_PASSWORD = "of-everybody-at-this-company"


class OauthToolkit:
    """The running provider."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.issuer = f"{self.url}/o"

    def sign_in(self, visitor: Visitor, page: Page, person: str) -> Page:
        return visitor.fill(page, username=person, password=_PASSWORD)


@contextmanager
def running_oauth_toolkit(
    port: int, broker_url: str, manners: Mapping[str, Manner], client_secrets: Mapping[str, str], folder: Path
) -> Iterator[OauthToolkit]:
    """Run it until the block ends."""
    provider = OauthToolkit(port)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    (folder / "idp.key").write_bytes(pem)
    stock = {
        "password": _PASSWORD,
        "people": [f"mia@{slug}.example" for slug in manners],
        "clients": [
            _client(broker_url, slug, manner, client_secrets.get(slug, ""))
            for slug, manner in manners.items()
        ],
    }
    (folder / "stock.json").write_text(json.dumps(stock), encoding="utf-8")
    environment = {
        "DJANGO_SETTINGS_MODULE": "company.settings",
        "PYTHONPATH": str(_PROJECT),
        "IDP_FOLDER": str(folder),
        "IDP_URL": provider.url,
        "IDP_SECRET": secrets.token_urlsafe(32),
        "IDP_PERSON": json.dumps(dict(PERSON)),
    }
    done = subprocess.run(
        [sys.executable, str(_PROJECT / "fill.py"), str(folder / "stock.json")],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    command = [sys.executable, "-m", "gunicorn", "company.wsgi", "--bind", f"127.0.0.1:{port}"]
    command += ["--threads", "4", "--no-control-socket"]
    url = f"{provider.issuer}/.well-known/openid-configuration"
    with server_process(command, url, folder / "oauth-toolkit.log", environment=environment):
        yield provider


def _client(broker_url: str, slug: str, manner: Manner, secret: str) -> dict[str, object]:
    ours = f"{broker_url}/sso/oidc/{slug}"
    return {
        "name": slug,
        "client_id": slug,
        "client_secret": secret,
        "client_type": "confidential" if secret else "public",
        "authorization_grant_type": "authorization-code",
        "redirect_uris": f"{ours}/callback",
        "post_logout_redirect_uris": f"{ours}/logged-out",
        "algorithm": "RS256",
        "skip_authorization": True,
        **manner.registered,
    }
