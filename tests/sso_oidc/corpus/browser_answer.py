"""What the browser brings: fields missing, repeated or of another sign-in, errors, mix-up (RFC 9207, V-16; O-6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import time_machine
from django.utils import timezone

from sso.refusals import Code
from sso_oidc.errors import OidcCode as C
from tests.sso_oidc.corpus.case import ANSWERS, Case, Hook, Variant, Way
from tests.sso_oidc.corpus.provider import Fields, Token
from tests.sso_oidc.corpus.scene import GLOBEX, Delivery, OnAnswer, Scene, new_browser

EVIL = "evil<script>alert(1)</script>"


@dataclass(frozen=True)
class Bringing:
    """The browser brings what ``change`` makes of the answer."""

    change: OnAnswer
    announced: bool = False  # the provider sends iss, and says so

    def __call__(self, scene: Scene) -> None:
        if self.announced:
            announcing(scene)
        scene.on_answer = self.change


def announcing(scene: Scene) -> None:
    """The provider names itself in its answer and says that it does (RFC 9207)."""
    scene.provider.announces_iss = True
    scene.provider.document["authorization_response_iss_parameter_supported"] = True


unnamed = Bringing(lambda _, delivery: delivery.but(iss=None), announced=True)


def fields(**changes: str | None) -> Bringing:
    """Fields changed, added or left out."""
    return Bringing(lambda _, delivery: delivery.but(**changes))


def twice(name: str, value: str = "") -> Bringing:
    """A field two times."""

    def double(_: Scene, delivery: Delivery) -> Delivery:
        return replace(delivery, fields=[*delivery.fields, (name, value or delivery.value(name))])

    return Bringing(double)


def error(**changes: str) -> Bringing:
    """The provider says no to this very sign-in."""

    def refuse(_: Scene, delivery: Delivery) -> Delivery:
        return replace(delivery, fields=[*changes.items(), ("state", delivery.value("state"))])

    return Bringing(refuse)


def just(*sent: tuple[str, str]) -> Bringing:
    """Nothing but this."""
    return Bringing(lambda _, delivery: replace(delivery, fields=list(sent)))


def other_method(_: Scene, delivery: Delivery) -> Delivery:
    return replace(delivery, method="POST" if delivery.method == "GET" else "GET")


def with_front_token(scene: Scene, delivery: Delivery) -> Delivery:
    return delivery.but(id_token=scene.provider.id_token(Token.FRONT, delivery.grant))


def twice_delivered(scene: Scene, delivery: Delivery) -> Delivery:
    """A stranger's browser signs in; what it brought is brought again, by ours."""
    stranger = new_browser()
    _, first = scene.leave(stranger)
    assert first is not None
    scene.deliver(first)
    assert stranger.get("/api/me").status_code == 200
    return replace(first, browser=delivery.browser)


def of_another_browser(scene: Scene, delivery: Delivery) -> Delivery:
    """Somebody begins, and our browser is made to bring the answer."""
    _, first = scene.leave(new_browser())
    assert first is not None
    return replace(first, browser=delivery.browser)


def code_of_another_session(scene: Scene, delivery: Delivery) -> Delivery:
    """A code that was stolen from somebody else's sign-in, put into an own one."""
    _, stolen = scene.leave(new_browser())
    assert stolen is not None
    return delivery.but(code=stolen.grant.code)


def token_of_another_session(scene: Scene, delivery: Delivery) -> Delivery:
    """Code and token that were stolen from somebody else's sign-in, put into an own one."""
    _, stolen = scene.leave(new_browser())
    assert stolen is not None
    return delivery.but(code=stolen.grant.code, id_token=stolen.value("id_token"))


def state_of_another_customer(scene: Scene, delivery: Delivery) -> Delivery:
    _, other = scene.leave(delivery.browser, GLOBEX)
    assert other is not None
    return delivery.but(state=other.value("state"))


def at_another_customers_callback(_: Scene, delivery: Delivery) -> Delivery:
    return replace(delivery, slug=GLOBEX)


def mixed_up(scene: Scene, delivery: Delivery) -> Delivery:
    """The person chose the evil provider, which sent them on to the honest one under its own state (RFC 9700 §4.4).

    The honest one's code now comes to the evil one's callback.
    """
    _, at_evil = scene.leave(delivery.browser, GLOBEX)
    assert at_evil is not None
    return replace(at_evil.but(code=delivery.value("code")), fields=[*_with_iss(scene, at_evil, delivery)])


