"""Encrypted assertions, NameIDs and attributes: what is read, what is refused, and that a refusal tells nothing."""

from __future__ import annotations

import base64
from copy import deepcopy
from dataclasses import replace

import pytest
from lxml import etree

from sso_saml.decoy import DECOY
from sso_saml.errors import RefusalCode, SamlRefusal
from sso_saml.toolkit import validate_response
from tests.sso_saml.encryption import (
    DATA_ALGORITHMS,
    DS,
    MORE,
    OAEP,
    OAEP_11,
    RSA_1_5,
    XENC,
    XENC11,
    Encryption,
)
from tests.sso_saml.forge import (
    ADA,
    SAML,
    SP,
    Recipe,
    Seal,
    config,
    ec_key,
    expected,
    private_pem,
    rsa_key,
    saml,
    sp_certificate,
)

SIGNED_BOTH = Recipe(sign_response=Seal())
SIGNED_RESPONSE = Recipe(sign_assertion=None, sign_response=Seal())


def name_of(recipe: Recipe, **settings: object) -> str | None:
    verified = validate_response(replace(config(), **settings), recipe.post(), expected())  # type: ignore[arg-type]
    return verified.name_id


def refusal(recipe: Recipe, **settings: object) -> SamlRefusal:
    with pytest.raises(SamlRefusal) as caught:
        name_of(recipe, **settings)
    return caught.value


@pytest.mark.parametrize("recipe", [Recipe(), SIGNED_BOTH, SIGNED_RESPONSE])
@pytest.mark.parametrize("algorithm", DATA_ALGORITHMS)
def test_every_usual_content_algorithm_is_read(recipe: Recipe, algorithm: str) -> None:
    # S-7
    assert name_of(recipe.encrypted_to(sp_certificate(), algorithm=algorithm)) == ADA


@pytest.mark.parametrize("digest", [None, f"{DS}sha1", f"{XENC}sha256", f"{MORE}sha384", f"{XENC}sha512"])
def test_oaep_takes_digests_that_signatures_may_not_have(digest: str | None) -> None:
    # S-7: the ban of SHA-1 is for signatures
    assert name_of(Recipe().encrypted_to(sp_certificate(), transport=OAEP, digest=digest)) == ADA


@pytest.mark.parametrize("mask", [None, "mgf1sha1", "mgf1sha224", "mgf1sha256", "mgf1sha384", "mgf1sha512"])
def test_oaep_of_xml_encryption_1_1_names_its_mask(mask: str | None) -> None:
    # S-7
    recipe = Recipe().encrypted_to(
        sp_certificate(),
        transport=OAEP_11,
        digest=f"{XENC}sha256",
        mgf=mask and f"{XENC11}{mask}",
        label=b"a label",
    )
    assert name_of(recipe) == ADA


@pytest.mark.parametrize("place", ["inside", "beside", "pointed"])
def test_the_key_stands_in_key_info_or_beside(place: str) -> None:
    # S-7
    assert name_of(Recipe().encrypted_to(sp_certificate(), place=place)) == ADA


@pytest.mark.parametrize("recipients", [(), ("https://other.example", SP), (None, None)])
def test_the_key_for_us_is_found_among_those_for_others(recipients: tuple[str | None, ...]) -> None:
    # S-7
    recipe = Recipe().encrypted_to(sp_certificate("other"), sp_certificate(), recipients=recipients)
    assert name_of(recipe) == ADA


@pytest.mark.parametrize("number", [0, 1, 2])
def test_every_live_key_of_ours_is_tried(number: int) -> None:
    # S-7: rollover with overlap
    keys = tuple(private_pem(rsa_key(name)) for name in ("current", "next", "previous"))
    to = sp_certificate(("current", "next", "previous")[number])
    assert name_of(Recipe().encrypted_to(to), sp_private_keys=keys) == ADA


def test_rsa_1_5_needs_the_providers_permission() -> None:
    # S-7
    recipe = Recipe().encrypted_to(sp_certificate(), transport=RSA_1_5, algorithm=f"{XENC}aes128-cbc")
    assert name_of(recipe, allow_rsa_1_5=True) == ADA
    refused = refusal(recipe)
    assert refused.code is RefusalCode.ENCRYPTED
    assert "settings could allow" in refused.detail


