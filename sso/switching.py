"""A browser that holds another person's session is asked before it switches, by every entrance (V-19).

    ask        the claims are parked again and the browser is sent to the question's own address
    question   "You are X in A; continue as Y in B?"; showing it again decides nothing
    stay       the present session goes on, the answer is spent

Going on is ``sign_in.continue_parked`` with the question's code. The address is always ``/sso/continue/``, whichever
way the provider's answer came, so that the question's form goes where it is understood.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.models import Account, User
from foundation import public_urls
from sso import answers, attempts, claims_json, ending_host
from sso.claims import Claims
from sso.models import ParkedAnswer, SignInAttempt
from sso.plan import plan_sign_in
from sso.refusals import SignInRefused
from sso.snapshot import read_state

CONTINUE = "sso:continue"


def to_continuation(
    code: str, request: HttpRequest | None = None, attempt: SignInAttempt | None = None
) -> HttpResponseRedirect:
    """Send the browser on to the same-site GET that has cookie and code (design rule 7).

    An answer's ``request`` and ``attempt`` are given where the two may be on different hosts (V-7).
    """
    path = f"{reverse(CONTINUE)}?code={code}"
    if request is not None and attempt is not None and ending_host.is_elsewhere(attempt, request):
        path = public_urls.absolute(path)
    return HttpResponseRedirect(path, status=303)


def ask(
    request: HttpRequest, attempt: SignInAttempt, account: Account, claims: Claims
) -> HttpResponse | None:
    """Return the way to the question when the browser holds another person's session, None when it doesn't.

    Raises ``SignInRefused`` when the attempt is over already.
    """
    present = request.user
    if not isinstance(present, User):
        return None
    plan = plan_sign_in(claims, read_state(claims, attempt.provider, account))
    if plan.refusal is not None or plan.user_id == present.pk:
        return None
    return to_continuation(attempts.ask_to_confirm(attempt, claims_json.as_json(claims)))


def question(request: HttpRequest, code: str, waiting: ParkedAnswer) -> HttpResponse | None:
    """Return the page for what awaits this browser's word, None when that is another word; nothing is spent."""
    if waiting.attempt.account_id is None:
        return None
    present, claims, account = request.user, claims_json.load(waiting.payload), waiting.attempt.account
    if not isinstance(present, User) or account is None:
        return redirect("sso:my_access")  # nobody to switch from any more: a sign-in begins with a click
    context = {
        "current_name": present.get_full_name(),
        "current_account": present.account.name if present.account else "",
        "new_name": claims.display_name or claims.email or claims.user_name or claims.subject,
        "new_account": account.name,
        "code": code,
    }
    return render(request, "sso/switch_user.html", context)


def stay(request: HttpRequest, parked: ParkedAnswer | None) -> HttpResponse:
    """Keep the present session: spend the parked answer and change nothing."""
    try:
        collected = attempts.collect(parked, request)
    except SignInRefused as error:
        return answers.refused(request, error.refusal, target="continue", again=error.again)
    attempts.finish(collected.attempt, outcome="stayed")
    return redirect("sso:my_access")
