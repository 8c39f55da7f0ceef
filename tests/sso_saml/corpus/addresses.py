"""Issuer, audience, destination, recipient, request: whom a response is from, for, and in answer to."""

from __future__ import annotations

from lxml import etree

from sso.refusals import Code
from sso_saml.errors import RefusalCode as C
from tests.sso_saml.corpus.case import (
    ACCEPTING,
    BOTH_SIGNED,
    HONEST,
    RESPONSE_SIGNED,
    UNSOLICITED,
    Case,
    Ground,
)
from tests.sso_saml.corpus.edits import find
from tests.sso_saml.forge import IDP, REQUEST_ID, SP, Recipe, TreeHook, saml

REFUSING = Ground({"idp_initiated": "refuse"})


def not_ours(url: str) -> dict[str, str]:
    """What a comparison by prefix, substring, case or normal form would take for ``url``."""
    return {
        "of a longer name": f"{url[:-1]}2/",
        "with a tail": f"{url}2",
        "without its slash": url[:-1],
        "with a query": f"{url}?x=1",
        "with a fragment": f"{url}#x",
        "in capitals": url.upper(),
        "with a space": f" {url}",
        "of another scheme": url.replace("http:", "https:"),
        "inside another": f"https://evil.example/?to={url}",
        "with a dot in it": url.replace("/sso/", "/./sso/"),
        "of another customer": url.replace("acme", "globex"),
        "of another host": url.replace("localhost:8000", "localhost"),
        "with a percent": url.replace("acme", "%61cme"),
        "that is empty": "",
    }


def elsewhere(knob: str, code: str, recipe: Recipe = HONEST) -> tuple[Case, ...]:
    """One case for each address that is not ours."""
    return tuple(
        Case(f"{knob.replace('_', ' ')} {how}", code, recipe.but(**{knob: url}), recipe)
        for how, url in not_ours(SP).items()
    )


def second_confirmation(answered: str) -> TreeHook:
    """Another confirmation of an unknown method, which answers some request."""

    def edit(response: etree._Element) -> None:
        confirmation = saml(find(response, "Subject"), "SubjectConfirmation", Method="urn:x")
        saml(confirmation, "SubjectConfirmationData", InResponseTo=answered)

    return edit


ISSUER = (
    *(
        Case(f"{where} {how}", C.ISSUER, recipe.but(**{knob: issuer}), recipe)
        for how, issuer in (
            ("of another provider", "https://evil.example"),
            ("with a tail", f"{IDP}2"),
            ("with a space", f"{IDP} "),
            ("in capitals", IDP.upper()),
            ("that is empty", ""),
        )
        for where, knob, recipe in (
            ("issuer", "assertion_issuer", HONEST),
            ("outer issuer", "response_issuer", HONEST),
            ("signed outer issuer", "response_issuer", RESPONSE_SIGNED),
        )
    ),
)
DESTINATION = (
    *elsewhere("destination", C.DESTINATION),
    *elsewhere("destination", C.DESTINATION, RESPONSE_SIGNED)[:1],
    Case(
        "signed Response without a destination",
        C.DESTINATION,
        RESPONSE_SIGNED.but(destination=None),
        HONEST.but(destination=None),
    ),
    Case("both signed, no destination", C.DESTINATION, BOTH_SIGNED.but(destination=None), BOTH_SIGNED),
)
RECIPIENT = (
    *elsewhere("recipient", C.RECIPIENT),
    Case("no recipient", C.RECIPIENT, HONEST.but(recipient=None)),
)
AUDIENCE = (
    *(
        Case(
            f"audience {how}", C.AUDIENCE, HONEST.but(audiences=((url,),)), HONEST.but(audiences=((url, SP),))
        )
        for how, url in not_ours(SP).items()
    ),
    Case("no audience restriction", C.AUDIENCE, HONEST.but(audiences=())),
    Case("one restriction without us", C.AUDIENCE, HONEST.but(audiences=((SP,), ("urn:else",)))),
    Case("restriction without an audience", C.SCHEMA, HONEST.but(audiences=((),))),
)
REQUEST = (
    Case("answer to another request", C.IN_RESPONSE_TO, HONEST.but(in_response_to="_other")),
    Case("answer to a longer ID", C.IN_RESPONSE_TO, HONEST.but(in_response_to=f"{REQUEST_ID}2")),
    Case("empty answer", C.SCHEMA, HONEST.but(in_response_to="")),
    Case("two values in one", C.SCHEMA, HONEST.but(in_response_to=f"{REQUEST_ID} _other")),
    Case(
        "two values in the Response",
        Code.ATTEMPT_UNKNOWN,
        HONEST.but(response_in_response_to=f"{REQUEST_ID} _other"),
    ),
    Case("Response answers another", Code.ATTEMPT_UNKNOWN, HONEST.but(response_in_response_to="_other")),
    Case("Response answers nothing by name", Code.ATTEMPT_UNKNOWN, HONEST.but(response_in_response_to="")),
    Case(
        "only the unsigned Response answers",
        C.IN_RESPONSE_TO,
        HONEST.but(in_response_to=None),
        RESPONSE_SIGNED.but(in_response_to=None),
    ),
    Case(
        "second confirmation answers another",
        C.IN_RESPONSE_TO,
        HONEST.but(before_signing=second_confirmation("_other")),
        HONEST.but(before_signing=second_confirmation(REQUEST_ID)),
    ),
    Case("answer to nothing", Code.UNSOLICITED, UNSOLICITED, HONEST, ground=REFUSING),
    Case(
        "answer to a request that is none, from a provider that may come unasked",
        Code.ATTEMPT_UNKNOWN,
        UNSOLICITED.but(in_response_to="_other"),
        UNSOLICITED,
        ground=ACCEPTING,
    ),
    Case(
        "unasked, but the unsigned Response answers",
        C.IN_RESPONSE_TO,
        UNSOLICITED.but(response_in_response_to=REQUEST_ID),
        UNSOLICITED,
        ground=ACCEPTING,
    ),
    Case(
        "unasked, and stripped",
        C.SIGNATURE_MISSING,
        UNSOLICITED.but(sign_assertion=None),
        UNSOLICITED,
        ground=ACCEPTING,
    ),
)
CASES = (*ISSUER, *DESTINATION, *RECIPIENT, *AUDIENCE, *REQUEST)
