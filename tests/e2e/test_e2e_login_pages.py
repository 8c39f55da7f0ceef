"""From the work e-mail to the identity provider and back to where one wanted to go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest
import yaml
from playwright.sync_api import expect

from simulator.config import Directory, Person, SamlSettings, ServiceProvider, SimulatorConfig, Vendor
from simulator.saml_metadata import metadata_xml
from simulator.server import RunningSimulator, serve_in_thread
from tests.e2e.conftest import NewVisitor
from tests.e2e.running_product import ADA, RunningProduct
from tests.e2e.visitor import Employee, Visitor

pytestmark = pytest.mark.browser


def type_email(visitor: Visitor, email: str) -> None:
    visitor.page.get_by_label("Work e-mail").fill(email)
    visitor.follow(visitor.page.get_by_role("button", name="Continue"))


def test_employee_goes_from_the_email_over_the_accounts_page_back_to_where_they_wanted(
    visitor: Visitor,
) -> None:
    # L-1, L-2, L-4, L-5, L-7
    mia = Employee("Mia")
    visitor.open("/?from=bookmark")
    assert visitor.page.url.startswith(f"{visitor.product.url}/login/?next=")
    assert visitor.page.title() == "Sign in to Identity Broker"
    type_email(visitor, mia.email)
    assert visitor.page.url.startswith(f"{visitor.product.url}/login/acme/")
    assert visitor.page.title() == "Sign in to Acme Corp · Identity Broker"
    assert mia.email in visitor.words  # what was typed is kept
    assert visitor.page.get_by_role("button", name="Sign in with password").is_visible()
    visitor.follow(visitor.page.get_by_role("link", name="Sign in with Microsoft"))
    assert visitor.is_at_provider()
    assert mia.email in visitor.page.locator("#note").inner_text()  # the e-mail travelled along
    visitor.say_who(mia)
    visitor.go_on()
    assert visitor.page.url == f"{visitor.product.url}/?from=bookmark"
    assert visitor.me()["user_name"] == mia.email


def test_openid_connect_button_carries_the_email_as_login_hint(visitor: Visitor) -> None:
    # L-4, L-5
    visitor.open("/login/")
    type_email(visitor, "noah@acme.example")
    visitor.follow(visitor.page.get_by_role("link", name="Sign in with OpenID Connect"))
    assert visitor.is_at_provider()
    assert visitor.page.locator("#person option:checked").inner_text() == "Noah Brandt (noah@acme.example)"


@pytest.mark.parametrize(
    "target", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_sign_in_never_ends_on_another_site(visitor: Visitor, target: str) -> None:
    # L-7
    visitor.open(f"/login/acme/?{urlencode(dict(next=target))}")
    visitor.follow(visitor.page.get_by_role("link", name="Sign in with Microsoft"))
    visitor.say_who(Employee("Mia"))
    visitor.go_on()
    assert visitor.page.url == f"{visitor.product.url}/"


def test_address_that_nobody_knows_gets_the_password_form_and_no_hint(visitor: Visitor) -> None:
    # L-1, V-26
    visitor.open("/login/")
    type_email(visitor, "someone@nowhere.example")
    assert visitor.status == 200
    assert visitor.page.get_by_role("button", name="Sign in with password").is_visible()
    assert visitor.page.locator(".button-provider").count() == 0
    for word in ("Acme", "Globex", "unknown"):
        assert word not in visitor.words


def test_admin_signs_in_with_a_password_and_a_wrong_one_is_told_at_the_form(visitor: Visitor) -> None:
    # L-2
    visitor.sign_in_with_password("acme", ADA[0], "not the password")
    alert = visitor.page.get_by_role("alert")
    assert alert.inner_text() == "The user name or password is wrong."
    assert visitor.page.get_by_label("User name or e-mail").input_value() == ADA[0]
    assert visitor.page.get_by_label("Password").input_value() == ""
    visitor.page.get_by_label("Password").fill(ADA[1])
    visitor.follow(visitor.page.get_by_role("button", name="Sign in with password"))
    visitor.page.wait_for_url(f"{visitor.product.url}/")
    me = visitor.me()
    assert (me["user_name"], me["session"]["identity_provider"]) == (ADA[0], None)


@dataclass
class Initech:
    """A company that signs in through its only provider, always; its directory is a simulator of the test's own."""

    directory: RunningSimulator
    product: RunningProduct

    @property
    def sign_in_page(self) -> str:
        return f"{self.product.url}/login/initech/"


