"""What becomes of a person's identities at providers when the person is deleted (V-13)."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from accounts.models import User
from foundation.compiled_queries import key, moment
from foundation.compiled_writes import CompiledUpdate
from sso.models import FederatedIdentity

_CLOSE = CompiledUpdate(
    lambda user, now: (
        FederatedIdentity.objects.filter(user=user, closed_at=None),
        {"closed_at": now, "last_claims": ""},
    ),
    key,
    moment,
)


def close_identities(user: User) -> None:
    """Close a person's identities and forget their last claims.

    Called by ``accounts.lifecycle`` in the transaction of the deletion, which is audited there.
    """
    _CLOSE.run_later(user.pk, timezone.now())


def reopen_identities(user: User, since: datetime) -> None:
    """Open again what was closed when a deletion began to wait (P-13), unless its subject is somebody else's by now.

    ``since`` is when the person was marked as deleted, which comes before the closing.
    """
    closed = FederatedIdentity.objects.filter(user=user, closed_at__gte=since)
    for identity in closed:
        others = FederatedIdentity.objects.filter(
            provider=identity.provider_id, account=identity.account_id, subject=identity.subject
        )
        if not others.filter(closed_at=None).exists():
            identity.closed_at = None
            identity.save(update_fields=["closed_at"])
