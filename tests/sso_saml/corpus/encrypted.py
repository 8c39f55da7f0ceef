"""The structural attacks inside an EncryptedAssertion: anyone can encrypt anything to the key in our metadata.

Made of the plain cases, each with a twin that is encrypted as well. What can't be decrypted, or is no XML afterwards,
has one code whatever the reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lxml import etree

from sso_saml.errors import RefusalCode as C
from tests.sso_saml.corpus.case import HONEST, Case
from tests.sso_saml.corpus.keys import touch_response
from tests.sso_saml.encryption import XENC, XENC11, Encryption
from tests.sso_saml.forge import SAML, Recipe, TreeHook, sp_certificate

OURS = sp_certificate()
CBC = f"{XENC}aes256-cbc"
GCM = f"{XENC11}aes256-gcm"
# What is no XML, or too much of it, is nothing that could be decrypted.
NO_XML = frozenset(
    {C.ENCODING, C.DTD, C.PROCESSING_INSTRUCTION, C.NOT_XML, C.XINCLUDE, C.TOO_DEEP, C.TOO_MANY_NODES}
)
# Where the code differs: two assertions apart are encrypted each for itself, and nobody can see that their IDs are one;
# and a signature around the encryption is looked at before what is inside.
OTHER_CODE = {
    **{
        f"{name} with one ID": C.ASSERTION_COUNT
        for name in ("XSW1", "XSW2", "XSW3", "XSW5", "XSW7", "in extensions", "evil last")
    },
    "XSW4, both signed": C.SIGNATURE_INVALID,
}


def to_us(recipe: Recipe = HONEST, **how: object) -> Recipe:
    """The same with its assertion encrypted to our key."""
    return recipe.encrypted_to(OURS, **how)


def at_last(hook: TreeHook) -> TreeHook:
    """Encrypt after everything else was done to the tree, signatures and all."""

    def edit(response: etree._Element) -> None:
        hook(response)
        for assertion in response.findall(f"{{{SAML}}}Assertion"):
            Encryption((OURS,)).replace(assertion, f"{{{SAML}}}EncryptedAssertion")

    return edit


def inside(case: Case) -> Case:
    """The same attack inside the encryption, with a twin that is encrypted as well."""
    attack, twin = case.attack, case.twin
    if attack.on_bytes is not None:
        attack = to_us(attack.but(on_bytes=None), on_plain=attack.on_bytes)
    elif attack.after_signing is None:
        attack = to_us(attack)
    elif attack.after_signing is touch_response:  # is about what lies outside
        attack = to_us(attack, hooks_inside=False)
    elif attack.sign_response is not None:  # what the hook moves must be plain and signed
        attack = attack.but(after_signing=at_last(attack.after_signing))
    else:
        attack = to_us(attack)
    # Limits are counted with what stands around the plain text; a declaration can't stand in the middle.
    stands_at_a_limit = case.code in NO_XML or twin.on_post is not None
    return replace(
        case,
        name=f"{case.name}, encrypted",
        code=C.ENCRYPTED if case.code in NO_XML else OTHER_CODE.get(case.name, case.code),
        attack=attack,
        twin=to_us(HONEST if stands_at_a_limit else twin),
    )


def fits(case: Case) -> bool:
    """Whether there is anything to encrypt: not for what is no document, or wrong before it is one."""
    return case.attack.on_post is None and case.code not in (C.TOO_LARGE, C.NOT_BASE64)


def all_inside(cases: Iterable[Case]) -> tuple[Case, ...]:
    """Every case that can be, encrypted."""
    return tuple(inside(case) for case in cases if fits(case))
