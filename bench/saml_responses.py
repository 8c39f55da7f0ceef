"""Signed SAML responses for the bench, made with lxml and ``cryptography`` and not with a library that is measured.

Each is what a large provider sends: claims with long names, three spaces, twenty groups, the certificate in KeyInfo,
10 KB (10,240 bytes) of XML in all. The Response is signed, which every library here accepts.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from lxml import etree

from bench.people import marked, user_name

ENTITY_ID = "https://idp.bench.example/metadata"
SIGN_ON_URL = "https://idp.bench.example/sso"
SIZE = 10 * 1024  # bytes of XML
SPACES = ("Trial", "DevOps", "Sales")
GROUPS = tuple(f"5d0e1f2a-0000-4000-8000-{number:012d}" for number in range(20))
_SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
_SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
_BASIC = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a response answers: our request's ID, and the one URL that is entity ID and consumer."""

    request_id: str
    redirect_url: str


class Provider:
    """An identity provider's key; ``pem`` brings one from another process."""

    def __init__(self, pem: str = "") -> None:
        self._key = _read(pem) if pem else rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp.bench.example")])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
        builder = builder.public_key(self._key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
        self._certificate = builder.sign(self._key, hashes.SHA256())

    @property
    def pem(self) -> str:
        """The private key."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    @property
    def certificate(self) -> str:
        """The certificate as base64 of DER."""
        return base64.b64encode(self._certificate.public_bytes(Encoding.DER)).decode()

    def answer(self, number: int, asked: Asked) -> bytes:
        """The signed response about person ``number``, exactly ``SIZE`` bytes long."""
        missing = SIZE - len(self._signed(number, asked, 1)) + 1
        return self._signed(number, asked, missing)

    def _signed(self, number: int, asked: Asked, padding_size: int) -> bytes:
        response = _response(number, asked, padding_size)
        digest = hashlib.sha256(_canonical(response)).digest()
        signature = etree.Element(f"{{{_DS}}}Signature", nsmap={"ds": _DS})
        info = _ds(signature, "SignedInfo")
        _ds(info, "CanonicalizationMethod", Algorithm=_C14N)
        _ds(info, "SignatureMethod", Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256")
        reference = _ds(info, "Reference", URI=f"#{response.get('ID')}")
        transforms = _ds(reference, "Transforms")
        for algorithm in (f"{_DS}enveloped-signature", _C14N):
            _ds(transforms, "Transform", Algorithm=algorithm)
        _ds(reference, "DigestMethod", Algorithm="http://www.w3.org/2001/04/xmlenc#sha256")
        _ds(reference, "DigestValue").text = base64.b64encode(digest).decode()
        value = _ds(signature, "SignatureValue")
        _ds(_ds(_ds(signature, "KeyInfo"), "X509Data"), "X509Certificate").text = self.certificate
        response.insert(1, signature)  # after Issuer
        signed = self._key.sign(_canonical(info), padding.PKCS1v15(), hashes.SHA256())
        value.text = base64.b64encode(signed).decode()
        return etree.tostring(response)


def _response(number: int, asked: Asked, padding_size: int) -> etree._Element:
    now = datetime.now(UTC)
    issued, until = _instant(now), _instant(now + timedelta(minutes=25))
    response = etree.Element(f"{{{_SAMLP}}}Response", nsmap={"samlp": _SAMLP, "saml": _SAML})
    mark = marked(number)
    _set(response, ID=f"_r{mark}{asked.request_id}", Version="2.0", IssueInstant=issued)
    _set(response, Destination=asked.redirect_url, InResponseTo=asked.request_id)
    _saml(response, "Issuer").text = ENTITY_ID
    status = etree.SubElement(response, f"{{{_SAMLP}}}Status")
    code = etree.SubElement(status, f"{{{_SAMLP}}}StatusCode")
    code.set("Value", "urn:oasis:names:tc:SAML:2.0:status:Success")
    assertion = _saml(
        response, "Assertion", ID=f"_a{mark}{asked.request_id}", Version="2.0", IssueInstant=issued
    )
    _saml(assertion, "Issuer").text = ENTITY_ID
    subject = _saml(assertion, "Subject")
    _saml(subject, "NameID", Format=_PERSISTENT).text = f"subject-{mark}"
    confirmation = _saml(subject, "SubjectConfirmation", Method="urn:oasis:names:tc:SAML:2.0:cm:bearer")
    data = _saml(confirmation, "SubjectConfirmationData", NotOnOrAfter=until, Recipient=asked.redirect_url)
    data.set("InResponseTo", asked.request_id)
    conditions = _saml(assertion, "Conditions", NotBefore=issued, NotOnOrAfter=until)
    _saml(_saml(conditions, "AudienceRestriction"), "Audience").text = asked.redirect_url
    statement = _saml(assertion, "AuthnStatement", AuthnInstant=issued, SessionIndex=f"_s{mark}")
    context = _saml(_saml(statement, "AuthnContext"), "AuthnContextClassRef")
    context.text = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
    attributes = _saml(assertion, "AttributeStatement")
    for name, values in _attributes(number, padding_size):
        attribute = _saml(attributes, "Attribute", Name=name, NameFormat=_BASIC)
        for value in values:
            _saml(attribute, "AttributeValue").text = value
    return response


def _attributes(number: int, padding_size: int) -> Sequence[tuple[str, Sequence[str]]]:
    mark = marked(number)
    return [
        ("email", [user_name(number)]),
        ("user_name", [user_name(number)]),
        ("given_name", [f"Given{mark}"]),
        ("family_name", [f"Family{mark}"]),
        ("space_name", SPACES),
        ("space_role", ["Space Developer"]),
        ("groups", GROUPS),
        # What directories add beside what is asked for, and nobody reads.
        *(
            (f"http://schemas.bench.example/ws/2005/05/identity/claims/extension{n}", [f"value {n}"])
            for n in range(10)
        ),
        ("http://schemas.bench.example/claims/notes", ["x" * padding_size]),
    ]


def _read(pem: str) -> rsa.RSAPrivateKey:
    key = load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _canonical(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)


def _saml(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return _set(etree.SubElement(parent, f"{{{_SAML}}}{name}"), **attributes)


def _ds(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return _set(etree.SubElement(parent, f"{{{_DS}}}{name}"), **attributes)


def _set(element: etree._Element, **attributes: str) -> etree._Element:
    for name, value in attributes.items():
        element.set(name, value)
    return element
