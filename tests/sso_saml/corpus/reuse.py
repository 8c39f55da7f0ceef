"""What was used already, or was made for somebody else: replay, other customers, other browsers, other forms."""

from __future__ import annotations

from sso.refusals import Code
from sso_saml.errors import RefusalCode as C
from tests.sso_saml.corpus.case import (
    ACCEPTING,
    HONEST,
    OTHER_RELAY_STATE,
    OTHER_REQUEST,
    RESPONSE_SIGNED,
    UNSOLICITED,
    Case,
    Fields,
    Ground,
)
from tests.sso_saml.forge import Recipe, Seal, certificate, pem, rsa_key

GLOBEX_IDP = "https://idp.globex.example/saml"
GLOBEX_SP = "http://localhost:8000/sso/saml/globex/"
# Two customers of one hosted provider, which signs for all of them with one key.
ONE_KEY = Ground(certificates=(pem(certificate(rsa_key("idp"))), pem(certificate(rsa_key("globex")))))
BY_GLOBEX = HONEST.but(sign_assertion=Seal(key=rsa_key("globex")))
OF_GLOBEX = BY_GLOBEX.but(
    assertion_issuer=GLOBEX_IDP,
    response_issuer=GLOBEX_IDP,
    destination=GLOBEX_SP,
    recipient=GLOBEX_SP,
    audiences=((GLOBEX_SP,),),
)
FIRST = Recipe(assertion_id="_used", name_id="first@acme.example", attributes=())


def twice(fields: Fields) -> Fields:
    return {**fields, "SAMLResponse": [fields["SAMLResponse"]] * 2}


def with_another(fields: Fields) -> Fields:
    return {**fields, "SAMLResponse": ["PHg+PC94Pg==", fields["SAMLResponse"]]}


def no_response(fields: Fields) -> Fields:
    return {"RelayState": fields["RelayState"]}


def in_other_case(fields: Fields) -> Fields:
    return {"samlresponse": fields["SAMLResponse"], "RelayState": fields["RelayState"]}


def other_relay_state(fields: Fields) -> Fields:
    return {**fields, "RelayState": OTHER_RELAY_STATE}


def relay_state(value: str) -> dict[str, object]:
    """The form with that RelayState."""
    return {"form": lambda fields: {**fields, "RelayState": value}}


def no_relay_state(fields: Fields) -> Fields:
    return {"SAMLResponse": fields["SAMLResponse"]}


REPLAY = (
    Case("assertion that was used", C.REPLAY, HONEST.but(assertion_id="_used"), first=FIRST),
    Case(
        "used assertion in a signed Response of another ID",
        C.REPLAY,
        RESPONSE_SIGNED.but(assertion_id="_used", response_id="_response2"),
        RESPONSE_SIGNED.but(assertion_id="_fresh"),
        first=FIRST,
    ),
    Case(
        "used assertion, unasked",
        C.REPLAY,
        UNSOLICITED.but(assertion_id="_used"),
        UNSOLICITED.but(assertion_id="_fresh"),
        ground=ACCEPTING,
        first=UNSOLICITED.but(assertion_id="_used"),
    ),
)
TENANTS = (
    Case("other customer's key", C.SIGNATURE_INVALID, BY_GLOBEX),
    Case("other customer's answer, whole", C.SIGNATURE_INVALID, OF_GLOBEX),
    Case("other customer of the same key", C.ISSUER, OF_GLOBEX, ground=ONE_KEY),
    Case(
        "other customer of the same key in our provider's name",
        C.AUDIENCE,
        HONEST.but(audiences=((GLOBEX_SP,),)),
        ground=ONE_KEY,
    ),
    Case(
        "other customer's answer to their own request",
        Code.ATTEMPT_UNKNOWN,
        OF_GLOBEX.but(response_in_response_to=OTHER_REQUEST, in_response_to=OTHER_REQUEST),
        beside="globex",
    ),
    Case(
        "our provider's answer to a request of another customer's browser",
        Code.ATTEMPT_UNKNOWN,
        HONEST.but(response_in_response_to=OTHER_REQUEST, in_response_to=OTHER_REQUEST),
        beside="globex",
    ),
)
FORM = (
    Case("field twice", C.NOT_BASE64, HONEST, form=twice),
    Case("field twice with different values", C.NOT_BASE64, HONEST, form=with_another),
    Case("field missing", C.NOT_BASE64, HONEST, form=no_response),
    Case("field in small letters", C.NOT_BASE64, HONEST, form=in_other_case),
    Case(
        "RelayState of another browser", Code.ATTEMPT_UNKNOWN, HONEST, form=other_relay_state, beside="acme"
    ),
    Case(
        "RelayState of another customer",
        Code.ATTEMPT_UNKNOWN,
        HONEST,
        form=other_relay_state,
        beside="globex",
    ),
    Case(
        "RelayState that is an address",
        Code.ATTEMPT_UNKNOWN,
        HONEST,
        twin_form=no_relay_state,
        **relay_state("https://evil.example/"),
    ),
    Case("endless RelayState", Code.ATTEMPT_UNKNOWN, HONEST, **relay_state("x" * 100_000)),
    Case("RelayState with a null character", Code.ATTEMPT_UNKNOWN, HONEST, **relay_state("x\0")),
)
CASES = (*REPLAY, *TENANTS, *FORM)
