"""A person's own token: reads ``/Me`` and nothing else (P-10, V-14)."""

from __future__ import annotations

from accounts.lifecycle.tokens import PERSONAL_TOKEN_KIND
from accounts.models import ApiToken, TokenPermission
from accounts.password_admins import is_keeper
from audit.actors import Actor, ActorKind
from foundation.secret_tokens import lookup_of, matches
from scim.api_tokens import note_use
from scim.credential import Credential, refused


def resolve(plain: str, address: str) -> Credential | None:
    """Return whom a presented token speaks for, None when we have no such token; raises ``Unauthorized``."""
    lookup = lookup_of(plain, PERSONAL_TOKEN_KIND)
    if lookup is None:
        return None
    rows = ApiToken.objects.select_related("account", "owner").filter(lookup=lookup, owner__isnull=False)
    token = rows.first()
    if token is None or token.owner is None or not matches(plain, token.digest):
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
    owner = token.owner
    actor = Actor(ActorKind.USER, str(owner.pk), owner.user_name, address)
    return Credential(token.account, actor, rate_key=str(token.pk), token_id=token.pk, owner=owner)


def _unusable(token: ApiToken) -> str:
    if not token.is_usable:
        return "This token was revoked or has expired. Make a new one."
    if token.permission != TokenPermission.READ_SELF:
        return "This token is not for reading your own data."
    owner = token.owner
    if owner is None or not owner.can_sign_in or owner.account_id != token.account_id:
        return "The owner of this token may not sign in at the moment."
    if token.account.closed_at is not None:
        return "The account of this token is closed."
    if not token.account.password_sign_in_allowed and not owner.connected and not is_keeper(owner):
        # L-3: made in a session that a password opened, which would not begin any more.
        return (
            "This account signs in by single sign-on only, and the owner of this token has not done so yet."
        )
    return ""
