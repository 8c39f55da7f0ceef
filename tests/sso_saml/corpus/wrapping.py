"""Signature wrapping: the signed element stays somewhere in the document, the attacker's stands where it may be read.

``xsw1`` to ``xsw8`` are the eight of the literature; each is a hook for ``Recipe.after_signing``. The first two take a
signed Response, the others a signed assertion as its last child.
"""

from __future__ import annotations

from copy import deepcopy

from lxml import etree

from sso_saml.errors import RefusalCode as C
from tests.sso_saml.corpus.case import BOTH_SIGNED, HONEST, RESPONSE_SIGNED, Case
from tests.sso_saml.corpus.edits import MALLORY, ds, find, signature_of, value_of
from tests.sso_saml.forge import SAML, SAMLP, Recipe, Seal, TreeHook, rsa_key, samlp, sign


def evil_copy(element: etree._Element) -> etree._Element:
    """The element with other IDs and another person in it, without its own signature."""
    evil = deepcopy(element)
    evil.remove(signature_of(evil))
    find(evil, "NameID").text = MALLORY
    for part in evil.iter(element.tag, f"{{{SAML}}}Assertion"):
        part.set("ID", f"_evil{part.get('ID')}")
    return evil


def as_response(response: etree._Element, evil: etree._Element) -> None:
    """Make ``response`` (the root, which lxml cannot replace) the evil one."""
    for name, value in evil.attrib.items():
        response.set(name, value)
    response[:] = list(evil)


def xsw1(response: etree._Element) -> None:
    """Evil Response; its signature holds the signed Response."""
    evil, honest = evil_copy(response), deepcopy(response)
    signature = signature_of(honest)
    honest.remove(signature)
    signature.append(honest)
    evil.insert(1, signature)
    as_response(response, evil)


def xsw2(response: etree._Element) -> None:
    """Evil Response; the signed Response stands before the signature."""
    evil, honest = evil_copy(response), deepcopy(response)
    signature = signature_of(honest)
    honest.remove(signature)
    evil.insert(1, signature)
    evil.insert(1, honest)
    as_response(response, evil)


def xsw3(response: etree._Element) -> None:
    """Evil assertion before the signed one."""
    response.insert(2, evil_copy(response[-1]))


def xsw4(response: etree._Element) -> None:
    """The signed assertion inside the evil one."""
    evil = evil_copy(response[-1])
    evil.append(response[-1])
    response.append(evil)


def xsw5(response: etree._Element) -> None:
    """The signed assertion changed; a copy of it as it was, without the signature, at the end."""
    honest = deepcopy(response[-1])
    honest.remove(signature_of(honest))
    find(response[-1], "NameID").text = MALLORY
    response[-1].set("ID", "_evil")
    response.append(honest)


def xsw6(response: etree._Element) -> None:
    """As 5, with the copy inside the signature."""
    xsw5(response)
    signature_of(response[-2]).append(response[-1])


def xsw7(response: etree._Element) -> None:
    """Evil assertion in Extensions."""
    extensions = samlp(response, "Extensions")
    extensions.append(evil_copy(response[-2]))
    response.insert(1, extensions)


def xsw8(response: etree._Element) -> None:
    """As 6, inside an Object of the signature."""
    xsw5(response)
    ds(signature_of(response[-2]), "Object").append(response[-1])


def same_id(wrapping: TreeHook) -> TreeHook:
    def edit(response: etree._Element) -> None:
        wrapping(response)
        for element in response.iter(f"{{{SAML}}}Assertion"):
            element.set("ID", "_assertion1")

    return edit


def hidden_as(name: str) -> TreeHook:
    """Evil assertion in place, the signed one under another name, so that only one is counted."""

    def edit(response: etree._Element) -> None:
        evil = evil_copy(response[-1])
        evil.insert(1, signature_of(response[-1]))
        response[-1].tag = name
        extensions = samlp(response, "Extensions")
        extensions.append(response[-2])
        response.append(evil)

    return edit


def encrypted_wrapping(response: etree._Element) -> None:
    """Evil plain assertion beside an encrypted one."""
    response.append(etree.Element(f"{{{SAML}}}EncryptedAssertion"))


def in_extensions(response: etree._Element) -> None:
    """The changed assertion in place; the signed one, whole, in Extensions."""
    honest = deepcopy(response[-1])
    rename_in_place(response)
    extensions = samlp(response, "Extensions")
    extensions.append(honest)
    response.insert(1, extensions)


