"""An employee signs in for the first time and has what the directory said."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import User
from audit.models import AuditEvent
from sso.models import SignInAttempt, Vendor
from tests.journeys.conftest import ENGINEERS, ON_CALL, Company
from tests.journeys.person_browser import PersonBrowser, sign_in

STARTS = ["/sso/saml/acme-saml/", "/sso/oidc/acme-oidc/login"]


@pytest.mark.parametrize("start", STARTS)
def test_new_employee_gets_spaces_roles_and_groups_at_once(
    acme: Company, browser: PersonBrowser, start: str
) -> None:
    # J-2, J-3, J-4, S-1, O-1, G-2
    page = sign_in(browser, start)
    assert page.status == 200
    assert page.url == "http://localhost:8000/"

    me = browser.me()
    assert me["authenticated"] is True
    assert me["user_name"] == "mia@acme.example"
    assert me["email"] == "mia@acme.example"
    assert me["given_name"] == "Mia"
    assert me["timezone"] == "Europe/Berlin"
    assert me["status"] == "active"
    assert me["account"] == {"slug": "acme", "name": "Acme"}
    assert me["account_roles"] == [{"name": "Member", "source": "claims"}]
    assert me["spaces"] == [
        {"name": "DevOps", "roles": [{"name": "Space Developer", "source": "claims"}]},
        {"name": "Trial", "roles": [{"name": "Space Member", "source": "claims"}]},
    ]
    assert me["groups"] == [{"name": "Engineers", "idp_identifier": ENGINEERS, "source": "claims"}]
    assert me["session"]["identity_provider"] == start.split("/")[3]


def test_code_flow_signs_in_like_hybrid(make_company: Callable[..., Company], browser: PersonBrowser) -> None:
    # O-1
    make_company("acme", flow="code")
    sign_in(browser, "/sso/oidc/acme-oidc/login")
    assert browser.me()["user_name"] == "mia@acme.example"


@pytest.mark.parametrize("start", ["/sso/saml/globex-saml/", "/sso/oidc/globex-oidc/login"])
def test_okta_names_work_as_entra_names_do(
    make_company: Callable[..., Company], browser: PersonBrowser, start: str
) -> None:
    # J-1, G-4
    company = make_company("globex", Vendor.OKTA)
    from accounts import lifecycle
    from tests.journeys.conftest import OPERATOR

    group = company.account.groups.get(name="Engineers")
    lifecycle.update_group(group=group, actor=OPERATOR, idp_identifier="Engineers")
    sign_in(browser, start, email="mia@globex.example", user_name="mia@globex.example")
    me = browser.me()
    assert me["given_name"] == "Mia"
    assert [group["name"] for group in me["groups"]] == ["Engineers"]
    assert AuditEvent.objects.filter(
        message__contains="Valid login through Okta Idp detected"
    ).exists()  # G-6


def test_audit_says_which_provider_and_groups(acme: Company, browser: PersonBrowser) -> None:
    # G-6, A-4
    sign_in(browser, "/sso/saml/acme-saml/")
    event = AuditEvent.objects.get(action="sign_in.succeeded")
    assert "Valid login through AzureAD Idp detected" in event.message
    assert ENGINEERS in event.message
    assert ON_CALL in event.message
    assert event.account_id == acme.account.pk
    attempt = SignInAttempt.objects.get()
    assert event.track_id == attempt.track_id
    assert attempt.outcome == "signed_in"


def test_same_person_through_both_providers_of_one_directory_is_one_user(
    acme: Company, browser: PersonBrowser, new_browser: Callable[[], PersonBrowser]
) -> None:
    # V-3
    sign_in(browser, "/sso/saml/acme-saml/")
    other = new_browser()
    sign_in(other, "/sso/oidc/acme-oidc/login")
    assert browser.me()["id"] == other.me()["id"]
    assert User.objects.for_account(acme.account).count() == 1


def test_bad_values_become_warnings_and_the_good_ones_count(acme: Company, browser: PersonBrowser) -> None:
    # J-5 rule 6, J-8, J-9
    sign_in(
        browser,
        "/sso/saml/acme-saml/",
        space_name="Atlantis,trial",
        space_role="Space Admin,No Such Role",
        timezone="Mars/Olympus_Mons",
    )
    me = browser.me()
    assert me["spaces"] == [{"name": "Trial", "roles": [{"name": "Space Member", "source": "claims"}]}]
    assert me["timezone"] == ""
    report = SignInAttempt.objects.get().report
    assert [rule["rule"] for rule in report["rules"]] == [3, 6]
    assert {warning["code"] for warning in report["warnings"]} >= {
        "timezone_unknown",
        "name_matched_without_case",
    }


def test_person_without_email_is_told_so(acme: Company, browser: PersonBrowser) -> None:
    # L-10
    page = sign_in(browser, "/sso/saml/acme-saml/", person="omar")
    assert page.status == 403
    assert (
        "Account in Acme's identity provider (Acme SAML) does not have an associated email address."
        in page.words
    )
    assert User.objects.count() == 0
    event = AuditEvent.objects.get(action="sign_in.refused")
    assert event.reason == "no_email"
    assert event.track_id in page.words


def test_email_name_id_is_the_address_when_no_attribute_says_one(
    acme: Company, browser: PersonBrowser
) -> None:
    # S-4
    sign_in(browser, "/sso/saml/acme-saml/", leave_out=["email"], name_id_format="email")
    assert browser.me()["email"] == "mia@acme.example"


def test_without_just_in_time_a_stranger_has_no_account(
    make_company: Callable[..., Company], browser: PersonBrowser
) -> None:
    # J-2
    make_company("acme", just_in_time=False)
    page = sign_in(browser, "/sso/saml/acme-saml/")
    assert "mia@acme.example does not have an active account in Identity Broker." in page.words
    assert browser.me() == {"authenticated": False}


def test_person_outside_the_verified_domains_is_not_created(acme: Company, browser: PersonBrowser) -> None:
    # V-4
    page = sign_in(
        browser, "/sso/saml/acme-saml/", email="mia@elsewhere.example", user_name="mia@elsewhere.example"
    )
    assert page.status == 403
    assert User.objects.count() == 0
    assert AuditEvent.objects.get(action="sign_in.refused").reason == "email.outside_domains"


def test_known_person_keeps_their_address_when_the_provider_sends_one_outside_the_domains(
    acme: Company, browser: PersonBrowser
) -> None:
    # V-4, J-9
    sign_in(browser, "/sso/saml/acme-saml/")
    browser.post("/logout/", {})
    sign_in(browser, "/sso/saml/acme-saml/", email="mia@elsewhere.example")
    assert browser.me()["email"] == "mia@acme.example"
    warned = SignInAttempt.objects.latest("created_at").report["warnings"]
    assert [row["code"] for row in warned if "email" in row["code"]] == ["email_outside_domains"]


def test_connecting_and_group_sync_are_facts_with_one_event_of_their_own(
    acme: Company, browser: PersonBrowser
) -> None:
    # G-2, G-3, design rule 2: whose groups follow the provider is a change about a person like any other
    for _ in range(2):
        sign_in(browser, STARTS[0])
        browser.post("/logout/", {})
    user = User.objects.get()
    assert (user.connected, user.group_synced) == (True, True)
    event = AuditEvent.objects.get(action="user.connected")
    assert (event.actor_kind, event.object_id) == ("provider", str(user.pk))
    assert event.changes == {"connected": [False, True], "group_synced": [False, True]}
