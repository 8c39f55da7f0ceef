"""What a signed response says must be for us, from that provider, in answer to that request, and now (S-8).

Each case names the one code that it must meet and has a twin, equal but for the defect, that is accepted. Attacks on
the signature itself are in ``test_signature_attacks``, on the bytes in ``test_gate``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from lxml import etree

from sso_saml.errors import MAX_DETAIL, RefusalCode, SamlRefusal, StatusRefusal
from sso_saml.toolkit import validate_response
from tests.sso_saml.forge import (
    ADA,
    IDP,
    NOW,
    PASSWORD,
    REQUEST_ID,
    SAML,
    SP,
    SUCCESS,
    XSI,
    Recipe,
    Seal,
    TreeHook,
    at,
    config,
    expected,
    rsa_key,
    saml,
)

HONEST = Recipe()
RESPONSE_SIGNED = HONEST.but(sign_assertion=None, sign_response=Seal())
UNSOLICITED = HONEST.but(response_in_response_to=None, in_response_to=None)
SECOND = 1 / 60
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
C = RefusalCode


@dataclass(frozen=True)
class Case:
    name: str
    code: RefusalCode
    attack: Recipe
    twin: Recipe = HONEST
    expected: dict[str, object] = field(default_factory=dict)


def cut(path: str) -> TreeHook:
    """Takes an element out of the assertion before it is signed."""

    def edit(response: etree._Element) -> None:
        element = response.find(f".//{{{SAML}}}{path}")
        assert element is not None
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)

    return edit


def again(path: str) -> TreeHook:
    """Doubles an element of the assertion before it is signed."""

    def edit(response: etree._Element) -> None:
        element = response.find(f".//{{{SAML}}}{path}")
        assert element is not None
        element.addnext(etree.fromstring(etree.tostring(element)))

    return edit


def put(path: str, name: str, **attributes: str) -> TreeHook:
    """Adds an element inside an element of the assertion before it is signed."""

    def edit(response: etree._Element) -> None:
        element = response.find(f".//{{{SAML}}}{path}")
        assert element is not None
        saml(element, name, **attributes)

    return edit


def odd_condition(response: etree._Element) -> None:
    put("Conditions", "Condition")(response)
    condition = response.find(f".//{{{SAML}}}Condition")
    assert condition is not None
    condition.set(f"{{{XSI}}}type", "saml:OneTimeUseType")


def encrypted(name: str) -> TreeHook:
    """An encrypted NameID or attribute, as far as the schema wants it."""

    def edit(response: etree._Element) -> None:
        where = "Subject" if name == "EncryptedID" else "AttributeStatement"
        if name == "EncryptedID":
            cut("NameID")(response)
        parent = response.find(f".//{{{SAML}}}{where}")
        assert parent is not None
        element = saml(parent, name)
        parent.insert(0, element)
        xenc = "{http://www.w3.org/2001/04/xmlenc#}"
        data = etree.SubElement(element, f"{xenc}EncryptedData")
        etree.SubElement(etree.SubElement(data, f"{xenc}CipherData"), f"{xenc}CipherValue").text = "QUJD"

    return edit


def encrypted_assertion(response: etree._Element) -> None:
    response.remove(response[-1])
    saml(response, "EncryptedAssertion")


def not_ours(url: str) -> list[str]:
    """What a comparison by prefix, substring, case or normal form would take for ``url``."""
    return [
        f"{url}2",
        url[:-1],
        f"{url}?x=1",
        f"{url}#x",
        url.upper(),
        f" {url}",
        url.replace("https", "http"),
        "",
    ]


CASES = [
    # status
    Case("provider refuses", C.STATUS, HONEST.but(status=(f"{STATUS}Responder",))),
    Case("success only inside", C.STATUS, HONEST.but(status=(f"{STATUS}Responder", SUCCESS))),
    Case(
        "status twice",
        C.STATUS,
        HONEST.but(after_signing=lambda r: r.insert(1, etree.fromstring(etree.tostring(r[1])))),
    ),
    # issuer
    Case("another provider", C.ISSUER, HONEST.but(assertion_issuer="https://evil.example")),
    Case("prefix of a provider", C.ISSUER, HONEST.but(assertion_issuer=f"{IDP}2")),
    Case("provider with a space", C.ISSUER, HONEST.but(assertion_issuer=f"{IDP} ")),
    Case("provider in capitals", C.ISSUER, HONEST.but(assertion_issuer=IDP.upper())),
    Case("no assertion issuer", C.SCHEMA, HONEST.but(assertion_issuer=None)),
    Case("empty assertion issuer", C.ISSUER, HONEST.but(assertion_issuer="")),
    Case("Response of another provider", C.ISSUER, HONEST.but(response_issuer="https://evil.example")),
    Case("Response of nobody", C.ISSUER, HONEST.but(response_issuer=""), HONEST.but(response_issuer=None)),
    Case(
        "signed Response of another provider",
        C.ISSUER,
        RESPONSE_SIGNED.but(response_issuer="https://evil.example"),
        RESPONSE_SIGNED,
    ),
    # destination
    *(Case(f"destination {url!r}", C.DESTINATION, HONEST.but(destination=url)) for url in not_ours(SP)),
    Case(
        "signed Response to nobody",
        C.DESTINATION,
        RESPONSE_SIGNED.but(destination=None),
        HONEST.but(destination=None),
    ),
    Case(
        "signed Response to another",
        C.DESTINATION,
        RESPONSE_SIGNED.but(destination=f"{SP}2"),
        RESPONSE_SIGNED,
    ),
    # in answer to
    Case("answer to another request", C.IN_RESPONSE_TO, HONEST.but(in_response_to="_other")),
    Case("Response answers another", C.IN_RESPONSE_TO, HONEST.but(response_in_response_to="_other")),
    Case("answer to a prefix", C.IN_RESPONSE_TO, HONEST.but(in_response_to=f"{REQUEST_ID}2")),
    Case("empty answer", C.SCHEMA, HONEST.but(in_response_to="")),
    Case("answer to nothing", C.IN_RESPONSE_TO, UNSOLICITED),
    Case(
        "only the unsigned Response answers",
        C.IN_RESPONSE_TO,
        HONEST.but(in_response_to=None),
        RESPONSE_SIGNED.but(in_response_to=None),
    ),
    Case(
        "second confirmation answers another",
        C.IN_RESPONSE_TO,
        HONEST.but(
            before_signing=lambda r: saml(
                saml(r[-1][1], "SubjectConfirmation", Method="urn:x"),
                "SubjectConfirmationData",
                InResponseTo="_other",
            )
        ),
        HONEST.but(
            before_signing=lambda r: saml(
                saml(r[-1][1], "SubjectConfirmation", Method="urn:x"),
                "SubjectConfirmationData",
                InResponseTo=REQUEST_ID,
            )
        ),
    ),
    Case(
        "unsolicited, but the Response answers",
        C.IN_RESPONSE_TO,
        UNSOLICITED.but(response_in_response_to=REQUEST_ID),
        UNSOLICITED,
        {"request_id": None},
    ),
    Case(
        "unsolicited, but the confirmation answers",
        C.IN_RESPONSE_TO,
        UNSOLICITED.but(in_response_to=REQUEST_ID),
        UNSOLICITED,
        {"request_id": None},
    ),
    # time
    Case(
        "confirmation is over",
        C.EXPIRED,
        HONEST.but(confirmed_until=at(-2)),
        HONEST.but(confirmed_until=at(-2 + SECOND)),
    ),
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
    Case("year in other digits", C.SCHEMA, HONEST.but(confirmed_until="２０２６-11-20T10:00:00Z")),
    # confirmation
    *(Case(f"recipient {url!r}", C.RECIPIENT, HONEST.but(recipient=url)) for url in not_ours(SP)),
    Case("no recipient", C.RECIPIENT, HONEST.but(recipient=None)),
    Case("confirmation without an end", C.SUBJECT_CONFIRMATION, HONEST.but(confirmed_until=None)),
    Case("confirmation with a beginning", C.SUBJECT_CONFIRMATION, HONEST.but(confirmed_from=at(-1))),
    Case(
        "holder of key",
        C.SUBJECT_CONFIRMATION,
        HONEST.but(method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"),
    ),
    Case(
        "no confirmation",
        C.SUBJECT_CONFIRMATION,
        UNSOLICITED.but(before_signing=cut("SubjectConfirmation")),
        UNSOLICITED,
        {"request_id": None},
    ),
    Case(
        "no confirmation data",
        C.SUBJECT_CONFIRMATION,
        UNSOLICITED.but(before_signing=cut("SubjectConfirmationData")),
        UNSOLICITED,
        {"request_id": None},
    ),
    Case(
        "no subject",
        C.SUBJECT_CONFIRMATION,
        UNSOLICITED.but(before_signing=cut("Subject")),
        UNSOLICITED,
        {"request_id": None},
    ),
    # conditions
    *(Case(f"audience {url!r}", C.AUDIENCE, HONEST.but(audiences=((url,),))) for url in not_ours(SP)),
    Case("no audience restriction", C.AUDIENCE, HONEST.but(audiences=())),
    Case("one restriction without us", C.AUDIENCE, HONEST.but(audiences=((SP,), ("urn:else",)))),
    Case("no conditions", C.CONDITIONS, HONEST.but(before_signing=cut("Conditions"))),
    Case(
        "unknown condition",
        C.CONDITIONS,
        HONEST.but(before_signing=odd_condition),
        HONEST.but(before_signing=put("Conditions", "OneTimeUse")),
    ),
    # statement and subject
    Case("no authentication", C.AUTHN_STATEMENT, HONEST.but(before_signing=cut("AuthnStatement"))),
    Case("two authentications", C.AUTHN_STATEMENT, HONEST.but(before_signing=again("AuthnStatement"))),
    Case("blank name", C.NAME_ID, HONEST.but(name_id=" \n"), HONEST.but(name_id=None)),
    Case("empty name", C.NAME_ID, HONEST.but(name_id=""), HONEST.but(name_id=None)),
    Case("two names", C.SCHEMA, HONEST.but(before_signing=again("NameID"))),
    Case("two subjects", C.SCHEMA, HONEST.but(before_signing=again("Subject"))),
    Case("two conditions", C.SCHEMA, HONEST.but(before_signing=again("Conditions"))),
    Case("element in the name", C.SCHEMA, HONEST.but(before_signing=put("NameID", "Issuer"))),
    Case(
        "nil with content",
        C.SCHEMA,
        HONEST.but(
            attributes=(("a", (None,)),),
            before_signing=lambda r: setattr(r.find(f".//{{{SAML}}}AttributeValue"), "text", "x"),
        ),
        HONEST.but(attributes=(("a", (None,)),)),
    ),
    # encryption
    Case("encrypted assertion", C.ENCRYPTED, HONEST.but(after_signing=encrypted_assertion)),
    Case("encrypted name", C.ENCRYPTED, HONEST.but(before_signing=encrypted("EncryptedID"))),
    Case("encrypted attribute", C.ENCRYPTED, HONEST.but(before_signing=encrypted("EncryptedAttribute"))),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_defect_is_refused_and_its_twin_accepted(
    case: Case, capfd: pytest.CaptureFixture[str]
) -> None:  # S-8
    expectation = expected(**case.expected)
    with pytest.raises(SamlRefusal) as refused:
        validate_response(config(), case.attack.post(), expectation)

    assert refused.value.code == case.code
    assert len(refused.value.detail) <= MAX_DETAIL
    assert refused.value.detail.isprintable()
    assert ADA not in str(refused.value)
    assert capfd.readouterr() == ("", "")
    assert validate_response(config(), case.twin.post(), expectation).assertion_id == "_assertion1"


@pytest.mark.parametrize("minutes", [-30, -4.1])
def test_person_who_did_not_sign_in_afresh_is_sent_away(minutes: float) -> None:  # S-7
    with pytest.raises(SamlRefusal) as refused:
        validate_response(
            config(),
            Recipe(authenticated=at(minutes)).post(),
            expected(authenticated_since=NOW - timedelta(minutes=2)),
        )
    assert refused.value.code is RefusalCode.AUTHN_NOT_FRESH


@pytest.mark.parametrize("context", [None, PASSWORD, "urn:oasis:names:tc:SAML:2.0:ac:classes:x509"])
def test_person_who_signed_in_by_another_context_is_sent_away(context: str | None) -> None:  # S-7
    asked = ("urn:oasis:names:tc:SAML:2.0:ac:classes:X509",)
    recipe = Recipe(context=context)
    if context is None:
        recipe = recipe.but(
            before_signing=lambda response: saml(
                next(response.iter(f"{{{SAML}}}AuthnContext")), "AuthnContextDeclRef", "urn:x"
            )
        )
    with pytest.raises(SamlRefusal) as refused:
        validate_response(config(), recipe.post(), expected(contexts=asked))
    assert refused.value.code is RefusalCode.AUTHN_CONTEXT
    assert validate_response(config(), recipe.post(), expected()).name_id == ADA


def test_reason_that_the_provider_gives_is_kept_for_the_page() -> None:  # L-10
    recipe = Recipe(
        status=(f"{STATUS}Responder", f"{STATUS}RequestDenied"),
        status_message="AADSTS50105: Your administrator\nhas configured " + "x" * 999,
    )
    with pytest.raises(StatusRefusal) as refused:
        validate_response(config(), recipe.post(), expected())

    assert refused.value.status_codes == (f"{STATUS}Responder", f"{STATUS}RequestDenied")
    assert refused.value.status_message.startswith("AADSTS50105: Your administrator has")
    assert refused.value.detail.startswith("Responder / RequestDenied; AADSTS50105")
    assert len(refused.value.detail) <= MAX_DETAIL


def test_failure_that_nobody_foresaw_is_a_refusal_without_its_text() -> None:
    naive = expected(now=NOW.replace(tzinfo=None))

    with pytest.raises(SamlRefusal) as refused:
        validate_response(config(), HONEST.post(), naive)

    assert (refused.value.code, refused.value.detail) == (RefusalCode.UNEXPECTED, "TypeError")
    assert refused.value.__context__ is None


def test_draft_without_an_entity_id_takes_nobody_for_its_provider() -> None:
    draft = replace(config(), idp_entity_id="")

    with pytest.raises(SamlRefusal) as refused:
        validate_response(draft, HONEST.but(assertion_issuer="", response_issuer=None).post(), expected())

    assert refused.value.code == RefusalCode.ISSUER
    assert validate_response(config(), HONEST.but(response_issuer=None).post(), expected()).issuer == IDP


def test_certificate_that_cannot_be_read_fits_nothing() -> None:
    broken = replace(
        config(), certificates=("-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n",)
    )
    both = replace(config(), certificates=(*broken.certificates, *config(rsa_key("idp")).certificates))

    with pytest.raises(SamlRefusal) as refused:
        validate_response(broken, HONEST.post(), expected())

    assert refused.value.code == RefusalCode.SIGNATURE_INVALID
    assert validate_response(both, HONEST.post(), expected()).name_id == ADA
