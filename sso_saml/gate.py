"""The structural gate: what a SAML response must look like before any library is let near it.

``check_encoded`` takes the ``SAMLResponse`` form field, ``check_decrypted`` a document whose EncryptedAssertion has
been replaced by its plain text (anyone can encrypt an attack to our public key: the inside takes the same gate).
Both answer with a ``CheckedResponse``: a document that is small, plain XML, has unique IDs, one assertion as a direct
child, and signatures only where and as ``signature_shape`` allows. It is not verified: nothing in it may be believed.

An answer that reports an error has no assertion; it passes the gate, so that the caller can find out which attempt it
belongs to and show the reason, and ``status_codes`` tells it apart.

Limits: 256 KB (262,144 bytes) both as sent and as decoded. Rows S-8; V-19 for ``claimed_in_response_to``.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from sso_saml.errors import RefusalCode, SamlRefusal, only_refusals, quoted
from sso_saml.names import STATUS_SUCCESS, ds, saml, samlp, xenc
from sso_saml.safe_xml import UnsafeXmlError, XmlLimits, parse
from sso_saml.signature_shape import SignatureShape, check_signature

MAX_BYTES = 256 * 1024
LIMITS = XmlLimits(max_bytes=MAX_BYTES)

_RESPONSE = samlp("Response")
_ASSERTIONS = frozenset({saml("Assertion"), saml("EncryptedAssertion")})
_SIGNATURE = ds("Signature")
_RETRIEVAL_METHOD = ds("RetrievalMethod")
# Ways to sign, or to decrypt, something that is not where it seems to be. No sign-in needs them.
_NEVER = frozenset(
    {
        ds("Object"),
        ds("Manifest"),
        ds("SignatureProperties"),
        xenc("CipherReference"),
        xenc("AgreementMethod"),
        "{http://www.w3.org/2009/xmldsig11#}KeyInfoReference",
    }
)
# NCName in ASCII. The tight form also keeps "#" + ID from being anything but a plain reference (no xpointer).
XML_ID = re.compile(r"[A-Za-z_][A-Za-z0-9._-]{0,255}\Z")


@dataclass(frozen=True, slots=True, eq=False)
class CheckedResponse:
    """A response of the accepted structure; unverified.

    Of ``assertion`` and ``encrypted_assertion`` one is set, or none when ``status_codes`` (outermost first) reports an
    error. The signatures belong to the Response and to the plain assertion.
    """

    root: etree._Element
    assertion: etree._Element | None
    encrypted_assertion: etree._Element | None
    response_signature: SignatureShape | None
    assertion_signature: SignatureShape | None
    status_codes: tuple[str, ...]
    status_message: str

    @property
    def holds_ciphertext(self) -> bool:
        """True when anything in it is encrypted, so that our keys will be needed."""
        return next(self.root.iter(xenc("EncryptedData")), None) is not None

    @property
    def is_success(self) -> bool:
        """True when the provider says that the sign-in succeeded."""
        return self.status_codes[:1] == (STATUS_SUCCESS,)


@only_refusals
def check_encoded(saml_response: str) -> CheckedResponse:
    """Check the base64 text of a ``SAMLResponse`` form field. Raises ``SamlRefusal``.

    Strict base64; CR and LF may stand anywhere, since providers wrap lines (RFC 2045 §6.8), other characters may not.
    """
    return _check_document(decode_base64(saml_response, MAX_BYTES))


def decode_base64(text: str, limit: int) -> bytes:
    """The bytes of a form field that holds at most ``limit`` characters of strict base64, perhaps in lines."""
    if len(text) > limit:
        raise SamlRefusal(RefusalCode.TOO_LARGE, f"more than {limit} characters of base64")
    unwrapped = text.replace("\r", "").replace("\n", "")
    try:
        document = base64.b64decode(unwrapped, validate=True)
    except (binascii.Error, ValueError):
        raise SamlRefusal(RefusalCode.NOT_BASE64) from None
    # Also refuses stray bits in the last character: one message has one encoding.
    if not document or base64.b64encode(document) != unwrapped.encode("ascii"):
        raise SamlRefusal(RefusalCode.NOT_BASE64)
    return document


@only_refusals
def check_decrypted(document: bytes) -> CheckedResponse:
    """Check a response in which decryption put the plain assertion in place. Raises ``SamlRefusal``.

    ``document`` is the serialised tree, so that the decrypted part is parsed again under the same limits. Its only
    assertion must be plain now.
    """
    checked = _check_document(document)
    if checked.encrypted_assertion is not None:
        raise SamlRefusal(RefusalCode.ENCRYPTED, "still encrypted after decryption")
    return checked


def claimed_in_response_to(checked: CheckedResponse) -> str | None:
    """The request that an unverified response claims to answer: for finding the attempt, never for trusting it.

    Read from the Response, else from the assertion's first SubjectConfirmationData that names one.
    """
    claimed = checked.root.get("InResponseTo")
    if claimed is None and checked.assertion is not None:
        for data in checked.assertion.iter(saml("SubjectConfirmationData")):
            if (claimed := data.get("InResponseTo")) is not None:
                break
    return claimed


def _check_document(document: bytes) -> CheckedResponse:
    try:
        root = parse(document, LIMITS)
    except UnsafeXmlError as error:
        raise SamlRefusal(RefusalCode(f"saml.{error.fault.value}"), error.detail) from None
    if root.tag != _RESPONSE:
        raise SamlRefusal(RefusalCode.ROOT, f"a SAML response is expected, not {quoted(str(root.tag))}")
    check_ids(root)
    codes, message = _status(root)
    assertion = _only_assertion(root, may_be_absent=codes[:1] != (STATUS_SUCCESS,))
    plain = assertion if assertion is not None and assertion.tag == saml("Assertion") else None
    for element in (root, plain):
        if element is not None and element.get("Version") != "2.0":
            raise SamlRefusal(RefusalCode.VERSION, f"Version is {quoted(element.get('Version'))}, not 2.0")
    check_nothing_smuggled(root)
    signatures = _signatures(root, plain)
    return CheckedResponse(
        root=root,
        assertion=plain,
        encrypted_assertion=assertion if plain is None else None,
        response_signature=signatures.get(root),
        assertion_signature=None if plain is None else signatures.get(plain),
        status_codes=codes,
        status_message=message,
    )


def check_ids(root: etree._Element) -> None:
    """Refuse a document in which two elements can be meant by one "#…"."""
    seen: set[str] = set()
    for element in _elements(root):
        for key, value in element.items():
            name = str(key)
            # ID (SAML), Id (XML Signature and Encryption), id, xml:id: whatever some reader may resolve "#…" by.
            if name[-2:].lower() != "id" or name.rpartition("}")[2].lower() != "id":
                continue
            if value in seen:
                raise SamlRefusal(RefusalCode.DUPLICATE_ID, f"ID {quoted(value)} is used twice")
            seen.add(str(value))


def _only_assertion(root: etree._Element, *, may_be_absent: bool) -> etree._Element | None:
    found = list(root.iter(*_ASSERTIONS))
    if len(found) > 1 or (not found and not may_be_absent):
        raise SamlRefusal(RefusalCode.ASSERTION_COUNT, f"{len(found)} assertions, exactly one is expected")
    if found and found[0].getparent() is not root:
        raise SamlRefusal(RefusalCode.ASSERTION_PLACE, "the assertion is not a direct child of the Response")
    if len(list(root.iter(_RESPONSE))) > 1:
        raise SamlRefusal(RefusalCode.ASSERTION_PLACE, "a Response inside the Response")
    for element in (root, *found):
        if element.tag != saml("EncryptedAssertion") and not XML_ID.match(element.get("ID") or ""):
            raise SamlRefusal(RefusalCode.BAD_ID, f"{etree.QName(element).localname} has no proper ID")
    return found[0] if found else None


def check_nothing_smuggled(root: etree._Element) -> None:
    """Refuse elements that sign or decrypt something elsewhere."""
    for element in root.iter(*_NEVER, _RETRIEVAL_METHOD):
        if element.tag in _NEVER:
            raise SamlRefusal(RefusalCode.SIGNATURE_SHAPE, f"{quoted(element.tag)} is never allowed")
        # Older providers point from EncryptedData to the key beside it; that, and nothing else.
        uri = element.get("URI") or ""
        signing = next(element.iterancestors(_SIGNATURE), None)
        if signing is not None or len(element) or not (uri.startswith("#") and XML_ID.match(uri[1:])):
            raise SamlRefusal(RefusalCode.KEY_INFO, "RetrievalMethod")


def _signatures(
    root: etree._Element, assertion: etree._Element | None
) -> dict[etree._Element, SignatureShape]:
    shapes: dict[etree._Element, SignatureShape] = {}
    for signature in root.iter(_SIGNATURE):
        parent = signature.getparent()
        if parent is None or (parent is not root and parent is not assertion):
            raise SamlRefusal(
                RefusalCode.SIGNATURE_PLACE, "a Signature of something else than Response or Assertion"
            )
        if parent in shapes:
            raise SamlRefusal(RefusalCode.SIGNATURE_PLACE, "two Signatures of one element")
        shapes[parent] = check_signature(signature, parent.get("ID") or "")
    return shapes


def _status(root: etree._Element) -> tuple[tuple[str, ...], str]:
    statuses = root.findall(samlp("Status"))
    if len(statuses) != 1:
        return (), ""
    codes: list[str] = []
    code = statuses[0].find(samlp("StatusCode"))
    while code is not None:
        codes.append(code.get("Value") or "")
        code = code.find(samlp("StatusCode"))
    return tuple(codes), statuses[0].findtext(samlp("StatusMessage")) or ""


def _elements(root: etree._Element) -> Iterator[etree._Element]:
    return root.iter(etree.Element)
