"""Redeeming a code and reading userinfo at a provider that may misbehave, and both flows as a whole (O-1,
O-6)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from foundation.http import Deadline, OutboundCode, OutboundError
from sso_oidc.authorization import Flow, check_iss_parameter, parse_authorization_response
from sso_oidc.discovery import Discovery
from sso_oidc.errors import OidcCode, OidcRefusal
from sso_oidc.provider_errors import ProviderProblem
from sso_oidc.token_endpoint import Client, ClientAuthentication, TokenResponse, fetch_userinfo, redeem_code
from sso_oidc.tokens import (
    Channel,
    ExpectedToken,
    check_userinfo_sub,
    validate_id_token,
    validate_same_subject,
)
from tests.foundation.local_server import answer
from tests.sso_oidc.misbehaving_provider import (
    ACCESS_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    CODE,
    NONCE,
    OTHER_RSA,
    REDIRECT_URI,
    STATE,
    MemoryCache,
    MisbehavingProvider,
    half_hash,
    public,
    sign,
)

CLIENT = Client(CLIENT_ID, CLIENT_SECRET)


def redeem(
    provider: MisbehavingProvider, client: Client = CLIENT, *, seconds: float = 5, **changes: str
) -> TokenResponse:
    http = provider.http()
    metadata = Discovery(http, MemoryCache()).metadata(provider.issuer)
    asked = {"code": CODE, "redirect_uri": REDIRECT_URI, "verifier": "v" * 43, **changes}
    return redeem_code(http, metadata, client, deadline=Deadline(seconds), **asked)


def refusal(call: Callable[[], object]) -> OidcRefusal:
    with pytest.raises(OidcRefusal) as caught:
        call()
    return caught.value


def failure(call: Callable[[], object]) -> OutboundError:
    with pytest.raises(OutboundError) as caught:
        call()
    return caught.value


# O-1: client_secret_basic, form-encoded first (RFC 6749 §2.3.1)
def test_code_is_redeemed_with_a_secret_of_any_characters(provider: MisbehavingProvider) -> None:
    assert redeem(provider).access_token == ACCESS_TOKEN
    seen = provider.server.requests[-1]
    assert seen.form == {
        "grant_type": "authorization_code",
        "code": CODE,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": "v" * 43,
    }


# O-1: client_secret_post, where the provider does not take Basic
def test_secret_goes_into_the_form_where_the_provider_wants_it(provider: MisbehavingProvider) -> None:
    provider.document["token_endpoint_auth_methods_supported"] = ["private_key_jwt", "client_secret_post"]
    assert redeem(provider).access_token == ACCESS_TOKEN
    seen = provider.server.requests[-1]
    assert seen.form["client_secret"] == CLIENT_SECRET
    assert "authorization" not in seen.headers
    provider.document["token_endpoint_auth_methods_supported"] = ["client_secret_post", "client_secret_basic"]
    redeem(provider)
    assert "authorization" in provider.server.requests[-1].headers
    redeem(provider, Client(CLIENT_ID, CLIENT_SECRET, ClientAuthentication.POST))
    assert "authorization" not in provider.server.requests[-1].headers


# O-1: public client
def test_public_client_sends_its_id_and_no_secret(provider: MisbehavingProvider) -> None:
    provider.server.routes["/token"] = lambda visit: answer(provider.token_answer)(visit)
    assert redeem(provider, Client(CLIENT_ID)).access_token == ACCESS_TOKEN
    seen = provider.server.requests[-1]
    assert seen.form["client_id"] == CLIENT_ID
    assert "client_secret" not in seen.form
    assert "authorization" not in seen.headers


@pytest.mark.parametrize(
    ("methods", "client"),
    [
        (["private_key_jwt"], CLIENT),
        (["client_secret_basic"], Client(CLIENT_ID, "", ClientAuthentication.BASIC)),
        (["client_secret_basic"], Client(CLIENT_ID, CLIENT_SECRET, ClientAuthentication.NONE)),
    ],
)
def test_secret_is_sent_nowhere_when_the_methods_do_not_match(
    provider: MisbehavingProvider, methods: list[str], client: Client
) -> None:
    provider.document["token_endpoint_auth_methods_supported"] = methods
    assert refusal(lambda: redeem(provider, client)).code is OidcCode.CLIENT_AUTHENTICATION
    assert provider.count("/token") == 0


# O-4
@pytest.mark.parametrize(
    ("status", "body", "summary", "problem"),
    [
        (400, {"error": "invalid_grant"}, "invalid_grant", ProviderProblem.OTHER),
        (
            401,
            {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid secret hush-hush"},
            "invalid_client AADSTS7000215",
            ProviderProblem.CREDENTIALS_REFUSED,
        ),
        (
            400,
            {"error": "interaction_required", "error_description": "AADSTS50076: MFA"},
            "interaction_required AADSTS50076",
            ProviderProblem.INTERACTION_REQUIRED,
        ),
        (200, {"error": "invalid_grant", "access_token": "x"}, "invalid_grant", ProviderProblem.OTHER),
        (400, {"error": "<b>\n", "error_description": 5}, "unreadable", ProviderProblem.OTHER),
    ],
)
def test_refusal_of_the_token_endpoint_keeps_the_code_and_number(
    provider: MisbehavingProvider, status: int, body: dict[str, Any], summary: str, problem: ProviderProblem
) -> None:
    provider.server.routes["/token"] = answer(body, status=status)
    error = refusal(lambda: redeem(provider))
    assert error.code is OidcCode.TOKEN_ENDPOINT
    assert error.detail == summary
    assert error.provider_error is not None
    assert error.provider_error.problem is problem
    assert "hush" not in str(error) + repr(error) + repr(error.provider_error)


def test_wrong_code_or_secret_is_refused_by_the_provider(provider: MisbehavingProvider) -> None:
    assert refusal(lambda: redeem(provider, code="another")).detail == "invalid_grant"
    assert refusal(lambda: redeem(provider, Client(CLIENT_ID, "wrong"))).detail == "invalid_client"
    assert redeem(provider).access_token == ACCESS_TOKEN


@pytest.mark.parametrize(
    "change",
    [
        {"token_type": "mac"},
        {"token_type": None},
        {"access_token": None},
        {"access_token": ""},
        {"access_token": "a\r\nX-Evil: 1"},
        {"access_token": "a" * 200_000},
        {"access_token": ["a"]},
        {"id_token": None},
        {"id_token": {"sub": "person-1"}},
        {"error": None},
    ],
)
def test_unfit_answer_of_the_token_endpoint_is_refused_and_its_twin_is_taken(
    provider: MisbehavingProvider, change: dict[str, Any]
) -> None:
    good = dict(provider.token_answer)
    provider.token_answer = {**good, **change}
    assert refusal(lambda: redeem(provider)).code is OidcCode.TOKEN_ENDPOINT
    provider.token_answer = {**good, "token_type": "bearer", "expires_in": "3600", "extra": 1}
    assert redeem(provider).id_token == good["id_token"]


# O-5: the secret goes nowhere else
@pytest.mark.parametrize("status", [302, 307, 308])
def test_redirecting_token_endpoint_gets_nothing_sent_on(provider: MisbehavingProvider, status: int) -> None:
    provider.server.routes["/thief"] = lambda visit: answer(provider.token_answer)(visit)
    provider.server.routes["/token"] = answer(
        b"", status=status, headers={"Location": provider.server.url("/thief")}
    )
    assert failure(lambda: redeem(provider)).code is OutboundCode.REDIRECT
    assert provider.count("/thief") == 0


# O-5
@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (lambda visit: visit.drip(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 500, pause=0.05), OutboundCode.TIMEOUT),
        (lambda visit: time.sleep(2), OutboundCode.TIMEOUT),
        (answer(b" " * 1_000_001), OutboundCode.TOO_LARGE),
        (answer(b"<html>", status=502), OutboundCode.STATUS),
        (answer(b"access_token=x"), OutboundCode.NOT_JSON),
        (lambda visit: visit.connection.shutdown(2), OutboundCode.CONNECTION),
    ],
    ids=["drip", "silence", "huge", "bad-gateway", "form", "hang-up"],
)
def test_broken_token_endpoint_is_given_up_in_time(
    provider: MisbehavingProvider, behaviour: Any, code: OutboundCode
) -> None:
    provider.server.routes["/token"] = behaviour
    started = time.monotonic()
    assert failure(lambda: redeem(provider, seconds=0.4)).code is code
    assert time.monotonic() - started < 1.5
    assert provider.count("/token") == 1  # a code is never sent twice


def test_status_without_an_error_code_is_named(provider: MisbehavingProvider) -> None:
    provider.server.routes["/token"] = answer({"message": "overloaded"}, status=503)
    error = refusal(lambda: redeem(provider))
    assert (error.code, error.provider_error) == (OidcCode.TOKEN_ENDPOINT, None)
    assert "503" in error.detail


def sign_in(provider: MisbehavingProvider, flow: Flow, response: dict[str, list[str]]) -> str:
    """Run the steps of a callback in their order, and return whom they sign in."""
    http = provider.http()
    discovery = Discovery(http, MemoryCache())
    deadline = Deadline(5)
    metadata = discovery.metadata(provider.issuer, deadline=deadline)
    answered = parse_authorization_response(response, flow)
    check_iss_parameter(answered, metadata)

    def check(raw: str, channel: Channel, access_token: str | None) -> Any:
        expected = ExpectedToken(
            issuer=metadata.issuer,
            client_id=CLIENT_ID,
            nonce=NONCE,
            now=datetime.now(UTC),
            channel=channel,
            code=answered.code,
            access_token=access_token,
            algorithms=metadata.id_token_algorithms,
        )
        return discovery.check_with_keys(
            metadata, lambda keys: validate_id_token(raw, keys=keys, expected=expected), deadline=deadline
        )

    front = check(answered.id_token, Channel.FRONT, None) if flow is Flow.HYBRID else None
    tokens = redeem_code(
        http,
        metadata,
        CLIENT,
        code=answered.code,
        redirect_uri=REDIRECT_URI,
        verifier="v" * 43,
        deadline=deadline,
    )
    back = check(tokens.id_token, Channel.BACK, tokens.access_token)
    if front is not None:
        validate_same_subject(front, back)
    userinfo = fetch_userinfo(http, metadata, tokens.access_token, deadline)
    check_userinfo_sub(userinfo, back)
    return str(back.subject)


def good_response(provider: MisbehavingProvider, flow: Flow) -> dict[str, list[str]]:
    response = {"code": [CODE], "state": [STATE]}
    if flow is Flow.HYBRID:
        response["id_token"] = [sign(provider.claims(c_hash=half_hash(CODE)), provider.key)]
    return response


# O-1
@pytest.mark.parametrize("flow", list(Flow))
def test_employee_signs_in_over_one_connection(provider: MisbehavingProvider, flow: Flow) -> None:
    assert sign_in(provider, flow, good_response(provider, flow)) == "person-1"
    assert provider.server.paths() == [
        "/.well-known/openid-configuration",
        *(["/keys", "/token", "/userinfo"] if flow is Flow.HYBRID else ["/token", "/keys", "/userinfo"]),
    ]
    assert provider.server.connections == 1


# O-6: in hybrid, a bad front-channel token is refused before the code is redeemed (mix-up)
def test_code_is_not_redeemed_when_the_front_channel_token_is_bad(provider: MisbehavingProvider) -> None:
    response = good_response(provider, Flow.HYBRID)
    injected = {**response, "code": ["stolen-code"]}
    assert refusal(lambda: sign_in(provider, Flow.HYBRID, injected)).code is OidcCode.C_HASH
    assert provider.count("/token") == 0
    assert sign_in(provider, Flow.HYBRID, response) == "person-1"


# O-6
@pytest.mark.parametrize("flow", list(Flow))
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"nonce": "replayed"}, OidcCode.NONCE),
        ({"aud": "another-client"}, OidcCode.AUDIENCE),
        ({"iss": "https://evil.example"}, OidcCode.ISSUER),
        ({"at_hash": half_hash("another")}, OidcCode.AT_HASH),
        ({"iat": 1, "exp": 2}, OidcCode.EXPIRED),
    ],
)
def test_bad_token_from_the_token_endpoint_is_refused_in_both_flows(
    provider: MisbehavingProvider, flow: Flow, change: dict[str, Any], code: OidcCode
) -> None:
    good = provider.token_answer["id_token"]
    provider.token_answer["id_token"] = sign(provider.claims(**change), provider.key)
    response = good_response(provider, flow)
    assert refusal(lambda: sign_in(provider, flow, response)).code is code
    provider.token_answer["id_token"] = good
    assert sign_in(provider, flow, response) == "person-1"


# O-6
def test_tokens_and_userinfo_about_different_people_sign_nobody_in(provider: MisbehavingProvider) -> None:
    good = dict(provider.token_answer)
    provider.token_answer["id_token"] = sign(provider.claims(sub="person-2"), provider.key)
    response = good_response(provider, Flow.HYBRID)
    assert refusal(lambda: sign_in(provider, Flow.HYBRID, response)).code is OidcCode.SUBJECT
    provider.token_answer = good
    provider.userinfo = {"sub": "person-2"}
    assert refusal(lambda: sign_in(provider, Flow.HYBRID, response)).code is OidcCode.SUBJECT
    provider.userinfo = {"sub": "person-1"}
    assert sign_in(provider, Flow.HYBRID, response) == "person-1"


# O-5: rotation between the two tokens of one sign-in
def test_key_rotation_in_the_middle_of_a_sign_in_goes_unnoticed(provider: MisbehavingProvider) -> None:
    response = good_response(provider, Flow.HYBRID)
    provider.token_answer["id_token"] = sign(provider.claims(), OTHER_RSA)
    token_route = provider.server.routes["/token"]

    def rotate(visit: Any) -> None:
        provider.jwks = public(OTHER_RSA)
        token_route(visit)

    provider.server.routes["/token"] = rotate
    assert sign_in(provider, Flow.HYBRID, response) == "person-1"
    assert provider.count("/keys") == 2


def test_provider_without_userinfo_is_told_so(provider: MisbehavingProvider) -> None:
    del provider.document["userinfo_endpoint"]
    metadata = Discovery(provider.http(), MemoryCache()).metadata(provider.issuer)
    error = refusal(lambda: fetch_userinfo(provider.http(), metadata, ACCESS_TOKEN, Deadline()))
    assert error.code is OidcCode.USERINFO


def test_userinfo_refuses_another_access_token(provider: MisbehavingProvider) -> None:
    metadata = Discovery(provider.http(), MemoryCache()).metadata(provider.issuer)
    error = failure(lambda: fetch_userinfo(provider.http(), metadata, "another", Deadline()))
    assert (error.code, error.status) == (OutboundCode.STATUS, 401)
    assert fetch_userinfo(provider.http(), metadata, ACCESS_TOKEN, Deadline())["sub"] == "person-1"
