"""Celery's entrances to ``sso_saml``."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from audit.actors import Actor, ActorKind
from sso.models import IdentityProvider
from sso_saml import metadata_refresh
from sso_saml.metadata_schedule import due_providers, is_due
from sso_saml.models import SpentAssertion

_ACTOR = Actor(ActorKind.SYSTEM, "", "metadata refresh")


@shared_task(name="sso_saml.tasks.purge_spent_assertions", ignore_result=True)
def purge_spent_assertions() -> None:
    """Forget assertions that could not be accepted any more anyway (hourly, by beat)."""
    SpentAssertion.objects.filter(expires_at__lt=timezone.now()).delete()


@shared_task(name="sso_saml.tasks.refresh_metadata", ignore_result=True)
def refresh_metadata() -> int:
    """Queue a job for each provider whose metadata was last asked for a day ago (hourly, by beat)."""
    due = due_providers()
    for provider_id in due:
        refresh_provider_metadata.delay(str(provider_id))
    return len(due)


@shared_task(name="sso_saml.tasks.refresh_provider_metadata", ignore_result=True)
def refresh_provider_metadata(provider_id: str) -> None:
    """Refresh one provider, unless that was done since the job was queued. A slow server delays no other provider."""
    provider = IdentityProvider.objects.filter(pk=UUID(provider_id)).first()
    if provider is not None and is_due(provider.pk):
        metadata_refresh.refresh(provider=provider, actor=_ACTOR)
