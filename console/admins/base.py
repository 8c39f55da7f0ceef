"""What every class of the admin shares: the viewer's scope, rights from privilege, writes through the floors below.

A subclass says how its rows lead to an account (``account_lookup``), what somebody needs to add, change or delete
(``add_needs``, …; ``None`` means that the admin can't), and how that is done (``create``, ``update``, ``remove``),
always by calling ``accounts.lifecycle``, ``spaces.access`` and their like with an actor. Nothing here saves or deletes
a row itself, and ``Refused`` becomes a sentence on the form.

Another account's row does not exist: its address is 404, as is every address of a model that isn't for the viewer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from accounts.privilege import Authority
from audit.actors import Actor
from audit.refusals import Refused
from console.admins import history, refusals
from console.admins.bulk import BulkActions
from console.admins.choices import ScopedChoices, narrow_to_account
from console.admins.confirmed import ConfirmedActions
from console.scoping import Reach, Viewer, actor_of, require_viewer, viewer_of

_ACCOUNT_FIELDS = frozenset({"account", "in_account"})


class ScopedChangeList(ChangeList):
    """unfold's list, which would offer "show all" where nothing is filtered, since the total isn't counted twice."""

    def get_results(self, request: HttpRequest) -> None:
        """Count once: without search and filters the result is the total."""
        super().get_results(request)
        if not self.query and not self.has_active_filters:
            self.full_result_count = self.result_count


class AccountScopedAdmin(ConfirmedActions, BulkActions, ScopedChoices, ModelAdmin):
    """The base of every registered admin."""

    account_lookup = "account"
    shown_to: frozenset[Reach] = frozenset(Reach)
    add_needs: Authority | None = None
    change_needs: Authority | None = None
    delete_needs: Authority | None = None
    audit_type = ""  # the subject type of its audit events, for the history page
    when_empty: object = ""  # said on a list that holds nothing yet
    secret_columns: Sequence[str] = ()  # encrypted: loaded, and so decrypted, only where they are asked for
    created_leads_to_change = False  # after adding, go on with the page that holds the rest

    form = refusals.RefusableForm
    list_per_page = 50
    list_max_show_all = 50
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # a count for each choice of a filter, over the whole table
    list_filter_sheet = True
    compressed_fields = True
    change_list_template = "admin/console/change_list.html"
    actions: Sequence[str] = ()

    # --- which rows ---------------------------------------------------------------------------------------------------

    def scope(self, viewer: Viewer) -> Q:
        """Return the condition for the viewer's rows."""
        return viewer.rows(self.account_lookup)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Begin every list, look-up, choice and action at the viewer's rows."""
        rows: models.QuerySet[Any] = super().get_queryset(request)
        viewer = viewer_of(request)
        if viewer is None or viewer.reach not in self.shown_to:
            return rows.none()
        rows = rows.filter(self.scope(viewer))
        return rows.defer(*self.secret_columns) if self.secret_columns else rows

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        raise Http404

    # --- rights -------------------------------------------------------------------------------------------------------

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those see it for whom it is made; which rows is ``get_queryset``'s."""
        viewer = viewer_of(request)
        return viewer is not None and viewer.reach in self.shown_to

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the section when one of its lists can be opened."""
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Compare with ``add_needs``."""
        return self._may(request, self.add_needs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Compare with ``change_needs``; subclasses look at the row as well."""
        return self._may(request, self.change_needs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Compare with ``delete_needs``; subclasses look at the row as well."""
        return self._may(request, self.delete_needs)

    def _may(self, request: HttpRequest, needs: Authority | None) -> bool:
        viewer = viewer_of(request)
        return (
            needs is not None and viewer is not None and viewer.reach in self.shown_to and viewer.may(needs)
        )

    def _require_visible(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise Http404

    # --- writes -------------------------------------------------------------------------------------------------------

    def create(self, request: HttpRequest, actor: Actor, form: Any) -> models.Model:
        """Make a row through the floors below and return it."""
        raise PermissionDenied

    def update(self, request: HttpRequest, actor: Actor, obj: Any, form: Any) -> None:
        """Change a row through the floors below; ``form.changed_data`` names what was edited."""
        raise PermissionDenied

    def remove(self, actor: Actor, obj: Any) -> None:
        """Delete a row through the floors below."""
        raise PermissionDenied

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Hand what the form holds on; the form's own instance is never saved."""
        if change:
            self.update(request, actor_of(request), obj, form)
        else:
            obj.__dict__.update(self.create(request, actor_of(request), form).__dict__)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Hand each added and removed row of an inline on to that inline."""
        formset.save(commit=False)
        for row in formset.deleted_objects:
            formset.console_inline.remove(actor_of(request), row)
        for row in formset.new_objects:
            formset.console_inline.add(actor_of(request), row)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete one row."""
        self.remove(actor_of(request), obj)

    def get_deleted_objects(
        self, objs: Iterable[Any], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Name the rows themselves: what goes with them is the floors' business."""
        names = [str(row) for row in objs]
        return names, {str(self.opts.verbose_name_plural): len(names)}, set(), []

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Write nothing: the audit event is written where the change is made."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Write nothing: the audit event is written where the change is made."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """Write nothing: the audit event is written where the change is made."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Use our list."""
        return ScopedChangeList

    # --- views --------------------------------------------------------------------------------------------------------

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list; an id in a bulk action that is no id at all selects nothing."""
        self._require_visible(request)
        try:
            answer: HttpResponse = super().changelist_view(request, extra_context)
        except ValidationError:
            self.message_user(request, _("Nothing was selected."), messages.WARNING)
            return redirect(request.path)
        return answer

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show or save a form; one that was refused is drawn again with what was typed and the reason."""
        self._require_visible(request)
        if object_id is not None and self.get_object(request, unquote(object_id)) is None:
            raise Http404
        extra_context = {"show_history": bool(self.audit_type), **(extra_context or {})}
        try:
            answer: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
        except Refused as refusal:
            refusals.remember(request, refusal)
            answer = super().changeform_view(request, object_id, form_url, extra_context)
        return answer

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask, then delete; a refusal leads back to the row with its reason."""
        self._require_visible(request)
        if self.get_object(request, unquote(object_id)) is None:
            raise Http404
        try:
            answer: HttpResponse = super().delete_view(request, object_id, extra_context)
        except Refused as refusal:
            refusals.tell(request, refusal)
            return redirect(self.url_of("change", unquote(object_id)))
        return answer

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show what the audit trail says about the row, as far as the viewer sees the trail."""
        self._require_visible(request)
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            **history.page_of(request, require_viewer(request), self.audit_type, obj),
            "title": _("History: %(name)s") % {"name": obj},
            "object": obj,
            "opts": self.opts,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/console/history.html", context)

    def url_of(self, page: str, *args: object) -> str:
        """Return the address of one of this admin's pages (``changelist``, ``change``, …)."""
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(name, args=args)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Go on with the page where the rest is edited, where there is more to edit."""
        answer: HttpResponse = super().response_add(request, obj, post_url_continue)
        if self.created_leads_to_change and "_addanother" not in request.POST:
            return redirect(self.url_of("change", obj.pk))
        return answer

    # --- forms and lists for one account or many ----------------------------------------------------------------------

    def account_from(self, request: HttpRequest, form: Any) -> Any:
        """Return the account to add to: the viewer's own, or the one that an operator chose."""
        viewer = require_viewer(request)
        return form.cleaned_data["account"] if viewer.sees_many_accounts else viewer.user.account

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Make the form's class for this request; an operator's choices are those of the row's account."""
        form = super().get_form(request, obj, change=change, **kwargs)
        form.refusal = refusals.remembered(request)
        account_id = getattr(obj, "account_id", None)
        if account_id is not None:
            narrow_to_account(form, account_id)
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave the account out where there is only one."""
        fieldsets = super().get_fieldsets(request, obj)
        if require_viewer(request).sees_many_accounts:
            return fieldsets
        return [
            (
                title,
                {**options, "fields": [name for name in options["fields"] if name not in _ACCOUNT_FIELDS]},
            )
            for title, options in fieldsets
        ]

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Show inlines once the row exists: the floors below need it first."""
        return () if obj is None else super().get_inlines(request, obj)

    def get_list_display(self, request: HttpRequest) -> Any:
        """Leave the account out where there is only one."""
        return self._without_account(request, super().get_list_display(request))

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Leave the account out where there is only one."""
        return self._without_account(request, super().get_list_filter(request))

    def _without_account(self, request: HttpRequest, names: Sequence[Any]) -> list[Any]:
        viewer = viewer_of(request)
        if viewer is not None and viewer.sees_many_accounts:
            return list(names)
        return [name for name in names if (name[0] if isinstance(name, tuple) else name) != "account"]
