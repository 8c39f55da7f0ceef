"""Who may push: the long API token of an account (P-2, V-21)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import Client
from django.utils import timezone

from accounts import lifecycle
from accounts.models import Account, ApiToken, User
from audit.actors import configuration
from audit.models import AuditEvent, FailureLogEntry
from tests.scim.directory import Directory, error_of


@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "{}", "Bearer Bearer {}", "  Bearer   {}  "])
def test_token_is_read_however_the_console_sends_it(directory: Directory, form: str) -> None:
    """P-2"""
    response = directory.get("/Users", authorization=form.format(directory.token))
    assert response.status_code == 200


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer non-token", "Basic dXNlcjpwYXNz", "Bearer a b", "scim_x_y"]
)
def test_anything_else_is_refused_with_a_challenge_and_is_found_by_its_track_id(
    directory: Directory, header: str
) -> None:
    """P-2, V-21"""
    response = directory.get("/Users", authorization=header)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    error_of(response)
    logged = FailureLogEntry.objects.get(track_id=response.headers["X-Track-Id"])
    assert logged.code in ("scim.no_token", "scim.unknown_token")
    assert not AuditEvent.objects.filter(track_id=logged.track_id).exists()


def test_wrong_secret_behind_a_known_look_up_part_is_refused(directory: Directory) -> None:
    """P-2"""
    forged = directory.token[:-4] + ("AAAA" if not directory.token.endswith("AAAA") else "BBBB")
    assert directory.get("/Users", authorization=f"Bearer {forged}").status_code == 401
    assert directory.get("/Users").status_code == 200


def test_revoked_token_ends_at_once(directory: Directory) -> None:
    """P-2"""
    assert directory.get("/Users").status_code == 200
    lifecycle.revoke_api_token(token=directory.token_row, actor=configuration())
    assert "revoked" in error_of(directory.get("/Users"))["detail"]


def test_expired_token_ends(directory: Directory) -> None:
    """P-2"""
    ApiToken.objects.filter(pk=directory.token_row.pk).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )
    assert directory.get("/Users").status_code == 401


@pytest.mark.parametrize("change", [{"closed_at": timezone.now()}, {"sso_module": False}])
def test_token_of_an_account_without_single_sign_on_ends(
    directory: Directory, change: dict[str, object]
) -> None:
    """V-25, P-2"""
    Account.objects.filter(pk=directory.account.pk).update(**change)
    assert directory.get("/Users").status_code == 401


def test_personal_token_does_not_provision(directory: Directory) -> None:
    """P-2, V-14"""
    owner = lifecycle.create_user(
        actor=configuration(), account=directory.account, values=lifecycle.PersonChanges(user_name="owner")
    )
    ApiToken.objects.filter(pk=directory.token_row.pk).update(owner=owner, permission="read_self")
    assert directory.get("/Users").status_code == 401


def test_a_signed_in_browser_has_no_way_in(directory: Directory) -> None:
    """P-2"""
    operator = User.objects.create(user_name="op", kind="operator")
    browser = Client(headers={"host": "localhost:8000"})
    session = browser.session
    session[SESSION_KEY] = str(operator.pk)
    session[BACKEND_SESSION_KEY] = "accounts.backends.RealmPasswordBackend"
    session[HASH_SESSION_KEY] = operator.get_session_auth_hash()
    session.save()
    assert browser.get("/api/scim/Users").status_code == 401


def test_last_use_is_noted_at_most_once_a_minute(directory: Directory) -> None:
    """P-2"""
    directory.get("/Users")
    first = ApiToken.objects.get(pk=directory.token_row.pk)
    assert first.last_used_at is not None
    assert first.last_used_ip == "127.0.0.1"
    directory.get("/Users")
    assert ApiToken.objects.get(pk=first.pk).last_used_at == first.last_used_at
    earlier = timezone.now() - timedelta(seconds=61)
    ApiToken.objects.filter(pk=first.pk).update(last_used_at=earlier)
    directory.get("/Users")
    noted = ApiToken.objects.get(pk=first.pk).last_used_at
    assert noted is not None
    assert noted > earlier


def test_no_form_protection_stands_in_the_way_of_a_token(directory: Directory) -> None:
    """P-1"""
    strict = Client(
        headers={"host": "localhost:8000", "authorization": directory.token}, enforce_csrf_checks=True
    )
    response = strict.post("/api/scim/Users", {"userName": "ada"}, content_type="application/json")
    assert response.status_code == 201


def test_both_addresses_and_trailing_slashes_work(directory: Directory) -> None:
    """P-1"""
    made = directory.push("ada@corp.example")
    for base in ("/api/scim", "/api/scim/v2"):
        directory.base = base
        for path in ("/Users", "/Users/", f"/Users/{made['id']}", f"/Users/{made['id']}/"):
            assert directory.get(path).status_code == 200, base + path
        shown = directory.read(f"/Users/{made['id']}")
        assert shown["meta"]["location"] == f"http://localhost:8000{base}/Users/{made['id']}"


@pytest.mark.parametrize("content_type", ["application/scim+json", "application/json; charset=utf-8"])
def test_both_media_types_are_taken(directory: Directory, content_type: str) -> None:
    """P-1"""
    response = directory.post("/Users", {"userName": "ada"}, content_type=content_type)
    assert response.status_code == 201
