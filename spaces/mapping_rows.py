"""What becomes of the rows that mapping roles gave when role mapping no longer decides (R-5)."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef

from accounts import privilege, subjects
from accounts.models import Account, AccountRoleMembership
from accounts.sources import Source
from audit.actors import Actor
from audit.recorder import record
from audit.refusals import refusals_audited
from foundation.transactions import in_transaction
from spaces.models import SpaceMembership


@refusals_audited
@in_transaction
def keep_by_hand(*, account: Account, actor: Actor) -> int:
    """Make every row of source mapping in an account one added by hand; return how many (SSO account admins only).

    People keep what they have. A role that somebody already holds by hand stays one row.
    """
    privilege.require(
        actor,
        account,
        privilege.Authority.SSO_ACCOUNT_ADMIN,
        action="access.keep_by_hand",
        subject=subjects.of_account(account),
    )
    kept = _keep(AccountRoleMembership.objects.for_account(account), "role_id")
    kept += _keep(SpaceMembership.objects.for_account(account), "space_id", "role_id")
    if kept:
        record(
            actor=actor,
            action="access.kept_by_hand",
            subject=subjects.of_account(account),
            message=f"{kept} roles that came from mapping roles are roles given by hand from now on.",
            changes={"source": [Source.MAPPING.value, Source.MANUAL.value]},
        )
    return kept


def _keep(rows: Any, *columns: str) -> int:
    mapped = rows.filter(source=Source.MAPPING)
    same = {name: OuterRef(name) for name in ("user_id", *columns)}
    twice = mapped.filter(Exists(rows.model.objects.filter(source=Source.MANUAL, **same)))
    rows.model.objects.filter(pk__in=list(twice.values_list("pk", flat=True))).delete()
    return int(mapped.update(source=Source.MANUAL.value))
