"""What the settings page says about usual mistakes, and about a provider that can't be read (O-1, O-5)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from foundation.outbound_target import OutboundCode, OutboundError
from sso.models import Vendor
from sso_oidc.errors import OidcRefusal
from sso_oidc.presets import Preset
from sso_oidc.usual_mistakes import Mistake, without_well_known

_UNKNOWN_TO_ENTRA = frozenset({400, 404})  # AADSTS90002 and its like, before there is any document


def mistake_text(mistake: Mistake, preset: Preset, value: str = "") -> str:
    """Return what is wrong and what to enter instead."""
    return {
        Mistake.BLANKS: _("There is a blank or an invisible character in it. Copy the value again."),
        Mistake.WELL_KNOWN: _(
            "This is the address of the discovery document. Enter what stands before “/.well-known/”: %(issuer)s"
        )
        % {"issuer": without_well_known(value)},
        Mistake.NOT_HTTPS: _("The issuer is a whole address that begins with https://."),
        Mistake.OUR_OWN: _(
            "This is an address of ours, which goes into the provider's console. Here the provider's own is needed."
        ),
        Mistake.MANY_TENANTS: _(
            "This stands for every organization at Microsoft. Enter your own “%(name)s” instead."
        )
        % {"name": preset.tenant or "Directory (tenant) ID"},
        Mistake.ENTRA_V1: _(
            "This is Entra's old issuer (version 1). Enter https://login.microsoftonline.com/<tenant id>/v2.0, or just "
            "the tenant id."
        ),
        Mistake.ENTRA_FORM: _(
            "Entra's issuer is https://login.microsoftonline.com/<tenant id>/v2.0, with nothing behind it."
        ),
        Mistake.TENANT_NAME: _(
            "This is the organization's domain name. Enter the “%(name)s”, which looks like "
            "11111111-2222-4333-8444-555555555555."
        )
        % {"name": preset.tenant or "Directory (tenant) ID"},
        Mistake.NOT_A_GUID: _(
            "Entra's ids look like 11111111-2222-4333-8444-555555555555; this one doesn't."
        ),
        Mistake.SAME_IDS: _(
            "Tenant id and client id are the same. They stand below each other in the console; copy both again."
        ),
        Mistake.OKTA_ADMIN: _(
            "This is the address of Okta's admin console. Enter it without “-admin”: %(issuer)s"
        )
        % {"issuer": value.replace("-admin.", ".", 1).split("/admin")[0]},
        Mistake.NOT_A_GOOGLE_CLIENT: _("Google's client ids end in .apps.googleusercontent.com."),
        Mistake.SECRET_ID: _(
            "This looks like the Secret ID. Copy the column “Value” beside it; Entra shows it only right after the "
            "secret was made, so make a new one if it is gone."
        ),
        Mistake.SECRET_IS_CLIENT_ID: _("This is the client id. The client secret is another value."),
    }[mistake]


def url_problem(error: OutboundError) -> str:
    """Return what is wrong with an address that may not be used (V-23)."""
    texts = {
        OutboundCode.NOT_HTTPS: _("The address must begin with https://."),
        OutboundCode.BAD_URL: _("This is no complete web address."),
        OutboundCode.BLOCKED_ADDRESS: _("This address isn't public. An operator can allow it."),
    }
    return texts.get(error.code, str(error))


def discovery_problem(error: OidcRefusal | OutboundError, vendor: str) -> str:
    """Return why a provider's discovery document can't be used, with the exact reason for whoever looks closer."""
    if isinstance(error, OidcRefusal):
        told = _("The provider's discovery document doesn't fit what is entered here.")
    elif vendor == Vendor.ENTRA and error.status in _UNKNOWN_TO_ENTRA:
        told = _(
            "Microsoft doesn't know this tenant id. Compare it with the console; tenant id and client id are easily "
            "swapped."
        )
    elif vendor == Vendor.OKTA and error.status == 404:
        told = _(
            "There is no authorization server at this address. Okta's issuer is the Okta domain alone, or ends in "
            "/oauth2/default."
        )
    else:
        told = {
            OutboundCode.STATUS: _("There is no discovery document at this issuer's address."),
            OutboundCode.NOT_JSON: _("What is at this issuer's address is no discovery document."),
            OutboundCode.REDIRECT: _(
                "The issuer's address redirects elsewhere, which isn't followed. Enter the final address."
            ),
            OutboundCode.TIMEOUT: _("The provider doesn't answer in time."),
            OutboundCode.TOO_LARGE: _("The provider's answer is too large for a discovery document."),
            OutboundCode.BLOCKED_ADDRESS: _("This address isn't public. An operator can allow it."),
            OutboundCode.NOT_HTTPS: _("The address must begin with https://."),
            OutboundCode.BAD_URL: _("This is no complete web address."),
            OutboundCode.CONNECTION: _("The provider can't be reached at this issuer's address."),
        }[error.code]
    return f"{told} ({error})"
