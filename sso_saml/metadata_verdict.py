"""What fetched metadata may change by itself, and what waits for an admin (V-1, V-22, V-23). Pure values.

Trust moves when the entity ID changes, when none of the keys that are trusted now is published any more, or when people
would be sent to a host that the provider did not have before. Such a change is held. A key beside a trusted one, a key
that is gone while a trusted one stays, another path on a known host: that is what refreshing is for.

An entity ID or all keys that changed hold everything else back too, for then it may not be the provider that speaks. A
new host holds back the endpoints only, so that a rollover of keys goes on while somebody thinks about the host. A draft
has never let anyone in and takes all of it; enabling it is an admin's click.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

SIGN_ON_URLS = ("sso_url", "sso_post_url")
LOGOUT_URLS = ("slo_url", "slo_response_url")
_PORTS = {"https": 443, "http": 80}
_ENDPOINTS = frozenset({*SIGN_ON_URLS, *LOGOUT_URLS, "slo_binding", "request_binding"})


class HoldReason(StrEnum):
    """Why a change waits."""

    ENTITY_ID = "metadata.entity_id_changed"
    KEYS = "metadata.all_keys_replaced"
    SIGN_ON_HOST = "metadata.sign_on_host_changed"
    LOGOUT_HOST = "metadata.logout_host_changed"


@dataclass(frozen=True, slots=True)
class Saved:
    """What is trusted now. ``keys`` and ``certificates`` are digests of public keys and of certificates."""

    values: Mapping[str, Any]  # by the names of SamlValues, without certificates
    keys: frozenset[str]
    certificates: frozenset[str]
    is_draft: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What the metadata says, in the same terms; ``pems`` are the texts of ``certificates``."""

    values: Mapping[str, Any]
    keys: frozenset[str]
    certificates: frozenset[str]
    pems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """``applied`` and ``held`` are new values by the names of ``SamlValues``, only those that differ."""

    applied: Mapping[str, Any]
    held: Mapping[str, Any]
    reasons: tuple[HoldReason, ...]

    @property
    def digest(self) -> str:
        """Tells whether the same is held as the last time."""
        return hashlib.sha256(json.dumps(dict(self.held), sort_keys=True).encode()).hexdigest()


def judge(saved: Saved, found: Found, *, hold: bool = True) -> Verdict:
    """Part what differs into what is applied and what is held; ``hold`` False applies all of it."""
    news: dict[str, Any] = {
        name: value for name, value in found.values.items() if (saved.values.get(name) or "") != (value or "")
    }
    if found.certificates != saved.certificates:
        news["certificates"] = list(found.pems)
    reasons = _reasons(saved, found) if hold and not saved.is_draft else ()
    if {HoldReason.ENTITY_ID, HoldReason.KEYS} & set(reasons):
        held: Collection[str] = news
    elif reasons:
        held = _ENDPOINTS & set(news)
    else:
        held = ()
    return Verdict(
        applied={name: value for name, value in news.items() if name not in held},
        held={name: value for name, value in news.items() if name in held},
        reasons=reasons,
    )


def _reasons(saved: Saved, found: Found) -> tuple[HoldReason, ...]:
    reasons = []
    before = saved.values.get("idp_entity_id")
    if before and found.values.get("idp_entity_id") != before:
        reasons.append(HoldReason.ENTITY_ID)
    if saved.keys and not saved.keys & found.keys:
        reasons.append(HoldReason.KEYS)
    known = _origins(saved.values, (*SIGN_ON_URLS, *LOGOUT_URLS))
    if known:
        if not _origins(found.values, SIGN_ON_URLS) <= known:
            reasons.append(HoldReason.SIGN_ON_HOST)
        if not _origins(found.values, LOGOUT_URLS) <= known:
            reasons.append(HoldReason.LOGOUT_HOST)
    return tuple(reasons)


def _origins(values: Mapping[str, Any], names: Collection[str]) -> frozenset[tuple[str, str, int | None]]:
    parts = (urlsplit(url) for name in names if (url := values.get(name)))
    return frozenset(
        (part.scheme, part.hostname or "", part.port or _PORTS.get(part.scheme)) for part in parts
    )
