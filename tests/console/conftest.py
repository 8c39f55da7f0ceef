"""Two accounts side by side, and browsers of the people who look at the admin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import Kind, User
from foundation.http import OutboundCode, OutboundError, OutboundHttp
from tests.conftest import client_of
from tests.sso_oidc.misbehaving_provider import MisbehavingProvider
from tests.sso_oidc.openid_world import ready_made_keys
from tests.worlds import World, add_vendor_person, found_account, sign_in

HERE = "localhost:8000"


@pytest.fixture
def acme(db: None) -> World:
    """The account of the admin who looks."""
    return found_account("acme")


@pytest.fixture
def globex(db: None) -> World:
    """The account that is none of their business."""
    return found_account("globex")


@pytest.fixture
def browse() -> Callable[[User], Client]:
    """Return a function that gives a browser in which this person is signed in."""

    def signed_in(user: User) -> Client:
        client = client_of(HERE)
        sign_in(client, user)
        return client

    return signed_in


@pytest.fixture
def operator(db: None) -> User:
    """A vendor operator."""
    return add_vendor_person("olga", Kind.OPERATOR)


@pytest.fixture
def idp(settings: Any) -> Iterator[MisbehavingProvider]:
    """An OpenID provider that answers, at an address that only an operator may enter (V-23)."""
    with MisbehavingProvider() as running:
        settings.BROKER_NETWORK_ALLOW_LIST = running.server.allowed
        yield running


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but what a test allows can be reached: no test asks a vendor."""
    ask = OutboundHttp.get_bytes

    def get_bytes(self: OutboundHttp, url: str, **options: Any) -> bytes:
        if not self.is_allow_listed(url):
            raise OutboundError(OutboundCode.CONNECTION, "a vendor")
        return ask(self, url, **options)

    monkeypatch.setattr(OutboundHttp, "get_bytes", get_bytes)


@pytest.fixture
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the making of RSA keys."""
    ready_made_keys(monkeypatch)
