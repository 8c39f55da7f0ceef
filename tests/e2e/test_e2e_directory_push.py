"""A directory pushes a person by SCIM, the person signs in and is that user, the directory takes them out again."""

from __future__ import annotations

import pytest

from simulator.config import Person
from simulator.scim_client import ScimPusher
from simulator.scim_dialects import Dialect
from tests.e2e.administrator import sign_in_as_admin
from tests.e2e.conftest import NewVisitor
from tests.e2e.running_product import ADA, RunningProduct
from tests.e2e.visitor import ENGINEERS, OIDC, SAML, Employee, Visitor

pytestmark = pytest.mark.browser


@pytest.fixture
def directory(product: RunningProduct) -> ScimPusher:
    """Acme's Entra, with the token that the demo printed."""
    return ScimPusher(f"{product.url}/api/scim", product.scim_token, Dialect.ENTRA)


def as_pushed(employee: Employee) -> Person:
    """The same person as the directory pushes them."""
    return Person(
        id=employee.object_id,
        user_name=employee.email,
        email=employee.email,
        given_name=employee.given_name,
        family_name=employee.family_name,
        display_name=employee.display_name,
    )


@pytest.mark.parametrize("start", [SAML, OIDC], ids=["saml", "hybrid"])
def test_pushed_person_is_pending_becomes_that_same_user_and_is_out_at_the_next_click_when_deactivated(
    new_visitor: NewVisitor, directory: ScimPusher, start: str
) -> None:
    # P-4, P-5, J-11, L-13; issue 2, "Show" 3
    noah = Employee("Noah", space_name="Trial", space_role="Space Member")
    pushed = directory.create(as_pushed(noah))
    assert pushed["active"] is True

    # pending, and prepared by the account's admin
    ada = sign_in_as_admin(new_visitor(), "acme", ADA)
    assert "pending" in ada.search("accounts/user/", noah.email)
    ada.open_person(noah.email)
    assert pushed["id"] in ada.visitor.page.url
    ada.give_space_role("DevOps", "Space Admin")

    # the first sign-in is that same user, with what was given beforehand
    browser = new_visitor()
    browser.sign_in(noah, start)
    me = browser.me()
    assert me["id"] == pushed["id"]
    assert me["status"] == "active"
    spaces = {
        space["name"]: {(role["name"], role["source"]) for role in space["roles"]} for space in me["spaces"]
    }
    assert ("Space Admin", "manual") in spaces["DevOps"]
    assert spaces["Trial"] == {("Space Member", "claims")}
    found = ada.search("accounts/user/", noah.email)
    assert "active" in found
    assert found.count(noah.email) == 2  # one row: user name and e-mail

    # the directory deactivates: the open session is over at its next request
    directory.deactivate(as_pushed(noah))
    assert browser.ask_me() == (401, {"authenticated": False})
    browser.page.reload()
    assert browser.page.url == f"{browser.product.url}/login/?next=/"
    assert "Sign in to Identity Broker" in browser.words
    browser.sign_in(noah, start)
    assert f"{noah.email} does not have an active account in Identity Broker." in browser.words
    assert browser.ask_me() == (401, {"authenticated": False})
    assert "deactivated" in ada.search("accounts/user/", noah.email)

    # and takes them back: same user, everything as it was
    directory.reactivate(as_pushed(noah))
    browser.sign_in(noah, start)
    again = browser.me()
    assert (again["id"], again["spaces"]) == (me["id"], me["spaces"])


def test_people_are_pushed_and_taken_out_from_the_directorys_own_page(new_visitor: NewVisitor) -> None:
    # README, "Let the directory speak"
    lena, console = Employee("Lena"), new_visitor()
    page = console.page

    def push(action: str, **edits: str) -> str:
        console.open(f"{console.product.provider_url}/acme/provision")
        page.select_option("#person", label="Lena Vogel (lena@acme.example)")
        for name, value in edits.items():
            page.fill(f"#{name}", value)
        console.follow(page.locator(f"#push-{action}"))
        return page.locator("#outcome").inner_text()

    assert push("create") == "Create: done."
    browser = new_visitor()
    browser.open(SAML)
    browser.page.select_option("#person", label="Lena Vogel (lena@acme.example)")
    browser.go_on()
    me = browser.me()
    assert (me["user_name"], me["given_name"]) == ("lena@acme.example", "Lena")
    # J-5 rule 6 and J-8: what the directory says wrongly about her is left out
    assert [space["name"] for space in me["spaces"]] == ["Trial"]
    assert me["timezone"] == ""
    assert push("deactivate") == "Deactivate: done."
    browser.page.reload()
    assert browser.page.url.startswith(f"{browser.product.url}/login/")
    assert push("delete") == "Delete: done."
    assert lena.email not in browser.words


def test_admin_sees_what_the_directory_did_in_the_audit_trail(
    visitor: Visitor, directory: ScimPusher
) -> None:
    #
    nora = Employee("Nora", groups=ENGINEERS)
    directory.create(as_pushed(nora))
    directory.delete(as_pushed(nora))
    ada = sign_in_as_admin(visitor, "acme", ADA)
    found = ada.search("audit/auditevent/", nora.email)
    assert "user.created" in found
    assert "user.deleted" in found
    assert "demo directory" in found  # the token's name: who did it
