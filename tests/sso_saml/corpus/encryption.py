"""Attacks on the encryption itself: keys, cipher text, algorithms, what lies beside it and what comes out of it."""

from __future__ import annotations

from copy import deepcopy

from lxml import etree

from sso_saml.errors import RefusalCode as C
from tests.sso_saml.corpus.case import BOTH_SIGNED, HONEST, RESPONSE_SIGNED, Case, Ground, Variant
from tests.sso_saml.corpus.edits import ds, find, in_value, parent_of
from tests.sso_saml.corpus.encrypted import CBC, GCM, OURS, to_us
from tests.sso_saml.corpus.structure import XML_ID
from tests.sso_saml.encryption import DS, MORE, OAEP, OAEP_11, RSA_1_5, XENC, XENC11, Encryption
from tests.sso_saml.forge import SAML, BytesHook, Recipe, TreeHook, rsa_key


def flipped(position: int, bit: int = 1) -> BytesHook:
    """One bit of the octets turned over."""

    def flip(octets: bytes) -> bytes:
        changed = bytearray(octets)
        changed[position] ^= bit
        return bytes(changed)

    return flip


def add(name: str, into: str, **attributes: str) -> TreeHook:
    """Put an element into the finished EncryptedAssertion."""
    return lambda wrapper: etree.SubElement(find(wrapper, into, XENC), name, attributes)


def twice(name: str) -> TreeHook:
    """Double a part of the finished EncryptedAssertion."""

    def edit(wrapper: etree._Element) -> None:
        part = find(wrapper, name, XENC)
        part.addnext(deepcopy(part))

    return edit


def plain_beside(response: etree._Element) -> None:
    """A plain assertion of the stranger's beside the encrypted one."""
    evil = HONEST.but(sign_assertion=None, assertion_id="_evil").tree()
    response.append(evil[-1])


def encrypted_part(name: str, **how: object) -> TreeHook:
    """The NameID or an attribute encrypted inside the signed assertion."""

    def edit(response: etree._Element) -> None:
        element = response.findall(f".//{{{SAML}}}{name}")[-1]
        wrapper = {"NameID": "EncryptedID", "Attribute": "EncryptedAttribute"}[name]
        Encryption((OURS,), **how).replace(element, f"{{{SAML}}}{wrapper}")  # type: ignore[arg-type]

    return edit


def parts(name: str, **how: object) -> Recipe:
    """A signed assertion with an encrypted part."""
    return HONEST.but(before_signing=encrypted_part(name, **how))


def key_by(algorithm: str) -> TreeHook:
    """Another algorithm named for the key."""
    return lambda wrapper: find(wrapper, "EncryptedKey", XENC)[0].set("Algorithm", algorithm)


def content_by(algorithm: str) -> TreeHook:
    """Another algorithm named for the content."""
    return lambda wrapper: find(wrapper, "EncryptionMethod", XENC).set("Algorithm", algorithm)


def add_digest(wrapper: etree._Element) -> None:
    ds(find(wrapper, "EncryptedKey", XENC)[0], "DigestMethod", Algorithm=f"{MORE}md5")


def agreed(wrapper: etree._Element) -> None:
    etree.SubElement(find(wrapper, "KeyInfo", DS), AGREEMENT)


def once_more(response: etree._Element) -> None:
    response.append(deepcopy(response[-1]))


def no_key(wrapper: etree._Element) -> None:
    key = find(wrapper, "EncryptedKey", XENC)
    parent_of(key).remove(key)


def add_mask(wrapper: etree._Element) -> None:
    etree.SubElement(
        find(wrapper, "EncryptedKey", XENC)[0], f"{{{XENC11}}}MGF", Algorithm=f"{XENC11}mgf1sha256"
    )


def wrapped_again(plain: bytes) -> bytes:
    return etree.tostring(Encryption((OURS,)).wrap(plain, f"{{{SAML}}}EncryptedAssertion"))


