"""API tokens of an account: made, shown once, revoked (P-2, P-3)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts import privilege, subjects
from accounts.models import Account, ApiToken, TokenPermission
from audit.actors import Actor
from audit.recorder import record
from audit.refusals import Refused, refusals_audited
from foundation.secret_tokens import make_token

TOKEN_KIND = "scim"  # noqa: S105 -- a prefix, no secret


class SsoNotReady(Refused):
    """The account has no working single sign-on, so nobody could use what SCIM provisions (P-3)."""

    code = "token.sso_not_ready"


@refusals_audited
@transaction.atomic
def create_api_token(
    *,
    account: Account,
    actor: Actor,
    name: str,
    permission: TokenPermission = TokenPermission.MANAGE_USERS,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Make an account token; return its row and the plain token, which nobody can read again."""
    subject = subjects.of_account(account)
    privilege.require(
        actor, account, privilege.Authority.ACCOUNT_ADMIN, action="api_token.create", subject=subject
    )
    if not account.sso_ready or not account.sso_module:
        raise SsoNotReady(
            f"{account.name} has no enabled identity provider; a token can be made once single sign-on works.",
            actor=actor,
            action="api_token.create",
            subject=subject,
        )
    maker = privilege.user_of(actor)
    new = make_token(TOKEN_KIND)
    token = ApiToken.objects.create(
        account=account,
        name=name,
        permission=permission,
        lookup=new.lookup,
        digest=new.digest,
        created_by=maker,
        created_by_label=actor.label,
        expires_at=expires_at,
    )
    record(
        actor=actor,
        action="api_token.created",
        subject=subjects.of_token(token),
        message=f"API token {token.name} was made, permission {TokenPermission(permission).label}.",
    )
    return token, new.plain


@refusals_audited
@transaction.atomic
def revoke_api_token(*, token: ApiToken, actor: Actor) -> bool:
    """Revoke a token at once; return whether it was still usable."""
    subject = subjects.of_token(token)
    privilege.require(
        actor, token.account_id, privilege.Authority.ACCOUNT_ADMIN, action="api_token.revoke", subject=subject
    )
    rows = ApiToken.objects.for_account(token.account_id).filter(pk=token.pk, revoked_at=None)
    if not rows.update(revoked_at=timezone.now()):
        return False
    record(
        actor=actor,
        action="api_token.revoked",
        subject=subject,
        message=f"API token {token.name} was revoked.",
    )
    token.refresh_from_db()
    return True
