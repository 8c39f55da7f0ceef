"""Secrets at rest: a model field that is cipher text in the database and plain text in Python.

Keys come from ``settings.BROKER_ENCRYPTION_KEYS``, newest first: the first encrypts, all decrypt (MultiFernet of
``cryptography``), so a key is rotated by putting a new one in front and saving rows again. A value that no key opens
raises ``SecretUnreadable`` instead of passing for empty: a lost key must not look like a missing client secret.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    _TextField = models.TextField[str, str]  # generic in the stubs only
else:
    _TextField = models.TextField


class SecretUnreadable(Exception):
    """A stored secret can't be decrypted with any configured key."""

    code = "secret.unreadable"


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    # Keys may be any text of enough entropy; Fernet wants exactly 32 bytes in URL-safe base64.
    return MultiFernet(
        [Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest())) for key in keys]
    )


def encrypt(plain: str) -> str:
    """Return ``plain`` encrypted and authenticated; "" stays ""."""
    if plain == "":
        return ""
    return _fernet(tuple(settings.BROKER_ENCRYPTION_KEYS)).encrypt(plain.encode()).decode()


def decrypt(cipher: str) -> str:
    """Return the plain text; raise ``SecretUnreadable`` when no key opens it or it was changed."""
    if cipher == "":
        return ""
    try:
        return _fernet(tuple(settings.BROKER_ENCRYPTION_KEYS)).decrypt(cipher.encode()).decode()
    except InvalidToken as error:
        raise SecretUnreadable("a stored secret can't be decrypted; check BROKER_ENCRYPTION_KEYS") from error


class EncryptedTextField(_TextField):
    """Text that is stored encrypted. It can't be searched by, which is the point."""

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt on the way to the database."""
        return value if value is None else encrypt(str(value))

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str | None:
        """Decrypt on the way out."""
        return value if value is None else decrypt(value)
