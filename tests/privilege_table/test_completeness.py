"""Nothing that changes what V-8 protects is left out of the table: functions, pages, tables, without a reason given."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

from tests.privilege_table.functions import CALLS
from tests.privilege_table.functions.exempt import EXEMPT

_PACKAGES = ("accounts", "audit", "console", "foundation", "scim", "spaces", "sso", "sso_oidc", "sso_saml")


def test_every_function_with_an_actor_is_in_the_table_or_says_why_not() -> None:
    # V-8, design rule 2
    known = {name_of(call.function) for call in CALLS}
    found = set(functions_with_actor())
    assert found - known - set(EXEMPT) == set(), "add a row to tests/privilege_table/functions, or a reason"
    assert set(EXEMPT) - found == set(), "gone: take the reason away"
    assert set(EXEMPT) & known == set(), "in the table: take the reason away"


def functions_with_actor() -> Iterator[str]:
    """Yield every public function of ours that is told who acts."""
    for package in map(importlib.import_module, _PACKAGES):
        for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" in each.name:
                continue
            module = importlib.import_module(each.name)
            for name, value in vars(module).items():
                if name.startswith("_") or not inspect.isfunction(value):
                    continue
                own = inspect.unwrap(value)
                if own.__module__ == each.name and "actor" in inspect.signature(own).parameters:
                    yield name_of(value)


def name_of(function: Callable[..., Any]) -> str:
    """Return module and name of a function below its decorators."""
    own = inspect.unwrap(function)
    return f"{own.__module__}.{own.__qualname__}"
