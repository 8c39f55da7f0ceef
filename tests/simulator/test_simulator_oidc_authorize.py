"""The authorization endpoint: strict about who asks, exact about how it answers."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from simulator.forms import PageForm

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.server import RunningSimulator
    from tests.simulator.conftest import RelyingParty

CALLBACK = "http://app.example/sso/oidc/acme/callback"
TENANT = "11111111-2222-4333-8444-555555555555"
MIA = "a1c3e5f7-0001-4a00-8000-00000000a001"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).decode().rstrip("=")
HYBRID = {"response_type": "code id_token", "response_mode": "form_post"}


def answered(response: requests.Response, part: str = "query") -> dict[str, str]:
    """The parameters of a redirect to the callback."""
    assert response.status_code == 303
    target = urlsplit(response.headers["Location"])
    assert f"{target.scheme}://{target.netloc}{target.path}" == CALLBACK
    return {name: values[0] for name, values in parse_qs(getattr(target, part)).items()}


def claims_of(rp: RelyingParty, token: str, vendor: str = "entra") -> dict[str, Any]:
    keys = KeySet.import_key_set(rp.session.get(f"{rp.url}/{vendor}/oidc/jwks", timeout=10).json())
    decoded = jwt.decode(token, keys, algorithms=["RS256"])
    assert decoded.header["kid"] == keys.keys[0].kid
    return decoded.claims


def left_half(value: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(value.encode()).digest()[:16]).decode().rstrip("=")


def test_code_comes_back_in_the_query_with_the_state(rp: RelyingParty) -> None:
    page = rp.authorize(login_hint="noah@acme.example")
    assert 'value="noah@acme.example"' in page.text
    fields = answered(rp.proceed(page, person="mia@acme.example"))
    assert fields["state"] == "st-1"
    assert set(fields) == {"code", "state"}


def test_hybrid_answer_is_posted_with_a_matching_c_hash(rp: RelyingParty) -> None:  # O-1, O-6
    form = PageForm.read(rp.proceed(rp.authorize(**HYBRID), person="mia@acme.example"))
    assert form.action == CALLBACK
    assert form.value("state") == "st-1"
    claims = claims_of(rp, form.value("id_token"))
    assert claims["c_hash"] == left_half(form.value("code"))
    assert claims["iss"] == f"{rp.url}/entra/oidc"
    assert claims["aud"] == "web"
    assert claims["nonce"] == "n-1"
    assert claims["exp"] > claims["iat"]
    assert "at_hash" not in claims


def test_hybrid_answer_travels_in_the_fragment_by_default(rp: RelyingParty) -> None:
    page = rp.authorize(response_type="id_token code")
    assert {"code", "id_token", "state"} == set(
        answered(rp.proceed(page, person="mia@acme.example"), "fragment")
    )


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("AADSTS700016", {"client_id": "unknown"}),
        ("AADSTS700016", {"client_id": None}),
        ("AADSTS900971", {"redirect_uri": None}),
        ("AADSTS50011", {"redirect_uri": CALLBACK + "/"}),
        ("AADSTS50011", {"redirect_uri": CALLBACK + "?next=x"}),
        ("AADSTS50011", {"redirect_uri": CALLBACK.upper()}),
        ("AADSTS70007", {**HYBRID, "response_mode": "query"}),
        ("AADSTS70007", {"response_mode": "web_message"}),
    ],
)
def test_doubtful_client_or_target_gets_a_page_and_no_redirect(
    rp: RelyingParty, refusal: Callable[[requests.Response], str], code: str, changes: dict[str, Any]
) -> None:  # O-2
    answer = rp.authorize(**changes)
    assert refusal(answer) == code
    assert "Location" not in answer.headers


def test_repeated_parameter_is_refused(rp: RelyingParty, refusal: Callable[[requests.Response], str]) -> None:
    page = rp.session.get(f"{rp.url}/entra/oidc/authorize?client_id=web&client_id=public", timeout=10)
    assert refusal(page) == "AADSTS90100"


@pytest.mark.parametrize(
    ("error", "code", "changes"),
    [
        ("unsupported_response_type", "AADSTS70005", {"response_type": "token"}),
        ("invalid_scope", "AADSTS70011", {"scope": "email"}),
        ("invalid_request", "AADSTS50147", {"code_challenge": CHALLENGE, "code_challenge_method": "plain"}),
        ("invalid_request", "AADSTS50147", {"code_challenge": CHALLENGE}),
        ("invalid_request", "AADSTS501491", {"code_challenge": "short", "code_challenge_method": "S256"}),
        ("invalid_request", "AADSTS9002325", {"client_id": "public"}),
        ("request_not_supported", "AADSTS90023", {"request": "e30.e30."}),
        ("login_required", "AADSTS50058", {"prompt": "none"}),
    ],
)
def test_bad_request_of_a_known_client_goes_back_as_an_error(
    rp: RelyingParty, error: str, code: str, changes: dict[str, Any]
) -> None:
    fields = answered(rp.authorize(**changes))
    assert fields["error"] == error
    assert fields["error_description"].startswith(f"{code}: ")
    assert "Trace ID: " in fields["error_description"]
    assert fields["state"] == "st-1"


def test_hybrid_without_nonce_or_not_enabled_is_refused_by_post(rp: RelyingParty) -> None:  # O-6
    form = PageForm.read(rp.authorize(**HYBRID, nonce=None))
    assert (form.action, form.value("error")) == (CALLBACK, "invalid_request")
    pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    form = PageForm.read(rp.authorize(**HYBRID, **pkce, client_id="public"))
    assert form.value("error") == "unsupported_response_type"
    assert form.value("error_description").startswith("AADSTS700054: ")


@pytest.mark.parametrize(
    ("vendor", "action", "description"),
    [
        ("entra", "decline", "AADSTS65004: "),
        ("entra", "not_assigned", "AADSTS50105: "),
        ("okta", "not_assigned", "User is not assigned to the client application."),
    ],
)
def test_declined_consent_and_missing_assignment_go_back_by_the_mode_asked(
    rp: RelyingParty, vendor: str, action: str, description: str
) -> None:  # L-10
    fields = answered(rp.proceed(rp.authorize(vendor), action=action))
    assert fields["error"] == "access_denied"
    assert fields["error_description"].startswith(description)
    form = PageForm.read(rp.proceed(rp.authorize(vendor, **HYBRID), action=action))
    assert form.value("error") == "access_denied"
    assert form.value("state") == "st-1"


def test_request_changed_on_the_way_through_the_page_is_judged_again(
    rp: RelyingParty, refusal: Callable[[requests.Response], str]
) -> None:
    form = PageForm.read(rp.authorize())
    evil = form.value("request").replace("app.example", "evil.example")
    assert refusal(form.send(rp.session, follow=False, request=evil)) == "AADSTS50011"


def test_front_channel_token_of_entra_says_hasgroups_when_groups_are_many(rp: RelyingParty) -> None:  # G-5
    form = PageForm.read(
        rp.proceed(rp.authorize(**HYBRID), groups="\n".join(f"g{number}" for number in range(7)))
    )
    claims = claims_of(rp, form.value("id_token"))
    assert claims["hasgroups"] is True
    assert "groups" not in claims


def test_generic_provider_names_itself_in_the_answer(rp: RelyingParty) -> None:  # O-6
    fields = answered(rp.proceed(rp.authorize("generic"), person="mia@acme.example"))
    assert fields["iss"] == f"{rp.url}/generic/oidc"
    document = rp.session.get(f"{rp.url}/generic/oidc/.well-known/openid-configuration", timeout=10).json()
    assert document["authorization_response_iss_parameter_supported"] is True


def test_further_claim_cannot_replace_the_protocols_own(
    rp: RelyingParty, refusal: Callable[[requests.Response], str]
) -> None:
    answer = rp.proceed(rp.authorize(), person="mia@acme.example", extra="iss=https://evil.example")
    assert refusal(answer) == "AADSTS90013"


def test_session_length_is_said_when_typed(rp: RelyingParty) -> None:  # L-13
    form = PageForm.read(rp.proceed(rp.authorize(**HYBRID), session_minutes="30"))
    claims = claims_of(rp, form.value("id_token"))
    assert 0 <= claims["session_expiry"] - claims["iat"] - 30 * 60 + 5 <= 5


def test_discovery_names_working_endpoints(rp: RelyingParty) -> None:  # O-5
    document = rp.session.get(f"{rp.url}/okta/oidc/.well-known/openid-configuration", timeout=10).json()
    assert document["issuer"] == f"{rp.url}/okta/oidc"
    assert document["response_types_supported"] == ["code", "code id_token"]
    keys = rp.session.get(document["jwks_uri"], timeout=10).json()["keys"]
    assert [set(key) & {"d", "p", "q"} for key in keys] == [set()]
    assert rp.session.get(document["userinfo_endpoint"], timeout=10).status_code == 401
    assert rp.session.get(document["end_session_endpoint"], timeout=10).status_code == 200


def test_key_rollover_changes_the_published_key(simulator: RunningSimulator, rp: RelyingParty) -> None:  # O-5
    before = rp.session.get(f"{rp.url}/generic/oidc/jwks", timeout=10).json()["keys"][0]["kid"]
    simulator.app.keys.roll_oidc("generic")
    form = PageForm.read(rp.proceed(rp.authorize("generic", **HYBRID)))
    assert claims_of(rp, form.value("id_token"), "generic")["nonce"] == "n-1"
    assert rp.session.get(f"{rp.url}/generic/oidc/jwks", timeout=10).json()["keys"][0]["kid"] != before
