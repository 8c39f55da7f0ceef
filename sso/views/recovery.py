"""``/recovery-access/`` and ``/recovery-drill/``: ask for a link, open it, press its button (L-9, V-15)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import View

from accounts.lifecycle.mailed_links import LinkRefused
from accounts.models import LinkPurpose, User
from audit.refusals import Refused
from sso import recovery, recovery_drill
from sso.views import mailed_links


class RecoveryAccessView(mailed_links.AskView):
    """``/recovery-access/``: an SSO account admin asks for a link."""

    kind = recovery.KIND
    target = recovery.TARGET

    def words(self) -> mailed_links.AskWords:
        """Return what the page says."""
        return mailed_links.AskWords(
            title=_("Recovery access"),
            lead=_(
                "For SSO account admins whose single sign-on does not work. We send a link to the recovery address "
                "that you confirmed."
            ),
            label=_("Work e-mail"),
            asked_heading=_("Look into your recovery mailbox"),
            asked_lead=_(
                "If this is the address of an SSO account admin with a confirmed recovery address, a link is on its "
                "way there. It works once, within 15 minutes. The other SSO account admins are told."
            ),
        )


class RecoveryEnterView(View):
    """``/recovery-access/enter/``: the button, and what it does."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Say who would be signed in; nothing is used up."""
        try:
            link = mailed_links.opened(request, LinkPurpose.ACCESS)
        except LinkRefused as error:
            return _refused(request, error)
        names = {
            "person": link.user.user_name,
            "account": link.user.account.name if link.user.account else "",
        }
        lead = _("Sign in to %(account)s as %(person)s, without single sign-on, for one hour?") % names
        present = request.user
        if isinstance(present, User) and present.pk != link.user_id:  # V-19
            lead = _("You are %(name)s here; continue as %(person)s in %(account)s for one hour?") % {
                **names,
                "name": present.user_name,
            }
        return mailed_links.confirm_page(
            request, heading=_("Recovery access"), lead=lead, button=_("Sign in now")
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        """Use the link and sign in; the admin comes next, where single sign-on is mended."""
        try:
            page = recovery.enter(request, mailed_links.token_of(request, LinkPurpose.ACCESS))
        except (LinkRefused, Refused) as error:
            return _refused(request, error)
        return mailed_links.forget(page or redirect(recovery.HOME))


def _refused(request: HttpRequest, error: LinkRefused | Refused) -> HttpResponse:
    return mailed_links.refused(
        request, error, again=reverse("sso:recovery_access"), label=_("Ask for a new link")
    )


class DrillView(View):
    """``/recovery-drill/enter/``: the test's button."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Ask for the click that a real recovery needs too."""
        try:
            mailed_links.opened(request, LinkPurpose.DRILL)
        except LinkRefused as error:
            return self._refused(request, error)
        return mailed_links.confirm_page(
            request,
            heading=_("Test of recovery access"),
            lead=_("Your mail arrived. Press the button to finish the test; nobody is signed in."),
            button=_("Finish the test"),
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        """Note that the way works."""
        try:
            recovery_drill.pass_test(request, mailed_links.token_of(request, LinkPurpose.DRILL))
        except LinkRefused as error:
            return self._refused(request, error)
        done = mailed_links.notice(
            request,
            heading=_("Recovery access works"),
            lead=_("A link reaches you and can be used. Nobody was signed in and nothing was changed."),
        )
        return mailed_links.forget(done)

    def _refused(self, request: HttpRequest, error: LinkRefused) -> HttpResponse:
        return mailed_links.refused(request, error, again="/admin/", label=_("Admin"))
