"""The page of an OpenID Connect provider: made, filled in each vendor's words, enabled; who may not (O-1, O-3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import EmailDomain, User
from audit.models import AuditEvent
from foundation.http import OutboundCode, OutboundError, OutboundHttp
from sso import providers
from sso.models import IdentityProvider, ProtocolName, State, Vendor
from sso_oidc.configuration import OidcValues, save_oidc_settings
from sso_oidc.models import ClientKeyPair, OidcSettings
from tests.console.admin_pages import address_of, fields_of, page, save, words
from tests.sso_oidc.misbehaving_provider import MisbehavingProvider
from tests.sso_oidc.openid_world import ready_made_keys
from tests.worlds import OPERATOR, World

Browse = Callable[[User], Client]
TENANT, CLIENT = "11111111-2222-4333-8444-555555555555", "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
ENTRA_ISSUER = f"https://login.microsoftonline.com/{TENANT}/v2.0"
SECRET = "hAU8Q~a-secret-value"


@pytest.fixture
def idp(settings: Any) -> Iterator[MisbehavingProvider]:
    """A provider that answers, at an address that only an operator may enter (V-23)."""
    with MisbehavingProvider() as running:
        settings.BROKER_NETWORK_ALLOW_LIST = running.server.allowed
        yield running


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but what a test allows can be reached: no test asks a vendor."""
    ask = OutboundHttp.get_bytes

    def get_bytes(self: OutboundHttp, url: str, **options: Any) -> bytes:
        if not self.is_allow_listed(url):
            raise OutboundError(OutboundCode.CONNECTION, "a vendor")
        return ask(self, url, **options)

    monkeypatch.setattr(OutboundHttp, "get_bytes", get_bytes)


@pytest.fixture(autouse=True)
def _ready_made_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    ready_made_keys(monkeypatch)


def add_oidc(world: World, vendor: Vendor = Vendor.ENTRA, slug: str = "") -> IdentityProvider:
    """Make a draft without any values."""
    return providers.create_provider(
        actor=OPERATOR,
        slug=slug or f"{world.account.slug}-{vendor.value}",
        name=f"{world.account.name} Directory",
        protocol=ProtocolName.OIDC,
        vendor=vendor,
        account=world.account,
    )


def fill(provider: IdentityProvider, **values: Any) -> None:
    given = {"issuer": ENTRA_ISSUER, "client_id": CLIENT, "client_secret": SECRET, **values}
    save_oidc_settings(provider=provider, actor=OPERATOR, values=OidcValues(**given))


def settings_of(provider: IdentityProvider) -> OidcSettings:
    return OidcSettings.objects.get(provider=provider)


def errors(answer: Any) -> dict[str, str]:
    """The form's errors by field, as text."""
    assert answer.status_code == 200
    return {name: " ".join(told) for name, told in answer.context["adminform"].form.errors.items()}


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


# --- the secret -------------------------------------------------------------------------------------------------------


def test_secret_goes_in_and_never_comes_out(acme: World, browse: Browse) -> None:  # V-23, V-8
    provider = add_oidc(acme)
    browser = browse(acme.sso_admin)
    assert "not set" in words(browser.get(address_of(provider)))
    given = {"tenant_id": TENANT, "client_id": CLIENT, "client_secret": SECRET}
    assert save(browser, address_of(provider), **given).status_code == 302
    assert settings_of(provider).client_secret == SECRET
    assert save(browser, address_of(provider), name="Renamed").status_code == 302
    assert settings_of(provider).client_secret == SECRET  # left empty, it stays
    for viewer in (acme.sso_admin, acme.admin):
        shown = browse(viewer).get(address_of(provider))
        assert SECRET not in shown.text
        assert "changed " in words(shown)
        assert SECRET not in browse(viewer).get(page(IdentityProvider, "history", provider.pk)).text
    refused = save(browser, address_of(provider), client_secret=SECRET, acr_values="x" * 400)
    assert SECRET not in refused.text
    assert not AuditEvent.objects.filter(message__contains=SECRET).exists()


