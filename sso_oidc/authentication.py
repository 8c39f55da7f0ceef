"""How and when a person must have proved themselves at the provider, asked for and checked (Core §2, §3.1.2.1).

    wanted = WantedAuthentication(max_age=3600, contexts=("urn:mace:incommon:iap:silver",))
    wanted.parameters()          # into the authorization request
    wanted.check(token, asked_at=..., now=...)   # every ID token of the answer, in both flows

What a provider is asked for, it must say that it did: a request travels through the browser, where anybody can take
``max_age`` or ``prompt`` out of it, and by the specification ``acr_values`` is only a wish. A setting of ours is none.
No Django.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sso_oidc.errors import OidcCode, OidcRefusal
from sso_oidc.tokens import SKEW_SECONDS, IdToken

_SKEW = timedelta(seconds=SKEW_SECONDS)


@dataclass(frozen=True, slots=True)
class WantedAuthentication:
    """What is asked of the provider beyond "who is this?".

    ``max_age`` in seconds: the person authenticated at most so long ago; 0 means now, and None whenever. ``contexts``
    are ``acr`` values of which one must hold; with none, any will do.
    """

    max_age: int | None = None
    contexts: tuple[str, ...] = ()

    def parameters(self) -> dict[str, str]:
        """Return the request parameters that ask for it."""
        asked: dict[str, str] = {}
        if self.max_age is not None:
            asked["max_age"] = str(self.max_age)
            if self.max_age == 0:
                asked["prompt"] = "login"  # the same by Core §3.1.2.1; some read a 0 as nothing asked
        if self.contexts:
            asked["acr_values"] = " ".join(self.contexts)
        return asked

    def check(self, token: IdToken, *, asked_at: datetime, now: datetime) -> None:
        """Refuse an ID token that does not say that it was so. ``asked_at`` is when the browser left; both are aware.

        Raises:
            OidcRefusal: oidc.auth_time - no auth_time, one in the future, or the person authenticated both before we
                asked and longer than ``max_age`` ago; oidc.acr - another context, or none.
        """
        if self.max_age is not None:
            self._check_time(token.authenticated_at, asked_at, now)
        if self.contexts and token.context not in self.contexts:
            raise OidcRefusal(OidcCode.ACR, f"{token.context!r}" if token.context else "missing")

    def _check_time(self, moment: datetime | None, asked_at: datetime, now: datetime) -> None:
        if moment is None:
            raise OidcRefusal(OidcCode.AUTH_TIME, "missing, though max_age was asked for")
        if moment - _SKEW > now:
            raise OidcRefusal(OidcCode.AUTH_TIME, f"{(moment - now).total_seconds():.0f} s in the future")
        # Who authenticated because we asked is never too late, however long consent or parking took.
        since = min(asked_at, now - timedelta(seconds=self.max_age or 0))
        if moment + _SKEW < since:
            raise OidcRefusal(OidcCode.AUTH_TIME, f"{(now - moment).total_seconds():.0f} s ago")


AS_IT_COMES = WantedAuthentication()
