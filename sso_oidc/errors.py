"""Every reason for which a sign-in through OpenID Connect is refused, by a stable code.

Codes are what tests, the audit trail and the pages refer to; what an employee reads is decided elsewhere
(L-10, L-11). ``detail`` is for the account admin's eyes in the audit trail: it may quote an issuer, an
audience or a key id, and never a token, a code, a nonce or a secret. Trouble on the way to the provider
(time-outs, blocked addresses, TLS) is not a refusal but ``foundation.http.OutboundError``.
"""

from __future__ import annotations

from enum import StrEnum

from sso_oidc.provider_errors import ProviderError

_MAX_DETAIL = 300  # characters


class OidcCode(StrEnum):
    """Why a sign-in was refused."""

    # Discovery and keys
    DISCOVERY = "oidc.discovery"  # the document is not what it must be
    KEYS = "oidc.keys"  # no usable key, or too many
    UNKNOWN_KEY = "oidc.unknown_key"
    # The authorization response
    RESPONSE = "oidc.response"  # parameters missing, repeated, too long or not of this flow
    STATE = "oidc.state"
    ISS_PARAMETER = "oidc.iss_parameter"
    PROVIDER_ERROR = "oidc.provider_error"  # the provider answered with an error; see ``provider_error``
    # What we ask the provider directly
    PUSHED_REQUEST = "oidc.pushed_request"  # RFC 9126: refused, unfit, or wanted and switched off
    TOKEN_ENDPOINT = "oidc.token_endpoint"  # noqa: S105 - a code, no secret
    CLIENT_AUTHENTICATION = "oidc.client_authentication"
    USERINFO = "oidc.userinfo"
    # The ID token
    MALFORMED = "oidc.malformed"
    ALGORITHM = "oidc.algorithm"
    SIGNATURE = "oidc.signature"
    CLAIM = "oidc.claim"  # missing, or of the wrong type
    ISSUER = "oidc.issuer"
    AUDIENCE = "oidc.audience"
    AZP = "oidc.azp"
    EXPIRED = "oidc.expired"
    ISSUED_AT = "oidc.issued_at"  # in the future, or long ago
    NOT_BEFORE = "oidc.not_before"
    NONCE = "oidc.nonce"
    C_HASH = "oidc.c_hash"
    AT_HASH = "oidc.at_hash"
    AUTH_TIME = "oidc.auth_time"  # asked for with max_age, and missing or too long ago
    ACR = "oidc.acr"  # not one of the contexts that were asked for
    SUBJECT = "oidc.subject"  # not a subject, or not the same one everywhere


class OidcRefusal(Exception):
    """A sign-in is refused. ``provider_error`` is set when the provider itself said no."""

    def __init__(
        self, code: OidcCode, detail: str = "", *, provider_error: ProviderError | None = None
    ) -> None:
        self.code = code
        self.detail = "".join(sign if sign.isprintable() else " " for sign in detail[:_MAX_DETAIL])
        self.provider_error = provider_error
        super().__init__(f"{code.value}: {self.detail}" if self.detail else code.value)


class UnknownKey(OidcRefusal):
    """The token names a key that the provider had not published when we last looked: refresh and retry."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(OidcCode.UNKNOWN_KEY, detail)
