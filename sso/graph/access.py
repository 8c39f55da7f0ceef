"""Give a provider access to Microsoft Graph, and take it away (G-5, V-8, V-23)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from audit.actors import Actor
from audit.recorder import record
from audit.refusals import refusals_audited
from foundation.encryption import is_stored, is_unreadable
from sso import subjects
from sso.graph.client import GUID
from sso.models import GraphAccess, IdentityProvider, ProtocolName, Vendor
from sso.providers import ProviderInvalid, require_authority

_ACTION = "provider.graph_access"
_MAX_SECRET = 1000  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphValues:
    """New values; ``None`` leaves one as it is, "" empties it."""

    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    all_groups: bool | None = None


def access_of(provider: IdentityProvider) -> GraphAccess | None:
    """Return a provider's access, None when its overage is not resolved."""
    return GraphAccess.objects.filter(provider=provider).first()


@refusals_audited
@transaction.atomic
def save_graph_access(*, provider: IdentityProvider, actor: Actor, values: GraphValues) -> frozenset[str]:
    """Switch it on, or change it; return the names of what changed.

    With OpenID Connect no values at all mean the provider's own client. Another tenant or client clears the secret
    unless one comes along (V-23). Raises ``ProviderInvalid``.
    """
    locked = IdentityProvider.objects.select_for_update().get(pk=provider.pk)
    require_authority(locked, actor, _ACTION)
    row = access_of(locked)
    made = row is None
    row = row or GraphAccess(provider=locked)
    wanted: dict[str, Any] = {}
    for name in ("tenant_id", "client_id"):
        given = getattr(values, name)
        if given is not None:
            wanted[name] = given.strip().lower() if name == "tenant_id" else given.strip()
    if values.all_groups is not None:
        wanted["all_groups"] = values.all_groups
    changes: dict[str, Any] = {
        name: [getattr(row, name), value] for name, value in wanted.items() if getattr(row, name) != value
    }
    secret = None if values.client_secret is None else values.client_secret.strip()
    if secret is None and {"tenant_id", "client_id"} & set(changes) and is_stored(row, "client_secret"):
        secret = ""
    for name, value in wanted.items():
        setattr(row, name, value)
    if secret is not None and (is_unreadable(row, "client_secret") or secret != row.client_secret):
        changes["client_secret"] = ["(not shown)", "changed" if secret else "cleared"]
        row.client_secret = secret
    problem = _problem(locked, row)
    if problem:
        raise ProviderInvalid(problem, actor=actor, action=_ACTION, subject=subjects.of_provider(locked))
    if not changes and not made:
        return frozenset()
    row.save()
    if made:
        changes["graph_access"] = [False, True]
    record(
        actor=actor,
        action="provider.graph_access_saved",
        subject=subjects.of_provider(locked),
        message=f"Identity provider {locked.slug}: access to Microsoft Graph saved ({', '.join(sorted(changes))}).",
        changes=changes,
    )
    return frozenset(changes)


@refusals_audited
@transaction.atomic
def remove_graph_access(*, provider: IdentityProvider, actor: Actor) -> bool:
    """Switch it off and forget the secret; return whether it was on."""
    require_authority(provider, actor, _ACTION)
    deleted, _ = GraphAccess.objects.filter(provider=provider).delete()
    if deleted:
        record(
            actor=actor,
            action="provider.graph_access_removed",
            subject=subjects.of_provider(provider),
            message=f"Identity provider {provider.slug}: access to Microsoft Graph was removed.",
        )
    return bool(deleted)


def _problem(provider: IdentityProvider, row: GraphAccess) -> str:
    """Return what is wrong, "" when nothing is."""
    if provider.vendor != Vendor.ENTRA:
        return "only Microsoft Entra has Microsoft Graph"
    if row.tenant_id and not GUID.fullmatch(row.tenant_id):
        return "the tenant id is a GUID"
    if len(row.client_id) > 254 or not row.client_id.isprintable():
        return "the client id is too long, or not printable"
    if is_unreadable(row, "client_secret"):
        return "the stored client secret can't be read with the present keys; enter it again"
    if len(row.client_secret) > _MAX_SECRET or not row.client_secret.isprintable():
        return "the client secret is too long, or not printable"
    if bool(row.client_id) != bool(row.client_secret):
        return "client id and client secret belong together"
    if provider.protocol == ProtocolName.SAML and not (row.tenant_id and row.client_id):
        return "with SAML, tenant id, client id and client secret of an app registration are needed"
    if provider.is_shared and row.tenant_id:
        return "above accounts the tenant is the token's"
    return ""