def without_declarations(plain: bytes) -> bytes:
    """Write an element as libxmlsec encrypts it: without the namespaces that are declared above it."""
    head, end, rest = plain.partition(b">")
    for prefix in (b"samlp", b"saml"):
        before, name, after = head.partition(b' xmlns:%b="' % prefix)
        head = before + after.partition(b'"')[2] if name else head
    return head + end + rest


@pytest.mark.parametrize("recipe", [Recipe(), SIGNED_BOTH, SIGNED_RESPONSE])
def test_plain_text_may_lean_on_the_namespaces_around_it(recipe: Recipe) -> None:
    # XML Encryption §4.4
    assert b"xmlns:saml=" not in without_declarations(b'<saml:A xmlns:saml="urn:x" a="b">')
    assert name_of(recipe.encrypted_to(sp_certificate(), on_plain=without_declarations)) == ADA


def test_the_assertion_may_have_prefixes_of_its_own() -> None:
    # S-7: pysaml2 names the same namespaces differently inside and outside, and the inner names are signed
    recipe = Recipe().encrypted_to(sp_certificate())
    renamed = recipe.but(
        on_bytes=lambda sent: sent.replace(b"saml:", b"other:").replace(b"xmlns:saml=", b"xmlns:other=")
    )
    assert b"<other:Issuer" in renamed.document()
    assert name_of(renamed) == ADA


def test_attributes_with_a_schema_type_survive_a_signed_response() -> None:
    # S-7: the signed form of the message leaves out prefixes that only the encrypted part uses
    def forget_xs(plain: bytes) -> bytes:
        for prefix in (b"xs", b"xsi"):
            head, name, rest = plain.partition(b' xmlns:%b="' % prefix)
            plain = head + rest.partition(b'"')[2] if name else plain
        return plain

    recipe = SIGNED_RESPONSE.encrypted_to(sp_certificate(), on_plain=forget_xs)
    verified = validate_response(config(), recipe.post(), expected())
    assert verified.attributes["groups"] == ("Staff", "Ops")


# --- refused ----------------------------------------------------------------------------------------------------------


def flip(octets: bytes) -> bytes:
    return octets[:-1] + bytes([octets[-1] ^ 1])


GCM, CBC = f"{XENC11}aes128-gcm", f"{XENC}aes128-cbc"
UNDECRYPTABLE = {
    "for another key": Recipe().encrypted_to(sp_certificate("stranger")),
    "changed cipher text, GCM": Recipe().encrypted_to(sp_certificate(), algorithm=GCM, on_cipher=flip),
    "changed cipher text, CBC": Recipe().encrypted_to(sp_certificate(), algorithm=CBC, on_cipher=flip),
    "half a block": Recipe().encrypted_to(
        sp_certificate(), algorithm=CBC, on_cipher=lambda octets: octets[:-8]
    ),
    "one block": Recipe().encrypted_to(sp_certificate(), algorithm=CBC, on_cipher=lambda octets: octets[:16]),
    "no nonce": Recipe().encrypted_to(sp_certificate(), algorithm=GCM, on_cipher=lambda octets: octets[:20]),
    "changed key": Recipe().encrypted_to(sp_certificate(), on_wrapped_key=flip),
    "a short key": Recipe().encrypted_to(sp_certificate(), on_wrapped_key=lambda octets: octets[1:]),
    "another label": Recipe().encrypted_to(
        sp_certificate(),
        label=b"one",
        edit=lambda element: element.iter(f"{{{XENC}}}OAEPparams").__next__().__setattr__("text", "dHdv"),
    ),
    "no XML": Recipe().encrypted_to(sp_certificate(), on_plain=lambda plain: b"hello"),
    "nothing": Recipe().encrypted_to(sp_certificate(), on_plain=lambda plain: b""),
    "something else": Recipe().encrypted_to(
        sp_certificate(), on_plain=lambda plain: plain.replace(b"saml:Assertion", b"saml:Advice")
    ),
    "two assertions": Recipe().encrypted_to(sp_certificate(), on_plain=lambda plain: plain * 2),
    "text beside it": Recipe().encrypted_to(sp_certificate(), on_plain=lambda plain: plain + b"x"),
    "the frame closed and opened": Recipe().encrypted_to(
        sp_certificate(), on_plain=lambda plain: b"</frame><frame>" + plain
    ),
    "a DTD": Recipe().encrypted_to(sp_certificate(), on_plain=lambda plain: b"<!DOCTYPE x>" + plain),
    "too deep": Recipe().encrypted_to(sp_certificate(), on_plain=lambda plain: b"<a>" * 30 + b"</a>" * 30),
}


