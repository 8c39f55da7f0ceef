"""Partners and accounts, and the names that belong to them alone (X-1, V-6, V-7)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone

from accounts import password_admins, privilege, subjects
from accounts.models import (
    Account,
    AccountHostName,
    AccountRole,
    BuiltInAccountRole,
    EmailDomain,
    Partner,
    SsoPolicy,
)
from accounts.signals import account_changed, account_created
from audit.actors import Actor
from audit.recorder import Subject, record
from audit.refusals import Refused, refusals_audited
from foundation import public_urls
from foundation.folding import fold_domain
from foundation.outbound_target import OutboundError, check_url
from foundation.transactions import in_transaction


class NameBelongsToAnother(Refused):
    """A host name, domain or slug is taken; whose it is is not told (V-6)."""

    code = "account.name_taken"


class OnlyOneAccount(Refused):
    """A private deployment has one account (X-2)."""

    code = "account.only_one"


class InvalidAccount(Refused):
    """A value can't be one of an account or partner."""

    code = "account.invalid"


@refusals_audited
@in_transaction
def create_partner(*, actor: Actor, slug: str, name: str) -> Partner:
    """Create a partner (operators only)."""
    subject = Subject("partner", "", slug)
    privilege.require(actor, None, privilege.Authority.OPERATOR, action="partner.create", subject=subject)
    partner = Partner(slug=slug, name=name)
    _require_valid(partner, actor, "partner.create", subject)
    partner.save()
    record(
        actor=actor,
        action="partner.created",
        subject=subjects.of_partner(partner),
        message=f"Partner {name} was created.",
    )
    return partner


@refusals_audited
@in_transaction
def rename_partner(*, partner: Partner, actor: Actor, name: str) -> None:
    """Give a partner another name (operators only)."""
    subject = subjects.of_partner(partner)
    privilege.require(actor, None, privilege.Authority.OPERATOR, action="partner.update", subject=subject)
    old, partner.name = partner.name, name
    _require_valid(partner, actor, "partner.update", subject)
    partner.save(update_fields=["name"])
    record(
        actor=actor,
        action="partner.updated",
        subject=subject,
        message=f"Partner {partner.slug}: name changed.",
        changes={"name": [old, name]},
    )


@refusals_audited
@in_transaction
def create_account(*, actor: Actor, slug: str, name: str, **values: Any) -> Account:
    """Create an account with its built-in roles (operators only); ``values`` are fields of ``Account``."""
    subject = Subject("account", "", slug)
    privilege.require(actor, None, privilege.Authority.OPERATOR, action="account.create", subject=subject)
    if password_admins.only_account() is not None:
        raise OnlyOneAccount(
            "This is a private deployment, and it has its account.",
            actor=actor,
            action="account.create",
            subject=subject,
        )
    account = Account(slug=slug, name=name, **values)
    _require_valid(account, actor, "account.create", subject)
    try:
        with transaction.atomic():
            account.save()
    except IntegrityError as error:
        raise NameBelongsToAnother(
            f"{slug} is already in use.", actor=actor, action="account.create", subject=subject
        ) from error
    for built_in in BuiltInAccountRole:
        AccountRole.objects.create(account=account, name=built_in.label, built_in=built_in.value)
    account_created.send(sender=Account, account=account, actor=actor)
    record(
        actor=actor,
        action="account.created",
        subject=subjects.of_account(account),
        message=f"Account {name} was created.",
    )
    return account


def _require_valid(row: Model, actor: Actor, action: str, subject: Subject) -> None:
    """Refuse values that the fields themselves rule out: a slug that is none, an address that can't be one."""
    try:
        row.clean_fields()
        if isinstance(row, Account) and urlsplit(row.landing_url).scheme:
            check_url(
                row.landing_url, settings.BROKER_NETWORK_ALLOW_LIST
            )  # V-23: also what only a browser visits
    except ValidationError as error:
        raise InvalidAccount(
            "; ".join(error.messages), actor=actor, action=action, subject=subject
        ) from error
    except OutboundError as error:
        raise InvalidAccount(f"landing URL: {error}", actor=actor, action=action, subject=subject) from error


# What each field needs at least. A field that isn't here is changed by nobody, such as what ``sso`` keeps itself.
_NEEDS = {
    **dict.fromkeys(
        ("sso_module", "partner", "partner_id", "region", "slug", "closed_at"), privilege.Authority.OPERATOR
    ),
    **dict.fromkeys(("sso_policy", "sso_authorization"), privilege.Authority.SSO_ACCOUNT_ADMIN),
    **dict.fromkeys(
        (
            *("name", "landing_url", "support_contact", "max_session_hours"),
            *("hold_above_percent", "hold_above_number"),
        ),
        privilege.Authority.ACCOUNT_ADMIN,
    ),
}


