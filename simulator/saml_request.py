"""Reads and judges SAML authentication requests, as strictly as Entra or more so.

Refused are: bad base64 or deflate, DTDs and entities, anything but an AuthnRequest 2.0, an unknown Issuer, an
AssertionConsumerServiceURL that is not registered character by character, a Destination that is not ours, an
old IssueInstant, a response binding other than POST, NameID formats that cannot be issued, and (Entra) a
Subject. Entra itself ignores Destination and IssueInstant; other vendors do not, so a product must get both
right. A signature on the request is ``saml_sp_keys``' business.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
import zlib
from dataclasses import dataclass

from lxml import etree

from simulator.config import NAME_ID_FORMATS, ServiceProvider, Vendor
from simulator.errors import Refused
from simulator.site import Site

SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
HTTP_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
MAX_XML = 64 * 1024
MAX_AGE = dt.timedelta(minutes=10)
MAX_SKEW = dt.timedelta(minutes=5)
# The page stands for a sign-in by password.
AUTHN_CONTEXTS = {
    f"urn:oasis:names:tc:SAML:2.0:ac:classes:{name}"
    for name in ("Password", "PasswordProtectedTransport", "Unspecified")
}
_NCNAME = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class AuthnRequest:
    """An accepted request. ``name_id_format`` is None when the request leaves it to the identity provider."""

    id: str
    service_provider: ServiceProvider
    acs_url: str
    name_id_format: str | None = None
    sp_name_qualifier: str | None = None
    login_hint: str | None = None
    is_passive: bool = False


def decode_message(value: str | None, binding: str) -> bytes:
    """The XML of a SAMLRequest parameter. ``binding``: ``redirect`` (deflated) or ``post``."""
    if not value:
        raise Refused("AADSTS750054", "SAMLRequest must be present as a parameter of the request.")
    try:
        raw = base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("AADSTS75005", "SAMLRequest is not base64.") from error
    if binding == "redirect":
        raw = _inflate(raw)
    if len(raw) > MAX_XML:
        raise Refused("AADSTS90015", "SAMLRequest is too large.")
    return raw


def parse_authn_request(site: Site, xml: bytes, *, now: dt.datetime | None) -> AuthnRequest:
    """Judge a request. ``now`` None skips the age: the person may take their time on the page."""
    root = _parse_xml(xml)
    if root.tag != f"{{{SAMLP}}}AuthnRequest" or root.get("Version") != "2.0":
        raise Refused("AADSTS75005", "The message is not a SAML 2.0 AuthnRequest.")
    request_id = root.get("ID") or ""
    if not _NCNAME.fullmatch(request_id):
        raise Refused(
            "AADSTS75005",
            "The request's ID is missing or not a valid XML ID (it may not begin with a digit).",
        )
    provider = _service_provider(site, root)
    _check_destination(site, root)
    if now is not None:
        _check_age(root, now)
    _check_authn_context(site, root)
    name_id_format, qualifier = _name_id_policy(root)
    return AuthnRequest(
        id=request_id,
        service_provider=provider,
        acs_url=_acs_url(provider, root),
        name_id_format=name_id_format,
        sp_name_qualifier=qualifier,
        login_hint=_subject(site, root),
        is_passive=_is_true(root.get("IsPassive")),
    )


def find_service_provider(site: Site, entity_id: str | None) -> ServiceProvider:
    """The registered application. Raises AADSTS700016."""
    for provider in site.directory.saml.service_providers:
        if provider.entity_id == entity_id:
            return provider
    raise Refused(
        "AADSTS700016",
        f"The application '{entity_id or ''}' was not found in the directory '{site.directory.name}'.",
    )


def _inflate(raw: bytes) -> bytes:
    inflater = zlib.decompressobj(-15)
    try:
        xml = inflater.decompress(raw, MAX_XML + 1)
    except zlib.error as error:
        raise Refused(
            "AADSTS75005", "SAMLRequest is not deflated as the Redirect binding wants it."
        ) from error
    if len(xml) > MAX_XML:
        raise Refused("AADSTS90015", "SAMLRequest is too large.")
    if not inflater.eof:
        raise Refused("AADSTS75005", "SAMLRequest is cut off.")
    return xml


def _parse_xml(xml: bytes) -> etree._Element:
    try:
        text = xml.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused("AADSTS90107", "The request is not UTF-8.") from error
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Refused("AADSTS90107", "The request holds a document type declaration, which is not allowed.")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, encoding="utf-8")
    try:
        return etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        raise Refused("AADSTS90107", "The request is not well-formed XML.") from error


def _service_provider(site: Site, root: etree._Element) -> ServiceProvider:
    issuers = root.findall(f"{{{SAML}}}Issuer")
    if len(issuers) != 1:
        raise Refused("AADSTS75005", "The request must have exactly one Issuer.")
    return find_service_provider(site, issuers[0].text)


def _acs_url(provider: ServiceProvider, root: etree._Element) -> str:
    if root.get("ProtocolBinding") not in {None, HTTP_POST}:
        raise Refused("AADSTS75003", "Responses are sent by HTTP-POST only.")
    url = root.get("AssertionConsumerServiceURL")
    if url is None:
        return provider.acs_urls[0]
    if url not in provider.acs_urls:
        raise Refused(
            "AADSTS50011",
            f"The reply URL '{url}' is not registered for the application '{provider.entity_id}'.",
        )
    return url


def _check_destination(site: Site, root: etree._Element) -> None:
    destination = root.get("Destination")
    if destination is not None and destination != site.urls.saml_sso:
        raise Refused(
            "AADSTS75008", f"The request's Destination '{destination}' is not '{site.urls.saml_sso}'."
        )


def _check_age(root: etree._Element, now: dt.datetime) -> None:
    try:
        issued = dt.datetime.fromisoformat(root.get("IssueInstant") or "")
    except ValueError as error:
        raise Refused("AADSTS75005", "IssueInstant is missing or not a date and time.") from error
    if issued.tzinfo is None:
        raise Refused("AADSTS75005", "IssueInstant must be in UTC and say so.")
    if not now - MAX_AGE <= issued <= now + MAX_SKEW:
        raise Refused("AADSTS76026", "The request is expired or from the future (IssueInstant).")


def _check_authn_context(site: Site, root: etree._Element) -> None:
    wanted = root.find(f"{{{SAMLP}}}RequestedAuthnContext")
    if wanted is None:
        return
    classes = {element.text for element in wanted.findall(f"{{{SAML}}}AuthnContextClassRef")}
    exact = wanted.get("Comparison", "exact") == "exact"
    if not classes & AUTHN_CONTEXTS or (site.directory.vendor is Vendor.ENTRA and not exact):
        raise Refused("AADSTS75011", "The requested authentication context cannot be met; leave it out.")


def _name_id_policy(root: etree._Element) -> tuple[str | None, str | None]:
    policy = root.find(f"{{{SAMLP}}}NameIDPolicy")
    if policy is None:
        return None, None
    uri = policy.get("Format")
    name = next((name for name, known in NAME_ID_FORMATS.items() if known == uri), None)
    if uri is not None and name is None:
        raise Refused("AADSTS75016", f"The NameIDPolicy's Format '{uri}' is not supported.")
    return (None if name == "unspecified" else name), policy.get("SPNameQualifier")


def _subject(site: Site, root: etree._Element) -> str | None:
    subject = root.find(f"{{{SAML}}}Subject")
    if subject is None:
        return None
    accepted = site.directory.saml.accept_subject
    if not (site.directory.vendor is not Vendor.ENTRA if accepted is None else accepted):
        raise Refused(
            "AADSTS900236", "'Subject' is not supported in a request; send login_hint beside SAMLRequest."
        )
    return subject.findtext(f"{{{SAML}}}NameID")


def _is_true(value: str | None) -> bool:
    return value in {"true", "1"}
