"""Forms of the login pages and My access. The hidden ``displayed`` says, signed, when the page was shown (L-6)."""

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


class AcceptInvitationForm(forms.Form):
    """What somebody invited says of themself (A-9); the validators are asked by ``sso.invitation``."""

    given_name = forms.CharField(max_length=150, error_messages={"required": _("Enter your given name.")})
    family_name = forms.CharField(max_length=150, error_messages={"required": _("Enter your family name.")})
    password = forms.CharField(
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput,
        error_messages={"required": _("Choose a password.")},
    )
    password_again = forms.CharField(
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput,
        error_messages={"required": _("Type the password once more.")},
    )

    def clean(self) -> dict[str, object]:
        """Compare what was typed twice."""
        cleaned: dict[str, object] = super().clean() or {}
        if (
            "password" in cleaned
            and cleaned.get("password_again", cleaned["password"]) != cleaned["password"]
        ):
            self.add_error("password_again", _("The two passwords are not the same."))
        return cleaned


class PersonalTokenForm(forms.Form):
    """What a new personal token is called and for how many days it is good (P-10)."""

    DAYS = (
        ("7", _("7 days")),
        ("30", _("30 days")),
        ("90", _("90 days")),
        ("365", _("1 year")),
    )

    name = forms.CharField(
        max_length=120,
        error_messages={"required": _("Say what the token is for, so that you know it again.")},
    )
    days = forms.ChoiceField(
        choices=DAYS, initial="90", error_messages={"invalid_choice": _("Choose a period.")}
    )


class RecoveryAddressForm(forms.Form):
    """A new recovery address (V-15)."""

    address = forms.EmailField(
        max_length=254,
        error_messages={
            "required": _("Enter an e-mail address."),
            "invalid": _("Enter a valid e-mail address."),
        },
    )


class NewPasswordForm(forms.Form):
    """A new password, typed twice (A-9); its strength is checked by the view, which knows whose it is."""

    password = forms.CharField(
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput,
        error_messages={"required": _("Enter a new password.")},
    )
    again = forms.CharField(
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput,
        error_messages={"required": _("Enter the new password again.")},
    )

    def clean_again(self) -> str:
        """Compare exactly."""
        again = str(self.cleaned_data["again"])
        if again != self.cleaned_data.get("password", again):
            raise forms.ValidationError(_("The two passwords differ."))
        return again


class CodeForm(forms.Form):
    """The second thing: a code of an app, or a recovery code (V-11)."""

    code = forms.CharField(max_length=40, error_messages={"required": _("Enter the code.")})


class NewAppForm(CodeForm):
    """An authenticator app that is being enrolled, proven by its first code."""

    name = forms.CharField(max_length=80, required=False)


class NewPasskeyForm(forms.Form):
    """A passkey that the browser made; the answer is JSON, read by ``sso.webauthn``."""

    passkey_name = forms.CharField(max_length=80, required=False)
    credential = forms.CharField(max_length=16_384, required=False, widget=forms.HiddenInput)


class ConfirmPasswordForm(forms.Form):
    """The password of who is signed in, once more, before something that lasts changes (V-15)."""

    password = forms.CharField(
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput,
        error_messages={"required": _("Enter your password.")},
    )
