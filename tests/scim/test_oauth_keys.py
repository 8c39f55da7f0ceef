"""Which public keys a client may register, told to who pastes them (V-25, RFC 7517, RFC 8725)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import ECKey, OKPKey, RSAKey

from audit.actors import configuration
from scim.models import OAuthClient
from scim.oauth import clients
from tests.scim.directory import Directory
from tests.scim.oauth_client import Peer, claims, jwks, new_peer, present, rsa_key, signed, token_of

KEY = rsa_key()


@pytest.fixture
def signer(directory: Directory) -> Peer:
    """Acme's client, with its public key registered."""
    peer = new_peer(directory, "authentik")
    clients.set_public_keys(client=peer.row, actor=configuration(), public_keys=jwks(KEY))
    return peer


def _without(name: str) -> str:
    entry = KEY.as_dict(private=False)
    del entry[name]
    return json.dumps({"keys": [entry]})


def _with(**members: Any) -> str:
    return json.dumps({"keys": [{**KEY.as_dict(private=False), **members}]})


UNFIT: dict[str, tuple[Callable[[], str], str]] = {
    "RSA of 1024 bits": (lambda: jwks(_weak()), "2048"),
    "private key": (lambda: jwks(KEY, private=True), "private"),
    "shared key": (lambda: json.dumps({"keys": [{"kty": "oct", "k": "AAAA"}]}), "shared"),
    "Ed25519": (lambda: jwks(OKPKey.generate_key("Ed25519")), "must be RSA"),
    "secp256k1": (lambda: jwks(ECKey.generate_key("secp256k1")), "must be RSA"),
    "for encryption": (lambda: _with(use="enc"), "not for signatures"),
    "an HMAC alg": (lambda: _with(alg="HS256"), "alg"),
    "a member missing": (lambda: _without("n"), "can't be read"),
    "an even exponent": (lambda: _with(e="AA"), "can't be read"),
    "the same name twice": (lambda: jwks(KEY, rsa_key(kid="first")), "same kid"),
    "no keys": (lambda: '{"keys": []}', "no keys"),
    "keys that are no list": (lambda: '{"keys": {}}', "no keys"),
    "a certificate": (lambda: "-----BEGIN CERTIFICATE-----", "JSON"),
    "too many": (lambda: json.dumps({"keys": [KEY.as_dict(private=False)] * 11}), "more than 10"),
    "too large": (lambda: '{"keys": "' + "x" * 40_000 + '"}', "too large"),
}


def _weak() -> RSAKey:
    return RSAKey.import_key(rsa.generate_private_key(65537, 1024))  # noqa: S505


@pytest.mark.filterwarnings("ignore")  # joserfc warns about the weak keys that are made here
@pytest.mark.parametrize("document", UNFIT)
def test_unfit_keys_are_refused_when_they_are_registered(signer: Peer, document: str) -> None:  # V-25
    make, word = UNFIT[document]
    with pytest.raises(clients.KeysRefused, match=word):
        clients.set_public_keys(client=signer.row, actor=configuration(), public_keys=make())
    with pytest.raises(clients.KeysRefused, match=word):
        clients.create_client(
            account=signer.directory.account, actor=configuration(), name="x", public_keys=make()
        )
    token_of(present(signed(claims(signer.id), KEY)))


def test_only_the_public_members_of_a_key_are_kept(signer: Peer) -> None:
    entry = {**KEY.as_dict(private=False), "x5u": "https://evil.example", "note": "hello"}
    clients.set_public_keys(client=signer.row, actor=configuration(), public_keys=json.dumps(entry))
    kept = json.loads(OAuthClient.objects.get(pk=signer.id).public_keys)
    assert [each.keys() for each in kept["keys"]] == [{"kty", "n", "e", "kid"}]
