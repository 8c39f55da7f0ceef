"""Certificates that are about to expire: their admins are told 60, 30, 14, 7 and 1 days before (A-7).

Each protocol names the certificates of a provider, the customer's and ours (``SignInProtocol.certificates``). Expiry
stops no sign-in here, since dates are shown and not enforced; but a provider that changes to a new certificate does,
until that is known here, and this is when it will. Every step is told once, however often this runs, and of steps that
were missed while nothing ran only the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.alerts import sso_admin_addresses
from audit.actors import Actor, ActorKind
from audit.recorder import record
from foundation import mail, public_urls
from sso import subjects
from sso.models import CertificateAlert, IdentityProvider, State

STEPS = (60, 30, 14, 7, 1)  # days before expiry
HORIZON = timedelta(days=STEPS[0])
_ACTOR = Actor(ActorKind.SYSTEM, "", "certificate watch")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate of an enabled provider. ``is_ours`` says which side uses it; ``fingerprint`` is SHA-256 in hex."""

    provider: IdentityProvider
    subject: str
    fingerprint: str
    not_after: datetime
    is_ours: bool = False


def expiring_pairs(model: type[Any], until: datetime) -> Iterator[Certificate]:
    """Yield a protocol's own key pairs (``model``) towards enabled providers that end before ``until``."""
    rows = model._default_manager.filter(
        provider__state=State.ENABLED, not_after__gt=timezone.now(), not_after__lte=until
    )
    for pair in rows.select_related("provider__account").defer("private_key"):
        yield Certificate(
            pair.provider, f"{pair.get_role_display()} key", pair.fingerprint, pair.not_after, is_ours=True
        )


def tell(certificates: Iterable[Certificate]) -> int:
    """Tell about those whose next step has come; return how many."""
    now = timezone.now()
    return sum(
        _tell(certificate, step) for certificate in certificates if (step := step_of(certificate, now))
    )


def step_of(certificate: Certificate, now: datetime) -> int:
    """Return the nearest step that has come, 0 for none; what is expired was told of before."""
    left = certificate.not_after - now
    if left <= timedelta(0):
        return 0
    return min((days for days in STEPS if left <= timedelta(days=days)), default=0)


@transaction.atomic
def _tell(certificate: Certificate, days: int) -> bool:
    row, created = CertificateAlert.objects.get_or_create(
        provider=certificate.provider, fingerprint=certificate.fingerprint, defaults={"days": days}
    )
    if not created:
        nearer = CertificateAlert.objects.filter(pk=row.pk, days__gt=days)
        if not nearer.update(days=days, told_at=timezone.now()):
            return False
    provider = certificate.provider
    told = sso_admin_addresses(provider.account)
    whose = "our own certificate" if certificate.is_ours else "the certificate of the identity provider"
    ends = f"{certificate.not_after:%Y-%m-%d %H:%M} UTC"
    mail.queue_mail(
        to=told,
        subject=f"{provider.name}: a certificate expires within {days} day{'' if days == 1 else 's'}",
        body=(
            f"On {ends}, {whose} {provider.name} expires:\n"
            f"{certificate.subject}\nSHA-256 {certificate.fingerprint}\n\n"
            f"{_advice(certificate)}\n{public_urls.absolute('/admin/')} → Identity providers → {provider.slug}\n"
        ),
    )
    record(
        actor=_ACTOR,
        action="provider.certificate_expires",
        subject=subjects.of_provider(provider),
        message=f"{provider.slug}: {certificate.subject} expires on {ends}; {len(told)} people are told.",
        changes={"fingerprint": [None, certificate.fingerprint], "days": [None, days]},
    )
    return True


def _advice(certificate: Certificate) -> str:
    if certificate.is_ours:
        return (
            "Roll the key over on the provider's page, and give the new certificate to the identity provider."
        )
    return (
        "People go on signing in until the identity provider changes to another one. Add the new certificate here "
        "beside the old one before that happens."
    )
