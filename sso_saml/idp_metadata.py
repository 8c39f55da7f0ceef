"""A provider's Federation Metadata XML becomes the three values of S-2, and the rest that a provider says of itself.

Metadata comes from an administrator's upload or from a URL, so it is read like anything from a stranger: no DTD,
bounded, and only the IDPSSODescriptor for SAML 2.0 counts (ADFS puts WS-Federation roles with other keys before it).

Who vouches for it: an upload, the administrator who uploaded it; a URL, the certificate given for the document's
signature; a URL without such a certificate, nothing but TLS, so whoever holds that web server speaks for the provider.

The library's own parser is not used: it takes the first entity of an aggregate without asking, builds an XPath from
text, and offers a key marked for encryption as the signing key when there is no other. Source: SAML Metadata §2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone
from lxml import etree

from sso_saml.certificates import CertificateProblem, SigningCertificate
from sso_saml.errors import SamlRefusal
from sso_saml.metadata_errors import MetadataError, MetadataProblem
from sso_saml.metadata_role import endpoint, read_duration, signing_certificates
from sso_saml.metadata_signature import signed_root
from sso_saml.models.settings import Binding
from sso_saml.names import NS_PROTOCOL, md
from sso_saml.safe_xml import UnsafeXmlError, XmlLimits, parse
from sso_saml.times import read_time

__all__ = [
    "LIMITS",
    "IdpDescription",
    "MetadataError",
    "MetadataProblem",
    "looks_like_metadata",
    "parse_idp_metadata",
]

LIMITS = XmlLimits(max_bytes=2 * 1024 * 1024, max_elements=40000, max_attributes=80000)
# Canonical form writes namespaces where they are used and so is longer than what arrived.
_SIGNED_LIMITS = replace(LIMITS, max_bytes=4 * LIMITS.max_bytes)
_SKEW = timedelta(seconds=120)
_MAX_ENTITY_ID = 1024  # characters, SAML Core §8.3.6
_MAX_CHOICES = 50
_GROUP, _ENTITY = md("EntitiesDescriptor"), md("EntityDescriptor")


@dataclass(frozen=True, slots=True)
class IdpDescription:
    """One identity provider, as its metadata describes it.

    ``sso_url`` is for the redirect binding, or for POST where the provider has nothing else; ``bindings`` are those
    that it offers for requests. ``slo_response_url`` is ``None`` when answers go to ``slo_url``.
    ``skipped_certificates`` says why some were left out. ``valid_until`` and ``cache_duration`` are the shortest that
    hold for the provider; the latter is for showing: metadata is fetched once a day.
    """

    entity_id: str
    sso_url: str
    sso_post_url: str | None
    slo_url: str | None
    slo_response_url: str | None
    slo_binding: Binding
    certificates: tuple[SigningCertificate, ...]
    wants_signed_requests: bool
    valid_until: datetime | None
    bindings: frozenset[Binding]
    skipped_certificates: tuple[CertificateProblem, ...] = ()
    cache_duration: timedelta | None = None


def looks_like_metadata(data: bytes) -> bool:
    """True when an upload is XML rather than a certificate."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def parse_idp_metadata(
    data: bytes,
    entity_id: str | None = None,
    *,
    preferred: str = "",
    certificate_pem: str = "",
    now: datetime | None = None,
    slo_binding: Binding = Binding.REDIRECT,
) -> IdpDescription:
    """Read one identity provider; ``entity_id`` chooses it in an aggregate.

    Without ``entity_id``, an aggregate is asked about unless it holds ``preferred``. With ``certificate_pem``, the root
    must be signed by that certificate's key, and only what was signed is read. Where single logout is offered by both
    bindings, ``slo_binding`` is taken: by default the redirect, since our requests are short and it needs no page.

    Raises ``MetadataError``, or ``CertificateError`` for a signing certificate that cannot be used.
    """
    try:
        root = parse(data.lstrip(), LIMITS)
    except UnsafeXmlError as error:
        too_large = error.fault.value == "too_large"
        code = MetadataProblem.TOO_LARGE if too_large else MetadataProblem.UNSAFE_XML
        raise MetadataError(code, f"{error.fault.value} {error.detail}".strip()) from None
    if root.tag not in (_GROUP, _ENTITY):
        raise MetadataError(MetadataProblem.NO_IDENTITY_PROVIDER, "not SAML metadata")
    if certificate_pem:
        root = signed_root(root, certificate_pem, _SIGNED_LIMITS)
    entity, roles = _choose(_identity_providers(root), entity_id, preferred)
    return _describe(entity, roles, now or timezone.now(), slo_binding)


