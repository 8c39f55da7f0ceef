"""The SAML responses are what a strict service provider wants, signed in each vendor's way."""

from __future__ import annotations

import base64
import datetime as dt
from typing import TYPE_CHECKING

import pytest
import requests
import xmlsec
from lxml import etree
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser

if TYPE_CHECKING:
    from simulator.server import RunningSimulator
    from tests.simulator.conftest import ServiceProvider

SP = "http://app.example/sso/saml/acme/"
TENANT = "11111111-2222-4333-8444-555555555555"
MIA = "a1c3e5f7-0001-4a00-8000-00000000a001"
GROUP_1 = "5d0e1f2a-0000-4000-8000-000000000001"
GROUP_2 = "5d0e1f2a-0000-4000-8000-000000000002"
WS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
MS = "http://schemas.microsoft.com/identity/claims/"
GROUPS = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"
NS = {
    "p": "urn:oasis:names:tc:SAML:2.0:protocol",
    "a": "urn:oasis:names:tc:SAML:2.0:assertion",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}


def only(node: etree._Element, path: str) -> etree._Element:
    """The element at ``path``; fails the test when there is none."""
    found = node.find(path, NS)
    assert found is not None
    return found


def verify(node: etree._Element | None, certificate_pem: bytes) -> None:
    """Check the signature that stands directly in ``node`` with xmlsec; raises when it is not good."""
    assert node is not None
    signature = only(node, "ds:Signature")
    assert only(signature, "ds:SignedInfo/ds:Reference").get("URI") == f"#{node.get('ID')}"
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(certificate_pem, xmlsec.constants.KeyDataFormatCertPem)
    context.register_id(node, "ID")
    context.verify(signature)


def attributes(root: etree._Element) -> dict[str | None, list[str]]:
    found = root.findall(".//a:Attribute", NS)
    return {
        each.get("Name"): [value.text or "" for value in each.findall("a:AttributeValue", NS)]
        for each in found
    }


def certificate(simulator: RunningSimulator, vendor: str) -> bytes:
    return simulator.app.keys.saml(vendor).certificate_pem


@pytest.mark.parametrize(
    ("vendor", "sign", "assertion_signed", "response_signed"),
    [
        ("entra", "", True, False),
        ("okta", "", True, True),
        ("generic", "", True, True),
        ("entra", "response", False, True),
        ("okta", "assertion", True, False),
        ("entra", "both", True, True),
    ],
)
def test_signatures_stand_where_the_vendor_puts_them(
    simulator: RunningSimulator,
    sp: ServiceProvider,
    vendor: str,
    sign: str,
    assertion_signed: bool,
    response_signed: bool,
) -> None:  # S-8
    xml, _ = sp.answer(sp.go(sp.request_xml(vendor), vendor), person="mia@acme.example", sign=sign)
    root = etree.fromstring(xml)
    for node, signed in ((only(root, "a:Assertion"), assertion_signed), (root, response_signed)):
        assert (node.find("ds:Signature", NS) is not None) == signed
        if signed:
            verify(node, certificate(simulator, vendor))


def test_changed_assertion_no_longer_verifies(simulator: RunningSimulator, sp: ServiceProvider) -> None:
    xml, _ = sp.answer(sp.go(sp.request_xml()), person="mia@acme.example")
    root = etree.fromstring(xml.replace(b"mia.keller@", b"eve.keller@"))
    with pytest.raises(xmlsec.Error):
        verify(root.find("a:Assertion", NS), certificate(simulator, "entra"))


def test_response_names_request_recipient_audience_and_five_minutes(
    simulator: RunningSimulator, sp: ServiceProvider
) -> None:  # S-8
    page = sp.go(sp.request_xml(ID="_request1"), RelayState="relay <1>")
    xml, form = sp.answer(page, person="mia@acme.example", session_minutes="60")
    root = etree.fromstring(xml)
    assert form.action == SP
    assert form.value("RelayState") == "relay <1>"
    assert root.get("Destination") == SP
    assert root.get("InResponseTo") == "_request1"
    assert {issuer.text for issuer in root.iter(f"{{{NS['a']}}}Issuer")} == {
        f"{simulator.url}/entra/saml/metadata"
    }
    data = only(root, ".//a:SubjectConfirmationData")
    assert (data.get("Recipient"), data.get("InResponseTo")) == (SP, "_request1")
    now = dt.datetime.now(dt.UTC)
    ends = dt.datetime.fromisoformat(data.get("NotOnOrAfter", ""))
    assert dt.timedelta(minutes=4) < ends - now <= dt.timedelta(minutes=5)
    assert root.findtext(".//a:Audience", namespaces=NS) == SP
    statement = only(root, ".//a:AuthnStatement")
    assert statement.get("SessionIndex")
    session_end = dt.datetime.fromisoformat(statement.get("SessionNotOnOrAfter", ""))  # L-13
    assert dt.timedelta(minutes=59) < session_end - now <= dt.timedelta(minutes=60)