@pytest.mark.parametrize("case", UNDECRYPTABLE)
def test_whatever_only_the_key_could_tell_is_one_refusal(case: str) -> None:
    # S-7: no oracle
    refused = refusal(UNDECRYPTABLE[case])
    assert (refused.code, refused.detail) == (
        RefusalCode.ENCRYPTED,
        "it can't be decrypted with any of our keys",
    )


def algorithm(name: str, tag: str = "EncryptionMethod") -> object:
    def edit(element: etree._Element) -> None:
        next(element.iter(f"{{{XENC}}}{tag}", f"{{{DS}}}{tag}")).set("Algorithm", name)

    return edit


def drop(tag: str) -> object:
    def edit(element: etree._Element) -> None:
        found = next(element.iter(f"{{{XENC}}}{tag}"))
        parent = found.getparent()
        assert parent is not None
        parent.remove(found)

    return edit


def double(tag: str) -> object:
    def edit(element: etree._Element) -> None:
        found = next(element.iter(f"{{{XENC}}}{tag}"))
        found.addnext(deepcopy(found))

    return edit


VISIBLY_WRONG = {
    "3DES": Recipe().encrypted_to(sp_certificate(), edit=algorithm(f"{XENC}tripledes-cbc")),
    "no algorithm": Recipe().encrypted_to(sp_certificate(), edit=drop("EncryptionMethod")),
    "two EncryptedData": Recipe().encrypted_to(sp_certificate(), edit=double("EncryptedData")),
    "no EncryptedData": Recipe().encrypted_to(sp_certificate(), edit=drop("EncryptedData")),
    "two CipherValues": Recipe().encrypted_to(sp_certificate(), edit=double("CipherValue")),
    "no EncryptedKey": Recipe().encrypted_to(),
    "five EncryptedKeys": Recipe().encrypted_to(*[sp_certificate()] * 5),
    "an AES-wrapped key": Recipe().encrypted_to(
        sp_certificate(),
        edit=lambda element: list(element.iter(f"{{{XENC}}}EncryptionMethod"))[1].set(
            "Algorithm", f"{XENC}kw-aes128"
        ),
    ),
    "MD5 in OAEP": Recipe().encrypted_to(
        sp_certificate(), digest=f"{XENC}sha256", edit=algorithm(f"{MORE}md5", "DigestMethod")
    ),
    "a mask where the name has one": Recipe().encrypted_to(
        sp_certificate(), transport=OAEP, mgf=f"{XENC11}mgf1sha256"
    ),
    "a long label": Recipe().encrypted_to(sp_certificate(), label=b"x" * 257),
    "no base64": Recipe().encrypted_to(
        sp_certificate(),
        edit=lambda element: next(element.iter(f"{{{XENC}}}CipherValue")).__setattr__("text", "?"),
    ),
}


@pytest.mark.parametrize("case", VISIBLY_WRONG)
def test_what_anybody_can_see_is_wrong_is_said_in_the_audit_trail(case: str) -> None:
    refused = refusal(VISIBLY_WRONG[case])
    assert refused.code is RefusalCode.ENCRYPTED
    assert refused.detail != "it can't be decrypted with any of our keys"


def test_without_a_key_of_ours_nothing_is_read() -> None:
    refused = refusal(Recipe().encrypted_to(sp_certificate()), sp_private_keys=())
    assert refused.code is RefusalCode.ENCRYPTED


