"""The button on a refused sign-in that lets its person in: one subject, bound to one person (J-11, V-8)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.privilege import Authority
from console.admins import refusals
from console.admins.columns import facts
from console.admins.confirmed import ConfirmedActions, button
from console.scoping import actor_of, viewer_of
from foundation.ids import parse_id
from sso import relinking
from sso.models import SignInAttempt


class RelinkAction(ConfirmedActions):
    """Mixed into the admin of sign-in attempts."""

    def offered(self, request: HttpRequest, obj: Any) -> frozenset[str]:
        """Offer it to admins of the account; whom they may let in is asked with the person in view (V-8)."""
        viewer = viewer_of(request)
        may = viewer is not None and viewer.may(Authority.ACCOUNT_ADMIN)
        others = super().offered(request, obj)
        return others | {"relink"} if may and relinking.could_be_lifted(obj) else others

    @button(description=gettext_lazy("Let this person in"), url_path="relink", icon="link")
    def relink(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show whom and what it binds, then bind exactly that."""
        attempt: SignInAttempt | None = self.get_object(request, unquote(object_id))
        if attempt is None:
            raise Http404
        if "relink" not in self.offered(request, attempt):
            raise PermissionDenied
        back = redirect(self.url_of("change", attempt.pk))
        if request.method == "POST":
            # What is shown is what is bound: another person meanwhile is another id.
            person = parse_id(request.POST.get("person", ""))
            if person is None:
                raise PermissionDenied
            with refusals.as_message(request):
                relinking.approve(attempt=attempt, user_id=person, actor=actor_of(request))
                messages.success(
                    request, _("Linked. The person was signed out everywhere and is told by mail.")
                )
            return back
        proposal = relinking.proposal_of(attempt)
        if proposal is None:
            messages.error(
                request, _("This attempt no longer names a person who could be let in. Let them try again.")
            )
            return back
        return self.ask(
            request,
            attempt,
            question=_(
                "Is it really the same person? Whoever holds this identifier at the provider signs in as them from "
                "now on; the identifier before stops working, and so does a password."
            ),
            button=_("Let this person in"),
            details=facts(
                [
                    (_("Person"), proposal.user.user_name),
                    (_("Provider"), attempt.provider.name),
                    (_("Identifier at the provider"), proposal.subject),
                    (_("Identifier before"), proposal.before or _("none")),
                ]
            ),
            hidden={"person": str(proposal.user.pk)},
        )
