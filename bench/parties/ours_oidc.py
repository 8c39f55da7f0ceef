"""This server with one customer whose people sign in by OpenID Connect; otherwise run as in ``ours``."""

from __future__ import annotations

from pathlib import Path

from bench.openid_provider import CLIENT_ID, CLIENT_SECRET
from bench.parties.ours import Ours
from bench.places import WORK
from bench.saml_responses import GROUPS, SPACES

SLUG = "bench-oidc"
_GROUP = "      - {{name: Group {number}, idp_identifier: {identifier}}}\n"
_ACCOUNT = """\
accounts:
  - slug: bench0
    name: Bench
    email_domains: [bench.example]
    sso_module: true
    spaces: [{spaces}]
    space_roles: [Space Developer]
    groups:
{groups}    identity_providers:
      - slug: {slug}
        name: Bench
        protocol: oidc
        vendor: other
        enabled: true
        just_in_time: true
        group_sync: true
        oidc: {{issuer: "http://127.0.0.1:{port}", client_id: {client}, client_secret: {secret}, flow: code}}
"""


class OursOidc(Ours):
    """The provider listens on ``provider_port``."""

    login_path = f"/sso/oidc/{SLUG}/login"

    def __init__(self, database: str, provider_port: int, *, folder: Path = WORK / "ours_oidc") -> None:
        super().__init__(database, folder=folder)
        self._provider_port = provider_port

    def environment(self) -> dict[str, str]:
        """As ever; a proxy in front names the client, so that the limit per address sees the people apart."""
        return {
            **super().environment(),
            "BROKER_TRUSTED_PROXIES": "127.0.0.1",
            "BROKER_NETWORK_ALLOW_LIST": f"127.0.0.1:{self._provider_port}",
        }

    def configuration(self) -> str:
        """One account with three spaces and twenty groups."""
        groups = "".join(_GROUP.format(number=number, identifier=each) for number, each in enumerate(GROUPS))
        return _ACCOUNT.format(
            spaces=", ".join(SPACES),
            groups=groups,
            slug=SLUG,
            port=self._provider_port,
            client=CLIENT_ID,
            secret=CLIENT_SECRET,
        )
