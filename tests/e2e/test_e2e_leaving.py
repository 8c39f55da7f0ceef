"""Signing out, and one browser that two people use."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import NewVisitor
from tests.e2e.visitor import OIDC, SAML, Employee, Visitor

pytestmark = pytest.mark.browser


def test_employee_signs_out_and_the_browser_is_nobodys(visitor: Visitor) -> None:
    # L-12
    visitor.sign_in(Employee("Mia"))
    old = visitor.cookie("session")["value"]
    visitor.sign_out()
    assert "You are signed out" in visitor.words
    assert visitor.ask_me() == (401, {"authenticated": False})
    visitor.context.add_cookies([{"name": "session", "value": old, "url": visitor.product.url}])
    assert visitor.ask_me() == (401, {"authenticated": False})  # ended here, not only forgotten there
    visitor.follow(visitor.page.get_by_role("link", name="Sign in again"))
    assert visitor.page.title() == "Sign in to Identity Broker"


def test_signing_out_in_one_browser_leaves_the_other_signed_in(new_visitor: NewVisitor) -> None:
    # L-12, design rule 10
    mia = Employee("Mia")
    office, home = new_visitor(), new_visitor()
    office.sign_in(mia)
    home.sign_in(mia)
    office.sign_out()
    assert home.me()["user_name"] == mia.email


@pytest.mark.parametrize("start", [SAML, OIDC], ids=["saml", "hybrid"])
def test_second_person_in_one_browser_is_asked_and_may_switch(visitor: Visitor, start: str) -> None:
    # V-19
    mia, noah = Employee("Mia"), Employee("Noah")
    visitor.sign_in(mia, SAML)
    visitor.sign_in(noah, start)
    asked = f"You are {mia.display_name} in Acme Corp; continue as {noah.display_name} in Acme Corp?"
    assert asked in visitor.words
    assert visitor.me()["user_name"] == mia.email  # nothing happened yet
    visitor.follow(visitor.page.get_by_role("button", name=f"Continue as {noah.display_name}"))
    visitor.page.wait_for_url(f"{visitor.product.url}/")
    assert visitor.me()["user_name"] == noah.email


def test_second_person_in_one_browser_may_leave_everything_as_it_is(visitor: Visitor) -> None:
    # V-19
    mia, noah = Employee("Mia"), Employee("Noah")
    visitor.sign_in(mia)
    before = visitor.me()["id"]
    visitor.sign_in(noah)
    asked = visitor.page.url
    visitor.follow(visitor.page.get_by_role("button", name=f"Stay {mia.display_name}"))
    visitor.page.wait_for_url(f"{visitor.product.url}/")
    assert visitor.me()["id"] == before
    visitor.open(asked)  # the question is answered, its address decides nothing any more
    assert visitor.me()["id"] == before


def test_same_person_again_is_not_asked(visitor: Visitor) -> None:
    # V-19
    mia = Employee("Mia")
    visitor.sign_in(mia, SAML)
    before = visitor.me()["id"]
    visitor.sign_in(mia, OIDC)
    assert visitor.page.url == f"{visitor.product.url}/"
    assert (visitor.me()["id"], visitor.me()["session"]["identity_provider"]) == (before, "acme-oidc")
