"""What an admin mends when the provider itself refused, by Entra's number, else by what the error means (O-4, L-10).

Many of these never come back to us: Entra shows them on a page of its own (facts, "does_not_come_back"). Where they do,
at the redirect or from the token endpoint, the result of a test and the audit trail carry the number.
"""

from __future__ import annotations

import re

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sso.refusals import Code
from sso_oidc.errors import OidcCode

# The summary that ``protocol.provider_refused`` puts first; behind it stands the provider's own text.
_NUMBER = re.compile(r"\A[^;]{1,128}? AADSTS([0-9]{4,8});")

_NEW_SECRET = _(
    "The provider doesn't accept our client id and secret. Make a new client secret there and enter its value, not its "
    "id."
)
_CONSENT = _(
    "Nobody has approved the application for your organization yet. Use “Admin consent” on the provider's page; an "
    "administrator of Microsoft Entra has to accept."
)
_APPLICATION = _(
    "The provider doesn't know the application, or it is switched off there. Compare the client id, and with Entra the "
    "tenant in the issuer."
)
_REDIRECT_URI = _(
    "The provider doesn't know our redirect URI. Copy it from the provider's page here, character by character."
)
_ANOTHER_TENANT = _(
    "You chose an account of another organization at the provider. Use one that belongs to this provider."
)

_BY_NUMBER = {
    50011: _REDIRECT_URI,
    50020: _ANOTHER_TENANT,
    50105: _(
        "You aren't assigned to this application in Microsoft Entra. Under Enterprise applications, Users and groups, "
        "assign yourself, or everybody who may sign in."
    ),
    50194: _(
        "The application is registered for one tenant only. Use the tenant's own issuer, or make the application "
        "multi-tenant."
    ),
    65001: _CONSENT,
    65004: _(
        "The consent was declined. Sign in again and accept, or let an administrator accept for everybody."
    ),
    90002: _("Microsoft doesn't know the tenant. Compare the tenant id in the issuer."),
    90094: _CONSENT,
    90095: _CONSENT,
    700016: _APPLICATION,
    700054: _(
        "The hybrid flow isn't enabled for the application. Tick “ID tokens” under Authentication of the app "
        "registration, or choose the code flow here."
    ),
    7000215: _NEW_SECRET,
    7000222: _(
        "The client secret has expired. Make a new one in the app registration and enter its value here."
    ),
    7000218: _(
        "Microsoft wants to know who asks. Enter a client secret, and register the redirect URI under the platform Web."
    ),
    700025: _(
        "The application is registered as a public client. Register the redirect URI under the platform Web."
    ),
    700027: _("Microsoft doesn't know our certificate. Upload the current one under Certificates & secrets."),
    9002313: _(
        "Microsoft can't read our request. Compare client id, client secret and issuer for stray characters."
    ),
}
_BY_CODE: dict[str, Promise | str] = {
    OidcCode.CLIENT_AUTHENTICATION: _NEW_SECRET,
    OidcCode.APPLICATION_UNKNOWN: _APPLICATION,
    OidcCode.REDIRECT_URI: _REDIRECT_URI,
    OidcCode.INTERACTION_REQUIRED: _(
        "The provider wants the person to do something first, such as setting up a second factor. Sign in there once, "
        "then try again."
    ),
    OidcCode.HYBRID_NOT_ENABLED: _(
        "The provider doesn't do the hybrid flow for this application. Enable ID tokens there, or choose the code flow."
    ),
    OidcCode.BLOCKED_BY_POLICY: _(
        "A policy at the provider forbids this sign-in, for example by device, place or application. Its sign-in log "
        "says which."
    ),
    OidcCode.PROVIDER_ERROR: _(
        "The provider itself refused. Its reason stands beside the failed check; look for it in the provider's own "
        "sign-in log."
    ),
    Code.NOT_ASSIGNED: _(
        "You aren't assigned to this application at the provider. Assign yourself, or everybody who may sign in."
    ),
    Code.CONSENT_REFUSED: _(
        "The provider asked for consent and didn't get it. An administrator of the provider has to give it."
    ),
    Code.WRONG_TENANT: _ANOTHER_TENANT,
}


def advice_on_provider_error(code: str, detail: str) -> str:
    """Return the advice in the reader's language for a refusal's code and detail, "" where there is none."""
    number = _NUMBER.match(detail) if code in _BY_CODE else None
    return str(_BY_NUMBER.get(int(number[1]) if number else 0) or _BY_CODE.get(code, ""))
