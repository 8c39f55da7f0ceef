"""Builds and signs SAML responses: exclusive canonicalization, RSA-SHA256, signatures made with xmlsec.

An answer to a request names it in InResponseTo, goes to the ACS URL that was checked (Destination,
Recipient), is for the Issuer of the request (AudienceRestriction) and holds for five minutes. An unsolicited
one has no InResponseTo.
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass

import xmlsec
from lxml import etree

from simulator.claims import Selection
from simulator.config import NAME_ID_FORMATS, ServiceProvider, Vendor
from simulator.dialects import pairwise, saml_attributes
from simulator.keys import SigningKey
from simulator.saml_request import SAML, SAMLP
from simulator.saml_sp_keys import ServiceProviderKeys
from simulator.site import Site

BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
LIFETIME = dt.timedelta(minutes=5)
DEFAULT_SIGN = {Vendor.ENTRA: "assertion", Vendor.OKTA: "both", Vendor.GENERIC: "both"}
DEFAULT_NAME_ID = {Vendor.ENTRA: "email", Vendor.OKTA: "unspecified", Vendor.GENERIC: "persistent"}


@dataclass(frozen=True)
class Recipient:
    """Where a response goes. ``request_id`` None: unsolicited; ``name_id_format``: what the request asked."""

    service_provider: ServiceProvider
    acs_url: str
    request_id: str | None = None
    name_id_format: str | None = None
    sp_name_qualifier: str | None = None


def success(site: Site, to: Recipient, selection: Selection, now: dt.datetime) -> bytes:
    """A signed response with one assertion about the person, encrypted if the application's metadata has a key."""
    response = _response(site, to, now, "Success")
    assertion = _assertion(site, to, selection, now)
    response.append(assertion)
    sign = selection.sign or DEFAULT_SIGN[site.directory.vendor]
    if sign in {"assertion", "both"}:
        _sign(assertion, site.saml_key)
    ServiceProviderKeys.read(to.service_provider.metadata_file).encrypt(assertion)
    if sign in {"response", "both"}:
        _sign(response, site.saml_key)
    return etree.tostring(response)


def failure(site: Site, to: Recipient, now: dt.datetime, detail: str, message: str) -> bytes:
    """A signed response without an assertion; ``detail`` is the inner status, such as ``RequestDenied``."""
    response = _response(site, to, now, "Responder", detail, message)
    _sign(response, site.saml_key)
    return etree.tostring(response)


def _response(
    site: Site, to: Recipient, now: dt.datetime, status: str, detail: str = "", message: str = ""
) -> etree._Element:
    response = etree.Element(f"{{{SAMLP}}}Response", nsmap={"samlp": SAMLP, "saml": SAML})
    _stamp(response, now)
    response.set("Destination", to.acs_url)
    if to.request_id is not None:
        response.set("InResponseTo", to.request_id)
    _child(response, SAML, "Issuer", site.urls.entity_id)
    outcome = _child(response, SAMLP, "Status")
    code = _child(outcome, SAMLP, "StatusCode", Value=STATUS + status)
    if detail:
        _child(code, SAMLP, "StatusCode", Value=STATUS + detail)
    if message:
        _child(outcome, SAMLP, "StatusMessage", message)
    return response


def _assertion(site: Site, to: Recipient, selection: Selection, now: dt.datetime) -> etree._Element:
    assertion = etree.Element(f"{{{SAML}}}Assertion", nsmap={"saml": SAML})
    _stamp(assertion, now)
    _child(assertion, SAML, "Issuer", site.urls.entity_id)
    expires = _instant(now + LIFETIME)
    subject = _child(assertion, SAML, "Subject")
    _name_id(site, to, selection, subject)
    confirmation = _child(subject, SAML, "SubjectConfirmation", Method=BEARER)
    data = _child(confirmation, SAML, "SubjectConfirmationData", Recipient=to.acs_url, NotOnOrAfter=expires)
    if to.request_id is not None:
        data.set("InResponseTo", to.request_id)
    conditions = _child(assertion, SAML, "Conditions", NotBefore=_instant(now), NotOnOrAfter=expires)
    restriction = _child(conditions, SAML, "AudienceRestriction")
    _child(restriction, SAML, "Audience", to.service_provider.entity_id)
    statement = _child(assertion, SAML, "AuthnStatement", AuthnInstant=_instant(now), SessionIndex=_new_id())
    if selection.session_minutes is not None:
        statement.set("SessionNotOnOrAfter", _instant(now + dt.timedelta(minutes=selection.session_minutes)))
    context = _child(statement, SAML, "AuthnContext")
    _child(context, SAML, "AuthnContextClassRef", PASSWORD)
    _attributes(site, selection, assertion)
    return assertion


def _name_id(site: Site, to: Recipient, selection: Selection, subject: etree._Element) -> None:
    person = selection.person
    chosen = selection.name_id_format or to.name_id_format or person.name_id_format
    name = chosen or DEFAULT_NAME_ID[site.directory.vendor]
    if selection.name_id is not None:
        value = selection.name_id
    elif name == "persistent":
        value = pairwise(site.directory.tenant_id, to.service_provider.entity_id, person.id)
    elif name == "transient":
        value = _new_id()
    else:
        value = person.user_name
    element = _child(subject, SAML, "NameID", value, Format=NAME_ID_FORMATS[name])
    if to.sp_name_qualifier is not None:
        element.set("SPNameQualifier", to.sp_name_qualifier)


def _attributes(site: Site, selection: Selection, assertion: etree._Element) -> None:
    attributes = saml_attributes(site.directory, selection)
    if not attributes:
        return
    statement = _child(assertion, SAML, "AttributeStatement")
    for attribute in attributes:
        element = _child(statement, SAML, "Attribute", Name=attribute.name)
        if attribute.name_format is not None:
            element.set("NameFormat", attribute.name_format)
        for value in attribute.values:
            _child(element, SAML, "AttributeValue", value)


def _sign(node: etree._Element, key: SigningKey) -> None:
    """Enveloped signature right after Issuer, as the schema wants it, with the certificate in KeyInfo."""
    signature = xmlsec.template.create(
        node, xmlsec.constants.TransformExclC14N, xmlsec.constants.TransformRsaSha256, ns="ds"
    )
    node.insert(1, signature)
    reference = xmlsec.template.add_reference(
        signature, xmlsec.constants.TransformSha256, uri=f"#{node.get('ID')}"
    )
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
    info = xmlsec.template.ensure_key_info(signature)
    xmlsec.template.x509_data_add_certificate(xmlsec.template.add_x509_data(info))
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(key.private_pem, xmlsec.constants.KeyDataFormatPem)
    context.key.load_cert_from_memory(key.certificate_pem, xmlsec.constants.KeyDataFormatPem)
    context.register_id(node, "ID")
    context.sign(signature)


def _stamp(node: etree._Element, now: dt.datetime) -> None:
    node.set("ID", _new_id())
    node.set("Version", "2.0")
    node.set("IssueInstant", _instant(now))


def _child(
    parent: etree._Element, namespace: str, name: str, text: str | None = None, **attributes: str
) -> etree._Element:
    element = etree.SubElement(parent, f"{{{namespace}}}{name}", attributes)
    if text is not None:
        element.text = text
    return element


def _instant(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _new_id() -> str:
    return f"_{secrets.token_hex(16)}"
