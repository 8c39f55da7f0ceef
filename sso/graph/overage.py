"""Put the whole list of groups where a provider said only that there are too many (G-5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from foundation.encryption import SecretUnreadable
from foundation.http import Deadline
from sso import outbound
from sso.claim_names import ENTRA_OBJECT_ID_URI, ENTRA_TENANT_ID_URI
from sso.claims import Claims, ClaimWarning
from sso.graph.client import GUID, GraphCredentials, GraphFailure, GroupReader, with_secret
from sso.graph.clouds import cloud_of
from sso.models import GraphAccess, IdentityProvider, ProtocolName, Vendor
from sso.private_networks import allow_list_of

PURPOSE = "graph"  # a circuit of its own: Graph being down ends no sign-in
_NAMES = {
    ProtocolName.OIDC: ("tid", "oid"),
    ProtocolName.SAML: (ENTRA_TENANT_ID_URI, ENTRA_OBJECT_ID_URI),
}


@dataclass(frozen=True, slots=True)
class AskedBy:
    """How a protocol asks: the provider's own address, its own credentials if it has any, and how long it may last.

    ``own`` may raise ``SecretUnreadable``, which is a reason not to ask and none to refuse the sign-in.
    """

    address: str
    own: Callable[[], GraphCredentials | None] = lambda: None
    deadline: Deadline | None = None


def resolve_overage(provider: IdentityProvider, claims: Claims, asked: AskedBy) -> Claims:
    """Return the claims with all groups from Microsoft Graph, or as they were with a warning that says why not.

    Call it after the browser proved itself (V-17) and before planning. Nothing is asked where nothing is missing, where
    groups are not synchronized, or where nobody gave us access.
    """
    if not claims.groups_overage or provider.vendor != Vendor.ENTRA or not provider.group_sync:
        return claims
    access = GraphAccess.objects.filter(provider=provider).first()
    if access is None:
        return claims  # the planner warns of the overage itself
    try:
        groups = _read(provider, claims, access, asked)
    except GraphFailure as failure:
        return _with(claims, ClaimWarning("groups_overage_unresolved", failure.reason))
    found = ClaimWarning("groups_from_graph", f"{len(groups)} groups were read from Microsoft Graph")
    return replace(_with(claims, found), groups=groups, groups_overage=False)


def _read(provider: IdentityProvider, claims: Claims, access: GraphAccess, asked: AskedBy) -> tuple[str, ...]:
    cloud = cloud_of(asked.address, allow_list_of(provider))
    if cloud is None:
        raise GraphFailure("the provider's address is none of Microsoft's")
    tenant, object_id = _named(provider, claims)
    if access.tenant_id and access.tenant_id != tenant:
        raise GraphFailure("the person is of another tenant than the one that access was given for")
    if cloud.is_microsoft and f"/{tenant}/" not in f"{claims.issuer}/":
        raise GraphFailure("the tenant is not the issuer's")
    credentials = _credentials(access, asked)
    reader = GroupReader(
        outbound.http(provider, PURPOSE), cloud, tenant, credentials, asked.deadline or Deadline()
    )
    return reader.groups_of(object_id, all_groups=access.all_groups)


def _credentials(access: GraphAccess, asked: AskedBy) -> GraphCredentials:
    try:
        found = with_secret(access.client_id, access.client_secret) if access.client_id else asked.own()
    except SecretUnreadable as error:
        raise GraphFailure(str(error)) from None
    if found is None:
        raise GraphFailure("the provider has no credentials of its own")
    return found


def _named(provider: IdentityProvider, claims: Claims) -> tuple[str, str]:
    """Return tenant and object id as Entra itself sent them, whatever claims an admin mapped to something else."""
    found = []
    for name in _NAMES[ProtocolName(provider.protocol)]:
        values = {value.strip().lower() for value in claims.raw.get(name, ())}
        value = values.pop() if len(values) == 1 else ""
        if not GUID.fullmatch(value):
            raise GraphFailure(f"the provider sent no usable {name}")
        found.append(value)
    return found[0], found[1]


def _with(claims: Claims, warning: ClaimWarning) -> Claims:
    return replace(claims, warnings=(*claims.warnings, warning))
