"""What an operator's file does that no other entrance offers: partners' names and keys, account roles, provider grants.

Same form as ``accounts.lifecycle``: keyword-only, with an actor, privilege checked, audited in the same transaction.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction

from accounts import privilege, subjects
from accounts.models import Account, AccountRole, Partner, PartnerKey
from audit.actors import Actor
from audit.recorder import Subject, record
from audit.refusals import Refused, refusals_audited
from foundation.secret_tokens import digest
from sso.models import IdentityProvider, ProviderGrant

_HINT_LENGTH = 4  # characters of a key that stay readable


class PartnerKeyTaken(Refused):
    """Another partner has this key; whose it is is not told (V-6)."""

    code = "partner.key_taken"


class AccountRoleTaken(Refused):
    """The account has a role of this name."""

    code = "account_role.name_taken"


def of_partner(partner: Partner) -> Subject:
    """Name a partner in the audit trail."""
    return Subject("partner", str(partner.pk), partner.slug, partner_id=partner.pk)


@refusals_audited
@transaction.atomic
def rename_partner(*, partner: Partner, actor: Actor, name: str) -> None:
    """Give a partner another name."""
    subject = of_partner(partner)
    privilege.require(actor, None, privilege.Authority.OPERATOR, action="partner.update", subject=subject)
    old, partner.name = partner.name, name
    partner.save(update_fields=["name"])
    record(
        actor=actor,
        action="partner.updated",
        subject=subject,
        message=f"Partner {partner.slug}: name changed.",
        changes={"name": [old, name]},
    )


@refusals_audited
@transaction.atomic
def add_partner_key(*, partner: Partner, actor: Actor, api_key: str) -> PartnerKey:
    """Let a partner use another key beside those it has (S-6); only its digest is kept."""
    subject = of_partner(partner)
    privilege.require(actor, None, privilege.Authority.OPERATOR, action="partner.add_key", subject=subject)
    try:
        with transaction.atomic():
            key = PartnerKey.objects.create(
                partner=partner, digest=digest(api_key), hint=api_key[:_HINT_LENGTH]
            )
    except IntegrityError as error:
        raise PartnerKeyTaken(
            "This key is already in use.", actor=actor, action="partner.add_key", subject=subject
        ) from error
    record(
        actor=actor,
        action="partner.key_added",
        subject=subject,
        message=f"Partner {partner.slug} has a new key, {key.hint}….",
    )
    return key


@refusals_audited
@transaction.atomic
def create_account_role(*, account: Account, actor: Actor, name: str) -> AccountRole:
    """Create an account role that has only a name (the built-in ones came with the account)."""
    subject = Subject("account_role", "", name, account_id=account.pk)
    privilege.require(
        actor, account, privilege.Authority.ACCOUNT_ADMIN, action="account_role.create", subject=subject
    )
    try:
        with transaction.atomic():
            role = AccountRole.objects.create(account=account, name=name)
    except IntegrityError as error:
        raise AccountRoleTaken(
            f"There is an account role {name}.", actor=actor, action="account_role.create", subject=subject
        ) from error
    record(
        actor=actor,
        action="account_role.created",
        subject=Subject("account_role", str(role.pk), name, account_id=account.pk),
        message=f"Account role {name} was created.",
    )
    return role


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