def test_new_client_id_says_that_the_secret_goes_before_it_goes(acme: World, browse: Browse) -> None:  # V-23
    provider = add_oidc(acme)
    fill(provider, flow="hybrid")
    browser = browse(acme.sso_admin)
    other = "ffffffff-bbbb-4ccc-8ddd-eeeeeeeeeeee"
    for moved in ({"client_id": other}, {"tenant_id": other}):
        told = errors(save(browser, address_of(provider), **moved))
        assert "makes us forget the stored client secret" in told["client_secret"]
        assert settings_of(provider).client_secret == SECRET
    assert save(browser, address_of(provider), client_id=other, client_secret="new-one").status_code == 302
    assert settings_of(provider).client_secret == "new-one"
    assert save(browser, address_of(provider), tenant_id=other[::-1], remove_secret="on").status_code == 200
    assert save(browser, address_of(provider), client_id=CLIENT, remove_secret="on").headers[
        "Location"
    ] == address_of(provider)
    assert (settings_of(provider).client_id, settings_of(provider).client_secret) == (CLIENT, "")


def test_secret_is_removed_on_request_and_a_public_client_has_none(acme: World, browse: Browse) -> None:
    # O-1
    provider = add_oidc(acme)
    fill(provider, flow="hybrid")
    browser = browse(acme.sso_admin)
    told = errors(save(browser, address_of(provider), client_authentication="none"))
    assert "has no client secret" in told["client_authentication"]
    both = errors(save(browser, address_of(provider), client_secret="x", remove_secret="on"))
    assert "remove_secret" in both
    answer = save(browser, address_of(provider), client_authentication="none", remove_secret="on")
    assert answer.status_code == 302
    assert settings_of(provider).client_secret == ""
    assert "remove_secret" not in fields_of(browser.get(address_of(provider)).text)


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


# --- our keys ---------------------------------------------------------------------------------------------------------


def roles(provider: IdentityProvider) -> set[str]:
    return set(ClientKeyPair.objects.filter(provider=provider).values_list("role", flat=True))


def test_keys_are_made_and_rolled_over_step_by_step_each_confirmed(
    acme: World, browse: Browse
) -> None:  # O-1, O-3
    provider = add_oidc(acme)
    browser = browse(acme.sso_admin)
    steps = (
        ("make_client_key", {"current"}),
        ("add_client_key", {"current", "next"}),
        ("roll_over_client_key", {"current", "previous"}),
        ("drop_client_key", {"current"}),
    )
    for name, after in steps:
        address, before = page(IdentityProvider, name, provider.pk), roles(provider)
        assert address in browser.get(address_of(provider)).text
        assert browser.get(address).status_code == 200  # asks
        assert roles(provider) == before
        assert browser.post(address).status_code == 302
        assert roles(provider) == after
    for name in ("drop_client_key", "make_client_key"):
        assert browser.post(page(IdentityProvider, name, provider.pk)).status_code == 403


def test_our_certificate_can_be_taken_to_the_vendor_and_no_key_is_shown(
    acme: World, globex: World, browse: Browse
) -> None:  # O-3
    provider = add_oidc(acme)
    browser = browse(acme.sso_admin)
    way = {"tenant_id": TENANT, "client_id": CLIENT, "client_authentication": "private_key_jwt"}
    assert save(browser, address_of(provider), **way).status_code == 302
    shown = browser.get(address_of(provider))
    assert "With our certificate in use" in words(shown)
    assert "PRIVATE KEY" not in shown.text
    for ending in ("cer", "pem"):
        address = page(IdentityProvider, "client_certificate", provider.pk, "current", ending)
        assert address in shown.text
        file = browser.get(address)
        assert file.content.decode().startswith("-----BEGIN CERTIFICATE-----")
        assert "PRIVATE KEY" not in file.content.decode()
        assert f'filename="{provider.slug}-current.{ending}"' in file.headers["Content-Disposition"]
        assert browse(globex.sso_admin).get(address).status_code == 404
    for role, ending in (("next", "cer"), ("nonsense", "cer"), ("current", "key")):
        address = page(IdentityProvider, "client_certificate", provider.pk, role, ending)
        assert browser.get(address).status_code == 404


