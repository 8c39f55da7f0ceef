"""A sign-in that begins at somebody else's site (OpenID Connect Core §4; O-7)."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import pytest

from audit.models import FailureLogEntry
from sso import attempts
from sso.models import SignInAttempt
from tests.journeys.person_browser import HOME, Page, PersonBrowser
from tests.journeys.seen import refused_for, rows, written
from tests.sso_oidc.signing_in import ANONYMOUS, LOGIN, Scene, query_of


def post(browser: PersonBrowser, **fields: object) -> Page:
    """What a form on another site does: no Lax cookie."""
    return browser.post(LOGIN, fields, cross_site=True)


@pytest.mark.parametrize("method", ["get", "post"])
def test_person_who_starts_elsewhere_signs_in_and_lands_on_the_target(
    scene: Scene, browser: PersonBrowser, method: str
) -> None:
    asked = {
        "iss": scene.idp.issuer,
        "login_hint": "mia@acme.example",
        "target_link_uri": f"{HOME}/api/me?a=b",
    }
    query = "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in asked.items())
    if method == "post":
        page = post(browser, **asked, session="dropped")
        assert page.status == 303
        assert urlsplit(page.headers["Location"]).path == LOGIN
        assert "dropped" not in page.headers["Location"]
        query = f"?{urlsplit(page.headers['Location']).query}"
    scene.begin(browser, query)
    assert scene.asked["login_hint"] == "mia@acme.example"
    page = scene.come_back(browser, scene.claims())
    assert page.url == f"{HOME}/api/me?a=b"
    assert browser.me()["user_name"] == "mia@acme.example"


@pytest.mark.parametrize("issuer", ["https://evil.example", "", "{issuer}/", "{issuer}?", "{issuer} "])
@pytest.mark.parametrize("method", ["get", "post"])
def test_another_issuer_is_refused(scene: Scene, browser: PersonBrowser, issuer: str, method: str) -> None:
    # Core §4: iss names the provider; compared exactly
    given = issuer.replace("{issuer}", scene.idp.issuer)
    before = rows()
    page = (
        post(browser, iss=given)
        if method == "post"
        else scene.begin(browser, f"?iss={quote(given, safe='')}")
    )
    assert refused_for(page) == "oidc.login_issuer"
    assert "evil.example" not in page.text
    assert written(before) == {"audit.FailureLogEntry": 1}
    assert scene.begin(browser, f"?iss={quote(scene.idp.issuer, safe='')}").status == 302


def test_issuer_given_twice_is_refused(scene: Scene, browser: PersonBrowser) -> None:
    twice = f"?iss={quote('https://evil.example', safe='')}&iss={quote(scene.idp.issuer, safe='')}"
    assert refused_for(scene.begin(browser, twice)) == "oidc.login_issuer"
    page = post(browser, iss=["https://evil.example", scene.idp.issuer])
    assert refused_for(page) == "oidc.login_issuer"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        f"{HOME}//evil.example/",
        f"{HOME}.evil.example/",
        f"{HOME}@evil.example/",
        "http://127.0.0.1:8000/",
        "javascript:alert(1)",
        f"{HOME}/\r\nSet-Cookie: a=b",
        "x" * 5000,
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_target_elsewhere_is_as_if_none_were_given(
    scene: Scene, browser: PersonBrowser, target: str, method: str
) -> None:
    # L-7; Core §4: "to prevent being used as an open redirector"
    query = f"?target_link_uri={quote(target, safe='')}"
    if method == "post":
        page = post(browser, target_link_uri=target)
        assert page.headers["Location"].startswith(LOGIN)
        query = f"?{urlsplit(page.headers['Location']).query}"
    scene.begin(browser, query)
    assert scene.come_back(browser, scene.claims()).url == f"{HOME}/"
    assert browser.me()["authenticated"] is True


def test_target_given_twice_and_a_hint_too_long_are_dropped(scene: Scene, browser: PersonBrowser) -> None:
    scene.begin(browser, "?target_link_uri=/a/&target_link_uri=/personal-tokens/")
    assert scene.come_back(browser, scene.claims()).url == f"{HOME}/"
    page = post(browser, login_hint="x" * 300)
    assert page.headers["Location"] == LOGIN


def test_person_is_asked_before_a_strangers_link_makes_them_somebody_else(
    scene: Scene, browser: PersonBrowser
) -> None:
    # V-19
    scene.sign_in(browser)
    scene.begin(browser, f"?iss={quote(scene.idp.issuer, safe='')}")
    page = scene.come_back(browser, scene.claims("noah"))
    assert "You are Mia in Acme; continue as Noah in Acme?" in page.words
    assert browser.me()["user_name"] == "mia@acme.example"


def test_strangers_form_does_not_end_what_is_under_way_in_the_browser(
    scene: Scene, browser: PersonBrowser
) -> None:
    # V-16: the cross-site POST has no cookie, so it must not set one
    scene.begin(browser)
    page = post(browser, iss=scene.idp.issuer)
    assert "Set-Cookie" not in page.headers
    assert not browser.client.cookies.get("broker-browser", None) or SignInAttempt.objects.count() == 1
    scene.come_back(browser, scene.claims())
    assert browser.me()["authenticated"] is True


def test_strangers_cannot_begin_without_end(
    scene: Scene, browser: PersonBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    # V-21
    monkeypatch.setattr(attempts, "ATTEMPTS_PER_ADDRESS", 2)
    query = f"?iss={quote(scene.idp.issuer, safe='')}"
    assert [scene.begin(browser, query).status for _ in range(3)] == [302, 302, 429]
    assert FailureLogEntry.objects.get().code == "attempt.too_many"


def test_next_of_our_own_pages_still_counts(scene: Scene, browser: PersonBrowser) -> None:
    scene.begin(browser, "?next=/api/me?a=b&target_link_uri=/login/")
    assert scene.come_back(browser, scene.claims()).url == f"{HOME}/api/me?a=b"


def test_nobody_is_signed_in_by_beginning(scene: Scene, browser: PersonBrowser) -> None:
    page = scene.begin(browser, f"?iss={quote(scene.idp.issuer, safe='')}")
    assert query_of(page.headers["Location"])["redirect_uri"] == f"{HOME}/sso/oidc/acme-oidc/callback"
    assert browser.me() == ANONYMOUS
