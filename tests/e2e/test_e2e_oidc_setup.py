"""OpenID Connect from an empty provider to the first employee, as an Entra and an Okta admin do it (O-1, O-3, S-3)."""

from __future__ import annotations

import pytest

from tests.e2e.administrator import Administrator, sign_in_as_admin
from tests.e2e.conftest import NewVisitor
from tests.e2e.running_product import ADA
from tests.e2e.visitor import Employee, Visitor

pytestmark = pytest.mark.browser

# Slugs, clients and secret that the stand-in identity provider of the demo knows.
ENTRA, OKTA = "acme-trial-oidc", "globex-trial"
SECRET = "demo-secret-for-a-trial"
TENANT = "11111111-2222-4333-8444-555555555555"


def press(admin: Administrator, label: str) -> None:
    """Press a button of the row at the end of the form, and wait for where it leads."""
    admin.visitor.follow(admin.visitor.page.locator("#submit-row").get_by_role("button", name=label))


def fits(visitor: Visitor, picture: str) -> None:
    """The page is no wider than its window, on a phone neither."""
    assert visitor.overflow() <= 0
    with visitor.on_a_phone():
        assert visitor.overflow() <= 0
    visitor.picture(picture)


def run_test(admin: Administrator) -> Employee:
    """From the identity provider's page to the result; return who was tested."""
    visitor, employee = admin.visitor, Employee("Tess")
    visitor.page.wait_for_url(f"{visitor.product.provider_url}/**")
    visitor.say_who(employee)
    visitor.page.click("#continue")
    visitor.page.wait_for_url("**/sso/test/*/")
    return employee


def add_provider(operator: Administrator, account: str, name: str, slug: str, vendor: str) -> None:
    page = operator.visitor.page
    operator.open("sso/identityprovider/add/")
    page.locator("select[name=account]").select_option(label=account)
    page.locator("input[name=name]").press_sequentially(name)
    assert page.locator("input[name=slug]").input_value() == slug  # proposed while typing
    page.locator("select[name=protocol]").select_option(label="OpenID Connect")
    page.locator("select[name=vendor]").select_option(label=vendor)
    press(operator, "Save")


def unfold(visitor: Visitor, title: str) -> None:
    """Open a folded section."""
    visitor.page.get_by_role("heading", name=title, exact=True).click()


def every_control_has_a_name(visitor: Visitor) -> None:
    """A-11: whoever does not see the page hears what each field is for."""
    nameless = visitor.page.evaluate(
        """() => [...document.querySelectorAll('#content-main input, #content-main select, #content-main textarea')]
        .filter((field) => field.type !== 'hidden' && !field.labels?.length && !field.getAttribute('aria-label'))
        .map((field) => field.name)"""
    )
    assert nameless == []


