"""Logout between two sites in a real browser: its cookies and its Content-Security-Policy (L-12, S-7, O-7)."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import NewVisitor
from tests.e2e.visitor import OIDC, Employee, Visitor

pytestmark = pytest.mark.browser


def test_signing_out_here_signs_out_at_the_identity_provider_and_comes_back(visitor: Visitor) -> None:
    # L-12: the form ends on a page that moves on, since Chromium holds its redirects to form-action
    visitor.sign_in(Employee("Mia"))
    visitor.sign_out()
    assert visitor.page.url.startswith(f"{visitor.product.url}/sso/saml/acme-saml/logout?ended=")
    assert "Acme Entra says that your session there has ended too" in visitor.words
    assert visitor.ask_me() == (401, {"authenticated": False})


@pytest.mark.parametrize("binding", ["by redirect", "by POST"])
def test_signed_out_at_the_identity_provider_the_next_click_here_is_anonymous(
    new_visitor: NewVisitor, binding: str
) -> None:
    # S-7: a cross-site POST has no cookie, and needs none
    mia, other = new_visitor(), new_visitor()
    other.sign_in(Employee("Noah"))
    mia.sign_in(Employee("Mia"))
    mia.open(f"{mia.product.provider_url}/acme/saml/sessions")
    mia.page.get_by_role("button", name=binding).first.click()
    mia.page.wait_for_selector("#outcome")
    assert "the application says: Success" in mia.words
    mia.open("/")
    assert mia.page.url.startswith(f"{mia.product.url}/login/")
    other.open("/")
    assert other.me()["authenticated"] is True


def test_signing_out_of_an_openid_session_leads_through_the_identity_provider_and_back(
    visitor: Visitor,
) -> None:
    # O-7
    visitor.sign_in(Employee("Mia"), OIDC)
    visitor.sign_out()
    assert visitor.page.url.startswith(f"{visitor.product.url}/sso/oidc/acme-oidc/logged-out?state=")
    assert "was asked to end your session there too" in visitor.words
    assert visitor.ask_me() == (401, {"authenticated": False})


def test_signed_out_at_the_openid_provider_the_next_click_here_is_anonymous(new_visitor: NewVisitor) -> None:
    # O-7: from server to server, whatever browser the person signs out in
    mia, other = new_visitor(), new_visitor()
    other.sign_in(Employee("Noah"), OIDC)
    mia.sign_in(Employee("Mia"), OIDC)
    mia.open(f"{mia.product.provider_url}/acme/oidc/sessions")
    mia.page.get_by_role("button", name="this session").first.click()
    mia.page.wait_for_selector("#outcome")
    assert "the application says: 200" in mia.words
    mia.open("/")
    assert mia.page.url.startswith(f"{mia.product.url}/login/")
    other.open("/")
    assert other.me()["authenticated"] is True
