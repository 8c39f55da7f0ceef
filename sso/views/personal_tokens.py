"""Personal tokens on My access: made and shown once, revoked (P-10, V-14).

The plain token is in one place: the answer to the POST that made it. It is in no session, message, redirect or log.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from accounts.lifecycle import InvalidToken, create_personal_token, revoke_api_token
from accounts.lifecycle.tokens import PERSONAL_TOKENS_MAX, usable_personal_tokens
from accounts.models import User
from audit.actors import Actor, ActorKind
from foundation import public_urls
from foundation.client_address import client_address
from sso.forms import PersonalTokenForm
from sso.views.my_access import may_have_tokens, my_access_page


class PersonalTokensView(LoginRequiredMixin, View):
    """``/personal-tokens/``: make one."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Lead to where they are listed."""
        return redirect("sso:my_access")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make a token and show it, here and now."""
        user = _member(request)
        form = PersonalTokenForm(request.POST)
        if not form.is_valid():
            return my_access_page(request, user, token_form=form, status=400)
        ends = timezone.now() + timedelta(days=int(form.cleaned_data["days"]))
        try:
            token, plain = create_personal_token(
                user=user, actor=_actor(request, user), name=form.cleaned_data["name"], expires_at=ends
            )
        except InvalidToken:  # name and period were checked above, so there are too many
            enough = _("%(count)d personal tokens are the most you can have; revoke one first.")
            told = enough % {"count": PERSONAL_TOKENS_MAX}
            return my_access_page(request, user, token_form=form, token_error=told, status=400)
        address = public_urls.absolute("/api/scim/Me")
        context = {"name": token.name, "plain": plain, "address": address, "ends": token.expires_at}
        return render(request, "sso/personal_token.html", context)


class RevokePersonalTokenView(LoginRequiredMixin, View):
    """``/personal-tokens/<id>/revoke/``."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, token_id: UUID) -> HttpResponse:
        """End one of the person's own tokens; anybody else's does not exist."""
        user = _member(request)
        token = usable_personal_tokens(user).filter(pk=token_id).first()
        if token is None:
            raise Http404
        revoke_api_token(token=token, actor=_actor(request, user))
        messages.success(request, _("The token “%(name)s” was revoked.") % {"name": token.name})
        return redirect("sso:my_access")


def _member(request: HttpRequest) -> User:
    user = request.user
    if not isinstance(user, User) or not may_have_tokens(user):
        raise Http404
    return user


def _actor(request: HttpRequest, user: User) -> Actor:
    return Actor(ActorKind.USER, str(user.pk), user.user_name, client_address(request))
