"""A company of one test's own: what happens to its policy or its mapping roles changes nothing for any other test."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from secrets import token_hex

import yaml

from simulator.config import Directory, Person, SamlSettings, ServiceProvider, SimulatorConfig, Vendor
from simulator.saml_metadata import metadata_xml
from simulator.server import RunningSimulator, serve_in_thread
from tests.e2e.administrator import Administrator, sign_in_as_admin
from tests.e2e.running_product import RunningProduct
from tests.e2e.visitor import Visitor

PASSWORD = "a-difference-of-engines-1842"


@dataclass
class OwnCompany:
    """An account with one SAML provider; Vera is its SSO account admin, Paul an employee, both with a password.

    Vera and Nina are in its directory, where the mapping roles "admins" and "sales" are sent for them.
    """

    slug: str
    directory: RunningSimulator
    product: RunningProduct
    host: str = ""  # of its own, below localhost, which browsers resolve themselves

    @property
    def start(self) -> str:
        """Where a sign-in through the provider begins."""
        return f"/sso/saml/{self.slug}-saml/"

    def address(self, name: str) -> str:
        """The e-mail address, and user name, of ``vera``, ``paul`` or ``nina``."""
        return f"{name}@{self.slug}.example"

    def sign_in(self, visitor: Visitor, name: str, *, start: str = "", silent: bool = False) -> None:
        """Come through the provider as ``name``, from ``start``; ``silent``: without a role_mapping claim."""
        visitor.open(start or self.start)
        self.answer(visitor, name, silent=silent)

    def answer(self, visitor: Visitor, name: str, *, silent: bool = False) -> None:
        """At the provider's page: be ``name`` and go on."""
        page = visitor.page
        page.wait_for_url(f"{self.directory.url}/**")
        page.locator("#person").select_option(label=f"{name.title()} ({self.address(name)})")
        visitor.follow(page.locator("#load"))
        page.locator("#leave_out_role_mapping").set_checked(silent)
        page.click("#continue")
        page.wait_for_url(re.compile(r"^http://([a-z0-9]+\.)?localhost:"))

    def admin(self, visitor: Visitor) -> Administrator:
        """Vera, signed in with her password."""
        return sign_in_as_admin(visitor, self.slug, (self.address("vera"), PASSWORD))

    def open_account(self, admin: Administrator) -> None:
        """Go to the account's own page of the administration."""
        admin.open("accounts/account/")
        admin.visitor.follow(admin.visitor.page.locator("#result_list a[href*='/change/']").first)


@contextmanager
def own_company(
    product: RunningProduct, *, with_host: bool = False, policy: str = "optional"
) -> Iterator[OwnCompany]:
    """Make the company and its directory, a simulator of the test's own."""
    slug = f"umbra{token_hex(3)}"
    host = f"{slug}.localhost" if with_host else ""
    home = product.url.replace("localhost", host) if host else product.url
    acs = f"{home}/sso/saml/{slug}-saml/"
    saml = SamlSettings(service_providers=(ServiceProvider(acs, (acs,), slo_url=f"{acs}logout"),))
    people = tuple(_person(slug, name, role) for name, role in (("vera", "admins"), ("nina", "sales")))
    directory = Directory(slug=slug, vendor=Vendor.OKTA, tenant_id=slug, people=people, saml=saml)
    with serve_in_thread(SimulatorConfig((directory,))) as running:
        metadata = product.places.configuration.with_name(f"{slug}.xml")
        metadata.write_bytes(metadata_xml(running.app.sites[slug]))
        account = {
            **_account(slug, str(metadata)),
            "sso_policy": policy,
            "host_names": [host] if host else [],
        }
        text = yaml.safe_dump({"accounts": [account]})
        product.configure(f"{slug}.yaml", text, allowed=f"127.0.0.1:{running.port}")
        yield OwnCompany(slug, running, product, host)


def _person(slug: str, name: str, role: str) -> Person:
    address = f"{name}@{slug}.example"
    claims = {"space_name": ("Trial",), "space_role": ("Space Member",), "role_mapping": (role,)}
    return Person(
        id=f"id-of-{name}",
        user_name=address,
        email=address,
        given_name=name.title(),
        display_name=name.title(),
        claims=claims,
    )


def _account(slug: str, metadata: str) -> dict[str, object]:
    provider = {
        "slug": f"{slug}-saml",
        "name": "Umbra Okta",
        "protocol": "saml",
        "vendor": "okta",
        "enabled": True,
        "just_in_time": True,
        "saml": {"metadata_file": metadata},
    }
    people = [
        {"user_name": f"vera@{slug}.example", "given_name": "Vera", "account_roles": ["SSO Account Admin"]},
        {"user_name": f"paul@{slug}.example", "given_name": "Paul"},
    ]
    return {
        "slug": slug,
        "name": "Umbra",
        "email_domains": [f"{slug}.example"],
        "sso_module": True,
        "spaces": ["Trial", "Launch"],
        "space_roles": ["Space Developer"],
        "account_roles": ["Billing Viewer"],
        "mapping_roles": [
            {"name": "admins", "account": ["SSO Account Admin"]},
            {"name": "sales", "account": ["Billing Viewer"], "spaces": {"Launch": ["Space Developer"]}},
        ],
        "users": [{**person, "password": PASSWORD} for person in people],
        "identity_providers": [provider],
    }
