"""Access tokens: made for a client that proved itself, and resolved on each SCIM request (V-25).

Nothing of a token is cached: client, secret and account are read with it, in one query, so revoking either, switching
single sign-on off and closing the account end it at its next request.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from audit.actors import Actor, ActorKind
from foundation.compiled_queries import CompiledQuery, text
from foundation.secret_tokens import digest, lookup_of, make_token, matches
from scim.credential import ACCOUNT_FIELDS, Credential, refused, why_account_refuses
from scim.models import OAuthAccessToken, OAuthClient, OAuthClientSecret

TOKEN_KIND = "soat"  # noqa: S105 -- a prefix, no secret
LIFETIME = timedelta(hours=1)

_BY_LOOKUP = CompiledQuery(
    lambda lookup: (
        OAuthAccessToken.objects.select_related("client__account", "secret")
        .only(
            *("lookup", "digest", "expires_at", "secret__revoked_at", "client__name", "client__revoked_at"),
            *(f"client__account__{name}" for name in ACCOUNT_FIELDS),
        )
        .filter(lookup=lookup)
        .order_by()
    ),
    text,
)


def generate(request: Any) -> str:
    """Return a new token; called by the library (``ACCESS_TOKEN_GENERATOR``), which hands it on to be kept."""
    return make_token(TOKEN_KIND).plain


def keep(
    plain: str, *, client: OAuthClient, secret: OAuthClientSecret | None, now: datetime
) -> OAuthAccessToken:
    """Store a token that was just made; it ends after an hour, or with the secret that it was got with."""
    lookup = lookup_of(plain, TOKEN_KIND)
    if lookup is None:
        raise ValueError("not made by generate()")
    end = now + LIFETIME
    if secret is not None and secret.expires_at is not None:
        end = min(end, secret.expires_at)
    return OAuthAccessToken.objects.create(
        client=client, secret=secret, lookup=lookup, digest=digest(plain), created_at=now, expires_at=end
    )


def resolve(plain: str, address: str) -> Credential | None:
    """Return whom an access token speaks for, None for another kind of token; raises ``Unauthorized``."""
    lookup = lookup_of(plain, TOKEN_KIND)
    if lookup is None:
        return None
    token = _BY_LOOKUP.first(lookup)
    if token is None or not matches(plain, token.digest):
        raise refused(
            "scim.unknown_token", "This access token is not known here.", address, error="invalid_token"
        )
    client = token.client
    if why := _unusable(token):
        raise refused(
            "scim.unusable_token",
            why,
            address,
            target=f"{client.name}, {token.lookup}",
            account_id=client.account_id,
            error="invalid_token",
        )
    actor = Actor(ActorKind.SCIM, str(client.pk), f"OAuth client {client.name}", address, client.account_id)
    return Credential(client.account, actor, rate_key=f"oauth:{client.pk}", client_id=client.pk)


def purge(now: datetime | None = None) -> int:
    """Delete tokens that have expired and return how many; one that is gone is refused like one that is unknown."""
    deleted, _ = OAuthAccessToken.objects.filter(expires_at__lt=now or timezone.now()).delete()
    return int(deleted)


def _unusable(token: OAuthAccessToken) -> str:
    if token.client.revoked_at is not None:
        return "The OAuth client of this access token was revoked."
    if token.secret is not None and token.secret.revoked_at is not None:
        return "The client secret that this access token was got with was revoked."
    if token.expires_at <= timezone.now():
        return "This access token has expired. Get a new one."
    return why_account_refuses(token.client.account)
