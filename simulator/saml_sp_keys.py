"""What a service provider's metadata says about its keys, and what the identity provider does with them.

An administrator imports that file at the vendor's console: from then on assertions are encrypted to the key it names,
and requests must be signed if it says that they are. It is read at each use, so that the product may renew it.
Encryption and signatures are libxmlsec's.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_plus

import xmlsec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from simulator.errors import Refused

MD = "urn:oasis:names:tc:SAML:2.0:metadata"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_CERTIFICATE = "{http://www.w3.org/2000/09/xmldsig#}X509Certificate"
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"


@dataclass(frozen=True)
class ServiceProviderKeys:
    """``signing`` verify requests; assertions are encrypted to ``encryption`` if there is one."""

    signing: tuple[x509.Certificate, ...] = ()
    encryption: x509.Certificate | None = None
    requests_signed: bool = False

    @classmethod
    def read(cls, path: Path | None) -> ServiceProviderKeys:
        """Nothing known without a file; the first key for encryption is the one that is used."""
        if path is None or not path.is_file():
            return cls()
        root = etree.fromstring(path.read_bytes(), etree.XMLParser(resolve_entities=False, no_network=True))
        found: dict[str, list[x509.Certificate]] = {"signing": [], "encryption": []}
        for descriptor in root.iter(f"{{{MD}}}KeyDescriptor"):
            use = descriptor.get("use")
            for element in descriptor.iter(_CERTIFICATE):
                certificate = x509.load_der_x509_certificate(base64.b64decode(element.text or ""))
                for name, certificates in found.items():
                    if use in {None, name}:
                        certificates.append(certificate)
        role = root.find(f".//{{{MD}}}SPSSODescriptor")
        signed = role is not None and role.get("AuthnRequestsSigned") == "true"
        return cls(tuple(found["signing"]), next(iter(found["encryption"]), None), signed)

    def check_query(self, query_string: str) -> None:
        """The signature of a redirected request. Raises AADSTS76021 when it is missing or nobody's."""
        names = [part.partition("=")[0] for part in query_string.split("&")]
        if not self.requests_signed and "Signature" not in names:
            return
        parts = dict(part.partition("=")[::2] for part in query_string.split("&"))
        signed = "&".join(
            f"{name}={parts[name]}" for name in ("SAMLRequest", "RelayState", "SigAlg") if name in parts
        )
        algorithm, signature = (unquote_plus(parts.get(name, "")) for name in ("SigAlg", "Signature"))
        if algorithm != RSA_SHA256 or not self._is_ours(signed.encode(), signature):
            raise _unsigned()

    def check_document(self, xml: bytes) -> None:
        """The enveloped signature of a posted request. Raises like ``check_query``."""
        root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
        signature = root.find(_SIGNATURE)
        if signature is None:
            if self.requests_signed:
                raise _unsigned()
            return
        for certificate in self.signing:
            context = xmlsec.SignatureContext()
            pem = certificate.public_bytes(serialization.Encoding.PEM)
            context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)
            context.register_id(root, "ID")
            try:
                context.verify(signature)
            except xmlsec.Error:
                continue
            return
        raise _unsigned()

    def encrypt(self, assertion: etree._Element) -> None:
        """Put an EncryptedAssertion in the place of ``assertion``, if there is a key to encrypt to."""
        parent = assertion.getparent()
        if self.encryption is None or parent is None:
            return
        wrapper = etree.SubElement(parent, f"{{{SAML}}}EncryptedAssertion")
        parent.replace(assertion, wrapper)
        wrapper.append(assertion)
        data = xmlsec.template.encrypted_data_create(
            wrapper, xmlsec.constants.TransformAes256Cbc, type=xmlsec.constants.TypeEncElement, ns="xenc"
        )
        xmlsec.template.encrypted_data_ensure_cipher_value(data)
        info = xmlsec.template.encrypted_data_ensure_key_info(data, ns="ds")
        key = xmlsec.template.add_encrypted_key(info, xmlsec.constants.TransformRsaOaep)
        xmlsec.template.encrypted_data_ensure_cipher_value(key)
        manager = xmlsec.KeysManager()
        pem = self.encryption.public_bytes(serialization.Encoding.PEM)
        manager.add_key(xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem))
        context = xmlsec.EncryptionContext(manager)
        context.key = xmlsec.Key.generate(
            xmlsec.constants.KeyDataAes, 256, xmlsec.constants.KeyDataTypeSession
        )
        context.encrypt_xml(data, assertion)

    def _is_ours(self, data: bytes, signature: str) -> bool:
        for certificate in self.signing:
            key = certificate.public_key()
            if isinstance(key, rsa.RSAPublicKey):
                try:
                    key.verify(base64.b64decode(signature), data, padding.PKCS1v15(), hashes.SHA256())
                except (InvalidSignature, ValueError):
                    continue
                return True
        return False


def _unsigned() -> Refused:
    return Refused(
        "AADSTS76021", "The request is not signed by the application, whose metadata says it would be."
    )
