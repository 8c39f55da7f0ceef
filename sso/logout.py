"""Sign out: here first and whatever happens later, then at the provider if its protocol knows how (L-12).

The page at the end says what is known of the provider's session and nothing more: on a shared computer a person acts on
it. A provider's own word arrives through its protocol (``sso_saml.logout``), which ends in ``signed_out_page`` too.
"""

from __future__ import annotations

from enum import StrEnum

import structlog
from django.contrib.auth import logout
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.lifecycle import end_session
from accounts.models import EndReason, User, UserSession
from audit.actors import Actor, ActorKind
from audit.failures import record_failure
from foundation.client_address import client_address
from foundation.encryption import SecretUnreadable
from sso import protocols
from sso.models import IdentityProvider, State
from sso.refusals import Refusal, secret_unreadable

log = structlog.get_logger(__name__)


class AtProvider(StrEnum):
    """What is known about the session at the identity provider."""

    NOT_ASKED = "not_asked"
    RETURNED = (
        "returned"  # it was asked to end, and sent the browser back; whether the person agreed it didn't say
    )
    ENDED = "ended"
    PARTIAL = "partial"  # ended, but not at every application that began there
    UNCONFIRMED = "unconfirmed"


def sign_out(request: HttpRequest) -> HttpResponse:
    """End this browser's session, then lead to the provider or to the page that says so."""
    session: UserSession | None = getattr(request, "user_session", None)
    if session is not None and isinstance(request.user, User):
        actor = Actor(ActorKind.USER, str(request.user.pk), request.user.user_name, client_address(request))
        end_session(session=session, actor=actor, reason=EndReason.LOGOUT)
    logout(request)
    leaving = None if session is None else _at_provider(request, session)
    return redirect("sso:logout") if leaving is None else leaving


def _at_provider(request: HttpRequest, session: UserSession) -> HttpResponse | None:
    """Return the answer that ends the provider's session too, None where nothing is configured for that."""
    if session.provider_id is None:
        return None
    of_the_person = Q(account=session.user.account_id) | Q(account=None)
    providers = IdentityProvider.objects.filter(of_the_person, pk=session.provider_id, state=State.ENABLED)
    provider = providers.select_related("account").first()
    if provider is None:
        return None
    try:
        return protocols.protocol_of(provider).begin_logout(
            request=request, provider=provider, session=session
        )
    except SecretUnreadable as error:
        note_failure(request, secret_unreadable(error).refusal, provider)
        return signed_out_page(request, AtProvider.UNCONFIRMED, provider)


def signed_out_page(
    request: HttpRequest,
    at_provider: AtProvider = AtProvider.NOT_ASKED,
    provider: IdentityProvider | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """Return the page of a browser that is signed out; one that is signed in (again) is led to where one can."""
    if request.user.is_authenticated:
        return redirect("sso:my_access")
    context = {"at_provider": at_provider.value, "provider_name": provider.name if provider else ""}
    return render(request, "sso/signed_out.html", context, status=status)


def refused(request: HttpRequest, refusal: Refusal, provider: IdentityProvider) -> HttpResponse:
    """Record a message of a provider's logout that was refused, and return the page with the track ID (L-11)."""
    note_failure(request, refusal, provider)
    return render(request, "sso/error.html", status=400)


def not_confirmed(request: HttpRequest, refusal: Refusal, provider: IdentityProvider) -> HttpResponse:
    """Record a provider's answer that was refused; the person, signed out here before it was sent, reads that."""
    if request.user.is_authenticated:
        return refused(request, refusal, provider)
    note_failure(request, refusal, provider)
    return signed_out_page(request, AtProvider.UNCONFIRMED, provider, status=400)


def note_failure(request: HttpRequest, refusal: Refusal, provider: IdentityProvider) -> None:
    """Write what went wrong to the failure log (V-21)."""
    record_failure(
        code=refusal.code,
        message=f"Single logout failed ({refusal.code}): {refusal.detail}",
        address=client_address(request),
        target=provider.slug,
        account_id=provider.account_id,
        partner_id=provider.partner_id,
    )
    log.info("logout_refused", reason=refusal.code, provider=provider.slug)
