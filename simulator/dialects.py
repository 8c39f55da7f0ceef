"""How each vendor words what a ``Selection`` says: SAML attributes and OpenID Connect claims.

Entra sends long claim URIs and group object ids, omits the list of groups when it is too long and points to a
directory API instead ("overage"); its ``sub`` is pairwise and ``oid``/``tid`` need scope ``profile``. Okta
sends short names and group names, marks the e-mail as verified, and its ``sub`` is the user's id. Custom
claims are plain-named everywhere.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from simulator.claims import CUSTOM, Selection
from simulator.config import Directory, Values, Vendor
from simulator.errors import Refused

_WS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_MS = "http://schemas.microsoft.com/identity/claims/"
GROUPS_URI = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"
GROUPS_LINK_URI = "http://schemas.microsoft.com/claims/groups.link"
NAME_FORMAT_BASIC = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"

ENTRA_SAML = {
    "tenant_id": _MS + "tenantid",
    "object_id": _MS + "objectidentifier",
    "display_name": _MS + "displayname",
    "given_name": _WS + "givenname",
    "family_name": _WS + "surname",
    "email": _WS + "emailaddress",
    "user_name": _WS + "name",
    "groups": GROUPS_URI,
}
OKTA_SAML = {
    "email": "email",
    "given_name": "firstName",
    "family_name": "lastName",
    "display_name": "displayName",
    "groups": "groups",
}
GENERIC_SAML = {name: name for name in ("email", "given_name", "family_name", "display_name", "groups")}
SAML_NAMES: Mapping[Vendor, Mapping[str, str]] = {
    Vendor.ENTRA: ENTRA_SAML,
    Vendor.OKTA: OKTA_SAML,
    Vendor.GENERIC: GENERIC_SAML,
}

PROFILE_CLAIMS = {
    "display_name": "name",
    "user_name": "preferred_username",
    "given_name": "given_name",
    "family_name": "family_name",
}
ENTRA_IDENTITY_CLAIMS = {"object_id": "oid", "tenant_id": "tid"}
# Set by the protocol; a free further claim may not replace them.
PROTOCOL_CLAIMS = frozenset(
    {"iss", "aud", "exp", "iat", "nbf", "nonce", "sub", "azp", "at_hash", "c_hash", "s_hash"}
)

# Entra lists no more groups than this and sends an overage claim instead.
ENTRA_SAML_GROUPS = 150
ENTRA_TOKEN_GROUPS = 200
ENTRA_FRONT_CHANNEL_GROUPS = 6


class Channel(StrEnum):
    """Where OpenID Connect claims travel."""

    FRONT = "front"
    TOKEN = "token"
    USERINFO = "userinfo"


@dataclass(frozen=True)
class Attribute:
    """One SAML attribute; no values at all is a present, empty attribute."""

    name: str
    values: tuple[str, ...]
    name_format: str | None = None


def pairwise(*parts: str) -> str:
    """A stable opaque identifier that differs per application (43 characters, base64url)."""
    digest = hashlib.sha256("\x00".join(parts).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def subject(directory: Directory, client_id: str, selection: Selection) -> str:
    """``sub``: pairwise at Entra, the person's id elsewhere."""
    if directory.vendor is Vendor.ENTRA:
        return pairwise(directory.tenant_id, client_id, selection.person.id)
    return selection.person.id


def saml_attributes(directory: Directory, selection: Selection) -> list[Attribute]:
    """The attribute statement's content, in a stable order."""
    names = SAML_NAMES[directory.vendor]
    name_format = NAME_FORMAT_BASIC if directory.vendor is Vendor.OKTA else None
    found: dict[str, tuple[str, ...]] = {}
    if directory.vendor is Vendor.ENTRA:
        found[_MS + "identityprovider"] = (f"https://sts.windows.net/{directory.tenant_id}/",)
        found["http://schemas.microsoft.com/claims/authnmethodsreferences"] = (
            "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password",
        )
    for claim, values in selection.claims.items():
        name = claim if claim in CUSTOM else names.get(claim)
        if name is None or values is None:
            continue
        if claim == "groups" and _overage(directory, selection, values, ENTRA_SAML_GROUPS):
            found[GROUPS_LINK_URI] = (_graph_url(directory, selection),)
        else:
            found[name] = values if values or claim == "groups" else ("",)
    for name, value in selection.extra.items():
        found[name] = tuple(_text(item) for item in value) if isinstance(value, list) else (_text(value),)
    return [Attribute(name, values, name_format) for name, values in found.items()]


def oidc_claims(
    directory: Directory, selection: Selection, scopes: frozenset[str], channel: Channel
) -> dict[str, object]:
    """The claims about the person for an ID token or userinfo, without the protocol's own."""
    claims = _identity_claims(directory, selection, scopes)
    if channel is not Channel.USERINFO and selection.thin_id_token:
        return claims
    claims |= _contact_claims(directory, selection, scopes)
    if channel is Channel.USERINFO and directory.vendor is Vendor.ENTRA and not selection.thin_id_token:
        return claims
    claims |= _group_claims(directory, selection, channel)
    for name in CUSTOM:
        values = selection.claims.get(name)
        if values is not None:
            claims[name] = list(values) if len(values) > 1 else "".join(values)
    return {**claims, **selection.extra}


def refuse_protocol_claims(selection: Selection) -> None:
    """Raises ``Refused`` when a further claim would replace one of the protocol's own."""
    for name in sorted(PROTOCOL_CLAIMS & set(selection.extra)):
        raise Refused("AADSTS90013", f"The further claim {name} belongs to the protocol and cannot be set.")


def _identity_claims(directory: Directory, selection: Selection, scopes: frozenset[str]) -> dict[str, object]:
    if directory.vendor is not Vendor.ENTRA or "profile" not in scopes:
        return {}
    return _single(selection, ENTRA_IDENTITY_CLAIMS)


def _contact_claims(directory: Directory, selection: Selection, scopes: frozenset[str]) -> dict[str, object]:
    claims: dict[str, object] = {}
    if "profile" in scopes:
        claims |= _single(selection, PROFILE_CLAIMS)
    if "email" in scopes:
        claims |= _single(selection, {"email": "email"})
        if "email" in claims and directory.vendor is not Vendor.ENTRA:
            claims["email_verified"] = True
    return claims


def _group_claims(directory: Directory, selection: Selection, channel: Channel) -> dict[str, object]:
    values = selection.claims.get("groups")
    if values is None and not selection.overage:
        return {}
    front = channel is Channel.FRONT
    if _overage(
        directory, selection, values or (), ENTRA_FRONT_CHANNEL_GROUPS if front else ENTRA_TOKEN_GROUPS
    ):
        if front:
            return {"hasgroups": True}
        endpoint = {"endpoint": _graph_url(directory, selection)}
        return {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": endpoint}}
    return {} if values is None else {"groups": list(values)}


def _overage(directory: Directory, selection: Selection, values: tuple[str, ...], limit: int) -> bool:
    return directory.vendor is Vendor.ENTRA and (selection.overage or len(values) > limit)


def _graph_url(directory: Directory, selection: Selection) -> str:
    """The retired address that Entra still sends; a relying party must not call it."""
    return f"https://graph.windows.net/{directory.tenant_id}/users/{selection.person.id}/getMemberObjects"


def _single(selection: Selection, names: Mapping[str, str]) -> dict[str, object]:
    """Claims of one text each."""
    found: dict[str, Values] = {name: selection.claims.get(claim) for claim, name in names.items()}
    return {name: "".join(values) for name, values in found.items() if values is not None}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
