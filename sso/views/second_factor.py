"""``/second-factor/``: a person's own second factors; every change takes a fresh proof (A-9, V-11)."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import View

from accounts.lifecycle.factors import LastFactor, make_recovery_codes, remove_factor
from accounts.models import User
from accounts.second_factor import has_second_factor, requires_second_factor
from audit.refusals import audit_refusal
from sso import factor_changes, reauthentication
from sso.second_step import actor_of
from sso.views.reauthentication import ways
from sso.views.second_step import codes_page


class SecondFactorView(LoginRequiredMixin, View):
    """The list; what can be changed is shown to who proved a moment ago that it is them."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show what is enrolled."""
        return _page(request, _person(request))


class _Change(LoginRequiredMixin, View):
    http_method_names = ("post",)

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """Ask for a proof first when the last one is no longer fresh."""
        if (
            request.user.is_authenticated
            and request.method == "POST"
            and not reauthentication.is_fresh(request)
        ):
            return redirect("sso:second_factor")
        answer: HttpResponse = super().dispatch(request, *args, **kwargs)  # type: ignore[assignment]  # no async here
        return answer


class AddFactorView(_Change):
    """``/second-factor/add/``."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Lead to where one is enrolled."""
        return factor_changes.start(request, _person(request))


class RemoveFactorView(_Change):
    """``/second-factor/<id>/remove/``."""

    def post(self, request: HttpRequest, factor_id: UUID) -> HttpResponse:
        """Remove one's own; anybody else's does not exist."""
        user = _person(request)
        factor = next((one for one in factor_changes.own(user) if one.pk == factor_id), None)
        if factor is None:
            raise Http404
        try:
            remove_factor(factor=factor, actor=actor_of(request, user))
        except LastFactor as refusal:
            audit_refusal(refusal)
            needed = _("You need a second factor to sign in. Add another one before you remove this one.")
            return _page(request, user, error=needed, status=400)
        messages.success(request, _("“%(name)s” was removed.") % {"name": factor.name})
        return redirect("sso:second_factor")


class RecoveryCodesView(_Change):
    """``/second-factor/recovery-codes/``."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make new codes and show them, here and now."""
        user = _person(request)
        if not has_second_factor(user):
            raise Http404
        codes = make_recovery_codes(user=user, actor=actor_of(request, user))
        return codes_page(request, tuple(codes), "/second-factor/")


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 -- login is required; narrows the type
    return request.user


def _page(
    request: HttpRequest,
    user: User,
    *,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "factors": factor_changes.own(user),
        "codes_left": factor_changes.codes_left(user),
        "required": requires_second_factor(user),
        "fresh": reauthentication.is_fresh(request),
        "proof": ways(request, user, reverse("sso:second_factor")),
        "error": error,
    }
    return render(request, "sso/second_factor.html", context, status=status)
