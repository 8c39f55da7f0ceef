"""The one shape of XML signature that is accepted, checked before libxmlsec sees it.

libxmlsec runs the transforms and digests of a signature before it looks at any key, so a stranger's XSLT or a thousand
References cost seconds. And whatever a signature may point at besides its own parent is a way to sign one element and
have another one read (signature wrapping). So: a Signature is exactly SignedInfo, SignatureValue and perhaps KeyInfo;
its one Reference points at its parent; its transforms are enveloped-signature and then exclusive canonicalisation; its
algorithms are asymmetric and SHA-256 or better.

Exclusive canonicalisation is accepted with and without comments (SAML Core §5.4.4): there are no comments left in what
is verified (see ``safe_xml``), so both give the same bytes, and a comment truncates nothing.

KeyInfo may stand there, since most providers send one, and is never used: keys come from the configuration.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lxml import etree

from sso_saml.errors import RefusalCode, SamlRefusal, quoted
from sso_saml.names import NS_EXCLUSIVE_C14N, ds

_DSIG_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_DSIG_MORE_2007 = "http://www.w3.org/2007/05/xmldsig-more#"
SIGNATURE_METHODS = frozenset(
    {
        f"{_DSIG_MORE}{family}-{digest}"
        for family in ("rsa", "ecdsa")
        for digest in ("sha256", "sha384", "sha512")
    }
    | {f"{_DSIG_MORE_2007}{digest}-rsa-MGF1" for digest in ("sha256", "sha384", "sha512")}
)
DIGEST_METHODS: Mapping[str, str] = MappingProxyType(  # to hashlib's names
    {
        "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
        f"{_DSIG_MORE}sha384": "sha384",
        "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
    }
)
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
EXCLUSIVE_C14N = frozenset({NS_EXCLUSIVE_C14N, f"{NS_EXCLUSIVE_C14N}WithComments"})
_INCLUSIVE_NAMESPACES = f"{{{NS_EXCLUSIVE_C14N}}}InclusiveNamespaces"
_KEY_INFO_CHILDREN = frozenset({ds("X509Data"), ds("KeyName"), ds("KeyValue")})
# Every prefix of the list is looked up at every element.
MAX_PREFIXES = 12
_PREFIX = re.compile(r"(?:#default|[A-Za-z_][A-Za-z0-9._-]{0,63})\Z")


@dataclass(frozen=True, slots=True, eq=False)
class SignatureShape:
    """A Signature that has the accepted shape; nothing about its validity.

    ``digest_method`` is hashlib's name; ``inclusive_prefixes`` are those of the Reference's canonicalisation.
    """

    element: etree._Element
    digest_method: str
    digest_value: bytes
    inclusive_prefixes: tuple[str, ...]


def check_signature(signature: etree._Element, parent_id: str) -> SignatureShape:
    """Check the shape of ``signature``, whose parent element has the ID ``parent_id``. Raises ``SamlRefusal``."""
    children = _children(signature, {ds("SignedInfo"), ds("SignatureValue"), ds("KeyInfo")})
    tags = [child.tag for child in children]
    if tags[:2] != [ds("SignedInfo"), ds("SignatureValue")] or tags[2:] not in ([], [ds("KeyInfo")]):
        raise SamlRefusal(RefusalCode.SIGNATURE_SHAPE, "not SignedInfo, SignatureValue, KeyInfo")
    _no_children(children[1])
    if len(children) == 3:
        _check_key_info(children[2])
    digest_method, digest_value, prefixes = _check_reference(_only_reference(children[0]), parent_id)
    return SignatureShape(signature, digest_method, digest_value, prefixes)


def _only_reference(signed_info: etree._Element) -> etree._Element:
    children = _children(signed_info, {ds("CanonicalizationMethod"), ds("SignatureMethod"), ds("Reference")})
    references = [child for child in children if child.tag == ds("Reference")]
    if len(references) != 1:
        raise SamlRefusal(RefusalCode.REFERENCE_COUNT, f"{len(references)} References in one Signature")
    order = [ds("CanonicalizationMethod"), ds("SignatureMethod"), ds("Reference")]
    if [child.tag for child in children] != order:
        raise SamlRefusal(RefusalCode.SIGNATURE_SHAPE, "SignedInfo is not method, method, Reference")
    canonicalization, method, reference = children
    if canonicalization.get("Algorithm") not in EXCLUSIVE_C14N:
        raise _algorithm("CanonicalizationMethod", canonicalization)
    _inclusive_prefixes(canonicalization)
    if method.get("Algorithm") not in SIGNATURE_METHODS:
        raise _algorithm("SignatureMethod", method)
    _no_children(method)
    return reference


def _check_reference(reference: etree._Element, parent_id: str) -> tuple[str, bytes, tuple[str, ...]]:
    uri = reference.get("URI")
    if uri != f"#{parent_id}":
        raise SamlRefusal(RefusalCode.REFERENCE_URI, f"points at {quoted(uri)}, not at its own parent")
    children = _children(reference, {ds("Transforms"), ds("DigestMethod"), ds("DigestValue")})
    if [child.tag for child in children] != [ds("Transforms"), ds("DigestMethod"), ds("DigestValue")]:
        raise SamlRefusal(
            RefusalCode.SIGNATURE_SHAPE, "Reference is not Transforms, DigestMethod, DigestValue"
        )
    transforms, method, value = children
    prefixes = _check_transforms(transforms)
    digest_method = DIGEST_METHODS.get(method.get("Algorithm") or "")
    if digest_method is None:
        raise _algorithm("DigestMethod", method)
    _no_children(method)
    _no_children(value)
    return digest_method, _digest_value(value), prefixes


def _check_transforms(transforms: etree._Element) -> tuple[str, ...]:
    steps = list(transforms)
    algorithms = [step.get("Algorithm") for step in steps]
    if (
        any(step.tag != ds("Transform") for step in steps)
        or len(steps) != 2
        or algorithms[0] != ENVELOPED
        or algorithms[1] not in EXCLUSIVE_C14N
    ):
        sent = ", ".join(quoted(algorithm) for algorithm in algorithms[:3])
        raise SamlRefusal(
            RefusalCode.TRANSFORM, f"{len(steps)} transforms ({sent}), not enveloped and exclusive c14n"
        )
    if len(steps[0]):
        raise SamlRefusal(RefusalCode.TRANSFORM, "the enveloped-signature transform has content")
    return _inclusive_prefixes(steps[1])


def _inclusive_prefixes(canonicalization: etree._Element) -> tuple[str, ...]:
    children = list(canonicalization)
    if not children:
        return ()
    if len(children) > 1 or children[0].tag != _INCLUSIVE_NAMESPACES or len(children[0]):
        raise SamlRefusal(
            RefusalCode.TRANSFORM, "canonicalisation has content other than InclusiveNamespaces"
        )
    prefixes = tuple((children[0].get("PrefixList") or "").split())
    if len(prefixes) > MAX_PREFIXES or not all(_PREFIX.match(prefix) for prefix in prefixes):
        raise SamlRefusal(RefusalCode.TRANSFORM, "a PrefixList that is too long or malformed")
    return prefixes


def _check_key_info(key_info: etree._Element) -> None:
    for element in key_info:
        if element.tag not in _KEY_INFO_CHILDREN:
            raise SamlRefusal(RefusalCode.KEY_INFO, f"KeyInfo holds {quoted(str(element.tag))}")


def _digest_value(element: etree._Element) -> bytes:
    try:
        return base64.b64decode("".join((element.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        raise SamlRefusal(RefusalCode.SIGNATURE_SHAPE, "DigestValue is not base64") from None


def _children(element: etree._Element, known: set[str]) -> list[etree._Element]:
    children = list(element)
    for child in children:
        if child.tag not in known:
            raise SamlRefusal(RefusalCode.SIGNATURE_SHAPE, f"a Signature that holds {quoted(str(child.tag))}")
    return children


def _no_children(element: etree._Element) -> None:
    if len(element):
        raise SamlRefusal(RefusalCode.SIGNATURE_SHAPE, f"{etree.QName(element).localname} has content")


def _algorithm(where: str, element: etree._Element) -> SamlRefusal:
    return SamlRefusal(RefusalCode.ALGORITHM, f"{where} {quoted(element.get('Algorithm'))} is not allowed")
