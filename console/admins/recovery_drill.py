"""The recovery drill on an account's page: who could get back in today, who couldn't and why, and a test (L-9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.recovery import Standing
from console.admins import refusals
from console.admins.columns import moment
from console.admins.confirmed import button
from console.scoping import actor_of, require_viewer
from sso import recovery_drill
from sso.recovery_drill import Candidate


class RecoveryDrill:
    """Mixed into the admin of accounts; ``offered`` there says who may open it."""

    admin_site: Any
    opts: Any
    get_object: Callable[..., Any]
    url_of: Callable[..., str]
    offered: Callable[[HttpRequest, Any], frozenset[str]]

    @button(description=gettext_lazy("Recovery drill"), url_path="recovery-drill", icon="medical_services")
    def recovery_drill(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """List the account's SSO account admins; a POST mails a test to the viewer."""
        account = self.get_object(request, unquote(object_id))
        if account is None:
            raise Http404
        if "recovery_drill" not in self.offered(request, account):
            raise PermissionDenied
        if request.method == "POST":
            with refusals.as_message(request):
                recovery_drill.send_test(user=require_viewer(request).user, actor=actor_of(request))
                messages.success(request, _("A test link is on its way to your recovery address."))
            return redirect(self.url_of("recovery_drill", account.pk))
        found = recovery_drill.candidates(account)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Recovery drill"),
            "rows": [_row(one) for one in found],
            "ready": sum(one.standing is Standing.READY for one in found),
            "can_test": any(one.user.pk == request.user.pk and one.ready_from for one in found),
            "is_admin_here": any(one.user.pk == request.user.pk for one in found),
            "back": self.url_of("change", account.pk),
            "opts": self.opts,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/console/recovery_drill.html", context)


def _row(one: Candidate) -> dict[str, Any]:
    return {
        "user": one.user,
        "ready": one.standing is Standing.READY,
        "why": _why(one),
        "address": one.address,
        "shares_domain": one.shares_domain,
        "proved": moment(one.proved_at),
    }


def _why(one: Candidate) -> str:
    if one.standing is Standing.READY:
        return _("could recover today")
    if one.standing is Standing.RESTING:
        return _("new address, usable from %(when)s") % {"when": moment(one.ready_from)}
    if one.standing is Standing.NO_ADDRESS:
        return _("no confirmed recovery address")
    return _("may not sign in")
