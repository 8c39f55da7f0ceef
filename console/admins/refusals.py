"""A refusal of the floors below, shown to the admin who tried (V-8, design rule 2).

Functions of ``accounts.lifecycle`` and its like raise ``Refused`` from inside their transaction. The admin lets that
roll back, audits the refusal, and then shows its sentence: on the form that was being saved, or as a message.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django import forms
from django.contrib import messages
from django.http import HttpRequest

from audit.refusals import Refused, audit_refusal

_ATTRIBUTE = "_console_refusal"


def remember(request: HttpRequest, refusal: Refused) -> None:
    """Audit a refusal after its rollback and keep its sentence for the form that is drawn again."""
    audit_refusal(refusal)
    setattr(request, _ATTRIBUTE, refusal.message)


def remembered(request: HttpRequest) -> str:
    """Return the sentence to show on this form, "" when nothing was refused."""
    return str(getattr(request, _ATTRIBUTE, ""))


def tell(request: HttpRequest, refusal: Refused) -> None:
    """Audit a refusal after its rollback and show its sentence as a message."""
    audit_refusal(refusal)
    messages.error(request, refusal.message)


@contextmanager
def as_message(request: HttpRequest) -> Iterator[None]:
    """Turn a refusal inside the block into an audited error message; the block owns its transaction."""
    try:
        yield
    except Refused as refusal:
        tell(request, refusal)


class RefusableForm(forms.ModelForm):  # type: ignore[type-arg]  # made for each model by the admin
    """The form of every admin: one that the floors below refused is drawn again with the reason on top.

    ``refusal`` is set on the class, which the admin makes for each request.
    """

    refusal = ""

    def clean(self) -> dict[str, object] | None:
        """Fail with what was refused a moment ago, so that nothing is tried twice."""
        cleaned = super().clean()
        if self.refusal:
            raise forms.ValidationError(self.refusal, code="refused")
        return cleaned