def exchange(response: etree._Element) -> None:
    """Another valid EncryptedAssertion of the provider's in a Response that it signed."""
    other = to_us(HONEST.but(name_id="other@acme.example")).tree()
    response.replace(response[-1], other[-1])


STRANGER = rsa_key("mallory").public_key()
ONLY_ENCRYPTED = Ground({"require_encryption": True})
OLD_KEYS = Ground({"allow_rsa_1_5": True})
CIPHER_REFERENCE = f"{{{XENC}}}CipherReference"
NOWHERE = "http://127.0.0.1:1/"
AGREEMENT = f"{{{XENC}}}AgreementMethod"


def broken(name: str, twin: Recipe | None = None, code: str = C.ENCRYPTED, **how: object) -> Case:
    """An encryption with one thing wrong with it."""
    honest = {key: value for key, value in how.items() if key == "algorithm" and value in (CBC, GCM)}
    return Case(name, code, to_us(**how), twin or to_us(**honest))


CASES = (
    Case("key of a stranger", C.ENCRYPTED, HONEST.encrypted_to(STRANGER), to_us()),
    Case(
        "keys of strangers, one more than are tried",
        C.ENCRYPTED,
        HONEST.encrypted_to(*(STRANGER,) * 4, OURS),
        HONEST.encrypted_to(*(STRANGER,) * 3, OURS),
    ),
    broken("wrapped key changed", on_wrapped_key=flipped(0)),
    broken("wrapped key cut", on_wrapped_key=lambda octets: octets[:-1]),
    broken("wrapped key replaced", on_wrapped_key=lambda octets: bytes(len(octets))),
    *(
        broken(f"CBC: {label}", algorithm=CBC, on_cipher=hook)
        for label, hook in (
            ("first letter changed", flipped(0)),
            ("second letter changed", flipped(1)),
            ("block in the middle changed", flipped(160)),
            ("last byte changed", flipped(-1)),
            ("padding of the last block changed", flipped(-17, 255)),
            ("last block cut off", lambda octets: octets[:-16]),
            ("last byte cut off", lambda octets: octets[:-1]),
            ("vector alone", lambda octets: octets[:16]),
            ("first block twice", lambda octets: octets[:32] + octets[16:]),
        )
    ),
    *(
        broken(f"GCM: {label}", algorithm=GCM, on_cipher=hook)
        for label, hook in (
            ("nonce changed", flipped(0)),
            ("text changed", flipped(40)),
            ("tag changed", flipped(-1)),
            ("tag cut", lambda octets: octets[:-4]),
            ("nothing but a nonce", lambda octets: octets[:12]),
        )
    ),
    broken("RSA 1.5 without the switch", transport=RSA_1_5),
    broken(
        "key transport that nobody knows",
        edit=key_by("urn:x"),
    ),
    broken(
        "key wrapped by AES",
        edit=key_by(f"{XENC}kw-aes256"),
    ),
    broken(
        "content by triple DES",
        edit=content_by(f"{XENC}tripledes-cbc"),
    ),
    broken(
        "content algorithm that nobody knows",
        edit=content_by("urn:x"),
    ),
    broken("content algorithm missing", edit=lambda w: w[0].remove(w[0][0])),
    broken("GCM said to be CBC", edit=content_by(CBC)),
    broken("mask function in the old OAEP", edit=add_mask),
    broken(
        "digest that OAEP does not know",
        edit=add_digest,
    ),
    broken("no EncryptedKey", edit=no_key),
    broken("no CipherValue", edit=lambda w: w[0][-1].remove(w[0][-1][0])),
    broken("CipherValue that is no base64", edit=lambda w: setattr(w[0][-1][0], "text", "%%%")),
    broken("two EncryptedData", edit=twice("EncryptedData")),
    broken("nothing in it", edit=lambda w: w.clear()),
    broken(
        "cipher text fetched from elsewhere",
        code=C.SIGNATURE_SHAPE,
        edit=add(CIPHER_REFERENCE, "CipherData", URI=NOWHERE),
    ),
    broken(
        "key by agreement",
        code=C.SIGNATURE_SHAPE,
        edit=agreed,
    ),
    broken(
        "key fetched from elsewhere",
        code=C.KEY_INFO,
        edit=lambda w: ds(find(w, "KeyInfo", DS), "RetrievalMethod", URI=NOWHERE),
    ),
    *(
        broken(f"inside: {label}", on_plain=hook)
        for label, hook in (
            ("nothing", lambda _: b""),
            ("a text", lambda _: b"mallory"),
            ("two assertions", lambda plain: plain * 2),
            ("text before the assertion", lambda plain: b"x" + plain),
            (
                "another element",
                lambda _: b'<saml:NameID xmlns:saml="%b">mallory</saml:NameID>' % SAML.encode(),
            ),
            ("what closes the frame around it", lambda plain: b"</frame><frame>" + plain),
            ("an end without a beginning", lambda plain: plain + b"</saml:x>"),
        )
    ),
    Case("encrypted twice", C.ENCRYPTED, to_us(on_plain=wrapped_again), to_us()),
    Case("plain assertion beside it", C.ASSERTION_COUNT, to_us().but(after_signing=plain_beside), to_us()),
    Case(
        "two EncryptedAssertions",
        C.ASSERTION_COUNT,
        to_us().but(after_signing=once_more),
        to_us(),
    ),
    Case(
        "cipher text exchanged in a signed Response",
        C.SIGNATURE_INVALID,
        to_us(BOTH_SIGNED).but(after_signing=exchange),
        to_us(BOTH_SIGNED),
    ),
    Case("more cipher text than fits", C.TOO_LARGE, to_us(HONEST.but(name_id="a" * 200_000)), to_us()),
    Case("plain where only encrypted is accepted", C.NOT_ENCRYPTED, HONEST, to_us(), ground=ONLY_ENCRYPTED),
    Case("NameID to a stranger", C.ENCRYPTED, parts("NameID", on_wrapped_key=flipped(0)), parts("NameID")),
    Case(
        "attribute to a stranger",
        C.ENCRYPTED,
        parts("Attribute", on_wrapped_key=flipped(0)),
        parts("Attribute"),
    ),
    Case(
        "NameID that holds an assertion",
        C.ENCRYPTED,
        parts("NameID", on_plain=lambda _: b"<x/>"),
        parts("NameID"),
    ),
    Case(
        "NameID by RSA 1.5 without the switch",
        C.ENCRYPTED,
        parts("NameID", transport=RSA_1_5),
        parts("NameID"),
    ),
)


