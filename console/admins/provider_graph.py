"""Access to Microsoft Graph on an Entra provider's page, for people in too many groups for a token (G-5, V-8, V-23).

The form part is mixed into both protocols' forms; its fields are there for Entra alone. With OpenID Connect nothing but
the switch is needed, since the provider's own client asks; with SAML, or if an admin prefers it, an app registration
made for this. Its secret goes in and never comes out, and is forgotten when tenant or client change; the whole access
is forgotten when the provider's own address does (``sso.graph.clearing``), which the page says.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import display
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from audit.actors import Actor
from console.admins.columns import badge, facts, unreadable
from console.oidc.texts import mistake_text
from foundation.encryption import is_stored, is_unreadable
from sso.graph.access import GraphValues, access_of, remove_graph_access, save_graph_access
from sso.models import GraphAccess, IdentityProvider, ProtocolName, Vendor
from sso_oidc.presets import preset_of
from sso_oidc.usual_mistakes import tenant_in, tenant_mistake

FIELDS = ("graph_on", "graph_all_groups", "graph_tenant_id", "graph_client_id", "graph_client_secret")
_PREFIX = "graph_"
_PLAIN = ("tenant_id", "client_id", "all_groups")  # columns that are shown as they are


def _text(label: Any, **options: Any) -> forms.CharField:
    widget = UnfoldAdminTextInputWidget(attrs={"spellcheck": "false"})
    return forms.CharField(label=label, required=False, max_length=300, widget=widget, **options)


class GraphFields(forms.Form):
    """The columns of ``GraphAccess``, and whether there is to be a row at all."""

    graph_on = forms.BooleanField(
        label=gettext_lazy("Ask Microsoft Graph"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=gettext_lazy(
            "Off: people in that many groups keep the groups they have here, and their sign-ins carry a warning."
        ),
    )
    graph_all_groups = forms.BooleanField(
        label=gettext_lazy("All groups, not only security groups"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=gettext_lazy(
            "As the groups claim is set at Entra, so that the same groups come both ways."
        ),
    )
    graph_tenant_id = _text(gettext_lazy("Directory (tenant) ID"))
    graph_client_id = _text(gettext_lazy("Application (client) ID"))
    graph_client_secret = forms.CharField(
        label=gettext_lazy("Client secret for Graph"),
        required=False,
        max_length=1000,
        widget=UnfoldAdminPasswordWidget(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("It is stored encrypted and never shown again."),
    )


class GraphFormPart(GraphFields):
    """Mixed into a provider's form, before ``ProviderForm``."""

    instance: IdentityProvider

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.graph = access_of(self.instance)
        if self.instance.vendor != Vendor.ENTRA:
            for name in FIELDS:
                self.fields.pop(name, None)
            return
        if self.instance.is_shared:
            del self.fields["graph_tenant_id"]  # it is the token's
        self.initial["graph_on"] = self.graph is not None
        for name in _PLAIN:
            if self.graph is not None and _PREFIX + name in self.fields:
                self.initial[_PREFIX + name] = getattr(self.graph, name)
        if self._holds_secret and self.graph is not None and not is_unreadable(self.graph, "client_secret"):
            placeholder = _("stored; leave empty to keep it")
            self.fields["graph_client_secret"].widget.attrs["placeholder"] = placeholder
        own = self.instance.protocol == ProtocolName.OIDC
        if own and "graph_tenant_id" in self.fields:
            self.fields["graph_tenant_id"].help_text = _("Empty: the tenant that the person's token names.")
        self.fields["graph_client_id"].help_text = (
            _("Empty: the application above asks, with its own secret or certificate.")
            if own
            else _("Of an app registration made for this; a SAML application has no secret of its own.")
        )

    @property
    def _holds_secret(self) -> bool:
        return self.graph is not None and is_stored(self.graph, "client_secret")

    def has_own_credential(self) -> bool:
        """Tell whether the provider's own client can ask, as the form is filled; SAML has none."""
        return False

    def clean_graph_tenant_id(self) -> str:
        """Take the id alone, or an address of Microsoft's that holds it."""
        text = str(self.cleaned_data["graph_tenant_id"] or "").strip()
        if text and (mistake := tenant_mistake(text)):
            raise forms.ValidationError(mistake_text(mistake, preset_of("entra"), text), code=mistake.value)
        return tenant_in(text)

    def clean_graph(self) -> None:
        """Look at what belongs together; for the form's own ``clean``."""
        if "graph_on" not in self.fields:
            return
        cleaned = self.cleaned_data
        tenant, client = (str(cleaned.get(f"graph_{name}") or "") for name in ("tenant_id", "client_id"))
        secret = str(cleaned.get("graph_client_secret") or "")
        if not cleaned.get("graph_on"):
            if secret or (self.graph is None and (tenant or client)):
                self.add_error("graph_on", _("Switch this on, or leave the fields below it empty."))
            return
        moved = self.graph is not None and (self.graph.tenant_id, self.graph.client_id) != (tenant, client)
        keeps = self._holds_secret and not moved
        if self.graph is not None and keeps and is_unreadable(self.graph, "client_secret") and not secret:
            self.add_error(
                "graph_client_secret",
                _("The stored one can't be read any more. Enter the client secret again."),
            )
        elif self._holds_secret and moved and client and not secret:  # V-23
            self.add_error(
                "graph_client_secret",
                _("Another tenant or client makes us forget the stored secret. Enter the new one."),
            )
        elif client and not (secret or keeps):
            self.add_error("graph_client_secret", _("This value is needed."))
        if secret and not client:
            self.add_error("graph_client_id", _("This value is needed."))
        self._check_who_asks(tenant, client)

    def _check_who_asks(self, tenant: str, client: str) -> None:
        if self.instance.protocol == ProtocolName.SAML:
            for name, value in (("graph_tenant_id", tenant), ("graph_client_id", client)):
                if not value and name not in self.errors:
                    self.add_error(name, _("This value is needed."))
        elif not client and "graph_client_id" not in self.errors and not self.has_own_credential():
            self.add_error(
                "graph_client_id",
                _(
                    "The application above has neither a secret nor our certificate, so another one has to ask."
                ),
            )

    def save_graph(self, request: HttpRequest, actor: Actor, provider: IdentityProvider) -> None:
        """Write it, after the protocol's settings, whose change may have cleared it. Raises ``Refused``."""
        if provider.vendor != Vendor.ENTRA or not self.cleaned_data.get("graph_on"):
            if self.graph is not None:
                remove_graph_access(provider=provider, actor=actor)
            return
        cleaned = self.cleaned_data
        given = {name: cleaned[_PREFIX + name] for name in _PLAIN if _PREFIX + name in cleaned}
        changed = {name for name, value in given.items() if getattr(self.graph, name, None) != value}
        secret = cleaned.get("graph_client_secret") or None
        if self.graph is not None and not changed and secret is None:
            if access_of(provider) is None:
                messages.warning(
                    request,
                    _(
                        "The provider's address changed, so access to Microsoft Graph was switched off. Switch it on "
                        "again below if it is still wanted."
                    ),
                )
            return
        save_graph_access(provider=provider, actor=actor, values=GraphValues(**given, client_secret=secret))


