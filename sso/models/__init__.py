"""The tables of ``sso``, one file a subject."""

from sso.models.attempt import ParkedAnswer, Purpose, SignInAttempt, Stage
from sso.models.certificate_alert import CertificateAlert
from sso.models.graph import AdminConsent, GraphAccess
from sso.models.identity import FederatedIdentity
from sso.models.key_pair import KeyRole, ProviderKeyPair
from sso.models.provider import IdentityProvider, ProtocolName, ProviderGrant, State, Vendor
from sso.models.setup_link import SetupLink

__all__ = [
    "AdminConsent",
    "CertificateAlert",
    "FederatedIdentity",
    "GraphAccess",
    "IdentityProvider",
    "KeyRole",
    "ParkedAnswer",
    "ProtocolName",
    "ProviderGrant",
    "ProviderKeyPair",
    "Purpose",
    "SetupLink",
    "SignInAttempt",
    "Stage",
    "State",
    "Vendor",
]
