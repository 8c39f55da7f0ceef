"""An admin leaves: what they made for the directory works for two more weeks, and the account is told (V-14)."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import lifecycle
from accounts.lifecycle.roles import account_role_named
from accounts.models import ApiToken, BuiltInAccountRole, User
from accounts.sources import Source
from accounts.tasks import limit_leavers_tokens
from audit.actors import Actor, ActorKind, configuration
from audit.models import AuditEvent
from foundation.models import OutboxMessage
from scim.oauth import clients
from scim.tasks import limit_leavers_secrets
from tests.scim.directory import Directory
from tests.scim.oauth_client import ask, error_of, token_of
from tests.worlds import World, found_account


@pytest.fixture
def acme(db: None) -> World:
    """An account with two SSO account admins."""
    world = found_account("acme")
    role = account_role_named(world.account, BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    lifecycle.grant_account_role(user=world.admin, role=role, actor=configuration(), source=Source.MANUAL)
    return world


def _as(user: User) -> Actor:
    return Actor(ActorKind.USER, str(user.pk), user.user_name)


def _directory_of(world: World, maker: User) -> Directory:
    row, plain = lifecycle.create_api_token(account=world.account, actor=_as(maker), name="Entra")
    return Directory(world.account, plain, row)


def _mails() -> list[dict[str, str]]:
    return [message.payload for message in OutboxMessage.objects.filter(kind="mail.send")]


def test_an_admins_token_outlives_them_by_two_weeks(acme: World) -> None:
    # V-14
    directory = _directory_of(acme, acme.admin)
    lifecycle.delete_user(user=acme.admin, actor=configuration())
    limit_leavers_tokens()
    with time_machine.travel(timezone.now() + timedelta(days=13)):
        assert directory.get("/Users").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        refused = directory.get("/Users")
    assert refused.status_code == 401
    assert "expired" in refused.json()["detail"]


def test_the_remaining_admin_is_mailed_once_and_the_trail_says_why(acme: World) -> None:
    # V-14
    _directory_of(acme, acme.admin)
    lifecycle.disable_user(user=acme.admin, actor=configuration())
    limit_leavers_tokens()
    limit_leavers_tokens()
    (mail,) = _mails()
    assert mail["to"] == acme.sso_admin.email
    assert "Entra" in mail["body"]
    event = AuditEvent.objects.get(action="api_token.maker_left")
    assert event.account_id == acme.account.pk


def test_a_token_that_ends_sooner_keeps_its_end_and_others_keep_working(acme: World) -> None:
    # V-14
    soon = timezone.now() + timedelta(days=3)
    mine, _ = lifecycle.create_api_token(
        account=acme.account, actor=_as(acme.admin), name="short", expires_at=soon
    )
    theirs = _directory_of(acme, acme.sso_admin)
    lifecycle.disable_user(user=acme.admin, actor=configuration())
    limit_leavers_tokens()
    assert ApiToken.objects.get(pk=mine.pk).expires_at == soon
    assert ApiToken.objects.get(pk=theirs.token_row.pk).expires_at is None
    assert _mails() == []


def test_an_admins_client_secret_outlives_them_by_two_weeks(acme: World) -> None:
    # V-14, V-25
    client = clients.create_client(account=acme.account, actor=_as(acme.admin), name="Entra gallery")
    _row, secret = clients.add_secret(client=client, actor=_as(acme.admin))
    form = {"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": secret}
    lifecycle.delete_user(user=acme.admin, actor=configuration())
    limit_leavers_secrets()
    assert token_of(ask(form))
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        assert error_of(ask(form)) == "invalid_client"
    assert [mail["to"] for mail in _mails()] == [acme.sso_admin.email]
