"""Accept an invitation: with a password as a new member (A-9), or in one's own session as a guest (V-10).

Everything is looked at again when the link is spent: whoever invited may still do so, the account's policy still allows
it, and the one who accepts is whom the mail was sent to. A link that is unknown, spent, revoked or too old is None to
the page, which says the same in each case.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import privilege, subjects
from accounts.lifecycle.inviting import (
    STAFF_DAYS_MAX,
    TOKEN_KIND,
    InvitationRefused,
    MustUseSso,
    awaited_person,
    must_use_sso,
)
from accounts.lifecycle.passwords import set_password
from accounts.lifecycle.people import PersonChanges, create_user, update_user
from accounts.models import EmailDomain, GuestAccess, Invitation, InvitationPurpose, Kind, User
from accounts.signals import guest_access_renewed
from audit.actors import Actor, ActorKind
from audit.recorder import record
from audit.refusals import refusals_audited
from foundation.folding import domain_of
from foundation.secret_tokens import lookup_of, matches
from foundation.transactions import in_transaction


class InvitationOver(InvitationRefused):
    """It was spent, revoked or is too old, or whoever invited may no longer do so."""

    code = "invitation.over"


class NotInvited(InvitationRefused):
    """The signed-in person is not the one whom the invitation was sent to."""

    code = "invitation.not_yours"


def find_invitation(token: str) -> Invitation | None:
    """Return the open invitation of a presented token, None for anything else."""
    lookup = lookup_of(token, TOKEN_KIND)
    if lookup is None:
        return None
    row = Invitation.objects.select_related("account").filter(lookup=lookup).first()
    return row if row is not None and matches(token, row.digest) and _still_good(row) else None


def is_meant(user: User, invitation: Invitation) -> bool:
    """Tell whether a signed-in person is the one invited as a guest (V-10).

    Their own address must be the one that the mail went to, and their native account must have proven that it speaks
    for its domain; vendor staff has no account, and its addresses are the operators' word.
    """
    if not user.email_folded or user.email_folded != invitation.email_folded or not user.can_sign_in:
        return False
    if user.kind == Kind.STAFF:
        return user.account_id != invitation.account_id
    if user.kind != Kind.MEMBER or user.account_id is None or user.account_id == invitation.account_id:
        return False
    domains = EmailDomain.objects.for_account(user.account_id).filter(verified_at__isnull=False)
    return domains.filter(domain=domain_of(user.email)).exists()


@refusals_audited
@in_transaction
def accept_invitation(
    *, invitation: Invitation, token: str, address: str, password: str, given_name: str, family_name: str
) -> User:
    """Make the invited person a member with a password, which the caller has validated; return them.

    Somebody whom an admin had made by hand already, and who has no way in, gets one. Raises ``InvitationOver``,
    ``MustUseSso`` or ``UserNameTaken``.
    """
    action = "invitation.accept"
    row, actor = _spend(invitation, token, InvitationPurpose.MEMBER, address)
    subject = subjects.of_invitation(row)
    if must_use_sso(row.account, row.email):
        raise MustUseSso(
            _("Single sign-on is the only way into this account by now."),
            actor=actor,
            action=action,
            subject=subject,
        )
    names = PersonChanges(given_name=given_name, family_name=family_name)
    user = awaited_person(row.account, row.email_folded)
    if user is None:
        values = PersonChanges(
            user_name=row.email, email=row.email, given_name=given_name, family_name=family_name
        )
        user = create_user(actor=actor, account=row.account, values=values, password=password)
    else:
        _require_still_over(row, user, actor)
        update_user(user=user, actor=actor, values=names)
        set_password(user=user, actor=actor, password=password)
    record(
        actor=actor,
        action="invitation.accepted",
        subject=subject,
        message=f"{row.email} accepted the invitation of {row.invited_by_label} and set a password.",
    )
    return user


@refusals_audited
@in_transaction
def accept_as_guest(*, invitation: Invitation, token: str, user: User, address: str) -> GuestAccess:
    """Let a signed-in person come to the account as a guest; return what they may. Raises ``InvitationOver`` or
    ``NotInvited``.
    """
    row, _by = _spend(invitation, token, InvitationPurpose.GUEST, address)
    person = User.objects.select_for_update().get(pk=user.pk)
    actor = Actor(ActorKind.USER, str(person.pk), person.user_name, address)
    subject = subjects.of_invitation(row)
    if not is_meant(person, row):
        raise NotInvited(
            _("This invitation was sent to somebody else."),
            actor=actor,
            action="invitation.accept",
            subject=subject,
        )
    is_staff = person.kind == Kind.STAFF
    days = min(row.guest_days, STAFF_DAYS_MAX) if is_staff else row.guest_days
    now = timezone.now()
    before = GuestAccess.objects.for_account(row.account_id).filter(user=person, ended_at=None).first()
    still_open = before is not None and before.is_open
    if before is not None:
        GuestAccess.objects.filter(pk=before.pk).update(ended_at=now)
    access = GuestAccess.objects.create(
        user=person,
        account=row.account,
        basis=GuestAccess.Basis.STAFF if is_staff else GuestAccess.Basis.GUEST,
        granted_by=row.invited_by_label,
        expires_at=now + timedelta(days=days),
    )
    record(
        actor=actor,
        action="guest.accepted",
        subject=subjects.of_guest_access(access),
        message=(
            f"{person.user_name} accepted the invitation of {row.invited_by_label} and may come as "
            f"{access.basis} until {access.expires_at:%Y-%m-%d %H:%M} UTC."
        ),
    )
    if still_open:
        guest_access_renewed.send(sender=GuestAccess, before=before, after=access, actor=actor)
    return access


def _spend(
    invitation: Invitation, token: str, purpose: InvitationPurpose, address: str
) -> tuple[Invitation, Actor]:
    """Lock the invitation and spend it; a rollback gives it back."""
    row = (
        Invitation.objects.for_account(invitation.account_id)
        .select_for_update(of=("self",))
        .select_related("account")
        .get(pk=invitation.pk)
    )
    actor = Actor(ActorKind.SYSTEM, "", f"invitation of {row.email}", address)
    if row.purpose != purpose or not matches(token, row.digest) or not _still_good(row):
        raise InvitationOver(
            _("This invitation can no longer be used."),
            actor=actor,
            action="invitation.accept",
            subject=subjects.of_invitation(row),
        )
    row.accepted_at = timezone.now()
    row.save(update_fields=["accepted_at"])
    return row, actor


def _still_good(row: Invitation) -> bool:
    if not row.is_open or row.account.closed_at is not None:
        return False
    if row.invited_by is None:
        return True  # by an operator's command
    return privilege.authority_of_user(row.invited_by, row.account_id) >= privilege.Authority.ACCOUNT_ADMIN


def _require_still_over(row: Invitation, user: User, actor: Actor) -> None:
    """V-8: an admin role that the awaited person got meanwhile is above an account admin's invitation."""
    if row.invited_by is None:
        return
    needed = max(privilege.Authority.ACCOUNT_ADMIN, privilege.authority_of_user_roles(user))
    if privilege.authority_of_user(row.invited_by, row.account_id) < needed:
        raise InvitationOver(
            _("This invitation can no longer be used."),
            actor=actor,
            action="invitation.accept",
            subject=subjects.of_invitation(row),
        )
