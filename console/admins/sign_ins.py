"""Who is signed in, who is who at which provider, and how sign-ins went: looked at, and sessions ended (A-5, L-13)."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.admin import AdminSite, action, display
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import lifecycle
from accounts.models import EndReason, Kind, User, UserSession
from accounts.privilege import Authority
from audit.actors import Actor
from console.admins.base import AccountScopedAdmin
from console.admins.columns import badge, facts, lines, link_to, preformatted, table, unreadable
from console.admins.confirmed import ask_and_act, button
from console.admins.debugger import DebuggedSignIns
from console.admins.filters import EndedFilter, ScopedRelatedFilter
from console.admins.person_access import session_badge
from console.admins.relink import RelinkAction
from console.scoping import Reach, Viewer, viewer_of
from foundation.encryption import is_unreadable
from foundation.redaction import mask_values
from sso import testing
from sso.models import FederatedIdentity, IdentityProvider, SignInAttempt, Stage

SIGNED_IN = "signed_in"


class UserSessionAdmin(AccountScopedAdmin):
    """Signed-in browsers."""

    account_lookup = "user__account"
    secret_columns = ("id_token",)
    list_display = ("user", "state", "provider_label", "address", "created_at", "expires_at", "ended_at")
    list_filter = (EndedFilter,)
    list_select_related = ("user",)
    search_fields = ("user__user_name_folded", "user__email_folded", "=track_id")
    search_help_text = gettext_lazy("User name, e-mail or track ID")
    fieldsets = (
        (None, {"fields": ("user", "state", "created_at", "expires_at", "ended_at")}),
        (
            gettext_lazy("Began with"),
            {"fields": ("provider_label", "subject", "name_id", "context", "track_id")},
        ),
        (gettext_lazy("Browser"), {"fields": ("host", "address", "agent")}),
    )
    actions = ("end_selected",)
    actions_detail = ("end", "end_all_of_person")

    def scope(self, viewer: Viewer) -> Q:
        """V-2: sessions of operators and the like are no account's business."""
        rows = viewer.rows(self.account_lookup)
        return rows if viewer.reach is Reach.DEPLOYMENT else rows & Q(user__kind=Kind.MEMBER)

    @display(description=gettext_lazy("state"))
    def state(self, session: UserSession) -> SafeString:
        """Whether it is open."""
        return session_badge(session)

    def offered(self, request: HttpRequest, obj: Any) -> frozenset[str]:
        """A session that ended stays so; others of its person may be open."""
        if not self.has_end_permission(request):
            return frozenset()
        return frozenset({"end", "end_all_of_person"} if obj.ended_at is None else {"end_all_of_person"})

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Let admins of the account end sessions; whose they may end is asked one by one (V-8)."""
        viewer = viewer_of(request)
        return viewer is not None and viewer.may(Authority.ACCOUNT_ADMIN)

    @action(permissions=["end"], description=gettext_lazy("End the selected sessions"))
    def end_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """End one by one."""
        self.for_each(request, queryset.filter(ended_at=None).select_related("user"), _end, done=_("Ended"))

    @button(description=gettext_lazy("End this session"), url_path="end", icon="logout")
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Sign this one browser out; refused for somebody above the viewer (V-8)."""
        return self.confirmed(
            request,
            object_id,
            name="end",
            question=_("End the session of %(name)s? The browser is signed out at its next request."),
            button=_("End this session"),
            change=_end,
            done=_("Ended."),
        )

    end_all_of_person = ask_and_act(
        "end_all_of_person",
        label=gettext_lazy("End all of this person"),
        icon="logout",
        question=gettext_lazy("End every session of the person of %(name)s? They may sign in again."),
        change=lambda actor, session: _end_all(actor, session.user),
        done=gettext_lazy("All their sessions have ended."),
    )


class FederatedIdentityAdmin(AccountScopedAdmin):
    """Who a person is at a provider; bound and closed by sign-ins and removals only (V-1, V-13)."""

    secret_columns = ("last_claims",)
    list_display = ("user", "provider", "subject", "state", "last_seen_at", "account")
    list_filter = (("provider", ScopedRelatedFilter), ("account", ScopedRelatedFilter))
    list_select_related = ("user", "provider", "account")
    search_fields = ("user__user_name_folded", "user__email_folded", "=subject")
    search_help_text = gettext_lazy("User name, e-mail or the whole subject")
    fieldsets = (
        (None, {"fields": ("account", "user", "through", "state")}),
        (gettext_lazy("At the provider"), {"fields": ("subject", "subject_source", "issuer", "tenant_id")}),
        (gettext_lazy("Dates"), {"fields": ("created_at", "last_seen_at", "closed_at")}),
    )

    @display(description=gettext_lazy("provider"))
    def through(self, identity: FederatedIdentity) -> SafeString:
        """The provider."""
        return _provider(self.admin_site, identity.provider)

    @display(description=gettext_lazy("state"))
    def state(self, identity: FederatedIdentity) -> SafeString:
        """Whether it still signs in."""
        return badge(_("closed")) if identity.closed_at is not None else badge(_("open"), "success")


