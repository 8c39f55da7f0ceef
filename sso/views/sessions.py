"""A person ends sessions of their own on My access: one, or all but this browser's (L-13)."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views import View

from accounts.lifecycle import end_other_sessions, end_session
from accounts.models import EndReason, User, UserSession
from audit.actors import Actor, ActorKind
from foundation.client_address import client_address


class EndSessionView(LoginRequiredMixin, View):
    """``/sessions/<id>/end/``."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, session_id: UUID) -> HttpResponse:
        """End one of the person's own sessions; anybody else's does not exist."""
        user = _person(request)
        row = UserSession.objects.filter(pk=session_id, user=user).first()
        if row is None:
            raise Http404
        if end_session(session=row, actor=_actor(request, user), reason=EndReason.PERSON):
            messages.success(request, _("That session has ended."))
        return redirect("sso:my_access")


class EndOtherSessionsView(LoginRequiredMixin, View):
    """``/sessions/end-others/``."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest) -> HttpResponse:
        """End all sessions of the person but this one."""
        user = _person(request)
        this: UserSession = request.user_session  # type: ignore[attr-defined]  # set by our middleware
        end_other_sessions(session=this, actor=_actor(request, user), reason=EndReason.PERSON)
        messages.success(request, _("All other sessions have ended."))
        return redirect("sso:my_access")


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user


def _actor(request: HttpRequest, user: User) -> Actor:
    return Actor(ActorKind.USER, str(user.pk), user.user_name, client_address(request))
