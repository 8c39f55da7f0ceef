"""What somebody made who left keeps working for two weeks, and its account is told to replace it (V-14).

An account's tokens and secrets survive who made them, so that a directory isn't cut off the day an admin leaves. But
that person has seen them: whatever was not replaced by then ends. The account's tokens are ``accounts``', secrets of
OAuth clients a higher floor's, so the rows are the caller's and the rule is here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import alerts
from accounts.models import Account, ApiToken, User
from accounts.subjects import of_token
from audit.actors import Actor, ActorKind
from audit.recorder import Subject, record
from foundation import mail
from foundation.transactions import in_transaction

NOTICE = timedelta(days=14)
_ACTOR = Actor(ActorKind.SYSTEM, "", "replacement of what leavers made")


@in_transaction
def limit(
    rows: QuerySet[Any, Any], *, account_of: Callable[[Any], Account], subject_of: Callable[[Any], Subject]
) -> int:
    """Let what is still usable of ``rows`` end in two weeks where its maker may not sign in any more.

    ``rows`` have ``created_by``, ``expires_at`` and ``revoked_at``. Returns how many got their notice now; saying it
    again changes nothing. The account's admins are mailed once for all of theirs, operators where there are none.
    """
    until = timezone.now() + NOTICE
    theirs = rows.filter(
        Q(expires_at=None) | Q(expires_at__gt=until), created_by__isnull=False, revoked_at=None
    )
    left = theirs.exclude(created_by__in=User.objects.able_to_sign_in())
    noticed: dict[Account, list[Any]] = {}
    for row in left.select_for_update(of=("self",)):
        row.expires_at = until
        row.save(update_fields=["expires_at"])
        subject = subject_of(row)
        record(
            actor=_ACTOR,
            action=f"{subject.type}.maker_left",
            subject=subject,
            message=f"{row} was made by someone who left; it ends on {until:%Y-%m-%d} unless it is replaced before.",
        )
        noticed.setdefault(account_of(row), []).append(row)
    for account, found in noticed.items():
        mail.queue_mail(
            to=alerts.admin_addresses(account),
            subject=f"{account.name}: credentials of someone who left end on {until:%Y-%m-%d}",
            body=_letter(account, found, f"{until:%Y-%m-%d}"),
        )
    return sum(map(len, noticed.values()))


def limit_tokens() -> int:
    """Do so for the accounts' API tokens."""
    rows = ApiToken.objects.filter(owner=None).select_related("account")
    return limit(rows, account_of=lambda token: token.account, subject_of=of_token)


def _letter(account: Account, rows: Sequence[Any], until: str) -> str:
    names = "\n".join(f"  - {row}" for row in rows)
    return (
        f"Somebody who may no longer sign in to {account.name} made these credentials for your directory:\n\n"
        f"{names}\n\n"
        f"They work until {until}, so that provisioning goes on. Make new ones in the administration, put them into "
        "your directory, and revoke these.\n"
    )
