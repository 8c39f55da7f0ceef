"""API tokens in the admin: shown once, refused while single sign-on isn't ready, revoked (P-2, P-3)."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.lifecycle import create_api_token, set_directory_active
from accounts.models import ApiToken, BuiltInAccountRole, User
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from foundation.secret_tokens import matches
from tests.console.admin_pages import address_of, page, words
from tests.worlds import OPERATOR, World, add_person, found_account

Browse = Callable[[User], Client]
ADD = "/admin/accounts/apitoken/add/"
TOKEN = re.compile(r"scim_[0-9a-f]{12}_[A-Za-z0-9_-]{43}")


def test_a_token_is_shown_once_and_is_nowhere_else(acme: World, browse: Browse) -> None:  # P-2
    browser = browse(acme.sso_admin)
    made = browser.post(ADD, {"name": "Entra provisioning", "expires_at_0": "", "expires_at_1": ""})

    assert made.status_code == 200
    shown = set(TOKEN.findall(made.text))
    assert len(shown) == 1
    plain = shown.pop()
    assert "http://localhost:8000/api/scim" in words(made)
    assert "no-store" in made["Cache-Control"]

    token = ApiToken.objects.get(name="Entra provisioning")
    assert matches(plain, token.digest)
    assert (token.account, token.created_by, token.created_by_label) == (
        acme.account,
        acme.sso_admin,
        acme.sso_admin.user_name,
    )
    for address in (
        page(ApiToken, "changelist"),
        address_of(token),
        page(ApiToken, "history", token.pk),
        "/admin/",
    ):
        assert plain not in browser.get(address).text
    assert plain not in browser.get(page(ApiToken, "changelist")).headers.get("Set-Cookie", "")
    assert not any(plain in str(session.get_decoded()) for session in Session.objects.all())
    assert not any(plain in f"{event.message}{event.changes}" for event in AuditEvent.objects.all())
    assert AuditEvent.objects.get(action="api_token.created").actor_id == str(acme.sso_admin.pk)


def test_a_token_whose_maker_left_is_marked(acme: World, browse: Browse) -> None:  # V-14
    boss = add_person(acme.account, "boss", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    maker = Actor(ActorKind.USER, str(boss.pk), boss.user_name)
    create_api_token(account=acme.account, actor=maker, name="Entra")
    browser = browse(acme.sso_admin)
    assert "made by someone who left" not in words(browser.get(page(ApiToken, "changelist")))
    set_directory_active(user=boss, actor=Actor(ActorKind.SCIM, "", "a directory"), active=False)
    assert "made by someone who left" in words(browser.get(page(ApiToken, "changelist")))


def test_no_token_is_made_while_single_sign_on_does_not_work_and_the_reason_is_shown(
    db: None, browse: Browse
) -> None:  # P-3
    world = found_account("initech", enabled=False)
    browser = browse(world.sso_admin)
    assert "enable an identity provider first" in words(browser.get(ADD))

    refused = browser.post(ADD, {"name": "Too early", "expires_at_0": "", "expires_at_1": ""})
    assert "a token can be made once single sign-on works" in words(refused)
    assert not TOKEN.search(refused.text)
    assert not ApiToken.objects.exists()
    assert AuditEvent.objects.get(reason="token.sso_not_ready").account_id == world.account.pk


def test_an_operator_chooses_the_account_and_meets_the_same_rule(
    acme: World, browse: Browse, operator: User
) -> None:  # P-3
    closed = found_account("initech", enabled=False)
    browser = browse(operator)
    fields = {"name": "By an operator", "expires_at_0": "", "expires_at_1": ""}
    assert "once single sign-on works" in words(browser.post(ADD, {**fields, "account": closed.account.pk}))
    assert TOKEN.search(browser.post(ADD, {**fields, "account": acme.account.pk}).text)
    assert ApiToken.objects.get().account == acme.account


def test_an_expiry_in_the_past_is_not_taken(acme: World, browse: Browse) -> None:  # P-2
    fields = {"name": "Late", "expires_at_0": "2020-01-01", "expires_at_1": "00:00:00"}
    assert "This moment has passed." in words(browse(acme.sso_admin).post(ADD, fields))
    assert not ApiToken.objects.exists()


def test_a_token_is_revoked_after_a_question(acme: World, browse: Browse) -> None:  # P-2
    token, _ = create_api_token(account=acme.account, actor=OPERATOR, name="Okta")
    browser = browse(acme.admin)
    address = page(ApiToken, "revoke", token.pk)
    assert "locked out from its next request on" in words(browser.get(address))
    token.refresh_from_db()
    assert token.is_usable
    browser.post(address)
    token.refresh_from_db()
    assert not token.is_usable
    assert "revoked" in words(browser.get(page(ApiToken, "changelist")))


def test_the_list_tells_when_and_from_where_a_token_was_used(acme: World, browse: Browse) -> None:  # P-2
    token, _ = create_api_token(account=acme.account, actor=OPERATOR, name="Okta")
    ApiToken.objects.filter(pk=token.pk).update(last_used_at=timezone.now(), last_used_ip="203.0.113.9")
    text = words(browse(acme.sso_admin).get(page(ApiToken, "changelist")))
    assert "203.0.113.9" in text
    assert "Last used at" in text


def test_a_token_is_neither_edited_nor_deleted(acme: World, browse: Browse) -> None:  # P-2
    token, _ = create_api_token(account=acme.account, actor=OPERATOR, name="Okta")
    browser = browse(acme.sso_admin)
    assert browser.post(address_of(token), {"name": "Mine"}).status_code == 403
    assert browser.post(page(ApiToken, "delete", token.pk), {"post": "yes"}).status_code == 403
    token.refresh_from_db()
    assert token.name == "Okta"
