"""Test a connection: a whole round trip through the identity provider that signs nobody in (S-3, V-18).

    way_in     an admin's own page asks for it by a POST: a signed ticket, two minutes, for this provider and session
    asked      the protocol's start page takes the ticket; the attempt's purpose and starter are fixed there
    complete   the answer verified: it is planned as a sign-in would be, and nothing is written but the result
    failed     it did not: the refusal is parked for the tester's browser, and for nobody else (V-17)
    opened     the result, shown to the starter in the session that began it

Drafts and disabled providers take part; so does an enabled one. ``sso.answers`` and ``sso.sign_in`` hand over here as
soon as an attempt is a test, so no path leads from one to a session or to a change of anybody. Whoever runs through the
provider is not trusted to be the starter: a result is sealed until the browser that ran the test comes back to the
starter's own session with the code that this module gave it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts.models import User, UserSession
from accounts.privilege import Authority, authority_of_user
from audit.actors import Actor, ActorKind
from audit.failures import record_failure
from audit.recorder import record
from foundation import public_urls
from foundation.client_address import client_address
from foundation.encryption import is_stored, is_unreadable
from foundation.ids import parse_id
from foundation.secret_tokens import digest, matches, random_secret
from sso import (
    apply,
    attempts,
    checks,
    claims_json,
    protocols,
    provider_urls,
    providers,
    reports,
    setup_links,
    subjects,
    testing_by_link,
)
from sso.claims import Claims
from sso.models import IdentityProvider, Purpose, SetupLink, SignInAttempt, Stage
from sso.refusals import Code, Refusal, SignInRefused

PARAMETER = "test"
TICKET_LIFETIME = timedelta(minutes=2)
PASSED = "test_passed"  # the outcome of an attempt; else a refusal's code
_SALT = "sso.test"
_REFUSAL = "test_refusal"  # marks a parked failure; no protocol's payload has such a key
_DETAIL = 500  # characters


@dataclass(frozen=True, slots=True)
class Asked:
    """A test that a signed-in admin's own page, or a setup link's, asked for a moment ago."""

    starter: User | None  # None: a setup link, which the report names
    report: dict[str, Any]  # what the attempt keeps of it


def way_in(*, request: HttpRequest, provider: IdentityProvider, actor: Actor, back: str, again: str) -> str:
    """Return where the tester's browser goes next. Raises ``Refused`` for who may not, or when values are missing.

    ``back`` and ``again`` are paths of ours for the result's buttons.
    """
    _require_ready(provider, actor)
    session: UserSession = request.user_session  # type: ignore[attr-defined]  # our own attribute on Django's class
    told = {"provider": str(provider.pk), "session": str(session.pk), "back": back, "again": again}
    return _start_url(provider, told)


def way_in_by_link(*, request: HttpRequest, link: SetupLink, back: str) -> str:
    """Return where the browser of a setup link's holder goes next, as ``way_in`` (V-18)."""
    _require_ready(link.provider, setup_links.actor_of_link(link, address=client_address(request)))
    told = {"provider": str(link.provider_id), testing_by_link.LINK: str(link.pk), "back": back}
    return _start_url(link.provider, told)


def _require_ready(provider: IdentityProvider, actor: Actor) -> None:
    providers.require_authority(provider, actor, "provider.test")
    missing = providers.problems_of(provider)
    if missing:
        raise providers.NotReady(
            f"{provider.name} can't be tested: {'; '.join(missing)}.",
            actor=actor,
            action="provider.test",
            subject=subjects.of_provider(provider),
        )


def _start_url(provider: IdentityProvider, told: dict[str, str]) -> str:
    path = protocols.protocol_of(provider).start_path(provider)
    return (
        f"{provider_urls.absolute(provider, path)}?{urlencode({PARAMETER: signing.dumps(told, salt=_SALT)})}"
    )


