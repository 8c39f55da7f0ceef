"""The recovery address: asked for, confirmed, removed, by the person alone (V-15).

Nobody else writes it: no admin, no claim, no SCIM attribute. Whether the session is fresh enough is checked by the flow
(``sso.recovery_address``), which knows it. The old address is told of every change.
"""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import privilege, subjects
from accounts.letters import in_language_of
from accounts.lifecycle import mailed_links
from accounts.lifecycle.locking import bring_in_step, locked_row
from accounts.models import LinkPurpose, MailedLink, User
from accounts.recovery import REST, masked, must_be_separate
from audit.actors import Actor, ActorKind
from audit.recorder import record
from audit.refusals import Refused, refusals_audited
from foundation import mail
from foundation.addresses import is_address
from foundation.folding import fold
from foundation.transactions import in_transaction

_TO_OLD = (LinkPurpose.ACCESS, LinkPurpose.DRILL, LinkPurpose.PASSWORD)


class InvalidRecoveryAddress(Refused):
    """This can't be a recovery address."""

    code = "recovery_address.invalid"


class NotSeparate(Refused):
    """The recovery address is the address that the directory writes."""

    code = "recovery_address.not_separate"


class OtherPersonsLink(Refused):
    """Somebody else's link to confirm an address."""

    code = "recovery_address.other_person"


@refusals_audited
@in_transaction
def ask_for_recovery_address(*, user: User, actor: Actor, address: str) -> MailedLink:
    """Mail a link to ``address``; nothing changes before it is used. Raises ``Refused``."""
    action, subject = "recovery_address.ask", subjects.of_user(user)
    locked = _own_row(user, actor, action)
    address = address.strip()
    if len(address) > 254 or not is_address(address):
        raise InvalidRecoveryAddress(
            "This is no e-mail address.", actor=actor, action=action, subject=subject
        )
    same = fold(address) in (locked.email_folded, locked.user_name_folded)
    if same and must_be_separate(locked, is_admin=privilege.is_admin(locked)):
        raise NotSeparate(
            "The recovery address must be another one than the e-mail address.",
            actor=actor,
            action=action,
            subject=subject,
        )
    mailed_links.end_open(locked, LinkPurpose.ADDRESS)
    link = mailed_links.issue(
        user=locked, purpose=LinkPurpose.ADDRESS, address=address, asked_from=actor.address
    )
    record(
        actor=actor,
        action="recovery_address.asked",
        subject=subject,
        message=f"{locked.user_name} wants {masked(address)} as the recovery address; it is to be confirmed.",
    )
    return link


@refusals_audited
@in_transaction
def confirm_recovery_address(*, user: User, actor: Actor, link: MailedLink) -> None:
    """Make the address of a spent link the person's; it rests for three days. Raises ``OtherPersonsLink``.

    The person must be signed in as the one who asked: whoever merely receives a link because of a typing error must not
    become able to recover somebody else's access.
    """
    locked = _own_row(user, actor, "recovery_address.confirm")
    if link.user_id != locked.pk or link.purpose != LinkPurpose.ADDRESS:
        raise OtherPersonsLink(
            "Another person asked for this link.",
            actor=actor,
            action="recovery_address.confirm",
            subject=subjects.of_user(locked),
        )
    _write(locked, actor, link.address)
    bring_in_step(user, locked)


@refusals_audited
@in_transaction
def remove_recovery_address(*, user: User, actor: Actor) -> bool:
    """Forget the recovery address; return whether there was one."""
    locked = _own_row(user, actor, "recovery_address.remove")
    mailed_links.end_open(locked, LinkPurpose.ADDRESS)
    if not locked.recovery_email:
        return False
    _write(locked, actor, "")
    bring_in_step(user, locked)
    return True


def _own_row(user: User, actor: Actor, action: str) -> User:
    if actor.kind is not ActorKind.USER or actor.id != str(user.pk) or not user.can_sign_in:
        raise privilege.NotAllowed(
            "Only the person can change their recovery address.",
            actor=actor,
            action=action,
            subject=subjects.of_user(user),
        )
    return locked_row(user)


def _write(locked: User, actor: Actor, address: str) -> None:
    old, now = locked.recovery_email, timezone.now()
    locked.recovery_email = address
    locked.recovery_email_confirmed_at = now if address else None
    locked.recovery_email_changed_at = now
    names = ["recovery_email", "recovery_email_confirmed_at", "recovery_email_changed_at"]
    locked.save(update_fields=names)
    mailed_links.end_open(locked, *_TO_OLD)
    record(
        actor=actor,
        action="recovery_address.changed" if address else "recovery_address.removed",
        subject=subjects.of_user(locked),
        message=f"{locked.user_name}: recovery address {'confirmed' if address else 'removed'}.",
        changes={"recovery_email": [masked(old), masked(address)]},
    )
    told = {told for told in (old, locked.email) if told and told != address}
    if told:
        _tell(locked, sorted(told), address)


def _tell(locked: User, told: list[str], address: str) -> None:
    names = {"product": settings.BROKER_PRODUCT_NAME, "person": locked.user_name, "address": masked(address)}
    with in_language_of(locked):
        subject = _("%(product)s: your recovery address was changed") % names
        if address:
            hours = int(REST.total_seconds() // 3600)
            text = _(
                "The recovery address of %(person)s is %(address)s now. It can be used in %(hours)d hours."
            )
            text = text % {**names, "hours": hours}
        else:
            text = _("The recovery address of %(person)s was removed.") % names
        warning = _("If this was not you, tell an admin of your account at once: your sign-in may be stolen.")
        mail.queue_mail(to=told, subject=subject, body=f"{text}\n\n{warning}\n")
