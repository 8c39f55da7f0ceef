"""``Claims`` as JSON and back, for parking an answer and for keeping the last claims of an identity (V-17, R-5)."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sso.claims import Claims, ClaimWarning, ProviderSession, SubjectSource

_TUPLES = ("space_names", "space_roles", "groups", "role_mapping")
_MOMENTS = ("not_on_or_after", "authenticated_at")


def dump(claims: Claims) -> str:
    """Return the claims as JSON text in ASCII, so that a lone surrogate in it can be stored; moments as ISO 8601."""
    return json.dumps(asdict(claims), default=_moment)


def load(text: str) -> Claims:
    """Return the claims that ``dump`` wrote; raises ``ValueError`` or ``KeyError`` on anything else."""
    data: dict[str, Any] = json.loads(text)
    session: dict[str, Any] = data["session"]
    for name in _MOMENTS:
        session[name] = None if session[name] is None else datetime.fromisoformat(session[name])
    session["methods"] = tuple(session.get("methods", ()))
    for name in _TUPLES:
        data[name] = None if data[name] is None else tuple(data[name])
    data["session"] = ProviderSession(**session)
    data["subject_source"] = SubjectSource(data["subject_source"])
    data["warnings"] = tuple(ClaimWarning(**warning) for warning in data["warnings"])
    data["raw"] = {name: tuple(values) for name, values in data["raw"].items()}
    return Claims(**data)


def _moment(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in claims")


def without_session_secrets(claims: Claims) -> dict[str, Any]:
    """Return what an admin may see of the claims: everything but the provider's own session and tokens."""
    shown: dict[str, Any] = json.loads(dump(claims))
    shown.pop("session")
    return shown
