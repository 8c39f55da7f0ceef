"""Good claims, what is expected of them, and a validation that tests can spoil in one place at a time."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sso_oidc.errors import OidcRefusal
from sso_oidc.keys import SigningKeys, read_keys
from sso_oidc.tokens import ExpectedToken, IdToken, validate_id_token
from tests.sso_oidc.misbehaving_provider import CLIENT_ID, NONCE, RSA, public

ISSUER = "https://login.example"
NOW = datetime.now(UTC)
SECONDS = int(NOW.timestamp())


def keys_of(document: dict[str, Any]) -> SigningKeys:
    return read_keys(json.dumps(document).encode())


KEYS = keys_of(public(RSA))


def claims(**changes: Any) -> dict[str, Any]:
    good = {
        "iss": ISSUER,
        "sub": "person-1",
        "aud": CLIENT_ID,
        "iat": SECONDS,
        "exp": SECONDS + 300,
        "nonce": NONCE,
        **changes,
    }
    return {name: value for name, value in good.items() if value is not ...}


def expected(**changes: Any) -> ExpectedToken:
    return replace(ExpectedToken(issuer=ISSUER, client_id=CLIENT_ID, nonce=NONCE, now=NOW), **changes)


def validate(raw: str, keys: SigningKeys = KEYS, **changes: Any) -> IdToken:
    return validate_id_token(raw, keys=keys, expected=expected(**changes))


def refusal(call: Callable[[], object]) -> OidcRefusal:
    with pytest.raises(OidcRefusal) as caught:
        call()
    return caught.value
