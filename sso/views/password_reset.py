"""``/password-reset/``: ask for a link, open it, set a new password (A-9)."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import View

from accounts.lifecycle.mailed_links import LinkRefused
from accounts.models import LinkPurpose, User
from audit.refusals import Refused
from sso import login_options, password_reset
from sso.forms import NewPasswordForm
from sso.views import mailed_links


class PasswordResetView(mailed_links.AskView):
    """``/password-reset/``: ask for a link."""

    kind = password_reset.KIND
    target = password_reset.TARGET

    def words(self) -> mailed_links.AskWords:
        """Return what the page says."""
        return mailed_links.AskWords(
            title=_("Forgot your password?"),
            lead=_(
                "We send a link to the recovery address that you confirmed. It lets you set a new password."
            ),
            label=_("E-mail"),
            asked_heading=_("Look into your mailbox"),
            asked_lead=_(
                "If this address belongs to somebody here who signs in with a password, a link is on its way to their "
                "recovery address. It works once, within 60 minutes."
            ),
        )


class NewPasswordView(View):
    """``/password-reset/new/``: the new password."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the form; nothing is used up."""
        try:
            user = mailed_links.opened(request, LinkPurpose.PASSWORD).user
        except LinkRefused as error:
            return _refused(request, error)
        return _new_password(request, user, NewPasswordForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Set it, unless it is a bad one: then the link is still good."""
        try:
            user = mailed_links.opened(request, LinkPurpose.PASSWORD).user
            form = NewPasswordForm(request.POST)
            if not form.is_valid() or not _is_good(form, user):
                return _new_password(request, user, form, status=400)
            user = password_reset.set_new_password(
                request, mailed_links.token_of(request, LinkPurpose.PASSWORD), form.cleaned_data["password"]
            )
        except (LinkRefused, Refused) as error:
            return _refused(request, error)
        page = login_options.page_of(user.account) if user.account else reverse("sso:login")
        done = mailed_links.notice(
            request,
            heading=_("Your password was changed"),
            lead=_("All your sessions ended. Sign in with the new password."),
            action_url=page,
            action_label=_("Sign in"),
        )
        return mailed_links.forget(done)


def _is_good(form: NewPasswordForm, user: User) -> bool:
    try:
        validate_password(form.cleaned_data["password"], user)
    except ValidationError as error:
        form.add_error("password", error)
        return False
    return True


def _new_password(
    request: HttpRequest, user: User, form: NewPasswordForm, *, status: int = 200
) -> HttpResponse:
    context = {"form": form, "user_name": user.user_name}
    return render(request, "sso/password_new.html", context, status=status)


def _refused(request: HttpRequest, error: LinkRefused | Refused) -> HttpResponse:
    return mailed_links.refused(
        request, error, again=reverse("sso:password_reset"), label=_("Ask for a new link")
    )
