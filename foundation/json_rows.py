"""Rows that belong to a row, read along with it: a subquery whose rows come as one JSON list of lists.

A join would repeat the outer row for each of them, and a query of its own costs another round trip to the database.
Texts, numbers, booleans and UUIDs (as texts) travel well in JSON; other types would need a converter.

    held = GroupMembership.objects.filter(user=OuterRef("pk")).order_by("group__name_folded")
    User.objects.annotate(held=JsonRows(held, "group_id", "group__name"))     # user.held == [["0196…", "Sales"], …]
"""

from __future__ import annotations

from typing import Any

from django.db.models import F, JSONField, QuerySet, Subquery

_SELECT = "(SELECT %s FROM (%%(subquery)s) json_rows)"


class JsonRows(Subquery):
    """The rows of ``queryset`` in its order, each a list of ``fields``; an empty list where there are none."""

    output_field = JSONField()

    def __init__(self, queryset: QuerySet[Any, Any], *fields: str) -> None:
        names = [f"json_{number}" for number in range(len(fields))]
        named = queryset.values(**{name: F(field) for name, field in zip(names, fields, strict=True)})
        super().__init__(named)
        self._columns = ", ".join(f'json_rows."{name}"' for name in names)

    def as_sql(self, compiler: Any, connection: Any, template: str | None = None, **extra: Any) -> Any:
        """Compile for SQLite."""
        rows = f"json_group_array(json_array({self._columns}))"
        return super().as_sql(compiler, connection, _SELECT % rows, **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Compile for PostgreSQL."""
        rows = f"coalesce(jsonb_agg(jsonb_build_array({self._columns})), '[]')"
        return super().as_sql(compiler, connection, _SELECT % rows, **extra)
