"""After signing in a person goes to a page of ours, wherever a parameter would like them to go (L-7)."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest

from accounts import lifecycle
from accounts.models import Account
from audit.refusals import Refused
from sso.return_urls import landing, safe_next
from tests.journeys.conftest import OPERATOR, Company
from tests.journeys.person_browser import HOME, PersonBrowser, sign_in
from tests.journeys.seen import OIDC, SAML

ELSEWHERE = [
    "https://evil.example/",
    "http:evil.example",
    "http:///evil.example",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "/\t/evil.example/",
    "/\n/evil.example/",
    "\t//evil.example",
    " //evil.example",
    "/ /evil.example\\@",
    "javascript:alert(1)",
    "data:text/html,hello",
    "evil.example",
    "localhost:8000@evil.example",
    "http://localhost:8000/",  # even our own, as an absolute URL
    "/" + "x" * 2100,
    "/\x00",
    "/ok\r\nSet-Cookie: a=b",
]
OURS = [
    "/",
    "/?tab=2",
    "/spaces/Trial?x=1#top",
    "/über/",
    "/a//b",
    "/login-help",
    "/%09/evil.example",
    "/@evil.example",
]


@pytest.mark.parametrize("value", ELSEWHERE)
def test_anything_but_a_path_of_ours_is_dropped(value: str) -> None:
    # L-7
    assert safe_next(value) == ""
    assert landing(None, value) == "/"


@pytest.mark.parametrize("value", OURS)
def test_path_of_ours_is_kept_as_it_is(value: str) -> None:
    # L-7
    assert safe_next(value) == value


@pytest.mark.parametrize("start", [SAML, OIDC], ids=["saml", "oidc"])
@pytest.mark.parametrize(
    "value", ["https://evil.example/", "//evil.example/", "/\\evil.example/", "/\t/evil.example"]
)
def test_person_lands_at_home_whatever_the_start_asked_for(
    acme: Company, browser: PersonBrowser, start: str, value: str
) -> None:
    # L-7
    page = sign_in(browser, f"{start}?next={quote(value)}")
    assert page.url == f"{HOME}/"
    assert browser.me()["authenticated"] is True


@pytest.mark.parametrize("start", [SAML, OIDC], ids=["saml", "oidc"])
def test_person_lands_on_the_page_they_wanted(acme: Company, browser: PersonBrowser, start: str) -> None:
    # L-7
    assert sign_in(browser, f"{start}?next={quote('/?tab=2')}").url == f"{HOME}/?tab=2"


@pytest.mark.parametrize("value", ["https://evil.example/", "//evil.example/", "/\\evil.example/"])
def test_no_page_of_the_login_passes_a_bad_target_on(
    acme: Company, browser: PersonBrowser, value: str
) -> None:
    # L-7: every parameter of every form and link
    for path in ("/login/", "/login/acme/", "/login/nobody/"):
        page = browser.open(f"{path}?next={quote(value)}&email=mia@acme.example")
        assert page.status == 200
        assert "evil.example" not in page.text
    page = browser.submit(browser.open("/login/"), email="mia@acme.example", next=value)
    assert page.status == 200
    assert "evil.example" not in page.text
    wrong = browser.post("/login/acme/", {"user_name": "mia", "password": "x", "next": value})
    assert wrong.status == 401
    assert "evil.example" not in wrong.text


def test_signed_in_person_is_not_sent_away_by_the_login_page(acme: Company, browser: PersonBrowser) -> None:
    # L-7
    sign_in(browser, SAML)
    for path in ("/login/", "/login/acme/", "/login/nobody/"):
        answer = browser.client.get(path, {"next": "//evil.example/"})
        assert answer.headers["Location"] == "/"
        answer = browser.client.get(path, {"next": "/?tab=2"})
        assert answer.headers["Location"] == "/?tab=2"


def test_account_decides_where_its_people_land_when_they_asked_for_nothing(
    acme: Company, browser: PersonBrowser
) -> None:
    # L-7, X-1
    lifecycle.update_account(
        account=acme.account, actor=OPERATOR, values={"landing_url": "https://app.acme.example/"}
    )
    answer = browser.submit(browser.open(SAML), fresh=True, person="mia@acme.example")
    parked = browser.submit(answer, follow=False)
    home = browser.client.get(parked.headers["Location"])
    assert home.headers["Location"] == "https://app.acme.example/"


@pytest.mark.parametrize("own", ["javascript:alert(1)", "//evil.example", "ftp://x.example/", "", "nowhere"])
def test_landing_url_that_is_none_is_not_followed(acme: Company, browser: PersonBrowser, own: str) -> None:
    # L-7: a row from elsewhere; what is entered is checked, too
    Account.objects.filter(pk=acme.account.pk).update(landing_url=own)
    assert sign_in(browser, SAML).url == f"{HOME}/"


@pytest.mark.parametrize(
    "own", ["javascript:alert(1)", "ftp://x.example/", "http://x.example/", "https://a@x.example/"]
)
def test_landing_url_that_is_none_is_not_taken(acme: Company, own: str) -> None:
    # L-7, V-23
    with pytest.raises(Refused, match="landing URL"):
        lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"landing_url": own})


def test_page_that_needs_a_session_leads_to_the_login_and_back(
    acme: Company, browser: PersonBrowser, make_company: Callable[..., Company]
) -> None:
    # L-7
    page = browser.open("/?tab=2")
    assert page.url.startswith(f"{HOME}/login/?next=")
    page = browser.submit(page, email="mia@acme.example")
    page = sign_in(browser, page.link("Sign in with Microsoft"))
    assert page.url == f"{HOME}/?tab=2"
