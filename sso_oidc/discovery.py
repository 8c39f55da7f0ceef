"""What a provider publishes about itself, cached: its metadata and its signing keys.

    discovery = Discovery(http, cache)
    metadata = discovery.metadata("https://login.example")
    token = discovery.check_with_keys(metadata, lambda keys: validate_id_token(raw, keys=keys, ...))

How old a document may be (O-5):

* up to one hour it is used as it is;
* older, it is fetched again. If the provider cannot be reached, or answers with a web page, the old one
  serves for up to 24 hours after it was fetched, and another attempt is made once a minute at most, so that
  an outage slows hardly any sign-in. This bounds what a key withdrawn during an outage can still do;
* an answer that arrives but is not fit (another issuer, no usable key) is a refusal at once: then the
  provider is not down, it is wrong, or is not who it was.

A token signed with an unknown key makes the key set be fetched once more, at most once a minute per
provider, so that a rotation is noticed at once and nobody can make us hammer a provider with invented key
names.

The cache is shared by all processes; it holds public documents only, by their URL. Documents of
allow-listed hosts are kept apart from the others, since a client without that permission may not use what
one with it has fetched (V-23).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar, cast

from foundation.http import Deadline, OutboundCode, OutboundError, OutboundHttp
from foundation.strict_json import NotStrictJson, parse_object
from sso_oidc.errors import OidcRefusal, UnknownKey
from sso_oidc.keys import MAX_KEY_SET_BYTES, SigningKeys, read_keys
from sso_oidc.metadata import ProviderMetadata, read_metadata, well_known_url

MAX_METADATA_BYTES = 256 * 1024
FRESH_SECONDS = 3600
USABLE_SECONDS = 24 * 3600
RETRY_SECONDS = 60

Result = TypeVar("Result")
# A kept document: its bytes, when it was fetched, when fetching was last tried because it was old, and when
# because a key was unknown (seconds since the epoch).
_Entry = tuple[bytes, float, float, float]


class Cache(Protocol):
    """The part of Django's cache that is used here."""

    def get(self, key: str, /) -> object: ...

    def set(self, key: str, value: object, seconds: int, /) -> object: ...


