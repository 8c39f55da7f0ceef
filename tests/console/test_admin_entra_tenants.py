"""Entra for many tenants, above accounts: made by operators, tenants in and out, partner admins look (O-3, V-6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts import lifecycle
from accounts.models import Kind, Partner, User
from audit.models import AuditEvent
from sso import providers
from sso.models import IdentityProvider, ProtocolName, ProviderGrant, Vendor
from sso_oidc.configuration import save_tenant
from sso_oidc.models import EntraTenant, OidcSettings
from tests.console.admin_pages import address_of, fields_of, page, save, with_row, without_row, words
from tests.worlds import OPERATOR, World, add_vendor_person, found_account

Browse = Callable[[User], Client]
TENANT, OTHER = "11111111-2222-4333-8444-555555555555", "99999999-2222-4333-8444-555555555555"
SHARED = "https://login.microsoftonline.com/organizations/v2.0"


@pytest.fixture
def reseller(db: None) -> Partner:
    """A partner above accounts."""
    return lifecycle.create_partner(actor=OPERATOR, slug="reseller", name="Reseller")


@pytest.fixture
def below(reseller: Partner) -> World:
    """An account of the partner's."""
    return found_account("below", partner=reseller)


def add_shared(partner: Partner | None = None) -> IdentityProvider:
    return providers.create_provider(
        actor=OPERATOR,
        slug="entra-all",
        name="Microsoft",
        protocol=ProtocolName.OIDC,
        vendor=Vendor.ENTRA,
        partner=partner,
    )


def add_tenant(browser: Client, provider: IdentityProvider, tenant: str, world: World) -> Any:
    fields = fields_of(browser.get(address_of(provider)).text)
    row = with_row(fields, "tenants", tenant_id=tenant, account=world.account.pk)
    return browser.post(address_of(provider), row)


def tenants() -> list[tuple[str, str]]:
    return list(EntraTenant.objects.order_by("tenant_id").values_list("tenant_id", "account__slug"))


@pytest.mark.parametrize("whose", ["deployment", "partner"])
def test_operator_makes_a_provider_for_many_tenants(
    whose: str, reseller: Partner, browse: Browse, operator: User
) -> None:  # O-3
    browser = browse(operator)
    sent = {"name": "Microsoft", "slug": "entra-all", "protocol": "oidc", "vendor": "entra"}
    owner = {"partner": reseller.pk} if whose == "partner" else {}
    assert save(browser, page(IdentityProvider, "add"), **sent, **owner).status_code == 302
    made = IdentityProvider.objects.get(slug="entra-all")
    assert (made.account, made.partner) == (None, reseller if whose == "partner" else None)
    told = words(browser.get(address_of(made)))
    assert "One button for many organizations" in told
    assert "Tenants that may sign in" in told
    assert fields_of(browser.get(address_of(made)).text)["issuer"] == SHARED
    assert save(browser, address_of(made), client_id=OTHER).status_code == 302
    assert OidcSettings.objects.get(provider=made).issuer == SHARED


@pytest.mark.parametrize(
    ("vendor", "protocol", "told"),
    [
        ("okta", "oidc", "with Microsoft Entra ID only"),
        ("google", "oidc", "with Microsoft Entra ID only"),
        ("other", "oidc", "with Microsoft Entra ID only"),
        ("entra", "saml", "for SAML above accounts the partner"),
    ],
)
def test_other_vendors_are_refused_above_accounts(
    vendor: str, protocol: str, told: str, browse: Browse, operator: User
) -> None:  # O-3
    sent = {"name": "All", "slug": "all", "protocol": protocol, "vendor": vendor}
    answer = save(browse(operator), page(IdentityProvider, "add"), **sent)
    assert told in words(answer)
    assert not IdentityProvider.objects.exists()


def test_vendor_of_a_provider_for_many_tenants_stays(browse: Browse, operator: User) -> None:  # O-3
    provider = add_shared()
    browser = browse(operator)
    assert save(browser, address_of(provider), vendor="okta", client_id=OTHER).status_code == 302
    provider.refresh_from_db()
    assert provider.vendor == Vendor.ENTRA


