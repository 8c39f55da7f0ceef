"""An SSO account admin sees how a sign-in went, and what the same or other claims would do today (A-5, G-6, G-7)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts import lifecycle
from accounts.models import BuiltInAccountRole, Group, User
from accounts.tasks import count_group_sightings
from audit.models import AuditEvent
from sso.models import IdentityProvider, SignInAttempt
from tests.conftest import client_of
from tests.console.admin_pages import address_of, page, words
from tests.journeys.conftest import ENGINEERS, ON_CALL, OPERATOR, Company
from tests.journeys.person_browser import PersonBrowser, sign_in
from tests.journeys.seen import OIDC, SAML, rows, written
from tests.worlds import add_person
from tests.worlds import sign_in as sign_in_here

STARTS = pytest.mark.parametrize("start", [SAML, OIDC], ids=["saml", "oidc"])


def admin_of(company: Company, role: BuiltInAccountRole = BuiltInAccountRole.SSO_ACCOUNT_ADMIN) -> Client:
    """Return the browser of an admin of the company."""
    browser = client_of("localhost:8000")
    sign_in_here(browser, add_person(company.account, f"boss-{role.value}", role))
    return browser


def replay(attempt: SignInAttempt) -> str:
    return page(SignInAttempt, "replay", attempt.pk)


def try_claims(browser: Client, provider: IdentityProvider, claims: Any) -> Any:
    text = claims if isinstance(claims, str) else json.dumps(claims)
    return browser.post(page(IdentityProvider, "try_claims", provider.pk), {"claims": text})


@STARTS
def test_admin_sees_steps_claims_and_changes_of_a_sign_in(
    start: str, acme: Company, browser: PersonBrowser
) -> None:
    sign_in(browser, start)
    admin = admin_of(acme)
    attempt = SignInAttempt.objects.get()

    shown = admin.get(address_of(attempt))

    told = words(shown)
    assert "Signature passed" in told
    assert "Match and access passed" in told
    assert '"given_name": "Mia"' in shown.text.replace("&quot;", '"')
    for action in ("user.created", "access.changed"):
        assert address_of(AuditEvent.objects.get(action=action, track_id=attempt.track_id)) in shown.text


def test_refused_sign_in_shows_where_it_ended_and_gets_through_by_todays_rules(
    acme: Company, browser: PersonBrowser
) -> None:
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"sso_authorization": True})
    sign_in(browser, SAML)
    admin = admin_of(acme)
    attempt = SignInAttempt.objects.get()
    assert "Match and access failed role_mapping.missing" in words(admin.get(address_of(attempt)))
    assert "Refused with role_mapping.missing" in words(admin.get(replay(attempt)))

    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"sso_authorization": False})
    before = rows()
    told = words(admin.get(replay(attempt)))
    assert "mia@acme.example (would be created)" in told
    assert "+ DevOps (Space Developer)" in told
    assert "+ Engineers" in told
    assert set(written(before)) <= {"sessions.session", "accounts.usersession"}
    assert not User.objects.filter(user_name="mia@acme.example").exists()


def test_claims_are_read_again_by_todays_claim_names(acme: Company, browser: PersonBrowser) -> None:
    sign_in(browser, SAML, extra="team=Trial", leave_out=["space_name"])
    admin = admin_of(acme)
    attempt = SignInAttempt.objects.get()
    assert "+ Trial" not in words(admin.get(replay(attempt)))
    acme.saml.claim_names = {"space_name": "team"}
    acme.saml.update_access_on_login = True
    acme.saml.save()
    assert "+ Trial (Space Member)" in words(admin.get(replay(attempt)))


@pytest.mark.parametrize("protocol", ["saml", "oidc"])
def test_pasted_claims_show_what_they_would_do_and_change_nothing(
    protocol: str, acme: Company
) -> None:
    provider = getattr(acme, protocol)
    groups = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"
    names = {"saml": ("NameID", groups), "oidc": ("sub", "groups")}[protocol]
    claims = {
        names[0]: "nina@acme.example",
        "email": "nina@acme.example",
        "space_name": "Trial,Bogus",
        names[1]: [ENGINEERS],
    }
    admin = admin_of(acme)
    assert admin.get(page(IdentityProvider, "try_claims", provider.pk)).status_code == 200
    before = rows()

    told = words(try_claims(admin, provider, claims))

    assert "nina@acme.example (would be created)" in told
    assert "+ Trial (Space Member)" in told
    assert "+ Engineers" in told
    assert "Rule 6" in told
    assert set(written(before)) <= {"sessions.session", "accounts.usersession"}
    del claims[names[0]]
    assert f"Refused with {protocol}." in words(try_claims(admin, provider, claims))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": "\\u0000"}', '{"a": 1, "a": 2}', " " * 70000])
def test_what_is_no_claims_is_refused_with_the_reason(text: str, acme: Company) -> None:
    answer = try_claims(admin_of(acme), acme.oidc, text)
    assert answer.status_code == 400
    assert "no JSON object of names and values" in words(answer)


def test_claims_and_trials_are_for_those_who_configure_sign_in(
    acme: Company, make_company: Callable[..., Company], browser: PersonBrowser
) -> None:  # V-8
    sign_in(browser, SAML)
    attempt = SignInAttempt.objects.get()
    account_admin = admin_of(acme, BuiltInAccountRole.ACCOUNT_ADMIN)
    shown = account_admin.get(address_of(attempt))
    assert shown.status_code == 200
    assert "Signature passed" not in words(shown)
    assert account_admin.get(replay(attempt)).status_code == 403
    assert try_claims(account_admin, acme.saml, {}).status_code == 403
    stranger = admin_of(make_company("globex"))
    assert stranger.get(replay(attempt)).status_code == 404
    assert try_claims(stranger, acme.saml, {}).status_code == 404


def test_groups_are_told_and_offered_even_where_nothing_follows_them(
    make_company: Callable[..., Company], browser: PersonBrowser
) -> None:  # G-6, G-7
    company = make_company("acme", group_sync=False)
    sign_in(browser, SAML)
    assert ON_CALL in AuditEvent.objects.get(action="sign_in.succeeded").message
    assert browser.me()["groups"] == []
    count_group_sightings()
    group = Group.objects.get(account=company.account, name="Friday Lunch")
    assert f'<option value="{ON_CALL}">seen 1 time, last on ' in admin_of(company).get(address_of(group)).text