class Discovery:
    """Reads and caches what providers publish. ``clock`` gives seconds since the epoch."""

    def __init__(self, http: OutboundHttp, cache: Cache, clock: Callable[[], float] = time.time) -> None:
        self._http = http
        self._cache = cache
        self._clock = clock

    def metadata(
        self, issuer: str, *, deadline: Deadline | None = None, allow_template_issuer: bool = False
    ) -> ProviderMetadata:
        """Return the metadata of ``issuer``.

        Raises:
            OidcRefusal: oidc.discovery - the document is not that issuer's, or names unfit URLs.
            OutboundError: it could not be fetched, and none of the last 24 hours is at hand.
        """
        read = self._reader(issuer, allow_template_issuer=allow_template_issuer)
        return self._document(well_known_url(issuer), MAX_METADATA_BYTES, read, deadline or Deadline())

    def read_again(
        self, issuer: str, *, deadline: Deadline | None = None, allow_template_issuer: bool = False
    ) -> ProviderMetadata:
        """Fetch the metadata whatever is kept: an admin asks what the provider says now. Raises as ``metadata``."""
        read = self._reader(issuer, allow_template_issuer=allow_template_issuer)
        return self._fetch(well_known_url(issuer), MAX_METADATA_BYTES, read, deadline or Deadline())

    def kept_metadata(
        self, issuer: str, *, allow_template_issuer: bool = False
    ) -> tuple[ProviderMetadata, float] | None:
        """Return what is kept and when it was fetched (seconds since the epoch), without asking anybody."""
        try:
            entry = self._kept(well_known_url(issuer))
            if entry is None:
                return None
            return self._reader(issuer, allow_template_issuer=allow_template_issuer)(entry[0]), entry[1]
        except (OidcRefusal, OutboundError):
            return None

    def keys(self, metadata: ProviderMetadata, *, deadline: Deadline | None = None) -> SigningKeys:
        """Return the provider's signing keys.

        Raises:
            OidcRefusal: oidc.keys - no usable key set.
            OutboundError: as for ``metadata``.
        """
        return self._document(metadata.jwks_uri, MAX_KEY_SET_BYTES, read_keys, deadline or Deadline())

    def check_with_keys(
        self,
        metadata: ProviderMetadata,
        check: Callable[[SigningKeys], Result],
        *,
        deadline: Deadline | None = None,
    ) -> Result:
        """Run ``check`` with the keys; when it meets an unknown one, once more with keys fetched anew.

        Raises:
            UnknownKey: the key is unknown even so, or the keys were refreshed for such a reason within the
                minute.
            OidcRefusal, OutboundError: as for ``keys``, and whatever ``check`` raises.
        """
        deadline = deadline or Deadline()
        keys = self.keys(metadata, deadline=deadline)
        try:
            return check(keys)
        except UnknownKey:
            if not self._may_refresh(metadata.jwks_uri):
                raise
        return check(self._fetch(metadata.jwks_uri, MAX_KEY_SET_BYTES, read_keys, deadline, for_key=True))

    def _reader(self, issuer: str, *, allow_template_issuer: bool) -> Callable[[bytes], ProviderMetadata]:
        return partial(
            read_metadata,
            issuer=issuer,
            check_url=self._http.check_url,
            allow_template_issuer=allow_template_issuer,
        )

    def _document(
        self, url: str, max_bytes: int, read: Callable[[bytes], Result], deadline: Deadline
    ) -> Result:
        entry = self._kept(url)
        if entry is None:
            return self._fetch(url, max_bytes, read, deadline)
        document, fetched_at, tried_at, refreshed_at = entry
        now = self._clock()
        if now - fetched_at < FRESH_SECONDS or now - tried_at < RETRY_SECONDS:
            return read(document)
        try:
            return self._fetch(url, max_bytes, read, deadline)
        except OutboundError:
            self._keep(url, (document, fetched_at, now, refreshed_at))
            return read(document)

    def _fetch(
        self,
        url: str,
        max_bytes: int,
        read: Callable[[bytes], Result],
        deadline: Deadline,
        *,
        for_key: bool = False,
    ) -> Result:
        now = self._clock()
        before = self._kept(url)
        refreshed_at = now if for_key else (before[3] if before else 0.0)
        if for_key and before:
            # Noted before the attempt: a provider that hangs is not asked more often for it.
            self._keep(url, (*before[:3], refreshed_at))
        document = self._http.get_bytes(
            url, deadline=deadline, max_bytes=max_bytes, headers={"Accept": "application/json"}
        )
        try:
            parse_object(document)
        except NotStrictJson as error:
            # A web page in its place says that the provider is down, not that it has changed.
            raise OutboundError(OutboundCode.NOT_JSON, detail=str(error)) from None
        result = read(document)
        self._keep(url, (document, now, now, refreshed_at))
        return result

    def _may_refresh(self, url: str) -> bool:
        entry = self._kept(url)
        return entry is None or self._clock() - entry[3] >= RETRY_SECONDS

    def _kept(self, url: str) -> _Entry | None:
        found = self._cache.get(self._key(url))
        if not (isinstance(found, tuple) and len(found) == 4 and isinstance(found[0], bytes)):
            return None
        entry = cast(_Entry, found)
        return entry if 0 <= self._clock() - entry[1] < USABLE_SECONDS else None

    def _keep(self, url: str, entry: _Entry) -> None:
        seconds = int(entry[1] + USABLE_SECONDS - self._clock())
        if seconds > 0:
            self._cache.set(self._key(url), entry, seconds)

    def _key(self, url: str) -> str:
        reach = "listed" if self._http.is_allow_listed(url) else "public"
        return f"oidc-document:{reach}:{hashlib.sha256(url.encode()).hexdigest()}"
