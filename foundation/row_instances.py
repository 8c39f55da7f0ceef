"""Model instances from database rows, made once a statement instead of once a row.

``Model.from_db`` hands every value to ``Model.__init__``, which walks all fields of the model, the unread ones
included, sets each attribute through its descriptor and sends two signals: several times the cost of reading the row. A
maker knows beforehand which columns come, and puts them where the descriptors would. The instance is the same one: what
wasn't read is deferred. Models to which that doesn't apply (an ``__init__`` or ``from_db`` of their own, receivers of
``pre_init`` or ``post_init``, attributes that are more than a place for a value) are made by ``from_db``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Model
from django.db.models.base import ModelState
from django.db.models.fields.related_descriptors import ForeignKeyDeferredAttribute
from django.db.models.query import get_related_populators
from django.db.models.query_utils import DeferredAttribute
from django.db.models.signals import post_init, pre_init

from foundation.encryption import SecretAttribute

Row = Sequence[Any]
Maker = Callable[[Row], Any]

_PLAIN = (DeferredAttribute, ForeignKeyDeferredAttribute, SecretAttribute)


def instance_maker(klass_info: dict[str, Any], select: Sequence[Any], alias: str) -> Maker:
    """Return what makes an instance, with those that ``select_related`` joined, of a row.

    ``klass_info`` and ``select`` are those of the query's compiler.
    """
    make_one, columns, _ = _one(klass_info, select, alias)
    joined = _joined(klass_info, select, alias)

    def make(row: Row) -> Model:
        instance: Model = make_one(row[columns])
        for join in joined:
            join(row, instance)
        return instance

    return make


def _one(klass_info: dict[str, Any], select: Sequence[Any], alias: str) -> tuple[Maker, slice, list[str]]:
    """Return how an instance is made of its columns, which those are, and their names."""
    numbers = klass_info["select_fields"]
    columns = slice(numbers[0], numbers[-1] + 1)
    names = [each[0].target.attname for each in select[columns]]
    model: type[Model] = klass_info["model"]
    if not _is_plain(model, names):
        return (lambda values: model.from_db(alias, names, values)), columns, names

    def make(values: Row) -> Model:
        instance = model.__new__(model)
        state = ModelState()
        state.adding, state.db = False, alias
        held = instance.__dict__
        held["_state"] = state
        held.update(zip(names, values, strict=True))
        return instance

    return make, columns, names


def _joined(
    klass_info: dict[str, Any], select: Sequence[Any], alias: str
) -> list[Callable[[Row, Model], None]]:
    known = klass_info.get("related_klass_infos", [])
    if any(each["from_parent"] for each in known):  # inherited tables: their columns come in another order
        return [each.populate for each in get_related_populators(klass_info, select, alias)]  # type: ignore[call-arg]  # the stubs are of a newer Django
    return [_join(each, select, alias) for each in known]


def _join(klass_info: dict[str, Any], select: Sequence[Any], alias: str) -> Callable[[Row, Model], None]:
    make, columns, names = _one(klass_info, select, alias)
    key = columns.start + names.index(klass_info["model"]._meta.pk.attname)
    further = _joined(klass_info, select, alias)
    there, back = klass_info["local_setter"], klass_info["remote_setter"]

    def join(row: Row, instance: Model) -> None:
        if row[key] is None:  # an outer join that found nothing
            there(instance, None)
            return
        related = make(row[columns])
        for each in further:
            each(row, related)
        there(instance, related)
        back(related, instance)

    return join


def _is_plain(model: type[Model], names: Sequence[str]) -> bool:
    inherited: Any = model
    return (
        inherited.__init__ is Model.__init__
        and inherited.from_db.__func__ is Model.from_db.__func__  # type: ignore[attr-defined]  # a class method
        and not pre_init.has_listeners(model)
        and not post_init.has_listeners(model)
        and all(type(getattr(model, name)) in _PLAIN for name in names)
    )
