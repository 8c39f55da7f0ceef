"""SAML metadata of a directory: the file that an administrator would download from the vendor's console.

It depends on the configuration and the kept key only, so writing it twice gives the same bytes.
"""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from simulator.config import NAME_ID_FORMATS, Vendor
from simulator.saml_request import HTTP_POST, SAMLP
from simulator.site import Site

MD = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = "http://www.w3.org/2000/09/xmldsig#"
HTTP_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"


def metadata_xml(site: Site) -> bytes:
    """The EntityDescriptor, UTF-8 with XML declaration."""
    entity = etree.Element(
        f"{{{MD}}}EntityDescriptor", {"entityID": site.urls.entity_id}, nsmap={"md": MD, "ds": DS}
    )
    idp = etree.SubElement(
        entity,
        f"{{{MD}}}IDPSSODescriptor",
        {"WantAuthnRequestsSigned": "false", "protocolSupportEnumeration": SAMLP},
    )
    key = etree.SubElement(idp, f"{{{MD}}}KeyDescriptor", {"use": "signing"})
    info = etree.SubElement(key, f"{{{DS}}}KeyInfo")
    data = etree.SubElement(info, f"{{{DS}}}X509Data")
    etree.SubElement(data, f"{{{DS}}}X509Certificate").text = site.saml_key.certificate_base64
    for binding in (HTTP_REDIRECT, HTTP_POST):  # the schema has them before the formats
        location = {"Binding": binding, "Location": site.urls.saml_slo}
        etree.SubElement(idp, f"{{{MD}}}SingleLogoutService", location)
    if site.directory.vendor is not Vendor.ENTRA:  # Entra's metadata lists no formats
        for name in ("unspecified", "email", "persistent", "transient"):
            etree.SubElement(idp, f"{{{MD}}}NameIDFormat").text = NAME_ID_FORMATS[name]
    for binding in (HTTP_REDIRECT, HTTP_POST):
        location = {"Binding": binding, "Location": site.urls.saml_sso}
        etree.SubElement(idp, f"{{{MD}}}SingleSignOnService", location)
    return etree.tostring(entity, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def write_metadata(site: Site, folder: Path) -> Path:
    """Write ``<folder>/<directory>.xml`` and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{site.directory.slug}.xml"
    path.write_bytes(metadata_xml(site))
    return path
