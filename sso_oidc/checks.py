"""The checks of an OpenID Connect sign-in in the order in which they run, for the result of a test (S-3)."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sso.checks import Check, outcomes
from sso.claims import Claims
from sso.models import IdentityProvider
from sso.refusals import Code, Refusal
from sso_oidc.client_authentication import ClientAuthentication
from sso_oidc.configuration import settings_of
from sso_oidc.errors import OidcCode

NAMES = {
    "request": gettext_lazy("Request sent"),
    "response": gettext_lazy("Response received and well-formed"),
    "provider": gettext_lazy("The provider reports success"),
    "token_endpoint": gettext_lazy("Code exchanged for tokens"),
    "signature": gettext_lazy("Signature"),
    "issuer": gettext_lazy("Issuer"),
    "audience": gettext_lazy("Audience"),
    "time": gettext_lazy("Time window"),
    "binding": gettext_lazy("Belongs to this sign-in (nonce and hashes)"),
    "authentication": gettext_lazy("Time and context of the authentication"),
    "userinfo": gettext_lazy("Userinfo"),
    "subject": gettext_lazy("Subject"),
    "email": gettext_lazy("E-mail address"),
}
_ORDER = tuple(NAMES)
_BY_CODE: dict[str, str] = {
    OidcCode.DISCOVERY: "request",
    OidcCode.PUSHED_REQUEST: "request",
    OidcCode.ISS_PARAMETER: "response",
    OidcCode.PROVIDER_ERROR: "provider",
    Code.NOT_ASSIGNED: "provider",
    Code.CONSENT_REFUSED: "provider",
    Code.WRONG_TENANT: "provider",
    OidcCode.TOKEN_ENDPOINT: "token_endpoint",
    OidcCode.CLIENT_AUTHENTICATION: "token_endpoint",
    OidcCode.MALFORMED: "signature",
    OidcCode.ALGORITHM: "signature",
    OidcCode.SIGNATURE: "signature",
    OidcCode.KEYS: "signature",
    OidcCode.UNKNOWN_KEY: "signature",
    OidcCode.ISSUER: "issuer",
    OidcCode.AUDIENCE: "audience",
    OidcCode.AZP: "audience",
    OidcCode.EXPIRED: "time",
    OidcCode.ISSUED_AT: "time",
    OidcCode.NOT_BEFORE: "time",
    OidcCode.NONCE: "binding",
    OidcCode.C_HASH: "binding",
    OidcCode.AT_HASH: "binding",
    OidcCode.AUTH_TIME: "authentication",
    OidcCode.ACR: "authentication",
    OidcCode.USERINFO: "userinfo",
    OidcCode.CLAIM: "subject",
    OidcCode.SUBJECT: "subject",
}


def checks_of(
    provider: IdentityProvider, claims: Claims | None, refusal: Refusal | None
) -> tuple[Check, ...]:
    """Return every check with its outcome: all passed with ``claims``, else up to the one that ``refusal`` names."""
    settings = settings_of(provider)
    found = {"issuer": settings.issuer, "audience": settings.client_id}
    if claims is not None:
        seen = {
            **found,
            "issuer": claims.issuer,
            "authentication": " ".join((claims.session.context, *claims.session.methods)).strip(),
            "subject": claims.subject,
            "email": claims.email or "",
        }
        return outcomes(_ORDER, found=seen, weak={} if claims.email else {"email": ""})
    code, detail = ("", "") if refusal is None else (_code_of(refusal), refusal.detail)
    failed = _BY_CODE.get(code) or ("token_endpoint" if code.startswith("http.") else "response")
    return outcomes(_ORDER, failed=failed, detail=detail, found=found)


def _code_of(refusal: Refusal) -> str:
    # RFC 6749 §5.2: the token endpoint's word for a wrong client id or secret, which is ours to mend.
    if refusal.code == OidcCode.PROVIDER_ERROR and "invalid_client" in refusal.detail:
        return OidcCode.CLIENT_AUTHENTICATION
    return refusal.code


def advice_for(refusal: Refusal, provider: IdentityProvider) -> str:
    """Return what to mend in the reader's language, "" where there is nothing to say."""
    code = _code_of(refusal)
    if code == OidcCode.CLIENT_AUTHENTICATION:
        method = settings_of(provider).client_authentication
        if method == ClientAuthentication.PRIVATE_KEY_JWT:
            return _(
                "The provider doesn't accept what we sign with our key. Let it read our key set again or upload our "
                "current certificate there, and check the client id."
            )
    if code.startswith("http."):
        return _("The provider can't be reached from here. Check the issuer's address and whether it is up.")
    texts: dict[str, str] = {
        OidcCode.CLIENT_AUTHENTICATION: _(
            "The provider doesn't accept our client id and secret. Make a new client secret there and enter its value, "
            "not its id."
        ),
        OidcCode.PUSHED_REQUEST: _(
            "The provider didn't take our request in advance (PAR). Its reason stands beside the failed check. If it "
            "doesn't ask for such requests, you can switch them off."
        ),
        OidcCode.AUTH_TIME: _(
            "The provider doesn't say that you signed in there lately enough. Let it send the claim auth_time (in "
            "Entra an optional claim of the ID token), or allow a longer time."
        ),
        OidcCode.ACR: _(
            "You didn't sign in at the provider in one of the ways that are asked for. Check the authentication "
            "context in the settings and the claim acr in the token."
        ),
        OidcCode.ISSUER: _(
            "The token comes from another issuer. Copy the issuer from the provider's discovery document."
        ),
        OidcCode.AUDIENCE: _("The token was made for another application. Check the client id."),
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
        Code.WRONG_TENANT: _(
            "You chose an account of another organization at the provider. Use one that belongs to this provider."
        ),
    }
    return texts.get(code, "")
