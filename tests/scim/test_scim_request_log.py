"""What directories asked is kept for the inspector, masked (A-6)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.lifecycle.tokens import PERSONAL_TOKEN_KIND, TOKEN_KIND
from accounts.models import Account, ApiToken
from audit.maintenance import SWITCH
from audit.models import AuditMaintenance
from foundation.secret_tokens import make_token
from scim import request_log
from scim.models import RequestLogEntry
from scim.oauth import access_tokens
from scim.oauth.client_authentication import SECRET_KIND
from tests.scim.directory import Directory


def _last() -> RequestLogEntry:
    entry = RequestLogEntry.objects.order_by("-created_at", "-id").first()
    assert entry is not None
    return entry


def test_entry_tells_who_asked_what_and_what_came_of_it(directory: Directory) -> None:
    """A-6"""
    made = directory.push("ada", password="Tr0ub4dor&3x", title="Dr", shoeSize=44)
    entry = _last()
    assert (entry.method, entry.path, entry.status) == ("POST", "/api/scim/Users", 201)
    assert (entry.account, entry.token) == (directory.account, directory.token_row)
    assert entry.effect == {"user": made["id"], "created": True, "ignored": ["shoeSize"]}
    assert entry.body["userName"] == "ada"
    assert entry.body["password"] == "[masked]"
    assert entry.ip_address == "127.0.0.1"
    directory.patch(f"/Users/{made['id']}", {"op": "replace", "value": {"title": "Prof"}})
    assert _last().effect == {"user": made["id"], "changed": ["title"]}


def test_refused_request_is_kept_with_its_reason_and_track_id(directory: Directory) -> None:
    """A-6"""
    response = directory.get('/Users?filter=shoeSize eq "44"')
    entry = _last()
    assert (entry.status, entry.scim_type) == (400, "invalidFilter")
    assert "shoeSize" in entry.detail
    assert "shoeSize" in entry.query
    assert entry.track_id == response.headers["X-Track-Id"]


def test_strangers_leave_no_entry(directory: Directory) -> None:
    """V-21"""
    directory.get("/Users", authorization="Bearer nonsense")
    assert not RequestLogEntry.objects.exists()


@pytest.mark.parametrize(
    ("headers", "op", "dialect"),
    [
        ({"user_agent": "Okta SCIM Client 1.0.0"}, "replace", "okta"),
        ({}, "Replace", "entra"),
        ({"content_type": "application/scim+json; charset=utf-8"}, "replace", "entra"),
        ({"user_agent": "goauthentik.io/2025"}, "replace", "authentik"),
        ({}, "replace", "other"),
    ],
)
def test_client_is_guessed(directory: Directory, headers: dict[str, str], op: str, dialect: str) -> None:
    """A-6"""
    made = directory.push("ada")
    directory.patch(f"/Users/{made['id']}", {"op": op, "path": "title", "value": "x"}, **headers)
    assert _last().dialect == dialect


def test_large_body_is_not_kept(directory: Directory) -> None:
    """A-6"""
    directory.post("/Users", {"userName": "ada", "urn:x:y:User": {"text": "x" * 20_000}})
    assert "omitted" in _last().body


def test_old_entries_are_purged(directory: Directory) -> None:
    """A-6"""
    directory.get("/Users")
    RequestLogEntry.objects.update(created_at=timezone.now() - request_log.RETENTION - timedelta(seconds=1))
    directory.get("/Groups")
    assert request_log.purge() == 1
    assert _last().path == "/api/scim/Groups"


@pytest.fixture
def committed(transactional_db: None) -> Iterator[Directory]:
    """A directory whose rows are committed; nothing is audited, and the switch lets the flush after the test pass."""
    account = Account.objects.create(slug="acme", name="Acme", sso_module=True, sso_ready=True)
    new = make_token(TOKEN_KIND)
    row = ApiToken.objects.create(account=account, name="directory", lookup=new.lookup, digest=new.digest)
    yield Directory(account, new.plain, row)
    AuditMaintenance.objects.update_or_create(name=SWITCH, defaults={"is_open": True})


def test_outside_a_transaction_a_thread_writes_the_entries_a_moment_later(
    committed: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A-6: nobody waits for the log"""
    monkeypatch.setattr(request_log, "_DELAY", 0.2)
    committed.get("/Users")
    committed.get("/Groups")
    assert not RequestLogEntry.objects.exists()
    deadline = time.monotonic() + 20
    while RequestLogEntry.objects.count() < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(RequestLogEntry.objects.order_by("id").values_list("path", flat=True)) == [
        "/api/scim/Users",
        "/api/scim/Groups",
    ]


@pytest.mark.parametrize("kind", [TOKEN_KIND, PERSONAL_TOKEN_KIND, access_tokens.TOKEN_KIND, SECRET_KIND])
def test_a_token_in_the_wrong_place_is_not_kept(directory: Directory, kind: str) -> None:
    """Design rule 8, V-24"""
    plain = make_token(kind).plain
    directory.get(f'/Users?filter=title eq "{plain}"')
    assert plain not in _last().query
    directory.get(f"/Users/{plain}")
    assert plain not in _last().detail
    directory.push("ada", title=plain)
    assert plain not in str(_last().body)
