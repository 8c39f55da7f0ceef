"""The sign-in debugger: how an attempt went step by step, and what claims would mean today (A-5).

    steps       the protocol's checks in their order, and how far the attempt came
    replay      the claims of an attempt, planned by today's rules
    try_claims  claims that somebody pasted, read as the protocol would have and planned

Nothing here writes: it is the planner that sign-ins use (``apply.preview``), and whom it can't see at a sign-in it
can't see here (V-2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from accounts.models import Account
from foundation.encryption import is_unreadable
from foundation.strict_json import NotStrictJson, parse_object
from sso import apply, claims_json, protocols, reports, testing
from sso.checks import Check, Outcome
from sso.claim_names import names_for, read_person
from sso.claims import Claims
from sso.models import IdentityProvider, Purpose, SignInAttempt, Stage
from sso.refusals import Refusal, SignInRefused

PLAN = "plan"  # the step after the protocol's own: what the planner made of the claims
MOST_PASTED = 64 * 1024  # characters
_SIGNED_IN = frozenset({"signed_in", testing.PASSED})
# What is read again by today's claim names. Who the person is, and groups that may come from elsewhere (G-5), stay.
_READ_AGAIN = (
    "given_name",
    "family_name",
    "display_name",
    "phone",
    "timezone",
    "space_names",
    "space_roles",
    "role_mapping",
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What claims would do now: ``report`` as ``reports.report_of``, ``outcome`` as ``outcome_of`` (None if refused
    before the planner saw them)."""

    report: dict[str, Any]
    outcome: dict[str, Any] | None = None


class NoClaims(Exception):
    """What was pasted can't be read as claims; the message is for whoever pasted it."""


def kept_claims(attempt: SignInAttempt) -> Claims | None:
    """Return the claims of an attempt that validated (V-20), without the provider's session; None if there are none."""
    if is_unreadable(attempt, "claims"):
        return None
    if not attempt.claims or "seal" in attempt.report:  # sealed: a test that its starter has not opened
        return None
    try:
        return claims_json.load_shown(attempt.claims)
    except (KeyError, TypeError, ValueError):
        return None  # kept by another version, which knew other claims


def steps(attempt: SignInAttempt) -> tuple[Check, ...]:
    """Return the checks of a finished attempt with their outcomes; nothing for one that nobody came back from."""
    if not attempt.outcome or attempt.stage != Stage.SPENT:
        return ()
    stored = testing.checks_of(attempt)
    claims = kept_claims(attempt)
    refusal = Refusal(attempt.outcome, attempt.report.get("detail", ""))
    verified = claims is not None or attempt.outcome in _SIGNED_IN
    found = stored or protocols.protocol_of(attempt.provider).checks(
        provider=attempt.provider, claims=claims, refusal=None if verified else refusal
    )
    if not verified:
        return (*found, Check(PLAN, Outcome.NOT_REACHED))
    passed = attempt.outcome in _SIGNED_IN
    last = Check(PLAN, Outcome.PASSED) if passed else Check(PLAN, Outcome.FAILED, refusal.code)
    return (*found, last)


def replay(attempt: SignInAttempt) -> Trial | None:
    """Plan an attempt's claims by today's rules; None when there are no claims or no account."""
    claims = kept_claims(attempt)
    if claims is None or attempt.account is None:
        return None
    provider = attempt.provider
    person = read_person(claims.raw, names_for(provider.protocol, provider.vendor, provider.claim_names))
    again: dict[str, Any] = {name: getattr(person, name) for name in _READ_AGAIN} if claims.raw else {}
    return _planned(replace(claims, **again), provider, attempt.account, attempt.purpose == Purpose.TEST)


def try_claims(provider: IdentityProvider, account: Account, text: str) -> Trial:
    """Read pasted JSON as claims of this provider and plan them, as if it were enabled; raises ``NoClaims``.

    An object of names and values: the payload of an ID token, or the attributes of an assertion with its ``NameID`` and
    perhaps ``NameIDFormat``.
    """
    if len(text) > MOST_PASTED:
        raise NoClaims("too_long")
    try:
        said = parse_object(text.encode())
    except (NotStrictJson, UnicodeEncodeError) as error:
        raise NoClaims("not_json") from error
    try:
        claims = protocols.protocol_of(provider).claims_from(provider, said)
    except SignInRefused as error:
        refused = {"refusal": error.refusal.code, "detail": error.refusal.detail}
        return Trial(refused)
    return _planned(claims, provider, account, True)


def _planned(claims: Claims, provider: IdentityProvider, account: Account, as_if_enabled: bool) -> Trial:
    plan = apply.preview(claims=claims, provider=provider, account=account, as_if_enabled=as_if_enabled)
    report = reports.report_of(plan)
    if plan.refusal is not None:
        report["detail"] = plan.refusal.detail
    return Trial(report, reports.outcome_of(plan, account))
