"""Keep ``Account.sso_ready``, from which the floors below learn whether single sign-on works in an account (P-3)."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from accounts.models import Account
from sso.models import IdentityProvider, State


def note(account_id: UUID) -> None:
    """Look whether an enabled provider signs people in, the account's own or one from above that it allowed (V-5).

    Called in the transaction of the change; the lock keeps two changes at once from each counting
    the other's old state.
    """
    account = Account.objects.select_for_update().get(pk=account_id)
    enabled = IdentityProvider.objects.filter(state=State.ENABLED)
    above = Q(account=None, grants__account=account) & (Q(partner=None) | Q(partner=account.partner_id))
    ready = enabled.filter(Q(account=account) | above).exists()
    Account.objects.filter(pk=account_id).update(sso_ready=ready)