def test_new_client_id_says_that_our_keys_go_before_they_go(acme: World, browse: Browse) -> None:  # V-23
    provider = add_oidc(acme)
    fill(provider, client_secret="", client_authentication="private_key_jwt")
    before = ClientKeyPair.objects.get().fingerprint
    browser = browse(acme.sso_admin)
    other = "ffffffff-bbbb-4ccc-8ddd-eeeeeeeeeeee"
    told = errors(save(browser, address_of(provider), client_id=other))
    assert "makes us forget our keys" in told["forget_keys"]
    assert ClientKeyPair.objects.get().fingerprint == before
    assert save(browser, address_of(provider), client_id=other, forget_keys="on").status_code == 302
    assert ClientKeyPair.objects.get().fingerprint != before


# --- discovery, enabling ----------------------------------------------------------------------------------------------


def test_what_the_provider_says_is_read_when_the_issuer_is_saved(
    acme: World, browse: Browse, operator: User, idp: MisbehavingProvider
) -> None:  # O-1, O-5
    provider = add_oidc(acme, Vendor.OTHER)
    idp.document["end_session_endpoint"] = idp.server.url("/bye")
    browser = browse(operator)
    assert save(browser, address_of(provider), issuer=idp.issuer, client_id="abc").status_code == 302
    told = words(browser.get(address_of(provider)))
    assert f"The provider was found: {idp.issuer}" in told
    for url in ("/authorize", "/token", "/keys", "/userinfo", "/bye"):
        assert idp.server.url(url) in told, url
    asked = idp.count("/.well-known/openid-configuration")
    assert save(browser, address_of(provider), name="Renamed").status_code == 302
    browser.get(address_of(provider))
    assert idp.count("/.well-known/openid-configuration") == asked  # looking at the page asks nobody


def test_discovery_is_read_again_on_request_and_its_trouble_is_told(
    acme: World, browse: Browse, operator: User, idp: MisbehavingProvider
) -> None:  # O-5
    provider = add_oidc(acme, Vendor.OTHER)
    fill(provider, issuer=idp.issuer)
    address = page(IdentityProvider, "discover", provider.pk)
    browser = browse(acme.sso_admin)
    assert address in browser.get(address_of(provider)).text
    assert idp.issuer in words(browser.get(address))
    assert idp.count("/.well-known/openid-configuration") == 0
    assert "The provider was found" in words(browser.post(address, follow=True))
    idp.document["issuer"] = "https://somebody-else.example"
    told = words(browser.post(address, follow=True))
    assert "doesn't fit what is entered here" in told
    assert "https://somebody-else.example" in told
    del idp.server.routes["/.well-known/openid-configuration"]
    assert "There is no discovery document" in words(browser.post(address, follow=True))


def test_enable_saves_and_enables_a_provider_that_answers(
    acme: World, browse: Browse, operator: User, idp: MisbehavingProvider
) -> None:  # S-3
    provider = add_oidc(acme, Vendor.OTHER)
    browser = browse(operator)
    sent = {"issuer": idp.issuer, "client_id": "abc", "client_secret": SECRET, "_enable": "1"}
    assert save(browser, address_of(provider), **sent).status_code == 302
    provider.refresh_from_db()
    assert provider.state == State.ENABLED
    shown = browser.get(address_of(provider))
    assert "It has a button on the account's login page now" in words(shown)
    assert 'name="_enable"' not in shown.text
    assert 'name="_test"' in shown.text


def test_provider_that_does_not_answer_is_saved_and_not_enabled(
    acme: World, browse: Browse, operator: User, idp: MisbehavingProvider
) -> None:  # S-3, O-5
    provider = add_oidc(acme, Vendor.OTHER)
    del idp.server.routes["/.well-known/openid-configuration"]
    browser = browse(operator)
    assert (
        save(browser, address_of(provider), issuer=idp.issuer, client_id="abc", _enable="1").status_code
        == 302
    )
    assert "saved and not enabled" in words(browser.get(address_of(provider)))
    provider.refresh_from_db()
    assert (provider.state, settings_of(provider).client_id) == (State.DRAFT, "abc")


