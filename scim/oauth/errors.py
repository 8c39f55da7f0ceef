"""Why no token is given, in the form of RFC 6749 §5.2; raised anywhere below ``scim.oauth.token_endpoint``."""

from __future__ import annotations

from uuid import UUID


class TokenRefused(Exception):
    """The base. ``detail`` is for the client's administrator and holds nothing that the request held.

    ``reason`` is what the vendor's support reads in the failure log when it is more than the client may know.
    ``target`` and ``account_id`` say which client it was, once that is known.
    """

    status = 400
    error = "invalid_request"
    code = "oauth.invalid_request"

    def __init__(
        self,
        detail: str,
        *,
        reason: str = "",
        target: str = "",
        account_id: UUID | None = None,
        status: int = 0,
        retry_after: int = 0,
    ) -> None:
        super().__init__(reason or detail)
        self.detail = detail
        self.reason = reason or detail
        self.target = target
        self.account_id = account_id
        self.status = status or self.status
        self.retry_after = retry_after  # seconds


class InvalidRequest(TokenRefused):
    """The request is not one for a token."""


class InvalidClient(TokenRefused):
    """The client did not prove who it is, or may not have a token at all."""

    status, error, code = 401, "invalid_client", "oauth.invalid_client"


class UnsupportedGrantType(TokenRefused):
    """Another grant than client_credentials."""

    error, code = "unsupported_grant_type", "oauth.unsupported_grant_type"


class InvalidScope(TokenRefused):
    """Another scope than ``scim``."""

    error, code = "invalid_scope", "oauth.invalid_scope"


class TooManyTokens(TokenRefused):
    """RFC 6749 has no error for it; this one is registered for "try again later" (§4.1.2.1)."""

    status, error, code = 429, "temporarily_unavailable", "oauth.too_many_requests"
