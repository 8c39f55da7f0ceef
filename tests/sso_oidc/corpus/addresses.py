"""Whose e-mail address it is: a claim about it counts only when it is really true, and in the right place (V-3, O-6).

Emma was pushed by her directory and never signed in; the provider is one that does not set addresses itself, so only a
verified address makes her the person.
"""

from __future__ import annotations

from typing import Any

from sso.refusals import Code
from tests.sso_oidc.corpus.case import DIRECT, Case, Hook, Variant
from tests.sso_oidc.corpus.direct_answers import both, email_only_there
from tests.sso_oidc.corpus.provider import Token
from tests.sso_oidc.corpus.scene import Scene

EMMA = "emma@acme.example"
GONE: Any = ...


def emma_says(verified: Any) -> Hook:
    """The ID tokens claim Emma's address, and this about it."""

    def say(scene: Scene) -> None:
        scene.provider.person = EMMA
        for token in Token:
            scene.provider.claims_changes[token] = {"email_verified": verified}
        scene.provider.userinfo_changes = {"email": GONE, "email_verified": GONE}

    return say


def userinfo_says(verified: Any) -> Hook:
    """Only userinfo has the address, and says this about it."""

    def say(scene: Scene) -> None:
        scene.provider.person = EMMA
        scene.provider.userinfo_changes = {"email_verified": verified}

    return both(email_only_there, say)


def verified_is_another(scene: Scene) -> None:
    """The token's address is Emma's; userinfo vouches for another one."""
    scene.provider.person = EMMA
    for token in Token:
        scene.provider.claims_changes[token] = {"email_verified": GONE}
    scene.provider.userinfo_changes = {"email": "mallory@acme.example", "email_verified": True}


TRUE, THERE = emma_says(True), userinfo_says(True)
REALLY = tuple(
    Case(f"address verified: {name}", "V-3", Code.EMAIL_NOT_TRUSTED, emma_says(value), TRUE, DIRECT, EMMA)
    for name, value in (
        ("nothing said", GONE),
        ("false", False),
        ("false in text", "false"),
        ("true in text", "true"),
        ("1", 1),
        ("a list with true", [True]),
        ("null", None),
        ("an object", {"value": True}),
    )
)
CASES = (
    *REALLY,
    Case(
        "address verified: true in userinfo's text",
        "V-3",
        Code.EMAIL_NOT_TRUSTED,
        userinfo_says("true"),
        THERE,
        DIRECT,
        EMMA,
    ),
    Case(
        "address verified: userinfo's other one",
        "V-3",
        Code.EMAIL_NOT_TRUSTED,
        verified_is_another,
        TRUE,
        DIRECT,
        EMMA,
    ),
)
VARIANTS: tuple[Variant, ...] = ()
