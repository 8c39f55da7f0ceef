"""Whose directory is calling: the long API token of an account (P-2).

Administrators paste tokens in every way that consoles suggest, so ``Bearer <token>``, the bare token and a doubled
"Bearer" are all read. What doesn't lead to a usable token goes to the failure log, which is bounded (V-21), never to
the audit trail.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from accounts.lifecycle.tokens import TOKEN_KIND
from accounts.models import ApiToken, TokenPermission
from audit.actors import Actor, ActorKind
from audit.failures import record_failure
from foundation import public_urls, rate_limits
from foundation.client_address import client_address
from foundation.secret_tokens import lookup_of, matches
from scim.call import Call
from scim.errors import TooManyRequests, Unauthorized

_CHALLENGE = 'Bearer realm="scim"'
_LAST_USED_STEP = timedelta(minutes=1)  # P-2's "last used" is worth one write a minute, not one a request


def authenticate(request: HttpRequest, mount: str) -> Call:
    """Return the call of a good token; raises ``Unauthorized``. ``mount`` is the path that SCIM was reached under."""
    address = client_address(request)
    plain = presented_token(request.headers.get("Authorization", ""))
    if not plain:
        raise _refused("scim.no_token", "Send the API token as Authorization: Bearer <token>.", address)
    lookup = lookup_of(plain, TOKEN_KIND)
    token = None
    if lookup is not None:
        token = ApiToken.objects.select_related("account").filter(lookup=lookup, owner=None).first()
    if token is None or not matches(plain, token.digest):
        raise _refused("scim.unknown_token", "This token is not known here.", address)
    if why := _unusable(token):
        raise _refused("scim.unusable_token", why, address, token)
    _note_use(token, address)
    actor = Actor(ActorKind.SCIM, str(token.pk), f"SCIM token {token.name}", address)
    return Call(token.account, token.pk, actor, public_urls.absolute(mount))


def throttle(call: Call, operations: int = 1) -> None:
    """Count operations of the call's token; raises ``TooManyRequests`` beyond ``BROKER_SCIM_RATE`` a second (P-8)."""
    verdict = rate_limits.hit(
        "scim", str(call.token_id), limit=settings.BROKER_SCIM_RATE, seconds=1, amount=operations
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


def _unusable(token: ApiToken) -> str:
    if not token.is_usable:
        return "This token was revoked or has expired. Make a new one."
    if token.permission != TokenPermission.MANAGE_USERS:
        return "This token lacks the permission Manage Users."
    if token.account.closed_at is not None:
        return "The account of this token is closed."
    if not token.account.sso_module:
        return "Single sign-on is switched off for the account of this token."
    return ""


def _refused(code: str, detail: str, address: str, token: ApiToken | None = None) -> Unauthorized:
    whose = "" if token is None else f" ({token.name}, {token.lookup})"
    record_failure(
        code=code,
        message=f"SCIM: {detail}{whose}",
        address=address,
        target="" if token is None else token.lookup,
        account_id=None if token is None else token.account_id,
    )
    return Unauthorized(detail, headers={"WWW-Authenticate": _CHALLENGE})


def _note_use(token: ApiToken, address: str) -> None:
    now = timezone.now()
    if token.last_used_at is not None and token.last_used_at > now - _LAST_USED_STEP:
        return
    unnoted = Q(last_used_at=None) | Q(last_used_at__lte=now - _LAST_USED_STEP)
    rows = ApiToken.objects.for_account(token.account_id).filter(unnoted, pk=token.pk)
    rows.update(last_used_at=now, last_used_ip=address or None)
