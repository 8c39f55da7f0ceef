"""Who may make and end OAuth clients, and when: as API tokens (P-2, P-3, V-8, V-25)."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts import lifecycle
from accounts.lifecycle.tokens import SsoNotReady
from accounts.models import Kind, User
from accounts.privilege import NotAllowed
from audit.actors import Actor, ActorKind, configuration
from audit.models import AuditEvent
from scim.models import OAuthClient, OAuthClientSecret
from scim.oauth import clients
from tests.scim.directory import Directory
from tests.scim.oauth_client import ask, assertion_form, claims, error_of, jwks, rsa_key, signed, token_of
from tests.worlds import OPERATOR, World, add_vendor_person, found_account

Change = Callable[[Actor, OAuthClient, OAuthClientSecret], Any]

CHANGES: dict[str, Change] = {
    "create": lambda actor, client, _secret: clients.create_client(
        account=client.account, actor=actor, name="another"
    ),
    "add_secret": lambda actor, client, _secret: clients.add_secret(client=client, actor=actor),
    "set_keys": lambda actor, client, _secret: clients.set_public_keys(
        client=client, actor=actor, public_keys=jwks(KEY)
    ),
    "revoke_secret": lambda actor, _client, secret: clients.revoke_secret(secret=secret, actor=actor),
    "revoke": lambda actor, client, _secret: clients.revoke_client(client=client, actor=actor),
}
KEY = rsa_key()


@pytest.fixture
def acme(db: None) -> World:
    """An account with admins."""
    return found_account("acme")


def _as(user: User) -> Actor:
    return Actor(ActorKind.USER, str(user.pk), user.user_name)


def _made(world: World) -> tuple[OAuthClient, OAuthClientSecret]:
    client = clients.create_client(account=world.account, actor=OPERATOR, name="Entra")
    return client, clients.add_secret(client=client, actor=OPERATOR)[0]


@pytest.mark.parametrize("change", CHANGES)
def test_an_sso_account_admin_may_and_the_change_is_audited(acme: World, change: str) -> None:  # P-2, V-8
    before = AuditEvent.objects.filter(actor_id=str(acme.sso_admin.pk)).count()
    assert CHANGES[change](_as(acme.sso_admin), *_made(acme))
    event = AuditEvent.objects.get(actor_id=str(acme.sso_admin.pk))
    assert before == 0
    assert (event.object_type, event.account_id) == ("oauth_client", acme.account.pk)
    assert "socs_" not in f"{event.message}{event.changes}"


@pytest.mark.parametrize("change", CHANGES)
def test_nobody_else_may(acme: World, change: str) -> None:  # P-2, V-8
    other_admin = found_account("globex").sso_admin
    staff = add_vendor_person("stan", Kind.STAFF)
    directory = Actor(ActorKind.SCIM, "x", "a directory")
    for actor in (_as(acme.employee), _as(other_admin), _as(staff), directory):
        with pytest.raises(NotAllowed):
            CHANGES[change](actor, *_made(acme))
    client, secret = _made(acme)
    assert client.revoked_at is None
    assert secret.revoked_at is None
    assert not AuditEvent.objects.filter(
        actor_id__in=[str(other_admin.pk), str(staff.pk)], reason=""
    ).exists()


@pytest.mark.parametrize("missing", ["sso_ready", "sso_module"])
def test_without_working_single_sign_on_clients_can_be_ended_but_not_made(
    acme: World, missing: str
) -> None:  # P-3
    client, secret = _made(acme)
    setattr(acme.account, missing, False)
    acme.account.save(update_fields=[missing])
    client.refresh_from_db()
    for change in ("create", "add_secret", "set_keys"):
        with pytest.raises(SsoNotReady, match="once single sign-on works"):
            CHANGES[change](_as(acme.sso_admin), client, secret)
    for change in ("revoke_secret", "revoke"):
        assert CHANGES[change](_as(acme.sso_admin), client, secret) is True


def test_a_client_that_was_revoked_gets_nothing_more(acme: World) -> None:  # V-25
    client, secret = _made(acme)
    assert clients.revoke_client(client=client, actor=OPERATOR) is True
    assert clients.revoke_client(client=client, actor=OPERATOR) is False
    for change in ("add_secret", "set_keys"):
        with pytest.raises(clients.ClientRevoked):
            CHANGES[change](_as(acme.sso_admin), client, secret)
    assert clients.revoke_secret(secret=secret, actor=OPERATOR) is True
    assert clients.revoke_secret(secret=secret, actor=OPERATOR) is False


def test_setting_the_same_keys_changes_nothing(acme: World) -> None:
    client, _secret = _made(acme)
    assert clients.set_public_keys(client=client, actor=OPERATOR, public_keys=jwks(KEY)) is True
    assert clients.set_public_keys(client=client, actor=OPERATOR, public_keys=jwks(KEY)) is False
    assert clients.set_public_keys(client=client, actor=OPERATOR, public_keys=" ") is True
    assert OAuthClient.objects.get(pk=client.pk).public_keys == ""


def _command(*arguments: str) -> dict[str, str]:
    out = StringIO()
    call_command("create_oauth_client", *arguments, stdout=out, stderr=StringIO())
    return dict(line.split(": ", 1) for line in out.getvalue().splitlines())


def test_command_prints_what_gets_a_token(directory: Directory) -> None:  # V-25
    said = _command("--account", "acme", "--name", "Entra", "--expires-days", "30")
    answer = ask({"grant_type": "client_credentials", **said})
    assert directory.get("/Users", authorization=f"Bearer {token_of(answer)}").status_code == 200
    secret = OAuthClientSecret.objects.get(client=said["client_id"])
    assert secret.expires_at is not None
    assert (secret.expires_at - secret.created_at).days in (29, 30)
    assert (
        AuditEvent.objects.get(action="oauth_client.created").actor_label == "manage.py create_oauth_client"
    )


def test_command_registers_keys_in_place_of_a_secret(directory: Directory, tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    file.write_text(jwks(KEY), encoding="utf-8")
    said = _command("--account", "acme", "--name", "authentik", "--jwks", str(file))
    assert said.keys() == {"client_id"}
    token_of(ask(assertion_form(signed(claims(said["client_id"]), KEY))))


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--account", "nobody", "--name", "x"], "no account"),
        (["--account", "acme", "--name", " "], "empty"),
        (["--account", "acme", "--name", "x" * 121], "--name"),
        (["--account", "acme", "--name", "x", "--expires-days", "0"], "above 0"),
        (["--account", "acme", "--name", "x", "--jwks", "/nonexistent"], "can't be read"),
    ],
)
def test_command_says_what_is_wrong_and_makes_nothing(
    directory: Directory, arguments: list[str], word: str
) -> None:
    with pytest.raises(CommandError, match=word):
        _command(*arguments)
    assert not OAuthClient.objects.exists()


def test_command_makes_neither_client_nor_secret_while_single_sign_on_does_not_work(
    directory: Directory,
) -> None:  # P-3
    directory.account.sso_ready = False
    directory.account.save(update_fields=["sso_ready"])
    with pytest.raises(CommandError, match="once single sign-on works"):
        _command("--account", "acme", "--name", "Entra")
    assert not OAuthClient.objects.exists()
    assert AuditEvent.objects.filter(reason="token.sso_not_ready").exists()


def test_a_client_outlives_its_maker(acme: World) -> None:  # V-14
    client = clients.create_client(account=acme.account, actor=_as(acme.sso_admin), name="Entra")
    _row, secret = clients.add_secret(client=client, actor=_as(acme.sso_admin))
    lifecycle.delete_user(user=acme.sso_admin, actor=configuration())
    token_of(
        ask({"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": secret})
    )


def test_a_client_without_keys_or_secret_proves_nothing(directory: Directory) -> None:
    client = clients.create_client(account=directory.account, actor=OPERATOR, name="bare")
    assert error_of(ask(assertion_form(signed(claims(client.client_id), KEY)))) == "invalid_client"
    bare = {"grant_type": "client_credentials", "client_id": client.client_id}
    assert error_of(ask(bare)) == "invalid_client"
    assert error_of(ask({**bare, "client_secret": ""})) == "invalid_client"
