"""The login pages lead to where a person signs in and tell strangers nothing about who exists (L-1 to L-5, V-26)."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import lxml.html
import pytest
from django.http import HttpResponseBase
from django.test import Client

from accounts import lifecycle
from accounts.models import Account, EmailDomain, SsoPolicy, User
from sso import providers
from sso.login_options import label_of
from sso.models import IdentityProvider, ProtocolName, Vendor
from tests.journeys.conftest import OPERATOR, Company, make_mandatory
from tests.journeys.person_browser import Page, PersonBrowser, sign_in
from tests.journeys.seen import OIDC, SAML

_CHANGING = (
    re.compile(rb'name="csrfmiddlewaretoken" value="[^"]+"'),
    re.compile(rb'name="displayed" value="[^"]+"'),
    re.compile(rb"displayed=[A-Za-z0-9_%:.-]+"),
)


def ask(browser: PersonBrowser, email: str) -> Page:
    return browser.submit(browser.open("/login/"), email=email)


def inputs(page: Page) -> set[str]:
    return {str(field.get("name")) for field in lxml.html.fromstring(page.text).iter("input")}


def buttons(page: Page) -> list[str]:
    links = lxml.html.fromstring(page.text).xpath("//ul[@class='providers']//a")
    return [" ".join(link.text_content().split()) for link in links]


def comparable(answer: HttpResponseBase, email: str) -> tuple[object, ...]:
    """Return everything that a stranger sees of an answer, without what is random or typed by themself."""
    body = getattr(answer, "content", b"").replace(email.encode(), b"@")
    body = body.replace(email.replace("@", "%40").encode(), b"@")
    for pattern in _CHANGING:
        body = pattern.sub(b"", body)
    headers = {name: value for name, value in answer.items() if name != "X-Track-Id"}
    for name in ("Location", "Content-Length"):
        headers[name] = _CHANGING[2].sub(b"", headers.get(name, "").encode()).decode()
    headers["Location"] = headers["Location"].replace(email.replace("@", "%40"), "@")
    return answer.status_code, headers, sorted(answer.cookies), body


def asked(email: str, path: str = "/login/", **fields: str) -> list[tuple[object, ...]]:
    """Send the form from a fresh browser and return each answer on the way to the page."""
    client = Client(headers={"host": "localhost:8000"})
    found = []
    answer = client.post(path, {"email": email, **fields})
    found.append(comparable(answer, email))
    while answer.status_code in (302, 303):
        answer = client.get(answer.headers["Location"])
        found.append(comparable(answer, email))
    return found


def test_work_email_leads_to_the_companys_own_page(acme: Company, browser: PersonBrowser) -> None:
    # L-1
    page = browser.open("/login/")
    assert {"email", "next", "displayed"} <= inputs(page)
    assert "password" not in inputs(page)
    page = ask(browser, "Mia@ACME.example")
    assert urlsplit(page.url).path == "/login/acme/"
    assert "Sign in to Acme" in page.words
    assert "Mia@ACME.example" in page.words


def test_domain_that_nobody_verified_leads_nowhere(acme: Company, browser: PersonBrowser) -> None:
    # L-1, V-6
    EmailDomain.objects.create(account=acme.account, domain="claimed.example")
    page = ask(browser, "mia@claimed.example")
    assert "Acme" not in page.words
    assert page.words == ask(browser, "mia@unheard.example").words.replace("unheard", "claimed")


@pytest.mark.parametrize("policy", list(SsoPolicy))
def test_whether_a_person_exists_is_not_to_be_seen(
    acme: Company, browser: PersonBrowser, policy: SsoPolicy
) -> None:
    # L-1, V-26: compare everything that both answers hold
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"sso_policy": policy})
    sign_in(browser, SAML)
    lifecycle.create_user(
        actor=OPERATOR,
        account=acme.account,
        values=lifecycle.PersonChanges(user_name="ada@acme.example", email="ada@acme.example"),
    )
    strangers = asked("zoe@acme.example")
    for known in ("mia@acme.example", "ada@acme.example"):
        assert asked(known) == strangers


def test_vendors_people_are_not_to_be_seen_either(acme: Company) -> None:
    # V-2, V-26
    lifecycle.create_user(
        actor=OPERATOR,
        kind="operator",
        values=lifecycle.PersonChanges(user_name="root@vendor.example", email="root@vendor.example"),
    )
    assert asked("root@vendor.example") == asked("nill@vendor.example")


def test_domain_without_a_company_gets_the_form_of_one_where_passwords_do(
    acme: Company, browser: PersonBrowser
) -> None:
    # V-26
    known, unknown = ask(browser, "mia@acme.example"), ask(browser, "mia@nowhere.example")
    assert inputs(known) == inputs(unknown)
    assert unknown.status == 200
    assert buttons(unknown) == []


def test_unknown_company_gets_the_general_page(acme: Company, browser: PersonBrowser) -> None:
    # V-26
    general = browser.open("/login/?email=mia@acme.example")
    for slug in ("nobody", "acme-saml", "ACME"):
        page = browser.open(f"/login/{slug}/?email=mia@acme.example")
        assert page.status == 200
        assert page.words == general.words
        assert inputs(page) == inputs(general)
        assert slug not in page.text


def test_closed_company_is_an_unknown_one(acme: Company, browser: PersonBrowser) -> None:
    # V-26
    from django.utils import timezone

    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"closed_at": timezone.now()})
    assert browser.open("/login/acme/").words == browser.open("/login/").words
    assert "Acme" not in ask(browser, "mia@acme.example").words


def test_optional_policy_offers_both_ways(acme: Company, browser: PersonBrowser) -> None:
    # L-2
    page = browser.open("/login/acme/")
    assert buttons(page) == ["Sign in with Microsoft", "Sign in with Microsoft"]
    assert {"user_name", "password"} <= inputs(page)


def test_mandatory_policy_offers_single_sign_on_alone(acme: Company, browser: PersonBrowser) -> None:
    # L-1, L-3
    make_mandatory(acme.account)
    page = browser.open("/login/acme/")
    assert "Corporate Account SSO" in page.words
    assert buttons(page) == ["Sign in with Microsoft", "Sign in with Microsoft"]
    assert not {"user_name", "password"} & inputs(page)


def test_only_provider_of_an_sso_only_company_is_gone_to_at_once(
    acme: Company, browser: PersonBrowser
) -> None:
    # L-1, L-4
    make_mandatory(acme.account)
    providers.disable_provider(provider=acme.oidc, actor=OPERATOR)
    page = ask(browser, "mia@acme.example")
    assert "Taking you to Acme SAML…" in page.words
    refresh = lxml.html.fromstring(page.text).xpath("//meta[@http-equiv='refresh']/@content")[0]
    assert refresh.startswith("0;url=http://localhost:8000/sso/saml/acme-saml/?login_hint=mia%40acme.example")
    sign_in(browser, refresh.removeprefix("0;url="))
    assert browser.me()["authenticated"] is True


@pytest.mark.parametrize("start", [SAML, OIDC], ids=["saml", "oidc"])
def test_email_that_was_typed_travels_to_the_provider(
    acme: Company, browser: PersonBrowser, start: str
) -> None:
    # L-4
    page = ask(browser, "mia@acme.example")
    links = [str(link) for link in lxml.html.fromstring(page.text).xpath("//ul[@class='providers']//a/@href")]
    browser.open(next(link for link in links if start in link))
    there = parse_qs(urlsplit(browser.trail[-1]).query)
    assert there["login_hint"] == ["mia@acme.example"]


def test_draft_and_disabled_providers_are_not_offered(acme: Company, browser: PersonBrowser) -> None:
    # V-18
    providers.disable_provider(provider=acme.oidc, actor=OPERATOR)
    assert len(buttons(browser.open("/login/acme/"))) == 1
    IdentityProvider.objects.filter(slug="acme-saml").update(state="draft")
    assert buttons(browser.open("/login/acme/")) == []


def test_company_without_the_sso_module_offers_no_button(acme: Company, browser: PersonBrowser) -> None:
    #
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"sso_module": False})
    assert buttons(browser.open("/login/acme/")) == []


LABELS = [
    (ProtocolName.SAML, Vendor.ENTRA, "multi", "Sign in with Microsoft"),
    (ProtocolName.OIDC, Vendor.ENTRA, "multi", "Sign in with Microsoft"),
    (ProtocolName.OIDC, Vendor.ENTRA, "private", "Sign in with Azure"),
    (ProtocolName.OIDC, Vendor.GOOGLE, "multi", "Sign in with Google"),
    (ProtocolName.SAML, Vendor.OKTA, "multi", "Continue with SAML SSO"),
    (ProtocolName.SAML, Vendor.OTHER, "private", "Continue with SAML SSO"),
]


@pytest.mark.parametrize(("protocol", "vendor", "deployment", "label"), LABELS)
def test_buttons_are_labelled_by_vendor(
    settings: object, protocol: ProtocolName, vendor: Vendor, deployment: str, label: str
) -> None:
    # L-5
    settings.BROKER_DEPLOYMENT = deployment  # type: ignore[attr-defined]
    assert label_of(IdentityProvider(name="X", protocol=protocol, vendor=vendor)) == label


def test_label_that_was_configured_is_shown(acme: Company, browser: PersonBrowser) -> None:
    # L-5
    providers.update_provider(
        provider=acme.saml, actor=OPERATOR, values={"button_label": "Sign in with Contoso"}
    )
    assert "Sign in with Contoso" in buttons(browser.open("/login/acme/"))


@pytest.mark.parametrize(
    "email", ["", "mia", "mia@", "@acme.example", "a" * 300 + "@acme.example", "mi\x00a@acme.example"]
)
def test_what_is_no_address_is_asked_for_again(acme: Company, browser: PersonBrowser, email: str) -> None:
    page = browser.post("/login/", {"email": email})
    assert page.status == 400
    assert "Error:" in page.text


def test_page_of_a_company_on_anothers_host_leads_to_its_own(
    acme: Company, make_company: Callable[..., Company]
) -> None:
    # V-7
    make_company("globex", Vendor.OKTA)
    lifecycle.verify_host_name(account=acme.account, actor=OPERATOR, host="sso.acme.example")
    there = Client(headers={"host": "sso.acme.example:8000"})
    assert there.get("/login/acme/").status_code == 200
    for answer in (
        there.get("/login/globex/"),
        there.post("/login/globex/", {"user_name": "x", "password": "y"}),
    ):
        assert answer.status_code in (302, 303)
        assert answer.headers["Location"].startswith("http://localhost:8000/login/globex/")


def test_signed_in_person_needs_no_login_page(acme: Company, browser: PersonBrowser) -> None:
    sign_in(browser, SAML)
    for path in ("/login/", "/login/acme/", "/login/nobody/"):
        assert browser.open(path).url == "http://localhost:8000/"


def test_showing_the_login_page_writes_nothing(acme: Company, browser: PersonBrowser) -> None:
    # V-21
    from tests.journeys.seen import rows, written

    before = rows()
    for path in ("/login/", "/login/acme/", "/login/nobody/", "/logout/"):
        browser.open(path)
    ask(browser, "mia@acme.example")
    assert written(before) == {}
    assert Account.objects.count() == 1
    assert not User.objects.exists()