def _identity_providers(root: etree._Element) -> dict[str, list[etree._Element]]:
    """Entity ID to its IDPSSODescriptors, for every entity that is a SAML 2.0 identity provider."""
    found: dict[str, list[etree._Element]] = {}
    for entity in _entities(root):
        roles = [
            role
            for role in entity.iterfind(md("IDPSSODescriptor"))
            if NS_PROTOCOL in (role.get("protocolSupportEnumeration") or "").split()
        ]
        if not roles:
            continue
        entity_id = entity.get("entityID") or ""
        if not entity_id or len(entity_id) > _MAX_ENTITY_ID or entity_id in found:
            raise MetadataError(MetadataProblem.NO_IDENTITY_PROVIDER, "an entityID is missing or repeated")
        found[entity_id] = roles
    return found


def _entities(element: etree._Element) -> Iterator[etree._Element]:
    """The entities of a document, only where the schema has them: what hides in Extensions is none."""
    if element.tag == _ENTITY:
        yield element
    elif element.tag == _GROUP:
        for child in element:
            yield from _entities(child)


def _choose(
    found: dict[str, list[etree._Element]], wanted: str | None, preferred: str
) -> tuple[str, list[etree._Element]]:
    if not found:
        raise MetadataError(MetadataProblem.NO_IDENTITY_PROVIDER, "no IDPSSODescriptor for SAML 2.0")
    if wanted is None and len(found) > 1:
        if preferred not in found:
            choices = sorted(found)[:_MAX_CHOICES]
            raise MetadataError(MetadataProblem.SEVERAL_ENTITIES, f"{len(found)} identity providers", choices)
        wanted = preferred
    entity_id = next(iter(found)) if wanted is None else wanted
    if entity_id not in found:
        raise MetadataError(MetadataProblem.UNKNOWN_ENTITY)
    return entity_id, found[entity_id]


def _describe(
    entity_id: str, roles: list[etree._Element], now: datetime, slo_binding: Binding
) -> IdpDescription:
    """Describe the first role that is valid now and can be signed in at; roles of one entity are not mixed."""
    refusals: list[MetadataError] = []
    for role in roles:
        try:
            return _role(entity_id, role, now, slo_binding)
        except MetadataError as error:
            if error.code not in (MetadataProblem.EXPIRED, MetadataProblem.NO_SIGN_ON_URL):
                raise
            refusals.append(error)
    raise refusals[0]


def _role(entity_id: str, role: etree._Element, now: datetime, slo_binding: Binding) -> IdpDescription:
    valid_until = _valid_until(role)
    if valid_until is not None and valid_until <= now - _SKEW:
        raise MetadataError(MetadataProblem.EXPIRED, f"valid until {valid_until:%Y-%m-%d %H:%M} UTC")
    sign_on = {
        binding: found[0] for binding in Binding if (found := endpoint(role, "SingleSignOnService", binding))
    }
    if not sign_on:
        raise MetadataError(
            MetadataProblem.NO_SIGN_ON_URL, "no SingleSignOnService for HTTP-Redirect or HTTP-POST"
        )
    wished_first = sorted(Binding, key=lambda binding: binding is not slo_binding)
    logout = next(
        ((b, found) for b in wished_first if (found := endpoint(role, "SingleLogoutService", b))), None
    )
    certificates, skipped = signing_certificates(role)
    return IdpDescription(
        entity_id=entity_id,
        sso_url=sign_on.get(Binding.REDIRECT) or sign_on[Binding.POST],
        sso_post_url=sign_on.get(Binding.POST),
        slo_url=logout[1][0] if logout else None,
        slo_response_url=(logout[1][1] or None) if logout else None,
        slo_binding=logout[0] if logout else Binding.REDIRECT,
        certificates=certificates,
        wants_signed_requests=role.get("WantAuthnRequestsSigned") in ("true", "1"),
        valid_until=valid_until,
        bindings=frozenset(sign_on),
        skipped_certificates=skipped,
        cache_duration=_cache_duration(role),
    )


def _valid_until(role: etree._Element) -> datetime | None:
    """The earliest end of the role, its entity and the groups around them (Metadata §2.3.1, §2.3.2, §2.4.1)."""
    ends = []
    for element in (role, *role.iterancestors()):
        if (text := element.get("validUntil")) is not None:
            try:
                ends.append(read_time(text.strip(), "validUntil"))
            except SamlRefusal:
                raise MetadataError(MetadataProblem.BAD_TIME, "validUntil") from None
    return min(ends, default=None)


def _cache_duration(role: etree._Element) -> timedelta | None:
    texts = (element.get("cacheDuration") for element in (role, *role.iterancestors()))
    durations = (read_duration(text.strip()) for text in texts if text is not None)
    return min((duration for duration in durations if duration is not None), default=None)
