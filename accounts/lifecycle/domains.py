"""E-mail domains that an account says are its own, and the DNS record that proves it (V-6, X-1).

``claim_domain`` writes the domain down, without any effect; ``prove_domain`` looks for the record and makes it the
account's own (``tenants.verify_domain``, which operators call on their word alone). ``recheck`` looks again once a
month: a record that is gone for a week costs the account the domain, after a mail a day. Domains that an operator
vouched for are not looked up.
"""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import domain_proof, privilege, subjects
from accounts.alerts import sso_admin_addresses
from accounts.domain_proof import Proof
from accounts.lifecycle.tenants import verify_domain
from accounts.models import Account, EmailDomain
from audit.actors import Actor, ActorKind
from audit.recorder import record
from audit.refusals import Refused, refusals_audited
from foundation import mail
from foundation.folding import fold_domain
from foundation.rate_limits import hit
from foundation.transactions import in_transaction

RECHECK = timedelta(days=30)
GRACE = timedelta(days=7)  # after which a domain without its record is lost
_WAITING_AT_MOST = 20  # unproven domains of an account
_CHECKS_AN_HOUR = 60  # look-ups that one account causes
_ACTOR = Actor(ActorKind.SYSTEM, "", "monthly check of domains")


class InvalidDomain(Refused):
    """This can't be the domain of an e-mail address, or the account has named it before."""

    code = "domain.invalid"


class DomainNotProven(Refused):
    """The record isn't there, or the DNS gave no answer (``domain.unreachable``)."""

    code = "domain.not_proven"


@refusals_audited
@in_transaction
def claim_domain(*, account: Account, actor: Actor, domain: str) -> EmailDomain:
    """Write down a domain that the account wants to prove; it has no effect until then. SSO account admins only."""
    action, subject = "domain.claim", subjects.of_account(account)
    privilege.require(actor, account, privilege.Authority.SSO_ACCOUNT_ADMIN, action=action, subject=subject)
    row = EmailDomain(account=account, domain=fold_domain(domain.strip()))

    def refuse(message: str) -> InvalidDomain:
        return InvalidDomain(message, actor=actor, action=action, subject=subject)

    try:
        row.clean_fields()
    except ValidationError as error:
        raise refuse("; ".join(error.messages)) from error
    if "." not in row.domain:
        raise refuse(_("Give the part of your addresses behind the @, such as example.com."))
    waiting = EmailDomain.objects.for_account(account).filter(verified_at=None)
    if waiting.count() >= _WAITING_AT_MOST:
        raise refuse(_("Too many domains wait for their proof; withdraw some first."))
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise refuse(_("This domain is in your list already.")) from error
    record(
        actor=actor,
        action="account.domain_claimed",
        subject=subject,
        message=f"E-mail domain {row.domain} waits for its proof.",
    )
    return row


@refusals_audited
def prove_domain(*, domain: EmailDomain, actor: Actor) -> bool:
    """Look for the record and make the domain the account's own; False when it was.

    Looks into the DNS, so it must not be called inside a transaction. Raises ``DomainNotProven`` and
    ``tenants.NameBelongsToAnother``.
    """
    account, action, subject = domain.account, "domain.prove", subjects.of_account(domain.account)
    privilege.require(actor, account, privilege.Authority.SSO_ACCOUNT_ADMIN, action=action, subject=subject)
    row = EmailDomain.objects.for_account(account).filter(pk=domain.pk).first()
    if row is None or row.verified_at is not None:
        return False

    def refuse(message: str, code: str) -> DomainNotProven:
        return DomainNotProven(message, code=code, actor=actor, action=action, subject=subject)

    if not hit("domain-check", str(account.pk), limit=_CHECKS_AN_HOUR, seconds=3600).allowed:
        raise refuse(_("This was checked too often within an hour; try again later."), "domain.too_many")
    found = domain_proof.look_up(account.pk, row.domain)
    if found is Proof.UNREACHABLE:
        raise refuse(
            _("The name servers of %(domain)s gave no answer; try again later.") % {"domain": row.domain},
            "domain.unreachable",
        )
    if found is Proof.ABSENT:
        raise refuse(
            _("The record of %(domain)s is not there yet. New records take up to an hour to be seen.")
            % {"domain": row.domain},
            "domain.not_proven",
        )
    verify_domain(account=account, actor=actor, domain=row.domain, method=EmailDomain.Method.DNS)
    return True


