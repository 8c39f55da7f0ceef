"""What every test of the OpenID Connect core starts with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sso_oidc.misbehaving_provider import MisbehavingProvider
from tests.sso_oidc.openid_world import ClientCheckingProvider, allow, ready_made_keys


@pytest.fixture
def provider() -> Iterator[MisbehavingProvider]:
    with MisbehavingProvider() as running:
        yield running


@pytest.fixture
def idp(db: None, settings: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClientCheckingProvider]:
    """A provider that the product may reach, for whole sign-ins."""
    ready_made_keys(monkeypatch)
    with ClientCheckingProvider() as running:
        allow(running, settings)
        yield running