def test_the_decoy_goes_as_far_as_a_changed_assertion_does() -> None:
    # S-7: what a failed decryption goes on with must not fail earlier, or the time would tell
    with pytest.raises(SamlRefusal) as of_decoy:
        validate_response(config(), base64.b64encode(DECOY).decode(), expected())
    changed = Recipe(on_bytes=lambda document: document.replace(ADA.encode(), b"eve@acme.example", 1))
    with pytest.raises(SamlRefusal) as of_change:
        validate_response(config(), changed.post(), expected())
    assert (of_decoy.value.code, of_decoy.value.detail) == (of_change.value.code, of_change.value.detail)
    assert of_decoy.value.code is RefusalCode.SIGNATURE_INVALID


# --- the signatures around it -----------------------------------------------------------------------------------------


def test_an_encrypted_assertion_without_any_signature_signs_nobody_in() -> None:
    # S-8: anyone can encrypt to our public key
    recipe = Recipe(sign_assertion=None)
    assert refusal(recipe.encrypted_to(sp_certificate())).code is RefusalCode.SIGNATURE_MISSING


def test_an_encrypted_assertion_signed_by_a_stranger_signs_nobody_in() -> None:
    # S-8
    recipe = Recipe(sign_assertion=Seal(key=rsa_key("stranger")))
    assert refusal(recipe.encrypted_to(sp_certificate())).code is RefusalCode.SIGNATURE_INVALID


def test_a_signed_response_does_not_excuse_a_bad_signature_inside() -> None:
    # S-8
    recipe = Recipe(sign_assertion=Seal(key=rsa_key("stranger")), sign_response=Seal())
    assert refusal(recipe.encrypted_to(sp_certificate())).code is RefusalCode.SIGNATURE_INVALID


@pytest.mark.parametrize("recipe", [SIGNED_BOTH, SIGNED_RESPONSE])
def test_an_encrypted_assertion_put_into_a_signed_response_signs_nobody_in(recipe: Recipe) -> None:
    # S-8: the Response's signature covers what arrived
    other = Recipe(name_id="eve@acme.example", assertion_id="_other").encrypted_to(sp_certificate()).tree()

    def exchange(response: etree._Element) -> None:
        encrypted = response.find(f"{{{SAML}}}EncryptedAssertion")
        theirs = other.find(f"{{{SAML}}}EncryptedAssertion")
        assert encrypted is not None
        assert theirs is not None
        response.replace(encrypted, theirs)

    attack = recipe.but(after_signing=exchange).encrypted_to(sp_certificate(), hooks_inside=False)
    assert refusal(attack).code is RefusalCode.SIGNATURE_INVALID
    assert name_of(recipe.encrypted_to(sp_certificate())) == ADA


def test_an_attack_inside_the_encryption_meets_the_gate_too() -> None:
    # S-8: the second gate, before any signature is verified
    def many_references(response: etree._Element) -> None:
        info = next(response.iter(f"{{{DS}}}SignedInfo"))
        for _ in range(50):
            etree.SubElement(info, f"{{{DS}}}Reference").set("URI", "#_assertion1")

    recipe = Recipe(after_signing=many_references)
    assert refusal(recipe).code is RefusalCode.REFERENCE_COUNT
    assert refusal(recipe.encrypted_to(sp_certificate())).code is RefusalCode.REFERENCE_COUNT


def test_an_id_that_is_taken_outside_is_not_taken_again_inside() -> None:
    # S-8
    recipe = Recipe(assertion_id="_response1").encrypted_to(sp_certificate())
    assert refusal(recipe).code is RefusalCode.DUPLICATE_ID


def test_an_encrypted_assertion_inside_an_encrypted_assertion_is_not_opened() -> None:
    # S-8
    twice = Encryption((sp_certificate(),))

    def again(response: etree._Element) -> None:
        plain = response.find(f"{{{SAML}}}Assertion")
        assert plain is not None
        twice.replace(plain, f"{{{SAML}}}EncryptedAssertion")

    recipe = Recipe(before_encryption=again)
    outer = recipe.but(
        after_signing=lambda response: twice.replace(
            response.find(f"{{{SAML}}}EncryptedAssertion"),  # type: ignore[arg-type]
            f"{{{SAML}}}EncryptedAssertion",
        )
    )
    assert name_of(recipe) == ADA
    assert refusal(outer).code is RefusalCode.ENCRYPTED


