"""Forms of the login pages. The hidden ``displayed`` says, signed, when the page was shown (L-6)."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class EmailForm(forms.Form):
    """First step: the work e-mail decides where to go (L-1)."""

    email = forms.EmailField(
        max_length=254,
        error_messages={
            "required": _("Enter your work e-mail."),
            "invalid": _("Enter a valid e-mail address."),
        },
    )
    next = forms.CharField(max_length=2000, required=False, widget=forms.HiddenInput)
    displayed = forms.CharField(max_length=200, required=False, widget=forms.HiddenInput)


class PasswordForm(forms.Form):
    """User name and password, where the policy allows them (L-2)."""

    user_name = forms.CharField(
        max_length=254, error_messages={"required": _("Enter your user name or e-mail.")}
    )
    password = forms.CharField(
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput,
        error_messages={"required": _("Enter your password.")},
    )
    next = forms.CharField(max_length=2000, required=False, widget=forms.HiddenInput)
    displayed = forms.CharField(max_length=200, required=False, widget=forms.HiddenInput)
