"""Comments and the like inside texts: nothing after them is lost, so nothing becomes another name.

The directory's administrator may give a person the address ``ada@acme.example.evil.example``, or a request may name the
audience ``<ours>.evil.example``; a comment in the middle would cut it down for a reader that takes the first text node.
"""

from __future__ import annotations

from sso_saml.errors import RefusalCode as C
from tests.sso_saml.corpus.case import BOTH_SIGNED, HONEST, RESPONSE_SIGNED, Case, Variant
from tests.sso_saml.forge import ADA, ENVELOPED, EXC_C14N, IDP, SP, BytesHook, Recipe, Seal

EVIL = ".evil.example"
WHOLE = f"{ADA}{EVIL}"
WITH_COMMENTS = Seal(
    canonicalization=f"{EXC_C14N}WithComments", transforms=(ENVELOPED, f"{EXC_C14N}WithComments")
)


def split(text: str, by: str) -> BytesHook:
    """Put ``by`` before the tail of a text wherever it stands."""
    return lambda document: document.replace(f"{text}{EVIL}".encode(), f"{text}{by}{EVIL}".encode())


def cut_off(recipe: Recipe, by: str) -> Recipe:
    """Somebody whose address only begins with Ada's."""
    named = recipe.but(name_id=WHOLE, attributes=(("email", (WHOLE,)),))
    return named.but(on_bytes=split(ADA, by))


def sealed_with_comments(recipe: Recipe) -> Recipe:
    seals = {name: WITH_COMMENTS for name in ("sign_assertion", "sign_response") if getattr(recipe, name)}
    return recipe.but(**seals)


MODES = (("assertion", HONEST), ("response", RESPONSE_SIGNED), ("both", BOTH_SIGNED))
WAYS = (
    ("comment", "<!-- -->"),
    ("empty comment", "<!---->"),
    ("comments", "<!--x--><!--y-->"),
    ("CDATA", "<![CDATA[]]>"),
)
VARIANTS = (
    *(
        Variant(f"{label} in the address, {mode} signed", cut_off(recipe, by), WHOLE)
        for label, by in WAYS
        for mode, recipe in MODES
    ),
    *(
        Variant(
            f"comment in the address, {mode} signed with comments",
            cut_off(sealed_with_comments(recipe), "<!-- -->"),
            WHOLE,
        )
        for mode, recipe in MODES
    ),
    Variant("comment in the address alone", cut_off(HONEST, "<!-- -->").but(name_id=ADA), WHOLE),
)


def commented(code: str, text: str, by: str, **knob: object) -> Case:
    """``text`` with a tail behind a comment in one knob; the twin has the comment and no tail."""
    label = " ".join(knob).replace("_", " ")
    bare: BytesHook = lambda document: document.replace(f"{text}<".encode(), f"{text}{by}<".encode())  # noqa: E731
    return Case(
        f"{label} that a comment cuts off" if by == "<!-- -->" else f"{label} that {by} cuts off",
        code,
        HONEST.but(**knob, on_bytes=split(text, by)),
        HONEST.but(on_bytes=bare),
    )


CASES = tuple(
    case
    for by in ("<!-- -->", "<![CDATA[]]>")
    for case in (
        commented(C.AUDIENCE, SP, by, audiences=((f"{SP}{EVIL}",),)),
        commented(C.ISSUER, IDP, by, assertion_issuer=f"{IDP}{EVIL}"),
        commented(C.ISSUER, IDP, by, response_issuer=f"{IDP}{EVIL}"),
    )
)
