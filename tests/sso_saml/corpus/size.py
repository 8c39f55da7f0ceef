"""More than an honest response holds: bytes, elements, depth, attributes, namespaces; each twin stands at the limit."""

from __future__ import annotations

from sso_saml.errors import RefusalCode as C
from tests.sso_saml.corpus.case import HONEST, Case
from tests.sso_saml.corpus.edits import xml_in_value
from tests.sso_saml.corpus.encoding import instead, on_bytes
from tests.sso_saml.forge import Recipe

LIMIT = 256 * 1024  # bytes, of the field and of what it holds


def filled(total: int) -> Recipe:
    """The honest response as exactly that many characters of base64, filled up with line breaks."""
    return HONEST.but(on_post=lambda text: text + "\n" * (total - len(text)))


def holding(content: str) -> Recipe:
    """A signed value that holds this XML."""
    return HONEST.but(before_signing=xml_in_value(content))


def numbered(count: int, name: str) -> str:
    """That many attributes, ``{}`` in their name being the number."""
    return " ".join(f'{name.format(number)}="urn:{name.format(number)}"' for number in range(count))


def nested(depth: int) -> str:
    """Elements inside each other."""
    return "<x>" * depth + "</x>" * depth


CASES = (
    Case("one character too many", C.TOO_LARGE, filled(LIMIT + 1), filled(LIMIT)),
    Case("endless field", C.TOO_LARGE, instead("A" * 900_000)),
    Case("endless name", C.TOO_LARGE, HONEST.but(name_id="a" * LIMIT)),
    # Response, Assertion, AttributeStatement, Attribute and AttributeValue are the first five.
    Case("too deep", C.TOO_DEEP, holding(nested(20)), holding(nested(19))),
    Case(
        "far too deep",
        C.NOT_XML,
        on_bytes(lambda document: document.replace(b">Staff<", f">{nested(20_000)}<".encode())),
        holding(nested(19)),
    ),
    Case("many elements", C.TOO_MANY_NODES, holding("<x/>" * 3500), holding("<x/>" * 3400)),
    Case(
        "many attributes of one element",
        C.TOO_MANY_NODES,
        holding(f"<x {numbered(17, 'a{}')}/>"),
        holding(f"<x {numbered(16, 'a{}')}/>"),
    ),
    Case(
        "many attributes",
        C.TOO_MANY_NODES,
        holding(f"<x {numbered(16, 'a{}')}/>" * 500),
        holding(f"<x {numbered(16, 'a{}')}/>" * 490),
    ),
    # Four namespaces are in scope already.
    Case(
        "many namespaces of one element",
        C.TOO_MANY_NODES,
        holding(f"<x {numbered(29, 'xmlns:p{}')}/>"),
        holding(f"<x {numbered(28, 'xmlns:p{}')}/>" * 3),
    ),
    Case(
        "many namespaces one inside the other",
        C.TOO_MANY_NODES,
        holding(f"<x {numbered(15, 'xmlns:p{}')}><y {numbered(14, 'xmlns:q{}')}/></x>"),
        holding(f"<x {numbered(14, 'xmlns:p{}')}><y {numbered(14, 'xmlns:q{}')}/></x>"),
    ),
    Case(
        "namespace URI that canonicalisation would repeat",
        C.TOO_MANY_NODES,
        holding(f'<p:x xmlns:p="urn:{"u" * 125}"/>' * 2),
        holding(f'<p:x xmlns:p="urn:{"u" * 124}"/>' * 2),
    ),
)
