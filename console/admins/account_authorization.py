"""Buttons on an account's page for Single Sign-On Authorization: on, off, and "apply now" (R-2, R-4, R-5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib.admin import display
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account
from accounts.privilege import Authority
from audit.actors import Actor
from console.admins.columns import badge
from console.admins.confirmed import button
from console.policy_impact_page import joined, note
from console.role_effects_page import drawn, summary_of, why_not_text
from console.scoping import actor_of, require_viewer
from foundation.ids import parse_id
from sso import authorization
from sso.models import IdentityProvider
from sso.replanning import effects
from sso.role_changes import apply_now

JUST_IN_TIME = "just_in_time"


class AuthorizationActions:
    """Mixed into the admin of accounts."""

    authorization_actions = ("enable_authorization", "disable_authorization", "apply_roles")
    confirmed: Callable[..., HttpResponse]
    get_object: Callable[..., Any]
    buttons_beside: Callable[[Any, Iterable[str]], SafeString]

    def offered_authorization(self, request: HttpRequest, account: Account) -> frozenset[str]:
        """SSO account admins and operators switch it; on needs the SSO module and a working provider."""
        if not require_viewer(request).may(Authority.SSO_ACCOUNT_ADMIN):
            return frozenset()
        if account.sso_authorization:
            return frozenset({"disable_authorization", "apply_roles"})
        return frozenset({"enable_authorization"} if account.sso_module and account.sso_ready else ())

    @display(description=gettext_lazy("authorization"))
    def authorization(self, account: Account) -> SafeString:
        """Whether mapping roles decide, and the buttons that switch it."""
        if account.sso_authorization:
            shown, means = badge(_("on"), "success"), _("Mapping roles alone decide what people may do.")
        else:
            shown, means = badge(_("off")), _("Roles come from sign-ins and are given by hand.")
        return format_html("{} {}{}", shown, means, self.buttons_beside(account, self.authorization_actions))

    @button(
        description=gettext_lazy("Enable Single Sign-On Authorization"),
        url_path="enable-authorization",
        icon="rule",
    )
    def enable_authorization(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let mapping roles decide, after showing what that means for everybody seen."""
        return self.confirmed(
            request,
            object_id,
            name="enable_authorization",
            question=_("Let mapping roles alone decide what the people of %(name)s may do?"),
            button=_("Enable Single Sign-On Authorization"),
            change=lambda actor, account: authorization.turn_on(account=account, actor=actor),
            done=_(
                "Single sign-on authorization is on. Roles follow at each person's next sign-in, or apply them now."
            ),
            details=lambda account: _before_on(account, request),
        )

    @button(
        description=gettext_lazy("Disable Single Sign-On Authorization"),
        url_path="disable-authorization",
        icon="edit",
    )
    def disable_authorization(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let roles be given by hand again; everybody keeps theirs."""

        def change(actor: Actor, account: Account) -> bool:
            wanted = {parse_id(value) for value in request.POST.getlist(JUST_IN_TIME)} - {None}
            return authorization.turn_off(
                account=account, actor=actor, just_in_time=[key for key in wanted if key is not None]
            )

        return self.confirmed(
            request,
            object_id,
            name="disable_authorization",
            question=_("Let roles of the people of %(name)s be given by hand again?"),
            button=_("Disable Single Sign-On Authorization"),
            change=change,
            done=_(
                "Single sign-on authorization is off. Everybody keeps their roles, which can be edited now."
            ),
            details=_before_off,
        )

    @button(
        description=gettext_lazy("Apply mapping roles now"),
        url_path="apply-roles",
        icon="published_with_changes",
    )
    def apply_roles(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Do at once what each next sign-in would do."""

        def change(actor: Actor, account: Account) -> bool:
            apply_now(account=account, actor=actor)
            return True

        return self.confirmed(
            request,
            object_id,
            name="apply_roles",
            question=_("Apply the mapping roles of %(name)s to everybody now?"),
            button=_("Apply mapping roles now"),
            change=change,
            done=_("The mapping roles are being applied."),
            details=lambda account: joined(
                [
                    drawn(summary_of(effects(account), require_viewer(request).user.pk), account),
                    note(_("Whoever loses a role or could not sign in is signed out.")),
                ]
            ),
        )


def _before_on(account: Account, request: HttpRequest) -> SafeString:
    viewer = require_viewer(request)
    refusal = authorization.why_not(account, actor_of(request))
    parts = [] if refusal is None else [why_not_text(refusal.code)]
    parts.append(drawn(summary_of(effects(account), viewer.user.pk), account))
    parts.append(
        note(
            _(
                "People with an identity at a provider sign in only through it then, and their roles can't be edited "
                "by hand. Roles change at each person's next sign-in, or at once by “Apply mapping roles now”."
            )
        )
    )
    return joined(parts)


def _before_off(account: Account) -> SafeString:
    boxes = format_html_join(
        "",
        '<li><label><input type="checkbox" name="{}" value="{}"> {}</label></li>',
        (
            (JUST_IN_TIME, provider.pk, provider.name)
            for provider in IdentityProvider.objects.for_account(account)
        ),
    )
    return joined(
        [
            note(
                _(
                    "People and their roles stay; roles that came from mapping roles become roles added by hand."
                )
            ),
            format_html(
                '<fieldset><legend>{}</legend><ul class="console-lines">{}</ul></fieldset>',
                _("Who may still create people at their first sign-in? Others need an invitation then."),
                boxes,
            ),
        ]
    )
