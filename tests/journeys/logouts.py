"""Logout messages as an identity provider sends them, honest and forged, without the code under test.

``LogoutRecipe`` is a LogoutRequest or LogoutResponse with every knob right; a forgery is the honest one with one knob
turned. It travels by redirect (a signed query, made here with ``cryptography``) or by POST (an enveloped signature,
made by ``tests.sso_saml.forge``). ``published_key`` and ``verify_*`` are the provider's side: they check our signatures
with the certificate that our metadata shows, again without the code under test.
"""

from __future__ import annotations

import base64
import secrets
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import quote, unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree

from simulator.keys import SigningKey
from tests.journeys.person_browser import HOME, Page, PersonBrowser
from tests.sso_saml.forge import DS, MORE, RSA_SHA256, SAML, SAMLP, Key, Seal, sign

SLO = "/sso/saml/acme-saml/logout"
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
_HASHES = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256(), "sha384": hashes.SHA384()}  # noqa: S303 - to be refused


@cache  # reading a key checks it, which takes longer than the test
def key_of(made: SigningKey) -> rsa.RSAPrivateKey:
    """The private key of one of the simulator's directories."""
    key = load_pem_private_key(made.private_pem, password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def at(minutes: float) -> str:
    """The moment that many minutes from now, as SAML writes it."""
    return (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class LogoutRecipe:
    """What the message says and how it is signed. ``None`` leaves an attribute, element or parameter out."""

    key: Key
    issuer: str | None
    kind: str = "LogoutRequest"
    id: str = field(default_factory=lambda: f"_{secrets.token_hex(16)}")
    version: str = "2.0"
    issued: str | None = field(default_factory=lambda: at(0))
    destination: str | None = f"{HOME}{SLO}"
    not_on_or_after: str | None = None
    name_id: str | None = "mia@acme.example"
    name_id_format: str | None = EMAIL
    name_qualifier: str | None = None
    sp_name_qualifier: str | None = None
    session_indexes: tuple[str, ...] = ()
    in_response_to: str | None = None
    status: tuple[str, ...] = ("Success",)
    relay_state: str | None = "opaque-to-us"
    sig_alg: str = RSA_SHA256
    before_signing: Callable[[etree._Element], object] | None = None
    after_signing: Callable[[etree._Element], object] | None = None
    on_document: Callable[[bytes], bytes] | None = None  # before it is deflated or encoded
    seal: Callable[[Seal], Seal] = field(default=lambda seal: seal)  # of the enveloped signature

    def but(self, **changes: object) -> LogoutRecipe:
        """The same with some knobs turned."""
        return replace(self, **changes)  # type: ignore[arg-type]

    @property
    def parameter(self) -> str:
        return "SAMLRequest" if self.kind == "LogoutRequest" else "SAMLResponse"

    def tree(self) -> etree._Element:
        root = etree.Element(f"{{{SAMLP}}}{self.kind}", nsmap={"samlp": SAMLP, "saml": SAML})
        for name, value in (
            ("ID", self.id),
            ("Version", self.version),
            ("IssueInstant", self.issued),
            ("Destination", self.destination),
            ("NotOnOrAfter", self.not_on_or_after),
            ("InResponseTo", self.in_response_to),
        ):
            if value is not None:
                root.set(name, value)
        if self.issuer is not None:
            etree.SubElement(root, f"{{{SAML}}}Issuer").text = self.issuer
        if self.kind == "LogoutRequest":
            self._add_person(root)
        else:
            parent = etree.SubElement(root, f"{{{SAMLP}}}Status")
            for code in self.status:
                parent = etree.SubElement(parent, f"{{{SAMLP}}}StatusCode", {"Value": STATUS + code})
        if self.before_signing:
            self.before_signing(root)
        return root

    def query(self) -> str:
        """The signed query of the redirect binding."""
        root = self.tree()
        if self.after_signing:
            self.after_signing(root)
        parts = [f"{self.parameter}={quote(base64.b64encode(deflate(self._bytes(root))).decode(), safe='')}"]
        if self.relay_state is not None:
            parts.append(f"RelayState={quote(self.relay_state, safe='')}")
        parts.append(f"SigAlg={quote(self.sig_alg, safe='')}")
        return f"{'&'.join(parts)}&Signature={quote(self.signature_of('&'.join(parts)), safe='')}"

    def signature_of(self, text: str) -> str:
        """The base64 signature of a query's octets."""
        digest = next((_HASHES[word] for word in self.sig_alg.split("-") if word in _HASHES), hashes.SHA256())
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            value = self.key.sign(text.encode(), ec.ECDSA(digest))
        else:
            value = self.key.sign(text.encode(), padding.PKCS1v15(), digest)
        return base64.b64encode(value).decode()

    def form(self) -> dict[str, str]:
        """The fields of the POST binding."""
        root = self.tree()
        sign(root, self.seal(Seal(key=self.key)))
        if self.after_signing:
            self.after_signing(root)
        fields = {self.parameter: base64.b64encode(self._bytes(root)).decode()}
        return fields if self.relay_state is None else {**fields, "RelayState": self.relay_state}

    def _bytes(self, root: etree._Element) -> bytes:
        document = etree.tostring(root)
        return self.on_document(document) if self.on_document else document

    def _add_person(self, root: etree._Element) -> None:
        if self.name_id is not None:
            element = etree.SubElement(root, f"{{{SAML}}}NameID")
            element.text = self.name_id
            for name, value in (
                ("Format", self.name_id_format),
                ("NameQualifier", self.name_qualifier),
                ("SPNameQualifier", self.sp_name_qualifier),
            ):
                if value is not None:
                    element.set(name, value)
        for index in self.session_indexes:
            etree.SubElement(root, f"{{{SAMLP}}}SessionIndex").text = index


def deflate(document: bytes) -> bytes:
    squeezer = zlib.compressobj(wbits=-15)
    return squeezer.compress(document) + squeezer.flush()


def parameters(url: str) -> dict[str, str]:
    """The decoded parameters of an address, each of them once."""
    found: dict[str, str] = {}
    for part in urlsplit(url).query.split("&"):
        name, _, value = part.partition("=")
        assert name not in found
        found[name] = unquote(value.replace("+", " "))
    return found


def message_in(url: str, parameter: str) -> etree._Element:
    """The message that an address carries by the redirect binding."""
    return etree.fromstring(zlib.decompress(base64.b64decode(parameters(url)[parameter]), -15))


def published_certificate(slug: str = "acme-saml") -> x509.Certificate:
    """Our certificate, as a provider that reads our metadata knows it; the same for signing and encryption."""
    metadata = etree.fromstring(PersonBrowser().open(f"/sso/saml/{slug}/metadata").text.encode())
    text = metadata.findtext(f".//{{{DS}}}X509Certificate")
    return x509.load_der_x509_certificate(base64.b64decode(text or ""))


def published_key() -> rsa.RSAPublicKey:
    """The key in it."""
    key = published_certificate().public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    return key


def verify_query(url: str, key: rsa.RSAPublicKey) -> None:
    """Check the signature of a redirect over the octets that travelled; raises ``InvalidSignature``."""
    signed, _, rest = urlsplit(url).query.partition("&Signature=")
    assert "&" not in rest
    assert parameters(url)["SigAlg"] == RSA_SHA256
    signature = base64.b64decode(unquote(rest))
    key.verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())


def verify_enveloped(root: etree._Element, key: rsa.RSAPublicKey) -> None:
    """Check an enveloped signature with xmlsec; raises ``xmlsec.Error``."""
    import xmlsec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatPem)
    context.register_id(root, "ID")
    signature = root.find(f"{{{DS}}}Signature")
    assert signature is not None
    context.verify(signature)


def status_in(page: Page, parameter: str = "SAMLResponse") -> list[str]:
    """The status codes of the LogoutResponse that a redirect or a form carries, outermost first, without prefix."""
    root = answer_in(page, parameter)
    return [(code.get("Value") or "").rpartition(":")[2] for code in root.iter(f"{{{SAMLP}}}StatusCode")]


def answer_in(page: Page, parameter: str = "SAMLResponse") -> etree._Element:
    """The LogoutResponse that a redirect or a form carries."""
    if page.status == 303:
        return message_in(page.headers["Location"], parameter)
    return etree.fromstring(base64.b64decode(page.form()[2][parameter]))


SHA1 = f"{DS}rsa-sha1"
ECDSA = f"{MORE}ecdsa-sha256"
