"""Keep a provider's settings in step with its metadata URL: fetch, compare, apply or hold (S-2, S-7, V-1, V-22).

Once a day by ``tasks``, and when an admin says so. The document is fetched outside any transaction; then the provider
is locked, and if its settings changed in between, what was fetched is dropped. What may be applied by itself is decided
in ``metadata_verdict``; the rest becomes a proposal (``metadata_proposals``). A fetch that fails changes nothing:
people sign in with what is there, the problem is noted, and admins are told only when it lasts.

A URL without a certificate for the document's signature is trusted by TLS alone: whoever holds that web server can add
a key beside the trusted ones, and so can sign anyone in. That is the bargain of a rollover that nobody has to attend.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from audit.refusals import Refused, audit_refusal, refusals_audited
from sso import subjects
from sso.models import IdentityProvider
from sso.providers import ProviderInvalid, require_authority
from sso_saml.certificates import CertificateProblem
from sso_saml.configuration import save_saml_settings
from sso_saml.idp_metadata import IdpDescription
from sso_saml.metadata_fetch import MetadataUnavailable, fetch_description
from sso_saml.metadata_mail import tell_failing
from sso_saml.metadata_proposals import approve, decline, keep, pending
from sso_saml.metadata_state import found_state, saved_state, settings_values, values_from
from sso_saml.metadata_verdict import HoldReason, judge
from sso_saml.models import SamlSettings
from sso_saml.provider_config import settings_of

__all__ = [
    "MetadataUnavailable",
    "RefreshOutcome",
    "approve",
    "decline",
    "fetch_description",
    "pending",
    "refresh",
    "take",
    "values_from",
]

_ACTION = "provider.metadata_refresh"
ALERT_AFTER = timedelta(days=3)  # without anything usable
ALERT_AGAIN = timedelta(days=7)
SUPERSEDED = "metadata.superseded"
_MAX_PROBLEM = 300  # characters


@dataclass(frozen=True, slots=True)
class RefreshOutcome:
    """What a refresh came to.

    ``changed`` names what was applied, ``held`` why something waits for approval. ``problem`` is the code of what went
    wrong ("" when nothing did) and ``detail`` more about it; ``entity_ids`` are the choices in an aggregate.
    """

    changed: frozenset[str] = frozenset()
    held: tuple[HoldReason, ...] = ()
    skipped_certificates: tuple[CertificateProblem, ...] = ()
    problem: str = ""
    detail: str = ""
    entity_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Source:
    """What a fetch was begun with; anything else by the time it ends makes it worthless."""

    version: int
    url: str
    entity_id: str
    certificate: str

    @classmethod
    def of(cls, provider: IdentityProvider, row: SamlSettings) -> _Source:
        return cls(provider.version, row.metadata_url, row.metadata_entity_id, row.metadata_certificate)


@refusals_audited
def refresh(*, provider: IdentityProvider, actor: Actor) -> RefreshOutcome:
    """Fetch the provider's metadata and take it over as far as it goes by itself; call it outside any transaction.

    Needs an SSO account admin or operator. Raises ``NotAllowed``, and ``ProviderInvalid`` without a metadata URL;
    everything that is the document's fault is in the outcome.
    """
    fresh = IdentityProvider.objects.get(pk=provider.pk)
    require_authority(fresh, actor, _ACTION)
    row = settings_of(fresh)
    source = _Source.of(fresh, row)
    if not source.url:
        raise ProviderInvalid(
            "There is no metadata URL to refresh from.",
            actor=actor,
            action=_ACTION,
            subject=subjects.of_provider(fresh),
        )
    try:
        description = fetch_description(
            source.url, fresh, source.entity_id, source.certificate, preferred=row.idp_entity_id
        )
        outcome = _take_fetched(fresh, source, actor, description)
    except MetadataUnavailable as problem:
        outcome = RefreshOutcome(problem=problem.code, detail=problem.detail, entity_ids=problem.entity_ids)
        _note_failure(fresh, source, str(problem))
    except Refused as refusal:
        audit_refusal(refusal)
        outcome = RefreshOutcome(problem=refusal.code, detail=refusal.message)
        _note_failure(fresh, source, f"{refusal.code}: {refusal.message}")
    provider.refresh_from_db()
    return outcome


@transaction.atomic
def take(
    *, provider: IdentityProvider, actor: Actor, description: IdpDescription, hold: bool = True
) -> RefreshOutcome:
    """Apply or hold what a fetched document says; ``hold`` False applies all of it, on an operator's word.

    Raises what ``save_saml_settings`` refuses.
    """
    locked = IdentityProvider.objects.select_for_update().get(pk=provider.pk)
    row = settings_of(locked)
    verdict = judge(saved_state(locked, row), found_state(description), hold=hold)
    changed: frozenset[str] = frozenset()
    if verdict.applied:
        values = settings_values(verdict.applied)
        changed = save_saml_settings(provider=locked, actor=actor, values=values)
    row = settings_of(locked)
    keep(provider=locked, row=row, actor=actor, verdict=verdict)
    now = timezone.now()
    SamlSettings.objects.filter(provider=locked).update(
        metadata_refreshed_at=now, metadata_tried_at=now, metadata_problem=""
    )
    return RefreshOutcome(changed, verdict.reasons, description.skipped_certificates)


@transaction.atomic
def _take_fetched(
    provider: IdentityProvider, source: _Source, actor: Actor, description: IdpDescription
) -> RefreshOutcome:
    locked = IdentityProvider.objects.select_for_update().get(pk=provider.pk)
    if _Source.of(locked, settings_of(locked)) != source:
        return RefreshOutcome(problem=SUPERSEDED)
    return take(provider=locked, actor=actor, description=description)


@transaction.atomic
def _note_failure(provider: IdentityProvider, source: _Source, problem: str) -> None:
    """Remember the problem, and tell admins when nothing came for days."""
    locked = IdentityProvider.objects.select_for_update().get(pk=provider.pk)
    row = settings_of(locked)
    if _Source.of(locked, row) != source:
        return
    now = timezone.now()
    since = row.metadata_refreshed_at or row.updated_at
    if locked.is_enabled and _alerts_due(since, now) > _alerts_due(since, row.metadata_tried_at or since):
        tell_failing(locked, since, problem)
    SamlSettings.objects.filter(provider=locked).update(
        metadata_tried_at=now, metadata_problem=problem[:_MAX_PROBLEM]
    )


def _alerts_due(since: datetime, moment: datetime) -> int:
    """How many mails an outage that began at ``since`` is worth by ``moment``: after three days, then every week."""
    lasting = moment - since - ALERT_AFTER
    return 0 if lasting < timedelta(0) else 1 + lasting // ALERT_AGAIN
