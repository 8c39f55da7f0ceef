"""OAuth clients in the admin: made, secrets shown once, revoked (P-2, P-3, V-25)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts import lifecycle
from accounts.models import User
from audit.models import AuditEvent
from foundation.secret_tokens import matches
from scim.models import OAuthClient, OAuthClientSecret
from scim.oauth import clients
from tests.console.admin_pages import address_of, page, read, save, words
from tests.scim.oauth_client import ask, jwks, rsa_key, token_of
from tests.worlds import OPERATOR, World, found_account

Browse = Callable[[User], Client]
ADD = page(OAuthClient, "add")
ADD_SECRET = page(OAuthClientSecret, "add")
SECRET = re.compile(r"socs_[0-9a-f]{12}_[A-Za-z0-9_-]{43}")
NEVER = {"expires_at_0": "", "expires_at_1": ""}


def _made(world: World) -> tuple[OAuthClient, OAuthClientSecret]:
    client = clients.create_client(account=world.account, actor=OPERATOR, name="Entra")
    return client, clients.add_secret(client=client, actor=OPERATOR)[0]


def test_an_admin_makes_a_client_and_gets_what_the_directorys_console_asks_for(
    acme: World, browse: Browse
) -> None:  # V-25, P-2
    browser = browse(acme.sso_admin)
    made = browser.post(ADD, {"name": "Entra", "public_keys": ""}, follow=True)
    client = OAuthClient.objects.get()
    assert (client.account, client.created_by_label) == (acme.account, acme.sso_admin.user_name)
    assert str(client.pk) in words(made)
    assert "http://localhost:8000/oauth/token" in words(made)

    form = browser.get(page(OAuthClient, "add_secret", client.pk), follow=True)
    assert f'value="{client.pk}" selected' in form.text
    answer = browser.post(ADD_SECRET, {"client": str(client.pk), **NEVER})
    shown = set(SECRET.findall(answer.text))
    assert len(shown) == 1
    plain = shown.pop()
    for value in (str(client.pk), "http://localhost:8000/oauth/token", "http://localhost:8000/api/scim"):
        assert value in words(answer)
    assert "no-store" in answer["Cache-Control"]
    token_of(ask({"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": plain}))

    secret = OAuthClientSecret.objects.get()
    assert matches(plain, secret.digest)
    for address in (
        address_of(client),
        address_of(secret),
        page(OAuthClient, "changelist"),
        page(OAuthClientSecret, "changelist"),
        page(OAuthClient, "history", client.pk),
    ):
        assert plain not in browser.get(address).text
    assert not any(plain in str(session.get_decoded()) for session in Session.objects.all())
    assert not any(plain in f"{event.message}{event.changes}" for event in AuditEvent.objects.all())
    assert AuditEvent.objects.get(action="oauth_client.secret_added").actor_id == str(acme.sso_admin.pk)


def test_the_reason_is_shown_while_single_sign_on_does_not_work(db: None, browse: Browse) -> None:  # P-3
    world = found_account("initech", enabled=False)
    browser = browse(world.sso_admin)
    assert "enable an identity provider first" in words(browser.get(ADD))
    refused = browser.post(ADD, {"name": "Too early", "public_keys": ""})
    assert "a client can be made once single sign-on works" in words(refused)
    assert not OAuthClient.objects.exists()
    assert AuditEvent.objects.get(reason="token.sso_not_ready").account_id == world.account.pk


def test_no_secret_is_made_for_a_client_of_another_account(
    acme: World, globex: World, browse: Browse
) -> None:
    theirs, _secret = _made(globex)
    browser = browse(acme.sso_admin)
    answer = browser.post(ADD_SECRET, {"client": str(theirs.pk), **NEVER})
    assert not SECRET.search(answer.text)
    assert "Select a valid choice" in words(answer)
    assert browser.get(page(OAuthClient, "add_secret", theirs.pk)).status_code == 404
    assert browser.post(page(OAuthClient, "revoke", theirs.pk)).status_code == 404
    assert OAuthClientSecret.objects.filter(client=theirs).count() == 1


def test_public_keys_are_edited_and_unfit_ones_refused_with_the_reason(acme: World, browse: Browse) -> None:
    client, _secret = _made(acme)
    browser = browse(acme.sso_admin)
    refused = save(browser, address_of(client), public_keys=jwks(rsa_key(), private=True))
    assert "make a new pair" in words(refused)
    client.refresh_from_db()
    assert client.public_keys == ""
    assert AuditEvent.objects.get(reason="oauth_client.unfit_keys").account_id == acme.account.pk

    save(browser, address_of(client), public_keys=jwks(rsa_key()))
    client.refresh_from_db()
    assert '"kid":"first"' in client.public_keys
    assert client.name == "Entra"


def test_a_client_and_a_secret_are_revoked_after_a_question(acme: World, browse: Browse) -> None:  # V-25
    client, secret = _made(acme)
    browser = browse(acme.admin)
    for row in (secret, client):
        address = page(type(row), "revoke", row.pk)
        assert "locked out from its next request on" in words(browser.get(address))
        row.refresh_from_db()
        assert row.revoked_at is None
        browser.post(address)
        row.refresh_from_db()
        assert row.revoked_at is not None
        assert "revoked" in words(browser.get(page(type(row), "changelist")))
    assert browser.get(page(OAuthClient, "add_secret", client.pk)).status_code == 403
    assert "public_keys" not in read_names(browser, client)


def read_names(browser: Client, client: OAuthClient) -> set[str]:
    try:
        return set(read(browser, address_of(client)))
    except AssertionError:  # a page without a form
        return set()


def test_an_expiry_in_the_past_is_not_taken(acme: World, browse: Browse) -> None:  # P-2
    client, _secret = _made(acme)
    fields = {"client": str(client.pk), "expires_at_0": "2020-01-01", "expires_at_1": "00:00:00"}
    assert "This moment has passed." in words(browse(acme.sso_admin).post(ADD_SECRET, fields))
    assert client.secrets.count() == 1


def test_secrets_are_neither_edited_nor_deleted(acme: World, browse: Browse) -> None:  # P-2
    client, secret = _made(acme)
    browser = browse(acme.sso_admin)
    assert browser.post(address_of(secret), {"expires_at_0": "2040-01-01"}).status_code == 403
    for row in (client, secret):
        assert browser.post(page(type(row), "delete", row.pk), {"post": "yes"}).status_code == 403


def test_the_lists_tell_who_used_a_secret_from_where_and_whose_maker_left(
    acme: World, browse: Browse
) -> None:  # P-2, V-14
    client, secret = _made(acme)
    used = {"last_used_at": timezone.now(), "last_used_ip": "203.0.113.9"}
    OAuthClient.objects.filter(pk=client.pk).update(**used)
    OAuthClientSecret.objects.filter(pk=secret.pk).update(created_by=acme.employee, **used)
    browser = browse(acme.sso_admin)
    for model in (OAuthClient, OAuthClientSecret):
        assert "203.0.113.9" in words(browser.get(page(model, "changelist")))
    assert "made by someone who left" not in words(browser.get(page(OAuthClientSecret, "changelist")))
    lifecycle.delete_user(user=acme.employee, actor=OPERATOR)
    assert "made by someone who left" in words(browser.get(page(OAuthClientSecret, "changelist")))
    OAuthClientSecret.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "expired" in words(browser.get(page(OAuthClientSecret, "changelist")))


def test_an_operator_chooses_the_account(acme: World, browse: Browse, operator: User) -> None:
    browser = browse(operator)
    browser.post(ADD, {"account": str(acme.account.pk), "name": "By an operator", "public_keys": ""})
    client = OAuthClient.objects.get()
    assert client.account == acme.account
    assert SECRET.search(browser.post(ADD_SECRET, {"client": str(client.pk), **NEVER}).text)
