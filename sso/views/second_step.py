"""``/second-step/``: prove a second factor after the password, or enrol one (V-11)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views import View

from accounts import totp
from accounts.lifecycle.factors import TooManyFactors
from accounts.models import FactorKind, SecondFactor, SecondStep
from accounts.recovery import masked
from sso import answers, enrolling, factor_proof, second_step, webauthn
from sso.enrolling import Enrolled
from sso.forms import CodeForm, NewAppForm, NewPasskeyForm
from sso.leaving import send_on
from sso.refusals import SignInRefused


class SecondStepView(View):
    """The page of one open step; its address names it, the browser's cookie must fit."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Ask for the second thing."""
        try:
            step = second_step.find(request)
        except SignInRefused as error:
            return _refused(request, error)
        return _page(request, step)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Take it, and open what comes after."""
        try:
            step = second_step.find(request)
            if step.awaits_mailed_code:
                return _take_mailed_code(request, step)
            return _enrol(request, step) if step.enrolling else _prove(request, step)
        except SignInRefused as error:
            return _refused(request, error)


def _refused(request: HttpRequest, error: SignInRefused) -> HttpResponse:
    return answers.refused(request, error.refusal, again=error.again, target="second-step")


def _take_mailed_code(request: HttpRequest, step: SecondStep) -> HttpResponse:
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _page(request, step, form=form, status=400)
    if not enrolling.take_mailed_code(request, step, form.cleaned_data["code"]):
        wrong = _("This is not the code in the newest mail.")
        return _page(request, step, error=wrong, status=401)
    return redirect(request.get_full_path())


def _prove(request: HttpRequest, step: SecondStep) -> HttpResponse:
    if "credential" in request.POST:
        context = factor_proof.by_passkey(request, step, request.POST["credential"])
        if context is None:
            return _page(request, step, error=_("The passkey was not accepted. Try again."), status=401)
    else:
        form = CodeForm(request.POST)
        if not form.is_valid():
            return _page(request, step, form=form, status=400)
        context = factor_proof.by_code(request, step, form.cleaned_data["code"])
        if context is None:
            wrong = _("This code is wrong, or it was used already. Wait for the next one and try again.")
            return _page(request, step, error=wrong, status=401)
    return send_on(request, second_step.finish(request, step, context))


def _enrol(request: HttpRequest, step: SecondStep) -> HttpResponse:
    try:
        if "credential" in request.POST:
            key = NewPasskeyForm(request.POST)
            answer = key.cleaned_data["credential"] if key.is_valid() else ""
            name = key.cleaned_data.get("passkey_name", "")
            enrolled = enrolling.by_passkey(request, step, name=name, answer=answer)
            wrong = _("The passkey could not be set up. Try again.")
        else:
            form = NewAppForm(request.POST)
            if not form.is_valid():
                return _page(request, step, form=form, status=400)
            enrolled = enrolling.by_code(request, step, **form.cleaned_data)
            wrong = _(
                "This code is wrong. Check the time of your device, and type the code that it shows now."
            )
    except TooManyFactors:
        enough = _("This passkey is set up already, or you have as many second factors as one can have.")
        return _page(request, step, error=enough, status=400)
    if enrolled is None:
        return _page(request, step, error=wrong, status=400)
    return _after_enrolling(request, step, enrolled)


def _after_enrolling(request: HttpRequest, step: SecondStep, enrolled: Enrolled) -> HttpResponse:
    url = second_step.finish(request, step, enrolled.context)
    if not enrolled.recovery_codes:
        messages.success(request, _("Your second factor is set up."))
        return redirect(url)
    return codes_page(request, enrolled.recovery_codes, url)


def codes_page(request: HttpRequest, codes: tuple[str, ...], url: str) -> HttpResponse:
    """Show new recovery codes, in this answer and nowhere else."""
    answer = render(request, "sso/recovery_codes.html", {"codes": codes, "url": url})
    add_never_cache_headers(answer)
    return answer


def _page(
    request: HttpRequest,
    step: SecondStep,
    *,
    form: CodeForm | None = None,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {"error": error, "user_name": step.user.user_name}
    if step.awaits_mailed_code:
        context |= {"form": form or CodeForm(), "address": masked(step.user.email)}
        answer = render(request, "sso/mailed_code.html", context, status=status)
    elif step.enrolling:
        context |= {
            "form": form or NewAppForm(),
            "key_form": NewPasskeyForm(),
            "required": second_step.requires_second_factor(step.user),
            "secret": totp.grouped(enrolling.secret_of(step)),
            "app_address": enrolling.app_address(step),
            "app_picture": enrolling.app_picture(step),
            "options": enrolling.options_of(request, step),
        }
        answer = render(request, "sso/enrol_factor.html", context, status=status)
    else:
        keys = factor_proof.passkeys(request, step.user)
        context |= {
            "form": form or CodeForm(),
            "has_app": SecondFactor.objects.filter(user=step.user, kind=FactorKind.TOTP).exists(),
            "options": webauthn.request_options(request, keys, factor_proof.open_challenge(step))
            if keys
            else "",
        }
        answer = render(request, "sso/second_step.html", context, status=status)
    add_never_cache_headers(answer)
    return answer
