"""Which passwords people may choose: long, and no common one in disguise."""

from __future__ import annotations

import io

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command

from accounts.models import User


@pytest.mark.parametrize(
    "password",
    [
        "short-one",
        "Password1234!",
        "P@ssw0rd2026!!",
        "!!!Qwertyuiop99",
        "passwordpassword",
        "abcabcabcabcabc",
        "aaaaaaaaaaaaaa",
        "iloveyou--2026",
        "IdentityBroker1",
        "identity-broker!",
        "84736291837465",
    ],
)
def test_common_password_in_disguise_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, User(user_name="ada@acme.example", email="ada@acme.example"))


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "correct-horse-battery-1",
        "analytical-engine-1843",
        "tYq4vB8mZr2k",
        "Apfelkuchen mit Sahne am Sonntag",
        "x" * 3 + "7Gk2pQ9w" * 20 + "end of it",
    ],
)
def test_good_password_is_taken(password: str) -> None:
    validate_password(password, User(user_name="ada@acme.example", email="ada@acme.example"))


def test_operator_is_not_made_with_a_disguised_password(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER_ADMIN_PASSWORD", "Password1234!")
    with pytest.raises(Exception, match="a common one with little added"):
        call_command(
            "create_admin", "--user-name", "root", "--email", "r@vendor.example", stdout=io.StringIO()
        )
    assert not User.objects.present().exists()
