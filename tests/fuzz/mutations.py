"""What a fuzzer does to a valid SAML response: to its bytes, elements, attributes, base64 text, form.

Each mutation takes a ``random.Random`` and what it changes, and gives the changed thing. ``donor`` is another person's
valid response to another request, to take parts from.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

from lxml import etree

TOKENS = (
    b"<", b">", b"&", b'"', b"'", b"/", b"\0", b"\xff", b"\xe2\x80\x8b", b"<!-- -->", b"<!--", b"-->", b"<![CDATA[",
    b"]]>", b"<?x y?>", b"<!DOCTYPE x>", b"&amp;", b"&#0;", b"&#60;", b"&lt;", b"<x/>", b"</saml:Assertion>",
    b'ID="_assertion1"', b'Id="_assertion1"', b' xmlns="urn:x"', b' xmlns:saml="urn:x"', b"saml:", b"ds:",
    b"mallory@acme.example", b"2099-01-01T00:00:00Z", b"#_assertion1",
)  # fmt: skip
NAMES = (
    "Assertion", "EncryptedAssertion", "Response", "Signature", "Object", "Extensions", "Advice", "Subject", "NameID",
    "EncryptedID", "Conditions", "Reference", "Transform", "KeyInfo", "Status", "StatusCode", "Attribute",
)  # fmt: skip
NAMESPACES = (
    "urn:oasis:names:tc:SAML:2.0:assertion",
    "urn:oasis:names:tc:SAML:2.0:protocol",
    "http://www.w3.org/2000/09/xmldsig#",
    "http://www.w3.org/2001/04/xmlenc#",
    "urn:x",
)
VALUES = (
    "",
    " ",
    "x",
    "_evil",
    "#",
    "#_response1",
    "2.0",
    "1.1",
    "0",
    "true",
    "http://127.0.0.1:1/",
    "urn:x",
    "é",
    "x" * 300,
)

BytesMutation = Callable[[Random, bytes, bytes], bytes]
TreeMutation = Callable[[Random, etree._Element, etree._Element], None]
TextMutation = Callable[[Random, str], str]
FormMutation = Callable[[Random, dict[str, Any]], dict[str, Any]]


# bytes


def flip(random: Random, text: bytes, donor: bytes) -> bytes:
    changed = bytearray(text)
    for _ in range(random.randint(1, 3)):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def insert(random: Random, text: bytes, donor: bytes) -> bytes:
    at = random.randrange(len(text) + 1)
    piece = random.choice(TOKENS) if random.random() < 0.7 else random.randbytes(random.randint(1, 8))
    return text[:at] + piece + text[at:]


def delete(random: Random, text: bytes, donor: bytes) -> bytes:
    at, length = random.randrange(len(text)), random.randint(1, random.choice((2, 40, 2000)))
    return text[:at] + text[at + length :]


def duplicate(random: Random, text: bytes, donor: bytes) -> bytes:
    at, length = random.randrange(len(text)), random.randint(1, random.choice((4, 200, 4000)))
    to = random.randrange(len(text) + 1)
    return text[:to] + text[at : at + length] + text[to:]


def splice(random: Random, text: bytes, donor: bytes) -> bytes:
    at, begin = random.randrange(len(text)), random.randrange(len(donor))
    length = random.randint(1, random.choice((10, 200, 4000)))
    return text[:at] + donor[begin : begin + length] + text[at + random.choice((0, length)) :]


BYTES: dict[str, BytesMutation] = {
    f"bytes: {mutate.__name__}": mutate for mutate in (flip, insert, delete, duplicate, splice)
}


# elements


def _any(random: Random, root: etree._Element) -> etree._Element:
    return random.choice(list(root.iter(etree.Element)))


def _below(random: Random, root: etree._Element) -> etree._Element | None:
    found = [element for element in root.iter(etree.Element) if element is not root]
    return random.choice(found) if found else None


def _put(random: Random, into: etree._Element, element: etree._Element) -> None:
    into.insert(random.randint(0, len(into)), element)


def move(random: Random, root: etree._Element, donor: etree._Element) -> None:
    element, into = _below(random, root), _any(random, root)
    if element is not None and element not in (into, *into.iterancestors()):
        _put(random, into, element)


def copy(random: Random, root: etree._Element, donor: etree._Element) -> None:
    if (element := _below(random, root)) is not None:
        _put(random, _any(random, root), deepcopy(element))


def remove(random: Random, root: etree._Element, donor: etree._Element) -> None:
    element = _below(random, root)
    if element is not None and (parent := element.getparent()) is not None:
        parent.remove(element)


def rename(random: Random, root: etree._Element, donor: etree._Element) -> None:
    element = _any(random, root)
    own = etree.QName(element)
    namespace = random.choice((own.namespace, random.choice(NAMESPACES)))
    element.tag = f"{{{namespace}}}{random.choice((own.localname, random.choice(NAMES)))}"


def reorder(random: Random, root: etree._Element, donor: etree._Element) -> None:
    element = _any(random, root)
    children = list(element)
    random.shuffle(children)
    element[:] = children


def swap(random: Random, root: etree._Element, donor: etree._Element) -> None:
    """Put the donor's element of the same name where one stood."""
    element = _below(random, root)
    if element is None or (parent := element.getparent()) is None:
        return
    same = list(donor.iter(element.tag))
    if same:
        parent.replace(element, deepcopy(random.choice(same)))


