"""Prove once more that it is you, before something that lasts is changed (V-15, A-9, V-18).

A recovery address and a second factor outlive a session, so a browser that somebody left open must not be enough to
change them. Three things prove who is there, each for a quarter of an hour and for this session alone:

    password          the session began with it a short while ago, or it is typed again (``by_password``)
    second factor     a code or a passkey of one's own (``by_factor``, then ``sso.second_step``)
    the provider      a button (``buttons``) whose address has a signed ticket of this session; the provider is asked
                      to ask the person again, and must say that it did (ForceAuthn and AuthnInstant; prompt=login,
                      max_age=0 and auth_time); then ``complete``

That a session through a provider is young proves nothing: a provider that knows the browser signs it in unasked.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from accounts import subjects
from accounts.hosts import canonical_host
from accounts.models import User, UserSession
from accounts.second_factor import has_second_factor
from audit.recorder import record
from sso import (
    account_choice,
    apply,
    attempts,
    claims_json,
    ending_host,
    login_options,
    password,
    provider_urls,
    reports,
    second_step,
)
from sso.claims import Claims
from sso.leaving import send_on
from sso.login_options import Button
from sso.matching import MatchKind
from sso.models import FederatedIdentity, IdentityProvider, SignInAttempt
from sso.providers import trust_changed_since
from sso.refusals import Code, SignInRefused, StartAgain

FRESH = timedelta(minutes=15)
WAY = "reauthenticate"  # as a second step knows it
PARAMETER = "reauthenticate"
OUTCOME = "reauthenticated"
_PROVED = "proved_at"  # in the session: Unix time
_SALT = "sso.reauthenticate"


@dataclass(frozen=True, slots=True)
class Asked:
    """A person's own page, in this session, asked for it."""

    person: User
    report: dict[str, Any]  # what the attempt keeps of it


def may_prove(request: HttpRequest) -> bool:
    """Tell whether a proof counts in this session: a link proves a mailbox, which may be a thief's (V-15)."""
    session = _session_of(request)
    return session is not None and not session.in_recovery


def is_fresh(request: HttpRequest) -> bool:
    """Tell whether the person proved in this session, within the last quarter of an hour, who they are."""
    session = _session_of(request)
    if session is None or not may_prove(request):
        return False
    since = timezone.now() - FRESH
    proved = request.session.get(_PROVED)
    if isinstance(proved, int) and proved > since.timestamp():
        return True
    return session.provider_id is None and session.created_at > since


# --- the ways ---------------------------------------------------------------------------------------------------------


def by_password(request: HttpRequest, user: User, typed: str) -> bool:
    """Check the password, counted like a sign-in's, and note the proof."""
    if not may_prove(request) or not password.confirm_password(request, user, typed):
        return False
    _note(request, user, "their password")
    return True


def has_factor(user: User) -> bool:
    """Tell whether a factor of the person's own could prove it."""
    return has_second_factor(user)


def by_factor(request: HttpRequest, user: User, back: str) -> HttpResponse | None:
    """Return the way to the page that asks for the factor, None when there is none or the session won't do."""
    if not may_prove(request) or not has_factor(user):
        return None
    return second_step.begin(request, user, second_step.Then(WAY, back), enrolling=False)


@second_step.goes_on(WAY, signed_in=True)
def back_from_factor(request: HttpRequest, user: User, next_url: str, context: str) -> str:
    """Note the proof and return where the person came from; the session stays what it was."""
    _note(request, user, "their second factor")
    return next_url or "/"


def buttons(request: HttpRequest, user: User, back: str) -> list[Button]:
    """Return a button for each provider that knows the person; it begins and ends on this host, as the session (V-7).

    Where the account has a host of its own, its providers answer there, and lead on to the deployment's host if the
    session is on that (``sso.ending_host``).
    """
    session = _session_of(request)
    if user.account is None or session is None or not may_prove(request):
        return []
    known = FederatedIdentity.objects.for_account(user.account).filter(user=user, closed_at=None)
    bound = set(known.values_list("provider", flat=True))
    offered = [provider for provider in login_options.providers_of(user.account) if provider.pk in bound]
    on_the_deployment = ending_host.is_deployments(request)
    host = None if on_the_deployment else canonical_host(user.account)
    here = [
        each for each in offered if on_the_deployment or provider_urls.is_at_home(each, request.get_host())
    ]
    ticket = signing.dumps({"user": str(user.pk), "session": str(session.pk)}, salt=_SALT)
    query = {"login_hint": user.email, "next": back, PARAMETER: ticket}
    return login_options.buttons_for(here, user.account, query, host=host)


