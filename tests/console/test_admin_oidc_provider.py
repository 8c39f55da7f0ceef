"""The page of an OpenID Connect provider: made, and filled in each vendor's own words (O-1, O-3, A-3)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import EmailDomain, User
from audit.models import AuditEvent
from sso.models import IdentityProvider, ProtocolName, State, Vendor
from sso_oidc.models import OidcSettings
from tests.console.admin_pages import address_of, fields_of, page, save, words
from tests.console.oidc_page import CLIENT, ENTRA_ISSUER, SECRET, TENANT, add_oidc, errors, fill, settings_of
from tests.sso_oidc.misbehaving_provider import MisbehavingProvider
from tests.worlds import World

pytestmark = pytest.mark.usefixtures("offline", "quick_keys")
Browse = Callable[[User], Client]


# --- making one -------------------------------------------------------------------------------------------------------


def test_sso_admin_makes_a_draft_and_is_led_to_its_page(acme: World, browse: Browse) -> None:  # O-1, S-3
    answer = save(
        browse(acme.sso_admin),
        page(IdentityProvider, "add"),
        name="Acme Okta",
        slug="",
        protocol="oidc",
        vendor="okta",
    )
    made = IdentityProvider.objects.get(slug="acme-okta")
    assert answer.headers["Location"] == address_of(made)
    assert (made.protocol, made.account, made.state) == (ProtocolName.OIDC, acme.account, State.DRAFT)


# --- our side ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vendor", "names"),
    [
        (
            Vendor.ENTRA,
            ("Redirect URI (after signing out)", "Redirect URI (after admin consent)", "Home page URL"),
        ),
        (Vendor.OKTA, ("Sign-in redirect URIs", "Sign-out redirect URIs", "Initiate login URI")),
        (Vendor.GOOGLE, ("Authorized redirect URIs",)),
        (Vendor.OTHER, ("Redirect URI", "Post-logout redirect URI", "Back-channel logout URI", "JWKS URI")),
    ],
)
def test_values_to_copy_come_first_and_are_named_as_the_vendor_names_them(
    vendor: Vendor, names: tuple[str, ...], acme: World, browse: Browse
) -> None:  # A-3, O-2, O-7
    provider = add_oidc(acme, vendor)
    shown = browse(acme.sso_admin).get(address_of(provider))
    told = words(shown)
    assert [name for name in names if name not in told] == []
    here = f"http://localhost:8000/sso/oidc/{provider.slug}"
    for url in ("/callback", "/logged-out", "/backchannel-logout", "/login"):
        assert f'data-copy="{here}{url}"' in shown.text, url
    assert f'data-copy="{here}/jwks.json"' in shown.text
    assert 'data-copy="http://localhost:8000/.well-known/jwks.json"' in shown.text
    assert told.index("Copy these values") < told.index("Enter the values")
    assert "Enable OpenID Connect" in told
    assert "Test connection" in told


@pytest.mark.parametrize(
    ("vendor", "labels"),
    [
        (Vendor.ENTRA, ("Directory (tenant) ID", "Application (client) ID", "New client secret", "“Value”")),
        (Vendor.OKTA, ("Okta domain or issuer", "Client ID", "General › Client Credentials")),
        (Vendor.GOOGLE, ("Client ID", "Google Auth Platform › Clients", "Google Workspace domain")),
        (Vendor.OTHER, ("Issuer", "Client ID", "/.well-known/openid-configuration")),
    ],
)
def test_fields_are_named_and_explained_in_the_words_of_the_vendors_console(
    vendor: Vendor, labels: tuple[str, ...], acme: World, browse: Browse
) -> None:  # A-3, O-3
    told = words(browse(acme.sso_admin).get(address_of(add_oidc(acme, vendor))))
    assert [label for label in labels if label not in told] == []


# --- the values -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "entered",
    [
        TENANT,
        f"  {TENANT.upper()} ",
        ENTRA_ISSUER,
        f"{ENTRA_ISSUER}/.well-known/openid-configuration",
        f"https://sts.windows.net/{TENANT}/",
    ],
)
def test_entra_needs_only_tenant_id_and_client_id(entered: str, acme: World, browse: Browse) -> None:  # O-3
    provider = add_oidc(acme)
    answer = save(browse(acme.sso_admin), address_of(provider), tenant_id=entered, client_id=f" {CLIENT} ")
    assert answer.status_code == 302
    row = settings_of(provider)
    assert (row.issuer, row.client_id, row.flow) == (ENTRA_ISSUER, CLIENT, "hybrid")
    shown = fields_of(browse(acme.sso_admin).get(address_of(provider)).text)
    assert (shown["tenant_id"], shown.get("issuer", "")) == (TENANT, "")


@pytest.mark.parametrize(
    ("vendor", "entered", "issuer"),
    [
        (Vendor.OKTA, {"issuer": "acme.okta.com"}, "https://acme.okta.com"),
        (Vendor.OKTA, {"issuer": "https://acme.okta.com/"}, "https://acme.okta.com"),
        (
            Vendor.OKTA,
            {"issuer": "https://acme.okta.com/oauth2/default"},
            "https://acme.okta.com/oauth2/default",
        ),
        (Vendor.OTHER, {"issuer": "https://acme.auth0.example/"}, "https://acme.auth0.example/"),
        (Vendor.GOOGLE, {}, "https://accounts.google.com"),
        (
            Vendor.ENTRA,
            {"issuer": f"https://login.microsoftonline.us/{TENANT}/v2.0"},
            f"https://login.microsoftonline.us/{TENANT}/v2.0",
        ),
    ],
)
def test_issuer_follows_from_what_the_vendor_gives(
    vendor: Vendor, entered: dict[str, str], issuer: str, acme: World, browse: Browse
) -> None:  # O-1
    provider = add_oidc(acme, vendor)
    client_id = "1-a.apps.googleusercontent.com" if vendor is Vendor.GOOGLE else CLIENT
    answer = save(browse(acme.sso_admin), address_of(provider), client_id=client_id, **entered)
    assert answer.status_code == 302, errors(answer)
    assert settings_of(provider).issuer == issuer


@pytest.mark.parametrize(
    ("vendor", "field", "entered", "told"),
    [
        ("entra", "tenant_id", {"tenant_id": "contoso.onmicrosoft.com"}, "organization's domain name"),
        ("entra", "tenant_id", {"tenant_id": "organizations"}, "every organization at Microsoft"),
        ("entra", "tenant_id", {"tenant_id": "12345"}, "11111111-2222"),
        ("entra", "client_id", {"tenant_id": TENANT, "client_id": TENANT}, "are the same"),
        ("entra", "client_id", {"tenant_id": TENANT, "client_id": "my app"}, "blank"),
        ("entra", "client_id", {"tenant_id": TENANT, "client_id": "my-app"}, "this one doesn't"),
        ("entra", "client_secret", {"client_secret": CLIENT}, "Secret ID"),
        ("entra", "issuer", {"issuer": "https://login.microsoftonline.com/common/v2.0"}, "every organiz"),
        ("entra", "issuer", {"issuer": f"https://login.microsoftonline.com/{TENANT}"}, "nothing behind it"),
        ("entra", "issuer", {"issuer": f"{ENTRA_ISSUER}/"}, "nothing behind it"),
        ("entra", "tenant_id", {"tenant_id": CLIENT, "issuer": ENTRA_ISSUER}, "contradicts the issuer"),
        ("okta", "issuer", {"issuer": "https://acme-admin.okta.com"}, "https://acme.okta.com"),
        ("okta", "issuer", {"issuer": "https://acme-admin.okta.com/admin/apps"}, ": https://acme.okta.com"),
        ("google", "client_id", {"client_id": "abc"}, ".apps.googleusercontent.com"),
        ("other", "issuer", {"issuer": "idp.example"}, "begins with https://"),
        ("other", "issuer", {"issuer": "http://idp.example"}, "must begin with https://"),
        ("other", "issuer", {"issuer": "https://127.0.0.1/idp"}, "isn't public"),
        ("other", "issuer", {"issuer": "https://idp.example /x"}, "blank"),
        (
            "other",
            "issuer",
            {"issuer": "https://idp.example/a/.well-known/openid-configuration"},
            ": https://idp.example/a",
        ),
        ("other", "issuer", {"issuer": f"https://sts.windows.net/{TENANT}/"}, "version 1"),
        (
            "other",
            "issuer",
            {"issuer": "http://localhost:8000/sso/oidc/acme-other/callback"},
            "address of ours",
        ),
        ("other", "client_secret", {"client_id": "abc", "client_secret": "abc"}, "is the client id"),
        ("other", "client_secret", {"client_secret": "ab\tc"}, "invisible"),
        ("other", "max_age_seconds", {"max_age_seconds": "-1"}, "greater than or equal to 0"),
        ("other", "client_authentication", {"client_authentication": "tls_client_auth"}, "valid choice"),
    ],
)
def test_usual_mistake_is_told_at_its_field_and_nothing_is_saved(
    vendor: str, field: str, entered: dict[str, str], told: str, acme: World, browse: Browse
) -> None:  # O-1, V-4, V-23
    provider = add_oidc(acme, Vendor(vendor))
    answer = save(browse(acme.sso_admin), address_of(provider), name="What was typed", **entered)
    assert told in errors(answer)[field]
    assert 'value="What was typed"' in answer.text
    assert not fields_of(answer.text).get("client_secret")
    assert not OidcSettings.objects.filter(provider=provider).exists()


def test_every_setting_is_saved_and_shown_again(acme: World, browse: Browse) -> None:  # O-1
    provider = add_oidc(acme, Vendor.OTHER)
    changed = {
        "issuer": "https://idp.example",
        "client_id": "abc",
        "flow": "hybrid",
        "client_authentication": "client_secret_post",
        "extra_scopes": "groups offline",
        "max_age_seconds": "3600",
        "acr_values": "urn:mfa urn:phr",
        "subject_claim": "employee_id",
    }
    browser = browse(acme.sso_admin)
    fields = {**fields_of(browser.get(address_of(provider)).text), **changed, "client_secret": SECRET}
    fields.pop("pushed_requests")  # a switch that is off
    assert browser.post(address_of(provider), fields).status_code == 302
    row = settings_of(provider)
    for name, value in changed.items():
        assert str(getattr(row, name)) == value, name
    assert (row.pushed_requests, row.client_secret) == (False, SECRET)
    shown = fields_of(browser.get(address_of(provider)).text)
    assert {name: shown[name] for name in changed} == changed
    assert save(browser, address_of(provider), max_age_seconds="").status_code == 302
    assert settings_of(provider).max_age_seconds is None


def test_saving_without_a_change_changes_nothing(
    acme: World, browse: Browse
) -> None:  # L-8: a proof stays one
    provider = add_oidc(acme)
    fill(provider, flow="hybrid", max_age_seconds=0, acr_values="urn:mfa")
    provider.refresh_from_db()
    assert save(browse(acme.sso_admin), address_of(provider)).status_code == 302
    version = provider.version
    provider.refresh_from_db()
    assert (provider.version, settings_of(provider).max_age_seconds) == (version, 0)


# --- Entra's three ways, Google's domain ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "used"),
    [
        ({}, "With a client secret in use"),
        ({"client_secret": "", "client_authentication": "private_key_jwt"}, "With our certificate in use"),
        ({"client_secret": "", "flow": "hybrid"}, "With neither in use"),
        ({"client_secret": "", "flow": "code"}, ""),
    ],
)
def test_three_ways_to_entra_are_explained_and_the_one_in_use_is_marked(
    values: dict[str, str], used: str, acme: World, browse: Browse
) -> None:  # O-3
    provider = add_oidc(acme)
    fill(provider, **values)
    told = words(browse(acme.sso_admin).get(address_of(provider)))
    for way in ("With a client secret", "With our certificate", "With neither", "What is lost"):
        assert way in told
    assert (used in told) if used else ("in use" not in told)


def test_admin_consent_is_offered_for_an_application_at_microsoft(acme: World, browse: Browse) -> None:  # O-4
    provider = add_oidc(acme)
    browser = browse(acme.sso_admin)
    link = f'href="http://localhost:8000/sso/oidc/{provider.slug}/admin-consent"'
    assert link not in browser.get(address_of(provider)).text
    fill(provider)
    shown = browser.get(address_of(provider)).text
    assert link in shown
    assert f'data-copy="http://localhost:8000/sso/oidc/{provider.slug}/admin-consent/return"' in shown
    fill(provider, issuer="https://idp.example")
    assert link not in browser.get(address_of(provider)).text


def test_google_is_not_enabled_without_a_verified_domain(
    acme: World, browse: Browse, operator: User, idp: MisbehavingProvider
) -> None:  # V-4
    provider = add_oidc(acme, Vendor.GOOGLE)
    browser = browse(operator)
    assert "acme.example" in words(browser.get(address_of(provider)))
    EmailDomain.objects.filter(account=acme.account).update(verified_at=None)
    assert "Without a verified domain" in words(browser.get(address_of(provider)))
    sent = {"issuer": idp.issuer, "client_id": "abc", "_enable": "1"}
    answer = save(browser, address_of(provider), **sent)
    assert answer.status_code == 302
    assert "needs a verified e-mail domain" in words(browser.get(address_of(provider)))
    provider.refresh_from_db()
    assert provider.state == State.DRAFT
    assert AuditEvent.objects.filter(action="provider.enable", reason="provider.not_ready").exists()
