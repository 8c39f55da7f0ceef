"""Times, confirmations, conditions, statements, the subject: what makes a signed assertion count, here and now."""

from __future__ import annotations

from lxml import etree

from sso_saml.errors import RefusalCode as C
from tests.sso_saml.corpus.case import ACCEPTING, HONEST, UNSOLICITED, Case, Ground
from tests.sso_saml.corpus.edits import again, cut, find, put
from tests.sso_saml.forge import PASSWORD, XSI, Recipe, TreeHook, at, saml

SECOND = 1 / 60
METHOD = "urn:oasis:names:tc:SAML:2.0:cm:"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
BY_ATTRIBUTE = Ground({"subject_attribute": "email"})  # for answers whose NameID is of no use


def signed(edit: TreeHook, recipe: Recipe = HONEST) -> Recipe:
    """Edited before it was signed."""
    return recipe.but(before_signing=edit)


def odd_condition(response: etree._Element) -> None:
    """A condition of a kind that nobody has to know."""
    put("Conditions", "Condition")(response)
    find(response, "Condition").set(f"{{{XSI}}}type", "saml:OneTimeUseType")


def foreign_condition(response: etree._Element) -> None:
    etree.SubElement(find(response, "Conditions"), "{urn:x}Condition")


def statement_of_another_kind(response: etree._Element) -> None:
    """An authorisation decision where the authentication should be."""
    cut("AuthnStatement")(response)
    statement = saml(response[-1], "AuthzDecisionStatement", Resource="urn:x", Decision="Permit")
    saml(statement, "Action", "x", Namespace="urn:x")


def value_of_nil(response: etree._Element) -> None:
    find(response, "AttributeValue").text = "x"


TIMES = (
    Case(
        "confirmation is over",
        C.EXPIRED,
        HONEST.but(confirmed_until=at(-2)),
        HONEST.but(confirmed_until=at(-2 + SECOND)),
    ),
    Case("confirmation of last year", C.EXPIRED, HONEST.but(confirmed_until=at(-525_600))),
    Case(
        "conditions are over",
        C.EXPIRED,
        HONEST.but(valid_until=at(-2)),
        HONEST.but(valid_until=at(-2 + SECOND)),
    ),
    Case(
        "not yet valid", C.NOT_YET_VALID, HONEST.but(valid_from=at(2 + SECOND)), HONEST.but(valid_from=at(2))
    ),
    Case("session is over", C.EXPIRED, HONEST.but(session_until=at(0)), HONEST.but(session_until=at(SECOND))),
    Case("day that is none", C.SCHEMA, HONEST.but(valid_until="2026-02-30T00:00:00Z")),
    Case(
        "moment beyond the calendar",
        C.TIME_FORMAT,
        HONEST.but(valid_until="12026-01-01T00:00:00Z"),
        HONEST.but(valid_until="9999-12-31T23:59:59Z"),
    ),
    Case(
        "zone that leaves the calendar",
        C.TIME_FORMAT,
        HONEST.but(valid_from="0001-01-01T00:00:00+14:00"),
        HONEST.but(valid_from="0001-01-01T00:00:00Z"),
    ),
    Case("moment in words", C.SCHEMA, HONEST.but(confirmed_until="tomorrow")),
    Case("moment in seconds", C.SCHEMA, HONEST.but(confirmed_until="1795167000")),
    Case("empty moment", C.SCHEMA, HONEST.but(confirmed_until="")),
    Case("year in other digits", C.SCHEMA, HONEST.but(confirmed_until="２０２６-11-20T10:00:00Z")),
)
CONFIRMATION = (
    Case("confirmation without an end", C.SUBJECT_CONFIRMATION, HONEST.but(confirmed_until=None)),
    Case("confirmation with a beginning", C.SUBJECT_CONFIRMATION, HONEST.but(confirmed_from=at(-1))),
    Case("holder of key", C.SUBJECT_CONFIRMATION, HONEST.but(method=f"{METHOD}holder-of-key")),
    Case("sender vouches", C.SUBJECT_CONFIRMATION, HONEST.but(method=f"{METHOD}sender-vouches")),
    Case("method in capitals", C.SUBJECT_CONFIRMATION, HONEST.but(method=f"{METHOD}BEARER")),
    Case("method with a tail", C.SUBJECT_CONFIRMATION, HONEST.but(method=f"{METHOD}bearer2")),
    *(
        Case(label, C.SUBJECT_CONFIRMATION, signed(cut(name), UNSOLICITED), UNSOLICITED, ground=ACCEPTING)
        for label, name in (
            ("no confirmation", "SubjectConfirmation"),
            ("no confirmation data", "SubjectConfirmationData"),
            ("no subject", "Subject"),
        )
    ),
)
CONDITIONS = (
    Case("no conditions", C.CONDITIONS, signed(cut("Conditions"))),
    Case("unknown condition", C.CONDITIONS, signed(odd_condition), signed(put("Conditions", "OneTimeUse"))),
    Case("foreign condition", C.SCHEMA, signed(foreign_condition)),
    Case("two conditions", C.SCHEMA, signed(again("Conditions"))),
)
STATEMENTS = (
    Case("no authentication", C.AUTHN_STATEMENT, signed(cut("AuthnStatement"))),
    Case("two authentications", C.AUTHN_STATEMENT, signed(again("AuthnStatement"))),
    Case("a decision instead of an authentication", C.AUTHN_STATEMENT, signed(statement_of_another_kind)),
    Case("authentication without a context", C.SCHEMA, signed(cut("AuthnContext"))),
    Case("context without content", C.SCHEMA, HONEST.but(context=None), HONEST.but(context=PASSWORD)),
)
SUBJECT = (
    Case("blank name", C.NAME_ID, HONEST.but(name_id=" \n"), HONEST.but(name_id=None), ground=BY_ATTRIBUTE),
    Case("empty name", C.NAME_ID, HONEST.but(name_id=""), HONEST.but(name_id=None), ground=BY_ATTRIBUTE),
    Case("no name", C.NAME_ID, HONEST.but(name_id=None)),
    Case("name for one session", C.NAME_ID, HONEST.but(name_id_format=TRANSIENT)),
    Case("name of an unknown kind", C.NAME_ID, HONEST.but(name_id_format="urn:x")),
    Case("name with a control character", C.NAME_ID, HONEST.but(name_id="ada\u0085@acme.example")),
    Case("endless name", C.NAME_ID, HONEST.but(name_id=f"{'a' * 600}@acme.example")),
    Case(
        "subject attribute is missing",
        C.NAME_ID,
        HONEST.but(attributes=(("mail", ("ada@acme.example",)),)),
        ground=BY_ATTRIBUTE,
    ),
    Case(
        "subject attribute with two values",
        C.NAME_ID,
        HONEST.but(attributes=(("email", ("ada@acme.example", "mallory@acme.example")),)),
        ground=BY_ATTRIBUTE,
    ),
    Case("two subjects", C.SCHEMA, signed(again("Subject"))),
    Case("element in the name", C.SCHEMA, signed(put("NameID", "Issuer"))),
    Case(
        "nil with content",
        C.SCHEMA,
        HONEST.but(attributes=(("a", (None,)),), before_signing=value_of_nil),
        HONEST.but(attributes=(("a", (None,)),)),
    ),
)
CASES = (*TIMES, *CONFIRMATION, *CONDITIONS, *STATEMENTS, *SUBJECT)
