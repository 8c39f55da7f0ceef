"""One Microsoft button for many customers: whose somebody is, is said by the tenant that an operator verified (O-3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts import lifecycle
from accounts.models import Account, User
from audit.models import AuditEvent
from audit.refusals import Refused
from sso import providers
from sso.models import FederatedIdentity, ProtocolName, ProviderGrant, Vendor
from sso.provider_grants import grant_provider, revoke_provider
from sso_oidc.configuration import OidcValues, save_oidc_settings, save_tenant
from sso_oidc.models import EntraTenant
from tests.journeys.entra_world import (
    ACME_TENANT,
    CLIENT_ID,
    EVIL_TENANT,
    GLOBEX_TENANT,
    MIA_OID,
    PERSONAL_TENANT,
    SLUG,
    Answer,
    EntraCloud,
    add_shared_provider,
    allow,
    answer_with,
)
from tests.journeys.person_browser import HOME, PersonBrowser
from tests.journeys.seen import refused_for
from tests.sso_oidc.misbehaving_provider import OTHER_RSA, RSA, public
from tests.worlds import OPERATOR, World, found_account

START = f"/sso/oidc/{SLUG}/login"
WRONG_TENANT = "The account that you chose does not belong to an organization known to Identity Broker."
GLOBEX = Answer(tenant=GLOBEX_TENANT, email="mia@globex.example")


@pytest.fixture
def worlds() -> dict[str, World]:
    return {slug: found_account(slug) for slug in ("acme", "globex")}


@pytest.fixture(params=["code", "hybrid"])
def flow(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def entra(cloud: EntraCloud, worlds: dict[str, World], flow: str) -> EntraCloud:
    """The deployment's provider with two customers' tenants."""
    tenants = {ACME_TENANT: worlds["acme"], GLOBEX_TENANT: worlds["globex"]}
    add_shared_provider(cloud, flow=flow, tenants=tenants)
    return cloud


def test_one_button_on_the_general_page_leads_everybody_into_their_own_account(
    entra: EntraCloud, browser: PersonBrowser
) -> None:
    # O-3, L-5
    start = browser.open("/login/").link("Sign in with Microsoft")
    assert start.startswith(f"{HOME}{START}")
    answer_with(entra, browser, start, Answer())
    assert browser.me()["account"]["slug"] == "acme"
    browser.post("/logout/", {})
    answer_with(entra, browser, start, GLOBEX)
    assert browser.me()["account"]["slug"] == "globex"


def test_identity_is_tenant_and_object_id_in_one_account(entra: EntraCloud, browser: PersonBrowser) -> None:
    # O-3, V-1, V-5: the same object id in two tenants is two people
    for said in (Answer(), GLOBEX):
        answer_with(entra, browser, START, said)
        browser.post("/logout/", {})
    found = {(row.account.slug, row.subject, row.tenant_id) for row in FederatedIdentity.objects.all()}
    assert found == {
        ("acme", f"{ACME_TENANT}|{MIA_OID}", ACME_TENANT),
        ("globex", f"{GLOBEX_TENANT}|{MIA_OID}", GLOBEX_TENANT),
    }


def test_person_who_comes_back_is_known_by_the_object_id_whatever_sub_says(
    entra: EntraCloud, browser: PersonBrowser
) -> None:
    # O-3, V-1
    answer_with(entra, browser, START, Answer())
    first = browser.me()["id"]
    browser.post("/logout/", {})
    answer_with(entra, browser, START, Answer(claims={"sub": "another-sub"}))
    assert browser.me()["id"] == first


def test_person_of_a_tenant_that_nobody_verified_is_told_so_and_leaves_no_trace(
    entra: EntraCloud, browser: PersonBrowser
) -> None:
    # O-3, L-10, V-21: anybody can make a tenant, and put any address into it
    events = AuditEvent.objects.count()
    page = answer_with(entra, browser, START, Answer(tenant=EVIL_TENANT))
    assert WRONG_TENANT in page.words
    assert refused_for(page) == "wrong_tenant"
    assert page.status == 403
    assert AuditEvent.objects.count() == events
    assert browser.me() == {"authenticated": False}
    assert not FederatedIdentity.objects.exists()
    answer_with(entra, browser, START, Answer())
    assert browser.me()["account"]["slug"] == "acme"


def test_stranger_does_not_write_into_the_trail_of_the_account_whose_page_they_began_on(
    entra: EntraCloud, browser: PersonBrowser
) -> None:
    # V-5, V-21
    events = AuditEvent.objects.count()
    page = answer_with(entra, browser, f"{START}?account=acme", Answer(tenant=EVIL_TENANT))
    assert refused_for(page) == "wrong_tenant"
    assert AuditEvent.objects.count() == events
    page = answer_with(entra, browser, f"{START}?account=acme", GLOBEX)
    assert refused_for(page) == "wrong_tenant"
    answer_with(entra, browser, f"{START}?account=acme", Answer())
    assert browser.me()["account"]["slug"] == "acme"


def test_address_of_another_customer_gives_nothing(
    entra: EntraCloud, browser: PersonBrowser, worlds: dict[str, World]
) -> None:
    # V-3, V-5: globex's own administrator types acme's addresses
    page = answer_with(entra, browser, START, Answer(tenant=GLOBEX_TENANT, email="mia@acme.example"))
    assert browser.me() == {"authenticated": False}
    assert refused_for(page) in ("no_active_account", "email.outside_domains")
    assert not User.objects.filter(email="mia@acme.example").exists()
    answer_with(entra, browser, START, GLOBEX)
    assert browser.me()["account"]["slug"] == "globex"


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        ({"tid": GLOBEX_TENANT}, "oidc.issuer"),  # says it is globex's, with acme's issuer
        ({"iss": "https://login.microsoftonline.com/x/v2.0"}, "oidc.issuer"),
        ({"tid": None}, "oidc.issuer"),
        ({"tid": "organizations"}, "oidc.issuer"),
        ({"tid": ACME_TENANT.upper().replace("1", "A")}, "oidc.issuer"),
        ({"tid": f"{ACME_TENANT}/"}, "oidc.issuer"),
        ({"tid": f"{ACME_TENANT}/../{GLOBEX_TENANT}"}, "oidc.issuer"),
        ({"oid": None}, "oidc.subject"),
        ({"oid": "not-a-guid"}, "oidc.subject"),
        ({"oid": [MIA_OID]}, "oidc.subject"),
        ({"aud": "another-application"}, "oidc.audience"),
    ],
)
def test_token_that_does_not_say_plainly_whose_somebody_is_is_refused(
    entra: EntraCloud, browser: PersonBrowser, lie: dict[str, Any], reason: str
) -> None:
    # O-3, O-6
    page = answer_with(entra, browser, START, Answer(claims=lie))
    assert refused_for(page) == reason
    assert browser.me() == {"authenticated": False}
    answer_with(entra, browser, START, Answer())
    assert browser.me()["account"]["slug"] == "acme"


def test_issuer_with_the_literal_template_is_nobodys(entra: EntraCloud, browser: PersonBrowser) -> None:
    # O-3
    page = answer_with(entra, browser, START, Answer(claims={"iss": entra.template, "tid": "{tenantid}"}))
    assert refused_for(page) == "oidc.issuer"
    answer_with(entra, browser, START, Answer())
    assert browser.me()["account"]["slug"] == "acme"


@pytest.mark.parametrize("whose", ["evil", "nobody", "personal"])
def test_key_of_one_tenant_signs_for_no_other(entra: EntraCloud, browser: PersonBrowser, whose: str) -> None:
    # O-3: each key's own issuer
    members = {
        "evil": {"issuer": entra.issuer(EVIL_TENANT)},
        "nobody": {},  # says not for whom it signs
        "personal": {"issuer": entra.issuer(PERSONAL_TENANT)},
    }[whose]
    entra.jwks = {"keys": [*entra.jwks["keys"], *public(OTHER_RSA, **members)["keys"]]}
    page = answer_with(entra, browser, START, Answer(key=OTHER_RSA))
    assert refused_for(page) == "oidc.issuer"
    assert browser.me() == {"authenticated": False}
    answer_with(entra, browser, START, Answer())
    assert browser.me()["account"]["slug"] == "acme"


def test_key_of_a_tenant_signs_for_that_tenant(entra: EntraCloud, browser: PersonBrowser) -> None:
    # O-3
    entra.jwks = {
        "keys": public(RSA, issuer=entra.template)["keys"]
        + public(OTHER_RSA, issuer=entra.issuer(ACME_TENANT))["keys"]
    }
    answer_with(entra, browser, START, Answer(key=OTHER_RSA))
    assert browser.me()["account"]["slug"] == "acme"


def test_personal_microsoft_account_belongs_to_no_organization(
    entra: EntraCloud, browser: PersonBrowser
) -> None:
    # O-3, V-4
    page = answer_with(entra, browser, START, Answer(tenant=PERSONAL_TENANT))
    assert refused_for(page) == "wrong_tenant"
    assert WRONG_TENANT in page.words


def test_issuer_in_the_answer_is_compared_with_the_tokens(entra: EntraCloud, browser: PersonBrowser) -> None:
    # RFC 9207, where the provider sends it under a template
    other = {"iss": entra.issuer(GLOBEX_TENANT)}
    assert refused_for(answer_with(entra, browser, START, Answer(parameters=other))) == "oidc.iss_parameter"
    answer_with(entra, browser, START, Answer(parameters={"iss": entra.issuer(ACME_TENANT)}))
    assert browser.me()["account"]["slug"] == "acme"


def test_account_that_switched_the_provider_off_takes_nobody(
    entra: EntraCloud, browser: PersonBrowser, worlds: dict[str, World]
) -> None:
    # V-5
    answer_with(entra, browser, START, Answer())
    browser.post("/logout/", {})
    revoke_provider(grant=ProviderGrant.objects.get(account=worlds["acme"].account), actor=OPERATOR)
    assert refused_for(answer_with(entra, browser, START, Answer())) == "wrong_tenant"
    answer_with(entra, browser, START, GLOBEX)
    assert browser.me()["account"]["slug"] == "globex"


def test_tenant_that_waits_for_verification_has_no_effect(
    entra: EntraCloud, browser: PersonBrowser, worlds: dict[str, World]
) -> None:
    # V-6
    EntraTenant.objects.filter(tenant_id=ACME_TENANT).update(verified_at=None)
    assert refused_for(answer_with(entra, browser, START, Answer())) == "wrong_tenant"
    provider = EntraTenant.objects.get(tenant_id=ACME_TENANT).provider
    save_tenant(provider=provider, actor=OPERATOR, tenant_id=ACME_TENANT, account=worlds["acme"].account)
    answer_with(entra, browser, START, Answer())
    assert browser.me()["account"]["slug"] == "acme"


def test_sso_account_admin_is_not_signed_in_from_above_unless_the_account_allowed_it(
    entra: EntraCloud, browser: PersonBrowser, worlds: dict[str, World]
) -> None:
    # V-5
    sso_admin = worlds["acme"].sso_admin
    page = answer_with(entra, browser, START, Answer(email=sso_admin.email))
    assert browser.me() == {"authenticated": False}
    assert refused_for(page) == "link.needs_proof"  # a password of theirs comes first
    answer_with(entra, browser, START, Answer())
    assert browser.me()["user_name"] == "mia@acme.example"


def test_partners_provider_stands_on_its_accounts_pages_and_not_on_the_general_one(
    cloud: EntraCloud, browser: PersonBrowser
) -> None:
    # O-3, V-5
    partner = lifecycle.create_partner(actor=OPERATOR, slug="reseller", name="Reseller")
    below, beside = found_account("initech", partner=partner), found_account("hooli")
    provider = add_shared_provider(cloud, slug="entra-reseller", partner=partner)
    allow(provider, ACME_TENANT, below)
    with pytest.raises(Refused):
        grant_provider(provider=provider, account=beside.account, actor=OPERATOR)
    assert "Sign in with Microsoft" not in browser.open("/login/").words
    assert "Sign in with Microsoft" not in browser.open("/login/hooli/").words
    start = browser.open("/login/initech/").link("Sign in with Microsoft")
    answer_with(cloud, browser, start, Answer(email="mia@initech.example"))
    assert browser.me()["account"]["slug"] == "initech"


def test_partners_provider_signs_nobody_into_an_account_that_left_the_partner(
    cloud: EntraCloud, browser: PersonBrowser
) -> None:
    # V-5
    partner = lifecycle.create_partner(actor=OPERATOR, slug="reseller", name="Reseller")
    below = found_account("initech", partner=partner)
    allow(add_shared_provider(cloud, slug=SLUG, partner=partner), ACME_TENANT, below)
    Account.objects.filter(pk=below.account.pk).update(partner=None)
    said = Answer(email="mia@initech.example")
    assert refused_for(answer_with(cloud, browser, START, said)) == "wrong_tenant"
    Account.objects.filter(pk=below.account.pk).update(partner=partner)
    answer_with(cloud, browser, START, said)
    assert browser.me()["account"]["slug"] == "initech"


# --- what may be configured -------------------------------------------------------------------------------------------


def draft(vendor: Vendor = Vendor.ENTRA, account: Account | None = None) -> Any:
    return providers.create_provider(
        actor=OPERATOR, slug="draft", name="Draft", protocol=ProtocolName.OIDC, vendor=vendor, account=account
    )


@pytest.mark.parametrize(
    "path", ["/organizations/v2.0", "/common/v2.0", "/consumers/v2.0", f"/{PERSONAL_TENANT}/v2.0"]
)
def test_address_for_all_tenants_is_no_accounts_own(
    cloud: EntraCloud, worlds: dict[str, World], path: str
) -> None:
    # V-4
    provider = draft(account=worlds["acme"].account)
    with pytest.raises(Refused) as refusal:
        save_oidc_settings(
            provider=provider, actor=OPERATOR, values=OidcValues(issuer=f"{cloud.base}{path}", client_id="a")
        )
    assert refusal.value.code == "provider.invalid"
    own = OidcValues(issuer=cloud.issuer(ACME_TENANT), client_id="a")
    assert "issuer" in save_oidc_settings(provider=provider, actor=OPERATOR, values=own)


@pytest.mark.parametrize("path", ["/consumers/v2.0", f"/{PERSONAL_TENANT}/v2.0", f"/{ACME_TENANT}/v2.0"])
def test_above_accounts_only_addresses_for_organizations_do(cloud: EntraCloud, path: str) -> None:
    # O-3, V-4
    provider = draft()
    with pytest.raises(Refused) as refusal:
        save_oidc_settings(
            provider=provider, actor=OPERATOR, values=OidcValues(issuer=f"{cloud.base}{path}", client_id="a")
        )
    assert refusal.value.code == "provider.invalid"
    shared = OidcValues(issuer=f"{cloud.base}/common/v2.0", client_id="a")
    assert "issuer" in save_oidc_settings(provider=provider, actor=OPERATOR, values=shared)


@pytest.mark.parametrize("vendor", [Vendor.OKTA, Vendor.GOOGLE, Vendor.OTHER])
def test_another_vendor_above_accounts_is_refused(cloud: EntraCloud, vendor: Vendor) -> None:
    # O-3
    with pytest.raises(Refused) as refusal:
        save_oidc_settings(
            provider=draft(vendor),
            actor=OPERATOR,
            values=OidcValues(issuer=f"{cloud.base}/organizations/v2.0", client_id="a"),
        )
    assert refusal.value.code == "provider.invalid"


def test_provider_above_accounts_needs_credentials_and_no_subject_claim_of_its_own(cloud: EntraCloud) -> None:
    # O-3: O-3's last way, without any credentials, is for an account's own provider
    provider = draft()
    shared = OidcValues(issuer=f"{cloud.base}/organizations/v2.0", client_id=CLIENT_ID, flow="hybrid")
    save_oidc_settings(provider=provider, actor=OPERATOR, values=shared)
    with pytest.raises(Refused) as refusal:
        providers.enable_provider(provider=provider, actor=OPERATOR)
    assert refusal.value.code == "provider.not_ready"
    with pytest.raises(Refused) as refusal:
        save_oidc_settings(provider=provider, actor=OPERATOR, values=OidcValues(subject_claim="email"))
    assert refusal.value.code == "provider.invalid"
    save_oidc_settings(provider=provider, actor=OPERATOR, values=OidcValues(client_secret="a-secret"))
    assert providers.enable_provider(provider=provider, actor=OPERATOR)


@pytest.mark.parametrize("tenant", [PERSONAL_TENANT, "organizations", "", f"{ACME_TENANT}x"])
def test_only_an_organizations_tenant_can_be_let_in(
    cloud: EntraCloud, worlds: dict[str, World], tenant: str
) -> None:
    # V-6
    provider, acme = draft(), worlds["acme"].account
    with pytest.raises(Refused) as refusal:
        save_tenant(provider=provider, actor=OPERATOR, tenant_id=tenant, account=acme)
    assert refusal.value.code == "provider.invalid"
    assert save_tenant(provider=provider, actor=OPERATOR, tenant_id=ACME_TENANT, account=acme)


def test_tenant_of_one_account_is_refused_to_another_without_saying_whose(
    cloud: EntraCloud, worlds: dict[str, World]
) -> None:
    # V-6
    provider = draft()
    save_tenant(provider=provider, actor=OPERATOR, tenant_id=ACME_TENANT, account=worlds["acme"].account)
    with pytest.raises(Refused) as refusal:
        save_tenant(
            provider=provider, actor=OPERATOR, tenant_id=ACME_TENANT.upper(), account=worlds["globex"].account
        )
    assert refusal.value.code == "provider.conflict"
    assert "acme" not in refusal.value.message.lower()


def test_accounts_own_provider_takes_no_template_for_its_issuer(
    cloud: EntraCloud, browser: PersonBrowser, worlds: dict[str, World]
) -> None:
    # V-4: a document that claims to speak for all tenants, at the address of one
    provider = draft(account=worlds["acme"].account)
    own = OidcValues(issuer=cloud.issuer(ACME_TENANT), client_id=CLIENT_ID, client_secret="x", flow="code")
    save_oidc_settings(provider=provider, actor=OPERATOR, values=own)
    providers.enable_provider(provider=provider, actor=OPERATOR)
    cloud.serve(f"/{ACME_TENANT}/v2.0", cloud.template, ACME_TENANT)
    assert refused_for(browser.open("/sso/oidc/draft/login")) == "oidc.discovery"
    cloud.serve(f"/{ACME_TENANT}/v2.0", cloud.issuer(ACME_TENANT), ACME_TENANT)
    assert browser.open("/sso/oidc/draft/login").url.startswith(cloud.base)


def test_both_browsers_of_two_tenants_at_once(
    entra: EntraCloud, new_browser: Callable[[], PersonBrowser]
) -> None:
    # O-3, V-16
    one, other = new_browser(), new_browser()
    answer_with(entra, one, START, Answer())
    answer_with(entra, other, START, GLOBEX)
    assert one.me()["account"]["slug"] == "acme"
    assert other.me()["account"]["slug"] == "globex"
