"""XML Encryption, as far as SAML needs it: from an EncryptedAssertion (or EncryptedID…) to the element inside (S-7).

Own code over lxml and ``cryptography``, because a general processor does what the document says: it follows references,
derives keys by agreement, and lets the sender choose. Here the document chooses among ten algorithms and nothing else:
AES in CBC or GCM for the content, RSA-OAEP for its key; RSA 1.5 for a provider whose settings allow it.

No oracle. Whoever sees our metadata can encrypt anything to us, and whoever saw a message can change it and try again
until the answers tell them what was in it (Vaudenay's padding oracle, Bleichenbacher's and Manger's attacks, Jager and
Somorovsky's on CBC in XML). So every failure is one refusal, and none is visible before the rest of the work was done:
a key that can't be unwrapped is replaced by a random one, and what can't be decrypted by a decoy, a response that costs
what another one with a bad signature costs (``toolkit``). The page is that of any other refusal. SHA-1 inside OAEP is
no signature and no weakness; it is the default there.

Source: XML Encryption 1.1, §5.2, §5.5, §5.8; SAML Core §2.2.4, §2.3.4, §2.7.3.2, §6.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import cast

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree

from sso_saml.errors import RefusalCode, SamlRefusal, quoted
from sso_saml.names import (
    NS_ENCRYPTION,
    NS_ENCRYPTION_11,
    NS_SCHEMA,
    NS_SCHEMA_INSTANCE,
    NS_SIGNATURE,
    ds,
    saml,
    xenc,
)
from sso_saml.safe_xml import UnsafeXmlError, XmlLimits, parse

OAEP = f"{NS_ENCRYPTION}rsa-oaep-mgf1p"
OAEP_11 = f"{NS_ENCRYPTION_11}rsa-oaep"
RSA_1_5 = f"{NS_ENCRYPTION}rsa-1_5"
MAX_KEYS = 4  # EncryptedKeys of one element; each costs a private-key operation for each of our keys
MAX_PARTS = 20  # encrypted NameIDs and attributes of one assertion
MAX_LABEL = 256  # bytes of OAEPparams
_MAX_WRAPPED_KEY = 1024  # bytes; RSA of 8192 bits
_AES_BLOCK = 16
_GCM_NONCE, _GCM_TAG = 12, 16


@dataclass(frozen=True, slots=True)
class _ContentAlgorithm:
    key_size: int  # bytes
    is_gcm: bool


CONTENT_ALGORITHMS: Mapping[str, _ContentAlgorithm] = MappingProxyType(
    {
        f"{namespace}aes{bits}-{mode}": _ContentAlgorithm(bits // 8, mode == "gcm")
        for namespace, mode in ((NS_ENCRYPTION_11, "gcm"), (NS_ENCRYPTION, "cbc"))
        for bits in (128, 192, 256)
    }
)
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_SHA1 = hashes.SHA1()  # noqa: S303 - of OAEP, where nothing depends on collisions
_DIGESTS: Mapping[str, hashes.HashAlgorithm] = MappingProxyType(
    {
        f"{NS_SIGNATURE}sha1": _SHA1,
        f"{_MORE}sha224": hashes.SHA224(),
        f"{NS_ENCRYPTION}sha256": hashes.SHA256(),
        f"{_MORE}sha384": hashes.SHA384(),
        f"{NS_ENCRYPTION}sha512": hashes.SHA512(),
    }
)
_MASKS: Mapping[str, hashes.HashAlgorithm] = MappingProxyType(
    {
        f"{NS_ENCRYPTION_11}mgf1sha1": _SHA1,
        f"{NS_ENCRYPTION_11}mgf1sha224": hashes.SHA224(),
        f"{NS_ENCRYPTION_11}mgf1sha256": hashes.SHA256(),
        f"{NS_ENCRYPTION_11}mgf1sha384": hashes.SHA384(),
        f"{NS_ENCRYPTION_11}mgf1sha512": hashes.SHA512(),
    }
)


class Undecryptable(SamlRefusal):
    """Nothing came out of the decryption. For an assertion, ``toolkit`` goes on with a decoy before it says so."""

    def __init__(self) -> None:
        super().__init__(RefusalCode.ENCRYPTED, "it can't be decrypted with any of our keys")


@dataclass(frozen=True, slots=True)
class Decryption:
    """How one provider's messages are decrypted.

    ``private_keys`` are PEM, in the order to try them. ``recipient`` is our entity ID: an EncryptedKey that names it is
    tried before the others. ``limits`` bound what comes out.
    """

    private_keys: tuple[str, ...]
    recipient: str
    allow_rsa_1_5: bool
    limits: XmlLimits

    def element_in(self, encrypted: etree._Element, tag: str) -> etree._Element:
        """The element ``tag`` inside ``encrypted`` (an EncryptedAssertion, EncryptedID…), in a tree of its own.

        Raises ``SamlRefusal`` ``saml.encrypted``: at once for what anybody can see is wrong (an algorithm, a shape),
        ``Undecryptable`` for what only the key could tell.
        """
        data = _only_data(encrypted)
        algorithm = _content_algorithm(data)
        cipher = _octets(data, self.limits.max_bytes)
        wrapped = [self._wrapped(key) for key in self._ordered_keys(encrypted, data)]
        if not self.private_keys:
            raise _refusal("there is no key of ours yet: the provider can't have got one from our metadata")
        for candidate in wrapped:
            for pem in self.private_keys:
                found = self._inside(candidate.unwrap(pem, algorithm.key_size), algorithm, cipher, encrypted)
                if found is not None and found.tag == tag:
                    return found
        raise Undecryptable

    def _ordered_keys(self, encrypted: etree._Element, data: etree._Element) -> list[etree._Element]:
        """Every EncryptedKey that may hold the content's key: in KeyInfo, or beside the data. Where a RetrievalMethod
        points is not looked at: the gate lets it point within the document only, and all keys here are tried."""
        inside = data.findall(f"{ds('KeyInfo')}/{xenc('EncryptedKey')}")
        keys = [*inside, *encrypted.findall(xenc("EncryptedKey"))]
        if not 0 < len(keys) <= MAX_KEYS:
            raise _refusal(f"{len(keys)} EncryptedKeys, 1 to {MAX_KEYS} are expected")
        return sorted(keys, key=lambda key: key.get("Recipient") not in (None, self.recipient))

    def _wrapped(self, key: etree._Element) -> _WrappedKey:
        method = key.find(xenc("EncryptionMethod"))
        name = None if method is None else method.get("Algorithm")
        octets = _octets(key, _MAX_WRAPPED_KEY)
        if name == RSA_1_5 and self.allow_rsa_1_5:
            return _WrappedKey(octets, padding.PKCS1v15())
        if method is None or name not in (OAEP, OAEP_11):
            hint = "; its settings could allow that" if name == RSA_1_5 else ""
            raise _refusal(f"key transport {quoted(name)} is not accepted{hint}")
        return _WrappedKey(octets, _oaep(method, is_1_1=name == OAEP_11))

    def _inside(
        self, key: bytes, algorithm: _ContentAlgorithm, cipher: bytes, encrypted: etree._Element
    ) -> etree._Element | None:
        plain = _gcm(key, cipher) if algorithm.is_gcm else _cbc(key, cipher)
        # It stands where the encrypted element stood, with the namespaces from there (XML Encryption §4.4). The parser
        # sees to it that it is one element: what closes the frame and opens another is no document.
        frame = etree.tostring(etree.Element("frame", nsmap=_namespaces(encrypted))).removesuffix(b"/>")
        try:
            root = parse(b"%b>%b</frame>" % (frame, plain), self.limits)
        except UnsafeXmlError:
            return None
        children = list(root)
        if len(children) != 1 or (root.text or "").strip() or (children[0].tail or "").strip():
            return None
        # Written out and read again, it declares for itself what it had from the frame. By our own parser: another has
        # other ideas of what is XML (an xml:id that is no name), and its error would be told from a failed decryption.
        children[0].tail = None
        try:
            return parse(etree.tostring(children[0]), self.limits)
        except UnsafeXmlError:
            return None


@dataclass(frozen=True, slots=True)
class _WrappedKey:
    octets: bytes
    scheme: padding.AsymmetricPadding

    def unwrap(self, pem: str, size: int) -> bytes:
        """The content's key, or a random one: what follows takes its course either way."""
        substitute = os.urandom(size)
        try:
            key = _private_key(pem).decrypt(self.octets, self.scheme)
        except (ValueError, UnsupportedAlgorithm):
            return substitute
        return key if len(key) == size else substitute


