"""Overage, many tenants and admin consent with the simulator in Microsoft's place, as the demo has them (G-5, O-3)."""

from __future__ import annotations

import pytest

from accounts.models import BuiltInAccountRole, GroupMembership
from audit.models import AuditEvent
from sso import providers
from sso.graph.access import GraphValues, save_graph_access
from sso.models import ProtocolName, SignInAttempt
from sso.models import Vendor as ProviderVendor
from sso.provider_grants import grant_provider
from sso_oidc.configuration import OidcValues, save_oidc_settings, save_tenant
from tests.journeys.conftest import OPERATOR, TENANT, Company
from tests.journeys.person_browser import PersonBrowser, answer_of, sign_in
from tests.journeys.seen import OIDC, SAML, refused_for
from tests.worlds import PASSWORD, add_person

READER = GraphValues(tenant_id=TENANT, client_id="graph-reader", client_secret="secret-of-the-reader")
MANY = "\n".join(f"5d0e1f2a-0000-4000-8000-{number:012}" for number in range(100, 320))


def groups() -> set[str]:
    return set(GroupMembership.objects.values_list("group__name", flat=True))


def warnings() -> dict[str, str]:
    report = SignInAttempt.objects.exclude(outcome="").order_by("-created_at")[0].report
    return {warning["code"]: warning["detail"] for warning in report["warnings"]}


@pytest.mark.parametrize("sent", [{"overage": "1"}, {"groups": MANY}])
def test_link_in_an_assertion_is_resolved_with_an_app_registration(
    acme: Company, browser: PersonBrowser, sent: dict[str, str]
) -> None:
    # G-5: SAML's groups.link
    sign_in(browser, SAML, groups="")
    assert groups() == set()
    browser.post("/logout/", {})
    sign_in(browser, SAML, **sent)
    assert groups() == set()
    assert "groups_overage" in warnings()
    save_graph_access(provider=acme.saml, actor=OPERATOR, values=READER)
    browser.post("/logout/", {})
    sign_in(browser, SAML, **sent)
    assert groups() == {"Engineers"}
    assert "groups_from_graph" in warnings()


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"client_id": "no-reader", "client_secret": "secret-of-no-reader"}, "Authorization_RequestDenied"),
        ({"client_secret": "wrong"}, "invalid_client AADSTS7000215"),
        ({"client_id": "unknown", "client_secret": "x"}, "unauthorized_client AADSTS700016"),
        ({"tenant_id": TENANT.replace("1", "9")}, "another tenant"),
    ],
)
def test_assertion_whose_link_can_not_be_resolved_takes_nobody_out(
    acme: Company, browser: PersonBrowser, values: dict[str, str], says: str
) -> None:
    # G-5
    sign_in(browser, SAML)
    assert groups() == {"Engineers"}
    wrong = GraphValues(
        tenant_id=values.get("tenant_id", READER.tenant_id),
        client_id=values.get("client_id", READER.client_id),
        client_secret=values.get("client_secret", READER.client_secret),
    )
    save_graph_access(provider=acme.saml, actor=OPERATOR, values=wrong)
    browser.post("/logout/", {})
    sign_in(browser, SAML, overage="1")
    assert groups() == {"Engineers"}
    assert says in warnings()["groups_overage_unresolved"]
    save_graph_access(provider=acme.saml, actor=OPERATOR, values=READER)
    browser.post("/logout/", {})
    sign_in(browser, SAML, overage="1")
    assert "groups_from_graph" in warnings()


def test_assertion_of_another_browser_asks_nothing(
    acme: Company, browser: PersonBrowser, new_browser: type[PersonBrowser]
) -> None:
    # V-17
    save_graph_access(provider=acme.saml, actor=OPERATOR, values=READER)
    handed_out = acme.idp.app.sites["acme"].app_tokens
    before = len(handed_out)
    stranger = new_browser()
    page = stranger.submit(answer_of(browser, SAML, overage="1"))
    assert refused_for(page) == "attempt.wrong_browser"
    assert len(handed_out) == before
    sign_in(browser, SAML, overage="1")
    assert groups() == {"Engineers"}


def test_overage_of_a_token_is_resolved_with_the_providers_own_client(
    acme: Company, browser: PersonBrowser
) -> None:
    # G-5
    sign_in(browser, OIDC, groups="")
    assert groups() == set()
    save_graph_access(provider=acme.oidc, actor=OPERATOR, values=GraphValues())
    browser.post("/logout/", {})
    sign_in(browser, OIDC, overage="1")
    assert groups() == {"Engineers"}


def test_people_of_any_tenant_choose_their_way_through_one_provider(
    acme: Company, browser: PersonBrowser
) -> None:
    # O-3
    provider = providers.create_provider(
        actor=OPERATOR,
        slug="world-shared",
        name="Microsoft",
        protocol=ProtocolName.OIDC,
        vendor=ProviderVendor.ENTRA,
    )
    values = OidcValues(
        issuer=f"{acme.idp.url}/world/organizations/v2.0",
        client_id="world-client",
        client_secret="a-secret-for-tests",
        flow="hybrid",
    )
    save_oidc_settings(provider=provider, actor=OPERATOR, values=values)
    providers.enable_provider(provider=provider, actor=OPERATOR)
    save_tenant(provider=provider, actor=OPERATOR, tenant_id=TENANT, account=acme.account)
    grant_provider(provider=provider, account=acme.account, actor=OPERATOR)
    start = browser.open("/login/").link("Sign in with Microsoft")
    page = sign_in(browser, start, tenant_id=TENANT.replace("1", "9"))
    assert refused_for(page) == "wrong_tenant"
    sign_in(browser, start, tenant_id=TENANT)
    assert browser.me()["account"]["slug"] == "acme"


@pytest.mark.parametrize(
    ("action", "says"), [("accept", "consent was given"), ("decline", "Consent was not given")]
)
def test_admin_goes_to_the_consent_page_and_back(
    acme: Company, browser: PersonBrowser, action: str, says: str
) -> None:
    # O-4
    admin = add_person(acme.account, "sso", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    browser.post("/login/acme/", {"user_name": admin.user_name, "password": PASSWORD})
    page = browser.open("/sso/oidc/acme-oidc/admin-consent")
    assert "Permissions requested" in page.words
    assert says in browser.submit(page, action=action).words
    assert AuditEvent.objects.filter(action__startswith="provider.admin_consent_").count() == 2