def test_entra_person_carries_claim_uris_and_object_ids_of_groups(sp: ServiceProvider) -> None:  # G-4, J-1
    xml, _ = sp.answer(sp.go(sp.request_xml()), person="mia@acme.example")
    found = attributes(etree.fromstring(xml))
    assert found[MS + "tenantid"] == [TENANT]
    assert found[MS + "objectidentifier"] == [MIA]
    assert found[MS + "displayname"] == ["Mia Keller"]
    assert found[WS + "givenname"] == ["Mia"]
    assert found[WS + "surname"] == ["Keller"]
    assert found[WS + "emailaddress"] == ["mia.keller@acme.example"]
    assert found[WS + "name"] == ["mia@acme.example"]
    assert found[GROUPS] == [GROUP_1, GROUP_2]
    assert found["space_name"] == ["Trial,DevOps"]
    assert found["space_role"] == ["Space Member", "Space Developer"]
    assert "timezone" not in found


def test_okta_person_carries_short_names_and_names_of_groups(sp: ServiceProvider) -> None:  # G-4, J-1
    xml, _ = sp.answer(sp.go(sp.request_xml("okta"), "okta"), person="mia@acme.example")
    found = attributes(etree.fromstring(xml))
    assert found["email"] == ["mia.keller@acme.example"]
    assert found["firstName"] == ["Mia"]
    assert found["lastName"] == ["Keller"]
    assert found["groups"] == ["Engineers", "On Call"]
    assert found["space_name"] == ["Trial,DevOps"]
    assert not any(str(name).startswith("http") for name in found)


def test_group_overage_sends_a_link_instead_of_groups(sp: ServiceProvider) -> None:  # G-5
    xml, _ = sp.answer(sp.go(sp.request_xml()), person="mia@acme.example", overage="1")
    found = attributes(etree.fromstring(xml))
    assert GROUPS not in found
    assert found["http://schemas.microsoft.com/claims/groups.link"] == [
        f"https://graph.windows.net/{TENANT}/users/{MIA}/getMemberObjects"
    ]
    many = "\n".join(f"00000000-0000-4000-8000-{number:012d}" for number in range(151))
    xml, _ = sp.answer(sp.go(sp.request_xml()), person="mia@acme.example", groups=many)
    assert GROUPS not in attributes(etree.fromstring(xml))


@pytest.mark.parametrize(
    ("asked", "chosen", "expected", "value"),
    [
        ("", "", "1.1:nameid-format:emailAddress", "mia@acme.example"),
        ("2.0:nameid-format:persistent", "", "2.0:nameid-format:persistent", None),
        ("1.1:nameid-format:unspecified", "", "1.1:nameid-format:emailAddress", "mia@acme.example"),
        ("2.0:nameid-format:persistent", "unspecified", "1.1:nameid-format:unspecified", "mia@acme.example"),
        ("", "transient", "2.0:nameid-format:transient", None),
    ],
)
def test_name_id_follows_the_page_then_the_request_then_the_vendor(
    sp: ServiceProvider, asked: str, chosen: str, expected: str, value: str | None
) -> None:  # J-11
    inner = f'<samlp:NameIDPolicy Format="urn:oasis:names:tc:SAML:{asked}"/>' if asked else ""
    names = []
    for _ in range(2):
        page = sp.go(sp.request_xml(inner=inner))
        xml, _ = sp.answer(page, person="mia@acme.example", name_id_format=chosen)
        names.append(only(etree.fromstring(xml), ".//a:NameID"))
    assert {name.get("Format") for name in names} == {f"urn:oasis:names:tc:SAML:{expected}"}
    if value is not None:
        assert names[0].text == value
    else:
        assert "mia" not in (names[0].text or "mia")
        assert (names[0].text == names[1].text) == (expected == "2.0:nameid-format:persistent")


