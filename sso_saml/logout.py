"""Single logout that begins here, and where both kinds of its messages arrive (L-12, S-7; SAML Profiles §4.4).

    here     ``begin``: the session here is over; a signed LogoutRequest leaves with the browser
    there    the provider ends its session, and those that other applications began with it
    back     ``_receive_answer``: the LogoutResponse, verified, is noted; then a 303 to the same address
    here     ``_finished``: the same-site GET that has the cookie says what is known

A LogoutResponse changes nothing here but that page: what it is about was over before it was asked for. It is bound all
the same: to our request by InResponseTo, by RelayState where it came back, to the browser by its cookie (V-16). What a
provider begins is in ``logout_sessions``.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from accounts.models import UserSession
from audit.recorder import record
from foundation import track_ids
from foundation.client_address import client_address
from foundation.encryption import SecretUnreadable
from foundation.ids import parse_id
from foundation.secret_tokens import digest, matches, random_handle, random_secret
from sso import browser, provider_urls, subjects
from sso.apply import provider_actor
from sso.logout import AtProvider, not_confirmed, refused, signed_out_page
from sso.models import IdentityProvider
from sso.posted import form_of
from sso.refusals import Code, Refusal, SignInRefused, secret_unreadable
from sso_saml import logout_sessions
from sso_saml.assertion_content import NameId
from sso_saml.errors import RefusalCode, SamlRefusal
from sso_saml.key_pairs import signing_key
from sso_saml.logout_receiving import Addressee, Arrived, arrived, verified
from sso_saml.logout_requests import Departure, build_logout_request
from sso_saml.logout_responses import Outcome, answered_request, read_logout_response
from sso_saml.logout_sending import Outgoing, send
from sso_saml.message_gate import Kind
from sso_saml.models import LogoutInFlight
from sso_saml.provider_config import config_of, logout_path, logout_url, settings_of, sp_entity_id

WAIT = timedelta(minutes=30)  # for the provider's answer, which may ask the person first
_AT_PROVIDER = {Outcome.SUCCESS.value: AtProvider.ENDED, Outcome.PARTIAL.value: AtProvider.PARTIAL}


def begin(request: HttpRequest, provider: IdentityProvider, session: UserSession) -> HttpResponse | None:
    """Send the browser to the provider with a LogoutRequest for ``session``, which is over here already.

    ``None`` when the provider has no Single Logout URL, never said who the person is, or would answer to another host
    than the one whose cookie binds the answer.
    """
    settings = settings_of(provider)
    at_home = provider_urls.is_at_home(provider, request.get_host())
    if not settings.slo_url or not session.name_id or not at_home:
        return None
    key, now = signing_key(provider), timezone.now()
    handle, request_id, secret = random_handle(), f"_{random_secret()}", browser.secret_or_new(request)
    LogoutInFlight.objects.create(
        provider=provider,
        account_id=session.account_id,
        user_id=session.user_id,
        request_id=request_id,
        handle_digest=digest(handle),
        browser_digest=browser.fingerprint(secret),
        host=request.get_host().lower(),
        track_id=track_ids.current(),
        expires_at=now + WAIT,
    )
    root = build_logout_request(
        request_id=request_id,
        now=now,
        destination=settings.slo_url,
        issuer=sp_entity_id(provider, settings),
        leaving=_departure(session),
    )
    leaving = Outgoing(Kind.REQUEST, root, settings.slo_url, settings.slo_binding, handle)
    response = send(request, leaving, key)
    browser.remember(response, secret)
    return response


def receive(request: HttpRequest, provider: IdentityProvider) -> HttpResponse:
    """Answer what comes to ``/sso/saml/<provider>/logout``: a message of either kind, or our own way back."""
    if request.method == "GET" and "ended" in request.GET:
        return _finished(request, provider, request.GET["ended"])
    waiting = _who_waits(request, provider)
    try:
        if not provider_urls.is_at_home(provider, request.get_host()):
            raise SignInRefused(Code.WRONG_HOST, f"the message came to {request.get_host()}")
        if not provider.is_enabled:
            raise SignInRefused(Code.PROVIDER_NOT_ENABLED, f"{provider.slug} is {provider.state}")
        message = arrived(request)
        to = Addressee(config_of(provider), logout_url(provider), timezone.now())
        if message.kind is Kind.REQUEST:
            return logout_sessions.receive_request(request, provider, message, to)
        row = _receive_answer(request, provider, message, to)
    except SignInRefused as error:
        refusal = error.refusal
    except SamlRefusal as error:
        refusal = Refusal(error.code.value, error.detail)
    except SecretUnreadable as error:
        refusal = secret_unreadable(error).refusal
    else:
        return HttpResponseRedirect(f"{logout_path(provider)}?ended={row.pk}", status=303)
    return (refused if waiting is None else not_confirmed)(request, refusal, provider)


def _departure(session: UserSession) -> Departure:
    name_id = NameId(
        session.name_id,
        session.name_id_format or None,
        session.name_qualifier or None,
        session.sp_name_qualifier or None,
    )
    return Departure(name_id, (session.session_index,) if session.session_index else ())


def _receive_answer(
    request: HttpRequest, provider: IdentityProvider, message: Arrived, to: Addressee
) -> LogoutInFlight:
    root = verified(message, to)
    row = _in_flight(provider, request_id=answered_request(root))
    if row is None:
        raise SamlRefusal(RefusalCode.LOGOUT_UNKNOWN, "answers no logout that began here")
    track_ids.bind(row.track_id)
    if message.relay_state and not matches(message.relay_state, row.handle_digest):
        raise SamlRefusal(RefusalCode.LOGOUT_UNKNOWN, "RelayState and InResponseTo name different logouts")
    if row.expires_at <= to.now:
        raise SamlRefusal(RefusalCode.EXPIRED, "the logout that this answers began too long ago")
    if request.method == "GET":  # a cross-site POST has no cookie; ``_finished`` looks at it
        _require_browser(request, row)
    answer = read_logout_response(root, to, row.request_id)
    _note_answer(row, provider, answer.outcome, client_address(request))
    return row


@transaction.atomic
def _note_answer(row: LogoutInFlight, provider: IdentityProvider, outcome: Outcome, address: str) -> None:
    unanswered = LogoutInFlight.objects.filter(pk=row.pk, answered_at=None)
    if not unanswered.update(answered_at=timezone.now(), outcome=outcome.value):
        raise SamlRefusal(RefusalCode.REPLAY, "this logout was answered before")
    who = row.user.user_name if row.user else "a person who is gone"
    what = "ended" if outcome is Outcome.SUCCESS else "ended, but not at every application"
    record(
        actor=provider_actor(provider, address),
        action="session.ended_at_provider",
        subject=subjects.of_provider(provider),
        message=f"The session of {who} at {provider.name} {what}.",
    )


def _finished(request: HttpRequest, provider: IdentityProvider, row_id: str) -> HttpResponse:
    """Show the person how their logout ended; only in the browser that began it."""
    key = parse_id(row_id)
    row = None if key is None else _in_flight(provider, pk=key)
    try:
        if row is None:
            raise SignInRefused(RefusalCode.LOGOUT_UNKNOWN, "no such logout")
        track_ids.bind(row.track_id)
        _require_browser(request, row)
    except SignInRefused as error:
        return refused(request, error.refusal, provider)
    return signed_out_page(request, _AT_PROVIDER.get(row.outcome, AtProvider.UNCONFIRMED), provider)


def _require_browser(request: HttpRequest, row: LogoutInFlight) -> None:
    if not browser.is_same(request, row.browser_digest):
        raise SignInRefused(Code.WRONG_BROWSER, "the browser that comes back is not the one that signed out")


def _who_waits(request: HttpRequest, provider: IdentityProvider) -> LogoutInFlight | None:
    """The logout that an answer's RelayState names, for choosing the page if the answer is refused and nothing else.

    Whoever holds a RelayState of ours was signed out here before it left; in another browser it says nothing.
    """
    try:
        fields = form_of(request) if request.method == "POST" else request.GET
    except SignInRefused:
        return None
    if "SAMLResponse" not in fields or not fields.get("RelayState"):
        return None
    row = _in_flight(provider, handle_digest=digest(str(fields["RelayState"])))
    if row is None or (request.method == "GET" and not browser.is_same(request, row.browser_digest)):
        return None
    track_ids.bind(row.track_id)
    return row


def _in_flight(provider: IdentityProvider, **named: str | UUID) -> LogoutInFlight | None:
    rows = LogoutInFlight.objects.filter(provider=provider, **named)
    return rows.select_related("user").first()
