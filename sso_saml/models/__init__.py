"""What SAML stores: settings and keys of a provider, messages that were used, logouts under way."""

from sso_saml.models.in_flight import LogoutInFlight, SpentAssertion
from sso_saml.models.keys import SamlCertificate, SpKeyPair
from sso_saml.models.metadata import MetadataProposal
from sso_saml.models.settings import (
    Binding,
    ContextComparison,
    HintStyle,
    IdpInitiated,
    SamlSettings,
)

__all__ = [
    "Binding",
    "ContextComparison",
    "HintStyle",
    "IdpInitiated",
    "LogoutInFlight",
    "MetadataProposal",
    "SamlCertificate",
    "SamlSettings",
    "SpKeyPair",
    "SpentAssertion",
]
