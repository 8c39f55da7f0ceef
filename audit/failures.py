"""The failure log: what went wrong for people whom we don't know (V-21).

Anybody on the web can cause these, so their number is bounded: repeats of one failure from one address within an hour
are counted in one row, and when an address or the whole deployment exceeds its quota of rows in an hour, the rest is
counted in one overflow row. ``record_failure`` returns the track ID to show, which is always one that can be found.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from audit.models import FailureLogEntry
from foundation import track_ids
from foundation.client_address import network_of
from foundation.redaction import mask_text
from foundation.secret_tokens import digest

ROWS_PER_ADDRESS = 60  # an hour
ROWS_PER_HOUR = 20_000
_MESSAGE_LIMIT = 1000


def record_failure(
    *,
    code: str,
    message: str,
    address: str,
    target: str = "",
    account_id: UUID | None = None,
    partner_id: UUID | None = None,
) -> str:
    """Log an anonymous failure and return the track ID under which it is found; binds it as the current one."""
    now = timezone.now()
    network = network_of(address)
    hour = now.strftime("%Y-%m-%dT%H")
    fingerprint = digest("\n".join((hour, code, address, target)))
    track_id = _count_repeat(fingerprint)
    if track_id is None:
        since = now - timedelta(hours=1)
        recent = FailureLogEntry.objects.filter(first_seen__gte=since)
        if recent.filter(network=network).count() >= ROWS_PER_ADDRESS:
            code, target = "failure_log.address_quota", ""
            message = "Further failures of this address are only counted."
            # By network: whoever has a whole IPv6 line would else get a row for each address of it.
            fingerprint = digest("\n".join((hour, code, network, target)))
        elif recent.count() >= ROWS_PER_HOUR:
            code, target, message, address = "failure_log.quota", "", "Further failures are only counted.", ""
            fingerprint = digest("\n".join((hour, code, address, target)))
        track_id = _count_repeat(fingerprint) or _insert(
            fingerprint, code, message, target, address, account_id, partner_id
        )
    track_ids.bind(track_id)
    return track_id


def _count_repeat(fingerprint: str) -> str | None:
    row = FailureLogEntry.objects.filter(fingerprint=fingerprint)
    if not row.update(count=F("count") + 1, last_seen=timezone.now()):
        return None
    return row.values_list("track_id", flat=True).get()


def _insert(
    fingerprint: str,
    code: str,
    message: str,
    target: str,
    address: str,
    account_id: UUID | None,
    partner_id: UUID | None,
) -> str:
    track_id = track_ids.current() or track_ids.new_track_id()
    try:
        with transaction.atomic():
            FailureLogEntry.objects.create(
                fingerprint=fingerprint,
                track_id=track_id,
                code=code[:64],
                message=mask_text(message)[:_MESSAGE_LIMIT],
                target=target[:120],
                account_id=account_id,
                partner_id=partner_id,
                ip_address=address or None,
                network=network_of(address),
            )
    except IntegrityError:  # the same failure at the same moment in another process
        return _count_repeat(fingerprint) or track_id
    return track_id
