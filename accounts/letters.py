"""Mails to people in their own language."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import translation

from accounts.models import User


@contextmanager
def in_language_of(user: User) -> Iterator[None]:
    """Translate into the person's language; into the default one where we don't speak it."""
    try:
        language = translation.get_supported_language_variant(user.language or settings.LANGUAGE_CODE)
    except LookupError:
        language = settings.LANGUAGE_CODE
    with translation.override(language):
        yield