def test_typed_name_id_is_sent(sp: ServiceProvider) -> None:
    xml, _ = sp.answer(sp.go(sp.request_xml()), person="mia@acme.example", name_id="someone-else")
    assert etree.fromstring(xml).findtext(".//a:NameID", namespaces=NS) == "someone-else"


def test_idp_initiated_response_is_unsolicited(
    simulator: RunningSimulator, sp: ServiceProvider, session: requests.Session
) -> None:  # S-5, V-19
    page = session.get(f"{sp.url}/okta/saml/start", params={"sp": SP, "RelayState": "/start"}, timeout=10)
    xml, form = sp.answer(page, person="mia@acme.example")
    assert b"InResponseTo" not in xml
    assert form.value("RelayState") == "/start"
    verify(etree.fromstring(xml), certificate(simulator, "okta"))


@pytest.mark.parametrize(
    ("vendor", "action", "message"),
    [
        ("entra", "not_assigned", "AADSTS50105: "),
        ("entra", "decline", "AADSTS65004: "),
        ("okta", "not_assigned", "User is not assigned to the client application."),
    ],
)
def test_refusal_at_the_identity_provider_comes_back_as_a_signed_status(
    simulator: RunningSimulator, sp: ServiceProvider, vendor: str, action: str, message: str
) -> None:  # L-10
    xml, _ = sp.answer(sp.go(sp.request_xml(vendor, ID="_r2"), vendor), action=action)
    root = etree.fromstring(xml)
    verify(root, certificate(simulator, vendor))
    assert root.get("InResponseTo") == "_r2"
    assert root.find("a:Assertion", NS) is None
    assert only(root, "p:Status/p:StatusCode").get("Value", "").endswith(":Responder")
    assert (only(root, "p:Status/p:StatusMessage").text or "").startswith(message)


def test_passive_request_finds_nobody_signed_in(sp: ServiceProvider) -> None:
    page = sp.go(sp.request_xml(IsPassive="true"))
    assert "SAMLResponse" in page.text
    assert 'id="person"' not in page.text


def test_page_tells_application_and_posts_by_a_button_without_script(sp: ServiceProvider) -> None:
    page = sp.go(sp.request_xml())
    assert f'<span id="application">{SP}</span>' in page.text
    xml_page = sp.session.post(
        f"{sp.url}/entra/saml/continue", data={"sp": SP, "person": "mia@acme.example"}, timeout=10
    )
    assert '<button id="post" class="primary" type="submit">Continue</button>' in xml_page.text


@pytest.mark.parametrize("vendor", ["entra", "okta", "generic"])
def test_independent_toolkit_configured_from_the_metadata_accepts_the_response(
    simulator: RunningSimulator, sp: ServiceProvider, session: requests.Session, vendor: str
) -> None:  # S-2
    metadata = session.get(f"{simulator.url}/{vendor}/saml/metadata", timeout=10).text
    settings = OneLogin_Saml2_IdPMetadataParser.parse(metadata)
    settings |= {
        "strict": True,
        "sp": {"entityId": SP, "assertionConsumerService": {"url": SP}},
        "security": {
            "wantAssertionsSigned": True,
            "wantMessagesSigned": vendor != "entra",
            "wantNameId": True,
        },
    }
    sign_on_url = settings["idp"]["singleSignOnService"]["url"]
    assert sign_on_url == f"{simulator.url}/{vendor}/saml/sso"
    xml, _ = sp.answer(sp.go(sp.request_xml(vendor, ID="_toolkit"), vendor), person="mia@acme.example")
    http = {"https": "off", "http_host": "app.example", "script_name": "/sso/saml/acme/", "get_data": {}}
    auth = OneLogin_Saml2_Auth(
        http | {"post_data": {"SAMLResponse": base64.b64encode(xml).decode()}}, settings
    )
    auth.process_response(request_id="_toolkit")
    assert auth.get_last_error_reason() is None
    assert auth.is_authenticated()