@refusals_audited
@in_transaction
def update_account(*, account: Account, actor: Actor, values: dict[str, Any]) -> frozenset[str]:
    """Change fields of an account and return which changed; each needs an authority (``_NEEDS``).

    Raises ``privilege.NotAllowed``, and ``InvalidAccount`` for a value or a field that can't be.
    """
    locked = Account.objects.select_for_update().get(pk=account.pk)
    subject = subjects.of_account(locked)
    if unknown := sorted(set(values) - set(_NEEDS)):
        raise InvalidAccount(
            f"{', '.join(unknown)} can't be changed here.",
            actor=actor,
            action="account.update",
            subject=subject,
        )
    changes = {
        name: [getattr(locked, name), new] for name, new in values.items() if getattr(locked, name) != new
    }
    if not changes:
        return frozenset()
    least = max(_NEEDS[name] for name in changes)
    privilege.require(actor, locked, least, action="account.update", subject=subject)
    if changes.get("sso_policy", [""])[-1] == SsoPolicy.MANDATORY:
        password_admins.require_one(locked, actor, "account.update", subject)
    for name, (_, new) in changes.items():
        setattr(locked, name, new)
    _require_valid(locked, actor, "account.update", subject)
    locked.save()
    record(
        actor=actor,
        action="account.updated",
        subject=subject,
        message=f"Account {locked.name}: {', '.join(sorted(changes))} changed.",
        changes={name: [str(old), str(new)] for name, (old, new) in changes.items()},
    )
    account_changed.send(sender=Account, account=locked, actor=actor, changed=frozenset(changes))
    account.refresh_from_db()
    return frozenset(changes)


@refusals_audited
@in_transaction
def verify_host_name(*, account: Account, actor: Actor, host: str, position: int = 0) -> AccountHostName:
    """Give an account a host name that an operator vouches for (V-6, V-7)."""
    subject = subjects.of_account(account)
    privilege.require(actor, account, privilege.Authority.OPERATOR, action="account.host", subject=subject)
    reserved = {urlsplit(url).hostname for url in (public_urls.base_url(), *settings.BROKER_REGIONS.values())}
    if fold_domain(host) in reserved:
        raise NameBelongsToAnother(
            f"{host} is the deployment's own name.", actor=actor, action="account.host", subject=subject
        )
    try:
        AccountHostName(account=account, host=fold_domain(host)).clean_fields()
        with transaction.atomic():
            row, _ = AccountHostName.objects.update_or_create(
                account=account,
                host=fold_domain(host),
                defaults={"verified_at": timezone.now(), "position": position},
            )
    except ValidationError as error:
        raise InvalidAccount(
            "; ".join(error.messages), actor=actor, action="account.host", subject=subject
        ) from error
    except IntegrityError as error:
        raise NameBelongsToAnother(
            f"{host} is already in use.", actor=actor, action="account.host", subject=subject
        ) from error
    record(
        actor=actor, action="account.host_verified", subject=subject, message=f"Host name {host} is verified."
    )
    return row


@refusals_audited
@in_transaction
def verify_domain(*, account: Account, actor: Actor, domain: str, method: EmailDomain.Method) -> EmailDomain:
    """Make an e-mail domain the account's own: by an operator, or by DNS once that has been checked (V-6)."""
    subject = subjects.of_account(account)
    least = privilege.Authority.OPERATOR
    if method == EmailDomain.Method.DNS:
        least = privilege.Authority.SSO_ACCOUNT_ADMIN
    privilege.require(actor, account, least, action="account.domain", subject=subject)
    now = timezone.now()
    try:
        EmailDomain(account=account, domain=fold_domain(domain)).clean_fields()
        with transaction.atomic():
            row, _ = EmailDomain.objects.update_or_create(
                account=account,
                domain=fold_domain(domain),
                defaults={
                    "verified_at": now,
                    "verified_by": method.value,
                    "checked_at": now,
                    "missing_since": None,
                },
            )
    except ValidationError as error:
        raise InvalidAccount(
            "; ".join(error.messages), actor=actor, action="account.domain", subject=subject
        ) from error
    except IntegrityError as error:
        raise NameBelongsToAnother(
            f"{domain} is already in use.", actor=actor, action="account.domain", subject=subject
        ) from error
    record(
        actor=actor,
        action="account.domain_verified",
        subject=subject,
        message=f"E-mail domain {domain} is verified ({method.label}).",
    )
    return row
