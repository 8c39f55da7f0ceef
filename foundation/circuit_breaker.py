"""Stop asking a peer that is down, so that nobody waits for it and it can recover (O-5).

    circuit = CircuitBreaker("oidc", str(provider.pk))
    circuit.require_closed()                      # OutboundError http.circuit_open while it is open
    http = GuardedHttp(client, circuit)           # every call through it is counted

Closed, calls go through and failures in a row are counted. After ``FAILURES`` of them it opens: for ``OPEN_SECONDS``
every call is refused at once. Then it is half open: one call goes through as a trial, the others are still refused; the
trial's success closes it, its failure opens it again.

Only what says that the peer is down counts: no connection, no answer in time, or a gateway that says so (502, 503,
504). What somebody on the web can provoke does not: a made-up code gets a 400, and from a careless server a 500.

The state lies in the shared cache under a name of the caller's, so one customer's outage is no other's. Nothing here
decides who may enter; a lost count only means a few more tries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from foundation.http import OutboundHttp
from foundation.outbound_target import OutboundCode, OutboundError
from foundation.secret_tokens import digest

FAILURES = 5  # in a row
OPEN_SECONDS = 30
_COUNTED_SECONDS = 300  # failures further apart are no row
_TRIAL_SECONDS = 15  # more than a call may last
_REMEMBERED_SECONDS = 3600  # how long an open one waits for its trial

_DOWN = frozenset({OutboundCode.CONNECTION, OutboundCode.TIMEOUT})
_GATEWAY_SAYS_DOWN = frozenset({502, 503, 504})


@dataclass(frozen=True, slots=True)
class Passage:
    """What a call found when it was let through: whether as a trial, and whether there is anything to clear."""

    trial: bool = False
    troubled: bool = False


class CircuitBreaker:
    """One circuit; ``name`` says of what, for example the purpose and the provider's id."""

    def __init__(self, *name: str) -> None:
        key = f"circuit:{digest(chr(0).join(name))[:32]}"
        self._open, self._failures, self._trial = f"{key}:open", f"{key}:failures", f"{key}:trial"

    def require_closed(self) -> None:
        """Raise ``OutboundError`` http.circuit_open while calls are refused; claims no trial."""
        until = cache.get(self._open)
        if until is not None and _now() < until:
            raise _refusal(until)

    def enter(self) -> Passage:
        """Let a call through, or raise ``OutboundError`` http.circuit_open."""
        found = cache.get_many([self._open, self._failures])
        until = found.get(self._open)
        if until is None:
            return Passage(troubled=bool(found))
        if _now() < until or not cache.add(self._trial, 1, _TRIAL_SECONDS):
            raise _refusal(until)
        return Passage(trial=True, troubled=True)

    def succeeded(self, passage: Passage) -> None:
        """Note that the peer answered."""
        if passage.troubled:
            cache.delete_many([self._open, self._failures, self._trial])

    def failed(self, passage: Passage) -> None:
        """Note that the peer is down."""
        if passage.trial or self._count() >= FAILURES:
            cache.set(self._open, _now() + OPEN_SECONDS, _REMEMBERED_SECONDS)
            cache.delete(self._trial)

    def _count(self) -> int:
        if cache.add(self._failures, 1, _COUNTED_SECONDS):
            return 1
        try:
            return int(cache.incr(self._failures))
        except ValueError:  # it expired between the two
            return 1


class GuardedHttp(OutboundHttp):
    """A client whose every call goes through a circuit; connections are those of the client that it was made from."""

    def __init__(self, client: OutboundHttp, circuit: CircuitBreaker) -> None:
        # super().__init__ would make connections of its own.
        self.allow = client.allow
        self._client = client
        self._circuit = circuit

    def close(self) -> None:
        """Leave the connections to the client that they belong to."""

    def _send(self, request: Any) -> Any:
        passage = self._circuit.enter()
        try:
            answer = self._client._send(request)
        except OutboundError as error:
            if error.code in _DOWN:
                self._circuit.failed(passage)
            else:
                self._circuit.succeeded(passage)  # it answered, if badly
            raise
        if answer.status in _GATEWAY_SAYS_DOWN:
            self._circuit.failed(passage)
        else:
            self._circuit.succeeded(passage)
        return answer


def says_down(error: OutboundError) -> bool:
    """Tell whether an error is one that passes by itself: the peer is down, busy, or not asked because of that."""
    if error.code is OutboundCode.STATUS:
        return error.status is not None and (error.status >= 500 or error.status == 429)
    return error.code in _DOWN or error.code in (OutboundCode.CIRCUIT_OPEN, OutboundCode.NOT_JSON)


def _now() -> float:
    return timezone.now().timestamp()


def _refusal(until: float) -> OutboundError:
    return OutboundError(
        OutboundCode.CIRCUIT_OPEN, detail=f"not asked again for {max(0, until - _now()):.0f} s"
    )
