"""Forget the access to Microsoft Graph when a provider's target changes (V-23); ``sso.providers`` calls it."""

from __future__ import annotations

from collections.abc import Iterable

from audit.actors import Actor
from audit.recorder import record
from sso import subjects
from sso.models import GraphAccess, IdentityProvider

_TARGET = frozenset({"issuer", "client_id", "idp_entity_id", "sso_url"})


def forget_for_changed_target(*, provider: IdentityProvider, actor: Actor, changed: Iterable[str]) -> bool:
    """Delete the access if what changed decides where credentials go; return whether there was one."""
    if not _TARGET & set(changed):
        return False
    deleted, _ = GraphAccess.objects.filter(provider=provider).delete()
    if deleted:
        record(
            actor=actor,
            action="provider.graph_access_removed",
            subject=subjects.of_provider(provider),
            message=f"Identity provider {provider.slug}: access to Microsoft Graph was cleared with its address.",
            changes={"client_secret": ["(not shown)", "cleared"]},
        )
    return bool(deleted)
