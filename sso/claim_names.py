"""Which name a provider uses for which claim: presets by vendor, overridden per provider (J-1).

Reading them is the same job for both protocols: SAML attributes and OIDC claims are first brought to one form, a
mapping of names to tuples of text, and ``read_person`` picks what we know from it. Values that no column can hold (null
characters, lone surrogates, absurd lengths) are dropped here, with a warning (J-9).

Sources: Microsoft "SAML token claims reference" and "ID token claims reference"; Okta attribute statements have no
default names, the ones here are those that Okta's own guides tell admins to type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spaces.assignment import split_list
from sso.claims import ClaimWarning
from sso.models import ProtocolName, Vendor

Bag = Mapping[str, tuple[str, ...]]

_WS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
_MS = "http://schemas.microsoft.com/identity/claims"

ENTRA_GROUPS_URI = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"
ENTRA_GROUPS_LINK_URI = "http://schemas.microsoft.com/claims/groups.link"
ENTRA_OBJECT_ID_URI = f"{_MS}/objectidentifier"
ENTRA_TENANT_ID_URI = f"{_MS}/tenantid"

# What each claim may be called, first found wins. The plain names serve every vendor and protocol.
_PLAIN: dict[str, tuple[str, ...]] = {
    "email": ("email", "mail"),
    "user_name": ("user_name", "username"),
    "given_name": ("given_name", "givenName", "firstName", "first_name"),
    "family_name": ("family_name", "familyName", "lastName", "last_name", "sn"),
    "display_name": ("display_name", "displayName"),
    "phone": ("phone", "phone_number", "mobilePhone"),
    "timezone": ("timezone", "zoneinfo"),
    "space_name": ("space_name",),
    "space_role": ("space_role",),
    "groups": ("groups",),
    "role_mapping": ("role_mapping",),
    "external_id": ("external_id",),
    "tenant_id": (),
}
_OIDC: dict[str, tuple[str, ...]] = {"user_name": ("preferred_username",), "display_name": ("name",)}
_OIDC_VENDOR: dict[str, dict[str, tuple[str, ...]]] = {
    Vendor.ENTRA: {"external_id": ("oid",), "tenant_id": ("tid",)},
    Vendor.OKTA: {"external_id": ("sub",)},
    Vendor.GOOGLE: {"external_id": ("sub",)},
    Vendor.OTHER: {"external_id": ("sub",)},
}
_SAML_ENTRA: dict[str, tuple[str, ...]] = {
    "email": (f"{_WS}/emailaddress",),
    "user_name": (f"{_WS}/name", f"{_WS}/upn"),
    "given_name": (f"{_WS}/givenname",),
    "family_name": (f"{_WS}/surname",),
    "display_name": (f"{_MS}/displayname",),
    "phone": (f"{_WS}/mobilephone", f"{_WS}/telephonenumber"),
    "groups": (ENTRA_GROUPS_URI,),
    "external_id": (ENTRA_OBJECT_ID_URI,),
    "tenant_id": (ENTRA_TENANT_ID_URI,),
}
# What others send whose administrators keep the product's own names: ADFS (claim URIs), Keycloak's and Shibboleth's
# built-in mappers (OIDs), OneLogin and JumpCloud. After the plain names, so they only fill what would be absent.
_SAML_OTHER: dict[str, tuple[str, ...]] = {
    "email": (
        f"{_WS}/emailaddress",
        "urn:oid:0.9.2342.19200300.100.1.3",
        "urn:oid:1.2.840.113549.1.9.1",
        "Email",
        "User.email",
        "emailaddress",
    ),
    "user_name": (f"{_WS}/upn",),
    "given_name": (f"{_WS}/givenname", "urn:oid:2.5.4.42", "User.FirstName", "firstname"),
    "family_name": (f"{_WS}/surname", "urn:oid:2.5.4.4", "User.LastName", "lastname", "surname"),
    "groups": ("http://schemas.xmlsoap.org/claims/Group",),
}
CLAIMS = tuple(_PLAIN)  # the keys that a provider's `claim_names` may override

_LIMIT = 2_000  # characters of one value
_LIST_LIMIT = 200_000  # characters of one comma-separated list; the message itself is bounded as well
_MANY = 5_000  # values of one attribute
_SCALAR = str | int | float | bool
_UNUSABLE = "\x00"  # stands for what is no text, and is refused like any null character


def names_for(protocol: str, vendor: str, overrides: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return for each claim the names to look under; a provider's own name replaces all presets."""
    names = dict(_PLAIN)
    extra = dict(_OIDC) if protocol == ProtocolName.OIDC else {}
    presets = _OIDC_VENDOR[vendor] if protocol == ProtocolName.OIDC else {}
    if protocol == ProtocolName.SAML and vendor == Vendor.ENTRA:
        presets = _SAML_ENTRA
    others: dict[str, tuple[str, ...]] = {}
    if protocol == ProtocolName.SAML and vendor != Vendor.ENTRA:
        others = _SAML_OTHER
    for claim in names:
        names[claim] = (*presets.get(claim, ()), *extra.get(claim, ()), *names[claim], *others.get(claim, ()))
    names.update({claim: (name,) for claim, name in overrides.items() if claim in names and name})
    return names


