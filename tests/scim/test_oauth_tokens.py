"""A directory gets access tokens at ``/oauth/token`` and provisions with them (V-25, RFC 6749 §4.4)."""

from __future__ import annotations

import io
import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account
from audit.actors import configuration
from audit.models import AuditEvent, FailureLogEntry
from foundation.secret_tokens import digest
from scim.models import OAuthAccessToken, OAuthClient, OAuthClientSecret, RequestLogEntry
from scim.oauth import clients
from scim.tasks import purge_oauth
from tests.scim import directory as scim
from tests.scim.directory import Directory
from tests.scim.oauth_client import Peer, ask, basic, error_of, new_peer, token_of


@pytest.fixture
def peer(directory: Directory) -> Peer:
    """Acme's OAuth client."""
    return new_peer(directory)


@pytest.fixture
def stranger(other: Directory) -> Peer:
    """Another customer's."""
    return new_peer(other)


def test_secret_in_the_body_as_entra_sends_it_gets_a_token_that_lists_people(peer: Peer) -> None:  # V-25
    peer.directory.push("ada@acme.example")
    shown = json.loads(peer.uses(peer.token()).content)
    assert [each["userName"] for each in shown["Resources"]] == ["ada@acme.example"]


def test_secret_in_a_basic_header_gets_a_token(peer: Peer) -> None:  # V-25, RFC 6749 §2.3.1
    for body in ({}, {"client_id": peer.id}):
        answer = ask({"grant_type": "client_credentials", **body}, authorization=basic(peer.id, peer.secret))
        assert peer.uses(token_of(answer)).status_code == 200


def test_what_is_written_with_a_token_is_told_apart_in_audit_trail_and_request_log(peer: Peer) -> None:
    peer.directory.token = peer.token()
    made = peer.directory.push("ada@acme.example")
    event = AuditEvent.objects.get(object_id=made["id"])
    assert (event.actor_id, event.actor_label) == (peer.id, "OAuth client Entra")
    assert event.account_id == peer.directory.account.pk
    entries = RequestLogEntry.objects.for_account(peer.directory.account)
    assert list(entries.values_list("oauth_client", "token")) == [(peer.row.pk, None)]


def test_an_access_token_lives_for_an_hour_and_no_longer(peer: Peer) -> None:  # V-25
    answer = peer.ask()
    assert json.loads(answer.content)["expires_in"] == 3600
    token = token_of(answer)
    row = OAuthAccessToken.objects.get()
    assert row.expires_at - row.created_at == timedelta(hours=1)
    OAuthAccessToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    _is_invalid(peer.uses(token), "expired")


def test_several_secrets_work_side_by_side_and_each_has_an_end_of_its_own(peer: Peer) -> None:  # P-2, V-25
    soon = timezone.now() + timedelta(minutes=10)
    row, second = clients.add_secret(client=peer.row, actor=configuration(), expires_at=soon)
    token_of(peer.ask())
    answer = peer.ask({"client_secret": second})
    token = token_of(answer)
    assert 590 <= json.loads(answer.content)["expires_in"] <= 600  # a token doesn't outlive its secret

    ended = timezone.now() - timedelta(seconds=1)
    OAuthClientSecret.objects.filter(pk=row.pk).update(expires_at=ended)
    OAuthAccessToken.objects.filter(secret=row).update(expires_at=ended)
    assert error_of(peer.ask({"client_secret": second})) == "invalid_client"
    _is_invalid(peer.uses(token), "expired")
    token_of(peer.ask())


def test_revoking_a_secret_ends_it_and_its_tokens_and_leaves_the_others(peer: Peer) -> None:  # V-25
    _row, second = clients.add_secret(client=peer.row, actor=configuration())
    first_token, second_token = peer.token(), peer.token({"client_secret": second})
    assert clients.revoke_secret(secret=peer.secret_row, actor=configuration())
    _is_invalid(peer.uses(first_token), "revoked")
    assert error_of(peer.ask()) == "invalid_client"
    assert peer.uses(second_token).status_code == 200
    token_of(peer.ask({"client_secret": second}))


