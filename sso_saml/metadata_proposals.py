"""Metadata that waits for an admin's word: kept, shown, approved or declined (V-1, V-22).

One proposal a provider, the newest. The same again is no news: it is neither announced twice nor, once declined,
brought up again, until the metadata says something else or an admin refreshes by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.actors import Actor, ActorKind
from audit.recorder import record
from audit.refusals import Refused, refusals_audited
from sso import subjects
from sso.models import IdentityProvider
from sso.providers import require_authority
from sso_saml.certificates import SigningCertificate, parse_certificates
from sso_saml.configuration import save_saml_settings
from sso_saml.metadata_mail import tell_held
from sso_saml.metadata_state import settings_values
from sso_saml.metadata_verdict import HoldReason, Verdict
from sso_saml.models import MetadataProposal, SamlSettings
from sso_saml.provider_config import settings_of


class NothingWaits(Refused):
    """There is no such proposal: somebody decided before, or the metadata changed again."""

    code = "metadata.nothing_waits"


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that would change; ``name`` is one of ``SamlValues``. Certificates are described, a line each."""

    name: str
    label: str
    old: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PendingMetadata:
    """What waits, for showing. ``digest`` names exactly this: hand it to ``approve``."""

    digest: str
    reasons: tuple[HoldReason, ...]
    fetched_at: datetime
    differences: tuple[Difference, ...]


def pending(provider: IdentityProvider) -> PendingMetadata | None:
    """Return what waits for a decision on this provider, ``None`` when nothing does."""
    proposal = MetadataProposal.objects.filter(settings__provider=provider, declined_at=None).first()
    if proposal is None:
        return None
    row = settings_of(provider)
    return PendingMetadata(
        digest=proposal.digest,
        reasons=tuple(HoldReason(reason) for reason in proposal.reasons),
        fetched_at=proposal.fetched_at,
        differences=tuple(_difference(row, name, value) for name, value in proposal.values.items()),
    )


def keep(*, provider: IdentityProvider, row: SamlSettings, actor: Actor, verdict: Verdict) -> bool:
    """Write down what was held, in the caller's transaction, or forget what the metadata no longer says.

    Returns whether it is news, which is then audited and mailed once.
    """
    before = MetadataProposal.objects.filter(settings=row).first()
    if not verdict.held:
        if before is not None:
            before.delete()
            _note(provider, actor, "withdrawn", "no longer says what waited for approval", {})
        return False
    now = timezone.now()
    if before is not None and before.digest == verdict.digest:
        before.fetched_at = now
        if actor.kind is ActorKind.USER:
            before.declined_at = None
        before.save(update_fields=["fetched_at", "declined_at"])
        return False
    MetadataProposal.objects.update_or_create(
        settings=row,
        defaults={
            "reasons": [reason.value for reason in verdict.reasons],
            "values": dict(verdict.held),
            "digest": verdict.digest,
            "declined_at": None,
            "fetched_at": now,
        },
    )
    changes = {name: [_old(row, name), _shown(name, value)] for name, value in verdict.held.items()}
    codes = ", ".join(reason.value for reason in verdict.reasons)
    _note(provider, actor, "held", f"changed and waits for approval ({codes})", changes)
    tell_held(provider, verdict.reasons)
    return True


@refusals_audited
@transaction.atomic
def approve(*, provider: IdentityProvider, actor: Actor, digest: str = "") -> frozenset[str]:
    """Take over what waits and return the names of what changed; an entity ID that changed suspends identities (V-1).

    ``digest`` is what the admin was shown: anything else that came meanwhile is not approved with it. Needs an SSO
    account admin or operator. Raises ``NothingWaits``, and what ``save_saml_settings`` refuses; then it still waits.
    """
    locked, proposal = _locked(provider, actor, "provider.metadata_approve", digest)
    changed = save_saml_settings(provider=locked, actor=actor, values=settings_values(proposal.values))
    proposal.delete()
    _note(locked, actor, "approved", f"was approved: {', '.join(sorted(changed)) or 'no change'}", {})
    provider.refresh_from_db()
    return changed


@refusals_audited
@transaction.atomic
def decline(*, provider: IdentityProvider, actor: Actor, digest: str = "") -> None:
    """Leave the settings as they are; the same values aren't brought up again. Raises ``NothingWaits``."""
    locked, proposal = _locked(provider, actor, "provider.metadata_decline", digest)
    proposal.declined_at = timezone.now()
    proposal.save(update_fields=["declined_at"])
    _note(locked, actor, "declined", f"was declined: {', '.join(sorted(proposal.values))} stay", {})


def _locked(
    provider: IdentityProvider, actor: Actor, action: str, digest: str
) -> tuple[IdentityProvider, MetadataProposal]:
    """Lock provider, then proposal, in the order of a refresh, and check right and state."""
    locked = IdentityProvider.objects.select_for_update().get(pk=provider.pk)
    require_authority(locked, actor, action)
    waiting = MetadataProposal.objects.select_for_update().filter(settings__provider=locked, declined_at=None)
    proposal = waiting.first()
    if proposal is None or (digest and proposal.digest != digest):
        raise NothingWaits(
            "The metadata that you saw no longer waits for a decision; look at what is there now.",
            actor=actor,
            action=action,
            subject=subjects.of_provider(locked),
        )
    return locked, proposal


def _note(
    provider: IdentityProvider, actor: Actor, word: str, sentence: str, changes: Mapping[str, Any]
) -> None:
    record(
        actor=actor,
        action=f"provider.metadata_{word}",
        subject=subjects.of_provider(provider),
        message=f"The metadata of identity provider {provider.slug} {sentence}.",
        changes=changes,
    )


def _difference(row: SamlSettings, name: str, value: Any) -> Difference:
    if name == "certificates":
        rows = row.certificates.all()
        label: Any = rows.model._meta.verbose_name
        old = [parse_certificates(certificate.pem.encode())[0] for certificate in rows]
        new = [parse_certificates(pem.encode())[0] for pem in value]
        return Difference(name, str(label), tuple(map(_described, old)), tuple(map(_described, new)))
    field: Any = row._meta.get_field(name)
    before = getattr(row, name)
    choices = dict(field.flatchoices)
    return Difference(
        name,
        str(field.verbose_name),
        tuple(str(choices.get(text, text)) for text in (before,) if text != ""),
        tuple(str(choices.get(text, text)) for text in (value,) if text != ""),
    )


def _described(certificate: SigningCertificate) -> str:
    """Subject, dates and the whole fingerprint, which can be compared with the vendor's console."""
    return (
        f"{certificate.subject}, {certificate.not_before:%Y-%m-%d} – {certificate.not_after:%Y-%m-%d}, "
        f"SHA-256 {certificate.fingerprint}"
    )


def _old(row: SamlSettings, name: str) -> Any:
    if name != "certificates":
        return getattr(row, name)
    return sorted(row.certificates.values_list("fingerprint", flat=True))


def _shown(name: str, value: Any) -> Any:
    if name != "certificates":
        return value
    return sorted(parse_certificates(pem.encode())[0].fingerprint for pem in value)
