"""The login pages: e-mail first, then the account's own page (L-1 to L-3, L-5, L-6)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import View

from accounts.models import Account
from accounts.password_admins import is_private, only_account
from foundation.folding import fold
from sso import answers, attempts, login_options, return_urls
from sso.forms import EmailForm, PasswordForm
from sso.leaving import send_on
from sso.password import sign_in_with_password
from sso.refusals import SignInRefused, StartAgain


class LoginView(View):
    """``/login/``: asks for the work e-mail and leads to where the person signs in."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the e-mail form."""
        next_url = return_urls.safe_next(request.GET.get("next", ""))
        if request.user.is_authenticated:
            return redirect(return_urls.landing(request.user.account, next_url))
        account = login_options.account_for_host(request.get_host())
        initial = {
            "next": next_url,
            "displayed": attempts.displayed_now(),
            "email": request.GET.get("email", "")[:254],
        }
        return _email_page(request, EmailForm(initial=initial), account)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Route by the e-mail's domain; the second step of the general page comes back here with a password."""
        if "password" in request.POST:
            return _password(request, login_options.account_for_host(request.get_host()))
        form = EmailForm(_posted(request))
        if not form.is_valid():
            return _email_page(request, form, login_options.account_for_host(request.get_host()), status=400)
        email, next_url = form.cleaned_data["email"], return_urls.safe_next(form.cleaned_data["next"])
        displayed = form.cleaned_data["displayed"] or attempts.displayed_now()
        account = login_options.account_for_email(email)
        if account is None:
            return _account_page(request, None, email=email, next_url=next_url, displayed=displayed)
        buttons = login_options.buttons_of(account, email=email, next_url=next_url, displayed=displayed)
        if not account.password_sign_in_allowed and len(buttons) == 1 and not is_private():
            # Not a redirect: a form's redirect to another site is stopped by form-action in Chromium.
            context = {"provider_name": buttons[0].provider_name, "url": buttons[0].url}
            return render(request, "sso/redirecting.html", context)
        elsewhere = login_options.page_elsewhere(account, request.get_host(), next_url)
        page = elsewhere or login_options.page_of(account)
        return send_on(
            request, login_options.with_query(page, email=email, next=next_url, displayed=displayed)
        )


class AccountLoginView(View):
    """``/login/<account>/``: the account's own page, one button per enabled provider."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Show the page; an unknown account gets the general one (V-26)."""
        next_url = return_urls.safe_next(request.GET.get("next", ""))
        email = request.GET.get("email", "")[:254]
        if request.user.is_authenticated:
            return redirect(return_urls.landing(request.user.account, next_url))
        account = login_options.account_for_slug(slug)
        if account is None:
            return redirect(login_options.with_query(reverse("sso:login"), email=email, next=next_url))
        elsewhere = login_options.page_elsewhere(account, request.get_host(), next_url)
        if elsewhere:
            return redirect(login_options.with_query(elsewhere, email=email, next=next_url))
        return _account_page(
            request,
            account,
            email=email,
            next_url=next_url,
            displayed=request.GET.get("displayed", "")[:200] or attempts.displayed_now(),
        )

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Sign in with a password."""
        account = login_options.account_for_slug(slug)
        next_url = return_urls.safe_next(request.POST.get("next", ""))
        elsewhere = login_options.page_elsewhere(account, request.get_host(), next_url) if account else ""
        return redirect(elsewhere) if elsewhere else _password(request, account)


def _email_page(
    request: HttpRequest, form: EmailForm, account: Account | None, *, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "buttons": _for_everybody(form) if account is None else [],
        "title": _title(account if account is not None and not account.password_sign_in_allowed else None),
    }
    return render(request, "sso/login_email.html", context, status=status)


def _for_everybody(form: EmailForm) -> list[login_options.Button]:
    kept = form.data if form.is_bound else form.initial
    return login_options.buttons_for_everybody(
        next_url=return_urls.safe_next(kept.get("next", "")), displayed=kept.get("displayed", "")[:200]
    )


def _title(account: Account | None) -> str:
    if account is None:
        account = only_account()
    if account is None:
        return _("Sign in to %(product)s") % {"product": settings.BROKER_PRODUCT_NAME}
    if not account.password_sign_in_allowed:
        return _("Corporate Account SSO")
    return _("Sign in to %(account)s") % {"account": account.name}


def _account_page(
    request: HttpRequest,
    account: Account | None,
    *,
    email: str,
    next_url: str,
    displayed: str,
    form: PasswordForm | None = None,
    status: int = 200,
    error: str = "",
) -> HttpResponse:
    sso_only = account is not None and not account.password_sign_in_allowed
    initial = {"user_name": email, "next": next_url, "displayed": displayed}
    context: dict[str, Any] = {
        "title": _title(account),
        "account": account.name if account else None,
        "buttons": _buttons(account, email=email, next_url=next_url, displayed=displayed),
        # L-3: in a private deployment one admin comes by password all the same; who, the page doesn't tell.
        "password_form": None if sso_only and not is_private() else form or PasswordForm(initial=initial),
        "sso_only": sso_only,
        "email": email,
        "error": error,
        "change_url": login_options.with_query(reverse("sso:login"), next=next_url),
        **login_options.support_of(account),
    }
    return render(request, "sso/login_account.html", context, status=status)


def _buttons(
    account: Account | None, *, email: str, next_url: str, displayed: str
) -> list[login_options.Button]:
    account = account or only_account()
    if account is None:
        return []
    return login_options.buttons_of(account, email=email, next_url=next_url, displayed=displayed)


def _posted(request: HttpRequest) -> QueryDict:
    """Return the fields as they may be shown again: no target of somebody else's in them (L-7)."""
    data = request.POST.copy()
    data["next"] = return_urls.safe_next(data.get("next", ""))
    return data


def _password(request: HttpRequest, account: Account | None) -> HttpResponse:
    form = PasswordForm(_posted(request))
    next_url = return_urls.safe_next(request.POST.get("next", ""))
    name = request.POST.get("user_name", "")[:254]
    shown = {"email": name, "next_url": next_url, "displayed": request.POST.get("displayed", "")[:200]}
    if request.user.is_authenticated:
        # V-19: nobody's session is replaced unasked; whoever wants to be another signs out first.
        present = request.user
        text = _("You are %(name)s here. To sign in as somebody else, sign out first.")
        if name and fold(name) not in (present.user_name_folded, present.email_folded):
            messages.warning(request, text % {"name": present.user_name})
        return redirect("sso:my_access")
    try:
        attempts.ensure_in_time(shown["displayed"], StartAgain(account, name, next_url))
        if not form.is_valid():
            return _account_page(request, account, form=form, status=400, **shown)
        entered = sign_in_with_password(
            request,
            account=account,
            user_name=form.cleaned_data["user_name"],
            password=form.cleaned_data["password"],
            next_url=next_url,
        )
    except SignInRefused as error:
        return answers.refused(request, error.refusal, account=account, again=error.again)
    if entered is None:
        wrong = _("The user name or password is wrong.")
        return _account_page(request, account, form=form, status=401, error=wrong, **shown)
    return entered