def test_revoking_a_client_ends_everything_of_it_at_once(peer: Peer) -> None:  # V-25
    token = peer.token()
    assert peer.uses(token).status_code == 200
    assert clients.revoke_client(client=peer.row, actor=configuration())
    _is_invalid(peer.uses(token), "revoked")
    assert "revoked" in _description(peer.ask())
    assert peer.directory.get("/Users").status_code == 200  # the long token is another credential


@pytest.mark.parametrize("change", [{"closed_at": timezone.now()}, {"sso_module": False}])
def test_closing_the_account_and_switching_sso_off_end_tokens_at_once(
    peer: Peer, stranger: Peer, change: dict[str, Any]
) -> None:  # V-25, P-3
    token, theirs = peer.token(), stranger.token()
    Account.objects.filter(pk=peer.directory.account.pk).update(**change)
    assert peer.uses(token).status_code == 401
    assert error_of(peer.ask()) == "invalid_client"
    assert stranger.uses(theirs).status_code == 200


def test_a_client_sees_its_own_account_and_nothing_of_another(peer: Peer, stranger: Peer) -> None:  # V-25
    mine, theirs = peer.directory.push("ada"), stranger.directory.push("bob")
    token = f"Bearer {peer.token()}"
    assert peer.directory.get(f"/Users/{mine['id']}", authorization=token).status_code == 200
    assert peer.directory.get(f"/Users/{theirs['id']}", authorization=token).status_code == 404
    listed = json.loads(peer.directory.get("/Users", authorization=token).content)
    assert [each["userName"] for each in listed["Resources"]] == ["ada"]


def test_one_clients_secret_does_not_prove_another_client(peer: Peer, stranger: Peer) -> None:  # V-25
    same_account = new_peer(peer.directory, "Okta")
    for other in (stranger, same_account):
        for answer in (
            peer.ask({"client_secret": other.secret}),
            ask({"grant_type": "client_credentials"}, authorization=basic(peer.id, other.secret)),
        ):
            assert error_of(answer) == "invalid_client"
        token_of(other.ask())


def test_a_secret_that_differs_in_its_end_is_refused(peer: Peer) -> None:  # V-25
    forged = peer.secret[:-4] + ("AAAA" if not peer.secret.endswith("AAAA") else "BBBB")
    assert error_of(peer.ask({"client_secret": forged})) == "invalid_client"
    assert error_of(peer.ask({"client_secret": peer.secret + " "})) == "invalid_client"
    token = peer.token()
    assert peer.uses(token[:-4] + ("AAAA" if not token.endswith("AAAA") else "BBBB")).status_code == 401


def test_an_unknown_access_token_is_answered_with_a_code_that_clients_act_on(peer: Peer) -> None:
    """RFC 6750 §3.1: the client gets another token"""
    for token in ("soat_000000000000_x", "soat_\u00fc_x"):
        answer = peer.uses(token)
        assert answer.status_code == 401
    _is_invalid(peer.uses("soat_000000000000_x"), "not known")


def test_a_client_secret_is_no_access_token_and_an_access_token_no_secret(peer: Peer) -> None:  # V-25
    assert peer.uses(peer.secret).status_code == 401
    assert error_of(peer.ask({"client_secret": peer.token()})) == "invalid_client"


def test_nothing_that_opens_a_door_is_kept(peer: Peer) -> None:  # V-25, design rule 8
    token = peer.token()
    row = OAuthAccessToken.objects.get()
    assert (row.digest, row.lookup) == (digest(token), token.split("_")[1])
    peer.uses(token)
    peer.ask({"client_secret": peer.secret + "x"})
    secrets = {token, peer.secret, token.split("_", 2)[2], peer.secret.split("_", 2)[2]}
    seen = 0
    for model in apps.get_models():
        for values in model._default_manager.values_list():
            seen += 1
            assert not [each for each in secrets if each in str(values)], model
    assert seen > 10


