"""What the provider's token endpoint and userinfo answer, and how: redirects, rubbish; too much or too little (O-5)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from foundation.http import OutboundCode as H
from sso.refusals import Code
from sso_oidc.errors import OidcCode as C
from tests.foundation.local_server import Behaviour, Visit, answer
from tests.sso_oidc.corpus.case import DIRECT, Case, Hook, Variant, nothing
from tests.sso_oidc.corpus.provider import SECRET, Token
from tests.sso_oidc.corpus.scene import Scene

GONE: Any = ...
HUGE = 2_000_000  # bytes


@dataclass(frozen=True)
class At:
    """The path is answered so."""

    path: str
    behaviour: Behaviour

    def __call__(self, scene: Scene) -> None:
        scene.provider.server.routes[self.path] = self.behaviour


@dataclass(frozen=True)
class Tokens:
    """The token endpoint's answer, changed."""

    changes: Mapping[str, Any]

    def __call__(self, scene: Scene) -> None:
        scene.provider.tokens_changes = self.changes


@dataclass(frozen=True)
class Userinfo:
    """Userinfo, changed."""

    changes: Mapping[str, Any]

    def __call__(self, scene: Scene) -> None:
        scene.provider.userinfo_changes = self.changes


def email_only_there(scene: Scene) -> None:
    """The ID tokens hold no address, so that userinfo is needed."""
    for token in Token:
        scene.provider.claims_changes[token] = {"email": GONE, "email_verified": GONE}


def both(*hooks: Hook) -> Hook:
    """One after the other."""

    def spoil(scene: Scene) -> None:
        for hook in hooks:
            hook(scene)

    return spoil


def rewriting(change: Callable[[bytes], bytes]) -> Hook:
    """The honest token answer as bytes, changed."""

    def spoil(scene: Scene) -> None:
        def behave(visit: Visit) -> None:
            grant = scene.provider.redeemed(visit)
            assert grant is not None
            body = change(json.dumps(scene.provider.tokens(grant)).encode())
            answer(body, headers={"Content-Type": "application/json"})(visit)

        scene.provider.server.routes["/token"] = behave

    return spoil


def redirecting(path: str, status: int) -> Hook:
    """To the evil server, which would be told the secret."""

    def spoil(scene: Scene) -> None:
        target = scene.evil.server.url("/collects")
        scene.provider.server.routes[path] = answer(b"", status=status, headers={"Location": target})

    return spoil


def nothing_was_collected(scene: Scene) -> None:
    """Neither the secret nor a token went where the redirect points."""
    assert "/collects" not in scene.evil.server.paths()


def no_secret_in_sight(scene: Scene) -> None:
    """The secret went out once, in a header, to the provider."""
    seen = [each for each in scene.provider.server.requests if SECRET in str(each)]
    assert seen == []


def cut_off(visit: Visit) -> None:
    visit.raw(
        b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"token_type":'
    )
    visit.close_connection = True


def hung_up(visit: Visit) -> None:
    visit.close_connection = True


def endless_headers(visit: Visit) -> None:
    visit.raw(
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"x" * 60_000) for n in range(30)) + b"\r\n"
    )
    visit.close_connection = True


def endless_chunks(visit: Visit) -> None:
    visit.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(200):
        visit.raw(b"4000\r\n" + b" " * 0x4000 + b"\r\n")
    visit.close_connection = True


def no_http(visit: Visit) -> None:
    visit.raw(b"SSH-2.0-OpenSSH_9.2\r\n")
    visit.close_connection = True


def _case(name: str, code: str, spoil: Hook, twin: Hook = nothing, row: str = "O-5", **more: Any) -> Case:
    return Case(name, row, code, spoil, twin, ways=DIRECT, **more)


def _token(name: str, code: str, behaviour: Behaviour, **more: Any) -> Case:
    return _case(f"token endpoint: {name}", code, At("/token", behaviour), **more)


def _userinfo(name: str, code: str, spoil: Hook, **more: Any) -> Case:
    return _case(f"userinfo: {name}", code, both(email_only_there, spoil), email_only_there, **more)