VARIANTS = (
    *(
        Variant(f"{algorithm.partition('#')[2]}, {mode} signed", to_us(recipe, algorithm=algorithm))
        for algorithm in (f"{XENC11}aes128-gcm", GCM, f"{XENC}aes128-cbc", f"{XENC}aes192-cbc", CBC)
        for mode, recipe in (("assertion", HONEST), ("response", RESPONSE_SIGNED), ("both", BOTH_SIGNED))
    ),
    Variant("OAEP of SHA-256", to_us(transport=OAEP_11, digest=f"{XENC}sha256", mgf=f"{XENC11}mgf1sha256")),
    Variant("OAEP with another digest", to_us(transport=OAEP, digest=f"{XENC}sha256")),
    Variant("key beside the data", to_us(place="beside")),
    Variant("key beside the data and pointed at", to_us(place="pointed")),
    Variant("keys of two, ours last", HONEST.encrypted_to(STRANGER, OURS)),
    Variant("RSA 1.5 with the switch", to_us(transport=RSA_1_5), ground=OLD_KEYS),
    Variant("encrypted, where only that is accepted", to_us(), ground=ONLY_ENCRYPTED),
    Variant(
        "xml:id that is no name, in an encrypted value",
        to_us(HONEST.but(before_signing=in_value("{urn:x}x", **{XML_ID: "#"}))),
    ),
    Variant("NameID", parts("NameID")),
    Variant("attribute", parts("Attribute")),
    Variant("NameID in an encrypted assertion", to_us(parts("NameID"))),
)
