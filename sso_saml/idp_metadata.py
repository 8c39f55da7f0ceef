"""A provider's Federation Metadata XML becomes the three values of S-2: entity ID, Single Sign-On URL, certificates.

Metadata comes from an administrator's upload or from a URL, so it is read like anything from a stranger: no DTD,
bounded, and only the IDPSSODescriptor for SAML 2.0 counts (ADFS puts WS-Federation roles with other keys before it).
Keys marked for encryption are left out: such a key never verifies a signature. A signature of the metadata is not
looked at here.

The library's own parser is not used: it takes the first entity of an aggregate without asking, builds an XPath from
text, and offers a key marked for encryption as the signing key when there is no other. Source: SAML Metadata §2.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from lxml import etree

from sso_saml.certificates import (
    MAX_CERTIFICATES,
    CertificateError,
    CertificateProblem,
    SigningCertificate,
    parse_base64,
)
from sso_saml.names import BINDING_REDIRECT, NS_PROTOCOL, ds, md
from sso_saml.safe_xml import UnsafeXmlError, XmlLimits, parse

LIMITS = XmlLimits(max_bytes=2 * 1024 * 1024, max_elements=40000, max_attributes=80000)
_MAX_ENTITY_ID = 1024  # characters, SAML Core §8.3.6
_MAX_URL = 2000  # characters
_MAX_CHOICES = 50


class MetadataProblem(StrEnum):
    """What is wrong with a metadata document."""

    TOO_LARGE = "metadata.too_large"
    UNSAFE_XML = "metadata.unsafe_xml"
    NO_IDENTITY_PROVIDER = "metadata.no_identity_provider"
    SEVERAL_ENTITIES = "metadata.several_entities"
    UNKNOWN_ENTITY = "metadata.unknown_entity"
    NO_SIGN_ON_URL = "metadata.no_sign_on_url"
    BAD_URL = "metadata.bad_url"
    NO_SIGNING_CERTIFICATE = "metadata.no_signing_certificate"


class MetadataError(Exception):
    """The document cannot be used. ``entity_ids`` are the choices when an aggregate must be asked for one."""

    def __init__(self, code: MetadataProblem, detail: str = "", entity_ids: Iterable[str] = ()) -> None:
        self.code = code
        self.detail = detail
        self.entity_ids = tuple(entity_ids)
        super().__init__(code.value)


@dataclass(frozen=True, slots=True)
class IdpDescription:
    """One identity provider, as its metadata describes it. URLs are for the redirect binding."""

    entity_id: str
    sso_url: str
    slo_url: str | None
    certificates: tuple[SigningCertificate, ...]


def looks_like_metadata(data: bytes) -> bool:
    """True when an upload is XML rather than a certificate."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def parse_idp_metadata(data: bytes, entity_id: str | None = None) -> IdpDescription:
    """Read one identity provider; ``entity_id`` chooses it in an aggregate.

    Raises ``MetadataError``, or ``CertificateError`` for a signing certificate that cannot be used.
    """
    try:
        root = parse(data.lstrip(), LIMITS)
    except UnsafeXmlError as error:
        too_large = error.fault.value == "too_large"
        code = MetadataProblem.TOO_LARGE if too_large else MetadataProblem.UNSAFE_XML
        raise MetadataError(code, f"{error.fault.value} {error.detail}".strip()) from None
    entity, role = _choose(_identity_providers(root), entity_id)
    sso_url = _redirect_url(role, "SingleSignOnService")
    if sso_url is None:
        raise MetadataError(MetadataProblem.NO_SIGN_ON_URL, "no SingleSignOnService for HTTP-Redirect")
    return IdpDescription(
        entity_id=entity,
        sso_url=sso_url,
        slo_url=_redirect_url(role, "SingleLogoutService"),
        certificates=_signing_certificates(role),
    )


def _identity_providers(root: etree._Element) -> dict[str, etree._Element]:
    """Entity ID to its IDPSSODescriptor, for every entity that is a SAML 2.0 identity provider."""
    found: dict[str, etree._Element] = {}
    if root.tag not in (md("EntityDescriptor"), md("EntitiesDescriptor")):
        raise MetadataError(MetadataProblem.NO_IDENTITY_PROVIDER, "not SAML metadata")
    for entity in root.iter(md("EntityDescriptor")):
        for role in entity.iterfind(md("IDPSSODescriptor")):
            entity_id = entity.get("entityID") or ""
            if NS_PROTOCOL not in (role.get("protocolSupportEnumeration") or "").split():
                continue
            if not entity_id or len(entity_id) > _MAX_ENTITY_ID or entity_id in found:
                raise MetadataError(
                    MetadataProblem.NO_IDENTITY_PROVIDER, "an entityID is missing or repeated"
                )
            found[entity_id] = role
    return found


def _choose(found: dict[str, etree._Element], wanted: str | None) -> tuple[str, etree._Element]:
    if not found:
        raise MetadataError(MetadataProblem.NO_IDENTITY_PROVIDER, "no IDPSSODescriptor for SAML 2.0")
    if wanted is None and len(found) > 1:
        choices = sorted(found)[:_MAX_CHOICES]
        raise MetadataError(MetadataProblem.SEVERAL_ENTITIES, f"{len(found)} identity providers", choices)
    entity_id = next(iter(found)) if wanted is None else wanted
    if entity_id not in found:
        raise MetadataError(MetadataProblem.UNKNOWN_ENTITY)
    return entity_id, found[entity_id]


def _redirect_url(role: etree._Element, service: str) -> str | None:
    for endpoint in role.iterfind(md(service)):
        if endpoint.get("Binding") == BINDING_REDIRECT:
            url = (endpoint.get("Location") or "").strip()
            _check_url(url, service)
            return url
    return None


def _check_url(url: str, service: str) -> None:
    # Whether plain http is allowed is the deployment's decision (V-23), not the parser's.
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("https", "http") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        usable = False
    if not usable or "#" in url or len(url) > _MAX_URL or not url.isprintable() or " " in url:
        raise MetadataError(MetadataProblem.BAD_URL, service)


def _signing_certificates(role: etree._Element) -> tuple[SigningCertificate, ...]:
    found: dict[str, SigningCertificate] = {}
    for descriptor in role.iterfind(md("KeyDescriptor")):
        if descriptor.get("use") not in (None, "signing"):
            continue
        for element in descriptor.iterfind(f"{ds('KeyInfo')}/{ds('X509Data')}/{ds('X509Certificate')}"):
            certificate = parse_base64(element.text or "")
            found[certificate.fingerprint] = certificate
    if not found:
        raise MetadataError(MetadataProblem.NO_SIGNING_CERTIFICATE)
    if len(found) > MAX_CERTIFICATES:
        raise CertificateError(CertificateProblem.TOO_MANY, f"more than {MAX_CERTIFICATES} certificates")
    return tuple(found.values())
