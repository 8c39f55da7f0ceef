"""On an OpenID Connect provider's page: where its answers come to, and an operator's permission for it (O-2, V-20).

Operators permit the paths that providers share, provider by provider, and choose one. While there is a permission, the
account's SSO account admins may choose too; without it they only read that there is none.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from accounts.privilege import Authority, authority_of
from audit.actors import Actor
from sso.models import IdentityProvider
from sso_oidc import outbound
from sso_oidc.authorization import Flow
from sso_oidc.configuration import settings_of
from sso_oidc.models import OidcSettings
from sso_oidc.models.settings import CallbackPath

FIELDS = ("shared_callback", "callback_path")


def offered(provider: IdentityProvider, *, is_operator: bool) -> tuple[str, ...]:
    """Return which of the fields somebody gets who may change the provider."""
    if is_operator:
        return FIELDS
    return ("callback_path",) if settings_of(provider).shared_callback else ()


class CallbackFields(forms.Form):
    """The permission, and the path."""

    shared_callback = forms.BooleanField(
        label=gettext_lazy("Permit the shared callback paths"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=gettext_lazy(
            "Only for an application at the provider that can't be given another redirect URI. On a shared path the "
            "provider must name itself: by the flow hybrid, or by the parameter iss (RFC 9207)."
        ),
    )
    callback_path = forms.ChoiceField(
        label=gettext_lazy("Callback path"),
        choices=CallbackPath.choices,
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy(
            "The redirect URI to copy follows from it. Enter the new one at the provider before you save another path "
            "here: sign-ins under way end."
        ),
    )


class CallbackFormPart(CallbackFields):
    """Mixed into the form, before ``ProviderForm``; ``oidc`` is the settings' row."""

    actor: Actor
    instance: IdentityProvider
    oidc: OidcSettings

    def begin_callback(self) -> None:
        """Leave out what isn't this person's to decide, and show what is there."""
        is_operator = authority_of(self.actor, self.instance.account_id) >= Authority.OPERATOR
        kept = offered(self.instance, is_operator=is_operator)
        for name in FIELDS:
            if name in kept:
                self.initial[name] = getattr(self.oidc, name)
            else:
                self.fields.pop(name, None)

    def clean_callback(self) -> None:
        """Look at what belongs together; for the form's own ``clean``."""
        path = self.cleaned_data.get("callback_path") or CallbackPath.OWN
        if "callback_path" not in self.fields or path == CallbackPath.OWN:
            return
        if "shared_callback" in self.fields and not self.cleaned_data.get("shared_callback"):
            self.add_error("callback_path", _("A shared path needs the permission above it."))
        elif self.cleaned_data.get("flow") == Flow.CODE and not self._names_itself():
            self.add_error(
                "callback_path",
                _(
                    "This provider doesn't name itself in its answers (iss), so a shared path needs the flow hybrid."
                ),
            )

    def _names_itself(self) -> bool:
        """Tell whether the discovery document, as it was last read, promises ``iss``; unread, it may."""
        kept = outbound.discovery(self.instance).kept_metadata(
            str(self.cleaned_data.get("issuer") or ""), allow_template_issuer=self.instance.is_shared
        )
        return kept is None or kept[0].iss_parameter_supported

    def callback_values(self) -> dict[str, Any]:
        """Return what was changed, for ``OidcValues``. An operator's two belong together."""
        given = {name: self.cleaned_data[name] for name in FIELDS if name in self.fields}
        if given.get("callback_path") == "":
            given["callback_path"] = self.oidc.callback_path
        return given if any(value != getattr(self.oidc, name) for name, value in given.items()) else {}
