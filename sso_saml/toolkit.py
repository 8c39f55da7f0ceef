"""From a SAMLResponse to a verified assertion: the only module that imports the SAML library (``onelogin``).

``validate_response`` is the whole way: the gate (``gate``), the signatures (libxmlsec through the library), the signed
bytes, the schema, then every check of ``assertion_checks``. A view that must first find the attempt calls
``gate.check_encoded``, ``gate.claimed_in_response_to`` and then ``validate_document``.

The order, when the assertion is encrypted: a signature of the Response is verified over the message as it arrived, and
what is decrypted is the EncryptedAssertion in those signed bytes; then the whole document, with the plain assertion in
place, passes the gate a second time (anyone can encrypt an attack to our public key); then the assertion's own
signature is verified. Without a signature of the Response, decryption comes first, so its failure must not be told from
a bad signature: a decoy goes the same way. An encrypted NameID or attribute is part of what was signed and is decrypted
last.

How wrapping is kept out, beyond the gate: the signed element is canonicalised here, its digest is compared with the one
in the signature, libxmlsec verifies the signature, and those very bytes are parsed again. What is read is what was
signed; the document that arrived is used further only for what an unsigned Response may say against itself.

The library is used for signatures and for its schemas. Its Response class is not: it compares URLs by prefix, skips
checks whose element is missing, decrypts in its constructor and raises outside its own error class.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from contextlib import suppress
from copy import deepcopy
from functools import cache
from pathlib import Path

import onelogin.saml2
from lxml import etree
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from sso_saml.assertion_checks import (
    SignedContent,
    acceptable_until,
    check_conditions,
    check_destination,
    check_in_response_to,
    check_issuers,
    check_subject_confirmation,
)
from sso_saml.assertion_content import (
    check_authentication,
    check_nothing_encrypted,
    read_attributes,
    read_authentication,
    read_name_id,
)
from sso_saml.decoy import DECOY
from sso_saml.decryption import Decryption, Undecryptable, decrypt_parts
from sso_saml.errors import RefusalCode, SamlRefusal, StatusRefusal, only_refusals
from sso_saml.gate import LIMITS, CheckedResponse, check_decrypted, check_encoded
from sso_saml.gate import claimed_in_response_to as response_in_response_to
from sso_saml.key_order import fitting
from sso_saml.messages import Expected, SamlConfig, VerifiedAssertion
from sso_saml.names import saml
from sso_saml.safe_xml import UnsafeXmlError, parse_canonical
from sso_saml.signature_shape import SignatureShape

__all__ = [
    "Expected",
    "SamlConfig",
    "VerifiedAssertion",
    "check_schema",
    "response_in_response_to",
    "validate_document",
    "validate_response",
    "verified_root",
]

# Canonical form writes namespaces where they are used and so is longer than what arrived.
_MAX_CANONICAL_BYTES = 4 * 1024 * 1024
_RESPONSE_SIGNATURE = OneLogin_Saml2_Utils.RESPONSE_SIGNATURE_XPATH
_ASSERTION_SIGNATURE = OneLogin_Saml2_Utils.ASSERTION_SIGNATURE_XPATH


@only_refusals
def validate_response(config: SamlConfig, saml_response_b64: str, expected: Expected) -> VerifiedAssertion:
    """Verify the base64 text of a SAMLResponse form field. Raises ``SamlRefusal`` and nothing else."""
    return _validate(config, check_encoded(saml_response_b64), expected)


@only_refusals
def validate_document(config: SamlConfig, document: CheckedResponse, expected: Expected) -> VerifiedAssertion:
    """Verify a response that passed the gate. Raises ``SamlRefusal`` and nothing else.

    ``document`` is not changed. Replay (``assertion_id`` until ``not_on_or_after``) is the caller's to check.
    """
    return _validate(config, document, expected)


def _validate(config: SamlConfig, document: CheckedResponse, expected: Expected) -> VerifiedAssertion:
    if not document.is_success:
        raise StatusRefusal(document.status_codes, document.status_message)
    content = _verified_content(config, document)
    assertion = content.assertion
    decrypt_parts(assertion, _decryption(config))
    check_nothing_encrypted(assertion)
    issuer = check_issuers(content, config)
    check_destination(content, expected)
    in_response_to = check_in_response_to(content, expected)
    conditions_until = check_conditions(assertion, config, expected)
    confirmed_until = check_subject_confirmation(assertion, expected)
    authentication = read_authentication(assertion, expected.now)
    check_authentication(authentication, expected)
    name_id = read_name_id(assertion)
    return VerifiedAssertion(
        issuer=issuer,
        assertion_id=assertion.get("ID") or "",
        response_id=content.response.get("ID") or "",
        in_response_to=in_response_to,
        name_id=name_id.value if name_id else None,
        name_id_format=name_id.format if name_id else None,
        attributes=read_attributes(assertion),
        session_index=authentication.session_index,
        session_not_on_or_after=authentication.session_not_on_or_after,
        authn_instant=authentication.instant,
        authn_context=authentication.context,
        not_on_or_after=acceptable_until(confirmed_until, conditions_until, expected),
        name_qualifier=name_id.qualifier if name_id else None,
        sp_name_qualifier=name_id.sp_qualifier if name_id else None,
    )


def _verified_content(config: SamlConfig, document: CheckedResponse) -> SignedContent:
    """Verify every signature there is, and give the signed elements, parsed anew from the signed bytes.

    The Response's signature covers the assertion as well; without it, the assertion must have its own.
    """
    if config.require_encryption and document.encrypted_assertion is None:
        raise SamlRefusal(RefusalCode.NOT_ENCRYPTED, "this provider's assertions must be encrypted")
    response, outer = document.root, document.response_signature
    if outer is not None:
        response = _parsed(_signed_bytes(response, outer, config.certificates, _RESPONSE_SIGNATURE))
    if document.encrypted_assertion is not None:
        document = _decrypted(config, response)
        response = document.root
    plain, inner = document.assertion, document.assertion_signature
    signed_bytes = None
    if plain is not None and inner is not None:
        signed_bytes = _signed_bytes(plain, inner, config.certificates, _ASSERTION_SIGNATURE)
    if outer is not None:
        assertion = response.find(saml("Assertion"))
    elif signed_bytes is not None:
        assertion = _parsed(signed_bytes)
    else:
        raise SamlRefusal(RefusalCode.SIGNATURE_MISSING, "neither the Response nor the assertion is signed")
    if assertion is None:
        raise SamlRefusal(RefusalCode.SIGNATURE_INVALID, "the signed Response holds no assertion")
    # What arrived, not its canonical form: exclusive c14n drops the prefix that xsi:type="xs:string" needs.
    check_schema(document.root)
    return SignedContent(response, response_is_signed=outer is not None, assertion=assertion)


def _decrypted(config: SamlConfig, response: etree._Element) -> CheckedResponse:
    """``response`` with the plain assertion in the place of the encrypted one, after its second gate."""
    copied = deepcopy(response)
    encrypted = copied.find(saml("EncryptedAssertion"))
    if encrypted is None:
        raise SamlRefusal(RefusalCode.SIGNATURE_INVALID, "the signed Response holds no assertion")
    try:
        plain = _decryption(config).element_in(encrypted, saml("Assertion"))
    except Undecryptable:
        _fail_slowly(config)
        raise
    return check_decrypted(_in_the_place_of(encrypted, plain))


def _in_the_place_of(encrypted: etree._Element, plain: etree._Element) -> bytes:
    """The document of ``encrypted`` with the text of ``plain`` there instead.

    As text, because lxml renames the prefixes of an element that moves to where its namespaces have others, and
    prefixes are signed. ``encrypted`` is changed.
    """
    mark = secrets.token_hex(16)
    tail = encrypted.tail
    encrypted.clear()
    encrypted.tag, encrypted.text, encrypted.tail = f"x{mark}", mark, tail
    document = etree.tostring(encrypted.getroottree())
    before, _, rest = document.partition(b"<x%b" % mark.encode())
    _, _, after = rest.partition(b"</x%b>" % mark.encode())
    return before + etree.tostring(plain) + after


def _decryption(config: SamlConfig) -> Decryption:
    return Decryption(
        private_keys=config.sp_private_keys,
        recipient=config.sp_entity_id,
        allow_rsa_1_5=config.allow_rsa_1_5,
        limits=LIMITS,
    )


def _fail_slowly(config: SamlConfig) -> None:
    """Spend what a response whose assertion was changed costs from here on."""
    with suppress(SamlRefusal):
        decoy = check_decrypted(DECOY)
        if decoy.assertion is not None and decoy.assertion_signature is not None:
            _signed_bytes(
                decoy.assertion, decoy.assertion_signature, config.certificates, _ASSERTION_SIGNATURE
            )


@only_refusals
def verified_root(
    root: etree._Element,
    signature: SignatureShape,
    certificates: tuple[str, ...],
    max_bytes: int = _MAX_CANONICAL_BYTES,
) -> etree._Element:
    """Verify the enveloped signature of a whole message; give the message parsed anew from the signed bytes.

    For messages of single logout and for metadata; ``root`` passed a gate of theirs. Raises ``SamlRefusal`` and nothing
    else.
    """
    return _parsed(_signed_bytes(root, signature, certificates, "/*/ds:Signature"), max_bytes)


@only_refusals
def check_schema(root: etree._Element) -> None:
    """Refuse a message that does not follow SAML's protocol schema. ``root`` is what arrived."""
    if not _schema().validate(root):
        raise SamlRefusal(RefusalCode.SCHEMA, "the message does not follow SAML's schema")


