"""The result of a connection test, for the one who started it (S-3, V-18)."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views import View

from foundation import public_urls
from foundation.encryption import is_stored, is_unreadable
from sso import advice, protocols, testing, testing_by_link
from sso.checks import Outcome
from sso.claim_names import names_for
from sso.models import IdentityProvider, ProtocolName, SignInAttempt
from sso.protocols import TenantStanding
from sso.refusals import Refusal
from sso.return_urls import safe_next

_KEPT = 3600  # seconds that a setup link's browser can show a result again
_SHOWN = 100  # characters of a claim's values in the table, times ten
# What an ID token says about itself (RFC 7519 §4.1, OpenID Connect Core §2, §3.3.2.11): looked at among the checks.
_ABOUT_THE_TOKEN = frozenset(
    {
        "iss",
        "aud",
        "azp",
        "exp",
        "iat",
        "nbf",
        "nonce",
        "at_hash",
        "c_hash",
        "auth_time",
        "acr",
        "amr",
        "sid",
        "sub",
    }
)
_ABOUT_THE_ADDRESS = {"email_verified": "email", "xms_edov": "email", "hd": "email"}  # V-3, V-4
_MOMENTS = frozenset({"exp", "iat", "nbf", "auth_time", "session_expiry"})  # in seconds since 1970
_SECONDS = re.compile(r"[0-9]{1,10}")


class TestResultView(View):
    """``/sso/test/<attempt>/``: 404 for everybody but the starter, in the session that began the test."""

    __test__ = False  # for pytest, which takes it for a test by its name

    def get(self, request: HttpRequest, attempt_id: UUID) -> HttpResponse:
        """Open the seal and lead to the clean address, or show the result (V-24)."""
        code = request.GET.get("code", "")[:100]
        known = code or request.COOKIES.get(_cookie_name(), "")[:100]
        attempt = testing.opened(request, str(attempt_id), known)
        if attempt is None:
            raise Http404
        by_link = testing_by_link.is_by_link(attempt)
        if code:
            answer = redirect("sso:test_result", attempt_id)
            return _remembered(answer, code) if by_link else answer
        # A session's messages are for whoever is signed in.
        context = {**_context(attempt), **({"messages": ()} if by_link else {})}
        return render(request, "sso/test_result.html", context)


def _cookie_name() -> str:
    return f"{'__Host-' if public_urls.is_https() else ''}broker-setup-test"


def _remembered(answer: HttpResponseRedirect, code: str) -> HttpResponseRedirect:
    """Leave the code with the browser of a setup link's holder, who has no session that could show the result again."""
    answer.set_cookie(
        _cookie_name(),
        code,
        max_age=_KEPT,
        path="/",
        secure=public_urls.is_https(),
        httponly=True,
        samesite="Lax",
    )
    return answer


def _context(attempt: SignInAttempt) -> dict[str, Any]:
    provider, report = attempt.provider, attempt.report
    protocol = protocols.protocol_of(provider)
    names = protocol.check_names()
    code = report.get("refusal", "")
    refusal = Refusal(code, report.get("detail", ""))
    verified = is_stored(attempt, "claims")
    claims = json.loads(attempt.claims) if verified and not is_unreadable(attempt, "claims") else {}
    # A protocol's own code has a protocol's own advice; what the planner said is ours.
    help_text = advice.advice_for(code) if verified else protocol.advice(refusal, provider)
    return {
        "provider": provider,
        "account": attempt.account,
        "track_id": attempt.track_id,
        "finished_at": attempt.finished_at,
        "is_saved_version": provider.version == attempt.provider_version,
        "passed": attempt.outcome == testing.PASSED,
        "verified": verified,
        "code": code,
        "detail": report.get("detail", ""),
        "advice": help_text or advice.advice_for(code),
        "checks": [
            {
                "name": names.get(check.name, check.name),
                "outcome": check.outcome.value,
                "detail": check.detail,
            }
            for check in testing.checks_of(attempt)
        ],
        "has_weak": any(check.outcome is Outcome.WEAK for check in testing.checks_of(attempt)),
        "attributes": _attributes(claims.get("raw", {}), provider),
        "tenant": _tenant(report.get("tenant") or {}, verified),
        "plan": report.get("plan"),
        "match": report.get("match", ""),
        "profile": report.get("profile", ()),
        "rules": report.get("rules", ()),
        "warnings": report.get("warnings", ()),
        "back": safe_next(report.get("back", "")),
        "again": safe_next(report.get("again", "")),
    }


def _tenant(found: dict[str, str], verified: bool) -> dict[str, str] | None:
    """Return the tenant that signed in and what the test showed about it (V-6)."""
    if not found or not verified:
        return None
    detail = found["detail"]
    texts = {
        TenantStanding.LET_IN: _("Its people sign into %(account)s.") % {"account": detail},
        TenantStanding.NOT_LET_IN: _("It is not on the list of tenants that may sign in."),
        TenantStanding.OWNED: _("It belongs to this account; no other account can claim it."),
        TenantStanding.TAKEN: _("This tenant id is already in use here. Ask support."),
        TenantStanding.UNPROVEN: {
            "tenant.other": _("Not proven: the sign-in came from another tenant than the settings name."),
            "tenant.guest": _("Not proven: who signed in is a guest there. Test as a member of the tenant."),
            "tenant.domain": _(
                "Not proven: the user name of who signed in is in no verified e-mail domain of this account. Have the "
                "domain verified and test again, or ask an operator."
            ),
        }.get(detail, ""),
    }
    return {"id": found["tenant"], "text": texts[TenantStanding(found["standing"])]}


def _attributes(raw: dict[str, list[str]], provider: IdentityProvider) -> list[dict[str, Any]]:
    """Return what was sent, each with the claim that it became: what was used first, what was only checked last."""
    checked = _ABOUT_THE_TOKEN if provider.protocol == ProtocolName.OIDC else frozenset()
    names = names_for(provider.protocol, provider.vendor, provider.claim_names)
    became: dict[str, str] = {}
    for claim, candidates in names.items():
        taken = next((name for name in candidates if name in raw), None)
        if taken is not None:
            became[taken] = ", ".join(filter(None, (became.get(taken), claim)))
    if provider.protocol == ProtocolName.OIDC:
        became = {**{name: claim for name, claim in _ABOUT_THE_ADDRESS.items() if name in raw}, **became}
    return [
        {
            "name": name,
            "values": [value[: _SHOWN * 10] for value in values[:_SHOWN]],
            "moment": _moment(values[0]) if name in _MOMENTS & checked and len(values) == 1 else None,
            "claim": became.get(name, ""),
            "is_checked": name in checked,
        }
        for name, values in sorted(
            raw.items(), key=lambda item: (item[0] not in became, item[0] in checked, item[0])
        )
    ]


def _moment(value: str) -> datetime | None:
    return datetime.fromtimestamp(int(value), UTC) if _SECONDS.fullmatch(value) else None
