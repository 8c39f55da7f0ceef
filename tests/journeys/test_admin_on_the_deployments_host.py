"""Admins of an account with a host name of its own reach the admin, which is on the deployment's host only (V-7)."""

from __future__ import annotations

from collections.abc import Callable

import lxml.html
import pytest

from accounts import lifecycle
from accounts.lifecycle.roles import account_role_named
from accounts.models import BuiltInAccountRole, User, UserSession
from accounts.sources import Source
from audit.models import AuditEvent
from sso.models import FederatedIdentity
from sso_oidc.models import OidcSettings
from tests.journeys.conftest import OPERATOR, Company, make_mandatory
from tests.journeys.person_browser import HOME, Page, PersonBrowser, sign_in
from tests.journeys.seen import refused_for

OWN = "http://sso.hosted.example:8000"
SAML, OIDC = "/sso/saml/hosted-saml/", "/sso/oidc/hosted-oidc/login"
PASSWORD = "correct horse battery staple"
MIA = {"user_name": "mia@hosted.example", "email": "mia@hosted.example"}


@pytest.fixture
def hosted(make_company: Callable[..., Company]) -> Company:
    """An account with a host name of its own."""
    company = make_company("hosted")
    lifecycle.verify_host_name(account=company.account, actor=OPERATOR, host="sso.hosted.example")
    return company


