"""Claims of an ID token: each way to be wrong has its own code, and the same token mended signs in (O-6)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sso_oidc.errors import OidcCode
from sso_oidc.keys import SigningKeys
from sso_oidc.tokens import Channel, check_userinfo_sub, validate_same_subject
from tests.sso_oidc.id_tokens import ISSUER, KEYS, SECONDS, claims, expected, keys_of, refusal, validate
from tests.sso_oidc.misbehaving_provider import (
    ACCESS_TOKEN,
    CLIENT_ID,
    CODE,
    NONCE,
    RSA,
    half_hash,
    public,
    sign,
)


@dataclass(frozen=True)
class Case:
    """Claims that are refused with a code, and the nearest ones that sign in (`...` leaves a claim out)."""

    name: str
    code: OidcCode
    bad: dict[str, Any]
    good: dict[str, Any]


GUID = "11111111-2222-4333-8444-555555555555"
CASES = [
    Case("issuer-other", OidcCode.ISSUER, {"iss": "https://evil.example"}, {}),
    Case("issuer-slash", OidcCode.ISSUER, {"iss": ISSUER + "/"}, {}),
    Case("issuer-case", OidcCode.ISSUER, {"iss": "https://LOGIN.example"}, {}),
    Case("issuer-missing", OidcCode.ISSUER, {"iss": ...}, {}),
    Case("issuer-list", OidcCode.ISSUER, {"iss": [ISSUER]}, {}),
    Case("audience-other", OidcCode.AUDIENCE, {"aud": "another-client"}, {}),
    Case("audience-missing", OidcCode.AUDIENCE, {"aud": ...}, {}),
    Case("audience-empty-list", OidcCode.AUDIENCE, {"aud": []}, {"aud": [CLIENT_ID]}),
    Case("audience-others", OidcCode.AUDIENCE, {"aud": ["a", "b"], "azp": "a"}, {"aud": [CLIENT_ID]}),
    Case("audience-part", OidcCode.AUDIENCE, {"aud": CLIENT_ID + "-2"}, {}),
    Case("audience-number", OidcCode.AUDIENCE, {"aud": [1]}, {}),
    Case("azp-missing", OidcCode.AZP, {"aud": [CLIENT_ID, "b"]}, {"aud": [CLIENT_ID, "b"], "azp": CLIENT_ID}),
    Case("azp-other", OidcCode.AZP, {"azp": "another-client"}, {"azp": CLIENT_ID}),
    Case("azp-other-in-list", OidcCode.AZP, {"aud": [CLIENT_ID, "b"], "azp": "b"}, {"aud": [CLIENT_ID]}),
    Case("azp-null", OidcCode.AZP, {"azp": None}, {"azp": CLIENT_ID}),
    Case("expired", OidcCode.EXPIRED, {"exp": SECONDS - 121}, {"exp": SECONDS - 118}),
    Case("exp-missing", OidcCode.CLAIM, {"exp": ...}, {}),
    Case("exp-text", OidcCode.CLAIM, {"exp": str(SECONDS + 300)}, {"exp": SECONDS + 300.5}),
    Case("exp-true", OidcCode.CLAIM, {"exp": True}, {}),
    Case("exp-endless", OidcCode.CLAIM, {"exp": 10**30}, {"exp": SECONDS + 10**9}),
    Case("iat-future", OidcCode.ISSUED_AT, {"iat": SECONDS + 123}, {"iat": SECONDS + 118}),
    Case("iat-old", OidcCode.ISSUED_AT, {"iat": SECONDS - 1925}, {"iat": SECONDS - 1915}),
    Case("iat-missing", OidcCode.CLAIM, {"iat": ...}, {}),
    Case("iat-negative", OidcCode.CLAIM, {"iat": -1}, {}),
    Case("nbf-future", OidcCode.NOT_BEFORE, {"nbf": SECONDS + 123}, {"nbf": SECONDS + 118}),
    Case("nbf-text", OidcCode.CLAIM, {"nbf": "now"}, {"nbf": SECONDS}),
    Case("nonce-other", OidcCode.NONCE, {"nonce": "nonce-of-another-attempt"}, {}),
    Case("nonce-missing", OidcCode.NONCE, {"nonce": ...}, {}),
    Case("nonce-empty", OidcCode.NONCE, {"nonce": ""}, {}),
    Case("nonce-list", OidcCode.NONCE, {"nonce": [NONCE]}, {}),
    Case("sub-missing", OidcCode.SUBJECT, {"sub": ...}, {}),
    Case("sub-empty", OidcCode.SUBJECT, {"sub": ""}, {"sub": "0"}),
    Case("sub-spaces", OidcCode.SUBJECT, {"sub": "  "}, {"sub": "CN=Ada L,O=Acme"}),
    Case("sub-padded", OidcCode.SUBJECT, {"sub": "person-1 "}, {}),
    Case("sub-number", OidcCode.SUBJECT, {"sub": 4711}, {"sub": "4711"}),
    Case("sub-long", OidcCode.SUBJECT, {"sub": "a" * 256}, {"sub": "a" * 255}),
    Case("sub-not-ascii", OidcCode.SUBJECT, {"sub": "pérson"}, {}),
    Case("sub-newline", OidcCode.SUBJECT, {"sub": "person-1\n"}, {}),
    Case(
        "at-hash", OidcCode.AT_HASH, {"at_hash": half_hash("another")}, {"at_hash": half_hash(ACCESS_TOKEN)}
    ),
    Case("at-hash-padded", OidcCode.AT_HASH, {"at_hash": half_hash(ACCESS_TOKEN) + "=="}, {"at_hash": ...}),
    Case("at-hash-null", OidcCode.AT_HASH, {"at_hash": None}, {"at_hash": ...}),
    Case("c-hash-back", OidcCode.C_HASH, {"c_hash": half_hash("another")}, {"c_hash": half_hash(CODE)}),
    Case("auth-time-text", OidcCode.CLAIM, {"auth_time": "yesterday"}, {"auth_time": SECONDS - 9000}),
    Case("acr-number", OidcCode.CLAIM, {"acr": 1}, {"acr": "1"}),
    Case("amr-text", OidcCode.CLAIM, {"amr": "pwd"}, {"amr": ["pwd", "mfa"]}),
    Case("sid-number", OidcCode.CLAIM, {"sid": 1}, {"sid": "session-1"}),
]


# O-6
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_token_with_a_bad_claim_is_refused_and_its_twin_signs_in(case: Case) -> None:
    given: dict[str, Any] = {"access_token": ACCESS_TOKEN, "code": CODE}
    error = refusal(lambda: validate(sign(claims(**case.bad), RSA), **given))
    assert error.code is case.code
    token = validate(sign(claims(**case.good), RSA), **given)
    assert token.issuer == ISSUER
    assert token.subject == case.good.get("sub", "person-1")


# O-6
@pytest.mark.parametrize("changes", [{"c_hash": ...}, {"c_hash": half_hash("another")}, {"c_hash": ""}])
def test_front_channel_token_needs_the_hash_of_its_code(changes: dict[str, Any]) -> None:
    front: dict[str, Any] = {"channel": Channel.FRONT, "code": CODE}
    good = sign(claims(c_hash=half_hash(CODE)), RSA)
    assert validate(good, **front).subject == "person-1"
    error = refusal(lambda: validate(sign(claims(**{"c_hash": half_hash(CODE), **changes}), RSA), **front))
    assert error.code is OidcCode.C_HASH
    # injected: a good token, with the code of somebody else
    assert refusal(lambda: validate(good, **{**front, "code": "stolen"})).code is OidcCode.C_HASH


def test_front_channel_token_is_never_checked_without_its_code() -> None:
    with pytest.raises(ValueError, match="code"):
        validate(sign(claims(c_hash=half_hash(CODE)), RSA), channel=Channel.FRONT)


def test_everything_in_a_good_token_can_be_read() -> None:
    raw = sign(
        claims(
            aud=[CLIENT_ID], acr="loa2", amr=["pwd", "otp"], sid="s-1", auth_time=SECONDS - 60, groups=["a"]
        ),
        RSA,
    )
    token = validate(raw)
    assert (token.audience, token.context, token.methods, token.sid) == (
        (CLIENT_ID,),
        "loa2",
        ("pwd", "otp"),
        "s-1",
    )
    assert token.expires_at - token.issued_at == timedelta(minutes=5)
    assert token.authenticated_at == datetime.fromtimestamp(SECONDS - 60, UTC)
    assert token.claims["groups"] == ["a"]
    assert token.raw == raw


# Design rule 8
def test_tokens_codes_and_nonces_never_show_in_refusals_or_reprs() -> None:
    raw = sign(claims(nonce="secret-nonce", c_hash="secret-hash"), RSA)
    for error in (
        refusal(lambda: validate(raw)),
        refusal(lambda: validate(raw, nonce="secret-nonce", code="secret-code")),
        refusal(lambda: validate("secret-" + raw)),
    ):
        assert "secret" not in str(error) + repr(error) + error.detail
        assert raw not in str(error)
    shown = repr(validate(sign(claims(), RSA))) + repr(
        expected(code="secret-code", access_token="secret-token")
    )
    assert NONCE not in shown
    assert "secret" not in shown
    assert sign(claims(), RSA) not in shown


# O-6
def test_both_tokens_of_a_hybrid_sign_in_are_about_the_same_person() -> None:
    front = validate(sign(claims(c_hash=half_hash(CODE)), RSA), channel=Channel.FRONT, code=CODE)
    validate_same_subject(front, validate(sign(claims(), RSA)))
    other_person = validate(sign(claims(sub="person-2"), RSA))
    assert refusal(lambda: validate_same_subject(front, other_person)).code is OidcCode.SUBJECT
    other_issuer = validate(sign(claims(iss="https://other.example"), RSA), issuer="https://other.example")
    assert refusal(lambda: validate_same_subject(front, other_issuer)).code is OidcCode.SUBJECT


# O-6
@pytest.mark.parametrize(
    "userinfo", [{"sub": "person-2"}, {}, {"sub": None}, {"sub": ["person-1"]}, {"sub": "Person-1"}]
)
def test_userinfo_about_somebody_else_is_refused(userinfo: dict[str, Any]) -> None:
    token = validate(sign(claims(), RSA))
    assert refusal(lambda: check_userinfo_sub(userinfo, token)).code is OidcCode.SUBJECT
    check_userinfo_sub({"sub": "person-1", "email": "ada@acme.example"}, token)


ENTRA = "https://login.microsoftonline.com/{tenantid}/v2.0"
ENTRA_KEYS = keys_of(public(RSA, issuer=ENTRA))


def entra(tenant: Any, **changes: Any) -> dict[str, Any]:
    return claims(**{"iss": ENTRA.replace("{tenantid}", str(tenant)), "tid": tenant, **changes})


# O-3: many tenants of Entra behind one issuer template
@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({"iss": ENTRA}, ENTRA_KEYS),
        ({"tid": "99999999-2222-4333-8444-555555555555"}, ENTRA_KEYS),
        ({"tid": ...}, ENTRA_KEYS),
        ({"tid": "organizations", "iss": ENTRA.replace("{tenantid}", "organizations")}, ENTRA_KEYS),
        ({"iss": f"https://evil.example/{GUID}/v2.0"}, ENTRA_KEYS),
        (
            {},
            keys_of(
                public(
                    RSA, issuer="https://login.microsoftonline.com/99999999-0000-0000-0000-000000000000/v2.0"
                )
            ),
        ),
        ({}, KEYS),
    ],
    ids=[
        "template",
        "other-tid",
        "no-tid",
        "not-a-guid",
        "other-host",
        "key-of-other-tenant",
        "key-of-nobody",
    ],
)
def test_tenant_issuer_and_key_must_agree(changes: dict[str, Any], keys: SigningKeys) -> None:
    bad = sign(entra(GUID, **changes), RSA)
    assert refusal(lambda: validate(bad, keys, issuer=ENTRA)).code is OidcCode.ISSUER
    good = sign(entra(GUID), RSA)
    assert validate(good, ENTRA_KEYS, issuer=ENTRA).issuer == ENTRA.replace("{tenantid}", GUID)


# Speed: a token is checked while somebody waits
def test_token_with_two_hundred_groups_is_fine() -> None:
    raw = sign(claims(groups=[GUID] * 200), RSA)
    started = time.perf_counter()
    assert len(validate(raw).claims["groups"]) == 200
    assert time.perf_counter() - started < 0.5