def _signed_bytes(
    element: etree._Element, shape: SignatureShape, certificates: tuple[str, ...], signature_path: str
) -> bytes:
    """The bytes of ``element``, without its signature, that a configured certificate vouches for.

    Their digest is compared before libxmlsec does so again, because that fails at once and for any number of
    certificates. KeyInfo is not consulted, because the key is set beforehand. The library answers False for every
    failure and keeps libxmlsec's error output off.
    """
    if not certificates:
        raise SamlRefusal(RefusalCode.SIGNATURE_INVALID, "no certificate is configured")
    signed_bytes = _canonical_without_signature(element, shape)
    digest = hashlib.new(shape.digest_method, signed_bytes).digest()
    if not hmac.compare_digest(digest, shape.digest_value):
        raise SamlRefusal(RefusalCode.SIGNATURE_INVALID, "the content is not what was signed")
    ours = fitting(certificates, shape.element)
    root = element.getroottree().getroot()
    if (
        not ours
        or OneLogin_Saml2_Utils.validate_sign(root, xpath=signature_path, multicerts=list(ours)) is not True
    ):
        raise SamlRefusal(RefusalCode.SIGNATURE_INVALID, "no configured certificate fits the signature")
    return signed_bytes


def _parsed(signed_bytes: bytes, max_bytes: int = _MAX_CANONICAL_BYTES) -> etree._Element:
    try:
        return parse_canonical(signed_bytes, max_bytes)
    except UnsafeXmlError as error:
        raise SamlRefusal(RefusalCode(f"saml.{error.fault.value}"), "in canonical form") from None


