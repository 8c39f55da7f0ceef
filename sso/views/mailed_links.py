"""The way of every mailed link, whatever it is for (L-9, A-9, V-15, V-24).

    AskView    a stranger types an address; the answer is the same for every one (``sso.link_requests``)
    LinkView   the address in the mail: its token becomes a cookie, and the browser goes on to a clean address
    the page   ``confirm_page`` or one of its own, for whoever has the cookie; ``opened`` uses nothing up
    the click  a POST with the cookie and a CSRF token does what the link is for; then ``forget``, or ``refused``

Opening a link only sets the cookie, in whatever browser it is opened: a mail scanner that follows it uses nothing up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import View

from accounts.lifecycle import mailed_links
from accounts.lifecycle.mailed_links import LinkRefused
from accounts.models import LinkPurpose, MailedLink
from audit.failures import record_failure
from audit.refusals import Refused, audit_refusal
from foundation import public_urls
from foundation.client_address import client_address
from foundation.secret_tokens import for_cookie
from sso import answers, link_requests
from sso.forms import EmailForm
from sso.refusals import SignInRefused

_LONGEST = 100  # characters of a token


@dataclass(frozen=True, slots=True)
class AskWords:
    """What a page where one asks for a link says, and what it says once that was done."""

    title: str
    lead: str
    label: str
    asked_heading: str
    asked_lead: str


class AskView(View):
    """A stranger asks for a link by mail."""

    kind: ClassVar[str]  # of the outbox row that a worker answers
    target: ClassVar[str]  # in the failure log

    def words(self) -> AskWords:
        """Return the page's words in the reader's language."""
        raise NotImplementedError

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the form, filled in for who comes from a login page."""
        return self._form(request, EmailForm(initial={"email": request.GET.get("email", "")[:254]}))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Take the request; the answer is the same for every address."""
        form = EmailForm(request.POST)
        if not form.is_valid():
            return self._form(request, form, status=400)
        try:
            link_requests.ask(request, kind=self.kind, typed=form.cleaned_data["email"])
        except SignInRefused as error:
            return answers.refused(request, error.refusal, target=self.target)
        words = self.words()
        return notice(request, heading=words.asked_heading, lead=words.asked_lead)

    def _form(self, request: HttpRequest, form: EmailForm, *, status: int = 200) -> HttpResponse:
        words = self.words()
        context = {
            "form": form,
            "title": words.title,
            "lead": words.lead,
            "label": words.label,
            "button": _("Send the link"),
        }
        return render(request, "sso/link_request.html", context, status=status)


class LinkView(View):
    """The address in a mail: ``LinkView.as_view(purpose=…, to=…)`` goes on to the view named ``to``."""

    http_method_names = ("get", "head")
    purpose: LinkPurpose = LinkPurpose.ACCESS
    to: str = ""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Go on without the token in the address."""
        return exchange(request, token, purpose=self.purpose, to=self.to)


def cookie_name() -> str:
    """Return the name of the cookie that holds a link's token until it is used."""
    return f"{'__Host-' if public_urls.is_https() else ''}broker-link"


def exchange(request: HttpRequest, token: str, *, purpose: LinkPurpose, to: str) -> HttpResponse:
    """Answer the address of a mail: keep the token in a cookie and lead to the view named ``to``."""
    if not _is_at_home(request, purpose):
        return redirect(public_urls.absolute(request.path))
    answer = redirect(reverse(to))
    answer.status_code = 303
    answer.set_cookie(
        cookie_name(),
        for_cookie(token),
        max_age=int(mailed_links.LIFETIME[purpose].total_seconds()),
        path="/",
        secure=public_urls.is_https(),
        httponly=True,
        samesite="Lax",
    )
    return answer


def token_of(request: HttpRequest, purpose: LinkPurpose) -> str:
    """Return the token that this browser brought, "" for none or on another host than such links' own."""
    if not _is_at_home(request, purpose):
        return ""
    return request.COOKIES.get(cookie_name(), "")[:_LONGEST]


def _is_at_home(request: HttpRequest, purpose: LinkPurpose) -> bool:
    """Tell whether a link of this kind may be used here: on the deployment's host, where a session would begin (V-7).

    An address is confirmed by a session that is here already, on the account's host, too; whoever has none there goes
    on to the deployment's host, where they are signed in, or can sign in for this page (``sso.ending_host``).
    """
    if request.get_host().lower() == public_urls.netloc():
        return True
    return purpose is LinkPurpose.ADDRESS and request.user.is_authenticated


def opened(request: HttpRequest, purpose: LinkPurpose) -> MailedLink:
    """Return the link that this browser may use. Raises ``LinkRefused``."""
    return mailed_links.find(token_of(request, purpose), purpose)


def forget(answer: HttpResponse) -> HttpResponse:
    """Take the token out of the browser once it is used up."""
    answer.delete_cookie(cookie_name(), path="/", samesite="Lax")
    return answer


def refused(request: HttpRequest, error: LinkRefused | Refused, *, again: str, label: str) -> HttpResponse:
    """Record why a link was not taken and return the page, which says the same for every reason."""
    if isinstance(error, Refused):
        audit_refusal(error)
    else:
        account_id = error.link.user.account_id if error.link is not None else None
        record_failure(
            code=error.code,
            message=f"A mailed link was not taken ({error.code})",
            address=client_address(request),
            target=(request.resolver_match.url_name or "") if request.resolver_match else "",
            account_id=account_id,
        )
    context = {
        "heading": _("This link can't be used"),
        "message": _("It was used already, is too old, or is no longer valid. Ask for a new one."),
        "action_url": again,
        "action_label": label,
    }
    return render(request, "sso/refused.html", context, status=400)


def confirm_page(request: HttpRequest, *, heading: str, lead: str, button: str, **more: Any) -> HttpResponse:
    """Return the page with the one button that uses a link."""
    context = {"heading": heading, "lead": lead, "button": button, **more}
    return render(request, "sso/link_confirm.html", context)


def notice(
    request: HttpRequest, *, heading: str, lead: str, action_url: str = "", action_label: str = ""
) -> HttpResponse:
    """Return a page that says that something was done."""
    context = {
        "heading": heading,
        "lead": lead,
        "action_url": action_url,
        "action_label": action_label,
    }
    return render(request, "sso/notice.html", context)
