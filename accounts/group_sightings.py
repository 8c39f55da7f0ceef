"""Which group identifiers were seen, how often and when last: what the admin offers, and what was never seen (G-7).

A sign-in and a directory's push ``note`` what they name: one new row, since thousands of people share the same groups
and must not queue up for a counter in the middle of their sign-in. ``count_waiting`` turns those rows into one
``SeenGroup`` for each identifier, a minute later at most. Identifiers are keys (``group_sync.identifier_key``), as
``Group.idp_identifier_key``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.group_sync import identifier_key
from accounts.models import Account, Group, GroupMembership, GroupSighting, SeenGroup
from accounts.sources import Source
from foundation.compiled_writes import insert

RECENT = timedelta(days=90)
MOST_AT_ONCE = 1000  # identifiers that one sign-in can leave
_MOST_KEPT = 5000  # identifiers of an account that no group has
_LONGEST = 254  # characters, as ``Group.idp_identifier``
_BATCH = 200


def note(account_id: UUID, identifiers: Iterable[str]) -> None:
    """Keep what a provider or directory named, in the caller's transaction; nothing is kept of nothing."""
    keys = dict.fromkeys(key for each in identifiers if _fits(key := identifier_key(each)))
    if keys:
        insert([GroupSighting(account_id=account_id, keys=list(keys)[:MOST_AT_ONCE])], later=True)


def _fits(key: str) -> bool:
    return 0 < len(key) <= _LONGEST and "\x00" not in key


def count_waiting() -> int:
    """Count what was noted since the last time; return how many notes there were."""
    counted = 0
    while done := _count_batch():
        counted += done
    return counted


@transaction.atomic
def _count_batch() -> int:
    # Another worker waits at these rows and then finds them gone.
    waiting = list(GroupSighting.objects.select_for_update().order_by("pk")[:_BATCH])
    by_account: dict[UUID, list[GroupSighting]] = {}
    for sighting in waiting:
        by_account.setdefault(sighting.account_id, []).append(sighting)
    for account_id, sightings in sorted(by_account.items()):
        _count(account_id, sightings)
    GroupSighting.objects.filter(pk__in=[sighting.pk for sighting in waiting]).delete()
    return len(waiting)


def _count(account_id: UUID, sightings: list[GroupSighting]) -> None:
    times = Counter(key for sighting in sightings for key in sighting.keys)
    last: dict[str, datetime] = {}
    for sighting in sorted(sightings, key=lambda each: each.seen_at):
        last.update(dict.fromkeys(sighting.keys, sighting.seen_at))
    first = min(sighting.seen_at for sighting in sightings)
    keys = sorted(times)
    rows = SeenGroup.objects.for_account(account_id)
    for some in (keys[start : start + _BATCH] for start in range(0, len(keys), _BATCH)):
        fresh = [
            SeenGroup(account_id=account_id, key=k, first_seen_at=first, last_seen_at=first) for k in some
        ]
        SeenGroup.objects.bulk_create(fresh, ignore_conflicts=True)
        known = list(rows.filter(key__in=some).only("key"))
        for row in known:
            row.count, row.last_seen_at = F("count") + times[row.key], last[row.key]
        SeenGroup.objects.bulk_update(known, ["count", "last_seen_at"])


def recently_seen(account: Account | UUID) -> QuerySet[SeenGroup]:
    """Return the identifiers of the last 90 days, the most frequent first."""
    rows: QuerySet[SeenGroup] = SeenGroup.objects.for_account(account).filter(
        last_seen_at__gte=timezone.now() - RECENT
    )
    return rows.order_by("-count", "key")


def never_seen() -> Q:
    """Return the condition for mapped groups that no sign-in and no push ever showed.

    A membership by either is as good a proof as a count, and there may be more groups in a claim than are noted.
    """
    seen: Any = SeenGroup.objects.filter(account=OuterRef("account"), key=OuterRef("idp_identifier_key"))
    by_others = [Source.CLAIMS.value, Source.DIRECTORY.value]
    held = GroupMembership.objects.filter(group=OuterRef("pk"), source__in=by_others)
    mapped = Q(idp_identifier_key__isnull=False, directory_owned=False)
    return mapped & ~Q(Exists(seen)) & ~Q(Exists(held))


def purge() -> None:
    """Forget identifiers that no group has and that were not seen for a while, and the rarest of too many."""
    mapped = Group.objects.filter(account=OuterRef("account"), idp_identifier_key=OuterRef("key"))
    loose = SeenGroup.objects.filter(~Exists(mapped))
    loose.filter(last_seen_at__lt=timezone.now() - RECENT).delete()
    for account_id in loose.values_list("account", flat=True).distinct():
        newest = loose.filter(account=account_id).order_by("-last_seen_at", "-count", "pk")
        beyond = list(newest.values_list("pk", flat=True)[_MOST_KEPT:])
        for start in range(0, len(beyond), _BATCH):
            SeenGroup.objects.filter(pk__in=beyond[start : start + _BATCH]).delete()