@dataclass(frozen=True, slots=True)
class PersonClaims:
    """The claims that both protocols read alike; ``None`` is absent (J-10)."""

    email: str | None
    user_name: str | None
    given_name: str | None
    family_name: str | None
    display_name: str | None
    phone: str | None
    timezone: str | None
    external_id: str | None
    tenant_id: str | None
    space_names: tuple[str, ...] | None
    space_roles: tuple[str, ...] | None
    groups: tuple[str, ...] | None
    groups_cut: bool  # some could not be read: what is missing is unknown, as with overage (G-5)
    role_mapping: tuple[str, ...] | None
    warnings: tuple[ClaimWarning, ...]


def read_person(bag: Bag, names: Mapping[str, Sequence[str]]) -> PersonClaims:
    """Pick what we know from everything that the provider sent."""
    warnings: list[ClaimWarning] = []

    def sent(claim: str) -> tuple[str, ...] | None:
        return next((bag[name] for name in names[claim] if name in bag), None)

    def usable(claim: str, found: tuple[str, ...]) -> tuple[tuple[str, ...] | None, bool]:
        """Return what can be stored of ``found``, None when something came and nothing can, and whether that is all.

        What can't be read is not "none": taking it for an empty list would take everything away (J-9, J-10).
        """
        kept = tuple(value for value in found[:_MANY] if is_storable(value))
        whole = len(kept) == len(found)
        if not whole:
            warnings.append(ClaimWarning("value_unusable", f"{claim}: some values can't be stored"))
        return (kept if kept or not found else None), whole

    def values(claim: str) -> tuple[str, ...] | None:
        found = sent(claim)
        return None if found is None else usable(claim, found)[0]

    def text(claim: str) -> str | None:
        found = values(claim)
        if found is None:
            return None
        stripped = [value.strip() for value in found]
        if len(set(stripped)) > 1:
            warnings.append(
                ClaimWarning("value_repeated", f"{claim}: {len(stripped)} values, the first is taken")
            )
        return stripped[0] if stripped else ""

    def entries(claim: str) -> tuple[str, ...] | None:
        """Return the entries of a list; one that can't be stored keeps its position as an empty one (J-6)."""
        found = sent(claim)
        if found is None:
            return None
        split = split_list(tuple(value[:_LIST_LIMIT] for value in found[:_MANY]))
        kept = tuple(entry if is_storable(entry) else "" for entry in split)
        if kept != split:
            warnings.append(ClaimWarning("value_unusable", f"{claim}: some entries can't be stored"))
        return None if split and not any(kept) else kept

    groups, groups_whole = None, True
    groups_sent = sent("groups")
    if groups_sent is not None:
        groups, groups_whole = usable("groups", groups_sent)
    return PersonClaims(
        email=text("email"),
        user_name=text("user_name"),
        given_name=text("given_name"),
        family_name=text("family_name"),
        display_name=text("display_name"),
        phone=text("phone"),
        timezone=text("timezone"),
        external_id=text("external_id"),
        tenant_id=text("tenant_id"),
        space_names=entries("space_name"),
        space_roles=entries("space_role"),
        groups=None if groups is None else tuple(filter(None, (value.strip() for value in groups))),
        groups_cut=not groups_whole,
        role_mapping=values("role_mapping"),
        warnings=tuple(warnings),
    )


def as_bag(claims: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return JSON claims in the form of SAML attributes.

    A null alone is an absent claim. Inside a list, nulls and objects keep their position as an unusable value.
    """
    bag: dict[str, tuple[str, ...]] = {}
    for name, value in claims.items():
        if isinstance(value, list):
            bag[name] = tuple(_plain(item) if isinstance(item, _SCALAR) else _UNUSABLE for item in value)
        elif isinstance(value, _SCALAR):
            bag[name] = (_plain(value),)
    return bag


def _plain(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_storable(value: str) -> bool:
    """Tell whether a text fits into a column: PostgreSQL refuses null characters and lone surrogates."""
    if len(value) > _LIMIT or "\x00" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
