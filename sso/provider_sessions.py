"""The sessions here that a provider may end, whichever protocol it says so by (L-12, V-2)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils import timezone

from accounts.lifecycle import end_session
from accounts.models import EndReason, Kind, UserSession
from sso.apply import provider_actor
from sso.models import IdentityProvider


def sessions_of(provider: IdentityProvider) -> QuerySet[UserSession]:
    """Return the sessions that began with the provider's word, open or over, of members of its account or below it."""
    rows = UserSession.objects.filter(provider_id=provider.pk, user__kind=Kind.MEMBER).select_related("user")
    if provider.account_id is not None:
        return rows.for_account(provider.account_id)
    return rows if provider.partner_id is None else rows.filter(user__account__partner=provider.partner_id)


def end_open(provider: IdentityProvider, rows: Iterable[UserSession], *, address: str) -> list[UserSession]:
    """End those of ``rows`` that are open, each with its audit event, and return them; ``address`` is who asked."""
    now = timezone.now()
    still_open = [row for row in rows if row.ended_at is None and row.expires_at > now]
    for row in still_open:
        end_session(session=row, actor=provider_actor(provider, address), reason=EndReason.PROVIDER_LOGOUT)
    return still_open
