"""Refuse passwords that are a common one in disguise: what length and Django's list of common passwords let through.

Twelve characters make almost every entry of that list too short by itself, so people write ``Password1234!``. Here the
disguise is taken off before the list is asked (NIST SP 800-63B §3.1.1.2 wants the comparison, and the product's name in
it). All of it is offline: no part of a password leaves the machine, not even of its hash.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

_LONGEST = 128  # characters that are looked at
_ADDED = 4  # characters around a common password that don't make it a good one
_SHORTEST = 6  # shorter words are in good passphrases, too
_UNIT = 6  # characters; what is only repeated counts once
_LEET = str.maketrans("013457@$!", "oieastasi")
_OUTSIDE = re.compile(r"\A[\W\d_]+|[\W\d_]+\Z")


class DisguisedPasswordValidator(CommonPasswordValidator):
    """A validator of ``AUTH_PASSWORD_VALIDATORS``; its error has the code ``password_disguised``."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ``ValidationError`` when a common password, the product's name or one short text is all there is."""
        if any(self._is_common(form) for form in _forms(password[:_LONGEST])):
            raise ValidationError(self.get_error_message(), code="password_disguised")

    def get_error_message(self) -> str:
        """Say what is wrong."""
        return _(
            "This password is a common one with little added. Three or four words at random make a better one."
        )

    def get_help_text(self) -> str:
        """Say what is wanted."""
        return _("Your password can't be a common one with digits or signs added.")

    def _is_common(self, form: str) -> bool:
        unit = _repeated(form)
        if len(unit) < len(form) and (len(unit) <= _UNIT or self._is_known(unit)):
            return True
        return any(self._is_known(part) for part in _most_of(form))

    def _is_known(self, text: str) -> bool:
        product = re.sub(r"\W", "", settings.BROKER_PRODUCT_NAME).casefold()
        return text in self.passwords or text == product


def _forms(password: str) -> Iterator[str]:
    """Yield the password as it compares: without what stands around it, and with signs read as letters."""
    plain = password.casefold()
    for form in (plain, plain.translate(_LEET)):
        yield form
        yield _OUTSIDE.sub("", form)
        yield re.sub(r"[\W_]", "", form)
    yield _OUTSIDE.sub("", plain).translate(_LEET)


def _repeated(form: str) -> str:
    """Return the shortest text of which ``form`` is a repetition."""
    at = (form + form).find(form, 1)
    return form[:at] if 0 < at < len(form) else form


def _most_of(form: str) -> Iterator[str]:
    """Yield the form itself and what is left of it without a few characters at the ends."""
    for cut in range(_ADDED + 1):
        for left in range(cut + 1):
            part = form[left : len(form) - (cut - left)]
            if len(part) >= _SHORTEST:
                yield part
