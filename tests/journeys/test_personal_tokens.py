"""A person makes tokens of their own on My access, reads themself with them, and ends them (P-10, V-14)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import lxml.html
import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone, translation

from accounts import lifecycle
from accounts.models import ApiToken, Kind, SsoPolicy
from accounts.privilege import NotAllowed
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent, FailureLogEntry
from tests.conftest import client_of
from tests.console.admin_pages import address_of, page
from tests.worlds import OPERATOR, World, add_identity, add_vendor_person, found_account, sign_in

MAKE = "/personal-tokens/"


@pytest.fixture
def acme(db: None) -> World:
    return found_account("acme")


@pytest.fixture
def emma(acme: World, client: Client) -> Client:
    """Emma's browser."""
    sign_in(client, acme.employee)
    return client


def words(answer: Any) -> str:
    body = lxml.html.fromstring(answer.text).find("body")
    assert body is not None
    return " ".join(" ".join(body.itertext()).split())


def make(browser: Client, name: str = "Nightly script", days: str = "90") -> str:
    """Make a token and return what the page shows of it."""
    answer = browser.post(MAKE, {"name": name, "days": days})
    assert answer.status_code == 200, words(answer)
    (plain,) = lxml.html.fromstring(answer.text).xpath("//code[@id='plain-token']/text()")
    return str(plain)


def ask_me(token: str) -> Any:
    return client_of("localhost:8000").get("/api/scim/Me", headers={"authorization": f"Bearer {token}"})


def test_token_is_shown_once_and_reads_its_owner(acme: World, emma: Client) -> None:
    # P-10
    token = make(emma)
    answer = ask_me(token)
    assert answer.status_code == 200
    assert json.loads(answer.content)["userName"] == "emma@acme.example"

    shown = emma.get("/")
    assert "Nightly script made" in words(shown)
    assert "last used" in words(shown)
    assert token not in shown.text
    event = AuditEvent.objects.get(action="personal_token.created")
    assert (event.actor_id, event.account_id) == (str(acme.employee.pk), acme.account.pk)


def test_plain_token_is_kept_nowhere(emma: Client) -> None:
    # P-2, design rule 8
    token = make(emma)
    row = ApiToken.objects.get()
    secret = token.split("_", 2)[2]
    assert secret not in json.dumps(ApiToken.objects.values().get(), default=str)
    assert secret not in json.dumps(list(AuditEvent.objects.values()), default=str)
    assert all(secret not in str(session.get_decoded()) for session in Session.objects.all())
    assert row.owner is not None


def test_page_with_the_token_is_not_stored_by_browsers(emma: Client) -> None:
    # V-24
    answer = emma.post(MAKE, {"name": "x", "days": "7"})
    assert answer.headers["Cache-Control"] == "no-store"


def test_revoked_token_is_off_the_list_and_opens_nothing(emma: Client) -> None:
    # P-2
    token = make(emma)
    assert ask_me(token).status_code == 200
    answer = emma.post(f"/personal-tokens/{ApiToken.objects.get().pk}/revoke/", follow=True)
    assert "The token “Nightly script” was revoked." in words(answer)
    assert "Nightly script made" not in words(answer)
    assert ask_me(token).status_code == 401
    assert AuditEvent.objects.filter(action="api_token.revoked").count() == 1


def test_token_of_somebody_else_is_not_there_to_be_revoked(acme: World, emma: Client) -> None:
    # P-6
    make(emma)
    other = client_of("localhost:8000")
    sign_in(other, acme.admin)
    address = f"/personal-tokens/{ApiToken.objects.get().pk}/revoke/"
    assert other.post(address).status_code == 404
    assert ApiToken.objects.get().is_usable
    assert "Nightly script" not in words(other.get("/"))
    assert emma.post(address).status_code == 302
    assert not ApiToken.objects.get().is_usable


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"name": " ", "days": "90"}, "Say what the token is for"),
        ({"name": "x" * 121, "days": "90"}, "at most 120 characters"),
        ({"name": "x", "days": "366"}, "Choose a period."),
        ({"name": "x", "days": "-1"}, "Choose a period."),
    ],
)
def test_form_that_is_not_good_is_shown_again_with_the_reason(
    emma: Client, sent: dict[str, str], said: str
) -> None:
    answer = emma.post(MAKE, sent)
    assert answer.status_code == 400
    assert said in words(answer)
    assert not ApiToken.objects.exists()


