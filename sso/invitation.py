"""An invitation from the link in the mail to the person it made (A-9, V-10, V-24).

The link is exchanged at once for a cookie and a clean address, so that its secret is in no history, log or Referer; a
GET changes nothing, because mail scanners open links. Accepting is a POST. A new member then signs in on the account's
own page, so that what guards every sign-in guards this one; a guest accepts inside the session of their own account.
"""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import lifecycle
from accounts.models import Invitation, InvitationPurpose, User
from audit.refusals import Refused, audit_refusal
from foundation import public_urls
from foundation.client_address import client_address, network_of
from foundation.rate_limits import hit
from foundation.secret_tokens import for_cookie
from sso import login_options
from sso.forms import AcceptInvitationForm

_MAX_AGE = 24 * 3600  # seconds that the browser keeps the exchanged link
_TRIES = 60  # a form sent from one network within ten minutes
_TOKEN_LENGTH = 200


def cookie_name() -> str:
    """Return the name of the cookie that holds the link's secret."""
    return "__Host-broker-invitation" if public_urls.is_https() else "broker-invitation"


def exchange(token: str) -> HttpResponse:
    """Answer the link of the mail: the secret goes into a cookie, the browser to the clean address.

    The same whatever the token is; whether it is good is seen there.
    """
    answer = redirect("sso:invitation")
    answer.set_cookie(
        cookie_name(),
        for_cookie(token),
        max_age=_MAX_AGE,
        path="/",
        secure=public_urls.is_https(),
        httponly=True,
        samesite="Lax",
    )
    return answer


def show(
    request: HttpRequest, *, form: AcceptInvitationForm | None = None, error: str = "", status: int = 200
) -> HttpResponse:
    """Return the page of the invitation whose link this browser followed."""
    invitation = lifecycle.find_invitation(_token_of(request))
    if invitation is None:
        return render(request, "sso/invitation.html", {"invitation": None}, status=410)
    context = {"invitation": invitation, "error": error}
    if invitation.purpose == InvitationPurpose.GUEST:
        user = request.user if isinstance(request.user, User) else None
        context |= {
            "signed_in": user is not None,
            "who": user.user_name if user is not None else "",
            "is_meant": user is not None and lifecycle.is_meant(user, invitation),
            "sign_in_url": login_options.with_query(
                reverse("sso:login"), email=invitation.email, next=reverse("sso:invitation")
            ),
        }
    else:
        context["form"] = form or AcceptInvitationForm()
    return render(request, "sso/invitation.html", context, status=status)


def accept(request: HttpRequest) -> HttpResponse:
    """Accept the invitation of this browser's cookie."""
    if not hit("invitation-accept", network_of(client_address(request)), limit=_TRIES, seconds=600).allowed:
        return show(
            request, error=_("Too many tries from your network. Try again in some minutes."), status=429
        )
    invitation = lifecycle.find_invitation(_token_of(request))
    if invitation is None:
        return show(request)
    if invitation.purpose == InvitationPurpose.GUEST:
        return _accept_as_guest(request, invitation)
    form = AcceptInvitationForm(request.POST)
    if not form.is_valid() or not _password_is_good(form, invitation):
        return show(request, form=form, status=400)
    try:
        user = lifecycle.accept_invitation(
            invitation=invitation,
            token=_token_of(request),
            address=client_address(request),
            password=form.cleaned_data["password"],
            given_name=form.cleaned_data["given_name"],
            family_name=form.cleaned_data["family_name"],
        )
    except Refused as refusal:
        audit_refusal(refusal)
        return show(request, form=form, error=refusal.message, status=409)
    messages.success(request, _("Welcome! Sign in with the password that you just chose."))
    page = login_options.page_of(invitation.account)
    return _done(login_options.with_query(page, email=user.user_name))


def _accept_as_guest(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    if not isinstance(request.user, User):
        return show(request, status=403)
    try:
        lifecycle.accept_as_guest(
            invitation=invitation,
            token=_token_of(request),
            user=request.user,
            address=client_address(request),
        )
    except Refused as refusal:
        audit_refusal(refusal)
        return show(request, error=refusal.message, status=403)
    told = _("You may enter %(account)s as a guest now.") % {"account": invitation.account.name}
    messages.success(request, told)
    return _done(reverse("sso:my_access"))


def _done(target: str) -> HttpResponse:
    answer = redirect(target)
    answer.delete_cookie(cookie_name(), path="/", samesite="Lax")
    return answer


def _token_of(request: HttpRequest) -> str:
    return request.COOKIES.get(cookie_name(), "")[:_TOKEN_LENGTH]


def _password_is_good(form: AcceptInvitationForm, invitation: Invitation) -> bool:
    """Ask the validators, which know the person's names so that no password is made of them."""
    about = User(
        user_name=invitation.email,
        email=invitation.email,
        given_name=form.cleaned_data["given_name"],
        family_name=form.cleaned_data["family_name"],
    )
    try:
        validate_password(form.cleaned_data["password"], about)
    except ValidationError as error:
        form.add_error("password", error)
        return False
    return True
