"""Builds SAML responses, honest and forged, without the library under test.

XML by lxml, canonical form by lxml, signatures by ``cryptography``. A ``Recipe`` says what the response holds and a
``Seal`` how an element is signed; every field is a knob whose default is right, so a forgery is the honest recipe with
one field replaced, and its twin is the recipe without that. For what no knob reaches, a recipe has hooks: on the tree
before signing, before encryption and after it all, on the bytes, and on their base64 text.

A recipe is written once and used for many sign-ins: what it says of ``REQUEST_ID`` and other stand-ins becomes, in
``answering``, the ID of a request that was really made, before anything is signed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree

from sso_saml.messages import Expected, SamlConfig
from tests.sso_saml.encryption import Encryption

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XS = "http://www.w3.org/2001/XMLSchema"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = f"{DS}enveloped-signature"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
RSA_SHA256 = f"{MORE}rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"

IDP = "https://idp.acme.example/saml"
SP = "http://localhost:8000/sso/saml/acme/"
REQUEST_ID = "_5f0c1e9d2b7a4d63"
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
ADA = "ada@acme.example"

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
TreeHook = Callable[[etree._Element], object]
BytesHook = Callable[[bytes], bytes]
TextHook = Callable[[str], str]

DIGESTS = {
    SHA256: "sha256",
    f"{MORE}sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
    f"{DS}sha1": "sha1",
    f"{MORE}md5": "md5",
}


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """One RSA key per name; ``idp`` is the configured one, anything else a stranger's."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def certificate(key: Key, not_after: datetime = datetime(2036, 1, 1, tzinfo=UTC)) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp.acme.example")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(
        datetime(2020, 1, 1, tzinfo=UTC)
    )
    return builder.not_valid_after(not_after).sign(key, hashes.SHA256())


def pem(cert: x509.Certificate) -> str:
    return cert.public_bytes(serialization.Encoding.PEM).decode()


def der_base64(cert: x509.Certificate) -> str:
    return base64.b64encode(cert.public_bytes(serialization.Encoding.DER)).decode()


def sp_certificate(name: str = "sp") -> x509.Certificate:
    """The certificate of our key ``name``: to encrypt to. ``config()`` decrypts with ``rsa_key("sp")``."""
    return certificate(rsa_key(name))


def private_pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def config(*keys: Key) -> SamlConfig:
    """The settings under test, trusting the given keys or else ``rsa_key("idp")``."""
    return SamlConfig(
        idp_entity_id=IDP,
        sso_url="https://idp.acme.example/sso",
        slo_url=None,
        certificates=tuple(pem(certificate(key)) for key in keys or (rsa_key("idp"),)),
        sp_entity_id=SP,
        acs_url=SP,
        sp_private_keys=(private_pem(rsa_key("sp")),),
    )


def expected(**changes: object) -> Expected:
    return replace(Expected(now=NOW, request_id=REQUEST_ID, acs_urls=(SP,)), **changes)  # type: ignore[arg-type]