PETER = Person(id="1", user_name="peter@initech.example", email="peter@initech.example", given_name="Peter")


@pytest.fixture(scope="module")
def initech(product: RunningProduct) -> Iterator[Initech]:
    """Policy mandatory, one provider."""
    acs = f"{product.url}/sso/saml/initech-saml/"
    saml = SamlSettings(service_providers=(ServiceProvider(acs, (acs,), slo_url=f"{acs}logout"),))
    directory = Directory(slug="initech", vendor=Vendor.OKTA, tenant_id="initech", people=(PETER,), saml=saml)
    with serve_in_thread(SimulatorConfig((directory,))) as running:
        metadata = product.places.configuration.with_name("initech.xml")
        metadata.write_bytes(metadata_xml(running.app.sites["initech"]))
        provider = {
            "slug": "initech-saml",
            "name": "Initech Okta",
            "protocol": "saml",
            "vendor": "okta",
            "enabled": True,
            "just_in_time": True,
            "saml": {"metadata_file": str(metadata)},
        }
        account = {
            "slug": "initech",
            "name": "Initech",
            "email_domains": ["initech.example"],
            "sso_policy": "mandatory",
            "sso_module": True,
            "spaces": ["Flair"],
            "identity_providers": [provider],
        }
        text = yaml.safe_dump({"accounts": [account]})
        product.configure("initech.yaml", text, allowed=f"127.0.0.1:{running.port}")
        yield Initech(running, product)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_employee_of_an_sso_only_company_is_sent_on_by_their_email_alone(
    new_visitor: NewVisitor, initech: Initech, script: bool
) -> None:
    # L-1, L-3, A-11: the page in between ends the form, so that form-action lets the browser out
    visitor = new_visitor(java_script_enabled=script)
    page = visitor.page
    visitor.open("/login/?next=/%3Ffrom%3Dmail")
    type_email(visitor, "peter@initech.example")
    page.wait_for_url(f"{initech.directory.url}/**")
    (between,) = [each for each in visitor.requests if each.method == "POST"]
    assert between.url.startswith(f"{visitor.product.url}/login/")
    answered = between.response()
    assert answered is not None
    assert answered.status == 200
    page.click("#continue")
    if not script:
        page.click("#post")
    page.wait_for_url(f"{visitor.product.url}/**")
    assert page.url == f"{visitor.product.url}/?from=mail"
    assert "What Peter may do in Initech" in visitor.words
    visitor.open("/api/me")
    assert '"identity_provider":"initech-saml"' in visitor.words


def test_page_on_the_way_to_the_provider_has_a_button_and_fits_a_phone(
    visitor: Visitor, initech: Initech
) -> None:
    # L-1, A-11: seen for a moment only, so the way out is made to answer that there is nothing to show
    visitor.page.route("**/sso/saml/initech-saml/**", lambda route: route.fulfill(status=204))
    visitor.open("/login/")
    type_email(visitor, "peter@initech.example")
    expect(visitor.page).to_have_title("Taking you to Initech Okta…")
    button = visitor.page.get_by_role("link", name="Continue to Initech Okta")
    assert (button.get_attribute("href") or "").startswith(f"{visitor.product.url}/sso/saml/initech-saml/")
    with visitor.on_a_phone():
        assert visitor.overflow() <= 0
    visitor.picture("on-the-way")


def test_sso_only_company_has_a_page_without_password(visitor: Visitor, initech: Initech) -> None:
    # L-1, L-3
    visitor.open(initech.sign_in_page)
    assert visitor.page.title() == "Corporate Account SSO · Identity Broker"
    assert visitor.page.locator("input[type=password]").count() == 0
    visitor.picture("account-sso-only")
    visitor.follow(visitor.page.get_by_role("link", name="Continue with SAML SSO"))
    assert visitor.page.url.startswith(initech.directory.url)
