"""Secrets at rest: a model field that is cipher text in the database and plain text in Python.

Keys come from ``settings.BROKER_ENCRYPTION_KEYS``, newest first: the first encrypts, all decrypt (MultiFernet of
``cryptography``), so a key is rotated by putting a new one in front and saving rows again. A value that no key opens
raises ``SecretUnreadable`` instead of passing for empty: a lost key must not look like a missing client secret.

It raises where the value is used, not where its row is read: a lost key of one provider's secret must close neither the
page on which an admin enters it again, nor every signed-in request that reads a session. Until then the cipher text
stays what it is, also when the row is saved, since the key may come back. ``is_unreadable`` and ``is_stored`` ask
without raising.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models
from django.db.models.query_utils import DeferredAttribute

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
        raise _unreadable("a stored secret") from error


@dataclass(frozen=True, slots=True)
class Unreadable:
    """In the place of a value that no key opens. It is no text, so that nothing can take it for one."""

    cipher: str = field(repr=False)


class SecretAttribute(DeferredAttribute):
    """The attribute of an ``EncryptedTextField``: the plain text, or ``SecretUnreadable``."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        """Return the plain text of the instance's value."""
        value = super().__get__(instance, cls)
        if isinstance(value, Unreadable):
            raise _unreadable(f"{instance._meta.label}.{self.field.attname}")
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        """Keep what ``__get__`` looks at; a descriptor that only gets would be passed over."""
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(_TextField):
    """Text that is stored encrypted. It can't be searched by, which is the point."""

    descriptor_class = SecretAttribute

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt on the way to the database; what couldn't be read goes back as it came."""
        if isinstance(value, Unreadable):
            return value.cipher
        return value if value is None else encrypt(str(value))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Return the value to save, without asking for its plain text."""
        return _held(model_instance, self.attname)

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Any:
        """Decrypt on the way out."""
        try:
            return value if value is None else decrypt(value)
        except SecretUnreadable:
            return Unreadable(value or "")


def is_unreadable(row: models.Model, name: str) -> bool:
    """Tell whether the encrypted field ``name`` of a row holds what no present key opens."""
    try:
        return isinstance(_held(row, name), Unreadable)
    except SecretUnreadable:  # it was deferred
        return True


def is_stored(row: models.Model, name: str) -> bool:
    """Tell whether the encrypted field ``name`` of a row holds anything, readable or not."""
    try:
        return bool(_held(row, name))
    except SecretUnreadable:
        return True


def _held(row: models.Model, name: str) -> Any:
    held = vars(row)
    return held[name] if name in held else getattr(row, name)  # a deferred one is fetched


def _unreadable(what: str) -> SecretUnreadable:
    return SecretUnreadable(f"{what} can't be decrypted; check BROKER_ENCRYPTION_KEYS")
