"""The sign-in journey from verified claims to a signed-in browser; what both protocols share.

    start      the browser leaves for the provider          (protocol's view, ``attempts.begin``)
    answer     POST: verified and parked; GET: checked       (protocol's view, ``attempts.park`` / ``spend``)
    continue   cookie and code are spent together            (``continue_parked``)
    complete   plan, apply, open the session, go home        (``complete``)

Between the last two, the account of a sign-in through a provider from above is settled (``sso.account_choice``, V-5),
and a browser that holds somebody else's session is asked first (``sso.switching``, V-19).
"""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from accounts.models import Account
from foundation.client_address import client_address
from foundation.encryption import SecretUnreadable
from foundation.transactions import all_or_nothing
from sso import (
    account_choice,
    answers,
    apply,
    attempts,
    claims_json,
    connecting,
    protocols,
    providers,
    reauthentication,
    reports,
    return_urls,
    switching,
    testing,
)
from sso.announcement import announce
from sso.claims import Claims
from sso.leaving import send_on
from sso.models import ParkedAnswer, Purpose, SignInAttempt
from sso.refusals import Code, SignInRefused, secret_unreadable
from sso.session import open_session


def continue_parked(
    request: HttpRequest, parked: ParkedAnswer | None, *, account_id: str = ""
) -> HttpResponse:
    """Spend a parked answer and its attempt, let the protocol finish, and complete the sign-in.

    ``account_id`` is what the person chose where several accounts would take them in (V-5).
    """
    try:
        collected = attempts.collect(parked, request)
    except SignInRefused as error:
        return answers.refused(request, error.refusal, target="continue", again=error.again)
    attempt = collected.attempt
    provider = attempt.provider
    failure = testing.collected_failure(attempt, collected.payload)
    if failure is not None:
        return answers.refused(request, failure, provider=provider, attempt=attempt)
    try:
        if collected.is_claims:
            claims = claims_json.load(json.dumps(collected.payload))
            # They waited for the person's word, who may have signed out at the provider meanwhile (V-17, V-19).
            protocols.protocol_of(provider).require_still_there(provider=provider, claims=claims)
        else:
            claims = protocols.protocol_of(provider).finish(
                request=request, provider=provider, attempt=attempt, payload=collected.payload
            )
    except SecretUnreadable as error:
        return answers.refused(request, secret_unreadable(error).refusal, provider=provider, attempt=attempt)
    except SignInRefused as error:
        return answers.refused(request, error.refusal, provider=provider, attempt=attempt)
    # Without an account yet it was the choice among accounts that was asked for, not the switch of person.
    confirmed = collected.is_claims and attempt.account is not None
    return complete(request, attempt, claims, confirmed=confirmed, account_id=account_id)


def complete(
    request: HttpRequest,
    attempt: SignInAttempt,
    claims: Claims,
    *,
    confirmed: bool = False,
    account_id: str = "",
) -> HttpResponse:
    """Apply a sign-in whose attempt is spent, and answer with the way home or the refusal's page."""
    provider = attempt.provider
    account = attempt.account
    if attempt.purpose == Purpose.TEST:
        return testing.complete(request, attempt, claims)
    try:
        if attempt.purpose == Purpose.REAUTHENTICATE:
            return reauthentication.complete(request, attempt, claims)
        if attempt.purpose not in (Purpose.SIGN_IN, Purpose.LINK):
            # V-18: what is for something else has no path to a session.
            raise SignInRefused(Code.PROVIDER_NOT_ENABLED, f"an attempt to {attempt.purpose} signs nobody in")
        if account is None:
            settled = (
                account_choice.chosen(attempt, claims, account_id)
                if account_id
                else account_choice.settle(request, attempt, claims)
            )
            if isinstance(settled, HttpResponse):
                return settled
            account = settled
        else:
            account_choice.require_reachable(attempt, account, claims)
        proven = _proven(request, attempt)
        if not confirmed and proven is None:
            question = switching.ask(request, attempt, account, claims)
            if question is not None:
                return question
        signed_in = apply.sign_in(
            claims=claims,
            provider_id=provider.pk,
            account_id=account.pk,
            address=client_address(request),
            proven_user_id=proven,
            begun_at=attempt.created_at,
        )
    except account_choice.NoAccount as error:
        return answers.refused(
            request,
            error.refusal,
            provider=provider,
            account=error.account,
            attempt=attempt,
            claims=claims,
            shown=error.shown,
        )
    except SignInRefused as error:
        # Anybody can make a tenant of their own, whose people no account of ours vouches for (V-21).
        stranger = provider.is_shared and error.refusal.code == Code.WRONG_TENANT
        return answers.refused(
            request,
            error.refusal,
            provider=provider,
            account=account,
            attempt=attempt,
            claims=None if stranger else claims,
        )
    return _go_home(request, attempt, claims, account, signed_in)


def _go_home(
    request: HttpRequest, attempt: SignInAttempt, claims: Claims, account: Account, signed_in: apply.SignedIn
) -> HttpResponse:
    plan = signed_in.plan
    with all_or_nothing():  # one commit for all of it
        open_session(
            request,
            signed_in.user,
            expires_at=plan.session_ends_at or timezone.now() + account.max_session_age,
            provider=attempt.provider,
            subject=claims.subject,
            said=claims.session,
        )
        attempts.finish(
            attempt,
            outcome="signed_in",
            user=signed_in.user,
            report={
                **reports.report_of(plan),
                "authentication": reports.authentication_of(claims.session),
            },
            claims=json.dumps(claims_json.without_session_secrets(claims)),
        )
        providers.note_proof(provider=attempt.provider, version=attempt.provider_version)
    announce(request, signed_in.user, signed_in.plan.access)
    home = return_urls.landing(account, attempt.next_url)
    return send_on(request, home) if request.method == "POST" else HttpResponseRedirect(home)


def _proven(request: HttpRequest, attempt: SignInAttempt) -> Any:
    """Return who proved themself by being signed in here when they asked to connect SSO (V-3, V-18)."""
    if attempt.purpose != Purpose.LINK:
        return None
    if request.user.pk != attempt.starter_id or not connecting.is_fresh(request):
        raise SignInRefused(
            Code.LINK_NEEDS_PROOF, "who asked to connect SSO is no longer signed in with a fresh password"
        )
    return attempt.starter_id
