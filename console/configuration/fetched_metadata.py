"""Fetch the metadata of the SAML providers that a file gives a metadata URL, before anything is applied (S-2).

The operator who runs the command may reach what the deployment's allow-list names, but only by typing it: a document at
a public address that points at one of those addresses is refused, like everywhere (V-23).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings

from console.configuration.schema import Configuration, SamlPart
from foundation.outbound_target import OutboundError, Target
from sso_saml.certificates import parse_certificates
from sso_saml.idp_metadata import IdpDescription
from sso_saml.metadata_fetch import MetadataUnavailable, fetch_allowed
from sso_saml.models import SamlSettings

Fetched = IdpDescription | MetadataUnavailable

_AT_ONCE = 8


def fetch_metadata(configuration: Configuration) -> Mapping[str, Fetched]:
    """Return what each provider with a metadata URL publishes, or why that can't be used, by the provider's slug."""
    parts = dict(_with_url(configuration))
    if not parts:
        return {}
    rows = SamlSettings.objects.filter(provider__slug__in=parts).select_related("provider")
    saved = {row.provider.slug: row for row in rows}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = pool.map(lambda slug: _fetch(parts[slug], saved.get(slug)), parts)
        return dict(zip(parts, found, strict=True))


def pem_of(text: str) -> str:
    """Return the certificate of a metadata signature in the form in which it is stored."""
    return parse_certificates(text.encode())[0].pem if text else ""


def _with_url(configuration: Configuration) -> Iterator[tuple[str, SamlPart]]:
    providers = [part for account in configuration.accounts for part in account.identity_providers]
    for part in (*providers, *configuration.identity_providers):
        if part.saml is not None and part.saml.metadata_url:
            yield part.slug, part.saml


def _fetch(part: SamlPart, saved: SamlSettings | None) -> Fetched:
    # What the file leaves out stays as it is, above all the certificate that the document must be signed with.
    entity_id, certificate = part.metadata_entity_id, part.metadata_certificate
    if saved is not None:
        entity_id = saved.metadata_entity_id if entity_id is None else entity_id
        certificate = saved.metadata_certificate if certificate is None else certificate
    url = part.metadata_url or ""
    allow = settings.BROKER_NETWORK_ALLOW_LIST
    try:
        if settings.BROKER_DEPLOYMENT != "private" and not Target.parse(url, allow).allow_listed:
            allow = frozenset()
        return fetch_allowed(
            url,
            allow,
            entity_id or "",
            pem_of(certificate or ""),
            preferred=saved.idp_entity_id if saved is not None else "",
        )
    except OutboundError as error:
        return MetadataUnavailable(error.code.value)
    except MetadataUnavailable as unavailable:
        return unavailable
