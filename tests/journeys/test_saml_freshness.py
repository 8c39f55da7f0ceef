"""Where people must sign in afresh, a provider that answers from an older session of theirs signs nobody in (S-7)."""

from __future__ import annotations

import base64
import zlib
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from lxml import etree

from accounts import lifecycle
from audit.models import FailureLogEntry
from sso import providers
from sso.models import IdentityProvider, ProtocolName, Vendor
from sso_saml.configuration import SamlValues, save_saml_settings
from tests.conftest import BASE_URL, client_of
from tests.journeys.conftest import OPERATOR
from tests.sso_saml.forge import IDP, Recipe, certificate, pem, rsa_key

START = "/sso/saml/acme/"
ACS = f"{BASE_URL}{START}"


@pytest.fixture
def provider(db: None) -> IdentityProvider:
    """A provider of which the tests hold the key."""
    account = lifecycle.create_account(actor=OPERATOR, slug="acme", name="Acme", sso_module=True)
    made = providers.create_provider(
        actor=OPERATOR,
        slug="acme",
        name="Acme",
        protocol=ProtocolName.SAML,
        vendor=Vendor.OTHER,
        account=account,
    )
    values = SamlValues(
        idp_entity_id=IDP,
        sso_url="https://idp.acme.example/sso",
        certificates=(pem(certificate(rsa_key("idp"))),),
        force_authn=True,
        idp_initiated="accept",
    )
    save_saml_settings(provider=made, actor=OPERATOR, values=values)
    providers.enable_provider(provider=made, actor=OPERATOR)
    return made


def moment(minutes: float) -> str:
    return (timezone.now() + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def answer(client: Client, request_id: str | None, authenticated: float) -> HttpResponse:
    """Deliver an answer whose person signed in that many minutes from now."""
    recipe = Recipe(
        destination=ACS,
        recipient=ACS,
        audiences=((ACS,),),
        response_in_response_to=request_id,
        in_response_to=request_id,
        valid_from=moment(-1),
        valid_until=moment(5),
        confirmed_until=moment(5),
        session_until=moment(60),
        authenticated=moment(authenticated),
    )
    return client.post(START, {"SAMLResponse": recipe.post()})  # type: ignore[return-value]


def ask(client: Client) -> str:
    """Begin a sign-in and return the ID of the request, which asks to sign in afresh."""
    query = parse_qs(urlsplit(client.get(START)["Location"]).query)
    request = etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15))
    assert request.get("ForceAuthn") == "true"
    return request.get("ID") or ""


@pytest.mark.parametrize(("minutes", "status"), [(-3, 400), (-1, 303), (0, 303)])
def test_answer_to_our_request_must_be_newer_than_it(
    provider: IdentityProvider, minutes: float, status: int
) -> None:
    # two minutes of skew
    client = client_of("localhost:8000")
    assert answer(client, ask(client), minutes).status_code == status
    refused = FailureLogEntry.objects.filter(code="saml.authn_not_fresh").exists()
    assert refused == (status == 400)


@pytest.mark.parametrize(("minutes", "status"), [(-8, 400), (-4, 303)])
def test_answer_that_nobody_asked_for_must_be_minutes_old_at_most(
    provider: IdentityProvider, minutes: float, status: int
) -> None:
    # S-5
    assert answer(client_of("localhost:8000"), None, minutes).status_code == status
    refused = FailureLogEntry.objects.filter(code="saml.authn_not_fresh").exists()
    assert refused == (status == 400)
