"""Answer a refused sign-in: the page, and the event or log entry under the same track ID (L-10, L-11, V-21).

What a provider vouched for goes to the audit trail of the account; what nobody vouched for goes to the failure log,
which is bounded. The page shows a friendly message only for what the person or their admin can fix.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Account
from audit.failures import record_failure
from foundation.circuit_breaker import OPEN_SECONDS
from foundation.client_address import client_address
from sso import apply, attempts, claims_json, login_options, testing
from sso.claims import NO_SESSION, Claims
from sso.models import IdentityProvider, Purpose, Stage
from sso.models import SignInAttempt as Attempt
from sso.refusals import DEFAULT_HEADING, HEADINGS, Code, Refusal, StartAgain, Wording, message_for

log = structlog.get_logger(__name__)

# What means "this page is not yours", as opposed to "your request is not understood".
_FORBIDDEN_STATUS = 403
_BAD_STATUS = 400
_STATUS = {
    Code.PROVIDER_UNKNOWN: 404,
    Code.TOO_MANY: 429,
    Code.STEP_LOCKED: 429,
    Code.WRONG_TENANT: 403,
    Code.PROVIDER_UNREACHABLE: 503,
    Code.SECRET_UNREADABLE: 503,
}
_RETRY_AFTER = {Code.PROVIDER_UNREACHABLE: OPEN_SECONDS}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page says in place of the refusal's own code."""

    code: Code
    url: str = ""


def refused(
    request: HttpRequest,
    refusal: Refusal,
    *,
    provider: IdentityProvider | None = None,
    account: Account | None = None,
    attempt: Attempt | None = None,
    claims: Claims | None = None,
    target: str = "",
    again: StartAgain | None = None,
    shown: Shown | None = None,
) -> HttpResponse:
    """Record a refusal once and return its page. ``claims`` are given only when they were verified.

    ``shown`` is for a page that must say less than the audit trail does. A test's refusal goes to the result that its
    tester sees, and to nobody else.
    """
    tested = testing.failed(request, refusal, attempt)
    if tested is not None:
        return tested
    account = account or (attempt.account if attempt is not None else None)
    if account is None and provider is not None:
        account = provider.account
    if account is None and again is not None:
        account = again.account
    address = client_address(request)
    if claims is not None and provider is not None:
        apply.audit_refusal(
            refusal=refusal,
            provider=provider,
            account_id=account.pk if account else None,
            address=address,
            email=claims.email or claims.user_name or "",
        )
        if attempt is not None:
            attempts.finish(
                attempt,
                outcome=refusal.code,
                report={"refusal": refusal.code, "detail": refusal.detail},
                claims=_for_an_admin(claims),
            )
    else:
        record_failure(
            code=refusal.code,
            message=f"Sign-in failed ({refusal.code}): {refusal.detail}",
            address=address,
            target=target or (provider.slug if provider else ""),
            account_id=account.pk if account else None,
            partner_id=provider.partner_id if provider else None,
        )
        if attempt is not None and attempt.stage == Stage.SPENT:
            attempts.finish(attempt, outcome=refusal.code, report={"refusal": refusal.code})
    log.info("sign_in_refused", reason=refusal.code, provider=provider.slug if provider else "")
    if attempt is not None and attempt.purpose == Purpose.REAUTHENTICATE:
        return _not_proved(request, refusal, attempt, status=_status_of(refusal, claims))
    if again is None and attempt is not None:
        again = StartAgain(attempt.account, attempt.login_hint, attempt.next_url)
    if shown is not None:
        return page(
            request, Refusal(shown.code), provider=provider, again=again, claims=claims, url=shown.url
        )
    return page(request, refusal, provider=provider, account=account, again=again, claims=claims)


def _for_an_admin(claims: Claims) -> str:
    """Return verified claims, without the provider's session: a refusal is what an admin looks at most (A-5)."""
    return claims_json.dump(replace(claims, session=NO_SESSION))


def page(
    request: HttpRequest,
    refusal: Refusal,
    *,
    provider: IdentityProvider | None = None,
    account: Account | None = None,
    again: StartAgain | None = None,
    claims: Claims | None = None,
    url: str = "",
) -> HttpResponse:
    """Return the page of a refusal without recording anything."""
    words = Wording(
        product=settings.BROKER_PRODUCT_NAME,
        email=(claims.email or claims.user_name or "") if claims is not None else "",
        account=account.name if account else _above(provider),
        provider=provider.name if provider else "",
        vendor=provider.get_vendor_display() if provider else "",
        url=url,
    )
    message = message_for(refusal.code, words)
    status = _status_of(refusal, claims)
    support = login_options.support_of(account)
    if message is None:
        return render(request, "sso/error.html", support, status=status)
    context = {
        **support,
        "heading": HEADINGS.get(_code(refusal.code), DEFAULT_HEADING),
        "message": message,
        "action_url": start_again(account, again),
        "action_label": _("Start again"),
    }
    answer = render(request, "sso/refused.html", context, status=status)
    if (seconds := _RETRY_AFTER.get(_code(refusal.code))) is not None:
        answer["Retry-After"] = str(seconds)
    return answer


def _not_proved(request: HttpRequest, refusal: Refusal, attempt: Attempt, *, status: int) -> HttpResponse:
    """Return the page of somebody whose session goes on, and whose provider did not confirm that it is them (V-15)."""
    if refusal.code == Code.OTHER_PERSON:
        text = _("Somebody else is signed in at %(provider)s. Sign out there, and try again.")
    else:
        text = _("%(provider)s did not confirm that you signed in there just now. Nothing was changed.")
    context = {
        "heading": _("It is not proved that it is you"),
        "message": text % {"provider": attempt.provider.name},
        "action_url": attempt.next_url or reverse("sso:my_access"),
        "action_label": _("Back"),
    }
    return render(request, "sso/refused.html", context, status=status)


def _status_of(refusal: Refusal, claims: Claims | None) -> int:
    return _STATUS.get(_code(refusal.code), _FORBIDDEN_STATUS if claims is not None else _BAD_STATUS)


def _above(provider: IdentityProvider | None) -> str:
    """Return who a provider from above belongs to, for a page that knows of no account yet."""
    return provider.partner.name if provider is not None and provider.partner is not None else ""


def start_again(account: Account | None, again: StartAgain | None) -> str:
    """Return the login page to begin again at, with the e-mail that was typed (L-6)."""
    kept = again or StartAgain()
    account = account or kept.account
    page = login_options.page_of(account) if account else reverse("sso:login")
    return login_options.with_query(page, email=kept.email, next=kept.next_url)


def _code(code: str) -> Code:
    return Code(code) if code in Code._value2member_map_ else Code.CONFLICT
