"""The tables of ``sso``, one file a subject."""

from sso.models.attempt import ParkedAnswer, Purpose, SignInAttempt, Stage
from sso.models.identity import FederatedIdentity
from sso.models.provider import IdentityProvider, ProtocolName, ProviderGrant, State, Vendor

__all__ = [
    "FederatedIdentity",
    "IdentityProvider",
    "ParkedAnswer",
    "ProtocolName",
    "ProviderGrant",
    "Purpose",
    "SignInAttempt",
    "Stage",
    "State",
    "Vendor",
]
