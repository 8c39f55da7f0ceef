"""All that the admin takes by POST: its addresses, the actions of its lists, the rows on its pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import NoReverseMatch, reverse
from django.views.generic import RedirectView

from tests.privilege_table.cast import Cast, Role

_ARGUMENTS: tuple[dict[str, str], ...] = (
    {},
    {"app_label": "accounts"},
    {"slug": "pending"},
    {"object_id": "?"},
    {"object_id": "?", "role": "current"},
    {"object_id": "?", "role": "current", "ending": "pem"},
)


def addresses() -> dict[str, str]:
    """Return an address for each URL name, of a row that exists if there is one."""
    found: dict[str, str] = {}
    for url in admin.site.get_urls():
        if getattr(url, "name", None):
            found[url.name] = _address(url.name, None)
    for model, model_admin in admin.site._registry.items():
        for url in model_admin.get_urls():
            if url.name is None:  # Django's short form of a row's address
                assert url.callback.view_class is RedirectView  # type: ignore[attr-defined]
                continue
            found[url.name] = _address(url.name, model)
    return found


def _address(name: str, model: type[Model] | None) -> str:
    row = None if model is None else model._default_manager.first()
    key = str(row.pk if row is not None else uuid4())
    for arguments in _ARGUMENTS:
        filled = {part: key if value == "?" else value for part, value in arguments.items()}
        try:
            return reverse(f"admin:{name}", kwargs=filled)
        except NoReverseMatch:
            continue
    raise AssertionError(f"{name} takes other arguments")


def actions_and_rows(cast: Cast) -> Iterator[str]:
    """Yield what an operator may do on lists and to rows on pages, named as ``FormChange.covers`` names it."""
    request: HttpRequest = RequestFactory().get("/admin/")
    request.user = cast.people[Role.OPERATOR]
    for model, model_admin in admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        yield from (f"{name}_changelist action {action}" for action in model_admin.get_actions(request))
        for row in model._default_manager.all()[:50]:
            yield from (f"{name}_change {sign}{prefix}" for sign, prefix in _rows(model_admin, request, row))


def _rows(model_admin: Any, request: HttpRequest, row: Model) -> Iterator[tuple[str, str]]:
    for inline in model_admin.get_inline_instances(request, row):
        may_add, may_delete = (
            inline.has_add_permission(request, row),
            inline.can_delete and inline.has_delete_permission(request, row),
        )
        if not may_add and not may_delete:
            continue
        prefix = inline.get_formset(request, row).get_default_prefix()
        yield from (("+", prefix),) if may_add else ()
        yield from (("-", prefix),) if may_delete else ()
