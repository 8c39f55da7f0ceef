"""The long API token of an account (P-2)."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.lifecycle.tokens import TOKEN_KIND
from accounts.models import ApiToken, TokenPermission
from audit.actors import Actor, ActorKind
from foundation.compiled_queries import CompiledQuery, text
from foundation.secret_tokens import lookup_of, matches
from scim.credential import ACCOUNT_FIELDS, Credential, refused, why_account_refuses

_LAST_USED_STEP = timedelta(minutes=1)  # P-2's "last used" is worth one write a minute, not one a request

_BY_LOOKUP = CompiledQuery(
    lambda lookup: (
        ApiToken.objects.select_related("account")
        .only(
            *("name", "permission", "lookup", "digest", "expires_at", "revoked_at", "last_used_at"),
            *(f"account__{name}" for name in ACCOUNT_FIELDS),
        )
        .filter(lookup=lookup, owner=None)
        .order_by()
    ),
    text,
)


def resolve(plain: str, address: str) -> Credential | None:
    """Return whom a presented token speaks for, None when we have no such token; raises ``Unauthorized``."""
    lookup = lookup_of(plain, TOKEN_KIND)
    if lookup is None:
        return None
    token = _BY_LOOKUP.first(lookup)
    if token is None or not matches(plain, token.digest):
        return None
    if why := _unusable(token):
        raise refused(
            "scim.unusable_token",
            why,
            address,
            target=f"{token.name}, {token.lookup}",
            account_id=token.account_id,
        )
    note_use(token, address)
    actor = Actor(ActorKind.SCIM, str(token.pk), f"SCIM token {token.name}", address, token.account_id)
    return Credential(token.account, actor, rate_key=str(token.pk), token_id=token.pk)


def _unusable(token: ApiToken) -> str:
    if not token.is_usable:
        return "This token was revoked or has expired. Make a new one."
    if token.permission != TokenPermission.MANAGE_USERS:
        return "This token lacks the permission Manage Users."
    return why_account_refuses(token.account)


def note_use(token: ApiToken, address: str) -> None:
    """Note when and from where a token was used, once a minute."""
    now = timezone.now()
    if token.last_used_at is not None and token.last_used_at > now - _LAST_USED_STEP:
        return
    unnoted = Q(last_used_at=None) | Q(last_used_at__lte=now - _LAST_USED_STEP)
    rows = ApiToken.objects.for_account(token.account_id).filter(unnoted, pk=token.pk)
    rows.update(last_used_at=now, last_used_ip=address or None)