def _with_iss(scene: Scene, at_evil: Delivery, honest: Delivery) -> Fields:
    changed = at_evil.but(code=honest.value("code")).fields
    return [*changed, ("iss", scene.provider.issuer)]


def code_goes_to_evil(scene: Scene) -> None:
    """The same without ``iss``: the evil token endpoint gets a code that it can't redeem anywhere."""

    def at_evil_callback(scene: Scene, delivery: Delivery) -> Delivery:
        _, at_evil = scene.leave(delivery.browser, GLOBEX)
        assert at_evil is not None
        return at_evil.but(code=delivery.value("code"))

    scene.on_answer = at_evil_callback


def thirty_minutes_later(scene: Scene) -> None:
    scene.on_answer = lambda _, delivery: _late(scene, delivery)


def _late(scene: Scene, delivery: Delivery) -> Delivery:
    traveller = time_machine.travel(timezone.now() + timedelta(minutes=30, seconds=1))
    traveller.start()
    scene.afterwards.append(traveller.stop)
    return delivery


def unchecked_pkce(hook: OnAnswer) -> Hook:
    """A provider that does not look at PKCE."""

    def spoil(scene: Scene) -> None:
        scene.provider.checks_pkce = False
        scene.on_answer = hook

    return spoil


def no_code_went_out(scene: Scene) -> None:
    """The code stayed here."""
    assert "/token" not in scene.provider.server.paths() + scene.evil.server.paths()


def sign_in_that_was_named_goes_on(hook: Callable[[str], Fields]) -> Hook:
    """Somebody's sign-in is under way when our browser is made to bring a word about it."""

    def spoil(scene: Scene) -> None:
        def bring(scene: Scene, delivery: Delivery) -> Delivery:
            victim = new_browser()
            _, theirs = scene.leave(victim)
            assert theirs is not None
            scene.kept = theirs
            return replace(delivery, fields=list(hook(theirs.value("state"))))

        scene.on_answer = bring

    return spoil


def theirs_goes_on(scene: Scene) -> None:
    """And signs in."""
    assert scene.kept is not None
    scene.deliver(scene.kept)
    assert scene.kept.browser.get("/api/me").status_code == 200


def _case(name: str, code: str, spoil: Hook, row: str = "O-6", **more: object) -> Case:
    return Case(name, row, code, spoil, **{"ways": ANSWERS, **more})  # type: ignore[arg-type]


