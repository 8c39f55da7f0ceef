"""A client signs instead of sending a secret: private_key_jwt, and every way of cheating at it (RFC 7523, V-25)."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey

from audit.actors import configuration
from audit.models import AuditEvent, FailureLogEntry
from foundation.secret_tokens import NewToken, make_token
from scim.models import OAuthAccessToken, OAuthClient, SpentClientAssertion
from scim.oauth import access_tokens, clients
from scim.tasks import purge_oauth
from tests.scim.directory import Directory, new_directory
from tests.scim.oauth_client import (
    TOKEN_URL,
    Peer,
    ask,
    assertion_form,
    claims,
    error_of,
    jwks,
    new_peer,
    present,
    raw,
    rsa_key,
    signed,
    token_of,
)

KEY = rsa_key()


@pytest.fixture
def signer(directory: Directory) -> Peer:
    """Acme's client, with its public key registered."""
    peer = new_peer(directory, "authentik")
    clients.set_public_keys(client=peer.row, actor=configuration(), public_keys=jwks(KEY))
    return peer


def test_a_signed_assertion_gets_a_token_that_lists_people(signer: Peer) -> None:  # V-25
    answer = present(signed(claims(signer.id), KEY, kid="first", typ="JWT"))
    assert signer.uses(token_of(answer)).status_code == 200
    assert OAuthClient.objects.get(pk=signer.id).last_used_at is not None


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])
def test_rsa_keys_verify_every_allowed_algorithm(signer: Peer, algorithm: str) -> None:
    token_of(present(signed(claims(signer.id), KEY, algorithm)))


@pytest.mark.parametrize(("curve", "algorithm"), [("P-256", "ES256"), ("P-384", "ES384"), ("P-521", "ES512")])
def test_elliptic_keys_verify_the_algorithm_of_their_curve(signer: Peer, curve: str, algorithm: str) -> None:
    key = ECKey.generate_key(curve)
    clients.set_public_keys(client=signer.row, actor=configuration(), public_keys=jwks(key))
    token_of(present(signed(claims(signer.id), key, algorithm)))


def test_the_audience_may_be_a_list_of_one_and_client_id_may_be_repeated(signer: Peer) -> None:
    token_of(present(signed(claims(signer.id, aud=[TOKEN_URL]), KEY), client_id=signer.id))


def test_a_clock_that_is_a_minute_fast_loses_nothing(signer: Peer) -> None:
    later = int(time.time()) + 60
    token_of(present(signed(claims(signer.id, iat=later, exp=later + 300), KEY)))


def test_keys_rotate_by_being_registered_side_by_side(signer: Peer) -> None:
    new = rsa_key(kid="second")
    assert error_of(present(signed(claims(signer.id), new, kid="second"))) == "invalid_client"
    clients.set_public_keys(client=signer.row, actor=configuration(), public_keys=jwks(KEY, new))
    for key, kid in ((KEY, "first"), (new, "second")):
        token_of(present(signed(claims(signer.id), key, kid=kid)))
        token_of(present(signed(claims(signer.id), key)))  # without a name each is tried


def test_replacing_the_keys_ends_the_tokens_got_with_the_old_ones(signer: Peer) -> None:  # V-25
    by_key, by_secret = token_of(present(signed(claims(signer.id), KEY))), signer.token()
    new = rsa_key(kid="second")
    assert clients.set_public_keys(client=signer.row, actor=configuration(), public_keys=jwks(new))
    assert signer.uses(by_key).status_code == 401
    assert signer.uses(by_secret).status_code == 200
    assert error_of(present(signed(claims(signer.id), KEY))) == "invalid_client"
    changes = AuditEvent.objects.filter(action="oauth_client.keys_changed").latest("created_at").changes
    assert changes == {"public_keys": ["1 key (first)", "1 key (second)"]}


