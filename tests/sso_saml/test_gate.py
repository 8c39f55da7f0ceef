"""The gate refuses bytes that no honest provider sends, before any signature is looked at (S-8)."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from sso_saml.errors import RefusalCode, SamlRefusal
from sso_saml.gate import CheckedResponse, check_encoded
from tests.sso_saml.forge import ADA, SAML, Recipe

HONEST = Recipe()
XINCLUDE = "http://www.w3.org/2001/XInclude"
LIMIT = 256 * 1024


def b64(document: bytes) -> str:
    return base64.b64encode(document).decode()


def name_id(checked: CheckedResponse) -> str | None:
    assert checked.assertion is not None
    return checked.assertion.findtext(f".//{{{SAML}}}NameID")


@dataclass(frozen=True)
class Case:
    """One attack with the code that it must meet, and its twin that passes."""

    name: str
    code: RefusalCode
    attack: Callable[[], str]
    twin: Callable[[], str]


def before_root(text: str) -> Callable[[], str]:
    return lambda: b64(text.encode() + HONEST.document())


def in_name_id(text: str) -> Callable[[], str]:
    return lambda: b64(HONEST.document().replace(ADA.encode(), ADA.encode() + text.encode()))


def with_values(count: int, inside: str) -> Callable[[], str]:
    """The honest response with that many times ``inside`` as an attribute's value."""
    return lambda: b64(HONEST.document().replace(b">Staff<", f">{inside * count}<".encode()))


def numbered(count: int, name: str) -> str:
    """That many attributes, ``{}`` in their name being the number."""
    return " ".join(f'{name.format(number)}="urn:x:{number}"' for number in range(count))


def nested(depth: int) -> Callable[[], str]:
    return lambda: b64(HONEST.document().replace(b">Staff<", b">" + b"<x>" * depth + b"</x>" * depth + b"<"))


def padded(total: int) -> Callable[[], str]:
    """The honest response as exactly ``total`` characters of base64, filled up with line breaks."""
    return lambda: HONEST.post() + "\n" * (total - len(HONEST.post()))


def utf16() -> str:
    return b64(HONEST.document().decode().encode("utf-16"))


