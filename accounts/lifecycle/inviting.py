"""Invite people by mail, send again, revoke (A-9, V-10).

An admin types an address and nothing else, and learns nothing about other accounts' people: a mail goes out whoever the
address belongs to. A *member* is somebody new in an account that is managed by hand, and comes with a password of their
own; a *guest* belongs to another account or to the vendor. What accepting means is in ``accounts.lifecycle.accepting``.

The link is made by the outbox when the mail is sent, so that its secret is in the mail and nowhere else.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import privilege, subjects
from accounts.hosts import canonical_host
from accounts.models import Account, EmailDomain, Invitation, InvitationPurpose, SsoPolicy, User
from accounts.models.person import UserQuerySet
from audit.actors import Actor, ActorKind
from audit.recorder import Subject, record
from audit.refusals import Refused, refusals_audited
from foundation import mail, outbox, public_urls
from foundation.folding import domain_of, fold
from foundation.ids import parse_id
from foundation.rate_limits import hit
from foundation.secret_tokens import make_token
from foundation.transactions import in_transaction

TOKEN_KIND = "inv"  # noqa: S105 -- a prefix, no secret
LIFETIME = timedelta(days=7)
GUEST_DAYS = (7, 30, 90, 365)
STAFF_DAYS_MAX = 30  # vendor staff is always time-boxed

_MAILS_AN_HOUR = 200  # of one account: nobody's mailbox is flooded from here
_MAILS_TO_ONE = 5  # an hour
_KIND = "invitation.mail"


class InvitationRefused(Refused):
    """Nobody can be invited like this."""

    code = "invitation.invalid"


class MustUseSso(InvitationRefused):
    """People of this account, or of this address's domain, come by single sign-on only."""

    code = "invitation.sso_required"


class AlreadyHere(InvitationRefused):
    """The account has a person of this address, or an invitation that still waits."""

    code = "invitation.already_here"


class TooManyInvitations(InvitationRefused):
    """More mails than anybody needs (V-21)."""

    code = "invitation.too_many"


@refusals_audited
@in_transaction
def invite_person(
    *,
    account: Account,
    actor: Actor,
    email: str,
    purpose: InvitationPurpose = InvitationPurpose.MEMBER,
    guest_days: int = 0,
) -> Invitation:
    """Write an invitation and queue its mail; account admins and operators.

    ``guest_days`` (one of ``GUEST_DAYS``) is how long a guest may come, from accepting on. Raises ``MustUseSso``,
    ``AlreadyHere``, ``TooManyInvitations`` or ``InvitationRefused``.
    """
    action = "invitation.create"
    subject = Subject("invitation", "", email, account_id=account.pk)
    privilege.require(actor, account, privilege.Authority.ACCOUNT_ADMIN, action=action, subject=subject)
    locked = Account.objects.select_for_update().get(pk=account.pk)
    address = email.strip()
    _check(locked, actor, action, subject, address, purpose, guest_days)
    placeholder = make_token(TOKEN_KIND)  # nobody knows it; the mail brings the first that counts
    invitation = Invitation.objects.create(
        account=locked,
        email=address,
        email_folded=fold(address),
        purpose=purpose,
        guest_days=guest_days if purpose == InvitationPurpose.GUEST else 0,
        lookup=placeholder.lookup,
        digest=placeholder.digest,
        invited_by_id=parse_id(actor.id) if actor.kind is ActorKind.USER else None,
        invited_by_label=actor.label[:254],
        expires_at=timezone.now() + LIFETIME,
    )
    _queue(invitation, actor, action, subject)
    record(
        actor=actor,
        action="invitation.created",
        subject=subjects.of_invitation(invitation),
        message=f"{address} was invited as {purpose.value}.",
        changes={"purpose": [None, purpose.value], "guest_days": [None, invitation.guest_days]},
    )
    return invitation


@refusals_audited
@in_transaction
def resend_invitation(*, invitation: Invitation, actor: Actor) -> bool:
    """Send a new link, good for the whole time again; the old one ends. False when it was accepted or revoked."""
    row, subject = _lock(invitation, actor, "invitation.resend")
    if row.accepted_at is not None or row.revoked_at is not None:
        return False
    purpose = InvitationPurpose(row.purpose)
    _check(row.account, actor, "invitation.resend", subject, row.email, purpose, row.guest_days, again=row)
    row.expires_at = timezone.now() + LIFETIME
    row.save(update_fields=["expires_at"])
    _queue(row, actor, "invitation.resend", subject)
    record(
        actor=actor,
        action="invitation.resent",
        subject=subject,
        message=f"The invitation of {row.email} was sent again.",
    )
    return True


@refusals_audited
@in_transaction
def revoke_invitation(*, invitation: Invitation, actor: Actor) -> bool:
    """End an invitation; its link opens nothing from now on. False when there was nothing to end."""
    row, subject = _lock(invitation, actor, "invitation.revoke")
    if row.accepted_at is not None or row.revoked_at is not None:
        return False
    row.revoked_at = timezone.now()
    row.save(update_fields=["revoked_at"])
    record(
        actor=actor,
        action="invitation.revoked",
        subject=subject,
        message=f"The invitation of {row.email} was revoked.",
    )
    return True


def must_use_sso(account: Account, email: str) -> bool:
    """Tell whether somebody of this address can't have a password in ``account`` (L-3, R-4).

    That a verified domain uses single sign-on is public (V-26), so saying so tells nothing.
    """
    domain = (
        EmailDomain.objects.filter(domain=domain_of(email), verified_at__isnull=False)
        .select_related("account")
        .first()
    )
    return any(
        each.sso_policy != SsoPolicy.OPTIONAL or each.sso_authorization
        for each in (account, domain.account if domain is not None else account)
    )


