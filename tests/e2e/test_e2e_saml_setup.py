"""A SAML provider from nothing to the first employee: made, filled from metadata, tested, enabled (S-2, S-3)."""

from __future__ import annotations

import pytest

from tests.e2e.administrator import Administrator, sign_in_as_admin
from tests.e2e.conftest import NewVisitor
from tests.e2e.running_product import ADA
from tests.e2e.visitor import Employee, Visitor

pytestmark = pytest.mark.browser

SLUG = "acme-trial"  # one that the stand-in identity provider of the demo knows
START = f"/sso/saml/{SLUG}/"


def press(admin: Administrator, label: str) -> None:
    """Press a button of the row at the end of the form, and wait for where it leads."""
    admin.visitor.follow(admin.visitor.page.locator("#submit-row").get_by_role("button", name=label))


def fits(visitor: Visitor, picture: str) -> None:
    """The page is no wider than its window, on a phone neither."""
    assert visitor.overflow() <= 0
    with visitor.on_a_phone():
        assert visitor.overflow() <= 0
    visitor.picture(picture)


def run_test(admin: Administrator, employee: Employee) -> None:
    """From the identity provider's page to the result."""
    visitor = admin.visitor
    visitor.page.wait_for_url(f"{visitor.product.provider_url}/**")
    visitor.say_who(employee)
    visitor.page.click("#continue")
    visitor.page.wait_for_url("**/sso/test/*/")


def test_admins_set_up_saml_from_metadata_test_it_and_an_employee_signs_in(new_visitor: NewVisitor) -> None:
    # S-1, S-2, S-3, V-18
    first = new_visitor()
    # The stand-in is at a private address, which an operator has to allow by entering it (V-23).
    operator = sign_in_as_admin(first, "", first.product.operator)
    page = first.page
    operator.open("sso/identityprovider/add/")
    page.locator("select[name=account]").select_option(label="Acme Corp")
    page.locator("input[name=name]").press_sequentially("Acme Trial")
    assert page.locator("input[name=slug]").input_value() == SLUG  # proposed while typing
    page.locator("select[name=vendor]").select_option(label="Microsoft Entra ID")
    fits(first, "saml-add")
    press(operator, "Save")
    assert "Identifier (Entity ID)" in first.words
    assert f"{first.product.url}{START}" in first.words
    fits(first, "saml-empty")

    press(operator, "Enable SAML SSO")
    assert first.words.count("This value is needed.") == 2
    assert "A certificate is needed." in first.words
    fits(first, "saml-missing")

    metadata = first.context.request.get(f"{first.product.provider_url}/acme/saml/metadata").body()
    page.set_input_files(
        "input[name=certificate_file]", {"name": "acme.xml", "mimeType": "text/xml", "buffer": metadata}
    )
    press(operator, "Save")
    assert "The values were taken from the metadata." in first.words
    assert page.locator("input[name=sso_url]").input_value().startswith(first.product.provider_url)
    assert "SHA-256" in first.words
    fits(first, "saml-draft")
    address = page.url

    # Ada is Acme's own SSO admin; she tests before she enables.
    second = new_visitor()
    ada = sign_in_as_admin(second, "acme", ADA)
    second.open(address)
    employee = Employee("Tess")
    issuer = second.page.locator("input[name=idp_entity_id]").input_value()
    second.page.locator("input[name=idp_entity_id]").fill("https://idp.example/somebody-else")
    press(ada, "Test connection")
    run_test(ada, employee)  # the provider's POST is cross-site and brings no cookie (V-17)
    assert "The connection does not work yet" in second.words
    assert "saml.issuer" in second.words
    assert "Microsoft Entra Identifier" in second.words
    assert employee.email not in second.words
    fits(second, "saml-test-failed")
    second.follow(second.page.get_by_role("link", name="Back to the provider").first)
    second.page.locator("input[name=idp_entity_id]").fill(issuer)
    press(ada, "Test connection")
    run_test(ada, employee)
    assert "The connection works" in second.words
    assert f"{employee.email} (would be created)" in second.words
    assert "DevOps (Space Developer)" in second.words
    assert second.page.locator(".check-failed, .check-not_reached").count() == 0
    fits(second, "saml-test-passed")
    result = second.page.url
    assert second.me()["user_name"] == ADA[0]  # still herself

    first.open(result)
    assert first.status == 404  # the operator didn't start this test

    second.follow(second.page.get_by_role("link", name="Back to the provider").first)
    press(ada, "Enable SAML SSO")
    assert "It has a button on the account's login page now" in second.words
    fits(second, "saml-enabled")

    newcomer = new_visitor()
    newcomer.open("/login/acme/")
    newcomer.sign_in(employee, START)
    assert newcomer.me()["email"] == employee.email
    assert newcomer.me()["session"]["identity_provider"] == SLUG


def test_an_okta_administrator_reads_the_names_of_their_own_console(new_visitor: NewVisitor) -> None:
    # S-1, S-2, A-3
    visitor = new_visitor()
    admin = sign_in_as_admin(visitor, "acme", ADA)
    page = visitor.page
    admin.open("sso/identityprovider/add/")
    page.locator("input[name=name]").press_sequentially("Acme Okta")
    page.locator("select[name=vendor]").select_option(label="Okta")
    press(admin, "Save")
    for label in ("Single sign-on URL", "Audience URI (SP Entity ID)"):
        assert label in visitor.words
    for hint in ("Sign On › SAML 2.0 › Metadata details", "Signing Certificate", "Metadata URL"):
        assert hint in visitor.words
    fits(visitor, "saml-okta-empty")
    page.locator("input[name=idp_entity_id]").fill(f"{visitor.product.url}/sso/saml/acme-okta/")
    press(admin, "Save")
    assert "This is our own Redirect URL" in visitor.words
    fits(visitor, "saml-okta-own-address")
