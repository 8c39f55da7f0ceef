"""The tests hash passwords cheaply; this one does it as the product does."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from accounts.models import User
from broker.settings import security

PASSWORD = "analytical-engine-1843"
FILE = f"""
accounts:
  - slug: acme
    name: Acme Corp
    users:
      - {{user_name: Ada, password: {PASSWORD}}}
"""


@pytest.mark.django_db
def test_stored_password_costs_an_attacker_a_hundred_megabytes_and_two_passes(
    tmp_path: Path, settings: Settings
) -> None:
    settings.PASSWORD_HASHERS = security.PASSWORD_HASHERS
    file = tmp_path / "broker.yaml"
    file.write_text(FILE, encoding="utf-8")
    call_command("configure", str(file))
    ada = User.objects.get()
    assert ada.password.startswith("argon2$argon2id$v=19$m=102400,t=2,p=8$")
    assert ada.check_password(PASSWORD)
    assert not ada.check_password(PASSWORD.upper())