def asked(request: HttpRequest, provider: IdentityProvider) -> Asked | None:
    """Return the test that this start page was opened for, None for a sign-in.

    Raises ``SignInRefused`` for a ticket that doesn't hold: going on as a sign-in would be no test.
    """
    ticket = request.GET.get(PARAMETER)
    if ticket is None:
        return None
    try:
        told = signing.loads(ticket, salt=_SALT, max_age=TICKET_LIFETIME)
    except signing.BadSignature:
        raise SignInRefused(Code.TEST_NOT_STARTED, "the test's ticket is not ours, or too old") from None
    if testing_by_link.LINK in told:
        testing_by_link.require(request, told, provider)
        return Asked(None, {name: told[name] for name in (testing_by_link.LINK, "back")})
    session = UserSession.objects.filter(pk=told["session"], ended_at=None).select_related("user").first()
    if told["provider"] != str(provider.pk) or session is None or not may_test(session.user, provider):
        raise SignInRefused(Code.TEST_NOT_STARTED, "the test's ticket is for somebody or something else")
    if request.get_host().lower() == public_urls.netloc() and not _is_session(request, str(session.pk)):
        raise SignInRefused(Code.TEST_NOT_STARTED, "the test was asked for in another session")
    kept = {"session": told["session"], "back": told["back"], "again": told["again"]}
    return Asked(session.user, kept)


def may_test(user: User, provider: IdentityProvider) -> bool:
    """Tell whether somebody may test a provider and see the result: those who may configure it (V-8)."""
    least = Authority.OPERATOR if provider.is_shared else Authority.SSO_ACCOUNT_ADMIN
    return authority_of_user(user, provider.account_id) >= least


def named_by(handle: str, provider: IdentityProvider, request: HttpRequest) -> SignInAttempt | None:
    """Return the open test that a state or RelayState names, for an answer that could not be read any further."""
    if not handle:
        return None
    try:
        attempt = attempts.find_by_handle(handle, provider, request)
    except SignInRefused:
        return None
    return attempt if attempt.purpose == Purpose.TEST else None


def complete(request: HttpRequest, attempt: SignInAttempt, claims: Claims) -> HttpResponse:
    """Answer a test whose attempt is spent and whose answer verified: plan, keep the result, show it."""
    if providers.trust_changed_since(
        IdentityProvider.objects.get(pk=attempt.provider_id), attempt.created_at
    ):
        changed = Refusal(Code.PROVIDER_CHANGED, "the provider was changed while the test was under way")
        return _show(request, attempt, _finish(request, attempt, changed, None))
    return _show(request, attempt, _finish(request, attempt, None, claims))


def failed(request: HttpRequest, refusal: Refusal, attempt: SignInAttempt | None) -> HttpResponse | None:
    """Lead a test that was refused to its result; None for everything that is no test, or not this browser's.

    An open attempt's answer came by a POST without cookies: nobody is known yet, so the refusal waits under a one-time
    code, and only the browser that began can collect it.
    """
    if attempt is None or attempt.purpose != Purpose.TEST or refusal.code == Code.WRONG_BROWSER:
        return None
    if attempt.stage != Stage.OPEN:
        return _show(request, attempt, _finish(request, attempt, refusal, None))
    try:
        code = attempts.park(attempt, {_REFUSAL: [refusal.code, refusal.detail[:_DETAIL]]})
    except SignInRefused:
        return None
    record_failure(
        code=refusal.code,
        message=f"Test failed ({refusal.code}): {refusal.detail}",
        address=client_address(request),
        target=attempt.provider.slug,
        account_id=attempt.account_id,
        partner_id=attempt.provider.partner_id,
    )
    return HttpResponseRedirect(f"{reverse('sso:continue')}?{urlencode({'code': code})}", status=303)


def collected_failure(attempt: SignInAttempt, payload: dict[str, Any]) -> Refusal | None:
    """Return the refusal that a test's browser came for, None when it came for a verified answer."""
    if attempt.purpose != Purpose.TEST or _REFUSAL not in payload:
        return None
    code, detail = payload[_REFUSAL]
    return Refusal(code, detail)