def asked(request: HttpRequest) -> Asked | None:
    """Return who asked a provider's start page for this, None for anything else that begins there.

    Raises ``SignInRefused`` for a ticket that doesn't hold: going on as a sign-in would prove nothing.
    """
    ticket = request.GET.get(PARAMETER)
    if ticket is None:
        return None
    try:
        told = signing.loads(ticket, salt=_SALT, max_age=attempts.LIFETIME)
    except signing.SignatureExpired:
        again = StartAgain(next_url=request.GET.get("next", ""))
        raise SignInRefused(
            Code.EXPIRED, "the page was shown more than 30 minutes ago", again=again
        ) from None
    except signing.BadSignature:
        raise SignInRefused(Code.REAUTHENTICATION_NOT_STARTED, "the ticket is not ours") from None
    user, session = request.user, _session_of(request)
    theirs = {"user": str(user.pk), "session": str(session.pk) if session else ""}
    if not isinstance(user, User) or told != theirs or not may_prove(request):
        raise SignInRefused(Code.REAUTHENTICATION_NOT_STARTED, "the ticket is of another session")
    return Asked(user, {"session": theirs["session"]})


def complete(request: HttpRequest, attempt: SignInAttempt, claims: Claims) -> HttpResponse:
    """Note the proof of an answer that its protocol found fresh, and return to where the person came from.

    Nothing of the claims is applied. Raises ``SignInRefused`` when they are about somebody else, when the person would
    not be signed in with them now, or when the session that asked is over.
    """
    user, session = request.user, _session_of(request)
    if (
        not isinstance(user, User)
        or session is None
        or user.pk != attempt.starter_id
        or str(session.pk) != attempt.report.get("session")
    ):
        raise SignInRefused(Code.REAUTHENTICATION_NOT_STARTED, "the session that asked for the proof is over")
    # Read again, as for a sign-in (V-17): what was switched off while the person was away counts.
    provider = IdentityProvider.objects.select_related("account").get(pk=attempt.provider_id)
    account = attempt.account
    if trust_changed_since(provider, attempt.created_at):
        raise SignInRefused(Code.PROVIDER_CHANGED, "the provider was changed while the person was away")
    if account is None or account.pk != user.account_id:
        raise SignInRefused(Code.OTHER_PERSON, "the proof was asked for in another account")
    account_choice.require_reachable(attempt, account, claims)
    plan = apply.preview(claims=claims, provider=provider, account=account)
    if plan.refusal is not None:
        raise SignInRefused(plan.refusal.code, plan.refusal.detail)
    if plan.match is not MatchKind.IDENTITY or plan.user_id != user.pk:
        raise SignInRefused(Code.OTHER_PERSON, f"the provider named somebody else than {user.user_name}")
    attempts.finish(
        attempt,
        outcome=OUTCOME,
        user=user,
        report={"authentication": reports.authentication_of(claims.session)},
        claims=json.dumps(claims_json.without_session_secrets(claims)),
    )
    _note(request, user, f"{provider.name}, which asked them again")
    back = attempt.next_url or "/"
    return send_on(request, back) if request.method == "POST" else HttpResponseRedirect(back)


# --- what is kept -----------------------------------------------------------------------------------------------------


def _note(request: HttpRequest, user: User, how: str) -> None:
    request.session[_PROVED] = int(timezone.now().timestamp())
    record(
        actor=second_step.actor_of(request, user),
        action="session.reauthenticated",
        subject=subjects.of_user(user),
        message=f"{user.user_name} proved once more that it is them: {how}.",
    )


def _session_of(request: HttpRequest) -> UserSession | None:
    session = getattr(request, "user_session", None)
    return session if isinstance(session, UserSession) else None
