"""The token endpoint, userinfo and logout: what a client may redeem, and what each vendor then says."""

from __future__ import annotations

import base64
import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest
import requests
import time_machine
from joserfc import jwt
from joserfc.jwk import KeySet

from simulator.config_file import parse_config
from simulator.server import serve_in_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulator.conftest import RelyingParty

CALLBACK = "http://app.example/sso/oidc/acme/callback"
TENANT = "11111111-2222-4333-8444-555555555555"
MIA = "a1c3e5f7-0001-4a00-8000-00000000a001"
GROUP_1 = "5d0e1f2a-0000-4000-8000-000000000001"
GROUP_2 = "5d0e1f2a-0000-4000-8000-000000000002"
SECRET = "s3cret+/ä"
WEB: dict[str, Any] = {"client_id": "web", "client_secret": SECRET}
VERIFIER = "v" * 43
PKCE: dict[str, Any] = {
    "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())
    .decode()
    .rstrip("="),
    "code_challenge_method": "S256",
}


def get_code(
    rp: RelyingParty,
    vendor: str = "entra",
    fields: dict[str, Any] | None = None,
    **changes: str | None,
) -> str:
    page = rp.authorize(vendor, **changes)
    answer = rp.proceed(page, **{"person": "mia@acme.example", **(fields or {})})
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def redeemed(
    rp: RelyingParty,
    vendor: str = "entra",
    fields: dict[str, Any] | None = None,
    **changes: str | None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The token answer and the claims of its ID token."""
    answer = rp.token(vendor, code=get_code(rp, vendor, fields, **changes), **WEB)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    keys = KeySet.import_key_set(rp.session.get(f"{rp.url}/{vendor}/oidc/jwks", timeout=10).json())
    return answer.json(), jwt.decode(answer.json()["id_token"], keys, algorithms=["RS256"]).claims


def userinfo(rp: RelyingParty, token: str, vendor: str = "entra") -> requests.Response:
    return rp.session.get(
        f"{rp.url}/{vendor}/oidc/userinfo", headers={"Authorization": f"Bearer {token}"}, timeout=10
    )


def refused(answer: requests.Response) -> tuple[int, str, int]:
    assert answer.status_code in {400, 401}
    body = answer.json()
    return answer.status_code, body["error"], body["error_codes"][0]


def test_entra_token_is_about_the_person_and_the_tenant(rp: RelyingParty) -> None:  # J-11, O-6
    answer, claims = redeemed(rp)
    assert answer["token_type"] == "Bearer"
    assert claims["oid"] == MIA
    assert claims["tid"] == TENANT
    assert claims["sub"] != MIA
    assert claims["aud"] == "web"
    assert claims["nonce"] == "n-1"
    assert claims["preferred_username"] == "mia@acme.example"
    assert claims["email"] == "mia.keller@acme.example"
    assert "email_verified" not in claims
    assert claims["groups"] == [GROUP_1, GROUP_2]
    assert claims["space_name"] == "Trial,DevOps"
    assert claims["space_role"] == ["Space Member", "Space Developer"]
    assert "at_hash" not in claims


def test_entra_sends_oid_and_email_only_with_their_scopes(rp: RelyingParty) -> None:
    _, claims = redeemed(rp, scope="openid email")
    assert "oid" not in claims
    assert "name" not in claims
    assert claims["email"] == "mia.keller@acme.example"
    _, claims = redeemed(rp, scope="openid profile")
    assert claims["oid"] == MIA
    assert "email" not in claims


def test_entra_subject_is_pairwise(rp: RelyingParty) -> None:
    _, web = redeemed(rp)
    code = get_code(rp, client_id="public", **PKCE)
    answer = rp.token(code=code, client_id="public", code_verifier=VERIFIER).json()
    info = userinfo(rp, answer["access_token"]).json()
    assert info["sub"] != web["sub"]
    _, again = redeemed(rp)
    assert again["sub"] == web["sub"]


def test_okta_token_names_groups_and_verified_email_and_hashes_the_access_token(
    rp: RelyingParty,
) -> None:  # O-6
    answer, claims = redeemed(rp, "okta")
    assert claims["sub"] == MIA
    assert claims["email_verified"] is True
    assert claims["groups"] == ["Engineers", "On Call"]
    assert "oid" not in claims
    digest = hashlib.sha256(answer["access_token"].encode()).digest()
    assert claims["at_hash"] == base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")
    info = userinfo(rp, answer["access_token"], "okta").json()
    assert info["sub"] == claims["sub"]
    assert info["groups"] == ["Engineers", "On Call"]


def test_thin_token_leaves_the_claims_to_userinfo(rp: RelyingParty) -> None:
    answer, claims = redeemed(rp, "okta", fields={"thin_id_token": "1"})
    assert not {"email", "groups", "space_name"} & set(claims)
    info = userinfo(rp, answer["access_token"], "okta").json()
    assert info["space_name"] == "Trial,DevOps"


def test_overage_names_a_source_instead_of_groups(rp: RelyingParty) -> None:  # G-5
    _, claims = redeemed(rp, fields={"overage": "1"})
    assert "groups" not in claims
    assert claims["_claim_names"] == {"groups": "src1"}
    assert claims["_claim_sources"]["src1"]["endpoint"].startswith(
        f"https://graph.windows.net/{TENANT}/users/{MIA}"
    )


def test_empty_and_absent_claims_differ(rp: RelyingParty) -> None:  # J-10
    _, claims = redeemed(rp, fields={"groups": "", "space_name": "", "leave_out": "space_role"})
    assert claims["groups"] == []
    assert claims["space_name"] == ""
    assert "space_role" not in claims


def test_basic_authentication_is_accepted_form_encoded(rp: RelyingParty) -> None:
    answer = rp.token(code=get_code(rp), auth=("web", quote_plus(SECRET)))
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("expected", "form"),
    [
        ((401, "invalid_client", 7000215), {"client_id": "web", "client_secret": "wrong"}),
        ((401, "invalid_client", 7000218), {"client_id": "web"}),
        ((400, "unauthorized_client", 700016), {"client_id": "unknown", "client_secret": "x"}),
        ((401, "invalid_client", 700025), {"client_id": "public", "client_secret": "x"}),
        ((400, "unsupported_grant_type", 70003), {**WEB, "grant_type": "password"}),
        ((400, "invalid_request", 900144), {**WEB, "code": None}),
        ((400, "invalid_grant", 70000), {**WEB, "code": "made-up"}),
        ((400, "invalid_grant", 50011), {**WEB, "redirect_uri": CALLBACK + "/"}),
        ((400, "invalid_grant", 50011), {**WEB, "redirect_uri": None}),
        ((400, "invalid_grant", 501481), {**WEB, "code_verifier": VERIFIER}),
        ((400, "invalid_grant", 70000), {"client_id": "public"}),
    ],
)
def test_wrong_redemption_is_refused(
    rp: RelyingParty, expected: tuple[int, str, int], form: dict[str, Any]
) -> None:
    assert refused(rp.token(**({"code": get_code(rp)} | form))) == expected


def test_two_ways_of_client_authentication_at_once_are_refused(rp: RelyingParty) -> None:
    answer = rp.token(code=get_code(rp), auth=("web", quote_plus(SECRET)), client_secret=SECRET)
    assert refused(answer) == (400, "invalid_request", 90023)


@pytest.mark.parametrize("verifier", [None, "", "w" * 43, "v" * 42])
def test_missing_or_wrong_verifier_is_refused_when_a_challenge_was_sent(
    rp: RelyingParty, verifier: str | None
) -> None:  # O-1
    code = get_code(rp, **PKCE)
    assert refused(rp.token(code=code, code_verifier=verifier, **WEB)) == (400, "invalid_grant", 501481)


def test_right_verifier_redeems(rp: RelyingParty) -> None:  # O-1
    assert rp.token(code=get_code(rp, **PKCE), code_verifier=VERIFIER, **WEB).status_code == 200


def test_code_works_once_and_its_second_use_ends_the_access_token(rp: RelyingParty) -> None:
    code = get_code(rp)
    token = rp.token(code=code, **WEB).json()["access_token"]
    assert userinfo(rp, token).status_code == 200
    assert refused(rp.token(code=code, **WEB)) == (400, "invalid_grant", 54005)
    assert userinfo(rp, token).status_code == 401


def test_code_redeemed_by_many_at_once_works_for_one(rp: RelyingParty) -> None:
    code = get_code(rp)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: rp.token(code=code, **WEB).status_code, range(8)))
    assert sorted(answers) == [200] + [400] * 7


def test_code_ends_after_a_minute(rp: RelyingParty) -> None:
    code = get_code(rp)
    with time_machine.travel(time.time() + 61):
        assert refused(rp.token(code=code, **WEB)) == (400, "invalid_grant", 70008)


def test_code_of_one_directory_is_nothing_in_another(rp: RelyingParty) -> None:
    code = get_code(rp, "entra")
    answer = rp.token("okta", code=code, **WEB)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert "error_codes" not in answer.json()


def test_get_at_the_token_endpoint_is_refused(
    rp: RelyingParty, refusal: Callable[[requests.Response], str]
) -> None:
    assert refusal(rp.session.get(f"{rp.url}/entra/oidc/token", timeout=10)) == "AADSTS900561"


def test_logout_returns_only_to_a_registered_address(
    session: requests.Session, refusal: Callable[[requests.Response], str]
) -> None:  # L-12
    person = {"id": "p", "user_name": "p@acme.example"}
    client = {"client_id": "web", "post_logout_redirect_uris": ["http://app.example/bye"]}
    config = {"slug": "a", "vendor": "entra", "tenant_id": "t", "people": [person], "oidc": client}
    with serve_in_thread(parse_config({"directories": [config]})) as running:
        url = f"{running.url}/a/oidc/end_session"
        good = {"client_id": "web", "post_logout_redirect_uri": "http://app.example/bye", "state": "s"}
        answer = session.get(url, params=good, allow_redirects=False, timeout=10)
        assert answer.headers["Location"] == "http://app.example/bye?state=s"
        bad = good | {"post_logout_redirect_uri": "http://evil.example/"}
        assert refusal(session.get(url, params=bad, allow_redirects=False, timeout=10)) == "AADSTS50011"
        forged = good | {"id_token_hint": "e30.e30.e30"}
        assert refusal(session.get(url, params=forged, allow_redirects=False, timeout=10)) == "AADSTS50027"
