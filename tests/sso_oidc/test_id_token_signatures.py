"""Who signed an ID token, and with what: algorithms, keys and headers (O-6)."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from joserfc.jwk import ECKey, OKPKey

from sso_oidc.errors import OidcCode, UnknownKey
from sso_oidc.tokens import Channel
from tests.sso_oidc.id_tokens import claims, keys_of, refusal, validate
from tests.sso_oidc.misbehaving_provider import (
    ACCESS_TOKEN,
    CODE,
    OTHER_RSA,
    RSA,
    half_hash,
    part,
    public,
    sign,
    sign_with_hmac,
)

EC256 = ECKey.generate_key("P-256", {"kid": "ec-256"})
EC384 = ECKey.generate_key("P-384", {"kid": "ec-384"})
EC521 = ECKey.generate_key("P-521", {"kid": "ec-521"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed"})
ALL_KEYS = keys_of(public(RSA, EC256, EC384, EC521, ED))


# O-6
@pytest.mark.filterwarnings("error::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize(
    ("alg", "key", "hash_name"),
    [
        *((f"RS{size}", RSA, f"sha{size}") for size in (256, 384, 512)),
        *((f"PS{size}", RSA, f"sha{size}") for size in (256, 384, 512)),
        ("ES256", EC256, "sha256"),
        ("ES384", EC384, "sha384"),
        ("ES512", EC521, "sha512"),
        ("EdDSA", ED, "sha512"),
        ("Ed25519", ED, "sha512"),
    ],
)
def test_every_allowed_algorithm_signs_in_with_hashes_of_its_own_kind(
    alg: str, key: Any, hash_name: str
) -> None:
    good = claims(at_hash=half_hash(ACCESS_TOKEN, hash_name), c_hash=half_hash(CODE, hash_name))
    front: dict[str, Any] = {"channel": Channel.FRONT, "code": CODE, "access_token": ACCESS_TOKEN}
    assert validate(sign(good, key, alg=alg), ALL_KEYS, **front).subject == "person-1"
    wrong_hash = "sha512" if hash_name != "sha512" else "sha256"
    bad = {**good, "at_hash": half_hash(ACCESS_TOKEN, wrong_hash)}
    assert refusal(lambda: validate(sign(bad, key, alg=alg), ALL_KEYS, **front)).code is OidcCode.AT_HASH


# O-6: the signature is what the provider's key made over exactly this header and these claims
@pytest.mark.parametrize("alg", ["RS256", "PS256"])
def test_token_changed_after_signing_is_refused(alg: str) -> None:
    raw = sign(claims(), RSA, alg=alg)
    header, body, signature = raw.split(".")
    assert validate(raw).subject == "person-1"
    forged = part(claims(sub="person-2"))
    assert refusal(lambda: validate(f"{header}.{forged}.{signature}")).code is OidcCode.SIGNATURE
    other_header = part({"alg": alg, "kid": "rsa-1", "typ": "JWT", "x": 1})
    assert refusal(lambda: validate(f"{other_header}.{body}.{signature}")).code is OidcCode.SIGNATURE
    assert refusal(lambda: validate(f"{header}.{body}.{part(b'x' * 256)}")).code is OidcCode.SIGNATURE


# O-6
def test_token_signed_by_somebody_else_under_a_known_key_name_is_refused() -> None:
    raw = sign(claims(), OTHER_RSA, kid="rsa-1")
    assert refusal(lambda: validate(raw)).code is OidcCode.SIGNATURE
    assert validate(raw, keys_of(public(OTHER_RSA, kid="rsa-1"))).subject == "person-1"


# O-6: alg none, in every spelling
@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", ""])
@pytest.mark.parametrize("signature", ["", "AA"])
def test_unsigned_token_is_refused(alg: str, signature: str) -> None:
    raw = f"{part({'alg': alg, 'kid': 'rsa-1'})}.{part(claims())}.{signature}"
    assert refusal(lambda: validate(raw)).code in (OidcCode.ALGORITHM, OidcCode.MALFORMED)
    assert refusal(lambda: validate(raw, algorithms=frozenset({alg}))).code in (
        OidcCode.ALGORITHM,
        OidcCode.MALFORMED,
    )


# O-6: HMAC keyed with what everybody can read
@pytest.mark.parametrize("form", ["pem", "modulus", "client-secret"])
def test_token_with_hmac_over_public_key_is_refused(form: str) -> None:
    public_pem = RSA.public_key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    secret = {"pem": public_pem, "modulus": str(RSA.as_dict()["n"]).encode(), "client-secret": b"secret"}[
        form
    ]
    raw = sign_with_hmac(claims(), secret, "rsa-1")
    assert refusal(lambda: validate(raw)).code is OidcCode.ALGORITHM
    # not even when a caller asks for it
    assert refusal(lambda: validate(raw, algorithms=frozenset({"HS256"}))).code is OidcCode.ALGORITHM
    published = keys_of({"keys": [*public(RSA)["keys"], {"kty": "oct", "k": part(secret), "kid": "rsa-1"}]})
    assert refusal(lambda: validate(raw, published)).code is OidcCode.ALGORITHM
    assert validate(sign(claims(), RSA), published).subject == "person-1"


# O-6: algorithm allow-list per provider
def test_algorithm_that_the_provider_does_not_announce_is_refused() -> None:
    raw = sign(claims(), RSA, alg="PS256")
    assert refusal(lambda: validate(raw, algorithms=frozenset({"RS256"}))).code is OidcCode.ALGORITHM
    assert validate(raw, algorithms=frozenset({"RS256", "PS256"})).subject == "person-1"


# O-6: the key decides about the algorithm
def test_key_reserved_for_another_algorithm_verifies_nothing() -> None:
    only_ps = keys_of(public(RSA, alg="PS256"))
    with pytest.raises(UnknownKey):
        validate(sign(claims(), RSA), only_ps)
    assert validate(sign(claims(), RSA, alg="PS256"), only_ps).subject == "person-1"
    with pytest.raises(UnknownKey):
        validate(sign(claims(), EC256, alg="ES256", kid="ec-384"), ALL_KEYS)


# O-6: keys that a token brings along
@pytest.mark.parametrize(
    "header",
    [
        {"jwk": OTHER_RSA.as_dict(private=False)},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/certificate"},
        {"x5c": ["bm90IGEgY2VydGlmaWNhdGU=" * 40]},
        {"jku": "not a url", "x5c": "not a list", "jwk": 1},
    ],
    ids=["jwk", "jku", "x5u", "x5c", "nonsense"],
)
def test_keys_in_the_header_are_ignored(header: dict[str, Any]) -> None:
    forged = sign(claims(sub="person-2"), OTHER_RSA, kid="rsa-1", **header)
    assert refusal(lambda: validate(forged)).code is OidcCode.SIGNATURE
    assert validate(sign(claims(), RSA, **header)).subject == "person-1"


# O-6
@pytest.mark.parametrize(
    "header", [{"crit": ["exp"], "exp": 1}, {"crit": []}, {"crit": ["b64"], "b64": False}]
)
def test_token_that_demands_extensions_is_refused(header: dict[str, Any]) -> None:
    assert refusal(lambda: validate(sign(claims(), RSA, **header))).code is OidcCode.MALFORMED
    assert validate(sign(claims(), RSA, unknown_but_harmless=1)).subject == "person-1"


# O-6: other tokens of the same provider
@pytest.mark.parametrize("typ", ["at+jwt", "logout+jwt", "application/at+jwt", 1])
def test_token_of_another_type_is_refused(typ: Any) -> None:
    assert refusal(lambda: validate(sign(claims(), RSA, typ=typ))).code is OidcCode.MALFORMED
    for fine in ("JWT", "jwt", "application/jwt", None):
        assert validate(sign(claims(), RSA, typ=fine)).subject == "person-1"


GOOD_PART = part(b"{}")
TWO_ALGORITHMS = part(b'{"alg":"RS256","alg":"none"}')


# O-6
@pytest.mark.parametrize(
    "raw",
    [
        "",
        "x",
        "a.b",
        "a.b.c.d.e",
        f"{part(b'[]')}.{GOOD_PART}.AA",
        f"{part(b'no json')}.{GOOD_PART}.AA",
        f"{GOOD_PART}.{GOOD_PART}.A+/=",
        f"{GOOD_PART}.{GOOD_PART}.AA\n",
        "A" * 200_000,
        f"{part({'alg': 'RS256', 'kid': 1})}.{GOOD_PART}.AA",
        f"{TWO_ALGORITHMS}.{GOOD_PART}.AA",
    ],
)
def test_text_that_is_no_token_is_refused(raw: str) -> None:
    assert refusal(lambda: validate(raw)).code is OidcCode.MALFORMED


# O-6: claims that two readers would read differently
@pytest.mark.parametrize(
    "body", [b'{"sub":"person-1","sub":"person-2"}', b"[]", b'{"sub":"a\\u0000b"}', b"\xff"]
)
def test_signed_text_that_is_no_strict_json_is_refused(body: bytes) -> None:
    assert refusal(lambda: validate(sign(body, RSA))).code is OidcCode.MALFORMED


# O-5
def test_unknown_key_asks_for_a_refresh() -> None:
    with pytest.raises(UnknownKey) as caught:
        validate(sign(claims(), OTHER_RSA))
    assert caught.value.code is OidcCode.UNKNOWN_KEY
    assert validate(sign(claims(), OTHER_RSA), keys_of(public(RSA, OTHER_RSA))).subject == "person-1"


def test_nameless_token_is_fine_while_only_one_key_can_be_meant() -> None:
    raw = sign(claims(), RSA, kid=None)
    assert validate(raw).subject == "person-1"
    assert validate(raw, ALL_KEYS).subject == "person-1"  # one RSA key among others
    with pytest.raises(UnknownKey):
        validate(raw, keys_of(public(RSA, OTHER_RSA)))
    with pytest.raises(UnknownKey):  # rotated: the new key has no name either
        validate(raw, keys_of(public(OTHER_RSA)))


def test_two_keys_of_one_name_are_both_tried() -> None:
    both = keys_of(public(OTHER_RSA, RSA, kid="same"))
    assert validate(sign(claims(), RSA, kid="same"), both).subject == "person-1"
