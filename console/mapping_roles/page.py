"""Add or change a mapping role: the form, then whom it affects, then "save" or "save and apply now" (R-1, R-4).

While authorization is on, nothing is saved before the page has shown what it means for everybody who is sent the name.
Off, mapping roles decide nothing yet, and it is saved straight away.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts.models import Account, AccountRole
from audit.refusals import Refused
from console.admins import refusals
from console.mapping_roles.forms import (
    BLANK_ROWS,
    MOST_ROWS,
    PREFIX,
    MappingRoleForm,
    SpaceScopes,
    initial_of,
    rows_form,
)
from console.role_effects_page import drawn, summary_of
from console.scoping import actor_of, require_viewer
from foundation.ids import parse_id
from spaces.models import MappingRole, Space, SpaceRole
from spaces.role_mapping import MappingRoleRule
from sso import mapping_role_changes

_TOTAL = f"{PREFIX}-TOTAL_FORMS"
_NOT_FIELDS = frozenset({"csrfmiddlewaretoken", "_save", "_apply", "_preview", "_more", "_edit"})


class MappingRolePage:
    """One request to the page; ``role`` is None when one is added."""

    def __init__(self, admin: Any, request: HttpRequest, role: MappingRole | None) -> None:
        self.admin, self.request, self.role = admin, request, role

    def answer(self) -> HttpResponse:
        """Return the page, or act and go back to the list."""
        account = self._account()
        if account is None:
            return self._which_account()
        if self.request.method != "POST":
            values, spaces = initial_of(self.role)
            return self._form(
                MappingRoleForm(initial=values, account=account), rows_form(account, initial=spaces)
            )
        data = self.request.POST
        if "_more" in data:
            more = _with_more_rows(data)
            form = MappingRoleForm(more, account=account)
            return self._form(form, rows_form(account, more), show_errors=False)
        form, rows = MappingRoleForm(data, account=account), rows_form(account, data)
        if not (form.is_valid() & rows.is_valid()) or "_edit" in data:
            return self._form(form, rows)
        wanted = _Wanted(form, rows)
        if wanted.is_empty:
            form.add_error(None, _("Give at least one role, in the account or in a space."))
            return self._form(form, rows)
        if account.sso_authorization and not {"_save", "_apply"} & set(data):
            return self._preview(account, wanted)
        try:
            return self._save(account, wanted)
        except Refused as refusal:
            refusals.remember(self.request, refusal)
            form.add_error(None, refusal.message)
            return self._form(form, rows)

    # --- steps --------------------------------------------------------------------------------------------------------

    def _save(self, account: Account, wanted: _Wanted) -> HttpResponse:
        at_once = "_apply" in self.request.POST and account.sso_authorization
        role, changed = mapping_role_changes.save(
            account=account,
            actor=actor_of(self.request),
            role=self.role,
            name=wanted.name,
            account_roles=wanted.account_roles,
            space_roles=wanted.space_roles,
            at_once=at_once,
        )
        if at_once:
            messages.success(self.request, _("Saved, and being applied to everybody concerned."))
        elif changed:
            messages.success(self.request, _("Saved. It takes effect at each person's next sign-in."))
        else:
            messages.info(self.request, _("Nothing had to be changed."))
        return redirect(self.admin.url_of("change", role.pk))

    def _preview(self, account: Account, wanted: _Wanted) -> HttpResponse:
        old_name = "" if self.role is None else self.role.name
        effects = mapping_role_changes.if_saved(account, old_name, wanted.rule())
        found = summary_of(effects, require_viewer(self.request).user.pk)
        hidden = [
            (name, value)
            for name, values in self.request.POST.lists()
            if name not in _NOT_FIELDS
            for value in values
        ]
        return self._page(
            "mapping_role_preview.html",
            effect=drawn(found, account),
            affected=found.affected,
            hidden=hidden,
            name=wanted.name,
        )

    def _form(self, form: MappingRoleForm, rows: SpaceScopes, *, show_errors: bool = True) -> HttpResponse:
        return self._page("mapping_role.html", form=form, rows=rows, show_errors=show_errors)

    def _which_account(self) -> HttpResponse:
        return self._page("mapping_role_account.html", accounts=Account.objects.filter(closed_at=None))

    # --- around -------------------------------------------------------------------------------------------------------

    def _account(self) -> Account | None:
        """Return whose mapping role it is; an operator says so in the address when adding one."""
        if self.role is not None:
            return self.role.account
        viewer = require_viewer(self.request)
        if not viewer.sees_many_accounts:
            return viewer.user.account
        key = parse_id(self.request.GET.get("account", ""))
        return None if key is None else Account.objects.filter(viewer.accounts(), pk=key).first()

    def _page(self, template: str, **context: Any) -> HttpResponse:
        self.request.current_app = self.admin.admin_site.name
        title = _("Add mapping role") if self.role is None else str(self.role)
        return TemplateResponse(
            self.request,
            f"admin/console/{template}",
            {
                **self.admin.admin_site.each_context(self.request),
                "title": title,
                "role": self.role,
                "opts": self.admin.opts,
                "back": self.admin.url_of("changelist"),
                **context,
            },
        )


class _Wanted:
    """What a valid form says."""

    def __init__(self, form: MappingRoleForm, rows: SpaceScopes) -> None:
        self.name: str = form.cleaned_data["name"]
        self.account_roles: frozenset[AccountRole] = frozenset(form.cleaned_data["account_roles"])
        self.space_roles: dict[Space, frozenset[SpaceRole]] = {
            row.cleaned_data["space"]: frozenset(row.cleaned_data["roles"])
            for row in rows.forms
            if row.cleaned_data.get("space") is not None
        }

    @property
    def is_empty(self) -> bool:
        """Gives nothing."""
        return not (self.account_roles or self.space_roles)

    def rule(self) -> MappingRoleRule[UUID]:
        """Return it as the planner reads it."""
        return MappingRoleRule(
            name=self.name,
            account_roles=frozenset(role.pk for role in self.account_roles),
            space_roles={
                space.pk: frozenset(role.pk for role in roles) for space, roles in self.space_roles.items()
            },
        )


def _with_more_rows(data: QueryDict) -> QueryDict:
    more = data.copy()
    total = data.get(_TOTAL, "")
    count = int(total) if total.isascii() and total.isdigit() and len(total) < 6 else 0
    more[_TOTAL] = str(min(count + BLANK_ROWS, MOST_ROWS))
    return more
