"""What each vendor's console calls the values of a SAML connection (S-2, A-3).

The names are the vendor's own and are not translated: an admin looks for them on the vendor's page. Sources: Microsoft
Learn "Enable SAML single sign-on for an enterprise application"; Okta Help "Application Integration Wizard SAML field
reference"; Google Workspace Admin Help "Set up your own custom SAML app".
"""

from __future__ import annotations

from dataclasses import dataclass

from sso.models import Vendor


@dataclass(frozen=True, slots=True)
class VendorWords:
    """Field names of one vendor's console. An empty one has no field there."""

    # what the vendor's console asks for
    entity_id: str
    acs_url: str
    sign_on_url: str
    logout_url: str
    # what it gives, and where
    place: str
    issuer: str
    login_url: str
    certificate: str
    metadata: str
    metadata_url: str
    # where else things are mended
    name_id: str
    attributes: str
    signing: str
    algorithm: str
    encryption: str
    assignment: str


_ENTRA = VendorWords(
    entity_id="Identifier (Entity ID)",
    acs_url="Reply URL (Assertion Consumer Service URL)",
    sign_on_url="Sign on URL",
    logout_url="Logout Url",
    place="Single sign-on › SAML Certificates, Set up",
    issuer="Microsoft Entra Identifier",
    login_url="Login URL",
    certificate="Certificate (Base64)",
    metadata="Federation Metadata XML",
    metadata_url="App Federation Metadata Url",
    name_id="Unique User Identifier (Name ID)",
    attributes="Attributes & Claims",
    signing="Signing Option",
    algorithm="Signing Algorithm",
    encryption="Token encryption",
    assignment="Users and groups",
)
_OKTA = VendorWords(
    entity_id="Audience URI (SP Entity ID)",
    acs_url="Single sign-on URL",
    sign_on_url="",
    logout_url="Single Logout URL",
    place="Sign On › SAML 2.0 › Metadata details",
    issuer="Issuer",
    login_url="Sign on URL",
    certificate="Signing Certificate",
    metadata="Identity Provider metadata",
    metadata_url="Metadata URL",
    name_id="Name ID format",
    attributes="Attribute Statements",
    signing="Assertion Signature",
    algorithm="Signature Algorithm",
    encryption="Assertion Encryption",
    assignment="Assignments",
)
_GOOGLE = VendorWords(
    entity_id="Entity ID",
    acs_url="ACS URL",
    sign_on_url="Start URL",
    logout_url="",
    place="Google Identity Provider details",
    issuer="Entity ID",
    login_url="SSO URL",
    certificate="Certificate",
    metadata="Download metadata",
    metadata_url="",
    name_id="Name ID",
    attributes="Attribute mapping",
    signing="Signed response",
    algorithm="Certificate",
    encryption="",
    assignment="User access",
)
_GENERIC = VendorWords(
    entity_id="SP Entity ID (Audience)",
    acs_url="Assertion Consumer Service URL (HTTP POST)",
    sign_on_url="Sign-on URL",
    logout_url="Single Logout URL",
    place="",
    issuer="Issuer (Entity ID)",
    login_url="Single Sign-On URL",
    certificate="Signing certificate",
    metadata="IdP metadata (XML)",
    metadata_url="Metadata URL",
    name_id="NameID",
    attributes="Attribute statements",
    signing="Sign assertions",
    algorithm="Signature algorithm",
    encryption="Assertion encryption",
    assignment="Assignments",
)
_WORDS = {Vendor.ENTRA.value: _ENTRA, Vendor.OKTA.value: _OKTA, Vendor.GOOGLE.value: _GOOGLE}


def words_of(vendor: str) -> VendorWords:
    """Return the words of a vendor's console, plain ones of SAML for any other."""
    return _WORDS.get(vendor, _GENERIC)
