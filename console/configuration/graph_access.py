"""A provider's access to Microsoft Graph (G-5, V-23)."""

from __future__ import annotations

from console.configuration.run import Run
from console.configuration.schema import GraphPart
from sso.graph.access import GraphValues, access_of, remove_graph_access, save_graph_access
from sso.models import IdentityProvider


def apply_graph(run: Run, label: str, provider: IdentityProvider, part: GraphPart) -> None:
    """Switch it on, change it, or switch it off; after the protocol's settings, whose change clears it (V-23)."""
    before = access_of(provider)
    with run.at(part.place):
        if not part.enabled:
            if remove_graph_access(provider=provider, actor=run.actor):
                run.difference.changed(label, "graph", "on", "off")
            return
        values = GraphValues(
            tenant_id=part.tenant_id,
            client_id=part.client_id,
            client_secret=part.client_secret,
            all_groups=part.all_groups,
        )
        changed = save_graph_access(provider=provider, actor=run.actor, values=values)
        if before is None:
            run.difference.changed(label, "graph", "off", "on")
        for name in sorted(changed - {"client_secret", "graph_access"}):
            run.difference.changed(
                label,
                f"graph.{name}",
                None if before is None else getattr(before, name),
                getattr(values, name),
            )
        if "client_secret" in changed:
            run.difference.secret(
                label, "graph.client_secret", "changed" if part.client_secret else "cleared"
            )
