"""An admin asks their organization's Entra administrator to consent for everybody, and comes back (O-4)."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Kind, User, UserSession
from audit.models import AuditEvent
from sso.graph.access import GraphValues, save_graph_access
from sso.models import AdminConsent, IdentityProvider, Vendor
from sso_oidc.models import EntraTenant
from tests.journeys.entra_world import (
    ACME_TENANT,
    CLIENT_ID,
    EVIL_TENANT,
    SLUG,
    EntraCloud,
    add_own_provider,
    add_shared_provider,
)
from tests.journeys.person_browser import HOME, Page, PersonBrowser
from tests.journeys.seen import reasons, refused_for, track_id_of
from tests.worlds import OPERATOR, PASSWORD, World, add_vendor_person, found_account

START = "/sso/oidc/acme-entra/admin-consent"
RETURN = f"{START}/return"
GRANTED = "Microsoft Entra says that consent was given"
REFUSED = "Consent was not given"
NOTHING = "Nothing is waiting for this answer"


@pytest.fixture
def acme(cloud: EntraCloud) -> World:
    world = found_account("acme")
    add_own_provider(cloud, world)
    return world


@pytest.fixture
def admin(acme: World, browser: PersonBrowser) -> PersonBrowser:
    """The SSO account admin's browser."""
    return signed_in(browser, acme.sso_admin)


def signed_in(browser: PersonBrowser, user: User) -> PersonBrowser:
    page = "/login/" if user.account is None else f"/login/{user.account.slug}/"
    browser.post(page, {"user_name": user.user_name, "password": PASSWORD})
    assert browser.me()["authenticated"] is True
    return browser


def leave(browser: PersonBrowser, start: str = START) -> dict[str, str]:
    """Go to Entra; return what it was asked."""
    page = browser.open(start)
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()} | {
        "": page.url.partition("?")[0]
    }


def come_back(browser: PersonBrowser, state: str, path: str = RETURN, **fields: str) -> Page:
    return browser.open(f"{path}?{urlencode({'state': state, **fields})}")


def test_admin_is_sent_to_their_own_tenants_consent_page(cloud: EntraCloud, admin: PersonBrowser) -> None:
    # O-4
    asked = leave(admin)
    assert asked[""] == f"{cloud.base}/{ACME_TENANT}/v2.0/adminconsent"
    assert asked["client_id"] == CLIENT_ID
    assert asked["scope"] == "openid profile email"
    assert asked["redirect_uri"] == f"{HOME}{RETURN}"
    assert len(asked["state"]) >= 22
    assert asked["state"] not in str(AdminConsent.objects.values())


def test_own_client_that_reads_groups_asks_for_its_application_permissions(
    cloud: EntraCloud, admin: PersonBrowser
) -> None:
    # O-4, G-5
    provider = IdentityProvider.objects.get(slug="acme-entra")
    save_graph_access(provider=provider, actor=OPERATOR, values=GraphValues())
    assert leave(admin)["scope"] == f"{cloud.base}/graph/.default"
    other = GraphValues(client_id="reader", client_secret="secret-of-the-reader")
    save_graph_access(provider=provider, actor=OPERATOR, values=other)
    assert leave(admin)["scope"] == "openid profile email"


def test_consent_that_was_given_is_said_so_and_written_down(admin: PersonBrowser, acme: World) -> None:
    # O-4
    page = come_back(admin, leave(admin)["state"], admin_consent="True", tenant=ACME_TENANT, scope="openid")
    assert page.status == 200
    assert GRANTED in page.words
    event = AuditEvent.objects.get(action="provider.admin_consent_granted")
    assert (event.actor_label, event.account_id) == (acme.sso_admin.user_name, acme.account.pk)
    assert AdminConsent.objects.get().outcome == "granted"


def test_tenant_in_the_answer_verifies_nothing_and_signs_nobody_in(
    cloud: EntraCloud, browser: PersonBrowser
) -> None:
    # O-4, V-6: anybody can write it
    found_account("acme")
    provider = add_shared_provider(cloud)
    operator = signed_in(browser, add_vendor_person("olga", Kind.OPERATOR))
    sessions = UserSession.objects.count()
    asked = leave(operator, f"/sso/oidc/{SLUG}/admin-consent")
    assert asked[""] == f"{cloud.base}/organizations/v2.0/adminconsent"
    path = f"/sso/oidc/{SLUG}/admin-consent/return"
    page = come_back(operator, asked["state"], path, admin_consent="True", tenant=EVIL_TENANT)
    assert GRANTED in page.words
    assert EVIL_TENANT not in page.text
    assert not EntraTenant.objects.filter(provider=provider).exists()
    assert not AuditEvent.objects.filter(message__contains=EVIL_TENANT).exists()
    assert UserSession.objects.count() == sessions


