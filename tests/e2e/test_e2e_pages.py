"""Every public page: nothing that its policy forbids, nothing on the console, and no wider than a phone.

The fixture that makes visitors asserts that Chromium complained about nothing. Pictures of each page are kept in the
folder that ``E2E_SCREENSHOTS`` names, if it names one.
"""

from __future__ import annotations

from collections.abc import Callable
from secrets import token_hex

import pytest

from tests.e2e.conftest import NewVisitor
from tests.e2e.running_product import ADA
from tests.e2e.visitor import SAML, Employee, Visitor

pytestmark = pytest.mark.browser

Way = Callable[[Visitor], object]


def _with_a_long_name() -> Employee:
    return Employee("Maximiliane", "Oberhofer-Wintersteiner von und zu Hohenschwangau", mark=token_hex(20))


def _type_email(visitor: Visitor, email: str) -> None:
    visitor.open("/login/")
    visitor.page.locator("input[name=email]").fill(email)
    visitor.follow(visitor.page.locator("form button[type=submit]"))


def _wrong_password(visitor: Visitor) -> None:
    visitor.open("/login/acme/")
    visitor.page.locator("input[name=user_name]").fill("ada@acme.example")
    visitor.page.locator("input[name=password]").fill("wrong")
    visitor.follow(visitor.page.locator("form button[type=submit]"))


def _my_access(visitor: Visitor) -> None:
    visitor.sign_in(_with_a_long_name())


def _switch(visitor: Visitor) -> None:
    visitor.sign_in(Employee("Mia"))
    visitor.sign_in(Employee("Noah"))


def _signed_out(visitor: Visitor) -> None:
    visitor.sign_in(Employee("Mia"))
    visitor.sign_out()


def _refused(visitor: Visitor) -> None:
    visitor.open(SAML)
    visitor.follow(visitor.page.locator("#not_assigned"))
    visitor.page.wait_for_url(f"{visitor.product.url}/**")


def _form_without_proof(visitor: Visitor) -> None:
    visitor.open("/login/")
    visitor.context.clear_cookies()
    visitor.page.locator("input[name=email]").fill("mia@acme.example")
    visitor.follow(visitor.page.locator("form button[type=submit]"))


def _not_an_admin(visitor: Visitor) -> None:
    visitor.sign_in(Employee("Mia"))
    visitor.open("/admin/")


PAGES: dict[str, tuple[int, Way]] = {
    "login": (200, lambda visitor: visitor.open("/login/")),
    "login-unknown-address": (200, lambda visitor: _type_email(visitor, "someone@nowhere.example")),
    "account": (200, lambda visitor: visitor.open("/login/acme/")),
    "account-with-email": (200, lambda visitor: _type_email(visitor, _with_a_long_name().email)),
    "account-wrong-password": (401, _wrong_password),
    "my-access": (200, _my_access),
    "my-access-of-an-admin": (200, lambda visitor: visitor.sign_in_with_password("acme", *ADA)),
    "switch-person": (200, _switch),
    "signed-out": (200, _signed_out),
    "refused": (400, _refused),
    "error": (400, lambda visitor: visitor.open("/sso/continue/?code=made-up")),
    "not-found": (404, lambda visitor: visitor.open("/no/such/page")),
    "forbidden": (403, _not_an_admin),
    "form-without-proof": (403, _form_without_proof),
    "unknown-host": (400, lambda visitor: visitor.open(f"http://127.0.0.1:{visitor.product.places.port}/")),
}


@pytest.mark.parametrize("name", PAGES)
def test_public_page_is_quiet_strict_and_fits_a_phone(visitor: Visitor, name: str) -> None:
    # A-11; issue 2 §4: strict policy, no inline script
    status, way = PAGES[name]
    way(visitor)
    assert visitor.status == status
    visitor.page.wait_for_load_state()
    assert visitor.page.locator("h1").count() == 1
    assert visitor.page.locator("main .card, main .panel").first.is_visible()  # styled, not a bare text
    assert visitor.page.evaluate("getComputedStyle(document.querySelector('main h1')).fontWeight") == "600"
    assert visitor.overflow() <= 0
    with visitor.on_a_phone():
        assert visitor.overflow() <= 0
    policy = visitor.header("content-security-policy")
    assert "default-src 'none'" in policy
    assert ("unsafe" in policy) == (name == "forbidden")  # below /admin/, whose Alpine needs unsafe-eval
    assert "unsafe-inline" not in policy
    visitor.picture(name)


@pytest.mark.parametrize("name", ["login", "account-with-email", "my-access", "refused", "error"])
def test_public_page_in_german_fits_a_phone_as_well(new_visitor: NewVisitor, name: str) -> None:
    #
    visitor = new_visitor(locale="de-DE")
    PAGES[name][1](visitor)
    assert visitor.page.locator("html").get_attribute("lang") == "de"
    with visitor.on_a_phone():
        assert visitor.overflow() <= 0
    visitor.picture(f"{name}-german")


def test_watch_for_complaints_sees_what_the_policy_forbids(new_visitor: NewVisitor) -> None:
    """Without this, the other tests would pass with a blind watch."""
    visitor = new_visitor()
    visitor.open("/login/")
    visitor.page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {text: 'void 0'}))"
    )
    visitor.page.evaluate(
        "document.body.append(Object.assign(new Image(), {src: 'https://elsewhere.invalid/x.png'}))"
    )
    visitor.page.wait_for_timeout(200)
    seen = " ".join(visitor.all_complaints())
    assert "policy violation: script-src" in seen
    assert "policy violation: img-src" in seen
    visitor.forget_complaints()
