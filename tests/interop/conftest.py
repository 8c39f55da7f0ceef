"""One running product for all tests with third parties; each test makes the people that it needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields

import pytest

from tests.interop.running_broker import RunningBroker, free_port, running_broker


@dataclass(frozen=True, slots=True)
class PeerPorts:
    """Where identity providers of others will listen: the product must know before it starts."""

    pysaml2: int
    simplesamlphp: int
    oidc_provider: int
    oauth_toolkit: int


@pytest.fixture(scope="session")
def peer_ports() -> PeerPorts:
    return PeerPorts(*(free_port() for _ in fields(PeerPorts)))


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory, peer_ports: PeerPorts) -> Iterator[RunningBroker]:
    """The product, on a port of its own."""
    allowed = astuple(peer_ports)
    with running_broker(tmp_path_factory.mktemp("broker"), allowed_ports=allowed) as running:
        yield running
