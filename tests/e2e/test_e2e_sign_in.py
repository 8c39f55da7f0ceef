"""An employee signs in across two sites, in a real browser, and has what the directory said."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import NewVisitor
from tests.e2e.expectations import assert_access_of
from tests.e2e.visitor import ENGINEERS, OIDC, ON_CALL, SAML, Employee, Visitor

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("start", "provider"), [(SAML, "acme-saml"), (OIDC, "acme-oidc")], ids=["saml", "hybrid"]
)
def test_employee_signs_in_across_two_sites_and_has_spaces_roles_and_groups(
    visitor: Visitor, start: str, provider: str
) -> None:
    # J-2, J-4, G-2, S-1, O-1, L-15; issue 2, "Show" 2
    mia = Employee("Mia")
    visitor.sign_in(mia, start)
    assert visitor.page.url == f"{visitor.product.url}/"
    assert_access_of(visitor, mia, provider)

    words = visitor.words
    assert "My access" in words
    assert f"What {mia.display_name} may do in Acme Corp" in words
    for told in (
        "Trial",
        "Space Member",
        "DevOps",
        "Space Developer",
        "from your sign-in",
        "through group Engineers",
    ):
        assert told in words
    for told in ("Engineers", ENGINEERS, "On Call", ON_CALL, "Europe/Berlin", mia.email):
        assert told in words
    # L-14: told once, gone at the next look
    announcement = visitor.page.get_by_role("status")
    assert "You now have: DevOps (Space Developer), Trial (Space Member)." in announcement.inner_text()
    visitor.page.reload()
    assert announcement.count() == 0


def test_same_person_by_saml_and_by_openid_connect_is_one_user(new_visitor: NewVisitor) -> None:
    # V-3: both providers speak for one directory
    mia = Employee("Mia")
    first, second = new_visitor(), new_visitor()
    first.sign_in(mia, SAML)
    second.sign_in(mia, OIDC)
    assert first.me()["id"] == second.me()["id"]


def test_two_tabs_of_one_browser_sign_in_independently(visitor: Visitor) -> None:
    # L-6
    mia = Employee("Mia")
    other = visitor.context.new_page()
    other.goto(f"{visitor.product.url}{OIDC}?next=/login/acme/")
    visitor.open(SAML)
    visitor.say_who(mia)
    for name, value in mia.claims().items():
        other.fill(f"#{name}", value)
    visitor.go_on()
    assert visitor.me()["session"]["identity_provider"] == "acme-saml"
    other.click("#continue")
    other.wait_for_url(f"{visitor.product.url}/")
    assert visitor.me()["session"]["identity_provider"] == "acme-oidc"
