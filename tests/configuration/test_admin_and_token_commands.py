"""``create_api_token`` and ``create_admin``, as an operator types them (P-2, P-3)."""

from __future__ import annotations

import io
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts import lifecycle
from accounts.models import ApiToken, Kind, User
from audit.actors import configuration
from audit.models import AuditEvent
from foundation.secret_tokens import digest
from tests.configuration.conftest import Configure

READY = """
accounts:
  - slug: acme
    name: Acme Corp
    sso_module: true
    identity_providers:
      - slug: acme-oidc
        protocol: oidc
        enabled: true
        oidc: {issuer: "https://idp.acme.example", client_id: abc}
"""


def run(command: str, *options: str) -> tuple[str, str]:
    """Return standard output and standard error."""
    out, err = StringIO(), StringIO()
    call_command(command, *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


# P-2
def test_the_token_alone_is_printed_and_only_its_digest_is_kept(configure: Configure) -> None:
    configure(READY)
    out, err = run("create_api_token", "--account", "acme", "--name", "Entra", "--permission", "manage_users")
    token = ApiToken.objects.get()
    assert out.startswith("scim_")
    assert out.count("\n") == 1
    assert token.digest == digest(out.strip())
    assert (token.name, token.permission, token.created_by_label) == (
        "Entra",
        "manage_users",
        "manage.py create_api_token",
    )
    assert "Entra" in err
    assert out.strip() not in err + str(list(AuditEvent.objects.values()))


# P-3
@pytest.mark.parametrize("state", ["enabled: false", "enabled: true"])
def test_no_token_before_single_sign_on_works_and_the_reason_is_said(
    configure: Configure, state: str
) -> None:
    text = READY.replace("enabled: true", state)
    configure(text)
    if state == "enabled: true":
        configure(text.replace("sso_module: true", "sso_module: false"))
    with pytest.raises(CommandError, match="Acme Corp has no enabled identity provider"):
        run("create_api_token", "--account", "acme", "--name", "Entra")
    assert not ApiToken.objects.exists()


# P-2
def test_an_unknown_account_is_named_with_its_near_match(configure: Configure) -> None:
    configure(READY)
    with pytest.raises(CommandError, match=r"there is no account acne; did you mean acme\?"):
        run("create_api_token", "--account", "acne", "--name", "Entra")


# P-2
def test_a_token_needs_a_name(configure: Configure) -> None:
    configure(READY)
    with pytest.raises(CommandError, match="--name is empty"):
        run("create_api_token", "--account", "acme", "--name", " ")


#
def test_a_new_operator_gets_a_random_password_that_is_printed_once(db: None) -> None:
    out, err = run("create_admin", "--email", "root@vendor.example")
    operator = User.objects.get()
    assert (operator.kind, operator.realm, operator.user_name, operator.email) == (
        Kind.OPERATOR,
        "deployment",
        "root@vendor.example",
        "root@vendor.example",
    )
    assert operator.check_password(out.strip())
    assert len(out.strip()) >= 20
    assert out.strip() not in err + str(list(AuditEvent.objects.values()))


#
def test_creating_an_operator_again_changes_nothing(db: None) -> None:
    run("create_admin", "--email", "root@vendor.example")
    before = list(User.objects.values()), AuditEvent.objects.count()
    out, err = run("create_admin", "--email", "root@vendor.example")
    assert (out, err) == ("", "Operator root@vendor.example: nothing changed.\n")
    assert (list(User.objects.values()), AuditEvent.objects.count()) == before


#
def test_a_password_comes_from_standard_input(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("analytical-engine-1843\n"))
    out, _ = run("create_admin", "--email", "root@vendor.example", "--password-stdin")
    assert out == ""
    assert User.objects.get().check_password("analytical-engine-1843")


#
def test_a_password_comes_from_a_file_and_the_same_one_ends_no_session(db: None, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("analytical-engine-1843\n", encoding="utf-8")
    options = (
        "--email",
        "root@vendor.example",
        "--user-name",
        "root",
        "--password-file",
        str(tmp_path / "password"),
    )
    run("create_admin", *options)
    epoch = User.objects.get().session_epoch
    _, err = run("create_admin", *options)
    assert err == "Operator root: nothing changed.\n"
    assert User.objects.get().session_epoch == epoch
    (tmp_path / "password").write_text("difference-engine-1822", encoding="utf-8")
    _, err = run("create_admin", *options)
    assert err == "Operator root: password changed.\n"
    assert User.objects.get().check_password("difference-engine-1822")
    assert User.objects.get().session_epoch == epoch + 1


#
def test_a_password_comes_from_the_environment(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER_ADMIN_PASSWORD", "analytical-engine-1843")
    out, _ = run("create_admin", "--user-name", "admin@localhost", "--email", "admin@localhost")
    assert out == ""
    assert User.objects.get().check_password("analytical-engine-1843")


#
@pytest.mark.parametrize(("content", "reason"), [("short1\n", "too short"), ("", "the password is empty")])
def test_a_bad_password_is_refused_without_repeating_it(
    db: None, tmp_path: Path, content: str, reason: str
) -> None:
    (tmp_path / "password").write_text(content, encoding="utf-8")
    with pytest.raises(CommandError, match=reason) as caught:
        run("create_admin", "--email", "root@vendor.example", "--password-file", str(tmp_path / "password"))
    assert "short1" not in str(caught.value)
    assert not User.objects.exists()


#
def test_an_operators_address_may_be_changed(db: None) -> None:
    run("create_admin", "--email", "root@vendor.example", "--user-name", "root")
    _, err = run("create_admin", "--email", "new@vendor.example", "--user-name", "ROOT")
    assert err == "Operator ROOT: email, user_name changed.\n"
    assert User.objects.get().email == "new@vendor.example"


# V-24
def test_a_disabled_operator_stays_disabled(db: None) -> None:
    run("create_admin", "--email", "root@vendor.example")
    lifecycle.disable_user(user=User.objects.get(), actor=configuration())
    _, err = run("create_admin", "--email", "root@vendor.example")
    assert "is disabled by an admin and stays so" in err
    assert User.objects.get().status.value == "disabled"


# V-8
def test_vendor_staff_do_not_become_operators_by_name(db: None) -> None:
    User.objects.create(kind=Kind.STAFF, user_name="root@vendor.example")
    with pytest.raises(CommandError, match="is vendor staff, not an operator"):
        run("create_admin", "--email", "root@vendor.example")


#
def test_an_operator_needs_an_address(db: None) -> None:
    with pytest.raises(CommandError, match="--email is not an e-mail address"):
        run("create_admin", "--email", "root")
