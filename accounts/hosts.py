"""Which host names are accounts' own (X-1, design rule 9)."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import Account, AccountHostName
from foundation.compiled_queries import CompiledQuery, key


def canonical_hosts() -> QuerySet[AccountHostName, tuple[str]]:
    """Return verified host names, for a query to narrow to one account; the first is its canonical one."""
    rows = AccountHostName.objects.filter(verified_at__isnull=False)
    return rows.order_by("position", "id").values_list("host")


_CANONICAL = CompiledQuery(lambda account: canonical_hosts().filter(account=account)[:1], key)


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