def decrypt_parts(assertion: etree._Element, decryption: Decryption) -> None:
    """Put an encrypted NameID and encrypted attributes into the (signed, already verified) ``assertion`` as plain ones.

    Encrypted parts anywhere else stay, for ``check_nothing_encrypted`` to refuse.
    """
    places = (
        (f"{saml('Subject')}/{saml('EncryptedID')}", saml("NameID")),
        (f"{saml('AttributeStatement')}/{saml('EncryptedAttribute')}", saml("Attribute")),
    )
    found = [(part, tag) for path, tag in places for part in assertion.findall(path)]
    if len(found) > MAX_PARTS:
        raise _refusal(f"more than {MAX_PARTS} encrypted parts")
    for part, tag in found:
        plain = decryption.element_in(part, tag)
        if tag == saml("NameID") and len(plain):
            raise _refusal("a NameID that holds elements")
        parent = part.getparent()
        if parent is not None:
            parent.replace(part, plain)


def _namespaces(encrypted: etree._Element) -> dict[str, str]:
    """What is in scope, and the two prefixes of ``xsi:type="xs:string"`` where providers forget that the signed form of
    a message leaves out what only its encrypted part uses."""
    return {"xsi": NS_SCHEMA_INSTANCE, "xs": NS_SCHEMA, **cast(dict[str, str], encrypted.nsmap)}