def test_there_is_an_end_to_how_many(emma: Client) -> None:
    # V-21
    for number in range(20):
        make(emma, f"Script {number}")
    answer = emma.post(MAKE, {"name": "One more", "days": "90"})
    assert answer.status_code == 400
    assert "20 personal tokens are the most you can have" in words(answer)
    assert ApiToken.objects.count() == 20
    emma.post(f"/personal-tokens/{ApiToken.objects.first().pk}/revoke/")  # type: ignore[union-attr]
    make(emma, "One more")


@pytest.mark.parametrize("days", [7, 30, 90, 365])
def test_period_is_what_was_chosen(emma: Client, days: int) -> None:
    # P-10
    make(emma, days=str(days))
    row = ApiToken.objects.get()
    assert row.expires_at is not None
    assert (row.expires_at - row.created_at).total_seconds() == pytest.approx(days * 86400, abs=60)


def test_nobody_makes_one_for_somebody_else_or_for_longer_than_a_year(acme: World) -> None:
    # V-8, V-14: the same by an entrance without a form
    admin = Actor(ActorKind.USER, str(acme.sso_admin.pk), acme.sso_admin.user_name)
    itself = Actor(ActorKind.USER, str(acme.employee.pk), acme.employee.user_name)
    for actor in (admin, OPERATOR):
        with pytest.raises(NotAllowed):
            lifecycle.create_personal_token(user=acme.employee, actor=actor, name="x")
    for days in (366, 0, -1):
        ends = timezone.now() + timedelta(days=days)
        with pytest.raises(lifecycle.InvalidToken):
            lifecycle.create_personal_token(user=acme.employee, actor=itself, name="x", expires_at=ends)
    lifecycle.disable_user(user=acme.employee, actor=OPERATOR)
    with pytest.raises(NotAllowed):
        lifecycle.create_personal_token(user=acme.employee, actor=itself, name="x")
    assert not ApiToken.objects.exists()


def test_token_of_who_only_had_a_password_opens_nothing_once_single_sign_on_is_mandatory(
    acme: World, emma: Client
) -> None:
    # L-3
    token = make(emma)
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"sso_policy": SsoPolicy.MANDATORY})
    refused = ask_me(token)
    assert refused.status_code == 401
    assert "single sign-on only" in json.loads(refused.content)["detail"]
    assert FailureLogEntry.objects.filter(code="scim.unusable_token").exists()
    assert emma.get("/api/me").status_code == 401  # nor does the session go on
    add_identity(acme.employee, acme.provider)
    assert ask_me(token).status_code == 200


def test_people_of_the_vendor_have_none(acme: World, client: Client) -> None:
    # V-2
    operator = add_vendor_person("olga", Kind.OPERATOR)
    sign_in(client, operator)
    assert "Personal tokens" not in words(client.get("/"))
    assert client.post(MAKE, {"name": "x", "days": "7"}).status_code == 404
    assert not ApiToken.objects.exists()


def test_strangers_and_forged_forms_make_none(acme: World, client: Client) -> None:
    assert client.post(MAKE, {"name": "x", "days": "7"}).headers["Location"].startswith("/login/")
    sign_in(client, acme.employee)
    client.handler.enforce_csrf_checks = True
    assert client.post(MAKE, {"name": "x", "days": "7"}).status_code == 403
    assert not ApiToken.objects.exists()


def test_an_account_admin_ends_an_employees_token_and_sees_whose_it_is(acme: World, emma: Client) -> None:
    # P-2, V-8
    token = make(emma)
    row = ApiToken.objects.get()
    admin = client_of("localhost:8000")
    sign_in(admin, acme.admin)
    assert "Read my own data" in words(admin.get(address_of(row)))
    assert admin.post(page(ApiToken, "revoke", row.pk)).status_code == 302
    assert ask_me(token).status_code == 401


def test_an_account_admin_does_not_end_the_token_of_an_sso_account_admin(acme: World) -> None:
    # V-8
    boss = client_of("localhost:8000")
    sign_in(boss, acme.sso_admin)
    token = make(boss)
    admin = client_of("localhost:8000")
    sign_in(admin, acme.admin)
    told = admin.post(page(ApiToken, "revoke", ApiToken.objects.get().pk), follow=True)
    assert "it needs sso account admin" in words(told)
    assert ask_me(token).status_code == 200
    assert AuditEvent.objects.filter(reason="privilege.not_allowed").exists()


def test_german_reader_gets_german_words(emma: Client) -> None:
    #
    with translation.override("en"):  # a request leaves its language behind in this thread
        shown = words(emma.get("/", headers={"accept-language": "de"}))
    assert "Persönliche Token" in shown
    assert "Token erstellen" in shown