def at(minutes: float) -> str:
    """The moment that many minutes from now, as SAML writes it."""
    return (NOW + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Seal:
    """How one element is signed."""

    key: Key | bytes = field(default_factory=lambda: rsa_key("idp"))  # bytes: an HMAC secret
    shown_certificate: str | None = None  # base64 DER in KeyInfo
    signature_method: str = RSA_SHA256
    digest_method: str = SHA256
    canonicalization: str = EXC_C14N
    transforms: tuple[str, ...] = (ENVELOPED, EXC_C14N)
    prefixes: str | None = None  # PrefixList of the Reference's canonicalisation
    info_prefixes: str | None = None  # PrefixList of SignedInfo's own canonicalisation
    reference_uri: str | None = None  # default: the element's ID
    references: int = 1
    on_canonical: BytesHook | None = None  # what is digested instead of the canonical form
    edit: TreeHook | None = None  # on the Signature, before SignedInfo is signed


@dataclass(frozen=True)
class Recipe:
    """What the response says. ``None`` leaves an attribute or element out."""

    response_id: str = "_response1"
    assertion_id: str = "_assertion1"
    version: str = "2.0"
    default_namespace: str | None = None
    status: tuple[str, ...] = (SUCCESS,)
    status_message: str | None = None
    response_issuer: str | None = IDP
    assertion_issuer: str | None = IDP
    destination: str | None = SP
    response_in_response_to: str | None = REQUEST_ID
    in_response_to: str | None = REQUEST_ID
    recipient: str | None = SP
    method: str = BEARER
    confirmed_from: str | None = None
    confirmed_until: str | None = at(5)
    audiences: tuple[tuple[str, ...], ...] = ((SP,),)  # one restriction each
    valid_from: str | None = at(-1)
    valid_until: str | None = at(5)
    name_id: str | None = ADA
    name_id_format: str | None = EMAIL
    attributes: tuple[tuple[str, tuple[str | None, ...]], ...] = (
        ("email", (ADA,)),
        ("groups", ("Staff", "Ops")),
    )
    authenticated: str = at(-2)
    session_index: str | None = "_session1"
    session_until: str | None = at(480)
    context: str | None = PASSWORD
    sign_assertion: Seal | None = field(default_factory=Seal)
    sign_response: Seal | None = None
    encryption: Encryption | None = (
        None  # of the signed assertion; a Response's signature covers it encrypted
    )
    before_signing: TreeHook | None = None  # each hook gets the Response
    before_encryption: TreeHook | None = None  # after the assertion was signed
    after_signing: TreeHook | None = None
    on_bytes: BytesHook | None = None
    on_post: TextHook | None = None
    stand_ins: tuple[tuple[str, str], ...] = ()  # what is written, and what it stands for in this sign-in

    def but(self, **changes: object) -> Recipe:
        """The same with some knobs turned."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def answering(self, request_id: str, **others: str) -> Recipe:
        """The same in answer to a request that was really made; ``others`` are further stand-ins."""
        return self.but(stand_ins=((REQUEST_ID, request_id), *others.items()))

    def encrypted_to(
        self, *to: x509.Certificate | rsa.RSAPublicKey, hooks_inside: bool = True, **how: object
    ) -> Recipe:
        """The same with its assertion encrypted to certificates or keys of ours; ``how`` are knobs of ``Encryption``.

        What ``after_signing`` did to the tree happens inside the encryption then, so that an attack on a plain response
        becomes the same one inside an EncryptedAssertion; ``hooks_inside=False`` leaves it outside.
        """
        changes: dict[str, object] = {"encryption": Encryption(to, **how)}  # type: ignore[arg-type]
        if hooks_inside and self.after_signing:
            changes |= {"before_encryption": self.after_signing, "after_signing": None}
        return self.but(**changes)

    def post(self) -> str:
        """The base64 text of the SAMLResponse form field."""
        text = base64.b64encode(self.document()).decode()
        return self.on_post(text) if self.on_post else text

    def document(self) -> bytes:
        """The signed response as bytes."""
        response = self.tree()
        document = etree.tostring(response)
        return self.on_bytes(document) if self.on_bytes else document

    def tree(self) -> etree._Element:
        response = _response(self)
        if self.before_signing:
            self.before_signing(response)
        for written, meant in self.stand_ins:
            _put_in(response, written, meant)
        assertion = response.find(f"{{{SAML}}}Assertion")
        if self.sign_assertion and assertion is not None:
            sign(assertion, self.sign_assertion)
        if self.before_encryption:
            self.before_encryption(response)
        if self.encryption:
            for plain in response.findall(f"{{{SAML}}}Assertion"):
                self.encryption.replace(plain, f"{{{SAML}}}EncryptedAssertion")
        if self.sign_response:
            sign(response, self.sign_response)
        if self.after_signing:
            self.after_signing(response)
        return response


def saml(
    parent: etree._Element, name: str, text: str | None = None, **attributes: str | None
) -> etree._Element:
    """Add ``saml:name`` to ``parent``; attributes that are ``None`` are left out."""
    return _add(parent, SAML, name, text, attributes)


def samlp(
    parent: etree._Element, name: str, text: str | None = None, **attributes: str | None
) -> etree._Element:
    return _add(parent, SAMLP, name, text, attributes)


def _ds(
    parent: etree._Element, name: str, text: str | None = None, **attributes: str | None
) -> etree._Element:
    return _add(parent, DS, name, text, attributes)


def _add(
    parent: etree._Element, ns: str, name: str, text: str | None, attributes: dict[str, str | None]
) -> etree._Element:
    element = etree.SubElement(parent, f"{{{ns}}}{name}")
    element.text = text
    for key, value in attributes.items():
        if value is not None:
            element.set(key, value)
    return element


def _response(recipe: Recipe) -> etree._Element:
    namespaces: dict[str | None, str] = {"samlp": SAMLP, "saml": SAML}
    if recipe.default_namespace is not None:
        namespaces[None] = recipe.default_namespace
    # lxml's stub does not know that a default namespace has the key None.
    response = etree.Element(f"{{{SAMLP}}}Response", nsmap=cast(dict[str, str], namespaces))
    response.set("ID", recipe.response_id)
    response.set("Version", recipe.version)
    response.set("IssueInstant", at(0))
    if recipe.destination is not None:
        response.set("Destination", recipe.destination)
    if recipe.response_in_response_to is not None:
        response.set("InResponseTo", recipe.response_in_response_to)
    if recipe.response_issuer is not None:
        saml(response, "Issuer", recipe.response_issuer)
    parent = samlp(response, "Status")
    status = parent
    for code in recipe.status:
        parent = samlp(parent, "StatusCode", Value=code)
    if recipe.status_message is not None:
        samlp(status, "StatusMessage", recipe.status_message)
    if recipe.status[:1] == (SUCCESS,):
        _assertion(recipe, response)
    return response


def _assertion(recipe: Recipe, response: etree._Element) -> None:
    assertion = etree.SubElement(response, f"{{{SAML}}}Assertion", nsmap={"xs": XS, "xsi": XSI})
    assertion.set("ID", recipe.assertion_id)
    assertion.set("Version", recipe.version)
    assertion.set("IssueInstant", at(0))
    if recipe.assertion_issuer is not None:
        saml(assertion, "Issuer", recipe.assertion_issuer)
    subject = saml(assertion, "Subject")
    if recipe.name_id is not None:
        saml(subject, "NameID", recipe.name_id, Format=recipe.name_id_format)
    confirmation = saml(subject, "SubjectConfirmation", Method=recipe.method)
    saml(
        confirmation,
        "SubjectConfirmationData",
        NotBefore=recipe.confirmed_from,
        NotOnOrAfter=recipe.confirmed_until,
        Recipient=recipe.recipient,
        InResponseTo=recipe.in_response_to,
    )
    conditions = saml(assertion, "Conditions", NotBefore=recipe.valid_from, NotOnOrAfter=recipe.valid_until)
    for audiences in recipe.audiences:
        restriction = saml(conditions, "AudienceRestriction")
        for audience in audiences:
            saml(restriction, "Audience", audience)
    statement = saml(
        assertion,
        "AuthnStatement",
        AuthnInstant=recipe.authenticated,
        SessionIndex=recipe.session_index,
        SessionNotOnOrAfter=recipe.session_until,
    )
    context = saml(statement, "AuthnContext")
    if recipe.context is not None:
        saml(context, "AuthnContextClassRef", recipe.context)
    if recipe.attributes:
        attribute_statement = saml(assertion, "AttributeStatement")
        for name, values in recipe.attributes:
            attribute = saml(attribute_statement, "Attribute", Name=name)
            for value in values:
                element = saml(attribute, "AttributeValue", value)
                if value is None:
                    element.set(f"{{{XSI}}}nil", "true")
                else:
                    element.set(f"{{{XSI}}}type", "xs:string")


def _put_in(response: etree._Element, written: str, meant: str) -> None:
    for element in response.iter(etree.Element):
        if element.text and written in element.text:
            element.text = element.text.replace(written, meant)
        for name, value in element.attrib.items():
            if written in value:
                element.set(name, value.replace(written, meant))


def canonical(element: etree._Element, algorithm: str = EXC_C14N, prefixes: str | None = None) -> bytes:
    return etree.tostring(
        element,
        method="c14n",
        exclusive=algorithm.startswith(EXC_C14N),
        with_comments=algorithm.endswith("WithComments"),
        inclusive_ns_prefixes=(prefixes or "").split() or None,
    )


def sign(element: etree._Element, seal: Seal) -> etree._Element:
    """Put an enveloped signature of ``element`` after its Issuer (or first), and give it back."""
    # Same-document references leave comments out, whatever the transform says (XML Signature §4.4.3.3).
    content = canonical(element, EXC_C14N, seal.prefixes)
    if seal.on_canonical:
        content = seal.on_canonical(content)
    digest = hashlib.new(DIGESTS[seal.digest_method], content).digest()
    signature = etree.Element(f"{{{DS}}}Signature", nsmap={"ds": DS})
    signed_info = _ds(signature, "SignedInfo")
    method = _ds(signed_info, "CanonicalizationMethod", Algorithm=seal.canonicalization)
    if seal.info_prefixes is not None:
        _keep_prefixes(method, seal.info_prefixes)
    _ds(signed_info, "SignatureMethod", Algorithm=seal.signature_method)
    uri = f"#{element.get('ID')}" if seal.reference_uri is None else seal.reference_uri
    for _ in range(seal.references):
        reference = _ds(signed_info, "Reference", URI=uri)
        transforms = _ds(reference, "Transforms")
        for algorithm in seal.transforms:
            transform = _ds(transforms, "Transform", Algorithm=algorithm)
            if seal.prefixes is not None and algorithm.startswith(EXC_C14N):
                _keep_prefixes(transform, seal.prefixes)
        _ds(reference, "DigestMethod", Algorithm=seal.digest_method)
        _ds(reference, "DigestValue", base64.b64encode(digest).decode())
    value = _ds(signature, "SignatureValue")
    if seal.shown_certificate is not None:
        _ds(_ds(_ds(signature, "KeyInfo"), "X509Data"), "X509Certificate", seal.shown_certificate)
    issuer = element.find(f"{{{SAML}}}Issuer")
    element.insert(0 if issuer is None else element.index(issuer) + 1, signature)
    if seal.edit:
        seal.edit(signature)
    signed = canonical(signed_info, seal.canonicalization, seal.info_prefixes)
    value.text = base64.b64encode(_signature_value(seal, signed)).decode()
    return signature


def _keep_prefixes(canonicalization: etree._Element, prefixes: str) -> None:
    inclusive = etree.SubElement(
        canonicalization, f"{{{EXC_C14N}}}InclusiveNamespaces", nsmap={"ec": EXC_C14N}
    )
    inclusive.set("PrefixList", prefixes)


HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303 - the forbidden one, for the attack
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


def _signature_value(seal: Seal, data: bytes) -> bytes:
    if isinstance(seal.key, bytes):
        return hmac.new(seal.key, data, "sha256").digest()
    words = seal.signature_method.partition("#")[2].split("-")
    algorithm = next((HASHES[word] for word in words if word in HASHES), hashes.SHA256())
    if isinstance(seal.key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(seal.key.sign(data, ec.ECDSA(algorithm)))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    if words[-1] == "MGF1":
        return seal.key.sign(data, padding.PSS(padding.MGF1(algorithm), algorithm.digest_size), algorithm)
    return seal.key.sign(data, padding.PKCS1v15(), algorithm)
