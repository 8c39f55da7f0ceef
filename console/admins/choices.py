"""What a form may offer: only rows that the viewer's own list of that model shows (A-1, V-10)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db import models
from django.http import HttpRequest


def choices_of(
    site: AdminSite, model: type[models.Model], request: HttpRequest
) -> models.QuerySet[models.Model]:
    """Return the rows of ``model`` that the viewer's list of it is made of; none for a model without a list."""
    known = site._registry.get(model)
    if known is None or not known.has_view_permission(request):
        return model._default_manager.none()
    return known.get_queryset(request)


def narrow_to_account(form: Any, account_id: object) -> None:
    """Leave an operator, who sees all accounts, only choices of the account that is being edited."""
    for field in form.base_fields.values():
        if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
            names = {column.name for column in field.queryset.model._meta.get_fields()}
            if "account" in names:
                field.queryset = field.queryset.filter(account=account_id)


def keep_choice(form: Any, name: str, value: str) -> None:
    """Let a field keep a value that is not among its choices: saving the rest of a form must not empty it."""
    field = form.base_fields.get(name)
    if field is not None and value and value not in {key for key, _ in field.choices}:
        field.choices = [*field.choices, (value, value)]


class ScopedChoices:
    """Mixed into every admin and inline; ``admin_site`` comes from Django's class beside it."""

    admin_site: AdminSite

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Begin the choices at what the viewer sees."""
        kwargs["queryset"] = choices_of(self.admin_site, db_field.remote_field.model, request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]  # a mix-in

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Begin the choices at what the viewer sees."""
        kwargs["queryset"] = choices_of(self.admin_site, db_field.remote_field.model, request)
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]  # a mix-in

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Drop the buttons beside a choice that would add, change or delete the chosen thing in a pop-up."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]  # a mix-in
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            widget = field.widget
            widget.can_add_related = widget.can_change_related = False
            widget.can_delete_related = widget.can_view_related = False
        return field