@pytest.mark.parametrize(
    ("error", "description", "says", "reason"),
    [
        ("access_denied", "AADSTS65004: <script>alert(1)</script>", "declined", "consent_declined"),
        ("consent_required", "AADSTS90094: x", "administrator", "consent_declined"),
        ("access_denied", "AADSTS50020: x", "another organization", "unknown_tenant"),
        ("unauthorized_client", "AADSTS700016: x", "client id", "application_unknown"),
        ("server_error", "<script>alert(1)</script>", "sign-in log", "other"),
        ("<script>", "", "sign-in log", "other"),
    ],
)
def test_refusal_is_explained_by_its_code_and_reflects_nothing(
    admin: PersonBrowser, error: str, description: str, says: str, reason: str
) -> None:
    # O-4: Entra says admin_consent=True with an error as well
    state = leave(admin)["state"]
    page = come_back(admin, state, admin_consent="True", error=error, error_description=description)
    assert REFUSED in page.words
    assert says in page.words
    assert GRANTED not in page.words
    assert "<script>alert" not in page.text
    assert "alert(1)" not in page.text
    assert reasons(track_id_of(page)) == [reason]
    trail = admin.open("/admin/audit/auditevent/")
    assert "<script>alert" not in trail.text
    assert GRANTED in come_back(admin, leave(admin)["state"], admin_consent="True").words


def test_answer_is_taken_once(admin: PersonBrowser) -> None:
    # O-4
    state = leave(admin)["state"]
    assert GRANTED in come_back(admin, state, admin_consent="True").words
    page = come_back(admin, state, admin_consent="True")
    assert (page.status, refused_for(page)) == (400, "attempt.unknown")
    assert NOTHING in page.words


def test_answer_is_taken_within_half_an_hour(admin: PersonBrowser) -> None:
    # O-4
    state = leave(admin)["state"]
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=31), tick=True):
        assert refused_for(come_back(admin, state, admin_consent="True")) == "attempt.unknown"
        assert GRANTED in come_back(admin, leave(admin)["state"], admin_consent="True").words


@pytest.mark.parametrize("who", ["nobody", "colleague", "same person elsewhere"])
def test_answer_belongs_to_the_session_that_asked(
    acme: World, admin: PersonBrowser, new_browser: type[PersonBrowser], who: str
) -> None:
    # O-4, V-16
    state, other = leave(admin)["state"], new_browser()
    if who != "nobody":
        signed_in(other, acme.admin if who == "colleague" else acme.sso_admin)
    page = come_back(other, state, admin_consent="True")
    assert NOTHING in page.words
    assert refused_for(page) in ("attempt.unknown", "consent.not_started")
    assert not AuditEvent.objects.filter(action="provider.admin_consent_granted").exists()
    assert GRANTED in come_back(admin, state, admin_consent="True").words


@pytest.mark.parametrize("fields", [{}, {"admin_consent": "False"}, {"admin_consent": ""}, {"code": "x"}])
def test_answer_without_a_word_of_consent_is_none(admin: PersonBrowser, fields: dict[str, str]) -> None:
    # O-4
    state = leave(admin)["state"]
    assert refused_for(come_back(admin, state, **fields)) == "oidc.response"
    assert GRANTED in come_back(admin, state, admin_consent="True").words


def test_repeated_parameter_is_refused(admin: PersonBrowser) -> None:
    state = leave(admin)["state"]
    page = admin.open(f"{RETURN}?state={state}&admin_consent=True&error=a&error=b")
    assert refused_for(page) == "oidc.response"
    assert (
        refused_for(admin.open(f"{RETURN}?state={state}&state={state}&admin_consent=True")) == "oidc.response"
    )
    assert GRANTED in come_back(admin, state, admin_consent="True").words


def test_state_of_a_consent_begins_and_ends_no_sign_in(admin: PersonBrowser) -> None:
    # V-18
    state = leave(admin)["state"]
    assert refused_for(admin.open(f"/sso/oidc/acme-entra/callback?code=x&state={state}")) == "attempt.unknown"
    assert GRANTED in come_back(admin, state, admin_consent="True").words


def test_state_of_another_provider_is_refused(cloud: EntraCloud, admin: PersonBrowser, acme: World) -> None:
    # O-4
    add_own_provider(cloud, acme, slug="acme-second", tenant=EVIL_TENANT)
    state = leave(admin)["state"]
    page = come_back(admin, state, "/sso/oidc/acme-second/admin-consent/return", admin_consent="True")
    assert refused_for(page) == "attempt.unknown"
    assert GRANTED in come_back(admin, state, admin_consent="True").words


@pytest.mark.parametrize("who", ["employee", "account admin", "another account's SSO admin"])
def test_only_who_may_configure_the_provider_asks(acme: World, browser: PersonBrowser, who: str) -> None:
    # V-8
    user = {"employee": acme.employee, "account admin": acme.admin}.get(who) or found_account(
        "globex"
    ).sso_admin
    assert refused_for(signed_in(browser, user).open(START)) == "consent.not_started"
    assert not AdminConsent.objects.exists()
    browser.post("/logout/", {})
    assert leave(signed_in(browser, acme.sso_admin))["state"]


def test_whoever_is_not_signed_in_signs_in_first(acme: World, browser: PersonBrowser) -> None:
    page = browser.open(START)
    assert page.url == f"{HOME}/login/?{urlencode({'next': START})}"
    assert not AdminConsent.objects.exists()


def test_another_vendor_has_no_such_page(acme: World, admin: PersonBrowser) -> None:
    # O-4
    IdentityProvider.objects.filter(slug="acme-entra").update(vendor=Vendor.OTHER)
    assert refused_for(admin.open(START)) == "provider.not_enabled"
    assert refused_for(admin.open("/sso/oidc/unknown/admin-consent")) == "provider.unknown"
    assert refused_for(admin.open("/sso/oidc/unknown/admin-consent/return")) == "provider.unknown"
    IdentityProvider.objects.filter(slug="acme-entra").update(vendor=Vendor.ENTRA)
    assert leave(admin)["state"]
