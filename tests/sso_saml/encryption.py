"""Encrypts elements as identity providers do (XML Encryption 1.0 and 1.1), with ``cryptography`` and lxml.

An ``Encryption`` says to whom and how; every field is a knob whose default is what SimpleSAMLphp and Shibboleth send.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509 import Certificate
from lxml import etree

DS = "http://www.w3.org/2000/09/xmldsig#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
OAEP = f"{XENC}rsa-oaep-mgf1p"
OAEP_11 = f"{XENC11}rsa-oaep"
RSA_1_5 = f"{XENC}rsa-1_5"

DATA_ALGORITHMS = {  # to key bytes and whether it is GCM
    f"{XENC}aes128-cbc": (16, False),
    f"{XENC}aes192-cbc": (24, False),
    f"{XENC}aes256-cbc": (32, False),
    f"{XENC11}aes128-gcm": (16, True),
    f"{XENC11}aes192-gcm": (24, True),
    f"{XENC11}aes256-gcm": (32, True),
}
_DIGESTS: dict[str, hashes.HashAlgorithm] = {
    f"{DS}sha1": hashes.SHA1(),  # noqa: S303 - what OAEP names it by default
    f"{MORE}sha224": hashes.SHA224(),
    f"{XENC}sha256": hashes.SHA256(),
    f"{MORE}sha384": hashes.SHA384(),
    f"{XENC}sha512": hashes.SHA512(),
}
_MGFS: dict[str, hashes.HashAlgorithm] = {
    f"{XENC11}mgf1sha1": hashes.SHA1(),  # noqa: S303 - likewise
    f"{XENC11}mgf1sha224": hashes.SHA224(),
    f"{XENC11}mgf1sha256": hashes.SHA256(),
    f"{XENC11}mgf1sha384": hashes.SHA384(),
    f"{XENC11}mgf1sha512": hashes.SHA512(),
}


@dataclass(frozen=True)
class Encryption:
    """To whom and how. ``to`` are certificates or keys of ours; each gets an EncryptedKey."""

    to: tuple[Certificate | rsa.RSAPublicKey, ...]
    algorithm: str = f"{XENC11}aes256-gcm"
    transport: str = OAEP
    digest: str | None = None  # DigestMethod of OAEP; left out: SHA-1
    mgf: str | None = None  # MGF of xmlenc11's OAEP; left out: SHA-1
    label: bytes = b""  # OAEPparams
    place: str = (
        "inside"  # the EncryptedKeys: "inside" KeyInfo, "beside" EncryptedData, or beside and "pointed" at
    )
    recipients: tuple[str | None, ...] = ()
    on_plain: Callable[[bytes], bytes] | None = None  # what is encrypted instead
    on_cipher: Callable[[bytes], bytes] | None = None  # the octets of CipherValue
    on_wrapped_key: Callable[[bytes], bytes] | None = None
    edit: Callable[[etree._Element], object] | None = None  # on the finished EncryptedAssertion or the like

    def replace(self, element: etree._Element, name: str) -> etree._Element:
        """Put ``name`` (EncryptedAssertion…, as a whole tag) with the encrypted ``element`` in its place."""
        parent, tail = element.getparent(), element.tail
        assert parent is not None
        element.tail = None
        wrapper = self.wrap(etree.tostring(element), name)
        element.tail = tail
        wrapper.tail = tail
        parent.replace(element, wrapper)
        return wrapper

    def wrap(self, plain: bytes, name: str) -> etree._Element:
        """An element ``name`` that holds ``plain`` encrypted."""
        size, is_gcm = DATA_ALGORITHMS.get(self.algorithm, (32, True))
        key = os.urandom(size)
        if self.on_plain:
            plain = self.on_plain(plain)
        cipher = _gcm(key, plain) if is_gcm else _cbc(key, plain)
        if self.on_cipher:
            cipher = self.on_cipher(cipher)
        wrapper = etree.Element(name)
        data = _add(wrapper, XENC, "EncryptedData", nsmap={"xenc": XENC})
        data.set("Type", f"{XENC}Element")
        _add(data, XENC, "EncryptionMethod").set("Algorithm", self.algorithm)
        key_info = _add(data, DS, "KeyInfo", nsmap={"ds": DS})
        _cipher_value(data, cipher)
        for number, to in enumerate(self.to):
            holder = key_info if self.place == "inside" else wrapper
            encrypted = self._encrypted_key(holder, to, key, number)
            if self.place == "pointed":
                encrypted.set("Id", f"_key{number}")
                method = _add(key_info, DS, "RetrievalMethod")
                method.set("URI", f"#_key{number}")
                method.set("Type", f"{XENC}EncryptedKey")
        if self.edit:
            self.edit(wrapper)
        return wrapper

    def _encrypted_key(
        self, parent: etree._Element, to: Certificate | rsa.RSAPublicKey, key: bytes, number: int
    ) -> etree._Element:
        encrypted = _add(parent, XENC, "EncryptedKey", nsmap={"xenc": XENC})
        if number < len(self.recipients) and (recipient := self.recipients[number]) is not None:
            encrypted.set("Recipient", recipient)
        method = _add(encrypted, XENC, "EncryptionMethod")
        method.set("Algorithm", self.transport)
        if self.label:
            _add(method, XENC, "OAEPparams").text = base64.b64encode(self.label).decode()
        if self.digest:
            _add(method, DS, "DigestMethod").set("Algorithm", self.digest)
        if self.mgf:
            _add(method, XENC11, "MGF").set("Algorithm", self.mgf)
        public = to.public_key() if isinstance(to, Certificate) else to
        assert isinstance(public, rsa.RSAPublicKey)
        wrapped = public.encrypt(key, self._padding())
        _cipher_value(encrypted, self.on_wrapped_key(wrapped) if self.on_wrapped_key else wrapped)
        return encrypted

    def _padding(self) -> padding.AsymmetricPadding:
        if self.transport == RSA_1_5:
            return padding.PKCS1v15()
        mask = _MGFS[self.mgf or f"{XENC11}mgf1sha1"]
        digest = _DIGESTS[self.digest or f"{DS}sha1"]
        return padding.OAEP(padding.MGF1(mask), digest, self.label or None)


def _add(
    parent: etree._Element, namespace: str, name: str, nsmap: dict[str, str] | None = None
) -> etree._Element:
    return etree.SubElement(parent, f"{{{namespace}}}{name}", nsmap=nsmap)


def _cipher_value(parent: etree._Element, octets: bytes) -> None:
    value = _add(_add(parent, XENC, "CipherData"), XENC, "CipherValue")
    value.text = base64.encodebytes(octets).decode()


def _gcm(key: bytes, plain: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, plain, None)


def _cbc(key: bytes, plain: bytes) -> bytes:
    missing = 16 - len(plain) % 16
    padded = plain + os.urandom(missing - 1) + bytes([missing])  # XML Encryption §5.2
    vector = os.urandom(16)
    encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    return vector + encryptor.update(padded) + encryptor.finalize()
