"""Signing out here and at a vendor's OpenID provider, with the simulator's own pages (O-7, L-12).

What each message must say, and what is refused, is in ``tests/sso_oidc``.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts import lifecycle
from accounts.models import EmailDomain, EndReason, UserSession
from simulator.oidc_logout import logout_token
from simulator.oidc_sessions import OidcSession
from sso.models import Vendor
from tests.journeys.conftest import OPERATOR, Company
from tests.journeys.person_browser import HOME, PersonBrowser, sign_in
from tests.sso_oidc.signing_in import ANONYMOUS, post_form

VENDORS = pytest.mark.parametrize(
    ("slug", "vendor"), [("acme", Vendor.ENTRA), ("globex", Vendor.OKTA)], ids=["entra", "okta"]
)
FLOWS = pytest.mark.parametrize("flow", ["code", "hybrid"])
MakeCompany = Callable[..., Company]


def sessions_there(company: Company) -> list[OidcSession]:
    """The sessions that the identity provider believes to be open, newest first."""
    return company.idp.app.sites[company.account.slug].oidc_sessions.all()


def tell(company: Company, session: OidcSession, *, everywhere: bool = False) -> int:
    """What the identity provider's server does when somebody signs out there."""
    site = company.idp.app.sites[company.account.slug]
    token = logout_token(site, session, everywhere=everywhere)
    path = f"/sso/oidc/{company.account.slug}-oidc/backchannel-logout"
    return post_form(path, {"logout_token": token}).status


def come_in(company: Company, browser: PersonBrowser, person: str = "mia@acme.example") -> OidcSession:
    """Sign in; gives the session at the identity provider."""
    sign_in(browser, f"/sso/oidc/{company.account.slug}-oidc/login", person=person)
    assert browser.me()["authenticated"] is True
    return sessions_there(company)[0]


@VENDORS
@FLOWS
def test_employee_signs_out_here_and_the_session_at_the_identity_provider_is_over_too(
    make_company: MakeCompany, browser: PersonBrowser, slug: str, vendor: Vendor, flow: str
) -> None:
    company = make_company(slug, vendor, flow=flow)
    method = EmailDomain.Method.OPERATOR
    lifecycle.verify_domain(account=company.account, actor=OPERATOR, domain="acme.example", method=method)
    theirs = come_in(company, browser)
    page = browser.sign_out()
    assert page.url.startswith(f"{HOME}/sso/oidc/{slug}-oidc/logged-out?state=")
    assert "You are signed out" in page.words
    assert f"{slug.title()} OIDC was asked to end your session there too" in page.words
    assert browser.me() == ANONYMOUS
    assert theirs not in sessions_there(company)


@FLOWS
def test_signed_out_at_the_identity_provider_one_browser_is_signed_out_here(
    make_company: MakeCompany, new_browser: Callable[[], PersonBrowser], flow: str
) -> None:
    company = make_company("acme", flow=flow)
    office, phone = new_browser(), new_browser()
    come_in(company, office)
    of_phone = come_in(company, phone)
    assert tell(company, of_phone) == 200
    assert phone.me() == ANONYMOUS
    assert office.me()["authenticated"] is True
    assert UserSession.objects.get(sid=of_phone.sid).end_reason == EndReason.PROVIDER_LOGOUT


def test_signed_out_everywhere_at_the_identity_provider_every_browser_is_signed_out_here(
    make_company: MakeCompany, new_browser: Callable[[], PersonBrowser]
) -> None:
    # Entra: what we know the person by is tenant and object id, what the token names them by is sub
    company = make_company("acme", flow="code")
    office, phone, noah = new_browser(), new_browser(), new_browser()
    come_in(company, office)
    of_phone = come_in(company, phone)
    come_in(company, noah, "noah@acme.example")
    assert tell(company, of_phone, everywhere=True) == 200
    assert [each.me()["authenticated"] for each in (office, phone, noah)] == [False, False, True]


def test_session_of_the_same_person_by_saml_goes_on(
    make_company: MakeCompany, new_browser: Callable[[], PersonBrowser]
) -> None:
    company = make_company("acme", flow="code")
    by_saml, by_oidc = new_browser(), new_browser()
    sign_in(by_saml, "/sso/saml/acme-saml/")
    theirs = come_in(company, by_oidc)
    assert tell(company, theirs, everywhere=True) == 200
    assert by_oidc.me() == ANONYMOUS
    assert by_saml.me()["authenticated"] is True
