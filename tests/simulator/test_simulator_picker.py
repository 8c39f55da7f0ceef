"""Choosing a person and editing their claims, with and without a page in between."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
import requests
from joserfc import jws
from lxml import etree

from simulator.forms import PageForm

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.forms import FieldValue
    from tests.simulator.conftest import RelyingParty, ServiceProvider

SP = "http://app.example/sso/saml/acme/"
NS = {"a": "urn:oasis:names:tc:SAML:2.0:assertion"}
GROUPS = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"
EMAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"


def said(sp: ServiceProvider, **fields: FieldValue) -> dict[str | None, list[str]]:
    """What the assertion says when the page is filled in like this."""
    xml, _ = sp.answer(sp.go(sp.request_xml()), **fields)
    return attributes(xml)


def attributes(xml: bytes) -> dict[str | None, list[str]]:
    found = etree.fromstring(xml).findall(".//a:Attribute", NS)
    return {
        each.get("Name"): [value.text or "" for value in each.findall("a:AttributeValue", NS)]
        for each in found
    }


def test_choosing_another_person_on_the_page_brings_their_claims(sp: ServiceProvider) -> None:
    found = said(sp, person="noah@acme.example")  # the page shows Mia's
    assert "space_name" not in found
    assert GROUPS not in found
    assert EMAIL not in found


def test_edited_claim_survives_the_choice_of_another_person(sp: ServiceProvider) -> None:
    found = said(sp, person="noah@acme.example", space_name="DevOps")
    assert found["space_name"] == ["DevOps"]
    assert "space_role" not in found


def test_left_out_claim_is_absent_and_blank_claim_is_empty(sp: ServiceProvider) -> None:  # J-10
    found = said(sp, person="mia@acme.example", leave_out=["space_role", "email"], space_name="", groups="")
    assert "space_role" not in found
    assert EMAIL not in found
    assert found["space_name"] == [""]
    assert found[GROUPS] == []


def test_lines_are_values_and_commas_are_not(sp: ServiceProvider) -> None:  # J-4, J-6
    found = said(sp, person="mia@acme.example", space_name="Trial\r\n\r\nDevOps", space_role="a,b")
    assert found["space_name"] == ["Trial", "", "DevOps"]
    assert found["space_role"] == ["a,b"]


def test_further_claims_may_be_repeated_and_typed(sp: ServiceProvider, rp: RelyingParty) -> None:
    found = said(sp, person="mia@acme.example", extra="city=Berlin\ncity=Hamburg\nvip=true")
    assert found["city"] == ["Berlin", "Hamburg"]
    assert found["vip"] == ["true"]
    page = rp.authorize(response_type="code id_token", response_mode="form_post")
    answer = PageForm.read(rp.proceed(page, extra='role_mapping=["sales"]\nemail_verified="false"'))
    claims = json.loads(jws.extract_compact(answer.value("id_token").encode()).payload)
    assert claims["role_mapping"] == ["sales"]
    assert claims["email_verified"] == "false"


def test_show_claims_keeps_edits_and_changes_the_rest(sp: ServiceProvider, session: requests.Session) -> None:
    page = PageForm.read(sp.go(sp.request_xml(), RelayState="keep")).send(
        session, person="noah@acme.example", timezone="Asia/Tokyo", action="load"
    )
    form = PageForm.read(page)
    assert form.value("user_name") == "noah@acme.example"
    assert form.value("timezone") == "Asia/Tokyo"
    assert form.value("RelayState") == "keep"
    assert "timezone" not in form.values("leave_out")
    assert "email" in form.values("leave_out")


def test_form_sent_without_a_page_uses_the_persons_own_values(
    sp: ServiceProvider, session: requests.Session
) -> None:
    answer = session.post(
        f"{sp.url}/entra/saml/continue",
        data={"sp": SP, "person": "mia@acme.example", "space_name": "Trial", "leave_out": "groups"},
        timeout=10,
    )
    found = attributes(base64.b64decode(PageForm.read(answer).value("SAMLResponse")))
    assert found["space_name"] == ["Trial"]
    assert found["space_role"] == ["Space Member", "Space Developer"]
    assert GROUPS not in found


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("AADSTS50034", {"person": "stranger@acme.example"}),
        ("AADSTS90013", {"person": "mia@acme.example", "sign": "nothing"}),
        ("AADSTS90013", {"person": "mia@acme.example", "session_minutes": "-5"}),
        ("AADSTS90013", {"person": "mia@acme.example", "extra": "no equals sign"}),
        ("AADSTS90013", {"person": "mia@acme.example", "action": "hack"}),
        ("AADSTS90107", {"person": "mia@acme.example", "space_name": "\x00"}),
    ],
)
def test_form_that_makes_no_sense_is_refused(
    sp: ServiceProvider,
    session: requests.Session,
    refusal: Callable[[requests.Response], str],
    code: str,
    fields: dict[str, str],
) -> None:
    page = session.post(f"{sp.url}/entra/saml/continue", data={"sp": SP, **fields}, timeout=10)
    assert refusal(page) == code


def test_markup_in_typed_claims_is_shown_as_text(sp: ServiceProvider, session: requests.Session) -> None:
    page = PageForm.read(sp.go(sp.request_xml())).send(
        session, person="mia@acme.example", action="load", space_name="</textarea><script>x</script>"
    )
    assert "&lt;/textarea&gt;&lt;script&gt;" in page.text
    assert "<script>x" not in page.text