@refusals_audited
@in_transaction
def withdraw_domain(*, domain: EmailDomain, actor: Actor) -> bool:
    """Forget a domain that was never proven; False when it is gone or the account's own by now."""
    subject = subjects.of_account(domain.account)
    least = privilege.Authority.SSO_ACCOUNT_ADMIN
    privilege.require(actor, domain.account, least, action="domain.withdraw", subject=subject)
    rows = EmailDomain.objects.for_account(domain.account_id).filter(pk=domain.pk, verified_at=None)
    removed, _rows = rows.delete()
    if removed:
        record(
            actor=actor,
            action="account.domain_withdrawn",
            subject=subject,
            message=f"E-mail domain {domain.domain} was withdrawn; it was never verified.",
        )
    return bool(removed)


def due_for_recheck() -> list[int]:
    """Return the keys of the domains whose record was last seen a month ago."""
    due = EmailDomain.objects.filter(
        verified_by=EmailDomain.Method.DNS, verified_at__isnull=False, account__closed_at=None
    ).filter(checked_at__lte=timezone.now() - RECHECK)
    return list(due.order_by("checked_at").values_list("pk", flat=True)[:1000])


def recheck(key: int) -> Proof | None:
    """Look for one domain's record again; None when it isn't due any more. Not inside a transaction."""
    if key not in due_for_recheck():
        return None
    row = EmailDomain.objects.select_related("account").get(pk=key)
    found = domain_proof.look_up(row.account_id, row.domain)
    if found is Proof.PROVEN:
        EmailDomain.objects.filter(pk=key).update(checked_at=timezone.now(), missing_since=None)
    elif found is Proof.ABSENT:
        _miss(row)
    return found


@in_transaction
def _miss(row: EmailDomain) -> None:
    locked = EmailDomain.objects.select_for_update().select_related("account").get(pk=row.pk)
    if locked.checked_at != row.checked_at or locked.verified_at is None:
        return  # seen meanwhile
    now = timezone.now()
    # From the first miss on, not from the month's end: nobody may have looked for a while, or had an answer.
    since = locked.missing_since or now
    lost = since + GRACE <= now
    account, name = locked.account, domain_proof.record_name(locked.domain)
    told = f"The record {name} that proved {locked.domain} for {account.name} is not there any more.\n"
    if lost:
        locked.verified_at, locked.verified_by, locked.missing_since = None, "", None
        locked.save(update_fields=["verified_at", "verified_by", "missing_since"])
        told += "The domain is no longer verified: people of it are not sent to your identity provider any more.\n"
        record(
            actor=_ACTOR,
            action="account.domain_lost",
            subject=subjects.of_account(account),
            message=f"E-mail domain {locked.domain} is no longer verified: its DNS record was gone for a week.",
        )
    else:
        if locked.missing_since is None:
            locked.missing_since = now
            locked.save(update_fields=["missing_since"])
        ends = since + GRACE
        told += f"Put it back before {ends:%Y-%m-%d}, or the domain is no longer verified from then on.\n"
    mail.queue_mail(
        to=sso_admin_addresses(account),
        subject=f"{account.name}: {locked.domain} {'is no longer verified' if lost else 'lacks its DNS record'}",
        body=f"{told}The record is shown in the admin, under E-mail domains:\n"
        f"{domain_proof.record_value(account.pk, locked.domain)}\n",
    )
