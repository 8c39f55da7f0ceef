"""Ask an organization's Entra administrator to consent for everybody (O-4).

    start      a signed-in admin of ours leaves for Entra's admin consent, with a one-time state of their own session
    returned   Entra sends them back; the page says what came of it

The answer is nobody's proof (learn.microsoft.com/entra/identity-platform/v2-admin-consent): anybody can open the return
address with any ``tenant`` in it. So nothing is switched on or verified by it, ``tenant`` and ``scope`` are not even
read, and the answer signs nobody in. Whether consent is there shows at the next sign-in or test.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User, UserSession
from audit.actors import Actor, ActorKind
from audit.recorder import record
from foundation import public_urls, track_ids
from foundation.client_address import client_address
from foundation.rate_limits import hit
from foundation.secret_tokens import digest, random_handle
from sso import subjects, testing
from sso.graph.access import access_of
from sso.graph.clouds import Cloud, cloud_of
from sso.models import AdminConsent, IdentityProvider, ProtocolName, Vendor
from sso.private_networks import allow_list_of
from sso.refusals import Code, SignInRefused
from sso_oidc.configuration import settings_of
from sso_oidc.errors import OidcCode
from sso_oidc.models import OidcSettings
from sso_oidc.provider_errors import MAX_ERROR_LENGTH, ProviderError, read_provider_error

LIFETIME = timedelta(minutes=30)
GRANTED = "granted"
_SCOPES = "openid profile email"
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}")
_STARTS = 30  # of one admin in ten minutes


@dataclass(frozen=True, slots=True)
class Returned:
    """What came of it: ``error`` is what Entra said when it was not granted."""

    provider: IdentityProvider
    error: ProviderError | None = None


def start_path(provider: IdentityProvider) -> str:
    """Return the path that an admin's page links to."""
    return reverse("sso_oidc:admin_consent", args=[provider.slug])


def return_url(provider: IdentityProvider) -> str:
    """Return the redirect URI to register: on the deployment's host, where the admin's session is (V-7)."""
    return public_urls.absolute(reverse("sso_oidc:admin_consent_return", args=[provider.slug]))


def is_offered(provider: IdentityProvider) -> bool:
    """Tell whether a provider's page should offer it: Entra, with an issuer of Microsoft's and a client id."""
    settings = settings_of(provider)
    entra = provider.vendor == Vendor.ENTRA and provider.protocol == ProtocolName.OIDC
    return entra and bool(settings.client_id) and _cloud(provider, settings) is not None


def start(request: HttpRequest, provider: IdentityProvider) -> str:
    """Return Entra's URL for the admin who asks; raises ``SignInRefused`` for everybody else."""
    user, session = _admin(request, provider)
    settings = settings_of(provider)
    cloud = _cloud(provider, settings)
    if not is_offered(provider) or cloud is None:
        raise SignInRefused(Code.PROVIDER_NOT_ENABLED, "no Entra application is configured")
    if not hit("admin-consent", str(user.pk), limit=_STARTS, seconds=600).allowed:
        raise SignInRefused(Code.TOO_MANY, "too many consents asked for")
    state = random_handle()
    AdminConsent.objects.create(
        provider=provider,
        starter=user,
        session_id=session.pk,
        state_digest=digest(state),
        track_id=track_ids.current(),
        expires_at=timezone.now() + LIFETIME,
    )
    _record(request, user, provider, "provider.admin_consent_asked", "admin consent was asked for at Entra")
    query = {
        "client_id": settings.client_id,
        "scope": _scope(provider, cloud),
        "redirect_uri": return_url(provider),
        "state": state,
    }
    return f"{cloud.login}/{_tenant(settings)}/v2.0/adminconsent?{urlencode(query)}"


def returned(request: HttpRequest, provider: IdentityProvider) -> Returned:
    """Spend the state and return the outcome; raises ``SignInRefused`` for an answer that began elsewhere or not."""
    user, session = _admin(request, provider)
    now = timezone.now()
    waiting = AdminConsent.objects.filter(
        provider=provider,
        starter=user,
        session_id=session.pk,
        state_digest=digest(_one(request, "state")),
        expires_at__gt=now,
        returned_at=None,
    )
    error = _error(request)
    if error is None and _one(request, "admin_consent").lower() != "true":
        raise SignInRefused(OidcCode.RESPONSE, "neither consent nor an error")
    outcome = GRANTED if error is None else error.problem.value
    row = waiting.first()
    if row is None or not waiting.filter(pk=row.pk).update(returned_at=now, outcome=outcome):
        raise SignInRefused(Code.ATTEMPT_UNKNOWN, "the consent that this answers was not asked for here")
    track_ids.bind(row.track_id)
    if error is None:
        _record(
            request, user, provider, "provider.admin_consent_granted", "Entra says that consent was given"
        )
    else:
        said = f"{error.summary}; {error.description}; correlation id {error.correlation_id or 'none'}"
        _record(
            request,
            user,
            provider,
            "provider.admin_consent_refused",
            f"Entra says that consent was not given: {said}",
            reason=error.problem.value,
        )
    return Returned(provider, error)


def _admin(request: HttpRequest, provider: IdentityProvider) -> tuple[User, UserSession]:
    """Return who asks and in which session: those who may configure the provider (V-8)."""
    session = getattr(request, "user_session", None)
    user = request.user
    if not isinstance(user, User) or not isinstance(session, UserSession):
        raise SignInRefused(Code.CONSENT_NOT_STARTED, "nobody is signed in here")
    if not testing.may_test(user, provider):
        raise SignInRefused(Code.CONSENT_NOT_STARTED, "who is signed in may not configure this provider")
    return user, session


def _cloud(provider: IdentityProvider, settings: OidcSettings) -> Cloud | None:
    return cloud_of(settings.issuer, allow_list_of(provider)) if settings.issuer else None


def _tenant(settings: OidcSettings) -> str:
    """Return the issuer's tenant; ``organizations`` for many (``common`` can't consent)."""
    first = urlsplit(settings.issuer).path.strip("/").split("/")[0]
    return first if _TENANT.fullmatch(first) and first != "common" else "organizations"


def _scope(provider: IdentityProvider, cloud: Cloud) -> str:
    """Return what to consent to. Application permissions, which Graph needs, can only be asked for by ``.default``."""
    access = access_of(provider)
    own_client_reads_graph = access is not None and not access.client_id
    return f"{cloud.graph}/.default" if own_client_reads_graph else _SCOPES


def _error(request: HttpRequest) -> ProviderError | None:
    if "error" not in request.GET:
        return None
    return read_provider_error(
        _one(request, "error")[: MAX_ERROR_LENGTH + 1], _one(request, "error_description")[:8192]
    )


def _one(request: HttpRequest, name: str) -> str:
    values = request.GET.getlist(name)
    if len(values) > 1:
        raise SignInRefused(OidcCode.RESPONSE, f"{name} occurs {len(values)} times")
    return str(values[0]) if values else ""


def _record(
    request: HttpRequest, user: User, provider: IdentityProvider, action: str, what: str, reason: str = ""
) -> None:
    record(
        actor=Actor(ActorKind.USER, str(user.pk), user.user_name, client_address(request)),
        action=action,
        subject=subjects.of_provider(provider),
        message=f"Identity provider {provider.slug}: {what}."[:2000],
        reason=reason,
    )