class GraphPage:
    """Mixed into the admin of providers: the section, and what those read who only look."""

    graph_columns = ("graph_state",)

    def graph_fieldset(self, obj: IdentityProvider, *, may_change: bool) -> list[tuple[Any, dict[str, Any]]]:
        """Return the section, none for other vendors."""
        if obj.vendor != Vendor.ENTRA:
            return []
        title = _("People in very many groups (Microsoft Graph)")
        if not may_change:
            return [(title, {"fields": ["graph_state"], "classes": ["collapse"]})]
        fields = [name for name in FIELDS if not (obj.is_shared and name == "graph_tenant_id")]
        told = _(
            "Entra puts at most 200 groups into a token and 150 into an assertion. Whoever is in more gets a reference "
            "instead, which only Microsoft Graph can resolve. At Entra the application that asks needs the application "
            "permissions User.Read.All and GroupMember.Read.All, with admin consent."
        )
        return [
            (title, {"fields": ["graph_state", *fields], "classes": ["collapse"], "description": told}),
        ]

    @display(description=gettext_lazy("access now"))
    def graph_state(self, provider: IdentityProvider) -> SafeString:
        """Whether there is access and as whom; of the secret, only that there is one (V-23)."""
        access = access_of(provider)
        if access is None:
            return badge(_("off"))
        return facts(
            [
                (_("Microsoft Graph"), badge(_("on"), "success")),
                (_("Asks"), access.client_id or _("the provider's own application")),
                *([(_("Directory (tenant) ID"), access.tenant_id)] if access.tenant_id else []),
                (_("Client secret"), _secret(access)),
                (_("Groups"), _("all") if access.all_groups else _("security groups")),
            ]
        )


def _secret(access: GraphAccess) -> SafeString:
    if is_unreadable(access, "client_secret"):
        return unreadable(_("Enter it again below; until then nobody's groups can be looked up."))
    if not access.client_id:
        return badge(_("the application's own"))
    return badge(_("set"), "success")
