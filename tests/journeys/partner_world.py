"""A partner with accounts, its SAML provider above them, and the responses that this provider sends unasked (S-6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from secrets import token_hex

from django.utils import timezone

from accounts import lifecycle
from accounts.models import Account, Partner, User
from sso import providers
from sso.models import IdentityProvider, ProtocolName, Vendor
from sso.provider_grants import grant_provider
from sso_saml.configuration import SamlValues, save_saml_settings
from sso_saml.provider_config import redirect_url
from tests.journeys.person_browser import HOME, Page, PersonBrowser
from tests.sso_saml.forge import Recipe, Seal, certificate, pem, rsa_key
from tests.worlds import OPERATOR, World, add_provisioned, found_account

ENTRANCE = "/SSO/SAML2/Consume"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"


@dataclass
class Reseller:
    """A partner, its key, its provider, and accounts by slug."""

    partner: Partner
    key: str
    provider: IdentityProvider
    accounts: dict[str, World] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return issuer_of(self.provider.slug)

    def account(self, slug: str) -> Account:
        return self.accounts[slug].account

    def say(self, email: str | None, *, base: str = HOME, **changes: object) -> Recipe:
        """What the partner's provider sends about somebody, honest unless a knob is turned."""
        return response_of(self.provider, self.key, email, base=base, **changes)


def issuer_of(slug: str) -> str:
    return f"https://{slug}.idp.example/saml"


def found_reseller(slug: str = "reseller", *, accounts: tuple[str, ...] = ("acme", "globex")) -> Reseller:
    """Make a partner with a key, an enabled provider, and accounts that all switched it on."""
    partner = lifecycle.create_partner(actor=OPERATOR, slug=slug, name=slug.title())
    key = token_hex(16)
    lifecycle.add_partner_key(partner=partner, actor=OPERATOR, api_key=key)
    found = Reseller(partner, key, add_partner_provider(partner, f"{slug}-saml"))
    for name in accounts:
        found.accounts[name] = found_account(name, partner=partner)
        grant_provider(provider=found.provider, account=found.account(name), actor=OPERATOR)
    return found


def add_partner_provider(
    partner: Partner, slug: str, *, enabled: bool = True, issuer: str = "", **values: object
) -> IdentityProvider:
    provider = providers.create_provider(
        actor=OPERATOR,
        slug=slug,
        name=f"{slug} name",
        protocol=ProtocolName.SAML,
        vendor=Vendor.OTHER,
        partner=partner,
        values=values,
    )
    save_saml_settings(
        provider=provider,
        actor=OPERATOR,
        values=SamlValues(
            idp_entity_id=issuer or issuer_of(slug),
            sso_url=f"https://{slug}.idp.example/sso",
            certificates=(pem(certificate(rsa_key(slug))),),
        ),
    )
    if enabled:
        providers.enable_provider(provider=provider, actor=OPERATOR)
    return provider


def moment(minutes: float) -> str:
    return (timezone.now() + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def response_of(
    provider: IdentityProvider,
    key: str,
    email: str | None,
    *,
    base: str = HOME,
    user_name: str | None = None,
    external_id: str | None = None,
    **changes: object,
) -> Recipe:
    """Return an unasked response about ``email``, whose subject is a persistent NameID made from it."""
    said = {"email": email, "user_name": user_name, "external_id": external_id}
    entrance = f"{base}{ENTRANCE}?x-rs-key={key}"
    honest = Recipe(
        response_id=f"_{token_hex(16)}",
        assertion_id=f"_{token_hex(16)}",
        response_issuer=issuer_of(provider.slug),
        assertion_issuer=issuer_of(provider.slug),
        destination=entrance,
        recipient=entrance,
        response_in_response_to=None,
        in_response_to=None,
        audiences=((redirect_url(provider),),),
        confirmed_until=moment(5),
        valid_from=moment(-1),
        valid_until=moment(5),
        authenticated=moment(-2),
        session_until=moment(480),
        name_id=f"subject-of-{email or external_id}",
        name_id_format=PERSISTENT,
        attributes=tuple((name, (value,)) for name, value in said.items() if value is not None),
        sign_assertion=Seal(key=rsa_key(provider.slug)),
    )
    return honest.but(**changes)


def deliver(browser: PersonBrowser, recipe: Recipe, key: str | None, *, path: str = ENTRANCE) -> Page:
    """Post a response to the entrance from the provider's page, and stop there."""
    query = "" if key is None else f"?x-rs-key={key}"
    return browser.post(f"{path}{query}", {"SAMLResponse": recipe.post()}, cross_site=True)


def arrive(browser: PersonBrowser, recipe: Recipe, key: str | None, *, path: str = ENTRANCE) -> Page:
    """Post a response and go where that leads."""
    page = deliver(browser, recipe, key, path=path)
    return browser.open(page.headers["Location"]) if page.status == 303 else page


def add_employee(world: World, name: str) -> User:
    """Make somebody who was provisioned by a directory and has no password: free to be linked (V-3)."""
    return add_provisioned(world.account, name)


MakeBrowser = Callable[..., PersonBrowser]