def test_logs_and_errors_hold_no_secret(
    peer: Peer, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:  # V-24, design rule 8
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    root.addHandler(handler)
    level = root.level
    root.setLevel(logging.DEBUG)
    try:
        token = peer.token()
        answers = [
            peer.ask({"scope": "other"}),
            peer.ask({"client_id": "x"}),
            ask("", f"/oauth/token?client_secret={peer.secret}"),
            ask({"grant_type": "client_credentials"}, authorization=basic(peer.id, peer.secret) + "x"),
        ]
        peer.uses(token)
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
    said = stream.getvalue() + caplog.text + "".join(capsys.readouterr())
    assert "/oauth/token" in said
    for secret in (token, peer.secret, basic(peer.id, peer.secret)):
        assert secret not in said
        assert not [each for each in answers if secret in each.text]


def test_failures_go_to_the_bounded_log_and_name_a_client_only_once_it_is_proven(peer: Peer) -> None:  # V-21
    wrong = peer.ask({"client_secret": "socs_000000000000_x"})
    entry = FailureLogEntry.objects.get(track_id=wrong.headers["X-Track-Id"])
    assert (entry.code, entry.target, entry.account_id) == ("oauth.invalid_client", "", None)
    clients.revoke_secret(secret=peer.secret_row, actor=configuration())
    revoked = peer.ask()
    entry = FailureLogEntry.objects.get(track_id=revoked.headers["X-Track-Id"])
    assert (entry.target, entry.account_id) == (peer.id, peer.directory.account.pk)
    assert not AuditEvent.objects.filter(
        track_id__in=[wrong.headers["X-Track-Id"], revoked.headers["X-Track-Id"]]
    ).exists()


def test_the_last_use_is_noted_on_client_and_secret_and_not_in_the_audit_trail(peer: Peer) -> None:  # P-2
    unused = new_peer(peer.directory, "Okta")
    events = AuditEvent.objects.count()
    peer.token()
    for row in (OAuthClient.objects.get(pk=peer.id), OAuthClientSecret.objects.get(pk=peer.secret_row.pk)):
        assert row.last_used_at is not None
        assert row.last_used_ip == "127.0.0.1"
    assert OAuthClient.objects.get(pk=unused.id).last_used_at is None
    assert AuditEvent.objects.count() == events


def test_an_access_token_costs_a_scim_request_no_query_more_than_a_long_one(peer: Peer) -> None:
    def statements(token: str) -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            assert peer.uses(token).status_code == 200
        found = [str(each["sql"]) for each in captured.captured_queries]
        return [sql for sql in found if RequestLogEntry._meta.db_table not in sql]

    token = peer.token()
    for each in (token, peer.directory.token):
        peer.uses(each)  # notes the long token's last use
    with_access_token = statements(token)
    assert len(with_access_token) == len(statements(peer.directory.token))
    assert len([sql for sql in with_access_token if "scim_oauth" in sql]) == 1


def test_a_client_is_counted_apart_from_the_accounts_other_tokens(peer: Peer, settings: Any) -> None:  # P-8
    settings.BROKER_SCIM_RATE = 3
    token = peer.token()
    statuses = [peer.uses(token).status_code for _ in range(12)]
    assert 429 in statuses
    assert peer.directory.get("/Users").status_code == 200


def test_expired_tokens_are_purged_and_others_kept(peer: Peer) -> None:
    old, new = peer.token(), peer.token()
    OAuthAccessToken.objects.filter(lookup=old.split("_")[1]).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )
    purge_oauth()
    assert [each.lookup for each in OAuthAccessToken.objects.all()] == [new.split("_")[1]]
    assert peer.uses(old).status_code == 401
    assert peer.uses(new).status_code == 200
    assert "scim.tasks.purge_oauth" in {each["task"] for each in settings.CELERY_BEAT_SCHEDULE.values()}


def test_discovery_names_both_ways_in(peer: Peer) -> None:  # RFC 7643 §5
    answer = peer.directory.get("/ServiceProviderConfig", authorization=f"Bearer {peer.token()}")
    schemes = json.loads(answer.content)["authenticationSchemes"]
    assert [(each["type"], each.get("primary", False)) for each in schemes] == [
        ("oauthbearertoken", True),
        ("oauth2", False),
    ]


def _description(response: HttpResponse) -> str:
    error_of(response)
    return str(json.loads(response.content)["error_description"])


def _is_invalid(response: HttpResponse, word: str) -> None:
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="scim", error="invalid_token"'
    assert word in scim.error_of(response)["detail"]
