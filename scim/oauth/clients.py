"""OAuth clients of an account: made, given secrets and keys, revoked (P-2, P-3, V-25).

As with API tokens, an SSO account admin makes them, once single sign-on works: what such a client may do, it may do to
every admin of the account (V-8). Ending one is always possible, and any account admin may. Each change is one
transaction with its audit event; secrets are in neither.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts import privilege, subjects
from accounts.lifecycle.tokens import SsoNotReady
from accounts.models import Account
from audit.actors import Actor
from audit.recorder import Subject, record
from audit.refusals import Refused, refusals_audited
from foundation.secret_tokens import make_token
from scim.models import OAuthAccessToken, OAuthClient, OAuthClientSecret
from scim.oauth.client_authentication import SECRET_KIND
from scim.oauth.client_keys import ClientKey, UnfitKeys, read_keys, written

_MAKES, _ENDS = privilege.Authority.SSO_ACCOUNT_ADMIN, privilege.Authority.ACCOUNT_ADMIN


class KeysRefused(Refused):
    """What was pasted is no set of public keys that can be used."""

    code = "oauth_client.unfit_keys"


class ClientRevoked(Refused):
    """A client that was revoked stays so."""

    code = "oauth_client.revoked"


def subject_of(client: OAuthClient) -> Subject:
    """Return how a client is named in the audit trail."""
    return Subject("oauth_client", str(client.pk), client.name, account_id=client.account_id)


@refusals_audited
@transaction.atomic
def create_client(*, account: Account, actor: Actor, name: str, public_keys: str = "") -> OAuthClient:
    """Make a client, without a secret yet; ``public_keys`` is a JWKS document or "" (see ``client_keys``)."""
    subject, action = subjects.of_account(account), "oauth_client.create"
    _require(_MAKES, account, actor, action, subject)
    _require_sso(account, actor, action, subject)
    keys = _read_keys(public_keys, actor, action, subject)
    client = OAuthClient.objects.create(
        account=account,
        name=name,
        public_keys=written(keys) if keys else "",
        created_by=privilege.user_of(actor),
        created_by_label=actor.label[:254],
    )
    record(
        actor=actor,
        action="oauth_client.created",
        subject=subject_of(client),
        message=f"OAuth client {name} was made{f' with {_named(keys)}' if keys else ''}.",
    )
    return client


@refusals_audited
@transaction.atomic
def add_secret(
    *, client: OAuthClient, actor: Actor, expires_at: datetime | None = None
) -> tuple[OAuthClientSecret, str]:
    """Give a client one more secret; return its row and the plain secret, which nobody can read again."""
    action = "oauth_client.add_secret"
    locked = _locked(client, actor, action)
    _require_sso(locked.account, actor, action, subject_of(locked))
    new = make_token(SECRET_KIND)
    secret = OAuthClientSecret.objects.create(
        client=locked,
        lookup=new.lookup,
        digest=new.digest,
        created_by=privilege.user_of(actor),
        created_by_label=actor.label[:254],
        expires_at=expires_at,
    )
    until = f", valid until {expires_at:%Y-%m-%d %H:%M} UTC" if expires_at is not None else ""
    record(
        actor=actor,
        action="oauth_client.secret_added",
        subject=subject_of(locked),
        message=f"OAuth client {locked.name} got the secret {secret.lookup}{until}.",
    )
    return secret, new.plain


@refusals_audited
@transaction.atomic
def set_public_keys(*, client: OAuthClient, actor: Actor, public_keys: str) -> bool:
    """Replace a client's keys ("" for none) and end the tokens got with the old ones; return whether they differ."""
    action = "oauth_client.set_keys"
    locked = _locked(client, actor, action)
    subject = subject_of(locked)
    keys = _read_keys(public_keys, actor, action, subject)
    if keys:
        _require_sso(locked.account, actor, action, subject)
    document = written(keys) if keys else ""
    if document == locked.public_keys:
        return False
    before = _named(read_keys(locked.public_keys)) if locked.public_keys else "no key"
    locked.public_keys = document
    locked.save(update_fields=["public_keys"])
    OAuthAccessToken.objects.for_account(locked.account_id).filter(client=locked, secret=None).delete()
    record(
        actor=actor,
        action="oauth_client.keys_changed",
        subject=subject,
        message=f"The public keys of OAuth client {locked.name} were replaced.",
        changes={"public_keys": [before, _named(keys)]},
    )
    client.refresh_from_db()
    return True


@refusals_audited
@transaction.atomic
def revoke_secret(*, secret: OAuthClientSecret, actor: Actor) -> bool:
    """End a secret, and the tokens that were got with it, at once; return whether it was still there to end."""
    client = secret.client
    subject = subject_of(client)
    _require(_ENDS, client.account, actor, "oauth_client.revoke_secret", subject)
    rows = OAuthClientSecret.objects.for_account(client.account_id).filter(pk=secret.pk, revoked_at=None)
    if not rows.update(revoked_at=timezone.now()):
        return False
    record(
        actor=actor,
        action="oauth_client.secret_revoked",
        subject=subject,
        message=f"The secret {secret.lookup} of OAuth client {client.name} was revoked.",
    )
    secret.refresh_from_db()
    return True


@refusals_audited
@transaction.atomic
def revoke_client(*, client: OAuthClient, actor: Actor) -> bool:
    """End a client with all of its secrets, keys and tokens at once; return whether it was still usable."""
    subject = subject_of(client)
    _require(_ENDS, client.account, actor, "oauth_client.revoke", subject)
    rows = OAuthClient.objects.for_account(client.account_id).filter(pk=client.pk, revoked_at=None)
    if not rows.update(revoked_at=timezone.now()):
        return False
    record(
        actor=actor,
        action="oauth_client.revoked",
        subject=subject,
        message=f"OAuth client {client.name} was revoked.",
    )
    client.refresh_from_db()
    return True


def _locked(client: OAuthClient, actor: Actor, action: str) -> OAuthClient:
    """Return the client's row, locked, for who may give it credentials; raises when it was revoked."""
    _require(_MAKES, client.account, actor, action, subject_of(client))
    rows = OAuthClient.objects.for_account(client.account_id).select_related("account")
    locked = rows.select_for_update(of=("self",)).get(pk=client.pk)
    if locked.revoked_at is not None:
        raise ClientRevoked(
            f"{locked.name} was revoked; make another client.",
            actor=actor,
            action=action,
            subject=subject_of(locked),
        )
    return locked


def _require(
    least: privilege.Authority, account: Account, actor: Actor, action: str, subject: Subject
) -> None:
    privilege.require(actor, account, least, action=action, subject=subject)


def _require_sso(account: Account, actor: Actor, action: str, subject: Subject) -> None:
    if not account.sso_ready or not account.sso_module:
        raise SsoNotReady(
            f"{account.name} has no enabled identity provider; a client can be made once single sign-on works.",
            actor=actor,
            action=action,
            subject=subject,
        )


def _read_keys(document: str, actor: Actor, action: str, subject: Subject) -> tuple[ClientKey, ...]:
    if not document.strip():
        return ()
    try:
        return read_keys(document)
    except UnfitKeys as unfit:
        raise KeysRefused(str(unfit), actor=actor, action=action, subject=subject) from None


def _named(keys: tuple[ClientKey, ...]) -> str:
    """Return the keys in words: their kids, or how many they are."""
    names = [key.kid for key in keys if key.kid]
    count = f"{len(keys)} key{'' if len(keys) == 1 else 's'}" if keys else "no key"
    return f"{count} ({', '.join(names)})" if names else count
