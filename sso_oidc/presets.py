"""What each vendor's console calls the values of an OpenID Connect connection, and what fits that vendor (O-1, O-3).

The names are the vendor's own and are not translated: an admin looks for them on the vendor's page. Sources: Microsoft
Learn "Register an application in Microsoft Entra ID" and "Add and manage app credentials"; Okta Help "Create OpenID
Connect app integrations"; Google Cloud Help "Manage OAuth Clients"; for any other the metadata names of OpenID Connect
Dynamic Client Registration §2, RP-Initiated Logout §3.1 and Back-Channel Logout §2.2. No Django.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from sso_oidc.authorization import Flow

ENTRA_ISSUER = "https://login.microsoftonline.com/{tenant}/v2.0"
ENTRA_SHARED_ISSUER = ENTRA_ISSUER.format(tenant="organizations")
GOOGLE_ISSUER = "https://accounts.google.com"

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class OurUrl(StrEnum):
    """The addresses of ours that a provider may ask for."""

    REDIRECT = "redirect"
    POST_LOGOUT = "post_logout"
    BACK_CHANNEL_LOGOUT = "back_channel_logout"
    INITIATE_LOGIN = "initiate_login"
    KEYS = "keys"  # those towards this provider alone
    ALL_KEYS = "all_keys"
    ADMIN_CONSENT = "admin_consent"  # where Entra sends an administrator back (O-4)


@dataclass(frozen=True, slots=True)
class Asked:
    """A field of the vendor's console that takes an address of ours; ``place`` is where it stands there."""

    url: OurUrl
    name: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Preset:
    """One vendor. ``asks`` is in the order of the vendor's console; an empty name has no field there.

    ``issuer_template`` is "" where the admin enters the issuer, an issuer where all customers share one, and has
    ``{tenant}`` where the tenant id decides.
    """

    asks: tuple[Asked, ...]
    issuer_template: str
    issuer: str
    issuer_place: str
    client_id: str
    client_id_place: str
    secret: str
    secret_place: str
    tenant: str = ""
    certificate_place: str = ""
    assignment: str = ""
    flow: Flow = Flow.CODE

    @property
    def by_tenant(self) -> bool:
        """The issuer follows from a tenant id."""
        return "{tenant}" in self.issuer_template


_ENTRA = Preset(
    asks=(
        Asked(OurUrl.REDIRECT, "Redirect URI", "Authentication › Web"),
        Asked(OurUrl.POST_LOGOUT, "Redirect URI", "Authentication › Web › Add URI"),
        Asked(OurUrl.ADMIN_CONSENT, "Redirect URI", "Authentication › Web › Add URI"),
        Asked(OurUrl.INITIATE_LOGIN, "Home page URL", "Branding & properties"),
    ),
    issuer_template=ENTRA_ISSUER,
    issuer="Issuer",
    issuer_place="Overview › Endpoints › OpenID Connect metadata document",
    tenant="Directory (tenant) ID",
    client_id="Application (client) ID",
    client_id_place="App registrations › Overview",
    secret="Value",  # noqa: S106 - a column's name
    secret_place="Certificates & secrets › Client secrets › New client secret",  # noqa: S106
    certificate_place="Certificates & secrets › Certificates › Upload certificate",
    assignment="Enterprise applications › Users and groups",
    flow=Flow.HYBRID,  # O-3
)
_OKTA = Preset(
    asks=(
        Asked(OurUrl.REDIRECT, "Sign-in redirect URIs", "General › Login"),
        Asked(OurUrl.POST_LOGOUT, "Sign-out redirect URIs", "General › Login"),
        Asked(OurUrl.INITIATE_LOGIN, "Initiate login URI", "General › Login"),
        Asked(
            OurUrl.KEYS,
            "Use a URL to fetch keys dynamically",
            "General › Client Credentials › Public key / Private key",
        ),
    ),
    issuer_template="",
    issuer="Okta domain",
    issuer_place="menu at the top right; or Sign On › OpenID Connect ID Token › Issuer",
    client_id="Client ID",
    client_id_place="General › Client Credentials",
    secret="Client secret",  # noqa: S106
    secret_place="General › Client Secrets",  # noqa: S106
    assignment="Assignments",
)
_GOOGLE = Preset(
    asks=(Asked(OurUrl.REDIRECT, "Authorized redirect URIs", "Google Auth Platform › Clients"),),
    issuer_template=GOOGLE_ISSUER,
    issuer="Issuer",
    issuer_place="",
    client_id="Client ID",
    client_id_place="Google Auth Platform › Clients",
    secret="Client secret",  # noqa: S106
    secret_place="Google Auth Platform › Clients",  # noqa: S106
    assignment="Google Auth Platform › Audience",
)
_GENERIC = Preset(
    asks=(
        Asked(OurUrl.REDIRECT, "Redirect URI", "redirect_uris"),
        Asked(OurUrl.POST_LOGOUT, "Post-logout redirect URI", "post_logout_redirect_uris"),
        Asked(OurUrl.BACK_CHANNEL_LOGOUT, "Back-channel logout URI", "backchannel_logout_uri"),
        Asked(OurUrl.INITIATE_LOGIN, "Initiate login URI", "initiate_login_uri"),
        Asked(OurUrl.KEYS, "JWKS URI", "jwks_uri"),
    ),
    issuer_template="",
    issuer="Issuer",
    issuer_place="",
    client_id="Client ID",
    client_id_place="",
    secret="Client secret",  # noqa: S106
    secret_place="",
)
_PRESETS = {"entra": _ENTRA, "okta": _OKTA, "google": _GOOGLE}


def preset_of(vendor: str) -> Preset:
    """Return the preset of a vendor (the values of ``sso.models.Vendor``), plain OpenID Connect for any other."""
    return _PRESETS.get(vendor, _GENERIC)


def generic_names() -> dict[OurUrl, str]:
    """Return what OpenID Connect itself calls each address of ours."""
    return {asked.url: asked.name for asked in _GENERIC.asks} | {
        OurUrl.ALL_KEYS: "JWKS URI, all providers' keys"
    }


def is_guid(text: str) -> bool:
    """Tell whether a text is a GUID, as Entra's tenant, client and secret ids are."""
    return _GUID.fullmatch(text) is not None


def entra_issuer(tenant_id: str) -> str:
    """Return the issuer of an Entra tenant in the public cloud."""
    return ENTRA_ISSUER.format(tenant=tenant_id.lower())


def tenant_of(issuer: str) -> str:
    """Return the tenant id of an issuer that ``entra_issuer`` would make, "" for any other."""
    parts = issuer.split("/")
    tenant = parts[3] if len(parts) > 3 else ""
    return tenant if is_guid(tenant) and entra_issuer(tenant) == issuer else ""
