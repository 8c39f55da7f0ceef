"""The request we send a browser with, and the answers it brings back (O-1, O-6, V-20)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sso_oidc.authorization import (
    AuthorizationResponse,
    Flow,
    build_authorization_url,
    check_iss_parameter,
    make_pkce,
    parse_authorization_response,
)
from sso_oidc.errors import OidcCode, OidcRefusal
from sso_oidc.metadata import ProviderMetadata
from sso_oidc.provider_errors import ProviderProblem

METADATA = ProviderMetadata(
    issuer="https://login.example",
    authorization_endpoint="https://login.example/authorize",
    token_endpoint="https://login.example/token",
    jwks_uri="https://login.example/keys",
)
REQUEST: dict[str, Any] = {
    "client_id": "broker",
    "redirect_uri": "https://broker.example/sso/oidc/acme/callback",
    "state": "st&te",
    "nonce": "n0nce",
    "pkce_challenge": "ch",
}


def query(url: str) -> dict[str, str]:
    found = parse_qs(urlsplit(url).query, strict_parsing=True, keep_blank_values=True)
    assert all(len(values) == 1 for values in found.values())
    return {name: values[0] for name, values in found.items()}


def refusal(call: Callable[[], object]) -> OidcRefusal:
    with pytest.raises(OidcRefusal) as caught:
        call()
    return caught.value


# O-1
def test_code_flow_asks_for_a_code_with_pkce() -> None:
    url = build_authorization_url(METADATA, flow=Flow.CODE, **REQUEST)
    assert url.startswith("https://login.example/authorize?")
    assert query(url) == {
        "response_type": "code",
        "client_id": "broker",
        "redirect_uri": "https://broker.example/sso/oidc/acme/callback",
        "scope": "openid email profile",
        "state": "st&te",
        "nonce": "n0nce",
        "code_challenge": "ch",
        "code_challenge_method": "S256",
    }


# O-1
def test_hybrid_flow_asks_for_code_and_token_by_form_post_with_pkce_too() -> None:
    asked = query(build_authorization_url(METADATA, flow=Flow.HYBRID, **REQUEST))
    assert asked["response_type"] == "code id_token"
    assert asked["response_mode"] == "form_post"
    assert asked["code_challenge_method"] == "S256"
    assert query(build_authorization_url(METADATA, flow="hybrid", **REQUEST)) == asked  # type: ignore[arg-type]


# O-1: scopes always include openid
def test_scopes_always_include_openid_once() -> None:
    asked = query(
        build_authorization_url(METADATA, flow=Flow.CODE, scopes=("email", "openid", "groups"), **REQUEST)
    )
    assert asked["scope"] == "openid email groups"


# L-4
def test_email_typed_at_the_login_page_travels_along() -> None:
    asked = query(
        build_authorization_url(METADATA, flow=Flow.CODE, login_hint="ada+x@acme.example", **REQUEST)
    )
    assert asked["login_hint"] == "ada+x@acme.example"
    long = query(build_authorization_url(METADATA, flow=Flow.CODE, login_hint="a" * 300, **REQUEST))
    assert "login_hint" not in long


# RFC 6749 §3.1
def test_query_of_the_endpoint_is_kept_but_may_not_speak_for_us() -> None:
    own = replace(METADATA, authorization_endpoint="https://login.example/authorize?p=B2C_1&empty=")
    asked = query(build_authorization_url(own, flow=Flow.CODE, **REQUEST))
    assert (asked["p"], asked["empty"], asked["state"]) == ("B2C_1", "", "st&te")
    meddling = replace(
        METADATA, authorization_endpoint="https://login.example/authorize?redirect_uri=https://evil"
    )
    error = refusal(lambda: build_authorization_url(meddling, flow=Flow.CODE, **REQUEST))
    assert error.code is OidcCode.DISCOVERY


# RFC 7636
def test_pkce_pairs_are_fresh_and_belong_together() -> None:
    verifier, challenge = make_pkce()
    assert 43 <= len(verifier) <= 128
    assert base64.urlsafe_b64decode(challenge + "=") == hashlib.sha256(verifier.encode()).digest()
    assert make_pkce()[0] != verifier


def parse(flow: Flow = Flow.CODE, **parameters: Sequence[str]) -> AuthorizationResponse:
    return parse_authorization_response(parameters, flow)


def test_code_comes_back_with_its_state() -> None:
    response = parse(
        code=["c0de"], state=["s"], session_state=["x"], scope=["openid"], client_info=["a", "b"]
    )
    assert (response.code, response.state, response.id_token, response.iss, response.error) == (
        "c0de",
        "s",
        "",
        None,
        None,
    )


def test_code_and_token_come_back_in_hybrid() -> None:
    response = parse(
        Flow.HYBRID, code=["c0de"], id_token=["a.b.c"], state=["s"], iss=["https://login.example"]
    )
    assert (response.code, response.id_token, response.iss) == ("c0de", "a.b.c", "https://login.example")


# O-6, each with the nearest answer that is taken
@pytest.mark.parametrize(
    ("flow", "bad", "code", "good"),
    [
        (Flow.CODE, {"state": []}, OidcCode.STATE, {}),
        (Flow.CODE, {"state": [""]}, OidcCode.STATE, {}),
        (Flow.CODE, {"state": ["s", "s"]}, OidcCode.RESPONSE, {"state": ["s"]}),
        (Flow.CODE, {"state": ["s" * 257]}, OidcCode.RESPONSE, {"state": ["s" * 256]}),
        (Flow.CODE, {"code": []}, OidcCode.RESPONSE, {}),
        (Flow.CODE, {"code": [""]}, OidcCode.RESPONSE, {}),
        (Flow.CODE, {"code": ["c", "d"]}, OidcCode.RESPONSE, {}),
        (Flow.CODE, {"code": ["c" * 8193]}, OidcCode.RESPONSE, {"code": ["c" * 8192]}),
        (Flow.CODE, {"code": ["c\n"]}, OidcCode.RESPONSE, {"code": ["c/~"]}),
        (Flow.CODE, {"code": ["cödë"]}, OidcCode.RESPONSE, {}),
        (Flow.CODE, {"id_token": ["a.b.c"]}, OidcCode.RESPONSE, {"id_token": []}),
        (Flow.CODE, {"iss": ["a", "b"]}, OidcCode.RESPONSE, {"iss": ["a"]}),
        (Flow.CODE, {"error": ["access_denied"]}, OidcCode.RESPONSE, {"error_description": ["stray"]}),
        (Flow.CODE, {"error": ["a", "b"], "code": []}, OidcCode.RESPONSE, {}),
        (Flow.CODE, {"error": ["a"], "code": [], "state": []}, OidcCode.STATE, {"error": ["a"], "code": []}),
        (
            Flow.CODE,
            {"error_description": ["x" * 8193]},
            OidcCode.RESPONSE,
            {"error_description": ["x" * 8192]},
        ),
        (Flow.HYBRID, {"id_token": []}, OidcCode.RESPONSE, {}),
        (Flow.HYBRID, {"id_token": [""]}, OidcCode.RESPONSE, {}),
        (Flow.HYBRID, {"id_token": ["a.b.c", "d.e.f"]}, OidcCode.RESPONSE, {}),
        (Flow.HYBRID, {"id_token": ["a" * 200_000]}, OidcCode.RESPONSE, {"id_token": ["a" * 100_000]}),
        (Flow.HYBRID, {"code": []}, OidcCode.RESPONSE, {}),
    ],
)
def test_malformed_answer_is_refused_and_its_twin_is_taken(
    flow: Flow, bad: dict[str, list[str]], code: OidcCode, good: dict[str, list[str]]
) -> None:
    base = {"code": ["c"], "state": ["s"], **({"id_token": ["a.b.c"]} if flow is Flow.HYBRID else {})}
    assert refusal(lambda: parse(flow, **{**base, **bad})).code is code
    assert parse(flow, **{**base, **good}).state


def test_querydict_like_mapping_that_hides_repeated_values_is_a_programming_error() -> None:
    with pytest.raises(TypeError):
        parse_authorization_response({"code": "c", "state": "s"}, Flow.CODE)


# L-10, O-4
def test_error_of_the_provider_comes_back_as_a_value_with_its_state() -> None:
    response = parse(
        error=["access_denied"],
        error_description=[
            "AADSTS65004: User declined to consent.\r\nTrace ID: x\r\n<script>alert(1)</script>"
        ],
        state=["s"],
    )
    assert response.state == "s"
    assert response.error is not None
    assert response.error.problem is ProviderProblem.CONSENT_DECLINED
    assert response.error.summary == "access_denied AADSTS65004"
    assert "script" not in repr(response)
    assert "\n" not in response.error.description


# O-6: RFC 9207
@pytest.mark.parametrize(
    ("announced", "required", "bad", "good"),
    [
        (False, False, "https://evil.example", None),
        (False, False, "https://login.example/", "https://login.example"),
        (False, False, "", "https://login.example"),
        (True, False, None, "https://login.example"),
        (True, False, "https://evil.example", "https://login.example"),
        (False, True, None, "https://login.example"),
    ],
)
def test_answer_of_another_provider_is_refused(
    announced: bool, required: bool, bad: str | None, good: str | None
) -> None:
    metadata = replace(METADATA, iss_parameter_supported=announced)
    answers = [AuthorizationResponse(state="s", code="c", iss=iss) for iss in (bad, good)]
    error = refusal(lambda: check_iss_parameter(answers[0], metadata, required=required))
    assert error.code is OidcCode.ISS_PARAMETER
    check_iss_parameter(answers[1], metadata, required=required)


# O-3
def test_answer_of_another_tenant_is_refused() -> None:
    tenant = "11111111-2222-4333-8444-555555555555"
    metadata = replace(METADATA, issuer="https://login.microsoftonline.com/{tenantid}/v2.0")
    response = AuthorizationResponse(
        state="s", code="c", iss=f"https://login.microsoftonline.com/{tenant}/v2.0"
    )
    check_iss_parameter(response, metadata, tenant_id=tenant)
    other = refusal(lambda: check_iss_parameter(response, metadata, tenant_id=tenant.replace("1", "2")))
    assert other.code is OidcCode.ISS_PARAMETER
    assert refusal(lambda: check_iss_parameter(response, metadata)).code is OidcCode.ISSUER


# Design rule 8
def test_code_token_and_state_never_show_in_reprs() -> None:
    shown = repr(parse(Flow.HYBRID, code=["secret-c"], id_token=["secret.t.x"], state=["secret-s"]))
    assert "secret" not in shown
