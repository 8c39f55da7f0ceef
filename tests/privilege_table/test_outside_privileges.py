"""Entrances without forms of their own: the API and the configuration file (V-8, V-24)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Kind, User
from tests.journeys.conftest import idp as idp
from tests.privilege_table.cast import Cast, Role
from tests.privilege_table.cells import fingerprint, powerful, undone

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", list(Role))
def test_api_changes_nothing_for_anybody(role: Role, cast: Cast, record_property: Any) -> None:
    # V-8
    at_first = fingerprint()
    methods = ("post", "put", "patch", "delete")
    for method in methods:
        with undone():
            body = {"status": "active", "account_roles": ["SSO Account Admin"]}
            answer = getattr(cast.browsers[role], method)("/api/me", body, content_type="application/json")
            assert answer.status_code in (401, 403, 405), method
            assert fingerprint() == at_first
    record_property("privilege_cells", ("API", 0, len(methods)))


# --- the configuration file -------------------------------------------------------------------------------------

FILE = """
accounts:
  - slug: acme
    name: Acme
    users:
      - {{user_name: {name}, {change}}}
"""


def applied(folder: Path, name: str, change: str) -> str:
    """Apply a file that says this of a person; return why it was refused, "" when it wasn't."""
    path = folder / "broker.yaml"
    path.write_text(FILE.format(name=name, change=change))
    try:
        call_command("configure", str(path))
    except CommandError as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ("email: x@acme.example", lambda user: user.email == "x@acme.example"),
        ("account_roles: [SSO Account Admin]", lambda user: "sso_account_admin" in powerful(user)),
    ],
    ids=["e-mail", "role"],
)
def test_file_acts_as_the_operator(
    change: str, seen: Callable[[User], bool], cast: Cast, tmp_path: Path, record_property: Any
) -> None:
    # V-8, V-24
    for user in (cast.member.present, cast.sso_admin.present):
        with undone():
            assert applied(tmp_path, user.user_name, change) == ""
            assert seen(User.objects.get(pk=user.pk)), user
    record_property("privilege_cells", ("configuration file", 2, 0))


def test_file_lifts_no_disable_and_changes_no_password(
    cast: Cast, tmp_path: Path, record_property: Any
) -> None:
    # V-24
    for user in (cast.member.blocked, cast.sso_admin.blocked):
        with undone():
            applied(tmp_path, user.user_name, "given_name: X, password: mine-Mine-Mine-9")
            found = User.objects.get(pk=user.pk)
            assert found.disabled_at is not None
            assert found.password == user.password
    record_property("privilege_cells", ("configuration file", 0, 4))


def test_file_makes_nobody_an_operator(cast: Cast, tmp_path: Path, record_property: Any) -> None:
    # V-8: operators are made by `manage.py create_admin` alone
    for change in ("kind: operator", "is_operator: true", "account_roles: [Operator]"):
        with undone():
            assert applied(tmp_path, cast.member.present.user_name, change)
            assert User.objects.get(pk=cast.member.present.pk).kind == Kind.MEMBER
    record_property("privilege_cells", ("configuration file", 0, 3))
