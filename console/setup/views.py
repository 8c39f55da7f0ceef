"""The pages behind a setup link (V-22, V-24).

``/setup/<token>/`` puts the token into a cookie and leads on to ``/setup/``, where whoever has the cookie sees what to
copy into the provider's console and fills in what comes from there. Opening uses nothing up: mail scanners follow
links, and people come back. Nobody is signed in by it, no session is read, and no person is named. What is saved goes
through the functions of the admin's form, which look again, under a lock, whether the link still opens this draft.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from accounts.privilege import NotAllowed
from audit.actors import Actor
from audit.failures import record_failure
from audit.refusals import Refused, audit_refusal
from console.oidc import columns as oidc_columns
from console.saml import columns as saml_columns
from console.setup.forms import SetupOidcForm, SetupSamlForm
from foundation import public_urls, track_ids
from foundation.client_address import client_address, network_of
from foundation.rate_limits import hit
from foundation.secret_tokens import for_cookie
from sso import setup_links, testing
from sso.models import IdentityProvider, ProtocolName, SetupLink
from sso.setup_links import PAGE_URL, SetupLinkRefused
from sso_oidc.configuration import save_oidc_settings
from sso_oidc.presets import preset_of
from sso_saml.configuration import save_saml_settings
from sso_saml.provider_config import redirect_url
from sso_saml.provider_config import settings_of as saml_settings_of

_REQUESTS = 120  # of one network within ten minutes
_SAVES, _TESTS = 30, 30  # by one link within an hour: each is mailed or kept
TOO_MANY = "setup_link.too_many"


@dataclass(frozen=True, slots=True)
class ToCopy:
    """One value for the provider's console: what it is called there, and where it stands."""

    name: str
    value: str
    place: str = ""


class SetupLinkView(View):
    """The address that was mailed or passed on."""

    http_method_names = ("get", "head")

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Go on without the token in the address, the same whatever it is; whether it is good is seen there."""
        if request.get_host().lower() != public_urls.netloc():
            return redirect(public_urls.absolute(request.path))
        answer = redirect(reverse(PAGE_URL))
        answer.status_code = 303
        answer.set_cookie(
            setup_links.cookie_name(),
            for_cookie(token),
            max_age=setup_links.MAX_DAYS * 24 * 3600,
            path="/",
            secure=public_urls.is_https(),
            httponly=True,
            samesite="Lax",
        )
        return answer


class SetupView(View):
    """The page."""

    http_method_names = ("get", "head", "post")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show what to copy and what to fill in."""
        try:
            link = _link_of(request)
        except SetupLinkRefused as error:
            return _refused(request, error)
        if request.method == "GET":
            setup_links.note_opened(link, address=client_address(request))
        done = {
            "yes": _(
                "Saved. An admin of the account was told, looks at it and enables it. You can still correct it "
                "here until then."
            ),
            "same": _("Nothing had to be changed."),
        }
        told = done.get(request.GET.get("saved", ""), "")
        return _page(request, link, _form(link, _actor(request, link)), told=told)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Save what was filled in."""
        try:
            link = _link_of(request)
        except SetupLinkRefused as error:
            return _refused(request, error)
        actor = _actor(request, link)
        form = _form(link, actor, request)
        if not form.is_valid():
            return _page(request, link, form, status=400)
        if not hit("setup-link-saved", str(link.pk), limit=_SAVES, seconds=3600).allowed:
            form.add_error(None, _("Too much was saved within an hour. Try again later."))
            return _page(request, link, form, status=429)
        try:
            if isinstance(form, SetupSamlForm):
                changed = save_saml_settings(provider=link.provider, actor=actor, values=form.saml_values())
            else:
                changed = save_oidc_settings(provider=link.provider, actor=actor, values=form.oidc_values())
        except NotAllowed as refusal:  # ended while the form was filled in
            audit_refusal(refusal)
            return _gone(request, status=410)
        except Refused as refusal:
            audit_refusal(refusal)
            form.add_error(None, refusal.message)
            return _page(request, link, form, status=400)
        answer = redirect(f"{reverse(PAGE_URL)}?saved={'yes' if changed else 'same'}")
        answer.status_code = 303
        return answer


class SetupTestView(View):
    """“Test connection”: a round trip through the provider in this browser (V-18)."""

    http_method_names = ("get", "head", "post")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Lead whoever reloads back to the page."""
        return redirect(reverse(PAGE_URL))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Go to the provider with what is saved."""
        try:
            link = _link_of(request)
        except SetupLinkRefused as error:
            return _refused(request, error)
        form = _form(link, _actor(request, link))
        if not hit("setup-link-test", str(link.pk), limit=_TESTS, seconds=3600).allowed:
            told = _("Too many tests were run within an hour. Try again later.")
            return _page(request, link, form, problem=told, status=429)
        try:
            url = testing.way_in_by_link(request=request, link=link, back=reverse(PAGE_URL))
        except NotAllowed as refusal:
            audit_refusal(refusal)
            return _gone(request, status=410)
        except Refused as refusal:
            audit_refusal(refusal)
            return _page(request, link, form, problem=refusal.message, status=409)
        context = {"messages": (), "provider_name": link.provider.name, "url": url}
        return render(request, "sso/redirecting.html", context)


def _link_of(request: HttpRequest) -> SetupLink:
    """Return the link whose token this browser brought, on the deployment's host. Raises ``SetupLinkRefused``."""
    if not hit("setup-link", network_of(client_address(request)), limit=_REQUESTS, seconds=600).allowed:
        raise SetupLinkRefused(TOO_MANY)
    return setup_links.of_browser(request)


