"""Providers from above, switched on for an account (V-5)."""

from __future__ import annotations

from django.db import transaction

from accounts import privilege, subjects
from accounts.models import Account
from audit.actors import Actor
from audit.recorder import record
from audit.refusals import refusals_audited
from sso.models import IdentityProvider, ProviderGrant


@refusals_audited
@transaction.atomic
def grant_provider(*, provider: IdentityProvider, account: Account, actor: Actor) -> bool:
    """Switch a provider from above on for an account (V-5); return whether it was off. Its SSO admins stay out."""
    subject = subjects.of_account(account)
    privilege.require(
        actor, account, privilege.Authority.SSO_ACCOUNT_ADMIN, action="provider.grant", subject=subject
    )
    _, created = ProviderGrant.objects.get_or_create(
        provider=provider, account=account, defaults={"granted_by": actor.label}
    )
    if created:
        record(
            actor=actor,
            action="provider.granted",
            subject=subject,
            message=f"{provider.slug} may sign people into {account.slug}.",
        )
    return created
