"""The admin at ``/admin/``: who gets in, on which host, and what the frame around every page holds.

unfold draws the pages. What differs from Django's own site, and why:

- The right to it is computed by ``console.scoping.viewer_of``; ``is_staff`` and Django's permissions play no part.
- There is one sign-in (L-1): ``login/`` leads to ``/login/`` and the log-out button posts to ``/logout/``. Django's
  password change and "view on site" short-cut are not mounted; the latter would tell which ids exist.
- It answers on the deployment's host only (V-7).
- A signed-in person without the right gets 403: sending them to the sign-in would bring them straight back.
- Django's ``LogEntry`` is not shown: what happened is in the audit trail, which is scoped.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any, cast
from urllib.parse import unquote, urlencode

from django.contrib.admin.models import LogEntry
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.dataclasses import Favicon
from unfold.sites import UnfoldAdminSite

from accounts.models import User
from console import dashboard, navigation
from console.reports import disabling
from console.reports import page as reports
from console.scoping import is_deployment_host, require_viewer, viewer_of
from foundation import public_urls

View = Callable[..., HttpResponse]


class Autocomplete(AutocompleteJsonView):
    """Answers a choice that is typed: rows of the viewer's own list, people with both of their names."""

    def serialize_result(self, obj: Model, to_field_name: str) -> dict[str, str]:
        """Two people may share a name; the user name tells them apart."""
        shown: dict[str, str] = super().serialize_result(obj, to_field_name)
        if isinstance(obj, User) and str(obj) != obj.user_name:
            shown["text"] = f"{obj} ({obj.user_name})"
        return shown


_NOT_MOUNTED = frozenset({"password_change", "password_change_done", "view_on_site", "search"})


class ConsoleSite(UnfoldAdminSite):
    """The default ``admin.site``."""

    index_title = _("Overview")
    index_template = "admin/console/overview.html"
    app_index_template = "admin/console/app_index.html"

    def has_permission(self, request: HttpRequest) -> bool:
        """Let operators, partner admins and account admins in."""
        return is_deployment_host(request) and viewer_of(request) is not None

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Wrap every view of the admin with the checks told above."""
        guarded: View = super().admin_view(view, cacheable)

        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not is_deployment_host(request):
                return _on_the_deployments_host(request)
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            if "\x00" in unquote(request.META.get("QUERY_STRING", "")):
                raise BadRequest  # PostgreSQL has no text with a null character, not even to compare with
            return guarded(request, *args, **kwargs)

        return update_wrapper(inner, guarded)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Leave out what must not be reachable, and add the pages that are no model's (A-8)."""
        own: list[URLPattern | URLResolver] = [
            path("reports/", self._view(reports.overview), name="reports"),
            path("reports/disable-people/", self._view(disabling.disable_people), name="report_disable"),
            path("reports/<slug:slug>/", self._view(reports.report), name="report"),
            path("reports/<slug:slug>/export/", self._view(reports.export), name="report_export"),
        ]
        return own + [url for url in super().get_urls() if getattr(url, "name", None) not in _NOT_MOUNTED]

    def _view(self, view: Callable[..., Any]) -> View:
        return self.admin_view(update_wrapper(partial(view, self), view))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the product's one sign-in, which checks ``next`` itself."""
        if not is_deployment_host(request):
            return _on_the_deployments_host(request)
        target = request.GET.get("next") or reverse("admin:index", current_app=self.name)
        return HttpResponseRedirect(f"{reverse('sso:login')}?{urlencode({'next': target})}")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the product's one sign-out; 307 keeps it a POST."""
        return redirect("sso:logout", preserve_request=True)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show the overview of what the viewer sees."""
        facts = {"overview": dashboard.overview(require_viewer(request)), **(extra_context or {})}
        page: TemplateResponse = super().index(request, facts)
        return page

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add our own style and script, as files (the policy allows nothing inline)."""
        context: dict[str, Any] = super().each_context(request)
        context["site_favicons"] = [Favicon(href=static("broker/logo.svg"), rel="icon", type="image/svg+xml")]
        context["styles"] = [*context["styles"], static("console/console.css")]
        context["scripts"] = [*context["scripts"], static("console/console.js")]
        return context

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """Answer the choices that are searched while typing."""
        return cast(HttpResponse, Autocomplete.as_view(admin_site=self)(request))

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """Return the navigation on the left: only what the viewer may open."""
        return navigation.sidebar(self, request)

    def get_log_entries(self, request: HttpRequest) -> QuerySet[LogEntry]:
        """Return nothing: Django's log knows no accounts."""
        return LogEntry.objects.none()


def _on_the_deployments_host(request: HttpRequest) -> HttpResponse:
    if request.method not in ("GET", "HEAD"):
        raise Http404
    return HttpResponseRedirect(public_urls.absolute(request.get_full_path()))
