"""HTML from the files in ``templates/``, with everything escaped that is not markup of our own.

Templates are ``string.Template`` texts. A value of type ``str`` is escaped; only ``Markup``, which this
module alone makes from templates, goes in as it is. A missing value is an error, never an empty hole.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from functools import cache
from html import escape
from pathlib import Path
from string import Template

from simulator.errors import Refused
from simulator.web import Response, html

FOLDER = Path(__file__).parent
ASSETS = {
    "/static/simulator.css": "text/css; charset=utf-8",
    "/static/simulator.js": "text/javascript; charset=utf-8",
}


class Markup(str):
    """HTML that is safe to insert."""

    __slots__ = ()


@cache
def _template(name: str) -> Template:
    return Template((FOLDER / "templates" / f"{name}.html").read_text(encoding="utf-8"))


def render(template: str, /, **values: str | int) -> Markup:
    """Fill ``templates/<template>.html``. Raises KeyError when a placeholder has no value."""
    safe = {key: value if isinstance(value, Markup) else escape(str(value)) for key, value in values.items()}
    return Markup(_template(template).substitute(safe))


def join(parts: Iterable[Markup]) -> Markup:
    return Markup("".join(parts))


def flag(name: str, on: bool) -> Markup:
    """A boolean attribute: ``flag("checked", True)`` gives `` checked``."""
    return Markup(f" {name}") if on else Markup("")


def hidden(fields: Iterable[tuple[str, str]]) -> Markup:
    """Hidden form fields."""
    return join(render("hidden", name=name, value=value) for name, value in fields)


def page(title: str, body: Markup, status: int = 200, heading: str = "") -> Response:
    """A whole page. ``heading`` names the directory in the header bar."""
    return html(
        render("base", title=title, heading=heading or "Identity provider simulator", body=body), status
    )


def post_page(action: str, fields: Iterable[tuple[str, str]]) -> Response:
    """A form that posts itself to ``action``; without JavaScript the person presses Continue."""
    return page("Working…", render("post", action=action, fields=hidden(fields)))


def error_page(error: Refused) -> Response:
    """What a person sees instead of being sent back."""
    now = dt.datetime.now(dt.UTC)
    body = render(
        "error",
        code=error.code,
        text=error.text,
        trace=str(uuid.uuid4()),
        correlation=str(uuid.uuid4()),
        timestamp=f"{now:%Y-%m-%d %H:%M:%SZ}",
    )
    return page("Sign-in error", body, error.status)


@cache
def asset(path: str) -> Response | None:
    """The style sheet or the script, or None."""
    kind = ASSETS.get(path)
    return None if kind is None else Response((FOLDER / path.lstrip("/")).read_bytes(), content_type=kind)
