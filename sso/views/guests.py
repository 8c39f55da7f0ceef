"""Enter another account as a guest, and come home again (V-10)."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views import View

from accounts.lifecycle import EntryRefused, enter_account, leave_account
from accounts.models import GuestAccess, User, UserSession
from audit.actors import Actor, ActorKind
from audit.refusals import audit_refusal
from foundation.client_address import client_address


class EnterAccountView(LoginRequiredMixin, View):
    """``/guest/<id>/enter/``."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, access_id: UUID) -> HttpResponse:
        """Let this session into the account; anybody else's access does not exist."""
        user, session = _person(request)
        access = GuestAccess.objects.select_related("account").filter(pk=access_id, user=user).first()
        if access is None:
            raise Http404
        try:
            enter_account(access=access, session=session, user=user, actor=_actor(request, user))
        except EntryRefused as refusal:
            audit_refusal(refusal)
            messages.error(request, refusal.message)
        else:
            messages.success(request, _("You are in %(account)s now.") % {"account": access.account.name})
        return redirect("sso:my_access")


class LeaveAccountView(LoginRequiredMixin, View):
    """``/guest/leave/``."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Bring this session home."""
        user, session = _person(request)
        leave_account(session=session, actor=_actor(request, user))
        return redirect("sso:my_access")


def _person(request: HttpRequest) -> tuple[User, UserSession]:
    session = getattr(request, "user_session", None)
    if not isinstance(request.user, User) or not isinstance(session, UserSession):
        raise Http404
    return request.user, session


def _actor(request: HttpRequest, user: User) -> Actor:
    return Actor(ActorKind.USER, str(user.pk), user.user_name, client_address(request))
