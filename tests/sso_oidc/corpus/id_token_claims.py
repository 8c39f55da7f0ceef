"""What an ID token claims: by whom, for whom, when, about whom, in which sign-in (Core §3.1.3.7; O-6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sso_oidc.errors import OidcCode as C
from tests.sso_oidc.corpus.case import DIRECT, TOKENS, Case, Variant, Way, nothing
from tests.sso_oidc.corpus.provider import In, Token
from tests.sso_oidc.corpus.scene import Scene, new_browser
from tests.sso_oidc.misbehaving_provider import half_hash

US = "the-broker"
GONE: Any = ...


@dataclass(frozen=True)
class Saying:
    """The token says this; ``both`` is for what both tokens of a hybrid sign-in must say alike."""

    changes: Mapping[str, Any]
    both: bool = False

    def __call__(self, scene: Scene) -> None:
        for token in Token if self.both else (scene.way.token,):
            scene.provider.claims_changes[token] = self.changes
        if self.both and "sub" in self.changes:
            scene.provider.userinfo_changes = {"sub": self.changes["sub"]}


def saying(**changes: Any) -> Saying:
    """The one token says this."""
    return Saying(changes)


def both_saying(**changes: Any) -> Saying:
    """Both tokens say this."""
    return Saying(changes, both=True)


def issuer_with_slash(scene: Scene) -> None:
    """The same issuer for a person, another one for a comparison."""
    saying(iss=f"{scene.provider.issuer}/")(scene)


def issuer_of_the_other_customer(scene: Scene) -> None:
    """As the other customer's provider says it."""
    saying(iss=scene.evil.issuer)(scene)


def nonce_of_another_sign_in(scene: Scene) -> None:
    """A token that was made for somebody else's sign-in."""
    scene.leave(new_browser())
    saying(nonce=scene.provider.grants[-1].asked["nonce"])(scene)


def _case(
    name: str, code: C, bad: Mapping[str, Any], good: Mapping[str, Any] | None = None, **more: Any
) -> Case:
    twin = Saying(good) if good is not None else nothing
    return Case(name, "O-6", code, Saying(bad), twin, **more)


LONG = "s" * 255
ISSUER = (
    Case("issuer with a slash more", "O-6", C.ISSUER, issuer_with_slash),
    Case("issuer of another provider", "O-6", C.ISSUER, issuer_of_the_other_customer),
    _case("no issuer", C.ISSUER, {"iss": GONE}),
    _case("issuer in a list", C.ISSUER, {"iss": ["http://127.0.0.1"]}),
)
AUDIENCE = (
    _case("made for another application", C.AUDIENCE, {"aud": "another"}, {"aud": US}),
    _case("made for others", C.AUDIENCE, {"aud": ["a", "b"]}, {"aud": [US]}),
    _case("no audience", C.AUDIENCE, {"aud": GONE}),
    _case("empty audience", C.AUDIENCE, {"aud": []}),
    _case("audience that is a number", C.AUDIENCE, {"aud": 1}),
    _case("audience in other letters", C.AUDIENCE, {"aud": US.upper()}),
    _case("several audiences, no azp", C.AZP, {"aud": [US, "another"]}, {"aud": [US, "another"], "azp": US}),
    _case("authorized party is another", C.AZP, {"azp": "another"}, {"azp": US}),
    _case("authorized party is null", C.AZP, {"azp": None}),
)
TIMES = (
    _case("expired beyond the skew", C.EXPIRED, {"exp": In(-125)}, {"exp": In(-110)}),
    _case("no expiry", C.CLAIM, {"exp": GONE}),
    _case("expiry in text", C.CLAIM, {"exp": "2099-01-01"}),
    _case("expiry that is true", C.CLAIM, {"exp": True}),
    _case("expiry before time began", C.CLAIM, {"exp": -1}),
    _case("expiry after all years", C.CLAIM, {"exp": 1e300}, {"exp": In(3600.5)}),
    _case("no time of issue", C.CLAIM, {"iat": GONE}),
    _case("issued in the future", C.ISSUED_AT, {"iat": In(130)}, {"iat": In(110)}),
    _case("issued long ago", C.ISSUED_AT, {"iat": In(-32 * 60 - 5)}, {"iat": In(-31 * 60)}),
    _case("not valid yet", C.NOT_BEFORE, {"nbf": In(130)}, {"nbf": In(110)}),
    _case("start of validity in text", C.CLAIM, {"nbf": "now"}, {"nbf": In(-1)}),
)
SUBJECT = (
    _case("no subject", C.SUBJECT, {"sub": GONE}),
    _case("empty subject", C.SUBJECT, {"sub": ""}),
    _case("subject that is a number", C.SUBJECT, {"sub": 7}),
    _case("subject with a space at its end", C.SUBJECT, {"sub": "ada "}),
    Case(
        "subject too long", "O-6", C.SUBJECT, saying(sub=LONG + "s"), both_saying(sub=LONG), ways=(Way.FRONT,)
    ),
    _case("subject beyond ASCII", C.SUBJECT, {"sub": "ädä"}),
    Case("tokens about two people", "O-6", C.SUBJECT, saying(sub="sub-of-root"), ways=(Way.BACK,)),
)
BINDING = (
    _case("no nonce", C.NONCE, {"nonce": GONE}),
    _case("another nonce", C.NONCE, {"nonce": "another"}),
    _case("nonce in a list", C.NONCE, {"nonce": ["another"]}),
    Case("nonce of another sign-in", "O-6", C.NONCE, nonce_of_another_sign_in),
    _case(
        "hash of another access token", C.AT_HASH, {"at_hash": half_hash("x")}, {"at_hash": GONE}, ways=DIRECT
    ),
    _case("hash of the access token that is null", C.AT_HASH, {"at_hash": None}),
    _case("hash of another code", C.C_HASH, {"c_hash": half_hash("x")}),
    _case("no hash of the code", C.C_HASH, {"c_hash": GONE}, ways=(Way.FRONT,)),
    _case("hash of the code that is empty", C.C_HASH, {"c_hash": ""}),
    _case("hash of the code that is a number", C.C_HASH, {"c_hash": 1}),
)
TYPES = (
    _case("time of authentication in text", C.CLAIM, {"auth_time": "today"}, {"auth_time": In(-60)}),
    _case("acr that is a number", C.CLAIM, {"acr": 1}, {"acr": "1"}),
    _case("amr that is a text", C.CLAIM, {"amr": "pwd"}, {"amr": ["pwd"]}),
    _case("session that is a number", C.CLAIM, {"sid": 1}, {"sid": "s-1"}),
)
CASES = (*ISSUER, *AUDIENCE, *TIMES, *SUBJECT, *BINDING, *TYPES)
VARIANTS = (
    Variant("audience twice in its list", "O-6", saying(aud=[US, US])),
    Variant("times with a fraction", "O-6", saying(iat=In(-0.5), exp=In(299.5))),
    Variant("no hashes from the token endpoint", "O-6", saying(at_hash=GONE, c_hash=GONE), ways=DIRECT),
    Variant("claims that nobody knows", "O-6", saying(x={"y": [1, None, True]}), ways=TOKENS),
    Variant(
        "a hash of an access token that the browser does not bring",
        "O-6",
        saying(at_hash="x"),
        ways=(Way.FRONT,),
    ),
)
