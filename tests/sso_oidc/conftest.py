"""What every test of the OpenID Connect core starts with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sso_oidc.misbehaving_provider import MisbehavingProvider
from tests.sso_oidc.signing_in import browser, scene


@pytest.fixture
def provider() -> Iterator[MisbehavingProvider]:
    with MisbehavingProvider() as running:
        yield running


__all__ = ["browser", "provider", "scene"]
