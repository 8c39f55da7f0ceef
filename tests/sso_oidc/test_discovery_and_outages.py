"""What a provider publishes: lies are refused, outages bridged (O-5). Over real HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from foundation.http import Deadline, OutboundCode, OutboundError, OutboundHttp
from sso_oidc.discovery import FRESH_SECONDS, RETRY_SECONDS, USABLE_SECONDS, Discovery
from sso_oidc.errors import OidcCode, OidcRefusal
from sso_oidc.metadata import read_metadata, well_known_url
from tests.foundation.local_server import LocalServer, Visit, answer, localhost_certificate
from tests.sso_oidc.misbehaving_provider import (
    OTHER_RSA,
    MemoryCache,
    MisbehavingProvider,
    public,
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


# O-1
def test_provider_is_found_by_its_issuer(provider: MisbehavingProvider, discovery: Discovery) -> None:
    metadata = discovery.metadata(provider.issuer)
    assert metadata.issuer == provider.issuer
    assert metadata.token_endpoint == provider.server.url("/token")
    assert metadata.userinfo_endpoint == provider.server.url("/userinfo")
    assert metadata.end_session_endpoint == ""
    assert metadata.id_token_algorithms == {"RS256"}  # announced along with HS256 and none
    assert not metadata.iss_parameter_supported
    assert [key.kid for key in discovery.keys(metadata).keys] == ["rsa-1"]


# Discovery §4.1
@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("https://login.example", "https://login.example/.well-known/openid-configuration"),
        ("https://login.example/", "https://login.example/.well-known/openid-configuration"),
        ("https://login.example/a/v2.0", "https://login.example/a/v2.0/.well-known/openid-configuration"),
    ],
)
def test_discovery_document_lies_below_the_issuer(issuer: str, url: str) -> None:
    assert well_known_url(issuer) == url


@pytest.mark.parametrize(
    "issuer", ["https://login.example?x=1", "https://login.example#x", "https://a/{tenantid}"]
)
def test_issuer_with_query_fragment_or_placeholder_is_refused(issuer: str) -> None:
    assert refusal(lambda: well_known_url(issuer)).code is OidcCode.DISCOVERY


# O-5: discovery lies
@pytest.mark.parametrize(
    "lie",
    [
        {"issuer": "https://login.example"},
        {"issuer": ""},
        {"issuer": None},
        {"issuer": ["https://login.example"]},
        {"token_endpoint": "http://login.example/token"},
        {"token_endpoint": "https://10.0.0.1/token"},
        {"token_endpoint": "https://169.254.169.254/latest"},
        {"token_endpoint": "https://user:password@login.example/token"},
        {"token_endpoint": "https://login.example/token#x"},
        {"token_endpoint": None},
        {"token_endpoint": 5},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "https://[::1]/keys"},
        {"jwks_uri": None},
        {"userinfo_endpoint": "http://login.example/userinfo"},
        {"userinfo_endpoint": ["https://login.example/userinfo"]},
        {"end_session_endpoint": "https://127.0.0.1/logout"},
        {"id_token_signing_alg_values_supported": ["HS256", "none"]},
        {"id_token_signing_alg_values_supported": "RS256"},
        {"token_endpoint_auth_methods_supported": [1]},
        {"authorization_response_iss_parameter_supported": "true"},
    ],
    ids=lambda lie: "-".join(f"{name}={value}" for name, value in lie.items()),
)
def test_lie_in_the_discovery_document_is_refused_and_not_kept(
    provider: MisbehavingProvider, discovery: Discovery, lie: dict[str, Any]
) -> None:
    honest = provider.document
    provider.document = {name: value for name, value in {**honest, **lie}.items() if value is not None}
    assert refusal(lambda: discovery.metadata(provider.issuer)).code is OidcCode.DISCOVERY
    provider.document = honest
    assert discovery.metadata(provider.issuer).token_endpoint == honest["token_endpoint"]


def test_issuer_of_another_path_of_the_same_host_is_another_issuer(
    provider: MisbehavingProvider, discovery: Discovery
) -> None:
    provider.server.routes["/tenant-a" + WELL_KNOWN] = lambda visit: answer(provider.document)(visit)
    assert refusal(lambda: discovery.metadata(provider.issuer + "/tenant-a")).code is OidcCode.DISCOVERY
    assert refusal(lambda: discovery.metadata(provider.issuer + "/")).code is OidcCode.DISCOVERY
    assert discovery.metadata(provider.issuer).issuer == provider.issuer


# O-3: the template issuer, only where somebody allows it
def test_template_issuer_of_entra_is_taken_only_when_allowed() -> None:
    template = "https://login.microsoftonline.com/{tenantid}/v2.0"
    endpoints = {
        name: "https://a.example/x" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
    }
    document = json.dumps({"issuer": template, **endpoints}).encode()
    shared = "https://login.microsoftonline.com/organizations/v2.0"

    def read(issuer: str, allow: bool) -> str:
        return read_metadata(
            document, issuer=issuer, check_url=lambda url: None, allow_template_issuer=allow
        ).issuer

    assert read(shared, True) == template
    assert refusal(lambda: read(shared, False)).code is OidcCode.DISCOVERY
    for other in (
        "https://evil.example/organizations/v2.0",
        "https://login.microsoftonline.com/consumers/v2.0",
        "https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/v2.0",
    ):
        assert refusal(lambda other=other: read(other, True)).code is OidcCode.DISCOVERY  # type: ignore[misc]


# O-5
@pytest.mark.parametrize("body", [b" " * 300_000, b'{"keys": [' + b'{"kty": "RSA"},' * 20_000 + b"{}]}"])
@pytest.mark.parametrize("path", [WELL_KNOWN, "/keys"])
def test_huge_document_is_refused(
    provider: MisbehavingProvider, discovery: Discovery, path: str, body: bytes
) -> None:
    provider.server.routes[path] = answer(body)
    error = failure(lambda: discovery.keys(discovery.metadata(provider.issuer)))
    assert error.code is OutboundCode.TOO_LARGE


# O-5
@pytest.mark.parametrize("path", [WELL_KNOWN, "/keys"])
def test_redirect_is_not_followed(provider: MisbehavingProvider, discovery: Discovery, path: str) -> None:
    provider.server.routes[path] = answer(
        b"", status=302, headers={"Location": provider.server.url("/elsewhere")}
    )
    error = failure(lambda: discovery.keys(discovery.metadata(provider.issuer)))
    assert error.code is OutboundCode.REDIRECT
    assert provider.count("/elsewhere") == 0


# O-5: an outage gives a clear page, not a hang
def test_provider_that_drips_is_given_up_within_the_deadline(
    provider: MisbehavingProvider, discovery: Discovery
) -> None:
    provider.server.routes[WELL_KNOWN] = lambda visit: visit.drip(
        b"HTTP/1.1 200 OK\r\n" + b"x" * 500, pause=0.05
    )
    started = time.monotonic()
    error = failure(lambda: discovery.metadata(provider.issuer, deadline=Deadline(0.4)))
    assert error.code is OutboundCode.TIMEOUT
    assert time.monotonic() - started < 1.2


# O-5: SSRF guard
def test_private_provider_needs_the_allow_list(provider: MisbehavingProvider, cache: MemoryCache) -> None:
    error = failure(lambda: Discovery(OutboundHttp(), cache).metadata(provider.issuer))
    assert error.code is OutboundCode.NOT_HTTPS
    by_name = f"https://localhost:{provider.server.port}"
    error = failure(lambda: Discovery(OutboundHttp(), cache).metadata(by_name))
    assert error.code is OutboundCode.BLOCKED_ADDRESS
    assert provider.server.connections == 0
    assert Discovery(provider.http(), cache).metadata(provider.issuer).issuer == provider.issuer


# V-23: what one customer may reach does not leak to another through the cache
def test_kept_document_of_an_allow_listed_host_is_of_no_use_without_the_permission(
    cache: MemoryCache, tmp_path: Path
) -> None:
    certificate = localhost_certificate(tmp_path)
    with MisbehavingProvider(LocalServer(host="localhost", certificate=certificate)) as private:
        permitted = OutboundHttp(allow=private.server.allowed, ca_file=str(certificate))
        assert Discovery(permitted, cache).metadata(private.issuer).issuer == private.issuer
        stranger = Discovery(OutboundHttp(ca_file=str(certificate)), cache)
        assert failure(lambda: stranger.metadata(private.issuer)).code is OutboundCode.BLOCKED_ADDRESS


# O-5: cached
def test_documents_are_fetched_once_an_hour(
    provider: MisbehavingProvider, discovery: Discovery, cache: MemoryCache
) -> None:
    for _ in range(3):
        discovery.keys(discovery.metadata(provider.issuer))
    assert (provider.count(WELL_KNOWN), provider.count("/keys")) == (1, 1)
    cache.now += FRESH_SECONDS - 1
    discovery.keys(discovery.metadata(provider.issuer))
    assert (provider.count(WELL_KNOWN), provider.count("/keys")) == (1, 1)
    cache.now += 2
    discovery.keys(discovery.metadata(provider.issuer))
    assert (provider.count(WELL_KNOWN), provider.count("/keys")) == (2, 2)


# O-5: several processes share one cache
def test_second_process_uses_what_the_first_fetched(
    provider: MisbehavingProvider, cache: MemoryCache
) -> None:
    Discovery(provider.http(), cache, cache.clock).metadata(provider.issuer)
    Discovery(provider.http(), cache, cache.clock).metadata(provider.issuer)
    assert provider.count(WELL_KNOWN) == 1


# O-5: stale but usable
def test_outage_is_bridged_for_a_day_with_one_attempt_a_minute(
    provider: MisbehavingProvider, discovery: Discovery, cache: MemoryCache
) -> None:
    metadata = discovery.metadata(provider.issuer)
    discovery.keys(metadata)
    break_down(provider)
    cache.now += FRESH_SECONDS + 1
    for _ in range(3):
        assert discovery.metadata(provider.issuer) == metadata
        assert [key.kid for key in discovery.keys(metadata).keys] == ["rsa-1"]
    assert (provider.count(WELL_KNOWN), provider.count("/keys")) == (2, 2)
    cache.now += RETRY_SECONDS + 1
    discovery.keys(metadata)
    assert provider.count("/keys") == 3
    cache.now += USABLE_SECONDS - FRESH_SECONDS - 2 * RETRY_SECONDS
    assert discovery.metadata(provider.issuer) == metadata
    cache.now += 2 * RETRY_SECONDS
    assert failure(lambda: discovery.metadata(provider.issuer)).code is OutboundCode.STATUS


def test_web_page_in_place_of_a_document_counts_as_outage(
    provider: MisbehavingProvider, discovery: Discovery, cache: MemoryCache
) -> None:
    metadata = discovery.metadata(provider.issuer)
    provider.server.routes[WELL_KNOWN] = answer(b"<html>back soon</html>")
    cache.now += FRESH_SECONDS + 1
    assert discovery.metadata(provider.issuer) == metadata
    fresh = Discovery(provider.http(), MemoryCache())
    assert failure(lambda: fresh.metadata(provider.issuer)).code is OutboundCode.NOT_JSON


# O-5: down is not the same as changed
def test_provider_that_changed_its_issuer_is_refused_though_the_old_document_is_at_hand(
    provider: MisbehavingProvider, discovery: Discovery, cache: MemoryCache
) -> None:
    discovery.metadata(provider.issuer)
    provider.document = {**provider.document, "issuer": "https://evil.example"}
    cache.now += FRESH_SECONDS + 1
    assert refusal(lambda: discovery.metadata(provider.issuer)).code is OidcCode.DISCOVERY


def test_recovered_provider_is_asked_again_only_when_due(
    provider: MisbehavingProvider, discovery: Discovery, cache: MemoryCache
) -> None:
    routes = dict(provider.server.routes)
    metadata = discovery.metadata(provider.issuer)
    discovery.keys(metadata)
    break_down(provider)
    cache.now += FRESH_SECONDS + 1
    discovery.keys(metadata)
    provider.server.routes.update(routes)
    provider.jwks = public(OTHER_RSA)
    cache.now += RETRY_SECONDS + 1
    assert [key.kid for key in discovery.keys(metadata).keys] == ["rsa-2"]


def test_rubbish_in_the_cache_is_fetched_anew(provider: MisbehavingProvider, cache: MemoryCache) -> None:
    class OldCache(MemoryCache):
        def get(self, key: str, /) -> object:
            return super().get(key) or {"from": "an earlier release"}

    discovery = Discovery(provider.http(), OldCache())
    assert discovery.metadata(provider.issuer).issuer == provider.issuer


# O-5: keys and metadata of a slow provider share the callback's deadline
def test_slow_metadata_leaves_less_time_for_the_keys(
    provider: MisbehavingProvider, discovery: Discovery
) -> None:
    def slow(visit: Visit) -> None:
        time.sleep(0.3)
        answer(provider.jwks if visit.path == "/keys" else provider.document)(visit)

    provider.server.routes[WELL_KNOWN] = provider.server.routes["/keys"] = slow
    deadline = Deadline(0.5)
    metadata = discovery.metadata(provider.issuer, deadline=deadline)
    assert failure(lambda: discovery.keys(metadata, deadline=deadline)).code is OutboundCode.TIMEOUT
    assert discovery.keys(replace(metadata), deadline=Deadline(2)).keys