class SignInAttemptAdmin(RelinkAction, DebuggedSignIns, AccountScopedAdmin):
    """Tries to sign in through a provider: outcome, rules that fired, warnings, and the claims."""

    secret_columns = ("nonce", "code_verifier", "claims")
    actions_detail = ("replay", "relink")
    list_display = (
        "created_at",
        "outcome_shown",
        "purpose",
        "provider",
        "user",
        "address",
        "track_id",
        "account",
    )
    list_filter = ("purpose", ("provider", ScopedRelatedFilter), ("account", ScopedRelatedFilter))
    list_select_related = ("provider", "user", "account")
    search_fields = ("=track_id", "=outcome", "user__user_name_folded")
    search_help_text = gettext_lazy("Track ID, outcome or user name")
    fieldsets = (
        (None, {"fields": ("account", "through", "purpose", "outcome_shown", "user", "track_id")}),
        (
            gettext_lazy("When and where"),
            {"fields": ("created_at", "finished_at", "host", "address", "unsolicited")},
        ),
        (gettext_lazy("Steps"), {"fields": ("steps_shown",)}),
        (gettext_lazy("What happened"), {"fields": ("summary", "rules", "warnings", "changed")}),
        (gettext_lazy("Claims"), {"fields": ("claims_shown",)}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Claims, and steps that quote them, are for those who configure the provider (V-8)."""
        fieldsets = super().get_fieldsets(request, obj)
        viewer = viewer_of(request)
        if viewer is not None and viewer.may(Authority.SSO_ACCOUNT_ADMIN):
            return fieldsets
        return [part for part in fieldsets if not {"claims_shown", "steps_shown"} & set(part[1]["fields"])]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """Track IDs are upper case, whatever was typed."""
        term = search_term.strip()
        return super().get_search_results(
            request, queryset, term.upper() if _looks_like_track_id(term) else term
        )

    @display(description=gettext_lazy("provider"))
    def through(self, attempt: SignInAttempt) -> SafeString:
        """The provider."""
        return _provider(self.admin_site, attempt.provider)

    @display(description=gettext_lazy("outcome"), ordering="outcome")
    def outcome_shown(self, attempt: SignInAttempt) -> SafeString:
        """How it ended."""
        if not attempt.outcome:
            under_way = attempt.stage != Stage.SPENT
            return badge(_("under way") if under_way else _("not finished"), "info" if under_way else "")
        if attempt.outcome == testing.PASSED:
            return badge(_("test passed"), "success")
        signed_in = attempt.outcome == SIGNED_IN
        return badge(_("signed in"), "success") if signed_in else badge(attempt.outcome, "danger")

    @display(description=gettext_lazy("result"))
    def summary(self, attempt: SignInAttempt) -> SafeString:
        """What else the report says."""
        names = {
            "match": _("Matched by"),
            "refusal": _("Refused with"),
            "detail": _("Detail"),
            "first_login": _("First sign-in"),
            "profile": _("Details changed"),
            "groups_received": _("Groups received"),
        }
        rows = [
            (title, _readable(attempt.report[name]))
            for name, title in names.items()
            if name in attempt.report
        ]
        said = attempt.report.get("authentication") or {}
        proofs = {
            "authenticated_at": _("Authenticated at the provider"),
            "context": _("Authentication context"),
            "methods": _("Authentication methods"),
        }
        rows += [(title, _readable(said[name])) for name, title in proofs.items() if said.get(name)]
        return facts(rows) if rows else lines([])

    @display(description=gettext_lazy("rules"))
    def rules(self, attempt: SignInAttempt) -> SafeString:
        """The numbered rules that fired (J-6)."""
        rows = [(fired.get("rule", ""), fired.get("detail", "")) for fired in attempt.report.get("rules", ())]
        return table((_("Rule"), _("What it did")), rows)

    @display(description=gettext_lazy("warnings"))
    def warnings(self, attempt: SignInAttempt) -> SafeString:
        """What was not taken as it came (J-9)."""
        rows = [(row.get("code", ""), row.get("detail", "")) for row in attempt.report.get("warnings", ())]
        return table((_("Code"), _("Detail")), rows)

    @display(description=gettext_lazy("claims"))
    def claims_shown(self, attempt: SignInAttempt) -> SafeString:
        """The decoded claims of a sign-in that validated (V-20)."""
        if is_unreadable(attempt, "claims"):
            return unreadable(_("The deployment's present keys don't open it."))
        if not attempt.claims or "seal" in attempt.report:
            return preformatted("")  # a test that its starter's browser has not come back from
        shown = mask_values(json.loads(attempt.claims))
        return preformatted(json.dumps(shown, indent=2, ensure_ascii=False, sort_keys=True))


def _end(actor: Actor, session: UserSession) -> bool:
    return lifecycle.end_session(session=session, actor=actor, reason=EndReason.ADMIN)


def _end_all(actor: Actor, user: User) -> bool:
    lifecycle.end_all_sessions(user=user, actor=actor, reason=EndReason.ADMIN)
    return True


def _provider(site: AdminSite, provider: IdentityProvider) -> SafeString:
    # One above accounts has no page for an account's admins.
    return badge(provider.name) if provider.is_shared else link_to(site, provider)


def _readable(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _looks_like_track_id(term: str) -> bool:
    return len(term) == 14 and term.count("-") == 2
