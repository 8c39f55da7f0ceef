"""Changing several chosen rows: one by one, each through the floors below, and an honest count afterwards.

Django's own "delete selected" counts what was chosen, not what was deleted, and so has a twin here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin import action
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from audit.actors import Actor
from audit.refusals import Refused, audit_refusal
from console.scoping import actor_of

AT_ONCE = 500  # rows that one bulk action changes; each is a transaction of its own
_TOLD = 10  # refusals told one by one


class BulkActions:
    """Mixed into every admin; the actions of the list are named in ``actions``."""

    admin_site: Any
    opts: Any
    remove: Callable[[Actor, Any], None]
    message_user: Callable[..., None]

    def for_each(
        self,
        request: HttpRequest,
        queryset: models.QuerySet[Any],
        change: Callable[[Actor, Any], bool],
        *,
        done: str,
    ) -> None:
        """Change the chosen rows; say how many changed and which were refused, with the reason."""
        actor = actor_of(request)
        changed = 0
        refused: list[str] = []
        rows = list(queryset[: AT_ONCE + 1])
        if len(rows) > AT_ONCE:
            several = _("Only the first %(count)d rows were looked at; choose the rest again.")
            self.message_user(request, several % {"count": AT_ONCE}, messages.WARNING)
        for row in rows[:AT_ONCE]:
            try:
                changed += change(actor, row)
            except Refused as refusal:
                audit_refusal(refusal)
                refused.append(f"{row}: {refusal.message}")
        total = ngettext("%(done)s: %(count)d row.", "%(done)s: %(count)d rows.", changed)
        level = messages.SUCCESS if changed else messages.INFO
        self.message_user(request, total % {"done": done, "count": changed}, level)
        for sentence in refused[:_TOLD]:
            self.message_user(request, sentence, messages.ERROR)
        if len(refused) > _TOLD:
            more = _("%(count)d more were refused; the audit trail names them.")
            self.message_user(request, more % {"count": len(refused) - _TOLD}, messages.ERROR)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        """Delete one by one; a row that is refused stays."""

        def remove(actor: Actor, row: Any) -> bool:
            self.remove(actor, row)
            return True

        self.for_each(request, queryset, remove, done=_("Deleted"))

    @action(permissions=["delete"], description=gettext_lazy("Delete the selected"))
    def delete_selected(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> HttpResponse | None:
        """Ask, then delete."""
        if request.POST.get("post"):
            self.delete_queryset(request, queryset)
            return None
        rows = list(queryset[:AT_ONCE])
        context = {
            **self.admin_site.each_context(request),
            "title": _("Delete?"),
            "rows": rows,
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
            "opts": self.opts,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/console/delete_selected.html", context)
