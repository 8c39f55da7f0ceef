"""``Claims`` as JSON and back, for parking an answer and for keeping the last claims of an identity (V-17, R-5)."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime
from typing import Any

from sso.claims import NO_SESSION, Claims, ClaimWarning, ProviderSession, SubjectSource

_TUPLES = ("space_names", "space_roles", "groups", "role_mapping")
_MOMENTS = ("issued_at", "not_on_or_after", "authenticated_at")
_NAMES = tuple(field.name for field in fields(Claims))
_SESSION_NAMES = tuple(field.name for field in fields(ProviderSession))
_WARNING_NAMES = tuple(field.name for field in fields(ClaimWarning))


def as_json(claims: Claims) -> dict[str, Any]:
    """Return the claims as values that JSON knows; moments as ISO 8601, tuples as lists."""
    plain = {name: getattr(claims, name) for name in _NAMES}
    for name in _TUPLES:
        plain[name] = None if plain[name] is None else list(plain[name])
    session = {name: getattr(claims.session, name) for name in _SESSION_NAMES}
    for name in _MOMENTS:
        session[name] = None if session[name] is None else session[name].isoformat()
    warnings = [{name: getattr(each, name) for name in _WARNING_NAMES} for each in claims.warnings]
    raw = {name: list(values) for name, values in claims.raw.items()}
    source = claims.subject_source.value
    return plain | {"session": session, "warnings": warnings, "raw": raw, "subject_source": source}


def dump(claims: Claims) -> str:
    """Return the claims as JSON text in ASCII, so that a lone surrogate in it can be stored."""
    return json.dumps(as_json(claims))


def load(text: str) -> Claims:
    """Return the claims that ``dump`` wrote; raises ``ValueError`` or ``KeyError`` on anything else."""
    data: dict[str, Any] = json.loads(text)
    session: dict[str, Any] = data["session"]
    for name in _MOMENTS:
        said = session.get(name)  # last claims that were kept before a field was added don't have it
        session[name] = None if said is None else datetime.fromisoformat(said)
    session["methods"] = tuple(session.get("methods", ()))
    for name in _TUPLES:
        data[name] = None if data[name] is None else tuple(data[name])
    data["session"] = ProviderSession(**session)
    data["subject_source"] = SubjectSource(data["subject_source"])
    data["warnings"] = tuple(ClaimWarning(**warning) for warning in data["warnings"])
    data["raw"] = {name: tuple(values) for name, values in data["raw"].items()}
    return Claims(**data)


def load_shown(text: str) -> Claims:
    """Return the claims that ``without_session_secrets`` left, with a session of which nothing is known."""
    nothing = {name: getattr(NO_SESSION, name) for name in _SESSION_NAMES}
    return load(json.dumps({**json.loads(text), "session": nothing}))


def without_session_secrets(claims: Claims) -> dict[str, Any]:
    """Return what an admin may see of the claims: everything but the provider's own session and tokens."""
    shown = as_json(claims)
    shown.pop("session")
    return shown
