"""Setup links on a draft's page: send one, see what became of it, take it back, and what it changed (V-22).

The link's own page is ``console.setup``. Enabling is the approval: ``set_up_by_link`` is shown before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import display
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from audit.refusals import Refused, audit_refusal
from console.admins import refusals
from console.admins.columns import NOTHING, badge, lines, moment, table
from console.admins.confirmed import ConfirmedActions, button
from console.scoping import actor_of
from foundation.ids import parse_id
from sso import setup_links
from sso.models import IdentityProvider, ProtocolName, SetupLink, State
from sso.setup_link_changes import waiting
from sso_oidc.models import OidcSettings
from sso_saml.models import SamlSettings

_DAYS = [(days, str(days)) for days in range(1, setup_links.MAX_DAYS + 1)]


class SendForm(forms.Form):
    """To whom, and for how long."""

    address = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        required=False,
        max_length=254,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy(
            "Of whoever administers the identity provider. Left empty, the link is shown to you once, to pass it on."
        ),
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("Good for, in days"),
        choices=_DAYS,
        coerce=int,
        initial=setup_links.MAX_DAYS,
        widget=UnfoldAdminSelectWidget,
    )


def set_up_by_link(provider: IdentityProvider) -> SafeString:
    """Return what changed in a draft since a link was made that somebody used, "" when nobody did."""
    return format_html_join("", "{}", ((_difference(link, provider),) for link in waiting(provider)))


def _difference(link: SetupLink, provider: IdentityProvider) -> SafeString:
    rows = [
        (_label(name, provider), _value(name, then), _value(name, now))
        for name, (then, now) in sorted(link.changes.items())
    ]
    told = _("Set up by link, %(when)s") % {"when": moment(link.saved_at)}
    made = _("What changed since %(who)s made the link, %(when)s:") % {
        "who": link.made_by_label,
        "when": moment(link.created_at),
    }
    shown = table((_("Value"), _("Before"), _("Now")), rows)
    return format_html("<p><strong>{}</strong></p><p>{}</p>{}", told, made, shown)


def _label(name: str, provider: IdentityProvider) -> str:
    if name == "certificates":
        return _("X.509 certificates")
    if name == "client_secret":
        return _("Client secret")
    if name == "client_key":
        return _("Our keys")
    model = SamlSettings if provider.protocol == ProtocolName.SAML else OidcSettings
    field: Any = next((each for each in model._meta.get_fields() if each.name == name), None)
    return name if field is None else str(field.verbose_name)


def _value(name: str, value: Any) -> object:
    if name == "client_secret":  # never more than that
        return {"changed": _("changed"), "cleared": _("removed")}.get(str(value), NOTHING)
    if isinstance(value, list):
        return lines(value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return NOTHING if value in (None, "") else str(value)


class SetupLinksPage(ConfirmedActions):
    """Mixed into the admin of providers."""

    actions_setup: Sequence[str] = ("send_setup_link", "revoke_setup_link")
    setup_columns = ("setup_links_shown",)

    def offered_setup(self, obj: IdentityProvider) -> frozenset[str]:
        """Return the steps that fit: links are for an account's drafts."""
        if obj.state != State.DRAFT or obj.account_id is None:
            return frozenset()
        return frozenset(self.actions_setup)

    def setup_fieldset(self, obj: IdentityProvider, *, may_change: bool) -> list[tuple[Any, dict[str, Any]]]:
        """Return the section, none where there never was a link and can't be one."""
        if not may_change or obj.account_id is None:
            return []
        if obj.state != State.DRAFT and not SetupLink.objects.filter(provider=obj).exists():
            return []
        told = _(
            "Somebody without a login here, such as the administrator of the identity provider, can fill this in "
            "through a link. Nobody signs in through it before you looked at the difference and enabled it."
        )
        return [(_("Setup links"), {"fields": ["setup_links_shown"], "description": told})]

    @display(description=gettext_lazy("links"))
    def setup_links_shown(self, provider: IdentityProvider) -> SafeString:
        """The links that were made, what became of them, and what they changed."""
        rows = [self._row(provider, link) for link in SetupLink.objects.filter(provider=provider)[:20]]
        headers = (_("Made by"), _("Sent to"), _("Until"), _("Opened"), _("Saved"), _("State"))
        shown = table(headers, rows)
        if "send_setup_link" not in self.offered_setup(provider):
            return shown
        send = format_html(
            '<span class="console-buttons console-buttons-inline">'
            '<a class="console-button" href="{}">{}</a></span>',
            self.url_of("send_setup_link", provider.pk),
            _("Send a setup link"),
        )
        return format_html("{}{}{}", set_up_by_link(provider), shown, send)

    def _row(self, provider: IdentityProvider, link: SetupLink) -> tuple[object, ...]:
        if link.ended_at is not None:
            state: object = format_html("{} {}", badge(link.get_ending_display()), moment(link.ended_at))
        elif not link.is_open:
            state = badge(_("expired"))
        else:
            url = f"{self.url_of('revoke_setup_link', provider.pk)}?link={link.pk}"
            state = format_html('<a class="console-button" href="{}">{}</a>', url, _("Revoke"))
        return (
            f"{link.made_by_label}, {moment(link.created_at)}",
            link.address or _("shown once"),
            moment(link.expires_at),
            moment(link.opened_at),
            moment(link.saved_at),
            state,
        )

    @button(description=gettext_lazy("Send a setup link"), url_path="send-setup-link", icon="link")
    def send_setup_link(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask to whom, then mail the link or show it once."""
        provider = self.offered_row(request, object_id, "send_setup_link")
        form = SendForm(request.POST if request.method == "POST" else None)
        url = ""
        if request.method == "POST" and form.is_valid():
            try:
                link, url = setup_links.make_setup_link(
                    provider=provider,
                    actor=actor_of(request),
                    days=form.cleaned_data["days"],
                    address=form.cleaned_data["address"],
                )
            except Refused as refusal:
                audit_refusal(refusal)
                form.add_error(None, refusal.message)
            else:
                if link.address:
                    told = _("A setup link is on its way to %(address)s.") % {"address": link.address}
                    messages.success(request, told)
                    return redirect(self.url_of("change", provider.pk))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Send a setup link"),
            "form": form,
            "plain": url,
            "back": self.url_of("change", provider.pk),
            "object": provider,
            "opts": self.opts,
        }
        request.current_app = self.admin_site.name
        status = 400 if form.errors else 200
        return TemplateResponse(request, "admin/console/setup_link.html", context, status=status)

    @button(description=gettext_lazy("Revoke"), url_path="revoke-setup-link", icon="block")
    def revoke_setup_link(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End a link at once."""
        provider = self.offered_row(request, object_id, "revoke_setup_link")
        key = parse_id(request.POST.get("link") or request.GET.get("link", ""))
        link = SetupLink.objects.filter(provider=provider, pk=key).first() if key else None
        if link is None:
            raise Http404
        if request.method != "POST":
            return self.ask(
                request,
                provider,
                question=_("End this link at once? What was saved through it stays in the draft."),
                button=_("Revoke"),
                hidden={"link": str(link.pk)},
            )
        with refusals.as_message(request):
            if setup_links.revoke_setup_link(link=link, actor=actor_of(request)):
                messages.success(request, _("Revoked."))
            else:
                messages.info(request, _("Nothing had to be changed."))
        return redirect(self.url_of("change", provider.pk))
