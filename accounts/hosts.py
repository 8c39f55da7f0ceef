"""Which host names are accounts' own (X-1, design rule 9)."""

from __future__ import annotations

from accounts.models import Account, AccountHostName


def is_account_host(host: str) -> bool:
    """Tell whether a bare, lower-case host name is some account's, verified."""
    return AccountHostName.objects.filter(host=host, verified_at__isnull=False).exists()


def account_of_host(host: str) -> Account | None:
    """Return the account whose verified host name this is."""
    row = (
        AccountHostName.objects.filter(host=host, verified_at__isnull=False).select_related("account").first()
    )
    return None if row is None else row.account


def canonical_host(account: Account) -> str | None:
    """Return the account's first verified host name, None when it lives on the deployment's."""
    rows = (
        AccountHostName.objects.for_account(account)
        .filter(verified_at__isnull=False)
        .order_by("position", "id")
    )
    host = rows.values_list("host", flat=True).first()
    return None if host is None else str(host)
