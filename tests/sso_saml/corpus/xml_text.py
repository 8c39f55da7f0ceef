"""XML that makes a parser do more than read: DTDs, entities, processing instructions, inclusions."""

from __future__ import annotations

from sso_saml.errors import RefusalCode as C
from tests.sso_saml.corpus.case import HONEST, Case
from tests.sso_saml.corpus.edits import in_value
from tests.sso_saml.corpus.encoding import before_root, on_bytes
from tests.sso_saml.forge import ADA, Recipe

XINCLUDE = "http://www.w3.org/2001/XInclude"
NOWHERE = "http://127.0.0.1:1"


def in_name(text: str) -> Recipe:
    """The honest response with more in its NameID."""
    return on_bytes(lambda document: document.replace(ADA.encode(), ADA.encode() + text.encode()))


def laughs() -> str:
    """The billion laughs."""
    entities = "".join(f'<!ENTITY e{level + 1} "{f"&e{level};" * 10}">' for level in range(9))
    return f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]>'


def include(namespace: str, name: str) -> Recipe:
    """A signed value with an element that asks for a file."""
    return HONEST.but(before_signing=in_value(f"{{{namespace}}}{name}", href="file:///etc/passwd"))


def with_entity(document: bytes) -> bytes:
    """The person's name by an entity of the document's own."""
    body = document.replace(ADA.encode(), b"&who;")
    return b'<!DOCTYPE x [<!ENTITY who "mallory@acme.example">]>' + body


CASES = (
    Case("DTD", C.DTD, before_root("<!DOCTYPE x>"), before_root("<!-- x -->")),
    Case("DTD in small letters", C.DTD, before_root("<!doctype x>"), before_root("<!-- doctype -->")),
    Case("external DTD", C.DTD, before_root(f'<!DOCTYPE x SYSTEM "{NOWHERE}/x.dtd">')),
    Case("public DTD", C.DTD, before_root(f'<!DOCTYPE x PUBLIC "-//x//EN" "{NOWHERE}/x.dtd">')),
    Case("entity of a file", C.DTD, before_root('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>')),
    Case("entity of the web", C.DTD, before_root(f'<!DOCTYPE x [<!ENTITY e SYSTEM "{NOWHERE}/">]>')),
    Case(
        "parameter entity",
        C.DTD,
        before_root(f'<!DOCTYPE x [<!ENTITY % e SYSTEM "{NOWHERE}/x.dtd"> %e;]>'),
    ),
    Case("billion laughs", C.DTD, before_root(laughs()), before_root("<!--DOCTYPE-->")),
    Case("quadratic blow-up", C.DTD, before_root(f'<!DOCTYPE x [<!ENTITY e "{"x" * 9999}">]>')),
    Case("name by an entity", C.DTD, on_bytes(with_entity)),
    Case(
        "attribute types",
        C.DTD,
        before_root('<!DOCTYPE x [<!ATTLIST saml:Subject who ID "_assertion1">]>'),
    ),
    Case(
        "DTD after a declaration",
        C.DTD,
        before_root('<?xml version="1.0"?>\n<!DOCTYPE x>'),
        before_root('<?xml version="1.0"?>\n'),
    ),
    Case("DTD inside the root", C.DTD, in_name("<!DOCTYPE x>"), in_name("<!-- x -->")),
    Case("conditional section", C.DTD, in_name("<![INCLUDE[x]]>"), in_name("<![CDATA[]]>")),
    Case("undeclared entity", C.NOT_XML, in_name("&company;")),
    Case("character that XML has not", C.NOT_XML, in_name("&#8;"), in_name("<!-- &#8; -->")),
    Case("attribute twice", C.NOT_XML, on_bytes(lambda text: text.replace(b" ID=", b' ID="_x" ID=', 1))),
    Case(
        "prefix that is not declared", C.NOT_XML, on_bytes(lambda text: text.replace(b"saml:Sub", b"x:Sub"))
    ),
    Case("processing instruction", C.PROCESSING_INSTRUCTION, in_name("<?x y?>"), in_name("<!-- y -->")),
    Case(
        "stylesheet",
        C.PROCESSING_INSTRUCTION,
        before_root(f'<?xml-stylesheet href="{NOWHERE}/x.xsl"?>'),
        before_root('<?xml version="1.0"?>'),
    ),
    Case(
        "declaration in the middle",
        C.PROCESSING_INSTRUCTION,
        in_name('<?xml version="1.0"?>'),
        before_root('<?xml version="1.0"?>'),
    ),
    Case(
        "XML 1.1",
        C.PROCESSING_INSTRUCTION,
        before_root('<?xml version="1.1"?>'),
        before_root('<?xml version="1.0"?>'),
    ),
    Case("XInclude", C.XINCLUDE, include(XINCLUDE, "include"), include("urn:x", "include")),
    Case(
        "XInclude of 2003",
        C.XINCLUDE,
        include("http://www.w3.org/2003/XInclude", "include"),
        include("http://www.w3.org/2003/XIncluded", "include"),
    ),
    Case("XInclude fallback", C.XINCLUDE, include(XINCLUDE, "fallback"), include("urn:x", "fallback")),
)