def graft(random: Random, root: etree._Element, donor: etree._Element) -> None:
    """Put any element of the donor's anywhere."""
    _put(random, _any(random, root), deepcopy(_any(random, donor)))


def wrap(random: Random, root: etree._Element, donor: etree._Element) -> None:
    """Put an element inside a new one in its place."""
    element = _below(random, root)
    if element is None or (parent := element.getparent()) is None:
        return
    around = etree.Element(f"{{{random.choice(NAMESPACES)}}}{random.choice(NAMES)}")
    parent.replace(element, around)
    around.append(element)


def retext(random: Random, root: etree._Element, donor: etree._Element) -> None:
    element = _any(random, root)
    element.text = random.choice((*VALUES, "mallory@acme.example", (element.text or "") + ".evil.example"))


ELEMENTS: dict[str, TreeMutation] = {
    f"elements: {mutate.__name__}": mutate
    for mutate in (move, copy, remove, rename, reorder, swap, graft, wrap, retext)
}


# attributes


def _with_attributes(random: Random, root: etree._Element) -> etree._Element:
    return random.choice([element for element in root.iter(etree.Element) if element.attrib] or [root])


def change_value(random: Random, root: etree._Element, donor: etree._Element) -> None:
    element = _with_attributes(random, root)
    if element.attrib:
        element.set(random.choice(list(element.attrib)), random.choice(VALUES))


def remove_attribute(random: Random, root: etree._Element, donor: etree._Element) -> None:
    element = _with_attributes(random, root)
    if element.attrib:
        del element.attrib[random.choice(list(element.attrib))]


def copy_value(random: Random, root: etree._Element, donor: etree._Element) -> None:
    """Give an attribute the value of another one, here or at the donor's."""
    element = _with_attributes(random, root)
    source = _with_attributes(random, random.choice((root, donor)))
    if element.attrib and source.attrib:
        element.set(random.choice(list(element.attrib)), random.choice(list(source.attrib.values())))


def add_attribute(random: Random, root: etree._Element, donor: etree._Element) -> None:
    name = random.choice(
        ("ID", "Id", "id", "{http://www.w3.org/XML/1998/namespace}id", "InResponseTo", "Version", "x")
    )
    value = random.choice((*VALUES, root.get("ID") or "", root.get("InResponseTo") or ""))
    _any(random, root).set(name, value)


ATTRIBUTES: dict[str, TreeMutation] = {
    f"attributes: {mutate.__name__}": mutate
    for mutate in (change_value, remove_attribute, copy_value, add_attribute)
}


# base64


def flip_letter(random: Random, text: str) -> str:
    at = random.randrange(len(text))
    return text[:at] + random.choice("ABab09+/=-_ ") + text[at + 1 :]


def put_letter(random: Random, text: str) -> str:
    at = random.randrange(len(text) + 1)
    return text[:at] + random.choice(("\r\n", "\n", " ", "=", "A", "%", "\0", "é", "&", "+")) + text[at:]


def cut_letters(random: Random, text: str) -> str:
    at = random.randrange(len(text))
    return text[:at] + text[at + random.randint(1, 8) :]


def cut_tail(random: Random, text: str) -> str:
    return text[: random.randrange(len(text))]


def repeat_text(random: Random, text: str) -> str:
    return text * random.randint(2, 3)


BASE64: dict[str, TextMutation] = {
    f"base64: {mutate.__name__}": mutate
    for mutate in (flip_letter, put_letter, cut_letters, cut_tail, repeat_text)
}


# form


def field_twice(random: Random, form: dict[str, Any]) -> dict[str, Any]:
    name = random.choice(list(form))
    return {**form, name: [form[name], random.choice((form[name], "", "x"))]}


def field_gone(random: Random, form: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in form.items() if name != random.choice(list(form))}


def field_renamed(random: Random, form: dict[str, Any]) -> dict[str, Any]:
    name = random.choice(list(form))
    renamed = {random.choice((name.lower(), "SAMLRequest", "SAMLart", f"{name} ", f"{name}[]")): form[name]}
    return {**{other: value for other, value in form.items() if other != name}, **renamed}


def other_relay_state(random: Random, form: dict[str, Any]) -> dict[str, Any]:
    own = str(form.get("RelayState", ""))
    return {
        **form,
        "RelayState": random.choice(
            ("x", "x" * 5000, own[:-1], own.upper(), f"{own}\0", "https://evil.example/")
        ),
    }


def more_fields(random: Random, form: dict[str, Any]) -> dict[str, Any]:
    return {**form, **{f"field{number}": "x" for number in range(random.choice((1, 50, 2100)))}}


FORM: dict[str, FormMutation] = {
    f"form: {mutate.__name__}": mutate
    for mutate in (field_twice, field_gone, field_renamed, other_relay_state, more_fields)
}
