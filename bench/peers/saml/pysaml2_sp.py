"""pysaml2 as a service provider; it has each signature verified by the program xmlsec1."""

from __future__ import annotations

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.client import Saml2Client
from saml2.config import SPConfig
from timing import job, report

task = job()
METADATA = """\
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"
    entityID="{entity_id}"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
  <md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate>
  </ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
  <md:SingleSignOnService Binding="{binding}" Location="{sign_on_url}"/></md:IDPSSODescriptor></md:EntityDescriptor>"""
service = {
    "endpoints": {"assertion_consumer_service": [(task["redirect_url"], BINDING_HTTP_POST)]},
    "want_response_signed": True,
    "want_assertions_signed": False,
    "authn_requests_signed": False,
}
configuration = SPConfig().load(
    {
        "entityid": task["redirect_url"],
        "allow_unknown_attributes": True,
        "service": {"sp": service},
        "metadata": {"inline": [METADATA.format(binding=BINDING_HTTP_REDIRECT, **task)]},
    }
)
client = Saml2Client(configuration)


def validate() -> str:
    outstanding = {task["request_id"]: "/"}
    response = client.parse_authn_request_response(task["message"], BINDING_HTTP_POST, outstanding)
    return str(response.ava["email"][0])


report(validate, task["email"], task["seconds"])