C = RefusalCode
CASES = [
    Case("one character too many", C.TOO_LARGE, padded(LIMIT + 1), padded(LIMIT)),
    Case("space in base64", C.NOT_BASE64, lambda: " " + HONEST.post(), HONEST.post),
    Case("tab in base64", C.NOT_BASE64, lambda: HONEST.post() + "\t", lambda: HONEST.post() + "\r\n"),
    Case("url-safe alphabet", C.NOT_BASE64, lambda: "-_" + HONEST.post()[2:], HONEST.post),
    Case("data after padding", C.NOT_BASE64, lambda: "QQ==" + HONEST.post(), HONEST.post),
    Case(
        "lost padding",
        C.NOT_BASE64,
        lambda: b64(HONEST.document() + b"\n ")[:-1],
        lambda: b64(HONEST.document() + b"\n"),
    ),
    Case("empty", C.NOT_BASE64, lambda: "", HONEST.post),
    Case("not ASCII", C.NOT_BASE64, lambda: "é" + HONEST.post(), HONEST.post),
    Case("garbage bytes", C.ENCODING, lambda: b64(b"\x00\xff\xfe" * 99), HONEST.post),
    Case("UTF-16", C.ENCODING, utf16, HONEST.post),
    Case(
        "UTF-16 without a mark",
        C.ENCODING,
        lambda: b64(HONEST.document().decode().encode("utf-16-le")),
        HONEST.post,
    ),
    Case(
        "declared as UTF-7",
        C.ENCODING,
        before_root('<?xml version="1.0" encoding="UTF-7"?>'),
        before_root('<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'),
    ),
    Case(
        "XML 1.1",
        C.PROCESSING_INSTRUCTION,
        before_root('<?xml version="1.1"?>'),
        before_root('<?xml version="1.0"?>'),
    ),
    Case("garbage text", C.NOT_XML, lambda: b64(b"hello"), before_root("\ufeff")),
    Case("cut off", C.NOT_XML, lambda: b64(HONEST.document()[:-1]), HONEST.post),
    Case("two documents", C.NOT_XML, lambda: b64(HONEST.document() * 2), HONEST.post),
    Case("undeclared entity", C.NOT_XML, in_name_id("&company;"), in_name_id("&amp;")),
    Case("DTD", C.DTD, before_root("<!DOCTYPE x>"), before_root("<!-- x -->")),
    Case("external DTD", C.DTD, before_root('<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">'), HONEST.post),
    Case(
        "entity of a file",
        C.DTD,
        before_root('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'),
        HONEST.post,
    ),
    Case(
        "billion laughs",
        C.DTD,
        before_root('<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>'),
        before_root("<!--DOCTYPE-->"),
    ),
    Case("processing instruction", C.PROCESSING_INSTRUCTION, in_name_id("<?x y?>"), in_name_id("<!-- y -->")),
    Case(
        "stylesheet",
        C.PROCESSING_INSTRUCTION,
        before_root('<?xml-stylesheet href="http://127.0.0.1:1/x.xsl"?>'),
        before_root('<?xml version="1.0"?>'),
    ),
    Case(
        "XInclude",
        C.XINCLUDE,
        with_values(1, f'<x:include xmlns:x="{XINCLUDE}" href="file:///etc/passwd"/>'),
        with_values(1, '<x:include xmlns:x="urn:x" href="file:///etc/passwd"/>'),
    ),
    # Response, Assertion, AttributeStatement, Attribute and AttributeValue are the first five.
    Case("too deep", C.TOO_DEEP, nested(20), nested(19)),
    Case("far too deep", C.NOT_XML, nested(20000), nested(19)),
    Case("many elements", C.TOO_MANY_NODES, with_values(3500, "<x/>"), with_values(3400, "<x/>")),
    Case(
        "many attributes of one element",
        C.TOO_MANY_NODES,
        with_values(1, f"<x {numbered(17, 'a{}')}/>"),
        with_values(1, f"<x {numbered(16, 'a{}')}/>"),
    ),
    Case(
        "many attributes",
        C.TOO_MANY_NODES,
        with_values(500, f"<x {numbered(16, 'a{}')}/>"),
        with_values(490, f"<x {numbered(16, 'a{}')}/>"),
    ),
    # Four namespaces are in scope already.
    Case(
        "many namespaces of one element",
        C.TOO_MANY_NODES,
        with_values(1, f"<x {numbered(29, 'xmlns:p{}')}/>"),
        with_values(3, f"<x {numbered(28, 'xmlns:p{}')}/>"),
    ),
    Case(
        "many namespaces one inside the other",
        C.TOO_MANY_NODES,
        with_values(1, f"<x {numbered(15, 'xmlns:p{}')}><y {numbered(14, 'xmlns:p{}')}/></x>"),
        with_values(1, f"<x {numbered(14, 'xmlns:p{}')}><y {numbered(14, 'xmlns:p{}')}/></x>"),
    ),
    Case(
        "namespace URI that canonicalisation would repeat",
        C.TOO_MANY_NODES,
        with_values(2, f'<p:x xmlns:p="urn:{"u" * 125}"/>'),
        with_values(2, f'<p:x xmlns:p="urn:{"u" * 124}"/>'),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_attack_is_refused_and_its_twin_passes(case: Case) -> None:  # S-8
    begun = time.monotonic()
    with pytest.raises(SamlRefusal) as refused:
        check_encoded(case.attack())

    assert refused.value.code == case.code
    assert time.monotonic() - begun < 2
    assert (name_id(check_encoded(case.twin())) or "").startswith("ada@")


def test_base64_may_be_wrapped_by_the_provider() -> None:
    lines = "\r\n".join(HONEST.post()[start : start + 76] for start in range(0, len(HONEST.post()), 76))

    assert name_id(check_encoded(lines + "\r\n")) == ADA


def test_base64_has_one_form_only() -> None:
    document = HONEST.document()
    document += b"\n" * ((2 - len(document)) % 3)
    honest = b64(document)
    stray = honest[:-2] + chr(ord(honest[-2]) + 1) + "="
    assert base64.b64decode(stray) == document  # a lax decoder takes both

    with pytest.raises(SamlRefusal) as refused:
        check_encoded(stray)

    assert refused.value.code == RefusalCode.NOT_BASE64
    assert name_id(check_encoded(honest)) == ADA


@pytest.mark.parametrize("comment", ["<!-- -->", "<!---->", "<!--x--><!--y-->"])
def test_comment_does_not_truncate_a_text(comment: str) -> None:  # S-8
    commented = HONEST.document().replace(b"acme.example<", f"acme.example{comment}.evil.example<".encode())

    assert name_id(check_encoded(b64(commented))) == "ada@acme.example.evil.example"


def test_cdata_is_text() -> None:
    cdata = HONEST.document().replace(
        f">{ADA}</saml:NameID>".encode(), b">ada<![CDATA[@acme.ex]]>ample</saml:NameID>"
    )

    assert name_id(check_encoded(b64(cdata))) == ADA
