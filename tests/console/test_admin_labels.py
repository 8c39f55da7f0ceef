"""Every column of the admin has a name for readers, which translators were given (A-11)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db.models import Field, Model

from console.labels import COLUMNS, TABLES, written_by_model


def shown_columns() -> Iterator[tuple[type[Model], Field[Any, Any]]]:
    """Each column of a model that some list, form, filter or inline names."""
    for model, page in admin.site._registry.items():
        fieldsets = [*(page.fieldsets or ()), *(getattr(page, "add_fieldsets", None) or ())]
        filters = [each[0] if isinstance(each, tuple) else each for each in page.list_filter]
        yield from columns(model, [*page.list_display, *flatten_fieldsets(fieldsets), *filters])
        for inline in page.inlines:
            yield from columns(inline.model, inline.fields or ())


def columns(model: type[Model], names: Iterable[Any]) -> Iterator[tuple[type[Model], Field[Any, Any]]]:
    """Those of ``names`` that are columns of the model."""
    wanted = {name for name in names if isinstance(name, str)}
    for field in model._meta.get_fields():
        if isinstance(field, Field) and field.name in wanted:
            yield model, field


def test_every_shown_column_and_table_is_named() -> None:
    shown = list(shown_columns())
    assert len(shown) > 100, "the walk itself is broken"
    unnamed = {
        f"{model._meta.label}.{field.name}"
        for model, field in shown
        if not written_by_model(field) and field.name not in COLUMNS
    }
    assert unnamed == set()
    assert {model._meta.label_lower for model in admin.site._registry} == set(TABLES)


def test_no_column_is_named_that_nobody_sees() -> None:
    assert set(COLUMNS) - {field.name for _, field in shown_columns()} == set()
