"""/Me with a person's own token (RFC 7644 §3.11, P-10), and how such a token ends (P-5, V-14)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts import lifecycle
from accounts.models import Account, ApiToken, User
from audit.actors import Actor, ActorKind, configuration
from audit.models import AuditEvent, FailureLogEntry
from tests.scim.directory import ENTERPRISE, Directory, error_of

DETAILS = {
    "externalId": "e-7",
    "title": "Engineer",
    "emails": [{"value": "mia@corp.example", "type": "work", "primary": True}],
    ENTERPRISE: {"department": "Research"},
}


def own(user: User) -> Actor:
    return Actor(ActorKind.USER, str(user.pk), user.user_name)


@pytest.fixture
def mia(directory: Directory) -> Any:
    return directory.push("mia", **DETAILS)


@pytest.fixture
def hers(directory: Directory, mia: Any) -> Directory:
    """Requests that carry Mia's own token."""
    user = directory.person(mia)
    row, token = lifecycle.create_personal_token(user=user, actor=own(user), name="My script")
    return replace(directory, token=token, token_row=row)


def test_me_is_the_persons_own_resource_under_its_permanent_address(hers: Directory, mia: Any) -> None:
    # P-10
    response = hers.get("/Me")
    assert response.status_code == 200
    assert json.loads(response.content) == mia
    assert response.headers["Location"] == response.headers["Content-Location"] == mia["meta"]["location"]
    assert response.headers["ETag"] == mia["meta"]["version"]
    assert hers.get("/Me/").status_code == 200
    assert replace(hers, base="/api/scim/v2").read("/Me")["id"] == mia["id"]


def test_me_honours_attributes_and_what_the_client_knows(hers: Directory, mia: Any) -> None:
    # P-10
    assert hers.read("/Me?attributes=title") == {
        "schemas": mia["schemas"],
        "id": mia["id"],
        "title": "Engineer",
    }
    assert "emails" not in hers.read("/Me?excludedAttributes=emails")
    assert hers.get("/Me", if_none_match=mia["meta"]["version"]).status_code == 304


def test_me_shows_the_groups_that_the_directory_put_the_person_into(
    directory: Directory, hers: Directory, mia: Any
) -> None:
    # P-10
    group = directory.push_group("Readers", members=[{"value": mia["id"]}])
    assert [each["value"] for each in hers.read("/Me")["groups"]] == [group["id"]]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nobody_changes_themself_with_it(
    directory: Directory, hers: Directory, mia: Any, method: str
) -> None:
    # P-10, P-5: the directory keeps these data
    response = hers.send(method, "/Me", {"title": "Chief"})
    assert response.status_code == 403
    assert "directory keeps these data" in error_of(response)["detail"]
    assert directory.read(f"/Users/{mia['id']}") == mia


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_token_of_the_account_stands_for_nobody(directory: Directory, method: str) -> None:
    # P-10
    response = directory.send(method, "/Me", {"title": "Chief"} if method != "GET" else None)
    assert response.status_code == 501
    assert "personal tokens" in error_of(response)["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/Users"),
        ("POST", "/Users"),
        ("POST", "/Users/.search"),
        ("GET", "/Users/{id}"),
        ("PATCH", "/Users/{id}"),
        ("DELETE", "/Users/{id}"),
        ("GET", "/Groups"),
        ("POST", "/Groups"),
        ("GET", "/Schemas"),
        ("GET", "/ResourceTypes"),
        ("GET", "/ServiceProviderConfig"),
        ("POST", "/Bulk"),
        ("POST", "/.search"),
        ("GET", ""),
        ("GET", "/nothing"),
    ],
)
def test_personal_token_opens_nothing_else_not_even_the_persons_own_resource(
    directory: Directory, hers: Directory, mia: Any, method: str, path: str
) -> None:
    # P-10, P-6
    response = hers.send(method, path.format(id=mia["id"]), None if method in ("GET", "DELETE") else {})
    assert response.status_code == 403
    assert "/Me" in error_of(response)["detail"]
    assert directory.read(f"/Users/{mia['id']}") == mia


