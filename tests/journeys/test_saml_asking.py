"""What a provider's settings make us ask for, and that an answer which doesn't keep to it signs nobody in."""

from __future__ import annotations

import base64
import zlib
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree

from audit.models import FailureLogEntry
from sso.models import Vendor
from sso.providers import ProviderInvalid, update_provider
from sso_saml.configuration import SamlValues, save_saml_settings
from sso_saml.models import SamlSettings
from tests.journeys.conftest import OPERATOR, Company
from tests.journeys.person_browser import PersonBrowser, sign_in

START = "/sso/saml/acme-saml/"
SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
SAMLP = "{urn:oasis:names:tc:SAML:2.0:protocol}"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
KERBEROS = "urn:oasis:names:tc:SAML:2.0:ac:classes:Kerberos"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"


def save(company: Company, **values: object) -> frozenset[str]:
    return save_saml_settings(provider=company.saml, actor=OPERATOR, values=SamlValues(**values))  # type: ignore[arg-type]


def asked(browser: PersonBrowser, start: str = START) -> tuple[etree._Element, dict[str, list[str]]]:
    """Return the AuthnRequest of a start, and the query that carried it."""
    browser.open(start)
    query = parse_qs(urlsplit(browser.trail[-1]).query)
    return etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15)), query


def test_by_default_nothing_is_asked_that_a_vendor_might_refuse(
    acme: Company, browser: PersonBrowser
) -> None:
    # S-1, S-7, L-4
    request, query = asked(browser, f"{START}?login_hint=mia@acme.example")
    assert request.get("ForceAuthn") is None
    assert [child.tag for child in request] == [f"{SAML}Issuer"]
    assert query["login_hint"] == ["mia@acme.example"]
    assert "Signature" not in query


def test_settings_of_the_provider_are_asked_for(acme: Company, browser: PersonBrowser) -> None:
    # S-7
    save(acme, force_authn=True, authn_contexts=f"{PASSWORD}\n {KERBEROS}\n", name_id_format=EMAIL)
    request, _ = asked(browser)
    assert request.get("ForceAuthn") == "true"
    contexts = request.find(f"{SAMLP}RequestedAuthnContext")
    assert contexts is not None
    assert contexts.get("Comparison") == "exact"
    assert [element.text for element in contexts] == [PASSWORD, KERBEROS]
    policy = request.find(f"{SAMLP}NameIDPolicy")
    assert policy is not None
    assert policy.get("Format") == EMAIL
    sign_in(browser, START)
    assert browser.me()["authenticated"]


@pytest.mark.parametrize("style", ["subject", "none", "parameter"])
def test_hint_travels_as_the_provider_wants_it(acme: Company, browser: PersonBrowser, style: str) -> None:
    # L-4
    update_provider(provider=acme.saml, actor=OPERATOR, values={"vendor": Vendor.OTHER})
    save(acme, hint_style=style)
    browser.open(f"{START}?login_hint=mia@acme.example")
    query = parse_qs(urlsplit(browser.trail[-1]).query)
    request = etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15))
    assert request.findtext(f"{SAML}Subject/{SAML}NameID") == (
        "mia@acme.example" if style == "subject" else None
    )
    assert ("login_hint" in query) == (style == "parameter")


def test_answer_by_another_context_is_refused(acme: Company, browser: PersonBrowser) -> None:
    # S-7: the stand-in accepts the request for the password's sake and answers with it alone
    save(acme, authn_contexts=f"{PASSWORD}\n{KERBEROS}")
    page = browser.open(START)
    save(acme, authn_contexts=KERBEROS)
    answer = browser.submit(browser.submit(page, fresh=True, person="mia@acme.example"))
    assert answer.status == 400
    assert not browser.me()["authenticated"]
    assert FailureLogEntry.objects.filter(code="saml.authn_context").exists()
    save(acme, authn_contexts=PASSWORD)
    sign_in(browser, START)
    assert browser.me()["authenticated"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"slo_binding": "artifact"}, "redirect, post"),
        ({"request_binding": ""}, "redirect, post"),
        ({"hint_style": "loud"}, "vendor, parameter, subject, none"),
        ({"hint_style": "subject"}, "AADSTS900236"),
        ({"authn_context_comparison": "better"}, "exact, minimum"),
        ({"authn_contexts": "password"}, "absolute URI"),
        ({"authn_contexts": "\n".join(f"urn:x:{number}" for number in range(11))}, "at most 10"),
        ({"name_id_format": "emailAddress"}, "absolute URI"),
        ({"sso_post_url": "http://10.0.0.1/sso"}, "HTTP POST"),
        ({"slo_response_url": "javascript:alert(1)"}, "response URL"),
        ({"metadata_url": "file:///etc/passwd"}, "metadata URL"),
        ({"metadata_certificate": "hello"}, "not_a_certificate"),
        ({"idp_entity_id": "http://localhost:8000/sso/saml/acme-saml"}, "own Redirect URL"),
    ],
)
def test_settings_that_cannot_work_are_refused(acme: Company, values: dict[str, str], said: str) -> None:
    # S-2, V-23
    before = SamlSettings.objects.values().get(provider=acme.saml)
    with pytest.raises(ProviderInvalid) as refused:
        save(acme, **values)
    assert said in refused.value.message
    assert SamlSettings.objects.values().get(provider=acme.saml) == before


def test_saving_the_same_again_changes_nothing(acme: Company) -> None:
    #
    values = {
        "request_binding": "post",
        "sign_requests": True,
        "authn_contexts": f"  {PASSWORD}\r\n{KERBEROS}",
        "require_encryption": False,
    }
    assert save(acme, **values) == {"request_binding", "sign_requests", "authn_contexts"}
    assert save(acme, **values) == frozenset()
