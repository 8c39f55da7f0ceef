"""Every query starts at the account (design rule 4).

A model that belongs to an account names in ``account_lookup`` the look-up that leads there and has
``objects = AccountScopedManager()``; views, SCIM and admin begin with ``Model.objects.for_account(account)`` and never
with ``.all()``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar
from uuid import UUID

from django.db import models

if TYPE_CHECKING:
    from accounts.models import Account

_Row = TypeVar("_Row", bound=models.Model, covariant=True)

DEFAULT_LOOKUP = "account"


class AccountScopedQuerySet(models.QuerySet[_Row]):
    """A queryset that knows which look-up leads to the account."""

    def for_account(self, account: Account | UUID) -> Self:
        """Return the rows of ``account`` only."""
        return self.filter(**{account_lookup(self.model): account})


AccountScopedManager = models.Manager.from_queryset(AccountScopedQuerySet)


def account_lookup(model: type[models.Model]) -> str:
    """Return the look-up that leads from ``model`` to its account."""
    return str(getattr(model, "account_lookup", DEFAULT_LOOKUP))
