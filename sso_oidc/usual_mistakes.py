"""The mistakes that are made most often when values are carried from a vendor's console to ours (O-1, O-3, S-2's like).

Each is recognised by its form alone, before anything is asked over the network, and has a code; the words for it, and
what to enter instead, are the settings page's. No Django.
"""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import urlsplit

from sso_oidc.presets import GOOGLE_ISSUER, is_guid

_WELL_KNOWN = "/.well-known/"
MANY_TENANTS = frozenset({"organizations", "common", "consumers"})
_ENTRA_HOSTS = frozenset(
    {"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"}
)
_ENTRA_V1_HOSTS = frozenset({"sts.windows.net", "login.windows.net"})
_OKTA_ADMIN = "-admin."
_GOOGLE_CLIENT = ".apps.googleusercontent.com"


class Mistake(StrEnum):
    """What went wrong."""

    BLANKS = "blanks"  # inside a value; those around it are simply cut off
    WELL_KNOWN = "well_known"  # the address of the discovery document
    NOT_HTTPS = "not_https"
    OUR_OWN = "our_own"  # a value that belongs into the vendor's console
    MANY_TENANTS = "many_tenants"
    ENTRA_V1 = "entra_v1"
    ENTRA_FORM = "entra_form"  # not https://login.microsoftonline.com/<tenant>/v2.0
    TENANT_NAME = "tenant_name"  # contoso.onmicrosoft.com
    NOT_A_GUID = "not_a_guid"
    SAME_IDS = "same_ids"
    OKTA_ADMIN = "okta_admin"
    NOT_A_GOOGLE_CLIENT = "not_a_google_client"
    SECRET_ID = "secret_id"  # noqa: S105 - the id of a secret where its value belongs
    SECRET_IS_CLIENT_ID = "secret_is_client_id"  # noqa: S105


def issuer_mistake(issuer: str, *, ours: str, shared: bool) -> Mistake | None:
    """Return what is wrong with an issuer. ``ours`` is the origin of our own addresses, ``shared`` a provider above
    accounts, which alone may speak for many tenants (V-4)."""
    if _has_blank(issuer):
        return Mistake.BLANKS
    if not issuer.startswith("https://") and "://" not in issuer:
        return Mistake.NOT_HTTPS
    if issuer == ours or issuer.startswith(f"{ours}/"):
        return Mistake.OUR_OWN
    if _WELL_KNOWN in issuer:
        return Mistake.WELL_KNOWN
    try:
        parts = urlsplit(issuer)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return None  # said better by the check of the address itself
    if host in _ENTRA_V1_HOSTS:
        return Mistake.ENTRA_V1
    if host in _ENTRA_HOSTS:
        return _entra_mistake(parts.path, shared=shared)
    if _OKTA_ADMIN in host and host.endswith((".okta.com", ".oktapreview.com", ".okta-emea.com")):
        return Mistake.OKTA_ADMIN
    return None


def _entra_mistake(path: str, *, shared: bool) -> Mistake | None:
    steps = path.split("/")
    tenant = steps[1] if len(steps) > 1 else ""
    if tenant in MANY_TENANTS:
        if not shared:
            return Mistake.MANY_TENANTS
    elif not is_guid(tenant):
        return Mistake.TENANT_NAME if "." in tenant else Mistake.ENTRA_FORM
    return None if steps[2:] == ["v2.0"] else Mistake.ENTRA_FORM


def without_well_known(issuer: str) -> str:
    """Return what stands before ``/.well-known/`` in an address."""
    return issuer.split(_WELL_KNOWN, 1)[0]


def is_microsofts(issuer: str) -> bool:
    """Tell whether an issuer is one of Microsoft's, in any cloud."""
    try:
        return urlsplit(issuer).hostname in _ENTRA_HOSTS
    except ValueError:
        return False


def tenant_in(text: str) -> str:
    """Return the tenant id in what was entered for it: the id itself, or an address of Microsoft's that holds it.

    "" when there is none.
    """
    if is_guid(text):
        return text.lower()
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return ""
    if host not in _ENTRA_HOSTS | _ENTRA_V1_HOSTS:
        return ""
    found = [step for step in parts.path.split("/") if is_guid(step)]
    return found[0].lower() if found else ""


def tenant_mistake(text: str) -> Mistake | None:
    """Return what is wrong with a tenant id."""
    if tenant_in(text):
        return None
    if text.lower() in MANY_TENANTS:
        return Mistake.MANY_TENANTS
    return Mistake.TENANT_NAME if "." in text and "/" not in text else Mistake.NOT_A_GUID


def client_id_mistake(client_id: str, *, issuer: str, tenant_id: str) -> Mistake | None:
    """Return what is wrong with a client id. ``tenant_id`` is set where one was entered: then we are at Microsoft."""
    if _has_blank(client_id):
        return Mistake.BLANKS
    if tenant_id and client_id.lower() == tenant_id:
        return Mistake.SAME_IDS
    if tenant_id and not is_guid(client_id):
        return Mistake.NOT_A_GUID
    if issuer == GOOGLE_ISSUER and not client_id.endswith(_GOOGLE_CLIENT):
        return Mistake.NOT_A_GOOGLE_CLIENT
    return None


def secret_mistake(secret: str, *, vendor: str, client_id: str) -> Mistake | None:
    """Return what is wrong with a client secret."""
    # A blank may be part of a secret (RFC 6749 appendix A.2), a line break or an invisible sign may not.
    if not secret.isprintable():
        return Mistake.BLANKS
    if client_id and secret == client_id:
        return Mistake.SECRET_IS_CLIENT_ID
    # Entra lists "Value" and "Secret ID" side by side; only the id is a GUID (AADSTS7000215).
    return Mistake.SECRET_ID if vendor == "entra" and is_guid(secret) else None


def _has_blank(text: str) -> bool:
    return any(sign.isspace() or not sign.isprintable() for sign in text)
