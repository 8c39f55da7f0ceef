"""Hooks for recipes: small edits of a response that more than one class of attack makes.

Given as ``before_signing`` an edit is signed, so that nothing but itself can be what is refused; given as
``after_signing`` it is what happens on the way.
"""

from __future__ import annotations

from copy import deepcopy

from lxml import etree

from tests.sso_saml.forge import DS, SAML, XSI, TreeHook, saml

MALLORY = "mallory@acme.example"


def find(element: etree._Element, name: str, ns: str = SAML) -> etree._Element:
    """The first descendant of that name, which must be there."""
    found = element.find(f".//{{{ns}}}{name}")
    assert found is not None
    return found


def ds(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    """Add ``ds:name`` to ``parent``."""
    return etree.SubElement(parent, f"{{{DS}}}{name}", attributes)


def parent_of(element: etree._Element) -> etree._Element:
    """The parent, which must be there."""
    parent = element.getparent()
    assert parent is not None
    return parent


def signature_of(element: etree._Element) -> etree._Element:
    """The element's own signature."""
    found = element.find(f"{{{DS}}}Signature")
    assert found is not None
    return found


def cut(name: str) -> TreeHook:
    """Take an element out of the assertion."""

    def edit(response: etree._Element) -> None:
        element = find(response, name)
        parent_of(element).remove(element)

    return edit


def again(name: str) -> TreeHook:
    """Double an element of the assertion."""

    def edit(response: etree._Element) -> None:
        element = find(response, name)
        element.addnext(deepcopy(element))

    return edit


def put(into: str, name: str, **attributes: str) -> TreeHook:
    """Add an element inside an element of the assertion."""
    return lambda response: saml(find(response, into), name, **attributes)


def value_of(response: etree._Element) -> etree._Element:
    """An attribute value without its type, so that it may hold anything."""
    value = response.findall(f".//{{{SAML}}}AttributeValue")[-1]
    value.attrib.pop(f"{{{XSI}}}type", None)
    return value


def in_value(tag: str, text: str | None = None, **attributes: str) -> TreeHook:
    """Put an element into an attribute value."""

    def edit(response: etree._Element) -> None:
        etree.SubElement(value_of(response), tag, attributes).text = text

    return edit


def xml_in_value(content: str) -> TreeHook:
    """Put parsed XML into an attribute value."""

    def edit(response: etree._Element) -> None:
        value = value_of(response)
        inside = etree.fromstring(f"<inside>{content}</inside>")
        value.text = inside.text
        value.extend(list(inside))

    return edit


def strip_signatures(response: etree._Element) -> None:
    """Remove every signature."""
    for signature in list(response.iter(f"{{{DS}}}Signature")):
        parent_of(signature).remove(signature)


def rename_person(response: etree._Element) -> None:
    """Put another person's name into the subject."""
    find(response, "NameID").text = MALLORY
