"""The navigation on the left of every admin page: groups of lists, and of these only what the viewer may open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from console.scoping import Reach, viewer_of


@dataclass(frozen=True, slots=True)
class Entry:
    """One list: ``app.model`` in lower case, its name here and its symbol."""

    model: str
    title: Any
    icon: str


_GROUPS: tuple[tuple[Any, tuple[Entry, ...]], ...] = (
    (
        _("People"),
        (
            Entry("accounts.user", _("Users"), "person"),
            Entry("accounts.group", _("Groups"), "groups"),
            Entry("accounts.invitation", _("Invitations"), "mail"),
            Entry("accounts.guestaccess", _("Guests"), "badge"),
        ),
    ),
    (
        _("Access"),
        (
            Entry("spaces.space", _("Spaces"), "workspaces"),
            Entry("spaces.spacerole", _("Space roles"), "shield_person"),
            Entry("accounts.accountrole", _("Account roles"), "admin_panel_settings"),
            Entry("spaces.mappingrole", _("Mapping roles"), "rule"),
        ),
    ),
    (
        _("Single sign-on"),
        (
            Entry("sso.identityprovider", _("Identity providers"), "key"),
            Entry("accounts.emaildomain", _("E-mail domains"), "alternate_email"),
            Entry("sso.providergrant", _("Providers from above"), "vpn_lock"),
            Entry("sso.signinattempt", _("Sign-ins"), "login"),
            Entry("accounts.usersession", _("Sessions"), "devices"),
            Entry("sso.federatedidentity", _("Identities"), "fingerprint"),
        ),
    ),
    (
        _("Provisioning"),
        (
            Entry("accounts.apitoken", _("API tokens"), "vpn_key"),
            Entry("scim.oauthclient", _("OAuth clients"), "token"),
            Entry("scim.oauthclientsecret", _("OAuth client secrets"), "password"),
            Entry("scim.requestlogentry", _("SCIM requests"), "sync_alt"),
            Entry("accounts.heldchange", _("Held changes"), "pending_actions"),
            Entry("accounts.departure", _("Held removals"), "person_cancel"),
        ),
    ),
    (
        _("Audit"),
        (
            Entry("audit.auditevent", _("Audit trail"), "receipt_long"),
            Entry("audit.failurelogentry", _("Failure log"), "error"),
        ),
    ),
    (
        _("Deployment"),
        (
            Entry("accounts.account", _("Accounts"), "domain"),
            Entry("accounts.partner", _("Partners"), "handshake"),
            Entry("accounts.partnerkey", _("Partner keys"), "vpn_key"),
            Entry("foundation.outboxmessage", _("Outbox"), "outbox"),
        ),
    ),
)


def sidebar(site: AdminSite, request: HttpRequest) -> list[dict[str, Any]]:
    """Return unfold's structure: groups with a title and items with title, icon, link and whether it is open."""
    viewer = viewer_of(request)
    if viewer is None:
        return []
    shown = {
        model._meta.label_lower
        for model, admin in site._registry.items()
        if admin.has_view_permission(request)
    }
    first = [
        (_("Overview"), "dashboard", reverse(f"{site.name}:index")),
        (_("Reports"), "summarize", reverse(f"{site.name}:reports")),
    ]
    groups = [_group(request, None, first)]
    if viewer.reach is Reach.ACCOUNT:
        # One account: its own page in place of a list of one.
        own = reverse(f"{site.name}:accounts_account_change", args=[viewer.account_id])
        groups[0]["items"].append(_item(request, _("Account"), "domain", own))
        shown.discard("accounts.account")
    for title, entries in _GROUPS:
        links = [
            (entry.title, entry.icon, _list(site, entry.model)) for entry in entries if entry.model in shown
        ]
        if links:
            groups.append(_group(request, title, links))
    return groups


def _group(request: HttpRequest, title: Any, links: list[tuple[Any, str, str]]) -> dict[str, Any]:
    return {"title": title, "items": [_item(request, *link) for link in links]}


def _item(request: HttpRequest, title: Any, icon: str, link: str) -> dict[str, Any]:
    at_home = link.count("/") == 2  # /admin/ itself is the beginning of every address
    active = request.path == link if at_home else request.path.startswith(link)
    return {"title": title, "icon": icon, "link": link, "active": active, "has_permission": True}


def _list(site: AdminSite, model: str) -> str:
    return reverse(f"{site.name}:{model.replace('.', '_')}_changelist")
