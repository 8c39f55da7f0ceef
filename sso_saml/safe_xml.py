"""XML from strangers becomes a tree here and nowhere else in ``sso_saml``.

``parse`` accepts a plain, bounded, UTF-8 document: no DTD (so no entities), no processing instruction, no XInclude, and
no more depth, elements, attributes and namespaces than the caller's ``XmlLimits``. Comments are dropped while parsing,
so ``ada@acme.example<!-- -->.evil.example`` is one text with nothing to truncate it; CDATA becomes text.

The limits exist for what runs after the parser. Canonicalisation writes a namespace URI wherever it is used, so one
long URI in a small document becomes hundreds of megabytes; it searches all namespaces in scope for every element, and
sorts attributes in quadratic time; and it runs once per configured certificate before any key is looked at. What 96 KB
could do without these limits: eight seconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from lxml import etree

# In UTF-8 text these openings are all that can begin a DTD or a processing instruction. They also match inside a
# comment or CDATA section, where they would do no harm: no provider is known to send one there, so no exception.
_DECLARATION = re.compile(
    r"""<\?xml\s+version\s*=\s*["']1\.0["'](?:\s+encoding\s*=\s*["'](?P<encoding>[A-Za-z0-9._-]+)["'])?"""
    r"""(?:\s+standalone\s*=\s*["'](?:yes|no)["'])?\s*\?>"""
)
_MARKUP_DECLARATION = re.compile(r"<!(?!--|\[CDATA\[)")
_ENCODINGS = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# The encoding is given, not taken from the document: what was checked is what is parsed.
_PARSER_OPTIONS: dict[str, Any] = {
    "encoding": "utf-8",
    "resolve_entities": False,
    "load_dtd": False,
    "dtd_validation": False,
    "no_network": True,
    "huge_tree": False,
    "recover": False,
    "remove_comments": True,
    "collect_ids": False,
}
_XINCLUDE = ("{http://www.w3.org/2001/XInclude}", "{http://www.w3.org/2003/XInclude}")


class XmlFault(StrEnum):
    """What is wrong with a document."""

    TOO_LARGE = "too_large"
    ENCODING = "encoding"
    DTD = "dtd"
    PROCESSING_INSTRUCTION = "processing_instruction"
    NOT_XML = "not_xml"
    XINCLUDE = "xinclude"
    TOO_DEEP = "too_deep"
    TOO_MANY_NODES = "too_many_nodes"


class UnsafeXmlError(Exception):
    """The document was refused; ``fault`` says why, ``detail`` names the limit and never quotes the document."""

    def __init__(self, fault: XmlFault, detail: str = "") -> None:
        self.fault = fault
        self.detail = detail
        super().__init__(fault.value)


@dataclass(frozen=True, slots=True)
class XmlLimits:
    """How much XML is accepted. ``max_bytes`` counts the document as parsed; the rest count nodes."""

    max_bytes: int
    max_depth: int = 24
    max_elements: int = 3500
    max_attributes: int = 8000
    max_attributes_of_one: int = 16
    max_namespaces_in_scope: int = 32  # declarations on an element and all above it
    max_namespace_uri: int = 128  # characters


def parse(document: bytes, limits: XmlLimits) -> etree._Element:
    """The root element of ``document``, without comments. Raises ``UnsafeXmlError``."""
    if len(document) > limits.max_bytes:
        raise UnsafeXmlError(XmlFault.TOO_LARGE, f"more than {limits.max_bytes} bytes")
    document = document.removeprefix(_BYTE_ORDER_MARK)
    _check_text(document)
    parser = etree.XMLPullParser(events=("start", "end", "start-ns", "end-ns"), **_PARSER_OPTIONS)
    try:
        parser.feed(document)
        root = parser.close()
    except etree.XMLSyntaxError:
        # The parser's own message quotes the document.
        raise UnsafeXmlError(XmlFault.NOT_XML) from None
    _check_tree(parser, limits)
    return root


def parse_canonical(document: bytes, max_bytes: int) -> etree._Element:
    """The root element of what lxml wrote in canonical form of a tree that ``parse`` made: it has no more nodes than
    that one, so only the size is looked at again. Raises ``UnsafeXmlError``."""
    if len(document) > max_bytes:
        raise UnsafeXmlError(XmlFault.TOO_LARGE, f"more than {max_bytes} bytes")
    try:
        return etree.fromstring(document, etree.XMLParser(**_PARSER_OPTIONS))
    except etree.XMLSyntaxError:
        raise UnsafeXmlError(XmlFault.NOT_XML) from None


def _check_text(document: bytes) -> None:
    try:
        text = document.decode("utf-8")
    except UnicodeDecodeError:
        raise UnsafeXmlError(XmlFault.ENCODING, "not UTF-8") from None
    if "\0" in text:
        raise UnsafeXmlError(XmlFault.ENCODING, "not UTF-8")
    begin = 0
    if declaration := _DECLARATION.match(text):
        begin = declaration.end()
        if (declaration["encoding"] or "utf-8").lower() not in _ENCODINGS:
            raise UnsafeXmlError(XmlFault.ENCODING, "declares an encoding other than UTF-8")
    if text.find("<?", begin) != -1:
        raise UnsafeXmlError(XmlFault.PROCESSING_INSTRUCTION)
    if _MARKUP_DECLARATION.search(text, begin):
        raise UnsafeXmlError(XmlFault.DTD)


def _check_tree(parser: etree.XMLPullParser, limits: XmlLimits) -> None:
    depth = elements = attributes = in_scope = 0
    for event, subject in parser.read_events():
        if event == "end":
            depth -= 1
            continue
        if event == "end-ns":
            in_scope -= 1
            continue
        if event == "start-ns":  # comes before the start of the element that declares it
            in_scope += 1
            if in_scope > limits.max_namespaces_in_scope:
                raise UnsafeXmlError(XmlFault.TOO_MANY_NODES, "too many namespaces in scope")
            _, uri = cast(tuple[str, str], subject)
            if len(uri) > limits.max_namespace_uri:
                raise UnsafeXmlError(XmlFault.TOO_MANY_NODES, "a namespace URI that is too long")
            continue
        element = cast(etree._Element, subject)
        depth += 1
        elements += 1
        own = len(element.attrib)
        attributes += own
        if depth > limits.max_depth:
            raise UnsafeXmlError(XmlFault.TOO_DEEP, f"deeper than {limits.max_depth}")
        if elements > limits.max_elements:
            raise UnsafeXmlError(XmlFault.TOO_MANY_NODES, f"more than {limits.max_elements} elements")
        if own > limits.max_attributes_of_one or attributes > limits.max_attributes:
            raise UnsafeXmlError(XmlFault.TOO_MANY_NODES, "too many attributes")
        if element.tag.startswith(_XINCLUDE):
            raise UnsafeXmlError(XmlFault.XINCLUDE)
