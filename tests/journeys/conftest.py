"""An account whose people come from a directory, served by the simulator, through SAML and OIDC."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from accounts import lifecycle
from accounts.models import Account, EmailDomain, SsoPolicy
from audit.actors import configuration
from simulator.config import (
    Directory,
    DirectoryGroup,
    OidcClient,
    Person,
    SamlSettings,
    ServiceProvider,
    SimulatorConfig,
    Vendor,
)
from simulator.saml_metadata import metadata_xml
from simulator.server import RunningSimulator, serve_in_thread
from spaces.tenants import create_space, create_space_role
from sso import providers
from sso.models import IdentityProvider, ProtocolName
from sso.models import Vendor as ProviderVendor
from sso_oidc.configuration import OidcValues, save_oidc_settings
from sso_saml.configuration import SamlValues, save_saml_settings
from sso_saml.idp_metadata import parse_idp_metadata
from tests.journeys.entra_world import EntraCloud
from tests.journeys.person_browser import HOME, PersonBrowser

ENGINEERS = "5d0e1f2a-0000-4000-8000-000000000001"
ON_CALL = "5d0e1f2a-0000-4000-8000-000000000002"
TENANT = "11111111-2222-4333-8444-555555555555"
OPERATOR = configuration("tests")

MIA = Person(
    id="a1c3e5f7-0001-4a00-8000-00000000a001",
    user_name="mia@acme.example",
    email="mia@acme.example",
    given_name="Mia",
    family_name="Keller",
    display_name="Mia Keller",
    groups=(ENGINEERS, ON_CALL),
    claims={
        "space_name": ("Trial,DevOps",),
        "space_role": ("Space Member,Space Developer",),
        "timezone": ("Europe/Berlin",),
    },
)
NOAH = Person(
    id="a1c3e5f7-0002-4a00-8000-00000000a002",
    user_name="noah@acme.example",
    email="noah@acme.example",
    given_name="Noah",
    groups=(ENGINEERS,),
)
OMAR = Person(
    id="a1c3e5f7-0004-4a00-8000-00000000a004", user_name="omar", name_id_format="persistent", groups=()
)


@dataclass
class Company:
    """An account and its providers."""

    account: Account
    saml: IdentityProvider
    oidc: IdentityProvider
    directory: str  # the simulator's base URL of this directory
    idp: RunningSimulator


def directory_of(slug: str, vendor: Vendor, home: str = HOME) -> Directory:
    """Return a directory that knows ``<slug>-saml`` and ``<slug>-oidc`` of the product."""
    acs = f"{home}/sso/saml/{slug}-saml/"
    return Directory(
        slug=slug,
        vendor=vendor,
        tenant_id=TENANT,
        people=(MIA, NOAH, OMAR),
        name=slug.title(),
        groups=(DirectoryGroup(ENGINEERS, "Engineers"), DirectoryGroup(ON_CALL, "On Call")),
        saml=SamlSettings(service_providers=(ServiceProvider(acs, (acs,), slo_url=f"{acs}logout"),)),
        oidc_clients=(
            OidcClient(
                f"{slug}-client",
                "a-secret-for-tests",
                (
                    f"{home}/sso/oidc/{slug}-oidc/callback",
                    f"{home}/sso/openidconnect",
                    f"{home}/sso/oidc/{slug}-oidc/admin-consent/return",
                    f"{home}/sso/oidc/{slug}-shared/callback",
                ),
                (f"{home}/sso/oidc/{slug}-oidc/logged-out",),
                f"{home}/sso/oidc/{slug}-oidc/backchannel-logout",
                reads_groups=True,
            ),
            OidcClient("graph-reader", "secret-of-the-reader", reads_groups=True),
            OidcClient("no-reader", "secret-of-no-reader"),
        ),
    )


@pytest.fixture(scope="session")
def idp() -> Iterator[RunningSimulator]:
    """Acme with Entra's habits, globex with Okta's, "world", where people of any Entra tenant sign in, and "hosted",
    which knows the product by a host name of the account's own.
    """
    many = replace(directory_of("world", Vendor.ENTRA), multi_tenant=True, tenant_id="any")
    acme, globex = directory_of("acme", Vendor.ENTRA), directory_of("globex", Vendor.OKTA)
    hosted = directory_of("hosted", Vendor.ENTRA, home="http://sso.hosted.example:8000")
    config = SimulatorConfig((acme, globex, many, hosted))
    with serve_in_thread(config) as running:
        yield running


def found_company(
    slug: str, idp: RunningSimulator, vendor: ProviderVendor, *, flow: str = "hybrid", **values: object
) -> Company:
    """Make an account with both providers enabled, as an operator would."""
    account = lifecycle.create_account(actor=OPERATOR, slug=slug, name=slug.title(), sso_module=True)
    lifecycle.verify_domain(
        account=account, actor=OPERATOR, domain=f"{slug}.example", method=EmailDomain.Method.OPERATOR
    )
    for name in ("Trial", "DevOps"):
        create_space(account=account, actor=OPERATOR, name=name)
    create_space_role(account=account, actor=OPERATOR, name="Space Developer")
    lifecycle.create_group(account=account, actor=OPERATOR, name="Engineers", idp_identifier=ENGINEERS)
    lifecycle.create_group(account=account, actor=OPERATOR, name="Friday Lunch")
    base = f"{idp.url}/{slug}"
    saml = providers.create_provider(
        actor=OPERATOR,
        slug=f"{slug}-saml",
        name=f"{slug.title()} SAML",
        protocol=ProtocolName.SAML,
        vendor=vendor,
        account=account,
        values=values,
    )
    described = parse_idp_metadata(metadata_xml(idp.app.sites[slug]))
    save_saml_settings(
        provider=saml,
        actor=OPERATOR,
        values=SamlValues(
            idp_entity_id=described.entity_id,
            sso_url=described.sso_url,
            certificates=tuple(certificate.pem for certificate in described.certificates),
        ),
    )
    oidc = providers.create_provider(
        actor=OPERATOR,
        slug=f"{slug}-oidc",
        name=f"{slug.title()} OIDC",
        protocol=ProtocolName.OIDC,
        vendor=vendor,
        account=account,
        values={**values, "same_directory_as": saml},
    )
    save_oidc_settings(
        provider=oidc,
        actor=OPERATOR,
        values=OidcValues(
            issuer=f"{base}/oidc", client_id=f"{slug}-client", client_secret="a-secret-for-tests", flow=flow
        ),
    )
    for provider in (saml, oidc):
        providers.enable_provider(provider=provider, actor=OPERATOR)
    account.refresh_from_db()
    return Company(account, saml, oidc, base, idp)


@pytest.fixture
def _allow_idp(idp: RunningSimulator, settings: object) -> None:
    settings.BROKER_NETWORK_ALLOW_LIST = frozenset({("127.0.0.1", idp.port)})  # type: ignore[attr-defined]


@pytest.fixture
def acme(db: None, idp: RunningSimulator, _allow_idp: None) -> Company:
    """Acme, whose directory is Entra-like."""
    return found_company("acme", idp, ProviderVendor.ENTRA)


@pytest.fixture
def make_company(db: None, idp: RunningSimulator, _allow_idp: None) -> Callable[..., Company]:
    """Make a company with settings of the test's own."""

    def make(slug: str = "acme", vendor: ProviderVendor = ProviderVendor.ENTRA, **values: object) -> Company:
        return found_company(slug, idp, vendor, **values)  # type: ignore[arg-type]

    return make


def make_mandatory(account: Account) -> None:
    """Let people come by single sign-on only."""
    lifecycle.update_account(account=account, actor=OPERATOR, values={"sso_policy": SsoPolicy.MANDATORY})


@pytest.fixture
def browser() -> PersonBrowser:
    """A fresh browser."""
    return PersonBrowser()


@pytest.fixture
def new_browser() -> Callable[[], PersonBrowser]:
    """Make further browsers: another person, another machine."""
    return PersonBrowser


@pytest.fixture
def cloud(db: None, settings: Any) -> Iterator[EntraCloud]:
    """Microsoft's cloud, reachable from here."""
    with EntraCloud() as running:
        settings.BROKER_NETWORK_ALLOW_LIST = running.server.allowed
        yield running