def test_client_authentication_that_the_provider_does_not_take_is_told(
    acme: World, browse: Browse, operator: User, idp: MisbehavingProvider
) -> None:  # O-1
    provider = add_oidc(acme, Vendor.OTHER)
    idp.document["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    sent = {"issuer": idp.issuer, "client_id": "abc", "client_authentication": "client_secret_basic"}
    browser = browse(operator)
    assert save(browser, address_of(provider), **sent).status_code == 302
    assert "It takes: client_secret_post" in words(browser.get(address_of(provider)))


@pytest.mark.parametrize("pressed", ["_enable", "_test"])
def test_enable_and_test_say_at_each_field_what_is_missing(
    pressed: str, acme: World, browse: Browse
) -> None:  # S-3
    provider = add_oidc(acme)
    browser = browse(acme.sso_admin)
    assert set(errors(save(browser, address_of(provider), **{pressed: "1"}))) == {"tenant_id", "client_id"}
    needs = {"tenant_id": TENANT, "client_id": CLIENT, "client_authentication": "client_secret_basic"}
    assert set(errors(save(browser, address_of(provider), **needs, **{pressed: "1"}))) == {"client_secret"}
    other = add_oidc(acme, Vendor.OTHER)
    assert set(errors(save(browser, address_of(other), **{pressed: "1"}))) == {"issuer", "client_id"}


def test_enabled_provider_keeps_its_values_and_is_tested_as_saved(acme: World, browse: Browse) -> None:
    # S-3, V-18
    provider = add_oidc(acme)
    fill(provider, flow="hybrid")
    providers.enable_provider(provider=provider, actor=OPERATOR)
    browser = browse(acme.sso_admin)
    emptied = errors(save(browser, address_of(provider), tenant_id="", client_id="", remove_secret="on"))
    assert {"tenant_id", "client_id"} <= set(emptied)
    changed = save(browser, address_of(provider), flow="code", _test="1")
    assert "save your changes first" in words(changed)
    unchanged = save(browser, address_of(provider), _test="1")
    assert f"/sso/oidc/{provider.slug}/login?test=" in unchanged.text


def test_test_of_a_draft_saves_it_first(acme: World, browse: Browse) -> None:  # S-3
    provider = add_oidc(acme)
    fill(provider, flow="hybrid")
    answer = save(browse(acme.sso_admin), address_of(provider), extra_scopes="groups", _test="1")
    assert f"/sso/oidc/{provider.slug}/login?test=" in answer.text
    assert settings_of(provider).extra_scopes == "groups"
    provider.refresh_from_db()
    assert provider.state == State.DRAFT


# --- who may not ------------------------------------------------------------------------------------------------------

STEPS = (
    *("enable", "disable", "test_connection", "discover"),
    *("make_client_key", "add_client_key", "roll_over_client_key", "drop_client_key"),
)


def test_account_admin_without_the_sso_right_looks_and_changes_nothing(
    acme: World, browse: Browse
) -> None:  # V-8
    provider = add_oidc(acme)
    fill(provider)
    browser = browse(acme.admin)
    shown = browser.get(address_of(provider))
    told = words(shown)
    assert ENTRA_ISSUER in told
    assert CLIENT in told
    assert f"/sso/oidc/{provider.slug}/callback" in told
    for control in ('name="_enable"', 'name="_test"', 'name="_save"', 'name="client_secret"', "/discover/"):
        assert control not in shown.text, control
    assert browser.post(address_of(provider), {"client_id": "mine", "_enable": "1"}).status_code == 403
    for name in STEPS:
        address = page(IdentityProvider, name, provider.pk)
        assert browser.get(address).status_code == 403, name
        assert browser.post(address).status_code == 403, name
    assert settings_of(provider).client_id == CLIENT


def test_other_accounts_admin_finds_nothing(acme: World, globex: World, browse: Browse) -> None:
    provider = add_oidc(acme)
    fill(provider)
    browser = browse(globex.sso_admin)
    for name in ("change", *STEPS):
        address = page(IdentityProvider, name, provider.pk)
        assert browser.get(address).status_code == 404, name
        assert browser.post(address, {"client_id": "mine"}).status_code == 404, name
    assert settings_of(provider).client_id == CLIENT


def test_client_of_another_account_is_refused_without_saying_whose_it_is(
    acme: World, globex: World, browse: Browse
) -> None:  # V-6
    fill(add_oidc(globex))
    provider = add_oidc(acme)
    answer = save(browse(acme.sso_admin), address_of(provider), tenant_id=TENANT, client_id=CLIENT)
    assert answer.status_code == 200
    assert "already in use" in words(answer)
    assert "globex" not in words(answer).lower()
