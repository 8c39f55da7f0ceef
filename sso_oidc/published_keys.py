"""Our public keys, where providers fetch them, and our certificate, where their administrators do (O-1, O-3).

    /sso/oidc/<provider>/jwks.json     the keys towards this one provider: what to enter there
    /.well-known/jwks.json             those of all providers, oldest provider first, 300 keys at most
    /sso/oidc/<provider>/certificate   the certificate to upload at Entra, in PEM; ``?key=next`` for the next

All live pairs are shown: *next* so that it is known before it signs, *previous* until it is dropped. An address of one
provider's own is better than the one for all: that one grows with every customer, while servers bound what they read,
and it makes a provider trust keys that are meant for others. (They are ours all the same, and what they sign names its
only audience.)

What is read here are certificates. The private halves are not even fetched from the database.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

from audit.actors import SYSTEM
from sso import provider_urls
from sso.models import IdentityProvider, KeyRole
from sso_oidc import client_keys
from sso_oidc.client_assertion import public_jwk
from sso_oidc.client_authentication import ClientAuthentication
from sso_oidc.configuration import settings_of
from sso_oidc.models import ClientKeyPair

MAX_KEYS = 300
MAX_AGE_SECONDS = 300  # how long a provider may go on with what it fetched: shorter than any rollover takes
_CONTENT_TYPE = "application/jwk-set+json"  # RFC 7517 §8.5


def key_set_url(provider: IdentityProvider) -> str:
    """Return the address to enter at the provider as our JWKS URL."""
    return provider_urls.absolute(provider, reverse("sso_oidc:provider_keys", args=[provider.slug]))


def certificate_url(provider: IdentityProvider) -> str:
    """Return where the provider's administrator downloads the certificate."""
    return provider_urls.absolute(provider, reverse("sso_oidc:certificate", args=[provider.slug]))


def all_keys(request: HttpRequest) -> HttpResponse:
    """Answer with the keys towards all providers: one query."""
    rows = ClientKeyPair.objects.order_by("provider__created_at", "provider_id", "role")
    return _key_set(request, rows.values_list("certificate", flat=True)[:MAX_KEYS])


def keys_of(request: HttpRequest, provider: IdentityProvider) -> HttpResponse:
    """Answer with the keys towards one provider; the first is made here where it is needed."""
    _make_first(provider)
    rows = ClientKeyPair.objects.filter(provider=provider).order_by("role")
    return _key_set(request, rows.values_list("certificate", flat=True))


def certificate_of(request: HttpRequest, provider: IdentityProvider) -> HttpResponse:
    """Answer with the current or next certificate as a file; 404 when there is none."""
    role = KeyRole.NEXT if request.GET.get("key") == KeyRole.NEXT else KeyRole.CURRENT
    _make_first(provider)
    row = (
        ClientKeyPair.objects.filter(provider=provider, role=role)
        .values_list("certificate", "fingerprint")
        .first()
    )
    if row is None:
        raise Http404
    certificate, fingerprint = row
    response = HttpResponse(certificate, content_type="application/pem-certificate-chain")
    response["Content-Disposition"] = f'attachment; filename="{provider.slug}-{fingerprint[:8]}.cer"'
    response["Cache-Control"] = "no-store"  # after a rollover the same address has another one
    return response


def _make_first(provider: IdentityProvider) -> None:
    """A stranger may be the first to ask; there is one key to make for a provider, and only where it is chosen."""
    if settings_of(provider).client_authentication == ClientAuthentication.PRIVATE_KEY_JWT:
        client_keys.ensure_key_pair(provider=provider, actor=SYSTEM)


def _key_set(request: HttpRequest, certificates: Iterable[str]) -> HttpResponse:
    body = json.dumps({"keys": [dict(public_jwk(certificate)) for certificate in certificates]}).encode()
    etag = quote_etag(hashlib.sha256(body).hexdigest())
    response = HttpResponse(body, content_type=_CONTENT_TYPE)
    response["Cache-Control"] = f"public, max-age={MAX_AGE_SECONDS}"
    response["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response