def test_an_old_key_gets_no_token_while_it_is_being_replaced(
    signer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:  # V-25
    def after_the_keys_were_replaced(kind: str) -> NewToken:
        clients.set_public_keys(client=signer.row, actor=configuration(), public_keys=jwks(rsa_key()))
        return make_token(kind)

    monkeypatch.setattr(access_tokens, "make_token", after_the_keys_were_replaced)
    assert error_of(present(signed(claims(signer.id), KEY))) == "invalid_client"
    assert not OAuthAccessToken.objects.filter(client=signer.row).exists()
    signer.token()  # a secret has nothing to do with it


def _now(seconds: int) -> int:
    return int(time.time()) + seconds


WRONG_CLAIMS: dict[str, Callable[[], dict[str, Any]]] = {
    "audience of another server": lambda: {"aud": "https://other.example/oauth/token"},
    "the SCIM address as audience": lambda: {"aud": "http://localhost:8000/api/scim"},
    "a second audience": lambda: {"aud": [TOKEN_URL, "https://other.example"]},
    "audience with a slash": lambda: {"aud": TOKEN_URL + "/"},
    "the Host of the request as audience": lambda: {"aud": "http://testserver/oauth/token"},
    "no audience": lambda: {"aud": None},
    "an hour ahead": lambda: {"exp": _now(3600)},
    "six minutes ahead": lambda: {"exp": _now(360)},
    "six minutes ahead without iat": lambda: {"exp": _now(360), "iat": None},
    "iat far ahead to stretch it": lambda: {"iat": _now(600), "exp": _now(800)},
    "expired": lambda: {"iat": _now(-600), "exp": _now(-300)},
    "no exp": lambda: {"exp": None},
    "exp in quotes": lambda: {"exp": str(_now(60))},
    "exp true": lambda: {"exp": True},
    "exp infinite": lambda: {"exp": 1e300},
    "not yet valid": lambda: {"nbf": _now(280)},
    "no jti": lambda: {"jti": None},
    "empty jti": lambda: {"jti": ""},
    "jti that is no text": lambda: {"jti": 7},
    "jti without end": lambda: {"jti": "x" * 256},
    "issuer is somebody else": lambda: {"iss": "somebody"},
    "no issuer": lambda: {"iss": None},
    "no subject": lambda: {"sub": None},
    "subject is a list": lambda: {"sub": ["x"]},
}


@pytest.mark.parametrize("attack", WRONG_CLAIMS)
def test_an_assertion_with_wrong_claims_is_refused(signer: Peer, attack: str) -> None:  # V-25
    answer = present(signed(claims(signer.id, **WRONG_CLAIMS[attack]()), KEY))
    assert error_of(answer) == "invalid_client"
    assert not OAuthAccessToken.objects.exists()
    assert not SpentClientAssertion.objects.exists()
    token_of(present(signed(claims(signer.id), KEY)))


def test_subject_and_issuer_are_the_same_client(signer: Peer) -> None:  # V-25
    same_account = new_peer(signer.directory, "Okta")
    for wrong in ({"iss": same_account.id}, {"sub": same_account.id}, {"sub": signer.id.upper()}):
        assert error_of(present(signed(claims(signer.id, **wrong), KEY))) == "invalid_client"
    assert error_of(present(signed(claims(signer.id), KEY), client_id=same_account.id)) == "invalid_client"


def test_the_answer_does_not_tell_which_clients_exist(signer: Peer) -> None:  # V-21
    mine = rsa_key(kid="first")
    for wrong in ({}, {"aud": "x"}, {"exp": _now(3600)}):
        told = set()
        for client_id in (signer.id, "00000000-0000-7000-8000-000000000000", "nobody", signer.id.upper()):
            answer = present(signed(claims(client_id, **wrong), mine))
            assert error_of(answer) == "invalid_client"
            told.add(json.loads(answer.content)["error_description"].split(" [track")[0])
        assert len(told) == 1


def test_one_clients_key_signs_for_no_other_client(signer: Peer, other: Directory) -> None:  # V-25
    stranger = new_peer(other)
    theirs = rsa_key(kid="first")
    clients.set_public_keys(client=stranger.row, actor=configuration(), public_keys=jwks(theirs))
    assert error_of(present(signed(claims(signer.id), theirs, kid="first"))) == "invalid_client"
    assert stranger.uses(token_of(present(signed(claims(stranger.id), theirs)))).status_code == 200


def _public_pem() -> bytes:
    return KEY.as_pem(private=False)


def _hs256(secret: bytes, client_id: str, **header: Any) -> str:
    head = {"alg": "HS256", **header}
    unsigned = raw(head, claims(client_id)).rsplit(".", 1)[0]
    signature = hmac.digest(secret, unsigned.encode(), "sha256")  # joserfc refuses to
    return f"{unsigned}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _resigned(client_id: str, **header: Any) -> str:
    """Signed with a key of the attacker's, which the header praises."""
    mine = rsa_key(kid="first")
    public = mine.as_dict(private=False)
    chosen = {name: public if value == "jwk" else value for name, value in header.items()}
    return signed(claims(client_id), mine, **chosen)


FORGED: dict[str, Callable[[str], str]] = {
    "alg none": lambda client_id: raw({"alg": "none"}, claims(client_id)) + "",
    "alg none with a signature": lambda client_id: raw({"alg": "none"}, claims(client_id), b"x"),
    "alg nOnE": lambda client_id: raw({"alg": "nOnE"}, claims(client_id), b"x"),
    "no alg": lambda client_id: raw({}, claims(client_id), b"x"),
    "alg a list": lambda client_id: raw({"alg": ["RS256"]}, claims(client_id), b"x"),
    "HMAC with the public key as PEM": lambda client_id: _hs256(_public_pem(), client_id),
    "HMAC with the key set": lambda client_id: _hs256(jwks(KEY).encode(), client_id),
    "key in the header": lambda client_id: _resigned(client_id, jwk="jwk"),
    "key's address in the header": lambda client_id: _resigned(client_id, jku="https://evil.example/jwks"),
    "certificate's address in the header": lambda client_id: _resigned(
        client_id, x5u="https://evil.example/c"
    ),
    "another key under the same name": lambda client_id: _resigned(client_id, kid="first"),
    "a name that isn't registered": lambda client_id: signed(claims(client_id), KEY, kid="other"),
    "claims swapped after signing": lambda client_id: _swapped(client_id),
    "signature cut off": lambda client_id: signed(claims(client_id), KEY).rsplit(".", 1)[0] + ".",
    "signature bent": lambda client_id: signed(claims(client_id), KEY)[:-12] + "AAAAAAAAAAAA",
    "an extension that must be understood": lambda client_id: _critical(client_id),
    "an ID token's type": lambda client_id: signed(claims(client_id), KEY, typ="at+jwt"),
    "Ed25519": lambda client_id: signed(claims(client_id), OKPKey.generate_key("Ed25519"), "EdDSA"),
    "four parts": lambda client_id: signed(claims(client_id), KEY) + ".x",
    "two subjects": lambda client_id: _twice(client_id),
    "not base64": lambda client_id: "§.§.§",
    "empty parts": lambda client_id: "..",
    "too long": lambda client_id: signed(claims(client_id, x="y" * 20_000), KEY),
}


def _swapped(client_id: str) -> str:
    header, _claims, signature = signed(claims("somebody-else"), KEY).split(".")
    return f"{header}.{raw({}, claims(client_id)).split('.')[1]}.{signature}"


def _critical(client_id: str) -> str:
    header = {"alg": "RS256", "crit": ["b64"], "b64": False}
    unsigned = raw(header, claims(client_id)).rsplit(".", 1)[0]
    signature = jws.JWSRegistry.algorithms["RS256"].sign(unsigned.encode(), KEY)
    return f"{unsigned}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _twice(client_id: str) -> str:
    content = json.dumps(claims(client_id))[:-1] + f', "sub": "{client_id}"}}'
    return jws.serialize_compact({"alg": "RS256"}, content, KEY)


@pytest.mark.filterwarnings("ignore")  # joserfc warns about what is forged here
@pytest.mark.parametrize("attack", FORGED)
def test_a_forged_assertion_is_refused(signer: Peer, attack: str) -> None:  # V-25, RFC 8725
    answer = present(FORGED[attack](signer.id))
    assert error_of(answer) in ("invalid_client", "invalid_request")
    assert not OAuthAccessToken.objects.exists()
    entry = FailureLogEntry.objects.get(track_id=answer.headers["X-Track-Id"])
    assert entry.account_id is None, "nothing is proven, so no account is blamed"


def test_keys_in_the_header_of_a_good_assertion_are_not_looked_at(signer: Peer) -> None:  # V-25
    evil = rsa_key().as_dict(private=False)
    token_of(present(signed(claims(signer.id), KEY, jwk=evil, jku="https://evil.example", x5c=["AA"])))


def test_an_assertion_is_good_once(signer: Peer) -> None:  # V-25
    assertion = signed(claims(signer.id, jti="once"), KEY)
    token_of(present(assertion))
    assert error_of(present(assertion)) == "invalid_client"
    again = signed(claims(signer.id, jti="once", iat=None), KEY)  # other bytes, the same name
    assert error_of(present(again)) == "invalid_client"
    assert OAuthAccessToken.objects.count() == 1


def test_the_same_jti_of_another_client_is_another_assertion(signer: Peer, other: Directory) -> None:
    stranger = new_peer(other)
    clients.set_public_keys(client=stranger.row, actor=configuration(), public_keys=jwks(KEY))
    token_of(present(signed(claims(signer.id, jti="once"), KEY)))
    token_of(present(signed(claims(stranger.id, jti="once"), KEY)))


@pytest.mark.django_db(transaction=True)
def test_an_assertion_presented_at_the_same_moment_everywhere_gets_one_token(
    transactional_db: None,
) -> None:  # V-25
    signer = new_peer(new_directory("acme"), "authentik")
    clients.set_public_keys(client=signer.row, actor=configuration(), public_keys=jwks(KEY))
    form = assertion_form(signed(claims(signer.id), KEY))

    def use(_number: int) -> int:
        try:
            return int(ask(form).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(use, range(8)))
    assert statuses == [200] + [401] * 7
    assert OAuthAccessToken.objects.count() == 1


def test_used_names_are_remembered_until_the_assertion_has_expired(signer: Peer) -> None:
    token_of(present(signed(claims(signer.id), KEY)))
    purge_oauth()
    kept = SpentClientAssertion.objects.get()
    assert kept.forget_at > timezone.now() + timedelta(minutes=4)
    SpentClientAssertion.objects.update(forget_at=timezone.now() - timedelta(seconds=1))
    purge_oauth()
    assert not SpentClientAssertion.objects.exists()


def test_a_revoked_client_signs_in_vain(signer: Peer) -> None:  # V-25
    token = token_of(present(signed(claims(signer.id), KEY)))
    clients.revoke_client(client=signer.row, actor=configuration())
    assert error_of(present(signed(claims(signer.id), KEY))) == "invalid_client"
    assert signer.uses(token).status_code == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"client_assertion_type": None},
        {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"},
        {"client_assertion": None},
    ],
)
def test_type_and_assertion_belong_together(signer: Peer, changed: dict[str, Any]) -> None:
    form = assertion_form(signed(claims(signer.id), KEY), **changed)
    assert error_of(ask(form)) == "invalid_request"


def test_the_audience_follows_the_configured_address(
    signer: Peer, settings: Any
) -> None:  # V-25, design rule 9
    settings.BROKER_BASE_URL = "https://login.example.com"
    form = assertion_form(signed(claims(signer.id), KEY))
    assert error_of(ask(form, host="login.example.com")) == "invalid_client"
    right = claims(signer.id, aud="https://login.example.com/oauth/token")
    token_of(ask(assertion_form(signed(right, KEY)), host="login.example.com"))