def test_a_provider_may_be_held_to_encryption() -> None:
    # S-7
    assert refusal(Recipe(), require_encryption=True).code is RefusalCode.NOT_ENCRYPTED
    assert name_of(Recipe().encrypted_to(sp_certificate()), require_encryption=True) == ADA


def test_elliptic_signatures_inside_are_as_good() -> None:
    seal = Seal(key=ec_key("idp"), signature_method=f"{MORE}ecdsa-sha256")
    recipe = Recipe(sign_assertion=seal).encrypted_to(sp_certificate())
    assert validate_response(config(ec_key("idp")), recipe.post(), expected()).name_id == ADA


# --- NameID and attributes --------------------------------------------------------------------------------------------


def encrypt_name_id(response: etree._Element, **how: object) -> None:
    name_id = next(response.iter(f"{{{SAML}}}NameID"))
    Encryption((sp_certificate(),), **how).replace(name_id, f"{{{SAML}}}EncryptedID")  # type: ignore[arg-type]


@pytest.mark.parametrize("recipe", [Recipe(), SIGNED_RESPONSE])
@pytest.mark.parametrize("is_encrypted_again", [False, True])
def test_an_encrypted_name_id_names_the_person(recipe: Recipe, is_encrypted_again: bool) -> None:
    # S-7
    recipe = recipe.but(before_signing=encrypt_name_id)
    if is_encrypted_again:
        recipe = recipe.encrypted_to(sp_certificate())
    assert name_of(recipe) == ADA


def test_encrypted_attributes_are_read_like_plain_ones() -> None:
    # S-7
    def encrypt(response: etree._Element) -> None:
        for attribute in list(response.iter(f"{{{SAML}}}Attribute")):
            Encryption((sp_certificate(),)).replace(attribute, f"{{{SAML}}}EncryptedAttribute")

    verified = validate_response(config(), Recipe(before_signing=encrypt).post(), expected())
    assert verified.attributes == {"email": (ADA,), "groups": ("Staff", "Ops")}


def test_a_name_id_encrypted_to_others_is_no_name() -> None:
    recipe = Recipe(before_signing=lambda response: encrypt_name_id(response, on_cipher=flip))
    assert refusal(recipe).code is RefusalCode.ENCRYPTED


def test_a_name_id_put_in_after_signing_is_not_opened() -> None:
    # S-8
    assert refusal(Recipe(after_signing=encrypt_name_id)).code is RefusalCode.SIGNATURE_INVALID


def test_a_name_id_with_elements_inside_is_not_cut_short() -> None:
    # S-8
    recipe = Recipe(
        before_signing=lambda response: encrypt_name_id(
            response, on_plain=lambda plain: plain.replace(b"@", b"<x/>@")
        )
    )
    assert refusal(recipe).code is RefusalCode.ENCRYPTED


def test_many_encrypted_attributes_are_too_much_work() -> None:
    def encrypt(response: etree._Element) -> None:
        statement = next(response.iter(f"{{{SAML}}}AttributeStatement"))
        for number in range(21):
            attribute = saml(statement, "Attribute", Name=f"a{number}")
            Encryption((sp_certificate(),)).replace(attribute, f"{{{SAML}}}EncryptedAttribute")

    assert refusal(Recipe(before_signing=encrypt)).code is RefusalCode.ENCRYPTED


def test_an_identifier_encrypted_where_nobody_looks_is_refused() -> None:
    def encrypt(response: etree._Element) -> None:
        confirmation = next(response.iter(f"{{{SAML}}}SubjectConfirmation"))
        confirmation.insert(0, saml(confirmation, "NameID", "somebody"))
        Encryption((sp_certificate(),)).replace(confirmation[0], f"{{{SAML}}}EncryptedID")

    assert refusal(Recipe(before_signing=encrypt)).code is RefusalCode.ENCRYPTED
