"""Back-channel logout: the provider itself tells us that somebody's session ended there (Back-Channel Logout 1.0; O-7).

No browser takes part: the provider's server posts a logout token, and the token alone decides. It ends

    sid and sub     the sessions of this provider with that sid, if they are that person's; a session whose ID token
                    named no sid can't be told apart from the one meant, and ends too
    sid             the sessions with that sid
    sub             all sessions that the person began through this provider

``sub`` is compared with the ``sub`` of the ID token that began the session, which ``UserSession.name_id`` keeps as it
keeps SAML's NameID: what we know the person by may be another claim (J-11). Other providers' sessions are out of reach,
and so is, for a provider of many tenants, everything of another tenant.

A session that is over or was never here is a success: over is what was asked for (§2.7). A disabled provider is heard
as well, because the sessions that it began go on, and ending them is safe; a draft never began any.
"""

from __future__ import annotations

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from accounts.models import UserSession
from foundation import track_ids
from foundation.client_address import client_address, network_of
from foundation.http import Deadline, OutboundError
from foundation.rate_limits import hit
from sso import provider_urls
from sso.logout import note_failure
from sso.models import IdentityProvider, State
from sso.posted import form_of
from sso.provider_sessions import end_open, sessions_of
from sso.refusals import Code, Refusal, SignInRefused
from sso_oidc import departures, outbound
from sso_oidc.claims import entra_subject
from sso_oidc.configuration import settings_of
from sso_oidc.errors import OidcCode, OidcRefusal
from sso_oidc.logout_tokens import ExpectedLogout, LogoutToken, validate_logout_token

SECONDS = 5.0  # for the provider's documents, where they are not at hand
PER_ADDRESS = (
    5_000  # messages for one provider from one address in ten minutes; a company leaves work at once (V-21)
)
_FORM = "application/x-www-form-urlencoded"

log = structlog.get_logger(__name__)


def receive(request: HttpRequest, provider: IdentityProvider) -> HttpResponse:
    """Answer 200 when what the token names is over, 400 with a JSON error otherwise (§2.8)."""
    try:
        if provider.state == State.DRAFT:
            raise SignInRefused(Code.PROVIDER_NOT_ENABLED, f"{provider.slug} is a draft")
        if not provider_urls.is_at_home(provider, request.get_host()):
            raise SignInRefused(Code.WRONG_HOST, f"the message came to {request.get_host()}")
        asker = f"{provider.pk} {network_of(client_address(request))}"
        if not hit("oidc_backchannel", asker, limit=PER_ADDRESS, seconds=600).allowed:
            raise SignInRefused(Code.TOO_MANY, f"more than {PER_ADDRESS} logout tokens in ten minutes")
        ended = _end(provider, _validated(provider, _token_in(request)), client_address(request))
    except SignInRefused as error:
        return _refused(request, error.refusal, provider)
    except OidcRefusal as error:
        return _refused(request, Refusal(error.code.value, error.detail), provider)
    except OutboundError as error:
        return _refused(request, Refusal(error.code.value, str(error)), provider)
    log.info("provider_logout", provider=provider.slug, ended=ended)
    return _uncached(HttpResponse(status=200))


def _token_in(request: HttpRequest) -> str:
    if request.content_type != _FORM:
        raise OidcRefusal(OidcCode.LOGOUT_REQUEST, f"{_FORM} is expected (§2.5)")
    tokens = form_of(request).getlist("logout_token")
    if len(tokens) != 1:
        raise OidcRefusal(OidcCode.LOGOUT_REQUEST, f"{len(tokens)} logout tokens, not one")
    return str(tokens[0])


def _validated(provider: IdentityProvider, raw: str) -> LogoutToken:
    settings = settings_of(provider)
    discovery, deadline = outbound.discovery(provider), Deadline(SECONDS)
    metadata = discovery.metadata(
        settings.issuer, deadline=deadline, allow_template_issuer=provider.is_shared
    )
    expected = ExpectedLogout(
        issuer=metadata.issuer,
        client_id=settings.client_id,
        now=timezone.now(),
        algorithms=metadata.id_token_algorithms,
    )
    return discovery.check_with_keys(
        metadata, lambda keys: validate_logout_token(raw, keys=keys, expected=expected), deadline=deadline
    )


@transaction.atomic
def _end(provider: IdentityProvider, token: LogoutToken, address: str) -> int:
    """Spend the token and end what it names, or neither; return how many sessions were open."""
    departures.spend(provider, token)
    departures.note(provider, token)
    return len(end_open(provider, _named_by(token, sessions_of(provider)), address=address))


def _named_by(token: LogoutToken, sessions: QuerySet[UserSession]) -> QuerySet[UserSession]:
    named = sessions.filter(ended_at=None)
    if token.tenant_id:
        named = named.filter(subject__startswith=entra_subject(token.tenant_id, ""))
    if token.subject:
        named = named.filter(name_id=token.subject)
    if not token.sid:
        return named
    same = Q(sid=token.sid)
    return named.filter(same | Q(sid="") if token.subject else same)


def _refused(request: HttpRequest, refusal: Refusal, provider: IdentityProvider) -> HttpResponse:
    """Record the reason and tell the provider the track ID alone, which leads its admin and us to the reason."""
    note_failure(request, refusal, provider)
    body = {"error": "invalid_request", "error_description": f"Track ID {track_ids.current()}"}
    return _uncached(JsonResponse(body, status=429 if refusal.code == Code.TOO_MANY else 400))


def _uncached(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    return response
