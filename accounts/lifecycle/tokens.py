"""API tokens of an account (P-2, P-3) and of a person (P-10, V-14): made, shown once, revoked."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from accounts import privilege, subjects
from accounts.models import Account, ApiToken, Kind, TokenPermission, User
from audit.actors import Actor, ActorKind
from audit.recorder import Subject, record
from audit.refusals import Refused, refusals_audited
from foundation.secret_tokens import make_token
from foundation.transactions import in_transaction

TOKEN_KIND = "scim"  # noqa: S105 -- a prefix, no secret
PERSONAL_TOKEN_KIND = "me"  # noqa: S105 -- likewise

PERSONAL_LIFETIME = timedelta(days=90)  # unless asked otherwise
PERSONAL_LIFETIME_MAX = timedelta(days=365)
PERSONAL_TOKENS_MAX = 20  # usable ones of one person
_NAME_LENGTH = 120


class SsoNotReady(Refused):
    """The account has no working single sign-on, so nobody could use what SCIM provisions (P-3)."""

    code = "token.sso_not_ready"


class InvalidToken(Refused):
    """A token can't be made as asked: its name, its expiry, or how many there are."""

    code = "token.invalid"


@refusals_audited
@in_transaction
def create_api_token(
    *,
    account: Account,
    actor: Actor,
    name: str,
    permission: TokenPermission = TokenPermission.MANAGE_USERS,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Make an account token; return its row and the plain token, which nobody can read again.

    Whoever has it may deactivate and remove every admin of the account, so it needs an SSO account admin (V-8).
    """
    subject = subjects.of_account(account)
    privilege.require(
        actor, account, privilege.Authority.SSO_ACCOUNT_ADMIN, action="api_token.create", subject=subject
    )
    if not account.sso_ready or not account.sso_module:
        raise SsoNotReady(
            f"{account.name} has no enabled identity provider; a token can be made once single sign-on works.",
            actor=actor,
            action="api_token.create",
            subject=subject,
        )
    if permission == TokenPermission.READ_SELF:
        raise InvalidToken(
            "Only a person's own token reads a person's own data.",
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
@in_transaction
def create_personal_token(
    *, user: User, actor: Actor, name: str, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Make a person's own token; return its row and the plain token, which nobody can read again.

    Only the person themself makes one, while they may sign in here, for a year at most and 90 days unless they say
    otherwise. It reads what the account's directory reads of them (``/Me``), and ends with them (V-14).

    Raises ``privilege.NotAllowed`` for anybody else, and ``InvalidToken``.
    """
    owner = User.objects.select_for_update().get(
        pk=user.pk
    )  # who is being deactivated makes none in that moment
    subject = subjects.of_user(owner)
    itself = actor.kind is ActorKind.USER and actor.id == str(owner.pk)
    account = owner.account
    if (
        not itself
        or not owner.can_sign_in
        or owner.kind != Kind.MEMBER
        or account is None
        or account.closed_at
    ):
        raise privilege.NotAllowed(
            "Only a member of an account who may sign in makes a token of their own.",
            actor=actor,
            action="personal_token.create",
            subject=subject,
        )
    expires_at = expires_at or timezone.now() + PERSONAL_LIFETIME
    _require_sound(owner, name.strip(), expires_at, actor, subject)
    new = make_token(PERSONAL_TOKEN_KIND)
    token = ApiToken.objects.create(
        account=account,
        owner=owner,
        name=name.strip(),
        permission=TokenPermission.READ_SELF,
        lookup=new.lookup,
        digest=new.digest,
        created_by=owner,
        created_by_label=actor.label,
        expires_at=expires_at,
    )
    record(
        actor=actor,
        action="personal_token.created",
        subject=subjects.of_token(token),
        message=f"{owner.user_name} made the personal token {token.name}, until {expires_at:%Y-%m-%d}.",
    )
    return token, new.plain


@refusals_audited
@in_transaction
def revoke_api_token(*, token: ApiToken, actor: Actor) -> bool:
    """Revoke a token at once; return whether it was still usable.

    A personal one is revoked by its owner or whoever may change them, an account's by its admins.
    """
    subject = subjects.of_token(token)
    if token.owner is not None and actor.kind in (ActorKind.SCIM, ActorKind.PROVIDER):
        raise privilege.NotAllowed(
            "A person's own token is theirs and their admins'.",
            actor=actor,
            action="api_token.revoke",
            subject=subject,
        )
    if token.owner is not None:
        privilege.require_over(actor, token.owner, action="api_token.revoke", subject=subject, itself=True)
    else:
        privilege.require(
            actor,
            token.account_id,
            privilege.Authority.ACCOUNT_ADMIN,
            action="api_token.revoke",
            subject=subject,
        )
    rows = ApiToken.objects.for_account(token.account_id).filter(pk=token.pk, revoked_at=None)
    if not rows.update(revoked_at=timezone.now()):
        return False
    record(
        actor=actor,
        action="api_token.revoked",
        subject=subject,
        message=f"{'API' if token.owner_id is None else 'Personal'} token {token.name} was revoked.",
    )
    token.refresh_from_db()
    return True


def usable_personal_tokens(user: User) -> QuerySet[ApiToken]:
    """Return a person's own tokens that open something, newest first."""
    if user.account_id is None:
        return ApiToken.objects.none()
    own = ApiToken.objects.for_account(user.account_id).filter(owner=user, revoked_at=None)
    return own.filter(expires_at__gt=timezone.now()).order_by("-created_at")


def _require_sound(owner: User, name: str, expires_at: datetime, actor: Actor, subject: Subject) -> None:
    why = ""
    now = timezone.now()
    if not name or len(name) > _NAME_LENGTH or "\x00" in name:
        why = f"A token needs a name of at most {_NAME_LENGTH} characters."
    elif not now < expires_at <= now + PERSONAL_LIFETIME_MAX:
        why = f"A personal token ends within {PERSONAL_LIFETIME_MAX.days} days."
    elif usable_personal_tokens(owner).count() >= PERSONAL_TOKENS_MAX:
        why = f"{PERSONAL_TOKENS_MAX} personal tokens are enough; revoke one first."
    if why:
        raise InvalidToken(why, actor=actor, action="personal_token.create", subject=subject)