def in_object(response: etree._Element) -> None:
    """The signed assertion in an Object, beside a signature that the stranger made."""
    honest = deepcopy(response[-1])
    rename_in_place(response)
    response[-1].remove(signature_of(response[-1]))
    signature = sign(response[-1], Seal(key=rsa_key("mallory")))
    ds(signature, "Object").append(honest)


def in_advice(response: etree._Element) -> None:
    """The signed assertion as Advice of the evil one, where the schema allows it."""
    evil = evil_copy(response[-1])
    advice = etree.Element(f"{{{SAML}}}Advice")
    find(evil, "Conditions").addnext(advice)
    advice.append(response[-1])
    response.append(evil)


def in_attribute(response: etree._Element) -> None:
    """The signed assertion inside an attribute value of the evil one."""
    evil = evil_copy(response[-1])
    value_of(evil).append(response[-1])
    response.append(evil)


def evil_last(response: etree._Element) -> None:
    """The evil assertion after the signed one."""
    response.append(evil_copy(response[-1]))


def evil_response_around(response: etree._Element) -> None:
    """An evil Response around the signed one."""
    evil, honest = evil_copy(response), deepcopy(response)
    evil.append(honest)
    as_response(response, evil)


def signature_moved_up(response: etree._Element) -> None:
    """The assertion's signature put on the Response, whose content then changes."""
    signature = signature_of(response[-1])
    response.insert(1, signature)
    rename_in_place(response)


def rename_in_place(response: etree._Element) -> None:
    """Another person in the assertion that stands where it belongs."""
    find(response, "NameID").text = MALLORY
    response[-1].set("ID", "_evil")


EACH = (xsw3, xsw4, xsw5, xsw6, xsw7, xsw8)
BESIDE = (in_extensions, in_object, in_advice, in_attribute, evil_last)


def on_the_way(edit: TreeHook, honest: Recipe = HONEST) -> Recipe:
    """An honest response, edited after it was signed."""
    return honest.but(after_signing=edit)


CASES = (
    *(
        Case(label, code, on_the_way(hook, RESPONSE_SIGNED), RESPONSE_SIGNED)
        for label, code, hook in (
            ("XSW1", C.ASSERTION_COUNT, xsw1),
            ("XSW2", C.ASSERTION_COUNT, xsw2),
            ("XSW1 with one ID", C.DUPLICATE_ID, same_id(xsw1)),
            ("XSW2 with one ID", C.DUPLICATE_ID, same_id(xsw2)),
            ("Response around the signed Response", C.ASSERTION_COUNT, evil_response_around),
        )
    ),
    *(Case(hook.__name__.upper(), C.ASSERTION_COUNT, on_the_way(hook)) for hook in EACH),
    *(
        Case(f"{hook.__name__.upper()} with one ID", C.DUPLICATE_ID, on_the_way(same_id(hook)))
        for hook in EACH
    ),
    *(
        Case(
            f"{hook.__name__.upper()}, both signed",
            C.ASSERTION_COUNT,
            on_the_way(hook, BOTH_SIGNED),
            BOTH_SIGNED,
        )
        for hook in (xsw3, xsw4, xsw5, xsw7)
    ),
    *(Case(hook.__name__.replace("_", " "), C.ASSERTION_COUNT, on_the_way(hook)) for hook in BESIDE),
    *(
        Case(f"{hook.__name__.replace('_', ' ')} with one ID", C.DUPLICATE_ID, on_the_way(same_id(hook)))
        for hook in BESIDE
    ),
    *(
        Case(f"signed assertion hidden as {label}", C.REFERENCE_URI, on_the_way(hidden_as(name)))
        for label, name in (
            ("Advice", f"{{{SAML}}}Advice"),
            ("an assertion of SAML 1.1", "{urn:oasis:names:tc:SAML:1.0:assertion}Assertion"),
            ("a Status", f"{{{SAMLP}}}Status"),
            ("nothing known", "{urn:x}Assertion"),
        )
    ),
    Case("signature moved up to the Response", C.REFERENCE_URI, on_the_way(signature_moved_up)),
    Case("wrapping beside cipher text", C.ASSERTION_COUNT, on_the_way(encrypted_wrapping)),
)
