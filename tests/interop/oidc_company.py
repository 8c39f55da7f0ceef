"""A customer whose OpenID provider somebody else wrote: registered there, configured here, people sign in and out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import yaml

from tests.interop.running_broker import RunningBroker
from tests.interop.visitor import Page, Visitor


class OpenIdProvider(Protocol):
    """What the tests need of one that they did not write."""

    issuer: str

    def sign_in(self, visitor: Visitor, page: Page, person: str) -> Page:
        """Answer its question who this is; the browser goes on from there."""


@dataclass(frozen=True, slots=True)
class OidcCompany:
    """An account with one OpenID provider, and employees whom nobody here has seen before."""

    broker: RunningBroker
    provider: OpenIdProvider
    slug: str

    @property
    def start(self) -> str:
        """What "Sign in with …" leads to."""
        return f"{self.broker.url}/sso/oidc/{self.slug}/login"

    @property
    def employee(self) -> str:
        return f"mia@{self.slug}.example"

    def sign_in(self, visitor: Visitor) -> Page:
        """Begin here, say who at the provider, and come to rest where that leads."""
        page = visitor.open(self.start)
        if urlsplit(page.url).hostname == urlsplit(self.broker.url).hostname:
            return page  # the provider knows this browser
        return self.provider.sign_in(visitor, page, self.employee)

    def me(self, visitor: Visitor) -> dict[str, Any]:
        return visitor.json(f"{self.broker.url}/api/me")

    def is_signed_in(self, visitor: Visitor) -> bool:
        return bool(self.me(visitor)["authenticated"])

    def assert_employee(self, visitor: Visitor, page: Page) -> None:
        """The person, the group and the spaces that the provider named, and nobody else."""
        assert page.url == f"{self.broker.url}/", f"{page.url} {page.status}\n{page.text[:4000]}"
        me = self.me(visitor)
        assert (me["authenticated"], me["email"]) == (True, self.employee)
        assert (me["given_name"], me["family_name"], me["account"]["slug"]) == ("Mia", "Meyer", self.slug)
        assert [group["name"] for group in me["groups"]] == ["Engineers"]
        spaces = {space["name"]: [role["name"] for role in space["roles"]] for space in me["spaces"]}
        assert spaces == {"Trial": ["Space Developer"], "DevOps": ["Space Member"]}

    def sign_out(self, visitor: Visitor) -> Page:
        """Press "Sign out" on My access."""
        return visitor.fill(visitor.open(f"{self.broker.url}/"), action="/logout/")


@dataclass(frozen=True, slots=True)
class Manner:
    """How one company's two sides are set: what the client is registered with there, and ours: the flow, and more keys
    of the configuration file."""

    registered: Mapping[str, object] = field(default_factory=dict)
    flow: str = "code"
    ours: Mapping[str, object] = field(default_factory=dict)


PERSON: Mapping[str, object] = {
    "given_name": "Mia",
    "family_name": "Meyer",
    "email_verified": True,
    "groups": ["eng-1", "unknown-1"],
    "space_name": ["Trial", "DevOps"],
    "space_role": ["Space Developer", "Space Member"],
}


def configure_companies(
    broker: RunningBroker,
    provider: OpenIdProvider,
    manners: Mapping[str, Manner],
    secrets: Mapping[str, str],
    folder: Path,
) -> dict[str, OidcCompany]:
    """Set our side of each company up, by its slug, with one configuration file; ``secrets`` are the clients'."""
    accounts = [
        _account(
            slug,
            {
                "issuer": provider.issuer,
                "client_id": slug,
                "flow": manner.flow,
                **_secret(secrets, slug),
                **manner.ours,
            },
        )
        for slug, manner in manners.items()
    ]
    file = folder / "companies.yaml"
    file.write_text(yaml.safe_dump({"accounts": accounts}), encoding="utf-8")
    broker.configure(file)
    return {slug: OidcCompany(broker, provider, slug) for slug in manners}


def _secret(secrets: Mapping[str, str], slug: str) -> dict[str, str]:
    return {"client_secret": secrets[slug]} if slug in secrets else {}


def _account(slug: str, oidc: Mapping[str, object]) -> dict[str, object]:
    provider = {
        "slug": slug,
        "name": slug,
        "protocol": "oidc",
        "vendor": "other",
        "enabled": True,
        "just_in_time": True,
        "group_sync": True,
        "oidc": oidc,
    }
    return {
        "slug": slug,
        "name": slug,
        "email_domains": [f"{slug}.example"],
        "sso_module": True,
        "spaces": ["Trial", "DevOps"],
        "space_roles": ["Space Developer"],
        "groups": [{"name": "Engineers", "idp_identifier": "eng-1"}],
        "identity_providers": [provider],
    }
