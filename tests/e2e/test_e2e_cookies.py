"""Which cookies there are and when Chromium sends them: what the whole sign-in rests on (design rule 7, V-16)."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from playwright.sync_api import Request

from tests.e2e.conftest import NewVisitor
from tests.e2e.visitor import OIDC, SAML, Employee, Visitor

pytestmark = pytest.mark.browser
BINDING = "broker-browser"
SESSION = "session"


def sent_with(request: Request) -> set[str]:
    """Names of the cookies that travelled with a request."""
    return set(SimpleCookie(request.all_headers().get("cookie", "")))


@pytest.mark.parametrize(
    ("start", "arrives_at"),
    [(SAML, "/sso/saml/acme-saml/"), (OIDC, "/sso/oidc/acme-oidc/callback")],
    ids=["saml", "hybrid"],
)
def test_cookie_stays_at_home_on_the_cross_site_post_and_comes_along_after_the_303(
    visitor: Visitor, start: str, arrives_at: str
) -> None:
    # V-16, V-17
    visitor.sign_in(Employee("Cora"), start)
    home = visitor.product.url
    (post,) = [
        each for each in visitor.requests if each.method == "POST" and each.url == f"{home}{arrives_at}"
    ]
    assert sent_with(post) == set()
    answered = post.response()
    assert answered is not None
    assert answered.status == 303
    assert "set-cookie" not in answered.all_headers()  # V-17: the POST itself hands out nothing
    (continued,) = [each for each in visitor.requests if each.url.startswith(f"{home}/sso/continue/?code=")]
    assert continued.redirected_from == post
    assert continued.method == "GET"
    assert sent_with(continued) == {BINDING}
    (landed,) = [each for each in visitor.requests if each.url == f"{home}/" and each.is_navigation_request()]
    assert sent_with(landed) >= {BINDING, SESSION}


def test_every_cookie_is_lax_and_hidden_from_scripts(new_visitor: NewVisitor) -> None:
    # V-16, design rule 7: no cookie is SameSite=None
    visitor = new_visitor()
    visitor.open("/login/")
    visitor.page.get_by_label("Work e-mail").fill("cora@acme.example")
    visitor.follow(visitor.page.get_by_role("button", name="Continue"))
    visitor.follow(visitor.page.get_by_role("link", name="Sign in with Microsoft"))
    cora = Employee("Cora")
    visitor.say_who(cora)
    visitor.go_on()
    assert visitor.me()["user_name"] == cora.email

    cookies = {each["name"]: each for each in visitor.context.cookies()}
    assert set(cookies) >= {BINDING, SESSION, "csrf"}
    assert {each["sameSite"] for each in cookies.values()} == {"Lax"}
    assert {each["httpOnly"] for each in cookies.values()} == {True}
    assert {each["domain"] for each in cookies.values()} == {"localhost"}  # host-only: no leading dot
    assert visitor.page.evaluate("document.cookie") == ""
    said = [
        header["value"]
        for answer in visitor.responses
        for header in answer.headers_array()
        if header["name"].lower() == "set-cookie"
    ]
    assert said
    assert not [value for value in said if "samesite=lax" not in value.lower()]


def test_cookie_of_a_sign_in_holds_random_bits_only_and_the_session_is_new_after_it(visitor: Visitor) -> None:
    # V-16; session fixation
    visitor.open(SAML)
    before = visitor.cookie(BINDING)["value"]
    assert len(before) == 43  # 256 bits, base64url
    visitor.context.add_cookies(
        [{"name": SESSION, "value": "planted0planted0planted0planted0", "url": visitor.product.url}]
    )
    visitor.say_who(Employee("Cora"))
    visitor.go_on()
    assert visitor.me()["authenticated"] is True
    assert visitor.cookie(SESSION)["value"] != "planted0planted0planted0planted0"
