"""A customer whose identity provider somebody else wrote: each side imports the other's metadata, people sign in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
import yaml

from tests.interop.running_broker import RunningBroker
from tests.interop.visitor import Page, Visitor

Attributes = Mapping[str, list[str]]


class IdentityProvider(Protocol):
    """What the tests need of one that they did not write."""

    url: str

    def metadata(self) -> bytes:
        """Its metadata, as an administrator downloads it."""

    def import_application(
        self, entity_id: str, metadata: str, people: Mapping[str, Attributes], signing: Mapping[str, object]
    ) -> None:
        """Let an administrator import an application's metadata and say how to sign for it."""

    def sign_in(self, visitor: Visitor, page: Page, person: str) -> Page:
        """Answer its question who this is; the browser goes on from there."""

    def has_session(self, visitor: Visitor, person: str) -> bool:
        """Tell whether it takes this browser for that person's."""


@dataclass(frozen=True, slots=True)
class SamlCompany:
    """An account with one SAML provider, and one employee whom nobody here has seen before."""

    broker: RunningBroker
    provider: IdentityProvider
    slug: str

    @property
    def entity_id(self) -> str:
        """The Redirect URL (S-1)."""
        return f"{self.broker.url}/sso/saml/{self.slug}/"

    @property
    def employee(self) -> str:
        return f"mia@{self.slug}.example"

    def sign_in(self, visitor: Visitor) -> Page:
        """Begin here, say who at the provider, and come to rest where that leads."""
        return self.provider.sign_in(visitor, visitor.open(self.entity_id), self.employee)

    def me(self, visitor: Visitor) -> dict[str, Any]:
        return visitor.json(f"{self.broker.url}/api/me")

    def is_signed_in(self, visitor: Visitor) -> bool:
        return bool(self.me(visitor)["authenticated"])

    def assert_employee(self, visitor: Visitor, page: Page) -> None:
        """The person, the group and the spaces that the provider named, and nobody else."""
        assert page.url == f"{self.broker.url}/", f"{page.url} {page.status}\n{page.text[:4000]}"
        me = self.me(visitor)
        assert (me["authenticated"], me["user_name"], me["email"]) == (True, self.employee, self.employee)
        assert (me["given_name"], me["family_name"], me["account"]["slug"]) == ("Mia", "Meyer", self.slug)
        assert [group["name"] for group in me["groups"]] == ["Engineers"]
        spaces = {space["name"]: [role["name"] for role in space["roles"]] for space in me["spaces"]}
        assert spaces == {"Trial": ["Space Developer"], "DevOps": ["Space Member"]}

    def sign_out(self, visitor: Visitor) -> Page:
        """Press "Sign out" on My access."""
        return visitor.fill(visitor.open(f"{self.broker.url}/"), action="/logout/")

    def assert_signed_out_everywhere(self, page: Page) -> None:
        """The page says that the provider confirmed it."""
        assert (page.status, urlsplit(page.url).path) == (200, f"/sso/saml/{self.slug}/logout"), page.text[
            :3000
        ]
        assert f"{self.slug} says that your session there has ended too." in page.text, page.text


@dataclass(frozen=True, slots=True)
class Manner:
    """How one company's two sides are set: ``signing`` in the provider's own words, ``saml`` beside its metadata."""

    signing: Mapping[str, object]
    saml: Mapping[str, object]


def companies_of(
    broker: RunningBroker, provider: IdentityProvider, manners: Mapping[str, Manner], folder: Path
) -> dict[str, SamlCompany]:
    """Set a company up for each manner, by its slug: one configuration file here, imported metadata there."""
    (folder / "idp.xml").write_bytes(provider.metadata())
    accounts = [
        _account(slug, {"metadata_file": "idp.xml", **manner.saml}) for slug, manner in manners.items()
    ]
    file = folder / "companies.yaml"
    file.write_text(yaml.safe_dump({"accounts": accounts}), encoding="utf-8")
    broker.configure(file)
    companies = {slug: SamlCompany(broker, provider, slug) for slug in manners}
    for slug, company in companies.items():
        ours = requests.get(f"{company.entity_id}metadata", timeout=30)
        assert ours.status_code == 200, ours.text[:1000]
        people = {company.employee: _person(company.employee)}
        provider.import_application(company.entity_id, ours.text, people, manners[slug].signing)
    return companies


def _person(address: str) -> Attributes:
    return {
        "mail": [address],
        "user_name": [address],
        "givenName": ["Mia"],
        "sn": ["Meyer"],
        "groups": ["eng-1", "unknown-1"],
        "space_name": ["Trial", "DevOps"],
        "space_role": ["Space Developer", "Space Member"],
    }


def _account(slug: str, saml: Mapping[str, object]) -> dict[str, object]:
    provider = {
        "slug": slug,
        "name": slug,
        "protocol": "saml",
        "vendor": "other",
        "enabled": True,
        "group_sync": True,
        "saml": saml,
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
