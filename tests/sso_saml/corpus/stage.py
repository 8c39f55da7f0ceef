"""Where the corpus plays: two customers with their providers, browsers that left for one, and what comes of an answer.

Everything goes through the product's HTTP surface. A browser begins by GET, somebody posts an answer cross-site, the
browser follows to the continuation. The clock stands still at ``NOW``, as the recipes are dated.
"""

from __future__ import annotations

import base64
import time
import zlib
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.hashes import SHA256
from django.test import Client
from django.test.client import ClientHandler
from lxml import etree

from accounts import lifecycle
from accounts.models import EmailDomain
from audit.actors import configuration
from sso import providers
from sso.models import IdentityProvider, KeyRole, ProtocolName, Vendor
from sso_saml.configuration import SamlValues, save_saml_settings
from sso_saml.models import SamlSettings, SpKeyPair
from tests.journeys.person_browser import Page
from tests.journeys.seen import refused_for, rows, written
from tests.sso_saml.corpus.case import (
    OTHER_RELAY_STATE,
    OTHER_REQUEST,
    USUAL,
    Case,
    Fields,
    FormHook,
    Ground,
    Variant,
    as_it_is,
)
from tests.sso_saml.forge import IDP, Recipe, certificate, pem, private_pem, rsa_key, sp_certificate

OPERATOR = configuration("tests")
HOST = "localhost:8000"
ACME = "acme"
GLOBEX = "globex"
GLOBEX_IDP = "https://idp.globex.example/saml"
GLOBEX_SP = "http://localhost:8000/sso/saml/globex/"
# acme also owns the domain that a truncated address of it would hide.
DOMAINS = {ACME: ("acme.example", "acme.example.evil.example"), GLOBEX: ("globex.example",)}
LOGGED = {"audit.FailureLogEntry": 1}
SLOWEST = 2.0  # seconds of work for one answer


def found_stage() -> None:
    """Make both customers, each with an enabled provider."""
    for slug, issuer, key in ((ACME, IDP, "idp"), (GLOBEX, GLOBEX_IDP, "globex")):
        account = lifecycle.create_account(actor=OPERATOR, slug=slug, name=slug.title(), sso_module=True)
        for domain in DOMAINS[slug]:
            lifecycle.verify_domain(
                account=account, actor=OPERATOR, domain=domain, method=EmailDomain.Method.OPERATOR
            )
        provider = providers.create_provider(
            actor=OPERATOR,
            slug=slug,
            name=f"{slug.title()} SAML",
            protocol=ProtocolName.SAML,
            vendor=Vendor.OTHER,
            account=account,
        )
        values = SamlValues(
            idp_entity_id=issuer,
            sso_url=f"https://idp.{slug}.example/sso",
            certificates=(pem(certificate(rsa_key(key))),),
        )
        save_saml_settings(provider=provider, actor=OPERATOR, values=values)
        SpKeyPair.objects.create(
            provider=provider,
            role=KeyRole.CURRENT,
            private_key=private_pem(rsa_key("sp")),
            certificate=pem(sp_certificate()),
            fingerprint=sp_certificate().fingerprint(SHA256()).hex(),
            not_after=sp_certificate().not_valid_after_utc,
        )
        providers.enable_provider(provider=provider, actor=OPERATOR)


def prepare(ground: Ground, slug: str = ACME) -> None:
    """Set a provider as a case wants it."""
    if ground is USUAL:
        return
    provider = IdentityProvider.objects.get(slug=slug)
    SamlSettings.objects.filter(provider=provider).update(**ground.settings)
    save_saml_settings(provider=provider, actor=OPERATOR, values=SamlValues(certificates=ground.certificates))


@cache
def _handler() -> ClientHandler:
    """One request handler for all browsers: making one loads the whole middleware."""
    return ClientHandler()


def new_browser() -> Client:
    """A browser without cookies."""
    client = Client(headers={"host": HOST})
    client.handler = _handler()
    return client


@dataclass
class Visit:
    """A browser that left for the provider, and what the provider got to know of it."""

    browser: Client
    slug: str
    request_id: str
    relay_state: str


def leave(slug: str = ACME) -> Visit:
    """Begin a sign-in in a fresh browser."""
    browser = new_browser()
    answer = browser.get(f"/sso/saml/{slug}/")
    assert answer.status_code == 302, answer.content[:500]
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    request = etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15))
    return Visit(browser, slug, str(request.get("ID")), query["RelayState"][0])


@dataclass
class Answer:
    """What came back for one posted answer, and how long this process worked on it."""

    page: Page
    seconds: float


def post(visit: Visit, recipe: Recipe, form: FormHook = as_it_is, other: Visit | None = None) -> Answer:
    """Let the visit's browser bring an answer made by ``recipe``."""
    others = {OTHER_REQUEST: other.request_id} if other else {}
    fields: Fields = {
        "SAMLResponse": recipe.answering(visit.request_id, **others).post(),
        "RelayState": visit.relay_state,
    }
    fields = form(fields)
    if other:
        fields = {name: _told(value, other) for name, value in fields.items()}
    return send(visit, fields)


def send(visit: Visit, fields: Fields) -> Answer:
    """Let the visit's browser post a form to the Redirect URL: cross-site, so Lax cookies stay at home."""
    url = f"/sso/saml/{visit.slug}/"
    stranger = new_browser()
    begun = time.process_time()
    answer = stranger.post(url, dict(fields))
    seconds = time.process_time() - begun
    visit.browser.cookies.update(stranger.cookies)  # what the answer sets is kept
    page = Page(url, answer.status_code, answer.content.decode(), dict(answer.headers))
    return Answer(page, seconds)


def _told(value: object, other: Visit) -> object:
    return other.relay_state if value == OTHER_RELAY_STATE else value


def signed_in(visit: Visit, answer: Answer) -> str | None:
    """Follow an answer to its end; the e-mail of whom the browser is now signed in as."""
    if answer.page.status == 303:
        visit.browser.get(answer.page.headers["Location"])
    me = visit.browser.get("/api/me").json()
    return str(me["email"]) if me["authenticated"] else None


def refused(case: Case, visit: Visit) -> Answer:
    """Play the attack: a page with a track ID that leads to its one code, nobody signed in, nothing kept.

    ``visit`` waits for its answer before and after: an attack spends nothing, so one serves any number of them.
    """
    prepare(case.ground)
    _come_before(case.first)
    other = leave(case.beside) if case.beside else None
    before = rows()
    answer = post(visit, case.attack, case.form, other)
    assert answer.page.status != 303, f"sent on to {answer.page.headers.get('Location')}"
    reason = refused_for(answer.page)
    assert reason == case.code, f"refused for {reason}, not {case.code}"
    assert written(before) == LOGGED
    assert visit.browser.get("/api/me").status_code == 401
    assert answer.seconds < SLOWEST
    return answer


def welcome(variant: Variant) -> Answer:
    """Play an honest answer: it signs the right person in."""
    prepare(variant.ground)
    _come_before(variant.first)
    visit = leave()
    answer = post(visit, variant.recipe, variant.form)
    assert signed_in(visit, answer) == variant.person, answer.page.words
    return answer


def _come_before(first: Recipe | None) -> None:
    if first is not None:
        earlier = leave()
        assert signed_in(earlier, post(earlier, first)) is not None
