"""When a provider's metadata is asked for again: once a day, each provider at its own hour.

A look every hour at what is due, rather than one run a day: a worker that was down makes up for it, and providers that
were set up together drift apart, because the day of each is a little shorter than 24 hours by an amount of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from sso.models import ProtocolName
from sso_saml.models import SamlSettings

_LONGEST = timedelta(hours=23)  # and an hour until the next look
_SPREAD_MINUTES = 4 * 60


def due_providers() -> list[UUID]:
    """The providers whose metadata is due, whatever their state: a draft shall be up to date when it is enabled."""
    return _due(SamlSettings.objects.all())


def is_due(provider_id: UUID) -> bool:
    """Tell whether this provider is (still) due."""
    return bool(_due(SamlSettings.objects.filter(provider=provider_id)))


def _due(settings: QuerySet[SamlSettings]) -> list[UUID]:
    now = timezone.now()
    rows = (
        settings.exclude(metadata_url="")
        .filter(provider__protocol=ProtocolName.SAML)
        .exclude(provider__account__closed_at__isnull=False)
        .exclude(metadata_tried_at__gt=now - _LONGEST + timedelta(minutes=_SPREAD_MINUTES))
        .order_by("pk")
        .values_list("provider_id", "metadata_tried_at")
    )
    return [provider_id for provider_id, tried_at in rows if _is_over(provider_id, tried_at, now)]


def _is_over(provider_id: UUID, tried_at: datetime | None, now: datetime) -> bool:
    day = _LONGEST - timedelta(minutes=provider_id.int % _SPREAD_MINUTES)
    return tried_at is None or tried_at <= now - day
