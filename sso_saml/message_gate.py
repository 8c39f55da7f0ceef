"""The structural gate for LogoutRequest and LogoutResponse: what ``gate`` is for responses, for whole messages.

A message arrives by POST, where it carries its own enveloped signature, or by redirect, where the signature stands in
the query and the XML has none. Both ways end in a small, plain document with unique IDs and nothing smuggled into it.
It is not verified: nothing in it may be believed.

Limits: 64 KB (65,536 bytes) as sent and as decoded; what was deflated is inflated no further than that. Rows S-7, S-8.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import StrEnum

from lxml import etree

from sso_saml.errors import RefusalCode, SamlRefusal, only_refusals, quoted
from sso_saml.gate import XML_ID, check_ids, check_nothing_smuggled, decode_base64
from sso_saml.names import ds, samlp
from sso_saml.safe_xml import UnsafeXmlError, XmlLimits, parse
from sso_saml.signature_shape import SignatureShape, check_signature

MAX_BYTES = 64 * 1024
LIMITS = XmlLimits(max_bytes=MAX_BYTES, max_depth=16, max_elements=400, max_attributes=1000)


class Kind(StrEnum):
    """The messages of single logout, by their element's name (SAML Core §3.7)."""

    REQUEST = "LogoutRequest"
    RESPONSE = "LogoutResponse"

    @property
    def parameter(self) -> str:
        """The form field or query parameter that carries it."""
        return "SAMLRequest" if self is Kind.REQUEST else "SAMLResponse"


@dataclass(frozen=True, slots=True, eq=False)
class CheckedMessage:
    """A message of the accepted structure; unverified. By redirect ``signature`` is ``None``, by POST it is there."""

    root: etree._Element
    signature: SignatureShape | None


@only_refusals
def check_posted(text: str, kind: Kind) -> CheckedMessage:
    """Check the base64 text of a form field. Raises ``SamlRefusal``."""
    checked = _check(decode_base64(text, MAX_BYTES), kind)
    if checked.signature is None:
        raise SamlRefusal(RefusalCode.SIGNATURE_MISSING, f"the {kind.value} is not signed")
    return checked


@only_refusals
def check_redirected(text: str, kind: Kind) -> CheckedMessage:
    """Check the base64 text of a query parameter, deflated (Bindings §3.4.4.1). Raises ``SamlRefusal``.

    Its signature is the query's (``query_signature``); the binding takes an XML signature out.
    """
    checked = _check(inflate(decode_base64(text, MAX_BYTES)), kind)
    if checked.signature is not None:
        raise SamlRefusal(RefusalCode.SIGNATURE_PLACE, "an XML signature inside a deflated message")
    return checked


def inflate(compressed: bytes) -> bytes:
    """Undo raw DEFLATE; never makes more than the limit and one byte, whatever the input promises."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        document = inflater.decompress(compressed, MAX_BYTES + 1)
    except zlib.error:
        raise SamlRefusal(RefusalCode.NOT_DEFLATED) from None
    if len(document) > MAX_BYTES:
        raise SamlRefusal(RefusalCode.TOO_LARGE, f"more than {MAX_BYTES} bytes when inflated")
    if not inflater.eof or inflater.unused_data:
        raise SamlRefusal(RefusalCode.NOT_DEFLATED, "cut off, or something follows")
    return document


def _check(document: bytes, kind: Kind) -> CheckedMessage:
    try:
        root = parse(document, LIMITS)
    except UnsafeXmlError as error:
        raise SamlRefusal(RefusalCode(f"saml.{error.fault.value}"), error.detail) from None
    if root.tag != samlp(kind.value):
        raise SamlRefusal(RefusalCode.ROOT, f"a {kind.value} is expected, not {quoted(str(root.tag))}")
    check_ids(root)
    if not XML_ID.match(root.get("ID") or ""):
        raise SamlRefusal(RefusalCode.BAD_ID, f"the {kind.value} has no proper ID")
    if root.get("Version") != "2.0":
        raise SamlRefusal(RefusalCode.VERSION, f"Version is {quoted(root.get('Version'))}, not 2.0")
    check_nothing_smuggled(root)
    signatures = list(root.iter(ds("Signature")))
    if len(signatures) > 1 or any(signature.getparent() is not root for signature in signatures):
        raise SamlRefusal(RefusalCode.SIGNATURE_PLACE, "a Signature of something else than the message")
    shape = check_signature(signatures[0], root.get("ID") or "") if signatures else None
    return CheckedMessage(root, shape)
