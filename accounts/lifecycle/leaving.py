"""What ends when a person is kept out, and what goes with a person who is deleted (L-13, V-13, V-14).

Each function writes in the transaction of its caller in ``status``, on a locked row, and leaves the audit event to it.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import password_admins, privilege, subjects
from accounts.lifecycle import sessions
from accounts.models import (
    Account,
    AccountRoleMembership,
    ApiToken,
    BuiltInAccountRole,
    EndReason,
    GroupMembership,
    GuestAccess,
    HeldChange,
    Invitation,
    RecoveryCode,
    SecondFactor,
    User,
)
from audit.actors import Actor, ActorKind
from audit.recorder import record
from foundation import mail
from foundation.compiled_queries import CompiledQuery, key, moment, text
from foundation.compiled_writes import CompiledDelete, CompiledUpdate


def end_access(locked: User) -> None:
    """End sessions, personal tokens, invitations of and by them, and mark account tokens whose maker leaves (V-14).

    The sessions are over already, by ``session_epoch``, which the caller raised with the status; here their rows learn
    of it.
    """
    now = timezone.now()
    sessions.note_ended(locked.pk, now, EndReason.STATUS)
    _END_OWN_TOKENS.run_later(locked.pk, now)
    _MARK_MADE_TOKENS.run_later(locked.pk, now)
    if locked.account_id is not None:
        _END_INVITATIONS.run_later(locked.account_id, locked.email_folded, locked.pk, now)


_END_OWN_TOKENS = CompiledUpdate(
    lambda user, now: (ApiToken.objects.filter(owner=user, revoked_at=None), {"revoked_at": now}), key, moment
)
_MARK_MADE_TOKENS = CompiledUpdate(
    lambda user, now: (
        ApiToken.objects.filter(created_by=user, owner=None, maker_left_at=None),
        {"maker_left_at": now},
    ),
    key,
    moment,
)
_END_INVITATIONS = CompiledUpdate(
    lambda account, email, user, now: (
        Invitation.objects.for_account(account)
        .filter(Q(email_folded=email) | Q(invited_by=user))  # what they had asked others to, too
        .filter(accepted_at=None, revoked_at=None),
        {"revoked_at": now},
    ),
    key,
    text,
    key,
    moment,
)


def drop_what_they_held(locked: User) -> None:
    """Drop group memberships, guest access, waiting changes and roles of somebody who is deleted."""
    now = timezone.now()
    _DROP_GROUPS.run_later(locked.pk)
    _end_guest_access(locked, now)
    _DECIDE_HELD.run_later(locked.pk, now)
    for drop in _DROP_FACTORS:
        drop.run_later(locked.pk)
    if is_last_admin(locked):
        # V-14: their role stays on the row, so that an operator sees whom to replace.
        kept = BuiltInAccountRole.SSO_ACCOUNT_ADMIN
        AccountRoleMembership.objects.filter(user=locked).exclude(role__built_in=kept).delete()
    else:
        _DROP_ROLES.run_later(locked.pk)


_DROP_GROUPS = CompiledDelete(lambda user: GroupMembership.objects.filter(user=user), key)
_DROP_FACTORS = (
    CompiledDelete(lambda user: SecondFactor.objects.filter(user=user), key),
    CompiledDelete(lambda user: RecoveryCode.objects.filter(user=user), key),
)
_DROP_ROLES = CompiledDelete(lambda user: AccountRoleMembership.objects.filter(user=user), key)
_GUEST_ACCESS = CompiledQuery(
    lambda user: GuestAccess.objects.filter(user=user, ended_at=None).order_by("pk").select_for_update(), key
)
# The account that was visited reads that its guest left, not who said so over there.
_THEIR_OWN_ACCOUNT = Actor(ActorKind.SYSTEM, "", "the guest's own account")
_DECIDE_HELD = CompiledUpdate(
    lambda user, now: (
        HeldChange.objects.filter(user=user, decided_at=None),
        {"decided_at": now, "decided_by": "the person was deleted", "approved": None},
    ),
    key,
    moment,
)


def _end_guest_access(locked: User, now: datetime) -> None:
    """End where they come as a guest, in the trail of each account that they visited (R-6)."""
    for access in _GUEST_ACCESS.all(locked.pk):
        access.ended_at = now
        access.save(update_fields=["ended_at"])
        access.user = locked
        record(
            actor=_THEIR_OWN_ACCOUNT,
            action="guest.ended",
            subject=subjects.of_guest_access(access),
            message=f"{locked.user_name} left their own account, and with it ends their access as {access.basis}.",
        )


def _sso_admins(account: UUID) -> QuerySet[AccountRoleMembership]:
    found: QuerySet[AccountRoleMembership] = AccountRoleMembership.objects.for_account(account).filter(
        role__built_in=BuiltInAccountRole.SSO_ACCOUNT_ADMIN.value
    )
    return found


_SSO_ADMIN_ROWS = CompiledQuery(
    lambda account, user: _sso_admins(account).filter(user=user).values_list("pk"), key, key
)


def is_last_admin(locked: User) -> bool:
    """Tell whether nobody else of the account is an SSO account admin who may sign in."""
    if locked.account_id is None or not _SSO_ADMIN_ROWS.all(locked.account_id, locked.pk):
        return False
    admins = _sso_admins(locked.account_id)
    others = User.objects.for_account(locked.account_id).able_to_sign_in().exclude(pk=locked.pk)
    return not others.filter(pk__in=admins.values("user")).exists()


def alert_if_last_admin(locked: User, actor: Actor) -> None:
    """Tell operators, the partner's admins and the account's other admins that nobody is left to keep SSO (V-14)."""
    if not is_last_admin(locked) or locked.account is None:
        return
    told = _who_can_help(locked, locked.account)
    mail.queue_mail(
        to=told,
        subject=f"{locked.account.name} has no SSO account admin left",
        body=(
            f"{locked.user_name}, the last SSO account admin of {locked.account.name}, was blocked by {actor.label}.\n"
            "An operator can appoint a successor in the admin.\n"
        ),
    )
    record(
        actor=actor,
        action="account.last_sso_admin_blocked",
        subject=subjects.of_account(locked.account),
        message=f"{locked.user_name} was the last SSO account admin; {len(told)} people are told.",
    )


def alert_if_last_password_admin(locked: User, actor: Actor) -> None:
    """Tell the same people that a private deployment has nobody left who gets in without single sign-on (L-3, V-14)."""
    if not password_admins.is_private() or locked.account is None or not locked.has_usable_password():
        return
    if not privilege.is_admin(locked) or set(password_admins.password_admins(locked.account)) - {locked.pk}:
        return
    told = _who_can_help(locked, locked.account)
    mail.queue_mail(
        to=told,
        subject=f"{locked.account.name} has no admin with a password left",
        body=(
            f"{locked.user_name}, the last admin of {locked.account.name} who could sign in by password, "
            f"was blocked by {actor.label}.\n"
            "Give another admin a password, or nobody gets in when single sign-on fails.\n"
        ),
    )
    record(
        actor=actor,
        action="account.last_password_admin_blocked",
        subject=subjects.of_account(locked.account),
        message=f"{locked.user_name} was the last admin with a password; {len(told)} people are told.",
    )


def _who_can_help(locked: User, account: Account) -> list[str]:
    """Return the addresses of operators, of the partner's admins and of the account's other admins.

    Of those who may sign in: who was removed or disabled is no longer told about the account.
    """
    people = User.objects.able_to_sign_in().exclude(email="").exclude(pk=locked.pk)
    told = set(people.filter(kind="operator").values_list("email", flat=True))
    if account.partner_id is not None:
        admins_above = people.filter(kind="partner_admin", partner=account.partner_id)
        told |= set(admins_above.values_list("email", flat=True))
    admins = AccountRoleMembership.objects.for_account(account).exclude(role__built_in__in=["", "member"])
    told |= set(people.filter(account=account, pk__in=admins.values("user")).values_list("email", flat=True))
    return sorted(told)