@pytest.mark.parametrize(
    "issuer", ["https://acme.okta.com", f"https://login.microsoftonline.com/{TENANT}/v2.0"]
)
def test_issuer_of_one_customer_is_refused_above_accounts(
    issuer: str, browse: Browse, operator: User
) -> None:  # O-3, V-4
    provider = add_shared()
    answer = save(browse(operator), address_of(provider), issuer=issuer, client_id=OTHER)
    assert answer.status_code == 200
    assert "multi-tenant" in words(answer)
    assert not OidcSettings.objects.filter(provider=provider).exists()


def test_operator_lets_a_tenant_into_its_account_and_out_again(
    acme: World, browse: Browse, operator: User
) -> None:  # O-3, V-5, V-6
    provider = add_shared()
    browser = browse(operator)
    assert add_tenant(browser, provider, f" {TENANT.upper()} ", acme).status_code == 302
    assert tenants() == [(TENANT, "acme")]
    assert EntraTenant.objects.get().verified_at is not None
    assert ProviderGrant.objects.filter(provider=provider, account=acme.account).exists()
    shown = browser.get(address_of(provider))
    assert "verified " in words(shown)
    assert AuditEvent.objects.filter(action="provider.tenant_verified", object_id=str(provider.pk)).exists()
    ticked = without_row(fields_of(shown.text), "tenants", EntraTenant.objects.get())
    assert browser.post(address_of(provider), ticked).status_code == 302
    assert tenants() == []
    event = AuditEvent.objects.get(action="provider.tenant_removed")
    assert (event.actor_id, event.object_id) == (str(operator.pk), str(provider.pk))
    assert TENANT in event.message


@pytest.mark.parametrize(
    "entered", ["organizations", "common", "contoso.onmicrosoft.com", "12", "https://x.example/"]
)
def test_what_is_no_tenant_id_is_told_at_its_row(
    entered: str, acme: World, browse: Browse, operator: User
) -> None:  # O-3
    provider = add_shared()
    answer = add_tenant(browse(operator), provider, entered, acme)
    assert answer.status_code == 200
    assert "11111111-2222-4333-8444-555555555555" in words(answer)
    assert tenants() == []


def test_tenant_of_another_account_is_refused_without_saying_whose_it_is(
    acme: World, globex: World, browse: Browse, operator: User
) -> None:  # V-6
    provider = add_shared()
    save_tenant(provider=provider, actor=OPERATOR, tenant_id=TENANT, account=globex.account)
    answer = add_tenant(browse(operator), provider, TENANT, acme)
    assert answer.status_code == 200
    assert "This tenant id is already in use" in words(answer)
    assert tenants() == [(TENANT, "globex")]


def test_only_accounts_below_the_partner_are_offered(
    acme: World, below: World, reseller: Partner, browse: Browse, operator: User
) -> None:  # V-5
    provider = add_shared(reseller)
    browser = browse(operator)
    assert add_tenant(browser, provider, TENANT, acme).status_code == 200
    assert tenants() == []
    assert add_tenant(browser, provider, TENANT, below).status_code == 302
    assert tenants() == [(TENANT, "below")]


def test_partner_admin_looks_at_the_tenants_and_changes_none(
    below: World, reseller: Partner, browse: Browse
) -> None:  # V-8, A-1
    provider = add_shared(reseller)
    save_tenant(provider=provider, actor=OPERATOR, tenant_id=TENANT, account=below.account)
    browser = browse(add_vendor_person("petra", Kind.PARTNER_ADMIN, partner=reseller))
    shown = browser.get(address_of(provider))
    told = words(shown)
    assert TENANT in told
    assert "not switched on for the account" in told
    assert "Below" in told
    for control in ('name="_save"', "DELETE", 'name="client_secret"', "tenants-0-tenant_id"):
        assert control not in shown.text, control
    forged = {"tenants-TOTAL_FORMS": "1", "tenants-INITIAL_FORMS": "0", "tenants-0-tenant_id": OTHER}
    assert browser.post(address_of(provider), {**forged, "client_id": "mine"}).status_code == 403
    assert tenants() == [(TENANT, "below")]


def test_account_admin_never_sees_the_tenants(acme: World, browse: Browse) -> None:
    provider = add_shared()
    save_tenant(provider=provider, actor=OPERATOR, tenant_id=TENANT, account=acme.account)
    assert browse(acme.sso_admin).get(address_of(provider)).status_code == 404
