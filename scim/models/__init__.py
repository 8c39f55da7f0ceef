"""The tables of ``scim``, one file a subject."""

from scim.models.oauth import (
    NeverIssued,
    OAuthAccessToken,
    OAuthClient,
    OAuthClientSecret,
    SpentClientAssertion,
)
from scim.models.request_log import RequestLogEntry
from scim.models.resource import GroupResource, UserResource, UserValue

__all__ = [
    "GroupResource",
    "NeverIssued",
    "OAuthAccessToken",
    "OAuthClient",
    "OAuthClientSecret",
    "RequestLogEntry",
    "SpentClientAssertion",
    "UserResource",
    "UserValue",
]
