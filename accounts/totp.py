"""Codes of an authenticator app (TOTP, RFC 6238): SHA-1, six digits, 30 seconds, which is what every app can do.

The code itself is made by ``cryptography``. Here is what a relying party adds: which time steps are taken, and the
address that an app reads the secret from.
"""

from __future__ import annotations

import base64
import re
import secrets
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

STEP_SECONDS = 30
DIGITS = 6
_SECRET_BYTES = 20  # RFC 4226 §4, R6
_DRIFT = 1  # steps to either side (RFC 6238 §5.2)
_CODE = re.compile(rf"[0-9]{{{DIGITS}}}")


def new_secret() -> str:
    """Return 160 random bits in Base32, without padding."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def code_at(secret: str, step: int) -> str:
    """Return the code of one time step."""
    generator = TOTP(base64.b32decode(secret), DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303 -- RFC 6238's default
    return generator.generate(step * STEP_SECONDS).decode()


def step_of(secret: str, code: str, *, now: float, after: int = -1) -> int | None:
    """Return the time step that ``code`` belongs to, None when it is wrong or not newer than the step ``after``.

    ``now`` in seconds of Unix time. A step that was used once is never taken again, nor an older one (RFC 6238 §5.2).
    """
    typed = re.sub(r"[\s-]", "", code)
    if not _CODE.fullmatch(typed):
        return None
    present = int(now) // STEP_SECONDS
    found = None
    for step in range(present - _DRIFT, present + _DRIFT + 1):
        if step > after and bytes_eq(code_at(secret, step).encode(), typed.encode()):
            found = step
    return found


def address(secret: str, *, issuer: str, label: str) -> str:
    """Return the ``otpauth:`` address that an app on the same device opens."""
    query = urlencode(
        {"secret": secret, "issuer": issuer, "digits": DIGITS, "period": STEP_SECONDS}, quote_via=quote
    )
    return f"otpauth://totp/{quote(issuer, safe='')}:{quote(label, safe='')}?{query}"


def grouped(secret: str) -> str:
    """Return the secret in groups of four, as people type it."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
