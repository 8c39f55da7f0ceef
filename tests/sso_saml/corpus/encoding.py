"""Bytes and base64: what is no UTF-8 text in one strict encoding."""

from __future__ import annotations

import base64

from sso_saml.errors import RefusalCode as C
from tests.sso_saml.corpus.case import HONEST, Case
from tests.sso_saml.forge import BytesHook, Recipe


def on_bytes(hook: BytesHook) -> Recipe:
    """The honest response with its bytes changed on the way."""
    return HONEST.but(on_bytes=hook)


def before_root(text: str) -> Recipe:
    """The honest response with something before its root."""
    return on_bytes(lambda document: text.encode() + document)


def b64(document: bytes) -> str:
    """Base64 as a form field has it."""
    return base64.b64encode(document).decode()


def padded(document: bytes, remainder: int) -> bytes:
    """The document with line breaks after it, so that its base64 ends in as many "=" as wanted."""
    return document + b"\n" * ((remainder - len(document)) % 3)


def stray_bits(text: str) -> str:
    """Another text that a lax decoder takes for the same bytes."""
    honest = b64(padded(base64.b64decode(text), 2))
    return honest[:-2] + chr(ord(honest[-2]) + 1) + "="


def instead(text: str) -> Recipe:
    """A field that holds this and no response."""
    return HONEST.but(on_post=lambda _: text)


def wrapped(text: str, width: int = 76, end: str = "\r\n") -> str:
    """Base64 in lines."""
    return "".join(text[start : start + width] + end for start in range(0, len(text), width))


CASES = (
    Case("space before base64", C.NOT_BASE64, HONEST.but(on_post=lambda text: f" {text}")),
    Case(
        "tab after base64",
        C.NOT_BASE64,
        HONEST.but(on_post=lambda text: f"{text}\t"),
        HONEST.but(on_post=lambda text: f"{text}\r\n"),
    ),
    Case("url-safe alphabet", C.NOT_BASE64, HONEST.but(on_post=lambda text: f"-_{text[2:]}")),
    Case("data after padding", C.NOT_BASE64, HONEST.but(on_post=lambda text: f"QQ=={text}")),
    Case(
        "lost padding",
        C.NOT_BASE64,
        HONEST.but(on_bytes=lambda document: padded(document, 2), on_post=lambda text: text[:-1]),
        HONEST.but(on_bytes=lambda document: padded(document, 2)),
    ),
    Case(
        "stray bits after the last byte",
        C.NOT_BASE64,
        HONEST.but(on_post=stray_bits),
        HONEST.but(on_bytes=lambda document: padded(document, 2)),
    ),
    Case("base64 of base64", C.NOT_XML, HONEST.but(on_post=lambda text: b64(text.encode()))),
    Case("empty field", C.NOT_BASE64, instead("")),
    Case("letters beyond ASCII", C.NOT_BASE64, HONEST.but(on_post=lambda text: f"é{text}")),
    Case(
        "null character in base64", C.NOT_BASE64, HONEST.but(on_post=lambda text: f"{text[:8]}\0{text[8:]}")
    ),
    Case("percent encoded twice", C.NOT_BASE64, HONEST.but(on_post=lambda text: f"%50{text[1:]}")),
    Case("plain XML", C.NOT_BASE64, HONEST.but(on_post=lambda text: base64.b64decode(text).decode())),
    Case("garbage bytes", C.ENCODING, instead(b64(b"\x00\xff\xfe" * 99))),
    Case("null bytes", C.ENCODING, on_bytes(lambda document: document + b"\0")),
    Case("UTF-16", C.ENCODING, on_bytes(lambda document: document.decode().encode("utf-16"))),
    Case(
        "UTF-16 without a mark", C.ENCODING, on_bytes(lambda document: document.decode().encode("utf-16-le"))
    ),
    Case("UTF-32", C.ENCODING, on_bytes(lambda document: document.decode().encode("utf-32"))),
    Case("EBCDIC", C.ENCODING, on_bytes(lambda document: document.decode().encode("cp500"))),
    Case(
        "overlong UTF-8",
        C.ENCODING,
        on_bytes(lambda document: document.replace(b"<saml:Attr", b"\xc0\xbcsaml:Attr")),
    ),
    Case(
        "surrogates in UTF-8",
        C.ENCODING,
        on_bytes(lambda document: document.replace(b"ada", b"\xed\xa0\x80")),
    ),
    Case(
        "declared as UTF-7",
        C.ENCODING,
        before_root('<?xml version="1.0" encoding="UTF-7"?>'),
        before_root('<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'),
    ),
    Case(
        "declared as Latin-1",
        C.ENCODING,
        before_root('<?xml version="1.0" encoding="ISO-8859-1"?>'),
        before_root('<?xml version="1.0" encoding="us-ascii"?>'),
    ),
    Case("garbage text", C.NOT_XML, instead(b64(b"hello")), before_root("\ufeff")),
    Case("JSON", C.NOT_XML, instead(b64(b'{"NameID": "mallory"}'))),
    Case("cut off", C.NOT_XML, on_bytes(lambda document: document[:-1])),
    Case("cut in the middle", C.NOT_XML, on_bytes(lambda document: document[: len(document) // 2])),
    Case("two documents", C.NOT_XML, on_bytes(lambda document: document * 2)),
    Case(
        "text after the root",
        C.NOT_XML,
        on_bytes(lambda document: document + b"x"),
        on_bytes(lambda document: document + b"\n<!-- x -->\n"),
    ),
    Case("deflated as for a redirect", C.ENCODING, instead(b64(b"\xa5\x91\xc1j\xc30\x0c\x86_%"))),
)