PAGE = answer(b"<html>Sign in</html>", headers={"Content-Type": "text/html"})
GZIPPED = answer(gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"})
TOKEN_ENDPOINT = (
    _case(
        "token endpoint: 307", H.REDIRECT, redirecting("/token", 307), down=True, look=nothing_was_collected
    ),
    _case(
        "token endpoint: 302", H.REDIRECT, redirecting("/token", 302), down=True, look=nothing_was_collected
    ),
    _token("500 with a page", H.STATUS, answer(b"<h1>Oops</h1>", status=500), down=True),
    _token("a page", H.NOT_JSON, PAGE, down=True),
    _token("a list", H.NOT_JSON, answer(b"[]"), down=True),
    _token("nothing", H.NOT_JSON, answer(b""), down=True),
    _token("compressed", H.CONNECTION, GZIPPED, down=True),
    _token("cut off", H.CONNECTION, cut_off, down=True),
    _token("hung up", H.CONNECTION, hung_up, down=True),
    _token("another protocol", H.CONNECTION, no_http, down=True),
    _token("2 MB", H.TOO_LARGE, answer(b" " * HUGE), down=True),
    _token("endless chunks", H.TOO_LARGE, endless_chunks, down=True),
    _token("endless headers", H.TOO_LARGE, endless_headers, down=True),
    _token("nested too deeply", H.NOT_JSON, answer(b'{"a":' * 100_000), down=True),
    _case(
        "token endpoint: a name twice",
        H.NOT_JSON,
        rewriting(lambda body: b'{"access_token":"a",' + body[1:]),
        down=True,
    ),
    _token(
        "the grant type is refused",
        C.PROVIDER_ERROR,
        answer({"error": "unsupported_grant_type"}, status=400),
        row="O-4",
    ),
    _token("wrong code", C.PROVIDER_ERROR, answer({"error": "invalid_grant"}, status=400), row="O-4"),
    _token("error that is no text", C.TOKEN_ENDPOINT, answer({"error": {"a": 1}}, status=400), row="O-4"),
    _token(
        "consent is missing",
        Code.CONSENT_REFUSED,
        answer({"error": "invalid_grant", "error_description": "AADSTS65001: no consent"}, status=400),
        row="O-4",
    ),
    _case("token endpoint: error with 200", C.PROVIDER_ERROR, Tokens({"error": "invalid_grant"}), row="O-4"),
    _case(
        "another type of token",
        C.TOKEN_ENDPOINT,
        Tokens({"token_type": "mac"}),
        Tokens({"token_type": "bearer"}),
    ),
    _case("no type of token", C.TOKEN_ENDPOINT, Tokens({"token_type": GONE})),
    _case("no access token", C.TOKEN_ENDPOINT, Tokens({"access_token": GONE})),
    _case("access token with a line break", C.TOKEN_ENDPOINT, Tokens({"access_token": "a\r\nX-Evil: 1"})),
    _case("access token that is a list", C.TOKEN_ENDPOINT, Tokens({"access_token": ["a"]})),
    _case("endless access token", C.TOKEN_ENDPOINT, Tokens({"access_token": "a" * 200_000})),
    _case("no ID token from the token endpoint", C.TOKEN_ENDPOINT, Tokens({"id_token": GONE})),
    _case("ID token that is an object", C.TOKEN_ENDPOINT, Tokens({"id_token": {"sub": "root"}})),
)
USERINFO = (
    _userinfo("about another person", C.SUBJECT, Userinfo({"sub": "sub-of-root"}), row="O-6"),
    _userinfo("about nobody", C.SUBJECT, Userinfo({"sub": GONE}), row="O-6"),
    _userinfo("about a list of people", C.SUBJECT, Userinfo({"sub": ["sub-of-ada@acme.example"]}), row="O-6"),
    _userinfo("in other letters", C.SUBJECT, Userinfo({"sub": "SUB-OF-ADA@ACME.EXAMPLE"}), row="O-6"),
    _case(
        "userinfo: about another person, though not needed",
        C.SUBJECT,
        Userinfo({"sub": "sub-of-root"}),
        row="O-6",
    ),
    _userinfo("307", H.REDIRECT, redirecting("/userinfo", 307), down=True, look=nothing_was_collected),
    _userinfo("a page", H.NOT_JSON, At("/userinfo", PAGE), down=True),
    _userinfo("a token of its own", H.NOT_JSON, At("/userinfo", answer(b"eyJ.eyJ.sig")), down=True),
    _userinfo("not allowed", H.STATUS, At("/userinfo", answer(b"", status=403)), down=True),
    _userinfo("500", H.STATUS, At("/userinfo", answer(b"", status=500)), down=True),
    _userinfo("2 MB", H.TOO_LARGE, At("/userinfo", answer(b" " * HUGE)), down=True),
    _userinfo("cut off", H.CONNECTION, At("/userinfo", cut_off), down=True),
)
CASES = (*TOKEN_ENDPOINT, *USERINFO)
VARIANTS = (
    Variant("address from userinfo alone", "O-6", email_only_there, ways=DIRECT),
    Variant(
        "userinfo that is down and not needed", "O-5", At("/userinfo", answer(b"", status=500)), ways=DIRECT
    ),
    Variant(
        "tokens that nobody asked for",
        "O-1",
        Tokens({"refresh_token": "r", "scope": "openid"}),
        ways=DIRECT,
        look=no_secret_in_sight,
    ),
)