def _actor(request: HttpRequest, link: SetupLink) -> Actor:
    return setup_links.actor_of_link(link, address=client_address(request))


def _form(link: SetupLink, actor: Actor, request: HttpRequest | None = None) -> SetupSamlForm | SetupOidcForm:
    plain = SetupSamlForm if link.provider.protocol == ProtocolName.SAML else SetupOidcForm
    bound = type(plain.__name__, (plain,), {"actor": actor})
    data, files = (None, None) if request is None else (request.POST, request.FILES)
    form: SetupSamlForm | SetupOidcForm = bound(data, files, instance=link.provider)
    return form


def _to_copy(provider: IdentityProvider) -> list[ToCopy]:
    """Return our addresses by the console's own names (S-1, O-2)."""
    if provider.protocol == ProtocolName.SAML:
        named = saml_columns.our_values(provider, saml_settings_of(provider))
        metadata = ToCopy(
            _("Our metadata, if the provider takes a file or address"), f"{redirect_url(provider)}metadata"
        )
        return [*(ToCopy(name, value) for name, value in named), metadata]
    urls = oidc_columns.our_urls(provider)
    return [
        ToCopy(oidc_columns.asked_name(asked), urls[asked.url], asked.place)
        for asked in preset_of(provider.vendor).asks
    ]


def _page(
    request: HttpRequest,
    link: SetupLink,
    form: SetupSamlForm | SetupOidcForm,
    *,
    told: str = "",
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    account = link.provider.account
    context = {
        "messages": (),  # those of a session are for whoever is signed in
        "provider_name": link.provider.name,
        "account_name": "" if account is None else account.name,
        "to_copy": _to_copy(link.provider),
        "form": form,
        "told": told,
        "problem": problem,
        "filled": link.saved_at is not None,
        "until": timezone.localtime(link.expires_at),
    }
    return render(request, "sso/setup.html", context, status=status)


def _refused(request: HttpRequest, error: SetupLinkRefused) -> HttpResponse:
    """Write down why a link opened nothing (V-21) and return the page, which says the same for every reason."""
    track_id = record_failure(
        code=error.code,
        message=f"A setup link was not taken ({error.code})",
        address=client_address(request),
        target=PAGE_URL,
        account_id=error.link.provider.account_id if error.link is not None else None,
    )
    if error.code == TOO_MANY:
        told = _("Too many requests came from your network. Try again in some minutes.")
        return _gone(request, status=429, message=told, track_id=track_id)
    return _gone(request, status=410, track_id=track_id)


def _gone(request: HttpRequest, *, status: int, message: str = "", track_id: str = "") -> HttpResponse:
    context = {
        "messages": (),
        "heading": _("This setup link can't be used"),
        "message": message
        or _("It ended, is too old, or isn't complete. Ask whoever sent it to you for a new one."),
        "track_id": track_id or track_ids.current(),
    }
    return render(request, "sso/refused.html", context, status=status)
