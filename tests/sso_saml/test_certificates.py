"""An administrator's certificate is taken in every form that vendors hand out, and explained (S-2, A-7)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sso_saml.certificates import CertificateError, CertificateProblem, parse_certificates
from tests.sso_saml.forge import NOW, certificate, der_base64, ec_key, pem, rsa_key

CERTIFICATE = certificate(rsa_key("idp"))
PEM = pem(CERTIFICATE).encode()
DER = CERTIFICATE.public_bytes(Encoding.DER)
BASE64 = base64.b64encode(DER)
OTHER = pem(certificate(ec_key("idp"))).encode()
FINGERPRINT = CERTIFICATE.fingerprint(hashes.SHA256()).hex()


def codes(data: bytes) -> CertificateProblem:
    with pytest.raises(CertificateError) as refused:
        parse_certificates(data)
    return refused.value.code


KEYS: dict[str, Callable[[], CertificatePublicKeyTypes]] = {
    "rsa1024": lambda: rsa.generate_private_key(65537, 1024).public_key(),  # noqa: S505 - the weak one
    "rsa2048": lambda: rsa.generate_private_key(65537, 2048).public_key(),
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()).public_key(),
    "p192": lambda: ec.generate_private_key(ec.SECP192R1()).public_key(),
    "ed25519": lambda: ed25519.Ed25519PrivateKey.generate().public_key(),
    "dsa": lambda: dsa.generate_private_key(2048).public_key(),
}


def with_key(kind: str) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, kind)])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
    builder = builder.public_key(KEYS[kind]()).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1))
    return builder.sign(rsa_key("idp"), hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    "data",
    [
        DER,
        PEM,
        PEM.replace(b"\n", b"\r\n"),
        PEM.replace(b"\n", b"\n  "),
        b"Bag Attributes\n  localKeyID: 01\nsubject=CN=x\n" + PEM,
        b"\xef\xbb\xbf" + PEM,
        BASE64,
        b"\xef\xbb\xbf" + BASE64 + b"\r\n",
        b"\n".join(BASE64[start : start + 64] for start in range(0, len(BASE64), 64)),
        b"-----BEGIN CERTIFICATE-----" + BASE64 + b"-----END CERTIFICATE-----",
        PEM + PEM,
    ],
    ids=[
        "der",
        "pem",
        "crlf",
        "indented",
        "with text",
        "bom",
        "base64",
        "base64 bom",
        "wrapped",
        "one line",
        "twice",
    ],
)
def test_every_form_gives_the_same_certificate(data: bytes) -> None:  # S-2
    (found,) = parse_certificates(data)

    assert found.pem.encode() == PEM
    assert found.fingerprint == FINGERPRINT
    assert found.subject == "CN=idp.acme.example"
    assert (found.not_before, found.not_after) == (
        datetime(2020, 1, 1, tzinfo=UTC),
        datetime(2036, 1, 1, tzinfo=UTC),
    )


def test_rollover_file_holds_several() -> None:  # S-7
    assert [found.pem.encode() for found in parse_certificates(OTHER + b"\n" + PEM)] == [OTHER, PEM]


def test_dates_are_shown_not_enforced() -> None:
    expired = certificate(rsa_key("idp"), datetime(2021, 1, 1, tzinfo=UTC))
    (found,) = parse_certificates(pem(expired).encode())

    assert not found.covers(NOW)
    assert found.covers(datetime(2020, 6, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        BASE64[:-4],
        DER[:-1],
        DER + b"\x00",
        PEM.replace(b"M", b"!"),
        b"-----BEGIN PKCS7-----\nAA==\n",
        b"0",
    ],
)
def test_what_is_no_certificate_is_said_to_be_none(data: bytes) -> None:
    assert codes(data) == CertificateProblem.NOT_A_CERTIFICATE


def test_pasted_private_key_is_named_as_such() -> None:
    secret = rsa_key("idp").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    assert codes(PEM + secret) == CertificateProblem.PRIVATE_KEY


def test_input_is_bounded() -> None:
    assert codes(PEM + b" " * 64 * 1024) == CertificateProblem.TOO_LARGE
    many = b"".join(pem(certificate(ec_key("idp"), NOW + timedelta(days=day))).encode() for day in range(11))
    assert codes(many) == CertificateProblem.TOO_MANY


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("rsa1024", CertificateProblem.WEAK_KEY),
        ("p192", CertificateProblem.UNSUPPORTED_KEY),
        ("ed25519", CertificateProblem.UNSUPPORTED_KEY),
        ("dsa", CertificateProblem.UNSUPPORTED_KEY),
    ],
)
def test_key_that_could_not_verify_a_sign_in_is_refused(kind: str, code: CertificateProblem) -> None:
    assert codes(with_key(kind)) == code


@pytest.mark.parametrize("kind", ["rsa2048", "p256"])
def test_key_that_can_is_taken(kind: str) -> None:
    assert parse_certificates(with_key(kind))[0].subject == f"CN={kind}"


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@pytest.mark.parametrize("byte", [0x00, 0x02, 0x7F, 0x80, 0xFF])
def test_damaged_certificate_is_read_or_refused(byte: int) -> None:
    refused = 0
    for position in range(len(DER)):
        damaged = DER[:position] + bytes([byte]) + DER[position + 1 :]
        try:
            assert len(parse_certificates(damaged)) == 1
        except CertificateError:
            refused += 1

    assert refused > 100


def test_bare_base64_of_the_metadata_is_the_same_form() -> None:
    assert parse_certificates(der_base64(CERTIFICATE).encode())[0].fingerprint == FINGERPRINT
