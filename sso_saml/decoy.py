"""A response with a signature that no key made, for ``toolkit`` to fail on after ``decryption`` failed."""

from __future__ import annotations

import base64

from sso_saml.names import (
    BINDING_POST,
    NS_ASSERTION,
    NS_EXCLUSIVE_C14N,
    NS_PROTOCOL,
    NS_SIGNATURE,
    STATUS_SUCCESS,
)

_ATTRIBUTES = "".join(
    f'<saml:Attribute Name="{BINDING_POST}:{number}"><saml:AttributeValue>{"decoy " * 20}</saml:AttributeValue>'
    "</saml:Attribute>"
    for number in range(20)  # about as long as what providers send
)
_SIGNATURE = f"""<ds:Signature xmlns:ds="{NS_SIGNATURE}"><ds:SignedInfo>\
<ds:CanonicalizationMethod Algorithm="{NS_EXCLUSIVE_C14N}"/>\
<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>\
<ds:Reference URI="#_decoy"><ds:Transforms>\
<ds:Transform Algorithm="{NS_SIGNATURE}enveloped-signature"/><ds:Transform Algorithm="{NS_EXCLUSIVE_C14N}"/>\
</ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>\
<ds:DigestValue>{base64.b64encode(bytes(32)).decode()}</ds:DigestValue></ds:Reference></ds:SignedInfo>\
<ds:SignatureValue>{base64.b64encode(bytes(256)).decode()}</ds:SignatureValue></ds:Signature>"""

DECOY = f"""<samlp:Response xmlns:samlp="{NS_PROTOCOL}" xmlns:saml="{NS_ASSERTION}" ID="_decoys" Version="2.0" \
IssueInstant="2000-01-01T00:00:00Z"><samlp:Status><samlp:StatusCode Value="{STATUS_SUCCESS}"/></samlp:Status>\
<saml:Assertion ID="_decoy" Version="2.0" IssueInstant="2000-01-01T00:00:00Z"><saml:Issuer>decoy</saml:Issuer>\
{_SIGNATURE}<saml:AttributeStatement>{_ATTRIBUTES}</saml:AttributeStatement></saml:Assertion></samlp:Response>\
""".encode("ascii")
