"""What a provider's settings make of us: which credential we show it, and what we ask about the authentication.

The Django side of ``client_authentication`` and ``authentication``. Everything is as the settings say; nothing is taken
instead because something is missing (O-1, O-3).
"""

from __future__ import annotations

import re
from typing import Any

from foundation.encryption import is_stored, is_unreadable
from sso.key_rollover import UNREADABLE_KEY
from sso.models import IdentityProvider, Purpose, Vendor
from sso_oidc import client_keys
from sso_oidc.authentication import WantedAuthentication
from sso_oidc.client_assertion import AssertionStyle
from sso_oidc.client_authentication import Client, ClientAuthentication
from sso_oidc.models import OidcSettings

_LONGEST_MAX_AGE = 365 * 24 * 3600  # seconds
_CONTEXT = re.compile(r"[\x21-\x7e]+")
_METHODS = ("", *(method.value for method in ClientAuthentication))
_SECRET_METHODS = frozenset({ClientAuthentication.BASIC.value, ClientAuthentication.POST.value})
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


def require_readable(settings: OidcSettings) -> None:
    """Raise ``SecretUnreadable`` where a client secret is in use that no key of ours opens."""
    if settings.client_authentication in ("", *_SECRET_METHODS):
        _ = settings.client_secret


def unreadable_secrets(provider: IdentityProvider, settings: OidcSettings) -> list[str]:
    """Return what of ours can't be read any more and how to mend it, as sentences."""
    if settings.client_authentication in ("", *_SECRET_METHODS) and is_unreadable(settings, "client_secret"):
        return ["the stored client secret can't be read with the deployment's present keys; enter it again"]
    signs = settings.client_authentication == ClientAuthentication.PRIVATE_KEY_JWT
    return [UNREADABLE_KEY] if signs and client_keys.is_current_unreadable(provider) else []


def has_no_credential(settings: OidcSettings) -> bool:
    """Tell whether there is nothing of ours to show: no secret, and no key chosen (O-3's third way with Entra)."""
    method = settings.client_authentication
    if method == "":
        return not is_stored(settings, "client_secret")
    return method == ClientAuthentication.NONE


def missing_secret(settings: OidcSettings) -> bool:
    """Tell whether a way with a client secret is chosen and there is none."""
    return settings.client_authentication in _SECRET_METHODS and not is_stored(settings, "client_secret")


def wanted_authentication(settings: OidcSettings, purpose: str) -> WantedAuthentication:
    """Return how the person must have authenticated: as set, and now if they are to prove themselves (V-18)."""
    return WantedAuthentication(
        max_age=0 if purpose == Purpose.REAUTHENTICATE else settings.max_age_seconds,
        contexts=tuple(settings.acr_values.split()),
    )


def authentication_values(
    client_authentication: str | None,
    pushed_requests: bool | None,
    max_age_seconds: int | str | None,
    acr_values: str | None,
) -> dict[str, Any]:
    """Return what is to be saved of these new values, checked; ``None`` leaves one out.

    Raises ``ValueError`` with a sentence for the admin.
    """
    wanted: dict[str, Any] = {}
    if client_authentication is not None:
        if client_authentication not in _METHODS:
            raise ValueError(f"client_authentication is one of {', '.join(filter(None, _METHODS))}")
        wanted["client_authentication"] = client_authentication
    if pushed_requests is not None:
        wanted["pushed_requests"] = bool(pushed_requests)
    if max_age_seconds is not None:
        seconds = None if max_age_seconds == "" else max_age_seconds
        if seconds is not None and (isinstance(seconds, bool | str) or not 0 <= seconds <= _LONGEST_MAX_AGE):
            raise ValueError(f"max_age_seconds is a number from 0 to {_LONGEST_MAX_AGE}")
        wanted["max_age_seconds"] = seconds
    if acr_values is not None:
        contexts = acr_values.split()
        if not all(_CONTEXT.fullmatch(context) for context in contexts):
            raise ValueError("acr_values are names in ASCII with blanks between")
        wanted["acr_values"] = " ".join(dict.fromkeys(contexts))
    return wanted
