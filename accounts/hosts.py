"""Which host names are accounts' own (X-1, design rule 9)."""

from __future__ import annotations

from accounts.models import Account, AccountHostName
from foundation.compiled_queries import CompiledQuery, key

_CANONICAL = CompiledQuery(
    lambda account_id: (
        AccountHostName.objects.for_account(account_id)
        .filter(verified_at__isnull=False)
        .order_by("position", "id")
        .values_list("host")[:1]
    ),
    key,
)


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
    found = _CANONICAL.first(account.pk)
    return None if found is None else str(found[0])
