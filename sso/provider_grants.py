"""Providers from above, switched on for an account by its SSO account admin or an operator (V-5)."""

from __future__ import annotations

from django.db import transaction

from accounts import password_admins, privilege, subjects
from accounts.models import Account
from audit.actors import Actor
from audit.recorder import Subject, record
from audit.refusals import Refused, refusals_audited
from sso import readiness
from sso.models import IdentityProvider, ProviderGrant


class GrantImpossible(Refused):
    """The account doesn't stand below this provider."""

    code = "provider.grant_impossible"


@refusals_audited
@transaction.atomic
def grant_provider(*, provider: IdentityProvider, account: Account, actor: Actor) -> bool:
    """Switch a provider from above on for an account (V-5); return whether it was off. Its SSO admins stay out."""
    subject = _require(provider, account, actor, "provider.grant")
    if not provider.is_shared or not provider.may_serve(account):
        raise GrantImpossible(
            f"{account.name} doesn't stand below this provider.",
            actor=actor,
            action="provider.grant",
            subject=subject,
        )
    password_admins.require_one(account, actor, "provider.grant", subject)
    _, created = ProviderGrant.objects.get_or_create(
        provider=provider, account=account, defaults={"granted_by": actor.label[:254]}
    )
    if created:
        readiness.note(account.pk)
        record(
            actor=actor,
            action="provider.granted",
            subject=subject,
            message=f"{provider.slug} may sign people into {account.slug}.",
        )
    return created


@refusals_audited
@transaction.atomic
def allow_sso_admins(*, grant: ProviderGrant, actor: Actor, allowed: bool) -> bool:
    """Decide whether the provider may also sign in the account's SSO account admins; return whether that is new."""
    subject = _require(grant.provider, grant.account, actor, "provider.grant_sso_admins")
    rows = ProviderGrant.objects.for_account(grant.account).filter(pk=grant.pk)
    if not rows.exclude(allows_sso_admins=allowed).update(allows_sso_admins=allowed):
        return False
    grant.allows_sso_admins = allowed
    record(
        actor=actor,
        action="provider.grant_changed",
        subject=subject,
        message=f"{grant.provider.slug} {'may' if allowed else 'may not'} sign in SSO account admins of "
        f"{grant.account.slug}.",
        changes={"allows_sso_admins": [not allowed, allowed]},
    )
    return True


@refusals_audited
@transaction.atomic
def revoke_provider(*, grant: ProviderGrant, actor: Actor) -> bool:
    """Switch a provider from above off for an account; open sessions go on. Return whether it was on."""
    subject = _require(grant.provider, grant.account, actor, "provider.revoke_grant")
    deleted, _ = ProviderGrant.objects.for_account(grant.account).filter(pk=grant.pk).delete()
    if not deleted:
        return False
    readiness.note(grant.account_id)
    record(
        actor=actor,
        action="provider.grant_revoked",
        subject=subject,
        message=f"{grant.provider.slug} may not sign people into {grant.account.slug} any more.",
    )
    return True


def _require(provider: IdentityProvider, account: Account, actor: Actor, action: str) -> Subject:
    subject = subjects.of_account(account)
    privilege.require(actor, account, privilege.Authority.SSO_ACCOUNT_ADMIN, action=action, subject=subject)
    return subject
