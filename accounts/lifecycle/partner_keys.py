"""Keys of partners: made, replaced with overlap, revoked (S-6, operators only).

Only a key's digest is kept. Two keys work at once while one replaces the other, so that a partner can change the
address in its identity provider without anybody being locked out.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts import privilege, subjects
from accounts.models import Partner, PartnerKey
from audit.actors import Actor
from audit.recorder import record
from audit.refusals import Refused, refusals_audited
from foundation.secret_tokens import digest
from foundation.transactions import in_transaction

KEY_LENGTH = 32  # characters (S-6)
OVERLAP = timedelta(days=7)  # how long the old key goes on working unless asked otherwise
OVERLAP_MAX = timedelta(days=90)

_HINT_LENGTH = 4  # characters of a partner's key that stay readable


class PartnerKeyTaken(Refused):
    """Another partner has this key; whose it is is not told (V-6)."""

    code = "partner.key_taken"


class InvalidOverlap(Refused):
    """An old key can't go on working for that long."""

    code = "partner.overlap_invalid"


@refusals_audited
@in_transaction
def add_partner_key(*, partner: Partner, actor: Actor, api_key: str) -> PartnerKey:
    """Let a partner use another key beside those it has, which the configuration file names."""
    subject = subjects.of_partner(partner)
    privilege.require(actor, None, privilege.Authority.OPERATOR, action="partner.add_key", subject=subject)
    try:
        with transaction.atomic():
            key = PartnerKey.objects.create(
                partner=partner, digest=digest(api_key), hint=api_key[:_HINT_LENGTH]
            )
    except IntegrityError as error:
        raise PartnerKeyTaken(
            "This key is already in use.", actor=actor, action="partner.add_key", subject=subject
        ) from error
    record(
        actor=actor,
        action="partner.key_added",
        subject=subject,
        message=f"Partner {partner.slug} has a new key, {key.hint}….",
    )
    return key


@refusals_audited
@in_transaction
def rotate_partner_key(
    *, partner: Partner, actor: Actor, overlap: timedelta = OVERLAP
) -> tuple[PartnerKey, str]:
    """Make a partner's new key; those it has end after ``overlap`` at the latest. Return its row and the plain key.

    The plain key is 32 hexadecimal characters (128 random bits), and nobody can read it again.
    """
    subject = subjects.of_partner(partner)
    privilege.require(actor, None, privilege.Authority.OPERATOR, action="partner.rotate_key", subject=subject)
    if not timedelta(0) <= overlap <= OVERLAP_MAX:
        raise InvalidOverlap(
            f"An old key goes on working for at most {OVERLAP_MAX.days} days.",
            actor=actor,
            action="partner.rotate_key",
            subject=subject,
        )
    until = timezone.now() + overlap
    Partner.objects.select_for_update().get(pk=partner.pk)
    older = PartnerKey.objects.filter(partner=partner).filter(Q(expires_at=None) | Q(expires_at__gt=until))
    replaced = sorted(older.values_list("hint", flat=True))
    older.update(expires_at=until)
    plain = secrets.token_hex(KEY_LENGTH // 2)
    key = add_partner_key(partner=partner, actor=actor, api_key=plain)
    if replaced:
        record(
            actor=actor,
            action="partner.key_replaced",
            subject=subject,
            message=f"Partner {partner.slug}: {', '.join(f'{hint}…' for hint in replaced)} works until "
            f"{until:%Y-%m-%d %H:%M} UTC.",
            changes={"expires_at": [None, until.isoformat()]},
        )
    return key, plain


@refusals_audited
@in_transaction
def revoke_partner_key(*, key: PartnerKey, actor: Actor) -> bool:
    """End a key at once; return whether it still worked."""
    subject = subjects.of_partner(key.partner)
    privilege.require(actor, None, privilege.Authority.OPERATOR, action="partner.revoke_key", subject=subject)
    now = timezone.now()
    working = PartnerKey.objects.filter(pk=key.pk).filter(Q(expires_at=None) | Q(expires_at__gt=now))
    before: datetime | None = key.expires_at
    if not working.update(expires_at=now):
        return False
    record(
        actor=actor,
        action="partner.key_revoked",
        subject=subject,
        message=f"Partner {key.partner.slug}: key {key.hint}… was revoked.",
        changes={"expires_at": [before.isoformat() if before else None, now.isoformat()]},
    )
    key.refresh_from_db()
    return True