def _canonical_without_signature(element: etree._Element, shape: SignatureShape) -> bytes:
    # On a copy of the whole document: a copied subtree would lose the namespaces declared above it.
    root = element.getroottree().getroot()
    copied = deepcopy(root)
    if element is not root:
        copied = copied[root.index(element)]
    _remove_keeping_tail(copied[element.index(shape.element)])
    try:
        # "#default" in a PrefixList is not understood by lxml; where it matters, the digest differs and we refuse.
        return etree.tostring(
            copied,
            method="c14n",
            exclusive=True,
            with_comments=False,
            inclusive_ns_prefixes=list(shape.inclusive_prefixes),
        )
    except (
        etree.C14NError
    ):  # a namespace that is a relative URI (Canonical XML §1.3): nobody can have signed it
        raise SamlRefusal(RefusalCode.SIGNATURE_INVALID, "it has no canonical form") from None


def _remove_keeping_tail(element: etree._Element) -> None:
    # The text after the signature is signed content; lxml would take it along.
    parent, before, tail = element.getparent(), element.getprevious(), element.tail or ""
    if parent is None:
        raise SamlRefusal(RefusalCode.SIGNATURE_INVALID, "the signature stands alone")
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(element)


@cache
def _schema() -> etree.XMLSchema:
    """SAML's protocol schema, which brings those of assertions and signatures; read once per process."""
    folder = Path(onelogin.saml2.__file__).parent / "schemas"
    return etree.XMLSchema(etree.parse(str(folder / "saml-schema-protocol-2.0.xsd")))