def test_entra_admins_set_up_openid_connect_test_it_and_an_employee_signs_in(
    new_visitor: NewVisitor,
) -> None:  # O-1, O-3, S-3, V-18
    first = new_visitor()
    # The stand-in is at a private address, which an operator has to allow by entering it (V-23).
    operator = sign_in_as_admin(first, "", first.product.operator)
    page = first.page
    add_provider(operator, "Acme Corp", "Acme Trial OIDC", ENTRA, "Microsoft Entra ID")
    assert f"{first.product.url}/sso/oidc/{ENTRA}/callback" in first.words
    every_control_has_a_name(first)
    fits(first, "oidc-empty")

    press(operator, "Enable OpenID Connect")
    assert first.words.count("This value is needed.") == 2
    page.locator("input[name=tenant_id]").fill("acme.onmicrosoft.com")
    page.locator("input[name=client_id]").fill("my app")
    page.locator("input[name=client_secret]").fill("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee")
    press(operator, "Save")
    for told in (
        "organization's domain name",
        "a blank or an invisible character",
        "looks like the Secret ID",
    ):
        assert told in first.words
    fits(first, "oidc-mistakes")

    page.locator("input[name=tenant_id]").fill("")
    page.locator("input[name=client_id]").fill("acme-trial-client")
    page.locator("input[name=client_secret]").fill("not-the-secret")
    unfold(first, "Advanced: how we ask")
    page.locator("input[name=issuer]").fill(f"{first.product.provider_url}/acme/oidc")
    press(operator, "Save")
    assert "The provider was found" in first.words
    assert f"{first.product.provider_url}/acme/oidc/token" in first.words
    assert "not-the-secret" not in page.content()
    fits(first, "oidc-draft")
    address = page.url

    # Our certificate, for who wants no secret.
    unfold(first, "Our keys")
    first.follow(page.get_by_role("link", name="Make our key"))
    first.follow(page.get_by_role("button", name="Make our key"))
    with page.expect_download() as download:
        page.get_by_role("link", name=".cer").click()
    assert download.value.suggested_filename == f"{ENTRA}-current.cer"
    fits(first, "oidc-keys")

    # Ada is Acme's own SSO admin; she tests before she enables.
    second = new_visitor()
    ada = sign_in_as_admin(second, "acme", ADA)
    second.open(address)
    press(ada, "Test connection")
    tested = run_test(ada)
    assert "The connection does not work yet" in second.words
    assert tested.email not in second.words
    fits(second, "oidc-test-failed")
    second.follow(second.page.get_by_role("link", name="Back to the provider").first)
    second.page.locator("input[name=client_secret]").fill(SECRET)
    press(ada, "Test connection")
    tested = run_test(ada)
    assert "The connection works" in second.words
    assert f"{tested.email} (would be created)" in second.words
    assert "DevOps (Space Developer)" in second.words
    assert second.page.locator(".check-failed, .check-not_reached").count() == 0
    fits(second, "oidc-test-passed")
    assert second.me()["user_name"] == ADA[0]  # still herself

    second.follow(second.page.get_by_role("link", name="Back to the provider").first)
    press(ada, "Enable OpenID Connect")
    assert "It has a button on the account's login page now" in second.words
    fits(second, "oidc-enabled")

    newcomer, employee = new_visitor(), Employee("Nell")
    newcomer.open("/login/acme/")
    newcomer.sign_in(employee, f"/sso/oidc/{ENTRA}/login")
    assert newcomer.me()["email"] == employee.email
    assert newcomer.me()["session"]["identity_provider"] == ENTRA


def test_okta_admin_sets_up_openid_connect_and_tests_it(new_visitor: NewVisitor) -> None:  # O-1, S-3
    visitor = new_visitor()
    operator = sign_in_as_admin(visitor, "", visitor.product.operator)
    page = visitor.page
    add_provider(operator, "Globex GmbH", "Globex Trial", OKTA, "Okta")
    assert "Sign-in redirect URIs" in visitor.words
    every_control_has_a_name(visitor)
    page.locator("input[name=issuer]").fill("https://globex-admin.okta.com/admin/apps/active")
    page.locator("input[name=client_id]").fill("globex-trial-client")
    page.locator("input[name=client_secret]").fill(SECRET)
    press(operator, "Save")
    assert "without “-admin”: https://globex.okta.com" in visitor.words
    fits(visitor, "oidc-okta-mistake")

    page.locator("input[name=issuer]").fill(f"{visitor.product.provider_url}/globex/oidc/")
    page.locator("input[name=client_secret]").fill(SECRET)  # a browser is never given it back
    press(operator, "Test connection")
    page.wait_for_url(f"{visitor.product.provider_url}/**")
    page.locator("#person").select_option(label="Gina Garcia (gina@globex.example)")
    page.click("#continue")
    page.wait_for_url("**/sso/test/*/")
    assert "The connection works" in visitor.words
    assert "gina@globex.example (would be created)" in visitor.words
    assert visitor.page.locator(".check-failed, .check-not_reached").count() == 0
    fits(visitor, "oidc-okta-test-passed")
    visitor.follow(page.get_by_role("link", name="Back to the provider").first)
    assert "set" in visitor.words
    fits(visitor, "oidc-okta-draft")
