"""Logout that begins here and ends the provider's session too (OpenID Connect RP-Initiated Logout 1.0; O-7, L-12).

    here     ``begin``: the session here is over; the browser leaves for the provider's end_session_endpoint
    there    the provider ends its session, perhaps after asking the person
    back     ``finish``: ``state`` names a logout that this browser began; the page says what is known

A provider that publishes no end_session_endpoint is left alone. What comes back is not signed and says nothing but
``state``, and some providers send people back who chose to stay signed in there (Connect2id documents it): so the page
says that the provider was asked, not that its session is over. It changes nothing here either, whatever it brings.

The ID token goes along as ``id_token_hint``, since most providers ask the person, or don't send them back, without it.
It is what the provider itself signed, but it holds personal data: it leaves only for the issuer and client that it was
made by and for. In an address it may be too long: ``LONGEST_ADDRESS`` says what becomes of that.
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import structlog
from csp.constants import SELF
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from accounts.models import UserSession
from foundation import track_ids
from foundation.encryption import is_unreadable
from foundation.http import Deadline, OutboundError
from foundation.secret_tokens import digest, random_handle
from sso import browser, provider_urls
from sso.leaving import send_on
from sso.logout import AtProvider, note_failure, signed_out_page
from sso.models import IdentityProvider, Vendor
from sso.posting import post_form
from sso.refusals import Refusal
from sso_oidc import outbound
from sso_oidc.configuration import settings_of
from sso_oidc.errors import OidcCode, OidcRefusal
from sso_oidc.metadata import ProviderMetadata, issuer_for_tenant
from sso_oidc.models import OidcSettings, ProviderLogout
from sso_oidc.signed_tokens import unverified_claims

WAIT = timedelta(minutes=30)  # for the person to come back, whom the provider may ask first
SECONDS = 5.0  # for the provider's document, where it is not at hand; the session here is over already

# Characters. IIS takes queries of 2048 unless told otherwise, Keycloak's server request lines of 4096, and Entra, whose
# tokens of people in many groups have more than 10,000, refuses long ones (AADSTS90015). Longer messages are posted,
# which every provider must support (§2); to Entra, which documents GET alone and ends its session by its own cookie,
# they go without the hint.
LONGEST_ADDRESS = 2000

log = structlog.get_logger(__name__)


def return_path(provider: IdentityProvider) -> str:
    """Return the path of our post_logout_redirect_uri for this provider."""
    return reverse("sso_oidc:logged_out", args=[provider.slug])


def begin(request: HttpRequest, provider: IdentityProvider, session: UserSession) -> HttpResponse | None:
    """Send the browser to the provider's end_session_endpoint to end what ``session``, over here already, began with.

    ``None`` when it publishes none, or would answer to another host than the one whose cookie binds the answer. When
    its document can't be had, the person reads that nothing is confirmed.
    """
    settings = settings_of(provider)
    if not settings.issuer or not provider_urls.is_at_home(provider, request.get_host()):
        return None
    try:
        metadata = outbound.discovery(provider).metadata(
            settings.issuer, deadline=Deadline(SECONDS), allow_template_issuer=provider.is_shared
        )
        if not metadata.end_session_endpoint:
            return None
        _check_endpoint(metadata.end_session_endpoint)
    except (OidcRefusal, OutboundError) as error:
        detail = error.detail if isinstance(error, OidcRefusal) else str(error)
        note_failure(request, Refusal(error.code.value, detail), provider)
        return signed_out_page(request, AtProvider.UNCONFIRMED, provider)
    state, secret = random_handle(), browser.secret_or_new(request)
    ProviderLogout.objects.create(
        provider=provider,
        account_id=session.account_id,
        state_digest=digest(state),
        browser_digest=browser.fingerprint(secret),
        host=request.get_host().lower(),
        track_id=track_ids.current(),
        expires_at=timezone.now() + WAIT,
    )
    message = {
        **_hints(session, settings, metadata, provider),
        "client_id": settings.client_id,
        "post_logout_redirect_uri": provider_urls.absolute(provider, return_path(provider)),
        "state": state,
    }
    response = _send(request, metadata.end_session_endpoint, message, provider)
    browser.remember(response, secret)
    return response


def finish(request: HttpRequest, provider: IdentityProvider) -> HttpResponse:
    """Say how a logout ended to the browser that began it; to any other, that it is signed out if it is.

    ``state`` is good once. Nobody is signed out by this, and nothing of the query is shown.
    """
    state = request.GET.get("state", "")
    row = ProviderLogout.objects.filter(provider=provider, state_digest=digest(state[:100])).first()
    if row is None or not browser.is_same(request, row.browser_digest):
        log.info("logout_state_unknown", provider=provider.slug, given=bool(state))
        return signed_out_page(request)
    track_ids.bind(row.track_id)
    now = timezone.now()
    waiting = ProviderLogout.objects.filter(
        pk=row.pk, returned_at=None, expires_at__gt=now, host=request.get_host().lower()
    )
    if not waiting.update(returned_at=now):
        log.info("logout_state_spent", provider=provider.slug)
        return signed_out_page(request)
    return signed_out_page(request, AtProvider.RETURNED, provider)


def _check_endpoint(endpoint: str) -> None:
    ours = {"id_token_hint", "logout_hint", "client_id", "post_logout_redirect_uri", "state"}
    if ours & {name for name, _value in parse_qsl(urlsplit(endpoint).query, keep_blank_values=True)}:
        raise OidcRefusal(OidcCode.DISCOVERY, "the end_session_endpoint has parameters that are ours to set")


def _hints(
    session: UserSession, settings: OidcSettings, metadata: ProviderMetadata, provider: IdentityProvider
) -> dict[str, str]:
    """Return what tells the provider whose session it is, if it is still the provider that the session began with."""
    if is_unreadable(session, "id_token"):
        return {}
    claims = unverified_claims(session.id_token)
    issuer = metadata.issuer
    if metadata.has_template_issuer:
        try:
            issuer = issuer_for_tenant(issuer, str(claims.get("tid", "")))
        except OidcRefusal:
            return {}
    audience = claims.get("aud")
    if claims.get("iss") != issuer or settings.client_id not in (
        audience if isinstance(audience, list) else [audience]
    ):
        return {}
    hints = {"id_token_hint": session.id_token}
    login_hint = claims.get("login_hint")
    if provider.vendor == Vendor.ENTRA and isinstance(login_hint, str) and login_hint:
        hints["logout_hint"] = login_hint  # Entra's optional claim; spares the person a choice among accounts
    return hints


def _send(
    request: HttpRequest, endpoint: str, message: dict[str, str], provider: IdentityProvider
) -> HttpResponse:
    address = _address(endpoint, message)
    if len(address) <= LONGEST_ADDRESS:
        return send_on(request, address)
    if provider.vendor == Vendor.ENTRA:
        return send_on(
            request, _address(endpoint, {name: message[name] for name in message if name != "id_token_hint"})
        )
    page = post_form(request, endpoint, message)
    # Chromium holds the redirects that follow a form to its page's form-action, and after a logout there are some: on
    # to the provider's other hosts, and back here.
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(endpoint))
    policy = {"form-action": [SELF, origin, "https:"]}
    page._csp_replace = policy  # type: ignore[attr-defined]  # django-csp's, in the place of the settings'
    return page


def _address(endpoint: str, message: dict[str, str]) -> str:
    """Return the endpoint with the message in its query; a query of its own is kept (Azure AD B2C's policy)."""
    target = urlsplit(endpoint)
    query = "&".join(part for part in (target.query, urlencode(message)) if part)
    return target._replace(query=query).geturl()
