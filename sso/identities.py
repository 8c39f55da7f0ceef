"""What becomes of a person's identities at providers when the person is deleted (V-13)."""

from __future__ import annotations

from django.utils import timezone

from accounts.models import User
from foundation.compiled_queries import CompiledUpdate, key, moment
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
