"""A document that is no response with exactly one assertion, each thing in its place and each ID once."""

from __future__ import annotations

from copy import deepcopy

from lxml import etree

from sso_saml.errors import RefusalCode as C
from tests.sso_saml.corpus.case import BOTH_SIGNED, HONEST, RESPONSE_SIGNED, Case
from tests.sso_saml.corpus.edits import in_value
from tests.sso_saml.forge import DS, SAML, SAMLP, SUCCESS, Recipe, TreeHook, saml, samlp

XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
XENC = "http://www.w3.org/2001/04/xmlenc#"
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
TAKEN, FREE = "_response1", "_other"


def on_the_way(edit: TreeHook) -> Recipe:
    """The honest response, edited after it was signed."""
    return HONEST.but(after_signing=edit)


def signed(edit: TreeHook) -> Recipe:
    """The honest response, edited before it was signed."""
    return HONEST.but(before_signing=edit)


def renamed(name: str) -> TreeHook:
    def edit(response: etree._Element) -> None:
        response.tag = name

    return edit


def drop_assertion(response: etree._Element) -> None:
    response.remove(response[-1])


def two_assertions(response: etree._Element) -> None:
    second = deepcopy(response[-1])
    second.set("ID", "_assertion2")
    response.append(second)


def move_assertion(response: etree._Element) -> None:
    samlp(response, "Extensions").append(response[-2])


def in_extensions(response: etree._Element) -> None:
    extensions = samlp(response, "Extensions")
    etree.SubElement(extensions, "{urn:x}hint").text = "x"
    response.insert(1, extensions)


def nested_response(response: etree._Element) -> None:
    """The whole Response inside another of the same kind, which is where a reader may begin."""
    inner = deepcopy(response)
    response[:] = [inner]
    response.set("ID", "_outer")


def status_twice(response: etree._Element) -> None:
    response.insert(1, deepcopy(response[1]))


def identified(name: str, value: str) -> Recipe:
    """Some element of a signed value with an ID of some kind."""
    return signed(in_value("{urn:x}x", **{name: value}))


def value(tag: str, text: str | None = None, **attributes: str) -> Recipe:
    """Some element inside a signed value."""
    return signed(in_value(tag, text, **attributes))


CASES = (
    Case("another message", C.ROOT, on_the_way(renamed(f"{{{SAMLP}}}ArtifactResponse"))),
    Case("LogoutResponse", C.ROOT, on_the_way(renamed(f"{{{SAMLP}}}LogoutResponse"))),
    Case(
        "Response of SAML 1.1", C.ROOT, on_the_way(renamed("{urn:oasis:names:tc:SAML:1.0:protocol}Response"))
    ),
    Case("Response without a namespace", C.ROOT, on_the_way(renamed("Response"))),
    Case("version 1.1", C.VERSION, HONEST.but(version="1.1")),
    Case("version missing", C.VERSION, on_the_way(lambda r: r.attrib.pop("Version"))),
    Case("assertion of another version", C.VERSION, signed(lambda r: r[-1].set("Version", "1.1"))),
    Case("no Response ID", C.BAD_ID, HONEST.but(response_id="")),
    Case("no assertion ID", C.BAD_ID, on_the_way(lambda r: r[-1].attrib.pop("ID"))),
    Case("ID that is an xpointer", C.BAD_ID, HONEST.but(assertion_id="xpointer(/)")),
    Case(
        "ID that begins with a digit", C.BAD_ID, HONEST.but(assertion_id="1a"), HONEST.but(assertion_id="a1")
    ),
    Case("ID with a line break", C.BAD_ID, HONEST.but(assertion_id="_a\n"), HONEST.but(assertion_id="_a")),
    Case("endless ID", C.BAD_ID, HONEST.but(assertion_id="_" * 257), HONEST.but(assertion_id="_" * 256)),
    Case("ID of both", C.DUPLICATE_ID, HONEST.but(response_id="_assertion1")),
    *(
        Case(f"{label} equal to an ID", C.DUPLICATE_ID, identified(name, TAKEN), identified(name, FREE))
        for label, name in (
            ("ID", "ID"),
            ("Id", "Id"),
            ("id", "id"),
            ("xml:id", XML_ID),
            ("foreign ID", "{urn:x}ID"),
        )
    ),
    Case("no assertion", C.ASSERTION_COUNT, on_the_way(drop_assertion)),
    Case("two assertions", C.ASSERTION_COUNT, on_the_way(two_assertions)),
    Case(
        "two assertions that the Response signs",
        C.ASSERTION_COUNT,
        RESPONSE_SIGNED.but(before_signing=two_assertions),
        RESPONSE_SIGNED,
    ),
    Case("plain and encrypted", C.ASSERTION_COUNT, on_the_way(lambda r: saml(r, "EncryptedAssertion"))),
    Case(
        "assertion in an attribute",
        C.ASSERTION_COUNT,
        value(f"{{{SAML}}}Assertion", ID="_a2"),
        value(f"{{{SAML}}}AssertionIDRef", "_a2"),
    ),
    Case("assertion in Extensions", C.ASSERTION_PLACE, on_the_way(move_assertion), on_the_way(in_extensions)),
    Case(
        "Response in the assertion",
        C.ASSERTION_PLACE,
        value(f"{{{SAMLP}}}Response"),
        value(f"{{{SAMLP}}}SessionIndex", "x"),
    ),
    Case(
        "Response in a Response",
        C.ASSERTION_PLACE,
        BOTH_SIGNED.but(after_signing=nested_response),
        BOTH_SIGNED,
    ),
    Case("manifest somewhere", C.SIGNATURE_SHAPE, value(f"{{{DS}}}Manifest"), value("{urn:x}Manifest")),
    Case("object somewhere", C.SIGNATURE_SHAPE, value(f"{{{DS}}}Object"), value("{urn:x}Object")),
    Case(
        "cipher text fetched from elsewhere",
        C.SIGNATURE_SHAPE,
        value(f"{{{XENC}}}CipherReference", URI="http://127.0.0.1:1/"),
        value("{urn:x}CipherReference", URI="http://127.0.0.1:1/"),
    ),
    Case(
        "key fetched from elsewhere",
        C.KEY_INFO,
        value(f"{{{DS}}}RetrievalMethod", URI="http://127.0.0.1:1/"),
        value(f"{{{DS}}}RetrievalMethod", URI="#_key1"),
    ),
    # What the provider itself says.
    Case("provider refuses", C.STATUS, HONEST.but(status=(f"{STATUS}Responder",))),
    Case("success only inside", C.STATUS, HONEST.but(status=(f"{STATUS}Responder", SUCCESS))),
    Case(
        "failure with an assertion",
        C.STATUS,
        on_the_way(lambda r: r[1][0].set("Value", f"{STATUS}Responder")),
    ),
    Case(
        "signed failure with an assertion",
        C.STATUS,
        BOTH_SIGNED.but(before_signing=lambda r: r[1][0].set("Value", f"{STATUS}AuthnFailed")),
        BOTH_SIGNED,
    ),
    Case("status twice", C.STATUS, on_the_way(status_twice)),
    Case("no status", C.STATUS, on_the_way(lambda r: r.remove(r[1]))),
    Case("two names", C.SCHEMA, signed(lambda r: r[-1][1].insert(0, deepcopy(r[-1][1][0])))),
    Case("element that nobody knows", C.SCHEMA, on_the_way(lambda r: etree.SubElement(r, "{urn:x}x"))),
    Case("assertion without an issuer", C.SCHEMA, HONEST.but(assertion_issuer=None)),
)
