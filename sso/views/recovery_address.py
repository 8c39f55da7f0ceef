"""``/recovery-address/``: set, confirm, change, remove my recovery address (V-15)."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from accounts import privilege
from accounts.lifecycle.mailed_links import LinkRefused
from accounts.lifecycle.recovery_address import OtherPersonsLink
from accounts.models import LinkPurpose, User
from accounts.recovery import must_be_separate, usable_from
from audit.refusals import Refused, audit_refusal
from sso import recovery_address
from sso.forms import RecoveryAddressForm
from sso.views import mailed_links
from sso.views.reauthentication import ways


class RecoveryAddressView(LoginRequiredMixin, View):
    """``/recovery-address/``: what it is, and the forms that change it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the address and, in a fresh session, the form."""
        return _page(request, _person(request), RecoveryAddressForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Mail a link to a new address, or remove the present one."""
        user = _person(request)
        form = RecoveryAddressForm(request.POST)
        try:
            if request.POST.get("do") == "remove":
                recovery_address.remove(request, user)
                messages.success(request, _("Your recovery address was removed."))
                return redirect("sso:recovery_address")
            if not form.is_valid():
                return _page(request, user, form, status=400)
            recovery_address.ask(request, user, form.cleaned_data["address"])
        except Refused as refusal:
            audit_refusal(refusal)
            return _page(request, user, form, error=_why(refusal.code), status=400)
        messages.success(request, _("A link is on its way. Open it here, signed in, to confirm the address."))
        return redirect("sso:recovery_address")


class ConfirmRecoveryAddressView(LoginRequiredMixin, View):
    """``/recovery-address/confirm/``: the button, for the signed-in person who asked."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Ask for the click; nothing is used up."""
        try:
            link = mailed_links.opened(request, LinkPurpose.ADDRESS)
        except LinkRefused as error:
            return self._refused(request, error)
        if link.user_id != _person(request).pk:
            return self._refused(request, LinkRefused(OtherPersonsLink.code, link))
        names = {"address": link.address, "person": link.user.user_name}
        return mailed_links.confirm_page(
            request,
            heading=_("Confirm the recovery address"),
            lead=_("Use %(address)s as the recovery address of %(person)s? It can be used after 72 hours.")
            % names,
            button=_("Confirm"),
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make it the recovery address."""
        try:
            recovery_address.confirm(
                request, _person(request), mailed_links.token_of(request, LinkPurpose.ADDRESS)
            )
        except (LinkRefused, Refused) as error:
            return self._refused(request, error)
        messages.success(request, _("Your recovery address is confirmed."))
        return mailed_links.forget(redirect("sso:recovery_address"))

    def _refused(self, request: HttpRequest, error: LinkRefused | Refused) -> HttpResponse:
        again = reverse("sso:recovery_address")
        return mailed_links.refused(request, error, again=again, label=_("Recovery address"))


def _person(request: HttpRequest) -> User:
    user = request.user
    if not isinstance(user, User) or not recovery_address.may_have_one(user):
        raise Http404
    return user


def _page(
    request: HttpRequest, user: User, form: RecoveryAddressForm, *, error: str = "", status: int = 200
) -> HttpResponse:
    ready_from = usable_from(user)
    context = {
        "address": user.recovery_email,
        "ready_from": ready_from,
        "is_ready": ready_from is not None and ready_from <= timezone.now(),
        "form": form,
        "error": error,
        "needs_proof": recovery_address.why_not_now(request) != "",
        "separate": must_be_separate(user, is_admin=privilege.is_admin(user)),
        "proof": ways(request, user, reverse("sso:recovery_address")),
    }
    return render(request, "sso/recovery_address.html", context, status=status)


def _why(code: str) -> str:
    texts = {
        recovery_address.NOT_FRESH: _("Prove first that it is you."),
        recovery_address.IN_RECOVERY: _("This can't be changed in a recovery session."),
        recovery_address.TOO_MANY: _("Too many mails were sent. Wait an hour."),
        "recovery_address.not_separate": _("Use another address than your work e-mail."),
    }
    return texts.get(code, _("This is no e-mail address."))
