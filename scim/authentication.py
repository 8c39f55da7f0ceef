"""Read the Authorization header and find out whose directory is calling (P-2, V-25).

Administrators paste tokens in every way that consoles suggest, so ``Bearer <token>``, the bare token and a doubled
"Bearer" are all read. What doesn't lead to a usable token goes to the failure log, which is bounded (V-21), never to
the audit trail.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest

from foundation import public_urls, rate_limits
from foundation.client_address import client_address
from scim import api_tokens, personal_tokens
from scim.call import Call
from scim.credential import Credential, refused
from scim.errors import Forbidden, TooManyRequests
from scim.oauth import access_tokens

# Each knows its tokens by their form, and answers None to all others.
_KINDS: tuple[Callable[[str, str], Credential | None], ...] = (
    api_tokens.resolve,
    access_tokens.resolve,
    personal_tokens.resolve,
)


def authenticate(request: HttpRequest, mount: str) -> Call:
    """Return the call of a good token; raises ``Unauthorized``. ``mount`` is the path that SCIM was reached under."""
    address = client_address(request)
    plain = presented_token(request.META.get("HTTP_AUTHORIZATION", ""))
    if not plain:
        raise refused("scim.no_token", "Send the API token as Authorization: Bearer <token>.", address)
    for resolve in _KINDS:
        credential = resolve(plain, address)
        if credential is not None:
            return Call(credential, public_urls.absolute(mount))
    raise refused("scim.unknown_token", "This token is not known here.", address)


def require_account_token(call: Call) -> None:
    """Raise ``Forbidden`` for a person's own token: whoever speaks for one person sees nobody else (P-10)."""
    if call.credential.owner is not None:
        raise Forbidden(
            "A personal token reads /Me and nothing else; people and groups need a token of the account."
        )


def throttle(call: Call, operations: int = 1) -> None:
    """Count operations of the call's token; raises ``TooManyRequests`` beyond ``BROKER_SCIM_RATE`` a second (P-8)."""
    verdict = rate_limits.hit(
        "scim", call.credential.rate_key, limit=settings.BROKER_SCIM_RATE, seconds=1, amount=operations
    )
    if not verdict.allowed:
        raise TooManyRequests(
            f"This token may do {settings.BROKER_SCIM_RATE} operations a second.",
            headers={"Retry-After": str(verdict.retry_after)},
        )


def presented_token(header: str) -> str:
    """Return the token in an Authorization header, "" when there is none or it can't be one."""
    words = header.split()
    while words and words[0].lower() == "bearer":
        words = words[1:]
    return words[0] if len(words) == 1 else ""
