"""This server with one customer whose people sign in by SAML; otherwise run as in ``ours``."""

from __future__ import annotations

from pathlib import Path

from bench.parties.ours import Ours
from bench.places import WORK
from bench.saml_responses import ENTITY_ID, GROUPS, SIGN_ON_URL, SPACES, Provider

SLUG = "bench-saml"
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
        protocol: saml
        vendor: other
        enabled: true
        just_in_time: true
        group_sync: true
        saml:
          idp_entity_id: {entity_id}
          sso_url: {sign_on_url}
          certificates: ["{certificate}"]
"""


class OursSaml(Ours):
    """``provider`` is the customer's identity provider."""

    def __init__(self, database: str, *, folder: Path = WORK / "ours_saml") -> None:
        super().__init__(database, folder=folder)
        self.provider = Provider()

    @property
    def path(self) -> str:
        """The Redirect URL's path."""
        return f"/sso/saml/{SLUG}/"

    def environment(self) -> dict[str, str]:
        """As ever; a proxy in front names the client, so that the limit per address sees the people apart."""
        return {**super().environment(), "BROKER_TRUSTED_PROXIES": "127.0.0.1"}

    def configuration(self) -> str:
        """One account with three spaces and twenty groups."""
        groups = "".join(_GROUP.format(number=number, identifier=each) for number, each in enumerate(GROUPS))
        return _ACCOUNT.format(
            spaces=", ".join(SPACES),
            groups=groups,
            slug=SLUG,
            entity_id=ENTITY_ID,
            sign_on_url=SIGN_ON_URL,
            certificate=self.provider.certificate,
        )