def _refusal(detail: str) -> SamlRefusal:
    return SamlRefusal(RefusalCode.ENCRYPTED, detail)


def _only_data(encrypted: etree._Element) -> etree._Element:
    found = [child for child in encrypted if child.tag == xenc("EncryptedData")]
    if len(found) != 1 or any(
        child.tag not in (xenc("EncryptedData"), xenc("EncryptedKey")) for child in encrypted
    ):
        raise _refusal("not one EncryptedData and its EncryptedKeys")
    return found[0]


def _content_algorithm(data: etree._Element) -> _ContentAlgorithm:
    method = data.find(xenc("EncryptionMethod"))
    name = None if method is None else method.get("Algorithm")
    if name is None or name not in CONTENT_ALGORITHMS:
        raise _refusal(f"content algorithm {quoted(name)} is not accepted")
    return CONTENT_ALGORITHMS[name]


def _octets(parent: etree._Element, limit: int) -> bytes:
    """The octets of the one CipherValue of an EncryptedData or EncryptedKey."""
    values = parent.findall(f"{xenc('CipherData')}/{xenc('CipherValue')}")
    if len(values) != 1 or len(values[0]):
        raise _refusal("not one CipherValue")
    try:
        octets = base64.b64decode("".join((values[0].text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        raise _refusal("a CipherValue that is not base64") from None
    if not 0 < len(octets) <= limit:
        raise _refusal(f"a CipherValue of {len(octets)} bytes")
    return octets


def _oaep(method: etree._Element, *, is_1_1: bool) -> padding.OAEP:
    digest = _named(method.find(ds("DigestMethod")), _DIGESTS)
    mask_element = method.find(f"{{{NS_ENCRYPTION_11}}}MGF")
    if mask_element is not None and not is_1_1:
        raise _refusal("rsa-oaep-mgf1p has its mask function in its name, and another one was sent")
    mask = _named(mask_element, _MASKS)
    try:
        label = base64.b64decode("".join((method.findtext(xenc("OAEPparams")) or "").split()), validate=True)
    except (binascii.Error, ValueError):
        raise _refusal("OAEPparams that are not base64") from None
    if len(label) > MAX_LABEL:
        raise _refusal("OAEPparams that are too long")
    return padding.OAEP(padding.MGF1(mask), digest, label or None)


def _named(element: etree._Element | None, known: Mapping[str, hashes.HashAlgorithm]) -> hashes.HashAlgorithm:
    if element is None:
        return _SHA1  # the default of both (XML Encryption §5.5.2)
    name = element.get("Algorithm")
    if name is None or name not in known:
        raise _refusal(f"{quoted(name)} in OAEP is not accepted")
    return known[name]


def _gcm(key: bytes, cipher: bytes) -> bytes:
    if len(cipher) < _GCM_NONCE + _GCM_TAG:
        return b""
    try:
        return AESGCM(key).decrypt(cipher[:_GCM_NONCE], cipher[_GCM_NONCE:], None)
    except InvalidTag:
        return b""


def _cbc(key: bytes, cipher: bytes) -> bytes:
    if len(cipher) < 2 * _AES_BLOCK or len(cipher) % _AES_BLOCK:
        return b""
    decryptor = Cipher(algorithms.AES(key), modes.CBC(cipher[:_AES_BLOCK])).decryptor()
    padded = decryptor.update(cipher[_AES_BLOCK:]) + decryptor.finalize()
    # Only the last byte counts (§5.2). An impossible one is cut off like any other: what is left is parsed either way.
    return padded[: -min(max(padded[-1], 1), _AES_BLOCK)]


@lru_cache(maxsize=64)
def _private_key(pem: str) -> rsa.RSAPrivateKey:
    # We made the key and kept it encrypted; checking its primes again would take longer than decrypting with it.
    key = load_pem_private_key(pem.encode("ascii"), password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("service provider keys are RSA keys")
    return key
