"""Buttons on a row's page that change something: they ask on GET and act on POST, so no link changes anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from unfold.dataclasses import UnfoldAction
from unfold.enums import ActionVariant

from audit.actors import Actor
from console.admins import refusals
from console.scoping import actor_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_Method = TypeVar("_Method", bound=Callable[..., HttpResponse | None])


def button(*, description: object, url_path: str, icon: str) -> Callable[[_Method], _Method]:
    """Mark a method as one of unfold's detail actions; ``icon`` is the name of a Material symbol."""

    def mark(method: _Method) -> _Method:
        told = {"short_description": description, "url_path": url_path, "icon": icon, "attrs": {}}
        for name, value in {**told, "variant": ActionVariant.DEFAULT}.items():
            setattr(method, name, value)
        return method

    return mark


def ask_and_act(
    name: str,
    *,
    label: StrOrPromise,
    icon: str,
    question: StrOrPromise,
    change: Callable[[Actor, Any], bool],
    done: StrOrPromise,
    details: Callable[[Any], object] | None = None,
    back_to_list: bool = False,
) -> Callable[..., HttpResponse]:
    """Return a whole button for a class body: ``disable = ask_and_act("disable", label=…, …)``.

    ``name`` is the attribute it is assigned to; its address ends in the same words. The rest is as in ``confirmed``.
    """

    def act(self: ConfirmedActions, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.confirmed(
            request,
            object_id,
            name=name,
            question=str(question),
            button=str(label),
            change=change,
            done=str(done),
            details=details,
            back_to_list=back_to_list,
        )

    act.__name__ = name  # unfold finds and names it by this
    return button(description=label, url_path=name.replace("_", "-"), icon=icon)(act)


class ConfirmedActions:
    """Mixed into every admin; the methods are named in unfold's ``actions_detail`` and call ``confirmed``."""

    admin_site: Any
    opts: Any
    actions_beside: Sequence[str] = ()  # of ``actions_detail``, those that stand beside a column
    url_of: Callable[..., str]
    _get_base_actions_detail: Callable[[], list[UnfoldAction]]

    def offered(self, request: HttpRequest, obj: Any) -> frozenset[str]:
        """Return the names of those that make sense for this row and this viewer; no other can be called."""
        return frozenset()

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[UnfoldAction]:
        """Show on top only what is offered and has no place further down the page."""
        obj = self.get_object(request, unquote(str(object_id)))
        wanted = self.offered(request, obj) - set(self.actions_beside) if obj is not None else frozenset()
        return [action for action in self._get_base_actions_detail() if action.method.__name__ in wanted]

    def offered_row(self, request: HttpRequest, object_id: str, name: str) -> Any:
        """Return the row of a button's address; 404 where the viewer sees none, 403 where it isn't offered to them."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if name not in self.offered(request, obj):
            raise PermissionDenied
        return obj

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the row, with what is offered for it: columns that show buttons know no request."""
        obj = super().get_object(request, object_id, from_field)  # type: ignore[misc]  # mixed into a ModelAdmin
        if obj is not None and self.actions_beside:
            obj.console_offered = self.offered(request, obj)
        return obj

    def buttons_beside(self, obj: Any, names: Iterable[str]) -> SafeString:
        """Return buttons for a column of the row's page, of those of ``names`` that are offered."""
        offered: frozenset[str] = getattr(obj, "console_offered", frozenset())
        links = [
            (self.url_of(name, obj.pk), getattr(self, name).short_description)
            for name in names
            if name in offered
        ]
        if not links:
            return SafeString()
        return format_html(
            '<span class="console-buttons console-buttons-inline">{}</span>',
            format_html_join("", '<a class="console-button" href="{}">{}</a>', links),
        )

    def confirmed(
        self,
        request: HttpRequest,
        object_id: str,
        *,
        name: str,
        question: str,
        button: str,
        change: Callable[[Actor, Any], bool],
        done: str,
        details: Callable[[Any], object] | None = None,
        back_to_list: bool = False,
        hidden: Callable[[Any], Mapping[str, str]] | None = None,
    ) -> HttpResponse:
        """Ask or act, then go back to the row, or to the list where acting takes the row away.

        ``question`` may hold ``%(name)s``; ``details`` returns safe HTML to show below it, ``hidden`` fields that say
        what was shown.
        """
        obj = self.offered_row(request, object_id, name)
        back = self.url_of("change", obj.pk)
        if request.method == "POST":
            with refusals.as_message(request):
                if change(actor_of(request), obj):
                    messages.success(request, done)
                    back = self.url_of("changelist") if back_to_list else back
                else:
                    messages.info(request, _("Nothing had to be changed."))
            return redirect(back)
        return self.ask(
            request,
            obj,
            question=question % {"name": obj},
            button=button,
            details=details(obj) if details is not None else "",
            hidden=hidden(obj) if hidden is not None else None,
        )

    def ask(
        self,
        request: HttpRequest,
        obj: Any,
        *,
        question: str,
        button: str,
        details: object = "",
        hidden: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        """Return the page that asks; its form is posted to the same address, with the ``hidden`` fields."""
        context = {
            **self.admin_site.each_context(request),
            "title": button,
            "question": question,
            "button": button,
            "details": details,
            "hidden": dict(hidden or {}),
            "back": self.url_of("change", obj.pk),
            "object": obj,
            "opts": self.opts,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/console/confirm.html", context)
