"""What a provider's error becomes: words for the person, advice for the admin, a text in the trail (L-10, O-4)."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from sso.models import IdentityProvider, ProtocolName, Vendor
from sso.refusals import Refusal
from sso_oidc.checks import advice_for
from tests.foundation.local_server import answer
from tests.journeys.entra_world import ACME_TENANT, Answer, EntraCloud, add_own_provider, answer_with
from tests.journeys.person_browser import Page, PersonBrowser
from tests.journeys.seen import reasons, track_id_of
from tests.worlds import PASSWORD, World, found_account

START = "/sso/oidc/acme-entra/login"
TOKEN = f"/{ACME_TENANT}/oauth2/v2.0/token"
CORRELATION = "0f0e0d0c-1111-4222-8333-444455556666"

CONSENT = (
    "To login to Identity Broker using your Microsoft Entra ID account, you have to consent to permissions"
)
NOT_ASSIGNED = "You are not assigned to Identity Broker in Acme's identity provider."
WRONG_TENANT = "The account that you chose does not belong to an organization known to Identity Broker."
UNREACHABLE = "Acme Entra can't be reached at the moment."
NOTHING = "Something went wrong"


def entra(number: int) -> str:
    return (
        f"AADSTS{number}: <script>alert('secret words')</script>\r\nTrace ID: 1\r\nCorrelation ID: {CORRELATION}\r\n"
        "Timestamp: 2026-01-01 00:00:00Z"
    )


# error, description, what the person reads, the code that the trail holds
ERRORS = [
    ("access_denied", entra(65004), CONSENT, "consent_refused"),
    ("consent_required", entra(65004), CONSENT, "consent_refused"),
    ("consent_required", entra(65001), CONSENT, "consent_refused"),
    ("invalid_grant", entra(65001), CONSENT, "consent_refused"),
    ("interaction_required", entra(65001), CONSENT, "consent_refused"),
    ("access_denied", entra(90094), CONSENT, "consent_refused"),
    ("access_denied", entra(90095), CONSENT, "consent_refused"),
    ("consent_required", "", CONSENT, "consent_refused"),
    ("access_denied", "", CONSENT, "consent_refused"),
    ("access_denied", entra(50105), NOT_ASSIGNED, "not_assigned"),
    ("interaction_required", entra(50105), NOT_ASSIGNED, "not_assigned"),
    ("access_denied", "User is not assigned to the client application.", NOT_ASSIGNED, "not_assigned"),
    ("access_denied", entra(50020), WRONG_TENANT, "wrong_tenant"),
    ("invalid_request", entra(90002), WRONG_TENANT, "wrong_tenant"),
    ("invalid_request", entra(50194), WRONG_TENANT, "wrong_tenant"),
    ("org_internal", "", WRONG_TENANT, "wrong_tenant"),
    ("temporarily_unavailable", entra(90055), UNREACHABLE, "provider.unreachable"),
    ("interaction_required", "", NOTHING, "oidc.interaction_required"),
    ("login_required", entra(50058), NOTHING, "oidc.interaction_required"),
    ("invalid_grant", entra(50076), NOTHING, "oidc.interaction_required"),
    ("account_selection_required", "", NOTHING, "oidc.interaction_required"),
    ("unsupported_response_type", entra(700054), NOTHING, "oidc.hybrid_not_enabled"),
    ("unsupported_response", "", NOTHING, "oidc.hybrid_not_enabled"),
    ("access_denied", entra(53003), NOTHING, "oidc.blocked_by_policy"),
    ("access_denied", "Policy evaluation failed for this request.", NOTHING, "oidc.blocked_by_policy"),
    ("admin_policy_enforced", "", NOTHING, "oidc.blocked_by_policy"),
    ("unauthorized_client", entra(700016), NOTHING, "oidc.application_unknown"),
    ("disabled_client", "", NOTHING, "oidc.application_unknown"),
    ("invalid_client", entra(7000215), NOTHING, "oidc.client_authentication"),
    ("invalid_client", entra(7000222), NOTHING, "oidc.client_authentication"),
    ("invalid_client", "", NOTHING, "oidc.client_authentication"),
    ("invalid_request", entra(50011), NOTHING, "oidc.redirect_uri"),
    ("invalid_grant", entra(9002313), NOTHING, "oidc.provider_error"),
    ("access_denied", entra(999999), NOTHING, "oidc.provider_error"),
    ("server_error", entra(1), NOTHING, "oidc.provider_error"),
    ("<b>", "<b>", NOTHING, "oidc.provider_error"),
]
TABLE = pytest.mark.parametrize(("error", "description", "words", "code"), ERRORS)


@pytest.fixture
def acme(cloud: EntraCloud) -> World:
    world = found_account("acme")
    add_own_provider(cloud, world)
    return world


def check(page: Page, browser: PersonBrowser, words: str, code: str) -> None:
    assert words in page.words
    assert reasons(track_id_of(page)) == [code]
    for never in ("secret words", "<script>alert", "AADSTS", CORRELATION):
        assert never not in page.text
    assert browser.me() == {"authenticated": False}


@pytest.mark.usefixtures("acme")
@TABLE
def test_error_at_the_redirect_becomes_words_or_a_track_id(
    cloud: EntraCloud, browser: PersonBrowser, error: str, description: str, words: str, code: str
) -> None:
    # L-10, L-11
    asked = parse_qs(urlsplit(browser.open(START).url).query)
    fields = {"error": error, "error_description": description, "state": asked["state"][0]}
    check(browser.open(f"/sso/oidc/acme-entra/callback?{urlencode(fields)}"), browser, words, code)
    answer_with(cloud, browser, START, Answer())
    assert browser.me()["authenticated"] is True


@pytest.mark.usefixtures("acme")
@TABLE
def test_error_of_the_token_endpoint_becomes_the_same(
    cloud: EntraCloud, browser: PersonBrowser, error: str, description: str, words: str, code: str
) -> None:
    # L-10, L-11
    honest = cloud.server.routes[TOKEN]
    body = {
        "error": error,
        "error_description": description,
        "error_codes": [1],
        "correlation_id": CORRELATION,
    }
    cloud.server.routes[TOKEN] = answer(body, status=400)
    check(answer_with(cloud, browser, START, Answer()), browser, words, code)
    cloud.server.routes[TOKEN] = honest
    answer_with(cloud, browser, START, Answer())
    assert browser.me()["authenticated"] is True


def test_admin_finds_the_providers_own_text_under_the_track_id_and_it_is_text(
    acme: World, cloud: EntraCloud, browser: PersonBrowser, new_browser: type[PersonBrowser]
) -> None:
    # L-10: escaped
    asked = parse_qs(urlsplit(browser.open(START).url).query)
    fields = {"error": "access_denied", "error_description": entra(50105), "state": asked["state"][0]}
    shown = track_id_of(browser.open(f"/sso/oidc/acme-entra/callback?{urlencode(fields)}"))
    admin = new_browser()
    admin.post("/login/acme/", {"user_name": acme.sso_admin.user_name, "password": PASSWORD})
    log = admin.open(f"/admin/audit/failurelogentry/?q={shown}")
    assert "access_denied AADSTS50105" in log.words
    assert "alert('secret words')" in log.words
    assert CORRELATION in log.words
    assert "<script>alert" not in log.text


@pytest.mark.usefixtures("acme")
def test_text_of_a_verified_refusal_is_text_in_the_audit_trail(
    cloud: EntraCloud, browser: PersonBrowser, new_browser: type[PersonBrowser]
) -> None:
    # what the token said stands in the message
    said = Answer(email="<img src=x onerror=alert(1)>@evil.example")
    answer_with(cloud, browser, START, said)
    world_admin = new_browser()
    world_admin.post("/login/acme/", {"user_name": "sso@acme.example", "password": PASSWORD})
    for page in ("/admin/audit/auditevent/", "/admin/audit/failurelogentry/"):
        assert "<img src=x" not in world_admin.open(page).text


@TABLE
@pytest.mark.django_db
def test_admin_reads_what_to_mend(error: str, description: str, words: str, code: str) -> None:
    # O-4: whatever has a code has advice
    if code == "provider.unreachable":
        return
    number = description.partition(":")[0] if description.startswith("AADSTS") else ""
    provider = IdentityProvider(protocol=ProtocolName.OIDC, vendor=Vendor.ENTRA)
    advice = advice_for(Refusal(code, f"{error} {number}; whatever; correlation id none"), provider)
    assert advice
    assert "AADSTS" not in advice


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (7000222, "expired"),
        (7000215, "enter its value, not its id"),
        (700016, "client id"),
        (700054, "Tick “ID tokens”"),
        (50011, "redirect URI"),
        (50194, "multi-tenant"),
        (90002, "tenant id"),
        (65001, "Admin consent"),
        (65004, "declined"),
        (50105, "Users and groups"),
        (9002313, "stray characters"),
    ],
)
@pytest.mark.django_db
def test_advice_names_the_place_in_entra(number: int, says: str) -> None:
    # O-4
    for code in ("oidc.provider_error", "consent_refused", "oidc.client_authentication"):
        refusal = Refusal(code, f"some_error AADSTS{number}; AADSTS1: other; correlation id none")
        assert says in advice_for(refusal, IdentityProvider(vendor=Vendor.ENTRA))


def test_number_in_the_providers_own_words_gives_no_advice() -> None:
    # Only the number that we read counts, not one that stands somewhere in the text.
    entra = IdentityProvider(vendor=Vendor.ENTRA)
    refusal = Refusal("oidc.provider_error", "server_error; AADSTS7000222: x; correlation id")
    assert "expired" not in advice_for(refusal, entra)
    assert "expired" not in advice_for(Refusal("oidc.nonce", "x AADSTS7000222; y"), entra)


@pytest.mark.usefixtures("acme")
def test_person_with_a_missing_assignment_can_start_again(browser: PersonBrowser) -> None:
    # L-10
    assert IdentityProvider.objects.filter(slug="acme-entra").exists()
    asked = parse_qs(urlsplit(browser.open(f"{START}?login_hint=mia%40acme.example").url).query)
    fields = {"error": "access_denied", "error_description": entra(50105), "state": asked["state"][0]}
    page = browser.open(f"/sso/oidc/acme-entra/callback?{urlencode(fields)}")
    assert "email=mia%40acme.example" in page.link("Start again")
