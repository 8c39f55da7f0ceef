"""``/reauthenticate/``: prove once more that it is you, with a password or a second factor (V-15, A-9).

A third way, the person's provider, begins with a link on the same page and comes back as a sign-in does. Pages that
need the proof show the ways themselves, with ``ways`` and ``includes/prove.html``; this one shows what was wrong.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import View

from accounts.models import User
from sso import reauthentication, return_urls
from sso.forms import ConfirmPasswordForm
from sso.password import may_use_password


class ReauthenticationView(LoginRequiredMixin, View):
    """The ways to prove it, and where the person goes on."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the ways, unless there is nothing left to prove."""
        back = _back(request.GET.get("next", ""))
        return redirect(back) if reauthentication.is_fresh(request) else _page(request, back)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Take the password, or lead to where the second factor is asked for."""
        user, back = request.user, _back(request.POST.get("next", ""))
        assert isinstance(user, User)  # noqa: S101 -- login is required; narrows the type
        if not reauthentication.may_prove(request):
            return _page(request, back, status=403)
        if request.POST.get("by") == "factor":
            return reauthentication.by_factor(request, user, back) or _page(request, back, status=400)
        form = ConfirmPasswordForm(request.POST)
        if not form.is_valid():
            return _page(request, back, form=form, status=400)
        if not reauthentication.by_password(request, user, form.cleaned_data["password"]):
            return _page(request, back, form=form, error=_("The password is wrong."), status=401)
        return redirect(back)


def ways(request: HttpRequest, user: User, back: str) -> dict[str, Any]:
    """Return what ``includes/prove.html`` shows: by which ways this person can prove it, and lead back to ``back``."""
    return {
        "back": back,
        "in_recovery": not reauthentication.may_prove(request),
        "by_password": may_use_password(user),
        "by_factor": reauthentication.has_factor(user),
        "buttons": reauthentication.buttons(request, user, back),
        "form": ConfirmPasswordForm(),
    }


def _back(path: str) -> str:
    return return_urls.safe_next(path) or reverse("sso:my_access")


def _page(
    request: HttpRequest,
    back: str,
    *,
    form: ConfirmPasswordForm | None = None,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    user = request.user
    assert isinstance(user, User)  # noqa: S101 -- login is required; narrows the type
    proof = ways(request, user, back)
    if form is not None:
        proof["form"] = form
    return render(request, "sso/reauthentication.html", {"proof": proof, "error": error}, status=status)
