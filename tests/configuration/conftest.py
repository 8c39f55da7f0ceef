"""Runs ``manage.py configure`` on texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Account, User
from sso.models import FederatedIdentity, IdentityProvider
from tests.configuration.published_metadata import certificate, metadata

FULL_EXAMPLE = Path(__file__).with_name("full_example.yaml")


@dataclass(frozen=True, slots=True)
class Printed:
    """What a run of the command wrote: the difference, and warnings with the closing word."""

    difference: str
    remarks: str


class Configure:
    """``configure(text)`` applies a file of that text; ``configure.refused(text)`` returns why it was refused."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "broker.yaml"

    def __call__(self, text: str, *options: str) -> Printed:
        self.file.write_text(text, encoding="utf-8")
        out, err = StringIO(), StringIO()
        call_command("configure", str(self.file), *options, stdout=out, stderr=err)
        return Printed(out.getvalue(), err.getvalue())

    def refused(self, text: str, *options: str) -> list[str]:
        """Return the problems, one a line, each begun with the bare name of the file."""
        with pytest.raises(CommandError) as caught:
            self(text, *options)
        heading, *problems = str(caught.value).replace(str(self.file), self.file.name).split("\n")
        assert heading.startswith("nothing was changed")
        return problems


@pytest.fixture
def configure(db: None, tmp_path: Path) -> Configure:
    return Configure(tmp_path)


@pytest.fixture
def full_example(tmp_path: Path, settings: Settings) -> str:
    """The text of every key, in a folder with its metadata file and a deployment with its region."""
    (tmp_path / "acme.xml").write_text(metadata(certificate("acme")), encoding="utf-8")
    settings.BROKER_REGIONS = {"eu": "https://eu.broker.example"}
    return FULL_EXAMPLE.read_text(encoding="utf-8")


@pytest.fixture
def signed_in() -> Callable[[str], User]:
    """``signed_in(user_name)`` makes a person have come once through their account's first provider."""

    def sign_in(user_name: str) -> User:
        user = User.objects.get(user_name=user_name)
        provider = IdentityProvider.objects.filter(account=user.account).order_by("slug").first()
        assert user.account is not None
        assert provider is not None
        user.first_login_at, user.connected = timezone.now(), True
        user.save()
        FederatedIdentity.objects.create(
            provider=provider,
            account=user.account,
            user=user,
            subject=user_name,
            issuer="https://idp.acme.example",
        )
        return user

    return sign_in


@pytest.fixture
def used_account() -> Callable[[str], Account]:
    """``used_account(slug)`` makes somebody of the account have signed in once, with a password."""

    def use(slug: str) -> Account:
        account = Account.objects.get(slug=slug)
        User.objects.create(account=account, user_name="earlier@example.com", first_login_at=timezone.now())
        return account

    return use
