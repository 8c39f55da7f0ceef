"""Which of a provider's published keys are used (O-6)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import ECKey, OKPKey

from sso_oidc.errors import OidcCode, OidcRefusal
from sso_oidc.keys import read_keys
from tests.sso_oidc.misbehaving_provider import RSA, part, public

GOOD = public(RSA)["keys"][0]

WEAK = rsa.generate_private_key(65537, 2040)  # noqa: S505 - weak is the point
SHORT = part(WEAK.public_key().public_numbers().n.to_bytes(255))


def names(*entries: Any) -> list[str | None]:
    return [key.kid for key in read_keys(json.dumps({"keys": list(entries)}).encode()).keys]


UNFIT = {
    "symmetric": {"kty": "oct", "kid": "x", "k": part(b"0" * 32)},
    "symmetric-in-disguise": {**GOOD, "k": "AAAA"},
    "private": {**RSA.as_dict(private=True), "kid": "x"},
    "short": {"kty": "RSA", "kid": "x", "e": "AQAB", "n": SHORT},
    "huge": {"kty": "RSA", "kid": "x", "e": "AQAB", "n": part(b"\xff" * 1025)},
    "encryption": {**GOOD, "use": "enc"},
    "encryption-operations": {**GOOD, "key_ops": ["encrypt"]},
    "encryption-algorithm": {**GOOD, "alg": "RSA-OAEP"},
    "hmac-algorithm": {**GOOD, "alg": "HS256"},
    "secp256k1": public(ECKey.generate_key("secp256k1", {"kid": "x"}))["keys"][0],
    "x25519": public(OKPKey.generate_key("X25519", {"kid": "x"}))["keys"][0],
    "off-curve": {"kty": "EC", "crv": "P-256", "kid": "x", "x": "AQ", "y": "AQ"},
    "no-modulus": {"kty": "RSA", "kid": "x", "e": "AQAB"},
    "bad-base64": {**GOOD, "n": "***"},
    "even-exponent": {**GOOD, "e": "AA"},
    "number": {**GOOD, "n": 5},
    "kid-number": {**GOOD, "kid": 5},
    "kty-list": {**GOOD, "kty": ["RSA"]},
    "post-quantum": {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA", "kid": "x"},
    "text": "key",
    "null": None,
}


# O-6
@pytest.mark.filterwarnings("error::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize("unfit", UNFIT.values(), ids=UNFIT.keys())
def test_unfit_key_is_passed_over_and_the_good_one_beside_it_is_used(unfit: Any) -> None:
    assert names(unfit, GOOD) == ["rsa-1"]
    with pytest.raises(OidcRefusal) as caught:
        names(unfit)
    assert caught.value.code is OidcCode.KEYS


# O-6
def test_every_fit_kind_of_key_is_used() -> None:
    curves = [ECKey.generate_key(curve, {"kid": curve}) for curve in ("P-256", "P-384", "P-521")]
    edwards = OKPKey.generate_key("Ed25519", {"kid": "Ed25519"})
    published = public(RSA, *curves, edwards)["keys"]
    assert names(*published) == ["rsa-1", "P-256", "P-384", "P-521", "Ed25519"]


def test_key_without_use_and_with_things_we_do_not_read_is_used() -> None:
    plain = {name: value for name, value in GOOD.items() if name != "use"}
    assert names(
        {**plain, "x5c": ["not a certificate"], "x5t": 5, "x5u": "ftp://x", "key_ops": ["verify"]}
    ) == ["rsa-1"]


# O-6: at most 100 keys
def test_endless_key_set_is_refused() -> None:
    assert len(names(*[GOOD] * 100)) == 100
    with pytest.raises(OidcRefusal) as caught:
        names(*[GOOD] * 101)
    assert caught.value.code is OidcCode.KEYS


@pytest.mark.parametrize("document", [b"{}", b"[]", b"", b'{"keys": {}}', b'{"keys": []}', b'{"keys": null}'])
def test_document_that_is_no_key_set_is_refused(document: bytes) -> None:
    with pytest.raises(OidcRefusal) as caught:
        read_keys(document)
    assert caught.value.code is OidcCode.KEYS
