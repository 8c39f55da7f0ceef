"""Credentials made in the browser and used by programs: shown once, good for what they say, and ended by one click."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.e2e.administrator import Administrator, sign_in_as_admin
from tests.e2e.conftest import NewVisitor
from tests.e2e.running_product import ADA, GUS
from tests.e2e.visitor import Employee, Visitor

pytestmark = pytest.mark.browser

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@pytest.fixture
def ada(visitor: Visitor) -> Administrator:
    """Acme's admin."""
    return sign_in_as_admin(visitor, "acme", ADA)


def ask_scim(browser: Visitor, token: str, path: str, *, method: str = "GET", body: Any = None) -> Any:
    """What ``/api/scim`` answers a program that has ``token``; without the browser's cookies making a difference."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"}
    address = f"{browser.product.url}/api/scim{path}"
    return browser.context.request.fetch(address, method=method, headers=headers, data=body)


def get_access_token(browser: Visitor, client_id: str, secret: str) -> Any:
    """What ``/oauth/token`` answers a directory with this secret."""
    sent = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    return browser.context.request.post(f"{browser.product.url}/oauth/token", form=sent)


def open_newest(admin: Administrator, search: str, expected: str) -> None:
    """Open the newest entry of the request log that ``search`` finds, once it is ``expected``: the log is written by a
    thread, a second after the answer.
    """
    page = admin.visitor.page
    for _ in range(50):
        if admin.search("scim/requestlogentry/", search):
            admin.visitor.follow(page.locator("#result_list a[href*='/change/']").first)
            if expected in admin.visitor.words:
                return
        page.wait_for_timeout(200)
    raise AssertionError(f"{search} never showed {expected}: {admin.visitor.words[:300]}")


def test_employee_makes_a_personal_token_reads_themself_with_it_and_ends_it(visitor: Visitor) -> None:
    # P-10
    mia, page = Employee("Mia"), visitor.page
    visitor.sign_in(mia)
    assert "lets a script of yours read your own profile" in visitor.words
    page.get_by_label("Name of the new token").fill("Nightly script")
    page.get_by_label("Good for").select_option(label="30 days")
    visitor.follow(page.get_by_role("button", name="Make a token"))
    plain = page.locator("#plain-token").inner_text()
    assert re.fullmatch(r"me_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", plain)
    assert visitor.header("cache-control") == "no-store"
    assert visitor.overflow() <= 0
    with visitor.on_a_phone():
        assert visitor.overflow() <= 0
    visitor.picture("personal-token-shown-once")

    me = ask_scim(visitor, plain, "/Me")
    assert (me.status, me.json()["userName"]) == (200, mia.email)
    assert ask_scim(visitor, plain, "/Users").status == 403

    visitor.follow(page.get_by_role("link", name="I have copied it"))
    assert "Nightly script" in visitor.words
    assert "last used" in visitor.words
    assert plain not in page.content()
    visitor.picture("personal-token-listed")

    visitor.follow(page.get_by_role("button", name="Revoke Nightly script"))
    assert "The token “Nightly script” was revoked." in visitor.words
    assert page.get_by_role("button", name="Revoke Nightly script").count() == 0
    assert ask_scim(visitor, plain, "/Me").status == 401


def test_token_without_a_name_is_asked_for_it_where_the_cursor_then_is(visitor: Visitor) -> None:
    #
    page = visitor.page
    visitor.sign_in(Employee("Mia"))
    name = page.get_by_label("Name of the new token")
    name.fill("   ")  # which the browser itself lets pass
    visitor.follow(page.get_by_role("button", name="Make a token"))
    assert visitor.status == 400
    assert "Say what the token is for" in visitor.words
    assert name.get_attribute("aria-invalid") == "true"
    assert name.evaluate("field => field === document.activeElement")
    assert page.locator("#plain-token").count() == 0


def test_admin_makes_an_oauth_client_whose_secret_is_shown_once_and_opens_scim_until_revoked(
    ada: Administrator,
) -> None:
    # P-2, V-25
    browser, page = ada.visitor, ada.visitor.page
    name = f"Entra {Employee('x').mark}"
    ada.open("scim/oauthclient/add/")
    page.get_by_label("Name").fill(name)
    browser.follow(page.locator("button[name=_save]"))
    assert "Now add a secret" in browser.words
    client_page = page.url
    browser.follow(page.get_by_role("link", name="Add secret"))
    browser.follow(page.locator("button[name=_save]"))
    secret = page.locator("#plain-secret").inner_text()
    client_id = page.locator("#client-id").inner_text()
    assert re.fullmatch(r"socs_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", secret)
    assert browser.overflow() <= 0
    browser.picture("oauth-secret-shown-once")

    got = get_access_token(browser, client_id, secret)
    assert got.status == 200
    access = got.json()["access_token"]
    assert ask_scim(browser, access, "/Users?count=1").status == 200

    browser.follow(page.get_by_role("link", name="I have copied it"))
    assert page.url == client_page
    assert secret not in page.content()
    page.locator("#tabs-items").get_by_text("Secrets", exact=True).click()
    browser.picture("oauth-client-secrets")
    browser.follow(page.locator("a[href*='/oauthclientsecret/'][href*='/change/']:visible").first)
    assert secret not in page.content()
    browser.follow(page.get_by_role("link", name="Revoke"))
    browser.follow(page.get_by_role("button", name="Revoke"))
    assert ask_scim(browser, access, "/Users?count=1").status == 401
    assert get_access_token(browser, client_id, secret).status == 401


def test_admin_reads_in_the_request_log_why_a_request_failed_and_whom_another_one_made(
    ada: Administrator,
) -> None:
    #
    browser, page = ada.visitor, ada.visitor.page
    token, mia = browser.product.scim_token, Employee("Mia")
    failed = ask_scim(browser, token, '/Users?filter=photos eq "x"')
    track_id = failed.json()["detail"].rpartition("track ID ")[2].rstrip("]")
    made = ask_scim(browser, token, "/Users", method="POST", body={"userName": mia.email})
    assert (failed.status, made.status) == (400, 201)

    open_newest(ada, track_id, "photos can't be filtered on.")
    assert 'filter=photos eq "x"' in browser.words
    assert "Demo directory" in browser.words
    browser.picture("request-log-error")

    open_newest(ada, "201", mia.email)
    assert "created" in browser.words
    browser.picture("request-log-effect")
    browser.follow(page.get_by_role("link", name=mia.email))
    assert made.json()["id"] in page.url


def test_change_of_an_admins_address_waits_until_an_sso_account_admin_approves_it(
    new_visitor: NewVisitor, ada: Administrator
) -> None:
    # V-8
    browser, page, token = ada.visitor, ada.visitor.page, ada.visitor.product.scim_token
    found = ask_scim(browser, token, f'/Users?filter=userName eq "{ADA[0]}"').json()["Resources"]
    mark = f"ada-{Employee('x').mark}@acme.example"
    operation = {"op": "replace", "path": 'emails[type eq "work"].value', "value": mark}
    wish = {"schemas": [PATCH_OP], "Operations": [operation]}

    def ask() -> Any:
        return ask_scim(browser, token, f"/Users/{found[0]['id']}", method="PATCH", body=wish)

    def approve() -> None:
        browser.follow(page.get_by_role("link", name="Approve"))
        assert operation["value"] in browser.words
        browser.follow(page.get_by_role("button", name="Approve"))
        assert "Approved. The directory reads the new values now." in browser.words
        assert page.get_by_role("link", name="Approve").count() == 0

    refused = ask()
    assert refused.status == 403
    assert "waits for approval" in refused.json()["detail"]

    ada.open("accounts/heldchange/")
    browser.follow(page.locator("#result_list tbody tr").first.get_by_role("link").first)
    held = page.url
    gus = sign_in_as_admin(new_visitor(), "globex", GUS)
    gus.visitor.open(held)
    assert gus.visitor.status == 404

    approve()
    answer = ask()
    assert answer.status == 200
    assert answer.json()["emails"][0]["value"] == mark

    operation["value"] = ADA[0]  # back again, for the tests that come after
    assert ask().status == 403
    ada.open("accounts/heldchange/?decided=no")
    browser.follow(page.locator("#result_list tbody tr").first.get_by_role("link").first)
    approve()
    assert ask().json()["emails"][0]["value"] == ADA[0]