@transaction.atomic
def _finish(
    request: HttpRequest, attempt: SignInAttempt, refusal: Refusal | None, claims: Claims | None
) -> str:
    """Write the result, prove the version if it passed, and return the code that opens it."""
    provider = IdentityProvider.objects.select_related("account").get(pk=attempt.provider_id)
    account = attempt.account
    code = random_secret()
    report: dict[str, Any] = {**attempt.report, "seal": digest(code)}
    protocol = protocols.protocol_of(provider)
    report["checks"] = [
        check.stored() for check in protocol.checks(provider=provider, claims=claims, refusal=refusal)
    ]
    by_link = testing_by_link.is_by_link(attempt)
    if claims is not None and account is not None and not by_link:
        # As if it were enabled: a draft is tested in order to enable it. What signs people in never assumes that.
        plan = apply.preview(claims=claims, provider=provider, account=account, as_if_enabled=True)
        refusal = plan.refusal
        report |= {
            **reports.report_of(plan),
            "authentication": reports.authentication_of(claims.session),
            "plan": reports.outcome_of(plan, account),
        }
    if claims is not None and refusal is None:
        refusal = protocol.test_refusal(provider, claims)
    if refusal is not None:
        report |= {"refusal": refusal.code, "detail": refusal.detail[:_DETAIL]}
    outcome = PASSED if refusal is None else refusal.code
    kept = "" if claims is None else json.dumps(claims_json.without_session_secrets(claims))
    attempts.finish(attempt, outcome=outcome, report=report, claims=kept)
    if refusal is None and not by_link:
        providers.note_proof(provider=provider, version=attempt.provider_version)
    record(
        actor=testing_by_link.starter_of(attempt, request)
        if by_link
        else _starter(attempt, client_address(request)),
        action="provider.tested",
        subject=subjects.of_provider(provider),
        message=(
            f"Identity provider {provider.slug} was tested: "
            + ("it works." if refusal is None else f"refused ({refusal.code}): {refusal.detail}")
        )[:2000],
        reason="" if refusal is None else refusal.code,
    )
    return code


def _starter(attempt: SignInAttempt, address: str) -> Actor:
    user = attempt.starter
    return Actor(ActorKind.USER, str(attempt.starter_id), user.user_name if user else "", address)


def _show(request: HttpRequest, attempt: SignInAttempt, code: str) -> HttpResponse:
    # The starter's session is on the deployment's host, wherever the test ran (V-7).
    path = reverse("sso:test_result", args=[attempt.pk])
    return HttpResponseRedirect(f"{public_urls.absolute(path)}?{urlencode({'code': code})}", status=303)


def opened(request: HttpRequest, attempt_id: str, code: str) -> SignInAttempt | None:
    """Return the finished test for its starter, None for everybody else and for another session of theirs.

    The first time, ``code`` opens the seal. A setup link's starter brings it each time.
    """
    key = parse_id(attempt_id)
    if key is None:
        return None
    attempt = (
        SignInAttempt.objects.filter(pk=key, purpose=Purpose.TEST)
        .exclude(finished_at=None)
        .select_related("provider__account", "account")
        .first()
    )
    if attempt is not None and testing_by_link.is_by_link(attempt):
        return testing_by_link.opened(request, attempt, code)
    user = request.user
    if attempt is None or not isinstance(user, User) or attempt.starter_id != user.pk:
        return None
    if not _is_session(request, attempt.report.get("session", "")):
        return None
    if not may_test(user, attempt.provider):
        return None
    if seal := attempt.report.get("seal", ""):
        if not matches(code, seal):
            return None
        attempt.report.pop("seal")
        attempt.report["tenant"] = _note(request, attempt)
        attempt.save(update_fields=["report"])
    return attempt


def _note(request: HttpRequest, attempt: SignInAttempt) -> dict[str, str]:
    """Let the protocol take what the verified claims prove, if the provider is still what they came from."""
    provider = attempt.provider
    if not is_stored(attempt, "claims") or is_unreadable(attempt, "claims"):
        return {}
    if provider.version != attempt.provider_version:
        return {}
    claims = claims_json.load_shown(attempt.claims)
    actor = _starter(attempt, client_address(request))
    return protocols.protocol_of(provider).note_test(provider=provider, claims=claims, actor=actor)


def checks_of(attempt: SignInAttempt) -> tuple[checks.Check, ...]:
    """Return the checks of a finished test."""
    stored = attempt.report.get("checks", ())
    return tuple(
        checks.Check(row["name"], checks.Outcome(row["outcome"]), row.get("detail", "")) for row in stored
    )


def _is_session(request: HttpRequest, key: str) -> bool:
    present = getattr(request, "user_session", None)
    return isinstance(present, UserSession) and str(present.pk) == key
