"""Providers that take their time: the deadline of a whole callback holds, however they spend it (O-5).

The product's ten seconds are shortened to one here, except where ``Slow.real`` says that they are the product's own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from unittest import mock

from foundation.http import OutboundCode as H
from tests.foundation.local_server import Visit
from tests.sso_oidc.corpus.case import ANSWERS, DIRECT, Case, Way
from tests.sso_oidc.corpus.direct_answers import email_only_there
from tests.sso_oidc.corpus.published import WELL_KNOWN
from tests.sso_oidc.corpus.scene import Scene

LIMIT = 1.0  # seconds
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n" + b" " * 3998 + b"{}"
)


def dripping(visit: Visit) -> None:
    """A byte now and then, head included: every read succeeds."""
    visit.drip(_ANSWER, pause=0.05)


def silent(visit: Visit) -> None:
    """Takes the request and says nothing."""
    time.sleep(LIMIT * 3)
    visit.close_connection = True


def stops_after_the_head(visit: Visit) -> None:
    visit.raw(_ANSWER[:90])
    time.sleep(LIMIT * 3)
    visit.close_connection = True


@dataclass(frozen=True)
class Slow:
    """A path that behaves so; ``paths`` beside it take ``each`` seconds before they answer as they should."""

    path: str
    behaviour: Callable[[Visit], None]
    real: bool = False

    def __call__(self, scene: Scene) -> None:
        scene.provider.server.routes[self.path] = self.behaviour
        if self.path == "/userinfo":
            email_only_there(scene)
        if not self.real:
            shortened(scene)


def shortened(scene: Scene) -> None:
    """One second in place of ten, for the callback and for what comes before it."""
    for name in ("sso_oidc.backend.CALLBACK_SECONDS", "sso_oidc.protocol.REQUEST_SECONDS"):
        patch = mock.patch(name, LIMIT)
        patch.start()
        scene.afterwards.append(patch.stop)


def everything_a_little_slow(scene: Scene) -> None:
    """No answer is late by itself; together they are."""
    email_only_there(scene)
    shortened(scene)
    server = scene.provider.server
    for path in ("/keys", "/token", "/userinfo"):
        server.routes[path] = _late(server.routes[path])


def _late(behaviour: Callable[[Visit], None]) -> Callable[[Visit], None]:
    def behave(visit: Visit) -> None:
        time.sleep(LIMIT * 0.45)
        behaviour(visit)

    return behave


def in_time(scene: Scene) -> None:
    """Near the limit, and nobody waited much longer than that."""
    assert LIMIT * 0.9 <= scene.slowest < LIMIT * 2, scene.slowest


def in_time_really(scene: Scene) -> None:
    """The product's own ten seconds."""
    assert 9.5 < scene.slowest < 12, scene.slowest


CASES = (
    Case(
        "discovery drips",
        "O-5",
        H.TIMEOUT,
        Slow(WELL_KNOWN, dripping),
        ways=(Way.CODE,),
        down=True,
        look=in_time,
    ),
    Case(
        "discovery is silent",
        "O-5",
        H.TIMEOUT,
        Slow(WELL_KNOWN, silent),
        ways=(Way.FRONT,),
        down=True,
        look=in_time,
    ),
    Case("keys drip", "O-5", H.TIMEOUT, Slow("/keys", dripping), ways=ANSWERS, down=True, look=in_time),
    Case(
        "token endpoint drips",
        "O-5",
        H.TIMEOUT,
        Slow("/token", dripping),
        ways=DIRECT,
        down=True,
        look=in_time,
    ),
    Case(
        "token endpoint stops",
        "O-5",
        H.TIMEOUT,
        Slow("/token", stops_after_the_head),
        ways=(Way.CODE,),
        down=True,
        look=in_time,
    ),
    Case(
        "userinfo is silent",
        "O-5",
        H.TIMEOUT,
        Slow("/userinfo", silent),
        twin=email_only_there,
        ways=(Way.CODE,),
        down=True,
        look=in_time,
    ),
    Case(
        "everything is a little slow",
        "O-5",
        H.TIMEOUT,
        everything_a_little_slow,
        twin=email_only_there,
        ways=(Way.CODE,),
        down=True,
        look=in_time,
    ),
    Case(
        "token endpoint drips for ten seconds",
        "O-5",
        H.TIMEOUT,
        Slow("/token", dripping, real=True),
        ways=(Way.CODE,),
        down=True,
        look=in_time_really,
    ),
)