def awaited_person(account: Account, email_folded: str) -> User | None:
    """Return the one person whom an admin made by hand and who has no way in yet: an invitation gives them one."""
    found = list(_people_of_address(account, email_folded)[:2])
    if len(found) != 1:
        return None
    user = found[0]
    by_hand = user.provisioned_by in (ActorKind.USER.value, ActorKind.CONFIGURATION.value)
    waits = user.can_sign_in and user.first_login_at is None and not user.connected
    return user if by_hand and waits and not user.has_usable_password() else None


def _people_of_address(account: Account, email_folded: str) -> UserQuerySet:
    people: UserQuerySet = User.objects.for_account(account).present()
    return people.filter(email_folded=email_folded) | people.filter(user_name_folded=email_folded)


def _check(
    account: Account,
    actor: Actor,
    action: str,
    subject: Subject,
    email: str,
    purpose: InvitationPurpose,
    guest_days: int,
    *,
    again: Invitation | None = None,
) -> None:
    def refuse(kind: type[InvitationRefused], message: str) -> InvitationRefused:
        return kind(message, actor=actor, action=action, subject=subject)

    try:
        validate_email(email)
    except ValidationError as error:
        raise refuse(InvitationRefused, _("This is no e-mail address.")) from error
    if len(fold(email)) > 254 or account.closed_at is not None:  # characters of the column
        raise refuse(InvitationRefused, _("Nobody can be invited like this."))
    waiting = Invitation.objects.for_account(account).filter(
        email_folded=fold(email), accepted_at=None, revoked_at=None, expires_at__gt=timezone.now()
    )
    if again is None and waiting.exists():
        raise refuse(AlreadyHere, _("An invitation of this address still waits; send it again or revoke it."))
    if purpose == InvitationPurpose.GUEST:
        if guest_days not in GUEST_DAYS:
            raise refuse(InvitationRefused, _("Say for how long the guest may come."))
        return
    if must_use_sso(account, email):
        raise refuse(
            MustUseSso,
            _(
                "People of this account, or of this address's domain, come by single sign-on only; nobody can be "
                "invited to set a password."
            ),
        )
    awaited = awaited_person(account, fold(email))
    if awaited is not None:
        privilege.require_over(actor, awaited, action=action, subject=subject)
    elif _people_of_address(account, fold(email)).exists():
        raise refuse(AlreadyHere, _("This account has a person of this address already."))


def _lock(invitation: Invitation, actor: Actor, action: str) -> tuple[Invitation, Subject]:
    row = (
        Invitation.objects.for_account(invitation.account_id)
        .select_for_update(of=("self",))
        .select_related("account")
        .get(pk=invitation.pk)
    )
    subject = subjects.of_invitation(row)
    privilege.require(actor, row.account, privilege.Authority.ACCOUNT_ADMIN, action=action, subject=subject)
    awaited = (
        awaited_person(row.account, row.email_folded) if row.purpose == InvitationPurpose.MEMBER else None
    )
    taken_back = action == "invitation.revoke" and str(row.invited_by_id) == actor.id
    if awaited is not None and not taken_back:  # V-8: it is an admin's way in, if they are one
        privilege.require_over(actor, awaited, action=action, subject=subject)
    return row, subject


def _queue(invitation: Invitation, actor: Actor, action: str, subject: Subject) -> None:
    account, address = str(invitation.account_id), invitation.email_folded
    allowed = (
        hit("invitations", account, limit=_MAILS_AN_HOUR, seconds=3600).allowed
        and hit("invitation", f"{account} {address}", limit=_MAILS_TO_ONE, seconds=3600).allowed
    )
    if not allowed:
        raise TooManyInvitations(
            _("Too many invitations were sent within this hour; try again later."),
            actor=actor,
            action=action,
            subject=subject,
        )
    outbox.add(_KIND, {"invitation": str(invitation.pk)})


@outbox.handles(_KIND)
def send_invitation(payload: dict[str, Any]) -> None:
    """Make the link and mail it; a second call makes a new link, and the one before opens nothing any more."""
    sealed = _seal(str(payload["invitation"]))
    if sealed is None:
        return
    row, plain = sealed
    is_guest = row.purpose == InvitationPurpose.GUEST
    # V-7: guests use the deployment's host; members sign in where their account lives.
    host = None if is_guest else canonical_host(row.account)
    said = {
        "who": row.invited_by_label,
        "account": row.account.name,
        "product": settings.BROKER_PRODUCT_NAME,
        "link": public_urls.absolute(f"/invitation/{plain}/", host=host),
        "until": f"{row.expires_at:%Y-%m-%d %H:%M} UTC",
    }
    what = (
        _("%(who)s invites you to %(account)s in %(product)s as a guest.")
        if is_guest
        else _("%(who)s invites you to %(account)s in %(product)s.")
    )
    rest = _(
        "Open this link to accept; it works once, until %(until)s:\n%(link)s\n\n"
        "If you don't know what this is about, do nothing: without you nothing happens."
    )
    mail.send(
        {
            "to": row.email,
            "subject": _("Your invitation to %(account)s") % said,
            "body": f"{what % said}\n\n{rest % said}\n",
        }
    )


@in_transaction
def _seal(key: str) -> tuple[Invitation, str] | None:
    """Give an open invitation a token of its own. The mail goes out afterwards: its server may take its time."""
    row = Invitation.objects.select_for_update(of=("self",)).select_related("account").filter(pk=key).first()
    if row is None or not row.is_open:
        return None
    token = make_token(TOKEN_KIND)
    row.lookup, row.digest = token.lookup, token.digest
    row.save(update_fields=["lookup", "digest"])
    return row, token.plain
