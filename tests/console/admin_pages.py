"""Reading and sending the admin's forms as a browser does: every field that the page has goes back with it."""

from __future__ import annotations

from typing import Any

import lxml.html
from django.db.models import Model
from django.test import Client
from django.urls import reverse

Fields = dict[str, Any]


def page(model: type[Model] | str, name: str, *args: object) -> str:
    """Return the address of an admin page: ``page(User, "change", user.pk)``."""
    label = model if isinstance(model, str) else model._meta.label_lower
    return reverse(f"admin:{label.replace('.', '_')}_{name}", args=args)


def address_of(row: Model) -> str:
    """Return the address of a row's own page."""
    return page(type(row), "change", row.pk)


def fields_of(text: str) -> Fields:
    """Return the fields of the page's main form with their values; the templates of empty rows are left out."""
    for form in lxml.html.fromstring(text).forms:
        if str(form.get("id", "")).endswith("_form"):
            return {
                name: value
                for name, value in form.form_values()
                if "__prefix__" not in name and name not in ("_save", "_continue", "_addanother")
            }
    raise AssertionError("no form on this page")


def read(browser: Client, address: str) -> Fields:
    """Open a page and return the fields of its form."""
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return fields_of(answer.text)


def save(browser: Client, address: str, **changed: Any) -> Any:
    """Open a form, change some fields, send it; ``row__…`` keyword names stand for ``row-…``."""
    fields = read(browser, address)
    return browser.post(
        address, {**fields, **{name.replace("__", "-"): value for name, value in changed.items()}}
    )


def with_row(fields: Fields, prefix: str, **values: Any) -> Fields:
    """Return the fields with one row more in the inline ``prefix``."""
    number = int(fields[f"{prefix}-TOTAL_FORMS"])
    row = {f"{prefix}-{number}-{name}": value for name, value in values.items()}
    return {**fields, **row, f"{prefix}-TOTAL_FORMS": number + 1}


def without_row(fields: Fields, prefix: str, row: Model) -> Fields:
    """Return the fields with the remove box of an inline's row ticked, as a browser or a forger would send it."""
    for number in range(int(fields[f"{prefix}-TOTAL_FORMS"])):
        if str(fields.get(f"{prefix}-{number}-id")) == str(row.pk):
            return {**fields, f"{prefix}-{number}-DELETE": "on"}
    raise AssertionError(f"{row} is not on the page")


def words(answer: Any) -> str:
    """Return the visible text of a page, blanks joined."""
    root = lxml.html.fromstring(answer.text)
    body = root.find("body")
    return " ".join(" ".join((root if body is None else body).itertext()).split())
