"""Rows shown, added and removed on the page of what they belong to: memberships, grants, sessions.

Rows are never edited in place: a role that changes is one row removed and another added, each through the floors below
and each with its audit event. An inline that only shows is a ``ReadOnlyInline``.
"""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.db import models
from django.forms.formsets import DELETION_FIELD_NAME
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.forms import PaginationInlineFormSet

from audit.actors import Actor
from console.admins.choices import ScopedChoices, narrow_to_account
from console.scoping import viewer_of


class RowsFormSet(PaginationInlineFormSet):
    """One page of rows; those that may not be removed have a remove box that can't be ticked."""

    console_inline: Any = None

    def get_page_num(self) -> int:
        """Read the page's number as a number or as 1."""
        sources = (self.request.GET, self.request.POST) if self.request is not None else ()
        for source in sources:
            text = source.get(self.get_pagination_key(), "")
            if text.isascii() and text.isdigit() and 0 < len(text) < 9:
                return max(1, int(text))
        return 1

    def get_page(self, paginator: Paginator[Any], page: int) -> Page[Any]:
        """Return the page, the last one for a number beyond it."""
        return paginator.get_page(page)

    def add_fields(self, form: Any, index: int | None) -> None:
        """Lock the remove box of rows that somebody else than an admin owns."""
        super().add_fields(form, index)
        box = form.fields.get(DELETION_FIELD_NAME)
        if (
            box is not None
            and not form.instance._state.adding
            and self.console_inline.why_kept(form.instance)
        ):
            box.disabled = True


class ScopedInline(ScopedChoices, TabularInline):
    """The base of every inline. The parent row is the viewer's, and so is what hangs on it."""

    formset = RowsFormSet
    extra = 0
    per_page = 50
    tab = True
    hide_title = True
    show_change_link = False
    newest_first = False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Order the rows, since they are shown page by page."""
        rows: models.QuerySet[Any] = super().get_queryset(request)
        return rows.order_by("-pk" if self.newest_first else "pk") if not rows.query.order_by else rows

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Let the admin find this inline again when the page is saved."""
        formset = super().get_formset(request, obj, **kwargs)
        formset.console_inline = self
        account_id = getattr(obj, "account_id", None)
        if account_id is not None:
            narrow_to_account(formset.form, account_id)
        return formset

    def may_edit(self, request: HttpRequest, obj: Any) -> bool:
        """Tell whether the viewer may add and remove rows of ``obj``."""
        parent = self.admin_site._registry[self.parent_model]
        return bool(parent.has_change_permission(request, obj))

    def why_kept(self, row: Any) -> str:
        """Return why this row can't be removed by hand, "" when it can."""
        return ""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever sees the page sees its rows."""
        return viewer_of(request) is not None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask ``may_edit``."""
        return obj is not None and self.may_edit(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows are never edited in place."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask ``may_edit``."""
        return obj is not None and self.may_edit(request, obj)

    def add(self, actor: Actor, row: Any) -> None:
        """Make a row through the floors below."""
        raise NotImplementedError

    def remove(self, actor: Actor, row: Any) -> None:
        """Remove a row through the floors below."""
        raise NotImplementedError


class ReadOnlyInline(ScopedInline):
    """Rows that are only shown here."""

    can_delete = False

    def may_edit(self, request: HttpRequest, obj: Any) -> bool:
        """Nobody."""
        return False
