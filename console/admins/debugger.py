"""The sign-in debugger in the admin (A-5): an attempt's steps and what it changed, its claims by today's rules, and
claims that are pasted on a provider's page. Claims are for those who configure the provider (V-8).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.privilege import Authority
from audit.models import AuditEvent
from console.admins.columns import badge, facts, lines, link_to, table
from console.admins.confirmed import button
from console.scoping import viewer_of
from sso import advice, debugging, protocols
from sso.checks import Outcome
from sso.debugging import NoClaims, Trial
from sso.models import SignInAttempt

_MOST_EVENTS = 50
_KIND = {
    Outcome.PASSED: "success",
    Outcome.WEAK: "warning",
    Outcome.FAILED: "danger",
    Outcome.NOT_REACHED: "",
}
_WORD = {
    Outcome.PASSED: gettext_lazy("passed"),
    Outcome.WEAK: gettext_lazy("weak"),
    Outcome.FAILED: gettext_lazy("failed"),
    Outcome.NOT_REACHED: gettext_lazy("not reached"),
}
_LISTS = (
    ("spaces", gettext_lazy("Spaces")),
    ("roles", gettext_lazy("Account roles")),
    ("groups", gettext_lazy("Groups")),
)


class DebuggedSignIns:
    """Mixed into the admin of attempts."""

    admin_site: Any
    opts: Any
    get_object: Callable[..., Any]
    url_of: Callable[..., str]

    def offered(self, request: HttpRequest, obj: SignInAttempt) -> frozenset[str]:
        """Claims that were kept can be tried again."""
        able = obj.account_id is not None and _may_see_claims(request)
        others: frozenset[str] = super().offered(request, obj)  # type: ignore[misc]  # a mix-in
        return others | ({"replay"} if able and debugging.kept_claims(obj) is not None else frozenset())

    @button(description=gettext_lazy("Try with today's rules"), url_path="replay", icon="replay")
    def replay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what the same claims would do now; nothing is changed."""
        attempt = self.get_object(request, unquote(object_id))
        if attempt is None:
            raise Http404
        trial = debugging.replay(attempt) if "replay" in self.offered(request, attempt) else None
        if trial is None:
            raise PermissionDenied
        context = {"attempt": attempt, "back": self.url_of("change", attempt.pk)}
        return _page(self, request, _("Try with today's rules"), trial, context)

    def steps_shown(self, attempt: SignInAttempt) -> SafeString:
        """What was checked in which order, and how far it came."""
        names: Mapping[str, Any] = protocols.protocol_of(attempt.provider).check_names()
        rows = [
            (
                _("Match and access") if step.name == debugging.PLAN else names.get(step.name, step.name),
                badge(_WORD[step.outcome], _KIND[step.outcome]),
                step.detail,
            )
            for step in debugging.steps(attempt)
        ]
        return table((_("Step"), _("Outcome"), _("Detail")), rows)

    steps_shown.short_description = gettext_lazy("steps")  # type: ignore[attr-defined]

    def changed(self, attempt: SignInAttempt) -> SafeString:
        """What stands in the audit trail under the attempt's track ID."""
        events = AuditEvent.objects.filter(account_id=attempt.account_id, track_id=attempt.track_id)
        if attempt.account_id is None:
            events = events.none()
        found = events.order_by("created_at", "pk")[:_MOST_EVENTS]
        return format_html(
            '<div class="console-facts">{}</div>',
            lines(link_to(self.admin_site, event, event.message) for event in found),
        )

    changed.short_description = gettext_lazy("changes")  # type: ignore[attr-defined]


class ClaimsTrial:
    """Mixed into the admin of providers."""

    admin_site: Any
    opts: Any
    get_object: Callable[..., Any]
    url_of: Callable[..., str]
    offered: Callable[..., frozenset[str]]

    @button(description=gettext_lazy("Try claims"), url_path="try-claims", icon="science")
    def try_claims(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take claims as JSON and show what they would do; nothing is changed."""
        provider = self.get_object(request, unquote(object_id))
        if provider is None:
            raise Http404
        if "try_claims" not in self.offered(request, provider):
            raise PermissionDenied
        text, problem, trial = request.POST.get("claims", ""), "", None
        if request.method == "POST":
            try:
                trial = debugging.try_claims(provider, provider.account, text)
            except NoClaims:
                problem = _("This is no JSON object of names and values, or longer than 64 KiB.")
        context = {
            "provider": provider,
            "text": text[: debugging.MOST_PASTED],
            "problem": problem,
            "back": self.url_of("change", provider.pk),
        }
        answer = _page(self, request, _("Try claims"), trial, context)
        answer.status_code = 400 if problem else 200
        return answer


def _may_see_claims(request: HttpRequest) -> bool:
    viewer = viewer_of(request)
    return viewer is not None and viewer.may(Authority.SSO_ACCOUNT_ADMIN)


def _page(
    admin: Any, request: HttpRequest, title: str, trial: Trial | None, context: dict[str, Any]
) -> HttpResponse:
    request.current_app = admin.admin_site.name
    told = {} if trial is None else {"trial": trial, "result": _result(trial), "rows": _rows(trial)}
    return TemplateResponse(
        request,
        "admin/console/claims_trial.html",
        {**admin.admin_site.each_context(request), "title": title, **told, **context},
    )


def _result(trial: Trial) -> SafeString:
    """Return who it would be and what they would gain and lose, or why they would not get in."""
    report, outcome = trial.report, trial.outcome
    if report.get("refusal"):
        rows: list[tuple[object, object]] = [
            (_("Refused with"), report["refusal"]),
            (_("Detail"), report.get("detail", "")),
            (_("What to do"), advice.advice_for(report["refusal"])),
        ]
        return facts(rows)
    if outcome is None:
        return facts([])
    how = _("(would be created)") if outcome["creates"] else _("(exists)")
    rows = [
        (_("Person"), f"{outcome['user_name']} {how}"),
        (_("Matched by"), report.get("match", "")),
        (_("Details set"), ", ".join(report.get("profile", ()))),
    ]
    for name, title in _LISTS:
        gains = [f"+ {each}" for each in outcome[f"{name}_added"]]
        losses = [f"− {each}" for each in outcome[f"{name}_removed"]]
        rows.append((title, lines([*gains, *losses]) if gains or losses else _("no change")))
    if outcome["groups_skipped"]:
        rows.append((_("Groups not compared"), outcome["groups_skipped"]))
    if outcome["drops_password"]:
        rows.append((_("Password"), _("would become unusable")))
    return facts(rows)


def _rows(trial: Trial) -> SafeString:
    """Return the rules that fired and the warnings."""
    fired = [(row["rule"], row["detail"]) for row in trial.report.get("rules", ())]
    warned = [(row["code"], row["detail"]) for row in trial.report.get("warnings", ())]
    found = [(_("Rule %(number)s") % {"number": rule}, detail) for rule, detail in fired]
    return table((_("Rule or warning"), _("Detail")), [*found, *warned])
