"""Which claims the page offers, and what a person's own values of them are.

A claim's value is a tuple of texts or None: ``None`` leaves the claim out, ``()`` and ``("",)`` send it
empty. On the page a claim that may have several values is a text area with one value per line (a comma stays
part of its value, so ``Trial,DevOps`` is one text and two lines are two values).

``Selection`` is what the page yields: the neutral input of ``dialects.py`` for both protocols.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from simulator.config import Directory, Person, Values, Vendor
from simulator.errors import Refused


@dataclass(frozen=True)
class ClaimField:
    """One row of the page. ``name`` is the form field; ``many`` allows several lines."""

    name: str
    label: str
    many: bool = False
    hint: str = ""


FIELDS = (
    ClaimField("user_name", "User name", hint="UPN or login"),
    ClaimField("email", "E-mail"),
    ClaimField("given_name", "Given name"),
    ClaimField("family_name", "Family name"),
    ClaimField("display_name", "Display name"),
    ClaimField("space_name", "space_name", many=True, hint="comma-separated, or one per line"),
    ClaimField("space_role", "space_role", many=True, hint="comma-separated, or one per line"),
    ClaimField("groups", "groups", many=True, hint="one per line"),
    ClaimField("timezone", "timezone"),
    ClaimField("role_mapping", "role_mapping", many=True, hint="one per line"),
)
ENTRA_FIELDS = (
    ClaimField("object_id", "Object id", hint="oid; the subject stays the person's own"),
    ClaimField("tenant_id", "Tenant id", hint="tid"),
)
CUSTOM = ("space_name", "space_role", "timezone", "role_mapping")


@dataclass(frozen=True)
class Selection:
    """Who signs in and what is said about them.

    ``session_minutes``: length of the identity provider's session, or None to say nothing. ``sign``,
    ``name_id_format`` and ``name_id`` concern SAML only (None: as the dialect does); ``thin_id_token`` OpenID
    Connect only.
    """

    person: Person
    claims: Mapping[str, Values]
    extra: Mapping[str, object]
    overage: bool = False
    session_minutes: int | None = None
    sign: str | None = None
    name_id_format: str | None = None
    name_id: str | None = None
    thin_id_token: bool = False


def fields_of(vendor: Vendor) -> tuple[ClaimField, ...]:
    """The rows for a vendor: object id and tenant id exist as claims at Entra only."""
    return FIELDS + ENTRA_FIELDS if vendor is Vendor.ENTRA else FIELDS


def own_claims(directory: Directory, person: Person) -> dict[str, Values]:
    """The person's claims as the directory has them; groups by id at Entra, by name elsewhere."""
    groups = person.groups
    if groups is not None and directory.vendor is not Vendor.ENTRA:
        groups = tuple(directory.group_name(group) for group in groups)
    single = {
        "user_name": person.user_name,
        "email": person.email,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "display_name": person.display_name,
        "object_id": person.id,
        "tenant_id": directory.tenant_id,
    }
    claims: dict[str, Values] = {name: None if value is None else (value,) for name, value in single.items()}
    claims["groups"] = groups
    for name in CUSTOM:
        claims[name] = person.claims.get(name)
    return {field.name: claims[field.name] for field in fields_of(directory.vendor)}


def to_text(values: Values) -> str:
    """As the form field shows it."""
    return "\n".join(values or ())


def from_text(text: str, many: bool) -> tuple[str, ...]:
    """As the form field was filled in; a blank line is an empty value that keeps its position (J-6)."""
    if not many:
        return (text,)
    if text == "":
        return ()
    return tuple(text.removesuffix("\n").split("\n"))


def extra_to_text(extra: Mapping[str, object]) -> str:
    """``name=value`` lines; anything that is not plain text as JSON."""
    return "\n".join(f"{name}={_extra_value(value)}" for name, value in extra.items())


def _extra_value(value: object) -> str:
    return value if isinstance(value, str) and isinstance(_json_or_text(value), str) else json.dumps(value)


def extra_from_text(text: str) -> dict[str, object]:
    """Read ``name=value`` lines. A value that is JSON is taken as such; a repeated name becomes a list.

    >>> extra_from_text('email_verified=false\\ncity=Berlin')
    {'email_verified': False, 'city': 'Berlin'}
    """
    extra: dict[str, object] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        name, sign, value = line.partition("=")
        if not sign or not name.strip():
            raise Refused("AADSTS90013", f"A line of the further claims is not name=value: {line[:80]!r}")
        _add(extra, name.strip(), _json_or_text(value))
    return extra


def _add(extra: dict[str, object], name: str, value: object) -> None:
    if name not in extra:
        extra[name] = value
        return
    known = extra[name]
    extra[name] = [*(known if isinstance(known, list) else [known]), value]


def _json_or_text(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        return value
