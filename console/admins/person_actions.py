"""What an admin may do to people beyond editing them: disable, enable, sign out, reset the second factor, let them
come back (V-8, V-12, V-13).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib.admin import action
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import lifecycle
from accounts.models import EndReason, Kind, Status, User
from accounts.second_factor import has_second_factor
from audit.actors import Actor
from console.admins.confirmed import ask_and_act


def _disable(actor: Actor, user: User) -> bool:
    return lifecycle.disable_user(user=user, actor=actor)


def _disable_last(actor: Actor, user: User) -> bool:
    return lifecycle.disable_user(user=user, actor=actor, last_admin=True)


def _enable(actor: Actor, user: User) -> bool:
    return lifecycle.enable_user(user=user, actor=actor)


def _end_sessions(actor: Actor, user: User) -> bool:
    lifecycle.end_all_sessions(user=user, actor=actor, reason=EndReason.ADMIN)
    return True


def _reset_factors(actor: Actor, user: User) -> bool:
    return lifecycle.reset_factors(user=user, actor=actor)


def _readmit(actor: Actor, user: User) -> bool:
    lifecycle.readmit_user(user=user, actor=actor)
    return True


class PersonActions:
    """Mixed into the admin of people: buttons on a person's page, and actions on chosen rows of the list."""

    actions: Sequence[str] = (
        "disable_selected",
        "enable_selected",
        "end_sessions_of_selected",
        "delete_selected",
    )
    actions_detail = (
        "disable",
        "disable_last_admin",
        "enable",
        "end_sessions",
        "reset_second_factor",
        "readmit",
    )

    for_each: Callable[..., None]
    may_touch: Callable[[HttpRequest, User], bool]
    has_change_permission: Callable[..., bool]

    def offered(self, request: HttpRequest, obj: User) -> frozenset[str]:
        """What makes sense in the person's status."""
        if not self.has_change_permission(request) or not self.may_touch(request, obj):
            return frozenset()
        if obj.status is Status.DELETED:
            return frozenset({"readmit"}) if obj.readmitted_at is None else frozenset()
        found = {"enable" if obj.disabled_at else self._disabling(request, obj), "end_sessions"}
        if obj.pk != request.user.pk and has_second_factor(obj):
            found.add("reset_second_factor")
        return frozenset(found)

    def _disabling(self, request: HttpRequest, obj: User) -> str:
        """An operator may leave an account without an SSO account admin, and is asked about that (V-14)."""
        operator = isinstance(request.user, User) and request.user.kind == Kind.OPERATOR
        return "disable_last_admin" if operator and lifecycle.is_last_admin(obj) else "disable"

    disable = ask_and_act(
        "disable",
        label=gettext_lazy("Disable"),
        icon="block",
        question=gettext_lazy(
            "Disable %(name)s? All their sessions end at once, and only an admin can undo it."
        ),
        change=_disable,
        done=gettext_lazy("Disabled. All their sessions have ended."),
    )
    disable_last_admin = ask_and_act(
        "disable_last_admin",
        label=gettext_lazy("Disable the last admin"),
        icon="block",
        question=gettext_lazy(
            "%(name)s is the last SSO account admin of this account who can sign in. Disable them all the same? Until "
            "you appoint another one, only operators can change single sign-on here. All their sessions end at once, "
            "and operators, partner admins and the account's other admins are told."
        ),
        change=_disable_last,
        done=gettext_lazy("Disabled. The account has no SSO account admin left."),
    )
    enable = ask_and_act(
        "enable",
        label=gettext_lazy("Enable"),
        icon="check_circle",
        question=gettext_lazy("Enable %(name)s again? What the directory says about them stays as it is."),
        change=_enable,
        done=gettext_lazy("Enabled."),
    )
    end_sessions = ask_and_act(
        "end_sessions",
        label=gettext_lazy("End sessions"),
        icon="logout",
        question=gettext_lazy("Sign %(name)s out of every browser? They may sign in again."),
        change=_end_sessions,
        done=gettext_lazy("All their sessions have ended."),
    )
    reset_second_factor = ask_and_act(  # V-8
        "reset_second_factor",
        label=gettext_lazy("Reset second factor"),
        icon="phonelink_erase",
        question=gettext_lazy(
            "Remove all second factors and recovery codes of %(name)s? Make sure that it is really them who asks. "
            "Their sessions end, and they are told by mail."
        ),
        change=_reset_factors,
        done=gettext_lazy("Their second factors are removed. All their sessions have ended."),
    )
    readmit = ask_and_act(  # V-13
        "readmit",
        label=gettext_lazy("Let them come back"),
        icon="undo",
        question=gettext_lazy(
            "Let %(name)s be created again at their next sign-in? They begin with nothing."
        ),
        change=_readmit,
        done=gettext_lazy("Their next sign-in may create them again."),
    )

    @action(permissions=["change"], description=gettext_lazy("Disable the selected"))
    def disable_selected(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        """Disable one by one."""
        self.for_each(request, queryset, _disable, done=_("Disabled"))

    @action(permissions=["change"], description=gettext_lazy("Enable the selected"))
    def enable_selected(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        """Enable one by one."""
        self.for_each(request, queryset, _enable, done=_("Enabled"))

    @action(permissions=["change"], description=gettext_lazy("End sessions of the selected"))
    def end_sessions_of_selected(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        """Sign out one by one."""
        self.for_each(request, queryset, _end_sessions, done=_("Signed out"))
