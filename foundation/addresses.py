"""What counts as an e-mail address."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email


def is_address(text: str) -> bool:
    """Tell whether ``text`` is one e-mail address, without a name or blanks around it."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
