"""The signature of a redirect: every accepted algorithm, in every form that senders give it (Bindings §3.4.4.1)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from sso_saml.errors import RefusalCode, SamlRefusal
from sso_saml.message_gate import Kind
from sso_saml.query_signature import read_query, verify_query
from tests.sso_saml.forge import DS, MORE, certificate, ec_key, pem, rsa_key

PSS = "http://www.w3.org/2007/05/xmldsig-more#"
RSA_KEY, EC_KEY = rsa_key("idp"), ec_key("idp")
TRUSTED = (pem(certificate(ec_key("other"))), pem(certificate(RSA_KEY)), pem(certificate(EC_KEY)))
Sign = Callable[[bytes], bytes]
SHA256, SHA384, SHA512 = hashes.SHA256(), hashes.SHA384(), hashes.SHA512()


def pkcs1(algorithm: hashes.HashAlgorithm) -> Sign:
    return lambda data: RSA_KEY.sign(data, padding.PKCS1v15(), algorithm)


def pss(data: bytes) -> bytes:
    return RSA_KEY.sign(data, padding.PSS(padding.MGF1(SHA256), 32), SHA256)


def der(data: bytes) -> bytes:
    return EC_KEY.sign(data, ec.ECDSA(SHA256))


def side_by_side(data: bytes) -> bytes:
    r, s = decode_dss_signature(der(data))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def query(algorithm: str, sign: Sign, message: str = "bWVzc2FnZQ==") -> str:
    text = f"SAMLRequest={quote(message, safe='')}&SigAlg={quote(algorithm, safe='')}"
    return f"{text}&Signature={quote(base64.b64encode(sign(text.encode())).decode(), safe='')}"


@pytest.mark.parametrize(
    ("algorithm", "sign"),
    [
        (f"{MORE}rsa-sha256", pkcs1(SHA256)),
        (f"{MORE}rsa-sha384", pkcs1(SHA384)),
        (f"{MORE}rsa-sha512", pkcs1(SHA512)),
        (f"{PSS}sha256-rsa-MGF1", pss),
        (f"{MORE}ecdsa-sha256", side_by_side),
        (f"{MORE}ecdsa-sha256", der),
    ],
    ids=["RSA 256", "RSA 384", "RSA 512", "RSA-PSS", "ECDSA as XML Signature has it", "ECDSA as Java has it"],
)
def test_accepted_algorithm_in_a_rollover_of_several_certificates(algorithm: str, sign: Sign) -> None:
    # S-7
    verify_query(read_query(query(algorithm, sign), Kind.REQUEST), TRUSTED)
    with pytest.raises(SamlRefusal) as refused:
        verify_query(read_query(query(algorithm, sign), Kind.REQUEST), TRUSTED[:1])
    assert refused.value.code is RefusalCode.SIGNATURE_INVALID
    with pytest.raises(SamlRefusal):
        verify_query(read_query(query(algorithm, sign), Kind.REQUEST), ())


@pytest.mark.parametrize(
    "algorithm", [f"{DS}rsa-sha1", f"{DS}dsa-sha1", f"{DS}hmac-sha1", f"{MORE}hmac-sha256", "x"]
)
def test_weak_or_unknown_algorithm_is_refused(algorithm: str) -> None:
    # S-8
    with pytest.raises(SamlRefusal) as refused:
        verify_query(read_query(query(algorithm, pkcs1(SHA256)), Kind.REQUEST), TRUSTED)
    assert refused.value.code is RefusalCode.ALGORITHM


@given(st.text(alphabet="SAMLRequestponseSigAlgnature=&%25+abcäRelayState \0", max_size=120))
@settings(max_examples=300, deadline=None)
def test_any_query_is_a_refusal_and_no_error(text: str) -> None:
    # design rule 6
    for garbage in (text, f"{query('x', pkcs1(SHA256))}&{text}"):
        with pytest.raises(SamlRefusal):
            verify_query(read_query(garbage, Kind.REQUEST), TRUSTED)