FIELDS = (
    _case("no state", C.STATE, fields(state=None)),
    _case("empty state", C.STATE, fields(state="")),
    _case("invented state", Code.ATTEMPT_UNKNOWN, fields(state="invented-state-of-nobody")),
    _case("state twice", C.RESPONSE, twice("state")),
    _case("state twice, one invented", C.RESPONSE, twice("state", "invented-state-of-nobody")),
    _case("endless state", C.RESPONSE, fields(state="s" * 300)),
    _case("state with NUL", Code.ATTEMPT_UNKNOWN, fields(state="state\0of nobody")),
    _case("no code", C.RESPONSE, fields(code=None)),
    _case("empty code", C.RESPONSE, fields(code="")),
    _case("code twice", C.RESPONSE, twice("code")),
    _case("endless code", C.RESPONSE, fields(code="c" * 9000)),
    _case("code with a line break", C.RESPONSE, fields(code="code-\r\nX-Evil: 1")),
    _case("code beyond ASCII", C.RESPONSE, fields(code="cödé-of-the-sign-in")),
    _case("no ID token", C.RESPONSE, fields(id_token=None), ways=(Way.FRONT,)),
    _case("ID token twice", C.RESPONSE, twice("id_token"), ways=(Way.FRONT,)),
    _case("ID token that was not asked for", C.RESPONSE, Bringing(with_front_token), ways=(Way.CODE,)),
    _case("by the other method", C.RESPONSE, Bringing(other_method)),
    _case("nothing at all", C.STATE, just()),
)
NAMES = (
    _case("another issuer in the answer", C.ISS_PARAMETER, fields(iss="https://evil.example")),
    _case("empty issuer in the answer", C.ISS_PARAMETER, fields(iss="")),
    _case(
        "no issuer in the answer, though announced",
        C.ISS_PARAMETER,
        unnamed,
        twin=announcing,
        ways=(Way.CODE,),
    ),
    _case(
        "issuer twice in the answer",
        C.RESPONSE,
        Bringing(twice("iss").change, announced=True),
        twin=announcing,
    ),
    _case(
        "error in another issuer's name",
        C.ISS_PARAMETER,
        error(error="access_denied", iss="https://evil.example"),
    ),
)
ERRORS = (
    _case(
        "the person declined",
        Code.CONSENT_REFUSED,
        error(error="access_denied", error_description=EVIL),
        "O-4",
    ),
    _case("the provider is in trouble", C.PROVIDER_ERROR, error(error="server_error"), "O-4"),
    _case("error that is markup", C.PROVIDER_ERROR, error(error=EVIL, error_description=EVIL * 20), "O-4"),
    _case("endless error", C.RESPONSE, error(error="e" * 200), "O-4"),
    _case("error and code at once", C.RESPONSE, fields(error="access_denied")),
    _case("unsolicited error", C.STATE, just(("error", "access_denied"), ("error_description", EVIL)), "O-7"),
    _case(
        "unsolicited error with an invented state",
        Code.ATTEMPT_UNKNOWN,
        just(("error", "login_required"), ("state", "invented-state-of-nobody")),
        "O-7",
    ),
    _case(
        "error that names somebody's sign-in",
        Code.CONSENT_REFUSED,
        sign_in_that_was_named_goes_on(lambda state: [("error", "access_denied"), ("state", state)]),
        "O-7",
        ways=(Way.FRONT,),
        look=theirs_goes_on,
    ),
    _case(
        "rubbish that names somebody's sign-in",
        C.RESPONSE,
        sign_in_that_was_named_goes_on(lambda state: [("state", state), ("code", "")]),
        "V-16",
        look=theirs_goes_on,
    ),
)
SESSIONS = (
    _case("answer that was used", Code.ATTEMPT_SPENT, Bringing(twice_delivered), "V-16"),
    _case("answer to another browser's sign-in", Code.WRONG_BROWSER, Bringing(of_another_browser), "V-16"),
    _case("answer after thirty minutes", Code.EXPIRED, thirty_minutes_later, "L-6"),
    _case(
        "state of another customer's sign-in",
        Code.ATTEMPT_UNKNOWN,
        Bringing(state_of_another_customer),
        "V-16",
    ),
    _case(
        "code of another session",
        C.PROVIDER_ERROR,
        Bringing(code_of_another_session),
        codes={Way.FRONT: C.C_HASH},
    ),
    _case(
        "code of another session, PKCE not checked",
        C.NONCE,
        unchecked_pkce(code_of_another_session),
        codes={Way.FRONT: C.C_HASH},
    ),
    _case(
        "code and token of another session, PKCE not checked",
        C.NONCE,
        unchecked_pkce(token_of_another_session),
        ways=(Way.FRONT,),
    ),
    _case(
        "answer at another customer's callback",
        Code.ATTEMPT_UNKNOWN,
        Bringing(at_another_customers_callback),
        look=no_code_went_out,
    ),
    _case("mix-up", C.ISS_PARAMETER, Bringing(mixed_up), look=no_code_went_out),
    _case(
        "mix-up without the issuer's name",
        C.PROVIDER_ERROR,
        code_goes_to_evil,
        codes={Way.FRONT: C.C_HASH},
    ),
)
CASES = (*FIELDS, *NAMES, *ERRORS, *SESSIONS)
VARIANTS = (
    Variant("names itself in its answer", "O-6", announcing, ways=ANSWERS),
    Variant(
        "names itself without saying so before",
        "O-6",
        lambda scene: setattr(scene.provider, "announces_iss", True),
        ways=ANSWERS,
    ),
    # RFC 9207 §4: the ID token beside the code names the issuer.
    Variant("names itself in its ID token alone", "O-6", unnamed, ways=(Way.FRONT,)),
    Variant("fields that nobody knows", "O-6", fields(scope="openid", x="y"), ways=ANSWERS),
)
