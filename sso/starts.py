"""Where a sign-in through a provider begins: the checks that both protocols share (L-6, V-18, V-24, rule 9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from accounts.models import Account, User
from foundation.client_address import client_address
from foundation.compiled_queries import CompiledQuery, text
from foundation.encryption import SecretUnreadable
from sso import (
    account_choice,
    answers,
    attempts,
    browser,
    connecting,
    ending_host,
    login_options,
    provider_urls,
    reauthentication,
    return_urls,
    testing,
)
from sso.models import IdentityProvider, ProtocolName, Purpose
from sso.refusals import Code, Refusal, SignInRefused, StartAgain, secret_unreadable


@dataclass(frozen=True, slots=True)
class Start:
    """What a protocol needs to send the browser off; ``begin`` makes the attempt when the way out is known."""

    request: HttpRequest
    provider: IdentityProvider
    account: Account | None
    login_hint: str
    next_url: str
    displayed: str
    purpose: Purpose
    starter: User | None
    report: dict[str, Any] = field(default_factory=dict)  # what the attempt keeps from its start

    def begin(self, *, request_id: str = "", nonce: str = "", code_verifier: str = "") -> attempts.Begun:
        """Make the attempt."""
        return attempts.begin(
            request=self.request,
            provider=self.provider,
            account=self.account,
            address=client_address(self.request),
            displayed=self.displayed,
            next_url=self.next_url,
            login_hint=self.login_hint,
            purpose=self.purpose,
            starter=self.starter,
            request_id=request_id,
            nonce=nonce,
            code_verifier=code_verifier,
            report=self.report,
        )


class WayOutRefused(SignInRefused):
    """The attempt is made, and then the provider was not to be asked: it ends here, before the browser leaves."""

    def __init__(self, refused: SignInRefused, begun: attempts.Begun) -> None:
        super().__init__(refused.refusal.code, refused.refusal.detail, again=refused.again)
        self.begun = begun


# A protocol's way out: returns the URL at the provider, or a page that leads there, and the attempt that it made.
WayOut = Callable[[Start], tuple[str | HttpResponse, attempts.Begun]]


_BY_SLUG = CompiledQuery(
    lambda slug, protocol: provider_urls.with_host(
        IdentityProvider.objects.filter(slug=slug, protocol=protocol).select_related("account", "partner")
    ),
    text,
    text,
)


def find_provider(slug: str, protocol: ProtocolName) -> IdentityProvider | None:
    """Return the provider of this slug and protocol, with its account."""
    return _BY_SLUG.first(slug, protocol.value)


def unknown_provider(request: HttpRequest, slug: str) -> HttpResponse:
    """Return the page for a slug that names no provider."""
    return answers.refused(
        request, Refusal(Code.PROVIDER_UNKNOWN, f"no provider {slug[:64]}"), target=slug[:64]
    )


def leave(request: HttpRequest, provider: IdentityProvider, way_out: WayOut) -> HttpResponse:
    """Send the browser to the provider, from the right host, with an attempt bound to it."""
    if not provider_urls.is_at_home(provider, request.get_host()) and not _begins_here(request):
        # A sign-in starts and ends on one host; begin again where the answer will come to.
        return HttpResponseRedirect(provider_urls.absolute(provider, request.get_full_path()), status=303)
    start: Start | None = None
    try:
        start = _start_of(request, provider)
        way, begun = _way(way_out, start)
    except WayOutRefused as error:
        return _ended_before_it_left(request, provider, error)
    except SignInRefused as error:
        again = error.again
        if again is None and start is not None:
            again = StartAgain(start.account, start.login_hint, start.next_url)
        return answers.refused(request, error.refusal, provider=provider, again=again)
    response = HttpResponseRedirect(way) if isinstance(way, str) else way
    browser.remember(response, begun.browser_secret)
    return response


def _way(way_out: WayOut, start: Start) -> tuple[str | HttpResponse, attempts.Begun]:
    try:
        return way_out(start)
    except SecretUnreadable as error:
        raise secret_unreadable(error) from error


def _begins_here(request: HttpRequest) -> bool:
    """Tell whether a sign-in begins on the deployment's host although its provider answers on its account's.

    It does for the admin, and for what a session of the deployment's host asks: "connect SSO", and a fresh proof.
    """
    if not ending_host.is_deployments(request):
        return False
    return (
        ending_host.is_on_the_deployment(request.GET.get("next", ""))
        or reauthentication.PARAMETER in request.GET
        or connecting.asker(request) is not None
    )


def _ended_before_it_left(
    request: HttpRequest, provider: IdentityProvider, error: WayOutRefused
) -> HttpResponse:
    begun = error.begun
    response = answers.refused(
        request, error.refusal, provider=provider, attempt=begun.attempt, again=error.again
    )
    if begun.attempt.purpose == Purpose.TEST:
        browser.remember(response, begun.browser_secret)  # it collects the test's result
    else:
        attempts.finish(begun.attempt, outcome=error.refusal.code, report={"refusal": error.refusal.code})
    return response


def _start_of(request: HttpRequest, provider: IdentityProvider) -> Start:
    """Return what this request begins, with purpose and starter fixed from here on (V-18)."""
    tested = testing.asked(request, provider)
    proving = None if tested is not None else reauthentication.asked(request)
    asker = None if tested is not None or proving is not None else connecting.asker(request)
    start = Start(
        request=request,
        provider=provider,
        account=_account(request, provider, proving.person if proving is not None else asker),
        login_hint=_hint(request.GET.get("login_hint", "")),
        next_url=return_urls.safe_next(request.GET.get("next", "")),
        displayed=request.GET.get("displayed", "")[:200],
        purpose=Purpose.SIGN_IN if asker is None else Purpose.LINK,
        starter=asker,
    )
    if tested is not None:
        return replace(start, purpose=Purpose.TEST, starter=tested.starter, report=tested.report)
    if proving is not None:
        return replace(start, purpose=Purpose.REAUTHENTICATE, starter=proving.person, report=proving.report)
    return start


def _account(request: HttpRequest, provider: IdentityProvider, asker: User | None) -> Account | None:
    """Return the account to sign into; None when only the provider's answer can tell (V-5)."""
    if not provider.is_shared:
        return provider.account
    slug = request.GET.get(login_options.ACCOUNT, "")
    if asker is not None:
        slug = asker.account.slug if asker.account is not None else ""
    return account_choice.asked_for(provider, slug)


def _hint(text: str) -> str:
    """Return what may be an address; anything with a line break or null character in it is not passed on."""
    return text[:254] if text.isprintable() else ""
