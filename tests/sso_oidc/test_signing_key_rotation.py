"""Providers change their signing keys: noticed at once, and nobody can abuse it (O-5). Over real HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from foundation.http import OutboundCode, OutboundError
from sso_oidc.discovery import RETRY_SECONDS, Discovery
from sso_oidc.errors import OidcCode, OidcRefusal, UnknownKey
from sso_oidc.keys import SigningKeys
from sso_oidc.tokens import ExpectedToken, IdToken, validate_id_token
from tests.foundation.local_server import answer
from tests.sso_oidc.misbehaving_provider import (
    CLIENT_ID,
    NONCE,
    OTHER_RSA,
    RSA,
    MemoryCache,
    MisbehavingProvider,
    public,
    sign,
)

WELL_KNOWN = "/.well-known/openid-configuration"


@pytest.fixture
def cache() -> MemoryCache:
    return MemoryCache()


@pytest.fixture
def discovery(provider: MisbehavingProvider, cache: MemoryCache) -> Discovery:
    return Discovery(provider.http(), cache, cache.clock)


def refusal(call: Callable[[], object]) -> OidcRefusal:
    with pytest.raises(OidcRefusal) as caught:
        call()
    return caught.value


def failure(call: Callable[[], object]) -> OutboundError:
    with pytest.raises(OutboundError) as caught:
        call()
    return caught.value


def break_down(provider: MisbehavingProvider) -> None:
    for path in (WELL_KNOWN, "/keys"):
        provider.server.routes[path] = answer(b"<html>down</html>", status=503)


def validating(raw: str, provider: MisbehavingProvider) -> Callable[[SigningKeys], IdToken]:
    expected = ExpectedToken(
        issuer=provider.issuer, client_id=CLIENT_ID, nonce=NONCE, now=datetime.fromtimestamp(time.time(), UTC)
    )
    return lambda keys: validate_id_token(raw, keys=keys, expected=expected)


# O-5: key rotation
def test_rotated_key_is_noticed_by_one_refresh(
    provider: MisbehavingProvider, discovery: Discovery, cache: MemoryCache
) -> None:
    metadata = discovery.metadata(provider.issuer)
    old = sign(provider.claims(), RSA)
    assert discovery.check_with_keys(metadata, validating(old, provider)).subject == "person-1"
    assert provider.count("/keys") == 1
    provider.jwks = public(OTHER_RSA)
    new = sign(provider.claims(), OTHER_RSA)
    for _ in range(3):
        assert discovery.check_with_keys(metadata, validating(new, provider)).subject == "person-1"
    assert provider.count("/keys") == 2
    # the withdrawn key is not good any more, and asking for it does not bother the provider within the minute
    with pytest.raises(UnknownKey):
        discovery.check_with_keys(metadata, validating(old, provider))
    assert provider.count("/keys") == 2


# O-5: nobody can make us hammer a provider
def test_invented_key_names_cause_one_refresh_a_minute(
    provider: MisbehavingProvider, discovery: Discovery, cache: MemoryCache
) -> None:
    metadata = discovery.metadata(provider.issuer)
    for number in range(5):
        invented = sign(provider.claims(), OTHER_RSA, kid=f"invented-{number}")
        with pytest.raises(UnknownKey):
            discovery.check_with_keys(metadata, validating(invented, provider))
    assert provider.count("/keys") == 2  # the first look, and one refresh
    good = sign(provider.claims(), RSA)
    assert discovery.check_with_keys(metadata, validating(good, provider)).subject == "person-1"
    cache.now += RETRY_SECONDS
    with pytest.raises(UnknownKey):
        discovery.check_with_keys(metadata, validating(invented, provider))
    assert provider.count("/keys") == 3


def test_refresh_at_a_provider_that_is_down_is_told_as_such_and_not_repeated(
    provider: MisbehavingProvider, discovery: Discovery
) -> None:
    metadata = discovery.metadata(provider.issuer)
    discovery.keys(metadata)
    break_down(provider)
    unknown = sign(provider.claims(), OTHER_RSA)
    error = failure(lambda: discovery.check_with_keys(metadata, validating(unknown, provider)))
    assert error.code is OutboundCode.STATUS
    with pytest.raises(UnknownKey):
        discovery.check_with_keys(metadata, validating(unknown, provider))
    known = sign(provider.claims(), RSA)
    assert discovery.check_with_keys(metadata, validating(known, provider)).subject == "person-1"


def test_other_refusals_cause_no_refresh(provider: MisbehavingProvider, discovery: Discovery) -> None:
    metadata = discovery.metadata(provider.issuer)
    forged = sign(provider.claims(), OTHER_RSA, kid="rsa-1")
    error = refusal(lambda: discovery.check_with_keys(metadata, validating(forged, provider)))
    assert error.code is OidcCode.SIGNATURE
    assert provider.count("/keys") == 1