def signed_in_before(company: Company, start: str) -> None:
    """Mia has signed in on the account's host, and is SSO account admin since."""
    sign_in(PersonBrowser(OWN), start, **MIA)
    role = account_role_named(company.account, BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    lifecycle.grant_account_role(user=User.objects.get(), role=role, actor=OPERATOR, source=Source.MANUAL)


def way_in(browser: PersonBrowser, start: str, where: str = "/admin/sso/") -> str:
    """Ask for a page of the admin and return the address of the provider's button on the login page that comes."""
    page = browser.submit(browser.open(f"{HOME}{where}"), email="mia@hosted.example")
    assert page.url.startswith(f"{HOME}/login/hosted/")  # not the account's host: the session will be here
    links = [str(anchor.get("href")) for anchor in lxml.html.fromstring(page.text).iter("a")]
    return next(link for link in links if start in link)


def reach_admin(start: str, where: str = "/admin/sso/") -> tuple[PersonBrowser, Page]:
    browser = PersonBrowser(HOME, OWN)
    return browser, sign_in(browser, way_in(browser, start, where), **MIA)


@pytest.mark.parametrize(("start", "flow"), [(SAML, ""), (OIDC, "hybrid"), (OIDC, "code")])
def test_sso_admin_of_a_mandatory_account_with_its_own_host_reaches_the_admin(
    hosted: Company, start: str, flow: str
) -> None:
    # V-7, L-3: the provider's answer comes to the account's host, the sign-in ends where it began
    OidcSettings.objects.update(flow=flow or "hybrid")
    signed_in_before(hosted, start)
    make_mandatory(hosted.account)
    browser, page = reach_admin(start)
    assert (page.url, page.status) == (f"{HOME}/admin/sso/", 200)
    assert any(url.startswith(OWN) for url in browser.trail)
    assert browser.me()["account"]["slug"] == "hosted"
    # The session is where it began and nowhere else.
    assert browser.sites["sso.hosted.example:8000"].get("/api/me").status_code == 401
    assert UserSession.objects.latest("created_at").host == "localhost:8000"


def test_everything_else_of_the_account_stays_on_its_own_host(hosted: Company) -> None:
    # V-7
    browser = PersonBrowser(HOME, OWN)
    page = browser.leave(browser.submit(browser.open("/login/?next=/api/me"), email="mia@hosted.example"))
    assert page.url.startswith(f"{OWN}/login/hosted/")
    browser.open(f"{HOME}/sso/saml/hosted-saml/?next=/")
    assert f"{OWN}/sso/saml/hosted-saml/?next=/" in browser.trail


def test_admins_password_is_taken_for_the_admin_where_the_policy_allows_it(hosted: Company) -> None:
    # V-7, L-2
    lifecycle.create_user(
        actor=OPERATOR,
        account=hosted.account,
        values=lifecycle.PersonChanges(user_name="ada@hosted.example", email="ada@hosted.example"),
        password=PASSWORD,
    )
    ada = User.objects.get(user_name="ada@hosted.example")
    role = account_role_named(hosted.account, BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    lifecycle.grant_account_role(user=ada, role=role, actor=OPERATOR, source=Source.MANUAL)
    browser = PersonBrowser(HOME, OWN)
    page = browser.submit(browser.open("/admin/sso/"), email="ada@hosted.example")
    page = browser.submit(page, user_name="ada@hosted.example", password=PASSWORD)
    assert (page.url, page.status) == (f"{HOME}/admin/sso/", 200)

    # There she connects single sign-on in that very session (V-3), and so can make it mandatory.
    mine = browser.open("/")
    links = [str(anchor.get("href")) for anchor in lxml.html.fromstring(mine.text).iter("a")]
    connect = next(link for link in links if OIDC in link)
    sign_in(browser, connect, object_id="ada-1", user_name="ada@hosted.example", email="ada@hosted.example")
    assert FederatedIdentity.objects.filter(user=ada).exists()
    assert browser.me()["session"]["identity_provider"] == "hosted-oidc"

    make_mandatory(hosted.account)
    late = PersonBrowser(HOME, OWN)
    page = late.post(
        "/login/hosted/", {"user_name": "ada@hosted.example", "password": PASSWORD, "next": "/admin/"}
    )
    assert refused_for(page) == "sso_required"


@pytest.mark.parametrize("flow", ["hybrid", "code"])
def test_answer_for_the_admin_is_taken_from_the_browser_that_began_alone(hosted: Company, flow: str) -> None:
    # V-16, V-17: passing by the account's host gives nobody else's browser a session
    OidcSettings.objects.update(flow=flow)
    mallory, victim = PersonBrowser(HOME, OWN), PersonBrowser(HOME, OWN)
    begun = mallory.open(way_in(mallory, OIDC))
    victim.open(way_in(victim, OIDC))  # has a cookie of her own
    page = victim.submit(begun, fresh=True, person="mia@acme.example", **MIA)
    if "127.0.0.1" in page.url:
        page = victim.submit(page)
    assert refused_for(page) == "attempt.wrong_browser"
    for browser in (victim, mallory):
        assert browser.me() == {"authenticated": False}


def test_answer_that_was_begun_on_the_accounts_host_is_not_taken_on_the_deployments(hosted: Company) -> None:
    # V-7, V-17: only what began there passes by
    OidcSettings.objects.update(flow="code")
    browser = PersonBrowser(OWN, HOME)
    page = browser.submit(
        browser.open("/sso/oidc/hosted-oidc/login"),
        fresh=True,
        follow=False,
        person="mia@acme.example",
        **MIA,
    )
    answer = page.headers["Location"].replace(OWN, HOME)
    assert refused_for(browser.open(answer)) == "attempt.wrong_host"


def test_admin_proves_once_more_on_the_deployments_host_who_they_are(hosted: Company) -> None:
    # V-7, V-15: asked by the session there, answered by way of the account's host
    signed_in_before(hosted, SAML)
    make_mandatory(hosted.account)
    browser, _ = reach_admin(SAML)
    page = browser.open("/reauthenticate/?next=/second-factor/")
    links = [str(anchor.get("href")) for anchor in lxml.html.fromstring(page.text).iter("a")]
    page = sign_in(browser, next(link for link in links if SAML in link), **MIA)
    assert page.url == f"{HOME}/second-factor/"
    assert AuditEvent.objects.filter(action="session.reauthenticated").exists()


@pytest.mark.parametrize("where", ["/recovery-address/", "/second-factor/"])
def test_proof_is_given_on_the_host_of_the_session(hosted: Company, where: str) -> None:
    # V-7, V-15: the account's own host, and the deployment's for somebody who came for the admin
    signed_in_before(hosted, SAML)
    there = PersonBrowser(OWN)
    sign_in(there, SAML, **MIA)
    here, _ = reach_admin(SAML)
    for browser, home in ((there, OWN), (here, HOME)):
        before = browser.open(f"{home}{where}")
        [button] = lxml.html.fromstring(before.text).xpath("//a[contains(@href, 'reauthenticate=')]/@href")
        page = sign_in(browser, button, **MIA)
        assert page.url == f"{home}{where}"
        assert "prove that it is you" not in page.words
    assert AuditEvent.objects.filter(action="session.reauthenticated").count() == 2
