"""Fetch a provider's metadata from its URL (S-2, V-23).

An admin of any customer types the URL, so it is called like every other: https and public addresses only, save what the
deployment's allow-list lifts for this provider; 2 MB and 15 seconds at most, however slowly it drips. No redirect is
followed, not even on the same host: the URL is what an admin decided to trust, no vendor's metadata address redirects,
and the message tells to enter the final address instead.

Nothing of what came back is repeated to anyone before it has been read as metadata: problems are codes in our own
words. Without a certificate for the document's signature, TLS alone says that it is the provider's (``idp_metadata``).
"""

from __future__ import annotations

from collections.abc import Iterable

from foundation.http import AllowList, Deadline, OutboundError, OutboundHttp, check_url
from sso.models import IdentityProvider
from sso.private_networks import allow_list_of
from sso_saml.certificates import CertificateError
from sso_saml.idp_metadata import (
    LIMITS,
    IdpDescription,
    MetadataError,
    MetadataProblem,
    parse_idp_metadata,
)

SECONDS = 15.0
_HEADERS = {"Accept": "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"}


class MetadataUnavailable(Exception):
    """No usable metadata. ``code`` is one of ``http.…``, ``metadata.…`` and ``certificate.…``.

    ``entity_ids`` are the choices when an aggregate must be asked for one. The text is safe to show.
    """

    def __init__(self, code: str, detail: str = "", entity_ids: Iterable[str] = ()) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
        self.entity_ids = tuple(entity_ids)


def fetch_description(
    url: str,
    provider: IdentityProvider,
    entity_id: str = "",
    certificate_pem: str = "",
    *,
    preferred: str = "",
) -> IdpDescription:
    """Fetch and read what ``provider`` may fetch; call it outside any transaction. Raises ``MetadataUnavailable``."""
    return fetch_allowed(url, allow_list_of(provider), entity_id, certificate_pem, preferred=preferred)


def fetch_allowed(
    url: str, allow: AllowList, entity_id: str = "", certificate_pem: str = "", *, preferred: str = ""
) -> IdpDescription:
    """As ``fetch_description``, with an allow-list of the caller's: for a provider that doesn't exist yet."""
    http = OutboundHttp(allow=allow)
    try:
        data = http.get_bytes(url, deadline=Deadline(SECONDS), max_bytes=LIMITS.max_bytes, headers=_HEADERS)
        found = parse_idp_metadata(
            data, entity_id or None, preferred=preferred, certificate_pem=certificate_pem
        )
    except OutboundError as error:
        raise MetadataUnavailable(error.code.value, str(error).partition(" ")[2]) from None
    except MetadataError as error:
        raise MetadataUnavailable(error.code.value, error.detail, error.entity_ids) from None
    except CertificateError as error:
        raise MetadataUnavailable(error.code.value, error.detail) from None
    finally:
        http.close()
    _check_endpoints(found, allow)
    return found


def _check_endpoints(found: IdpDescription, allow: AllowList) -> None:
    """What the document names is held to the same rules as what an admin types; it marks no provider private."""
    for url in (found.sso_url, found.sso_post_url, found.slo_url, found.slo_response_url):
        if url:
            try:
                check_url(url, allow)
            except OutboundError as error:
                raise MetadataUnavailable(MetadataProblem.BAD_URL.value, error.code.value) from None
