"""A passkey in Chromium's virtual authenticator: our script, the library and the browser understand each other."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import NewVisitor
from tests.e2e.running_product import GUS
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.browser

_KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}


def _fits_a_phone(visitor: Visitor) -> bool:
    with visitor.on_a_phone():
        return visitor.overflow() <= 0


def test_person_sets_up_a_passkey_signs_in_with_it_and_removes_it(visitor: Visitor) -> None:
    # V-11, A-9
    page = visitor.page
    devtools = visitor.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": _KEY})

    visitor.sign_in_with_password("globex", *GUS)
    visitor.follow(page.get_by_role("link", name="Manage second factor"))
    assert _fits_a_phone(visitor)
    visitor.follow(page.get_by_role("button", name="Set up a second factor"))
    assert _fits_a_phone(visitor)
    visitor.picture("second-factor-enrol")
    visitor.follow(page.get_by_role("button", name="Set up a passkey"))
    assert _fits_a_phone(visitor)
    visitor.picture("second-factor-codes")
    visitor.follow(page.get_by_role("link", name="I have kept them"))
    try:
        assert "passkey or security key" in visitor.words
        visitor.picture("second-factor")
        visitor.open("/")
        visitor.sign_out()

        visitor.sign_in_with_password("globex", *GUS)
        assert "Second step" in visitor.words
        assert _fits_a_phone(visitor)
        visitor.picture("second-factor-step")
        visitor.follow(page.get_by_role("button", name="Use a passkey"))
        assert visitor.me()["user_name"] == GUS[0]
        assert "with a password and a second factor" in visitor.words
    finally:  # for the tests that come after
        visitor.open("/second-factor/")
        visitor.follow(page.get_by_role("button", name="Remove passkey or security key"))
    assert "There is none yet." in visitor.words


def test_page_without_scripts_offers_the_app_alone(new_visitor: NewVisitor) -> None:
    #
    visitor = new_visitor(java_script_enabled=False)
    visitor.sign_in_with_password("globex", *GUS)
    visitor.follow(visitor.page.get_by_role("link", name="Manage second factor"))
    visitor.follow(visitor.page.get_by_role("button", name="Set up a second factor"))
    assert "Set up the app" in visitor.words
    assert "Set up a passkey" not in visitor.words
