"""User name and password, where the policy allows them, and on the server nowhere else (L-2, L-3, R-4, V-7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from django.utils import timezone

from accounts import lifecycle
from accounts.models import Account, Kind, User, UserSession
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent, FailureLogEntry
from sso.models import Vendor
from tests.journeys.conftest import OPERATOR, Company, make_mandatory
from tests.journeys.person_browser import Page, PersonBrowser, sign_in
from tests.journeys.seen import SAML, reasons, refused_for, track_id_of

DIRECTORY = Actor(ActorKind.SCIM, "token-of-acme", "Entra provisioning")
PASSWORD = "correct horse battery staple"
SSO_ONLY = "Acme signs in to Identity Broker with the corporate account only."


@pytest.fixture(autouse=True)
def _cheap_passwords(settings: object) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # type: ignore[attr-defined]


def local(account: Account | None = None, name: str = "ada@acme.example", kind: Kind = Kind.MEMBER) -> User:
    return lifecycle.create_user(
        actor=OPERATOR,
        account=account,
        kind=kind,
        values=lifecycle.PersonChanges(user_name=name, email=name),
        password=PASSWORD,
    )


def enter(
    browser: PersonBrowser,
    name: str = "ada@acme.example",
    password: str = PASSWORD,
    path: str = "/login/acme/",
) -> Page:
    """Send user name and password straight to the server, as a form would."""
    return browser.post(path, {"user_name": name, "password": password})


def test_person_with_a_password_signs_in_where_the_policy_is_optional(
    acme: Company, browser: PersonBrowser
) -> None:
    # L-2
    user = local(acme.account)
    page = browser.submit(browser.open("/login/acme/"), user_name="ADA@acme.example ", password=PASSWORD)
    assert page.url == "http://localhost:8000/"
    me = browser.me()
    assert me["id"] == str(user.pk)
    assert me["status"] == "active"
    assert me["session"]["identity_provider"] is None
    assert AuditEvent.objects.get(action="sign_in.succeeded").account_id == acme.account.pk


@pytest.mark.parametrize("path", ["/login/acme/", "/login/"])
def test_password_is_refused_on_the_server_where_single_sign_on_is_mandatory(
    acme: Company, browser: PersonBrowser, path: str
) -> None:
    # L-3
    local(acme.account)
    make_mandatory(acme.account)
    page = enter(browser, path=path)
    assert page.status in (400, 401, 403)
    if path == "/login/acme/":
        assert SSO_ONLY in page.words  # L-10
        assert refused_for(page) == "sso_required"
    assert browser.me() == {"authenticated": False}
    assert not UserSession.objects.exists()


def test_password_page_that_was_open_when_single_sign_on_became_mandatory_is_refused(
    acme: Company, browser: PersonBrowser
) -> None:
    # L-3
    local(acme.account)
    form = browser.open("/login/acme/")
    make_mandatory(acme.account)
    page = browser.submit(form, user_name="ada@acme.example", password=PASSWORD)
    assert SSO_ONLY in page.words
    assert browser.me() == {"authenticated": False}


def test_policy_of_any_unknown_kind_counts_as_mandatory() -> None:
    # fails closed
    assert Account(sso_policy="").password_sign_in_allowed is False
    assert Account(sso_policy="optional").password_sign_in_allowed is True


def test_wrong_password_and_unknown_name_look_the_same(acme: Company, browser: PersonBrowser) -> None:
    # V-26
    local(acme.account)
    known, unknown = enter(browser, password="wrong"), enter(browser, name="eve@acme.example")
    assert known.status == unknown.status == 401
    assert "The user name or password is wrong." in known.words
    assert known.words == unknown.words.replace("eve@", "ada@")
    assert set(FailureLogEntry.objects.values_list("code", flat=True)) == {"password.wrong"}
    assert not any(PASSWORD in str(row) for row in FailureLogEntry.objects.values())


def test_password_of_one_company_opens_no_other(
    acme: Company, make_company: Callable[..., Company], browser: PersonBrowser
) -> None:
    # design rule 12
    make_company("globex", Vendor.OKTA)
    local(acme.account, "ada")
    assert enter(browser, "ada", path="/login/globex/").status == 401
    assert enter(browser, "ada", path="/login/").status == 401
    enter(browser, "ada")
    assert browser.me()["account"]["slug"] == "acme"


@pytest.mark.parametrize(
    "end",
    [
        lambda user: lifecycle.disable_user(user=user, actor=OPERATOR),
        lambda user: lifecycle.set_directory_active(user=user, actor=DIRECTORY, active=False),
        lambda user: lifecycle.delete_user(user=user, actor=OPERATOR),
        lambda user: lifecycle.drop_password(user=user, actor=OPERATOR, why="test"),
    ],
    ids=["disabled", "deactivated", "deleted", "password dropped"],
)
def test_person_who_was_removed_has_a_wrong_password(
    acme: Company, browser: PersonBrowser, end: Callable[[User], object]
) -> None:
    # V-12
    end(local(acme.account))
    page = enter(browser)
    assert page.status == 401
    assert "The user name or password is wrong." in page.words
    assert browser.me() == {"authenticated": False}


def test_ten_wrong_passwords_lock_a_name_from_an_address_for_a_quarter_of_an_hour(
    acme: Company, browser: PersonBrowser
) -> None:
    local(acme.account)
    local(acme.account, "bob@acme.example")
    for _ in range(9):
        assert enter(browser, password="wrong").status == 401
    locked = enter(browser, name=" ADA@ACME.EXAMPLE", password="wrong")  # another spelling is the same name
    assert locked.status == 429
    assert locked.headers["Retry-After"] == "900"
    assert "Please wait 15 minutes" in locked.words
    assert enter(browser).status == 429  # the right one doesn't help either
    assert browser.me() == {"authenticated": False}
    assert enter(browser, "bob@acme.example").status == 302  # somebody else is not locked out
    browser.post("/logout/", {})
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=16), tick=True):
        assert enter(browser).status == 302


def test_name_that_does_not_exist_locks_in_the_same_way(acme: Company, browser: PersonBrowser) -> None:
    # V-26
    statuses = [enter(browser, "eve@acme.example", "wrong").status for _ in range(11)]
    assert statuses == [401] * 9 + [429] * 2


def test_password_that_was_right_at_last_starts_the_count_anew(acme: Company, browser: PersonBrowser) -> None:
    local(acme.account)
    for _ in range(2):
        for _ in range(9):
            assert enter(browser, password="wrong").status == 401
        assert enter(browser).status == 302
        browser.post("/logout/", {})


def test_lock_shows_a_track_id_that_is_found(acme: Company, browser: PersonBrowser) -> None:
    # V-21, A-4
    for _ in range(11):
        page = enter(browser, "eve@acme.example", "wrong")
    assert page.status == 429
    assert reasons(track_id_of(page))


@pytest.mark.parametrize("kind", [Kind.OPERATOR, Kind.STAFF])
def test_vendors_people_sign_in_on_the_general_page(
    acme: Company, browser: PersonBrowser, kind: Kind
) -> None:
    # L-3, V-7
    user = local(None, "root@vendor.example", kind)
    assert enter(browser, "root@vendor.example").status == 401  # a customer's page knows nothing of them
    page = browser.submit(browser.open("/login/"), email="root@vendor.example")
    browser.submit(page, user_name="root@vendor.example", password=PASSWORD)
    assert browser.me()["id"] == str(user.pk)
    assert browser.me()["account"] is None


def test_vendors_person_with_an_account_of_their_own_follows_its_policy(
    acme: Company, browser: PersonBrowser
) -> None:
    # L-3
    local(acme.account, "root@acme.example", Kind.OPERATOR)
    make_mandatory(acme.account)
    for path in ("/login/", "/login/acme/"):
        page = enter(browser, "root@acme.example", path=path)
        assert refused_for(page) == "sso_required"
        assert SSO_ONLY in page.words
    assert browser.me() == {"authenticated": False}


def test_vendors_person_signs_in_on_the_deployments_host_alone(acme: Company) -> None:
    # V-7
    local(acme.account, "root@acme.example", Kind.OPERATOR)
    lifecycle.verify_host_name(account=acme.account, actor=OPERATOR, host="sso.acme.example")
    there = PersonBrowser("http://sso.acme.example:8000")
    for path in ("/login/", "/login/acme/"):
        page = there.post(path, {"user_name": "root@acme.example", "password": PASSWORD})
        assert 400 <= page.status < 500
    assert there.me() == {"authenticated": False}
    assert not UserSession.objects.exists()


def test_person_whose_roles_come_from_the_provider_uses_no_password(
    acme: Company, browser: PersonBrowser
) -> None:
    #
    user = local(acme.account)
    User.objects.filter(pk=user.pk).update(connected=True)
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"sso_authorization": True})
    page = enter(browser)
    assert refused_for(page) == "sso_required"
    assert browser.me() == {"authenticated": False}


def test_form_of_another_site_signs_nobody_in(acme: Company) -> None:
    # login CSRF
    from django.test import Client

    local(acme.account)
    strict = Client(enforce_csrf_checks=True, headers={"host": "localhost:8000"})
    answer = strict.post("/login/acme/", {"user_name": "ada@acme.example", "password": PASSWORD})
    assert answer.status_code == 403
    assert strict.get("/api/me").status_code == 401


def test_becoming_connected_keeps_a_proven_password_and_mandatory_takes_it(
    acme: Company, browser: PersonBrowser, new_browser: Callable[[], PersonBrowser]
) -> None:
    # J-12
    user = lifecycle.create_user(
        actor=OPERATOR,
        account=acme.account,
        values=lifecycle.PersonChanges(user_name="mia@acme.example", email="mia@acme.example"),
    )
    sign_in(new_browser(), SAML)
    lifecycle.set_password(user=user, actor=OPERATOR, password=PASSWORD)
    enter(browser, "mia@acme.example")
    assert browser.me()["authenticated"] is True
    make_mandatory(acme.account)
    sign_in(new_browser(), SAML)
    user.refresh_from_db()
    assert not user.has_usable_password()
    assert browser.me() == {"authenticated": False}  # the session that the password opened is over
    event = AuditEvent.objects.get(action="user.password_dropped")
    assert "single sign-on is mandatory" in event.message
