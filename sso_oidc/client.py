"""What a provider's settings make of us: which credential we show it, and what we ask about the authentication.

The Django side of ``client_authentication`` and ``authentication``. Everything is as the settings say; nothing is taken
instead because something is missing (O-1, O-3).
"""

from __future__ import annotations

from sso.models import IdentityProvider, Purpose, Vendor
from sso_oidc import client_keys
from sso_oidc.authentication import WantedAuthentication
from sso_oidc.client_assertion import AssertionStyle
from sso_oidc.client_authentication import Client, ClientAuthentication
from sso_oidc.models import OidcSettings

_STYLES = {Vendor.ENTRA.value: AssertionStyle.CERTIFICATE, Vendor.OKTA.value: AssertionStyle.ENDPOINT}


def client_of(provider: IdentityProvider, settings: OidcSettings) -> Client:
    """Return what the provider knows us by: a query where we sign with a key of our own, none otherwise."""
    client_id, secret = settings.client_id, settings.client_secret
    match settings.client_authentication:
        case "":
            return Client(client_id, secret)
        case ClientAuthentication.PRIVATE_KEY_JWT:
            return Client(
                client_id,
                authentication=ClientAuthentication.PRIVATE_KEY_JWT,
                key=client_keys.assertion_key(provider),
                style=_STYLES.get(provider.vendor, AssertionStyle.STANDARD),
            )
        case ClientAuthentication.NONE:
            return Client(client_id, authentication=ClientAuthentication.NONE)
        case method:
            return Client(client_id, secret, ClientAuthentication(method))


def has_no_credential(settings: OidcSettings) -> bool:
    """Tell whether there is nothing of ours to show: no secret, and no key chosen (O-3's third way with Entra)."""
    method = settings.client_authentication
    return method == ClientAuthentication.NONE or (method == "" and not settings.client_secret)


def missing_secret(settings: OidcSettings) -> bool:
    """Tell whether a way with a client secret is chosen and there is none."""
    needs = {ClientAuthentication.BASIC.value, ClientAuthentication.POST.value}
    return settings.client_authentication in needs and not settings.client_secret


def wanted_authentication(settings: OidcSettings, purpose: str) -> WantedAuthentication:
    """Return how the person must have authenticated: as set, and now if they are to prove themselves (V-18)."""
    return WantedAuthentication(
        max_age=0 if purpose == Purpose.REAUTHENTICATE else settings.max_age_seconds,
        contexts=tuple(settings.acr_values.split()),
    )