def test_deactivation_by_the_directory_ends_it_at_once_and_for_good(
    directory: Directory, hers: Directory, mia: Any
) -> None:
    # P-5, V-14
    second = hers.read("/Me")
    assert second["active"] is True
    directory.patch(f"/Users/{mia['id']}", {"op": "replace", "path": "active", "value": False})
    response = hers.get("/Me")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"]
    assert FailureLogEntry.objects.filter(code="scim.unusable_token").count() == 1
    assert not AuditEvent.objects.filter(reason="scim.unusable_token").exists()
    directory.patch(f"/Users/{mia['id']}", {"op": "replace", "path": "active", "value": True})
    assert hers.get("/Me").status_code == 401


def test_leaving_ends_personal_tokens_while_those_made_for_the_account_go_on(
    directory: Directory, hers: Directory, mia: Any
) -> None:
    # V-14
    ApiToken.objects.filter(pk=directory.token_row.pk).update(created_by=mia["id"])
    directory.delete(f"/Users/{mia['id']}")
    assert hers.get("/Me").status_code == 401
    assert directory.get("/Users").status_code == 200


def test_disabled_by_an_admin_ends_it(directory: Directory, hers: Directory, mia: Any) -> None:
    # P-5, V-12
    lifecycle.disable_user(user=directory.person(mia), actor=configuration())
    assert hers.get("/Me").status_code == 401


def test_it_is_good_only_while_its_owner_may_sign_in(hers: Directory, mia: Any) -> None:
    # V-12: checked on every request, even if nobody had revoked the token
    User.objects.filter(pk=mia["id"]).update(directory_active=False)
    assert "owner" in error_of(hers.get("/Me"))["detail"]
    assert hers.get("/Me").status_code == 401


def test_closed_account_ends_it(hers: Directory) -> None:
    # V-14
    Account.objects.filter(pk=hers.account.pk).update(closed_at=timezone.now())
    assert hers.get("/Me").status_code == 401


def test_it_ends_after_90_days(hers: Directory) -> None:
    # P-10
    with time_machine.travel(timezone.now() + timedelta(days=89)):
        assert hers.get("/Me").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=91)):
        assert hers.get("/Me").status_code == 401


def test_revoked_it_is_unknown_from_the_next_request(hers: Directory, mia: Any) -> None:
    # P-2
    hers.read("/Me")
    owner = User.objects.get(pk=mia["id"])
    assert lifecycle.revoke_api_token(token=hers.token_row, actor=own(owner)) is True
    assert hers.get("/Me").status_code == 401
    assert lifecycle.revoke_api_token(token=hers.token_row, actor=own(owner)) is False


def test_a_token_of_another_form_or_with_another_secret_is_nobodys(hers: Directory) -> None:
    # P-2
    kind, lookup, secret = hers.token.split("_", 2)
    assert kind == "me"
    for forged in (f"scim_{lookup}_{secret}", f"me_{lookup}_x{secret[1:]}x", f"me_{'0' * 12}_{secret}"):
        assert replace(hers, token=forged).get("/Me").status_code == 401
        assert replace(hers, token=forged).get("/Users").status_code == 401


def test_use_is_noted_with_time_and_address(hers: Directory) -> None:
    # P-2
    hers.read("/Me")
    row = ApiToken.objects.get(pk=hers.token_row.pk)
    assert row.last_used_at is not None
    assert row.last_used_ip == "127.0.0.1"


def test_each_person_reads_themself_only(directory: Directory, other: Directory, hers: Directory) -> None:
    # P-6
    theirs = other.push("mia", title="Elsewhere")
    user = other.person(theirs)
    row, token = lifecycle.create_personal_token(user=user, actor=own(user), name="Theirs")
    assert replace(other, token=token, token_row=row).read("/Me")["title"] == "Elsewhere"
    assert hers.read("/Me")["title"] == "Engineer"


def test_me_costs_a_query_each_for_token_and_person(hers: Directory, django_assert_num_queries: Any) -> None:
    hers.read("/Me")
    # Token with owner and account, person with document, groups; the fourth is the log, written apart in production.
    with django_assert_num_queries(3):
        hers.read("/Me")
