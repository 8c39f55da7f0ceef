"""Passkeys and security keys: WebAuthn with the ``fido2`` library, as the second thing after a password (V-11).

The relying party is the host that the browser is on, which ``broker.middleware.hosts`` compared with the configured
ones: a passkey works where it was made, as a session does (V-7). User verification (PIN, finger, face) is required, so
a stolen key alone opens nothing. Attestation isn't asked for: which make of key people use is theirs to choose.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.lifecycle.factors import Passkey, credential_digest
from accounts.models import SecondFactor, User
from foundation import public_urls
from foundation.secret_tokens import random_secret

_LIMIT = 16 * 1024  # characters of an answer
_VERIFICATION = UserVerificationRequirement.REQUIRED


class PasskeyRefused(Exception):
    """The browser's answer doesn't hold; the message says why, for the audit trail."""


def new_challenge() -> str:
    """Return 256 random bits in URL-safe Base64 (WebAuthn §13.4.3 wants at least 128)."""
    return random_secret()


def rp_id_of(request: HttpRequest) -> str:
    """Return the relying party's id: the host name without its port."""
    return urlsplit(f"//{request.get_host()}").hostname or ""


def creation_options(request: HttpRequest, user: User, known: Sequence[SecondFactor], challenge: str) -> str:
    """Return the JSON that ``navigator.credentials.create`` is called with."""
    options, _ = _server(request).register_begin(
        PublicKeyCredentialUserEntity(
            id=user.pk.bytes, name=user.user_name, display_name=user.get_full_name()
        ),
        [_credential(factor) for factor in known],
        resident_key_requirement=ResidentKeyRequirement.DISCOURAGED,  # the password form has said who it is
        user_verification=_VERIFICATION,
        challenge=websafe_decode(challenge),
    )
    return json.dumps(dict(options))


def request_options(request: HttpRequest, known: Sequence[SecondFactor], challenge: str) -> str:
    """Return the JSON that ``navigator.credentials.get`` is called with."""
    options, _ = _server(request).authenticate_begin(
        [_credential(factor) for factor in known],
        user_verification=_VERIFICATION,
        challenge=websafe_decode(challenge),
    )
    return json.dumps(dict(options))


def registered(request: HttpRequest, answer: str, challenge: str) -> Passkey:
    """Return the passkey that a browser's answer registers. Raises ``PasskeyRefused``."""
    try:
        response = RegistrationResponse.from_dict(_read(answer))
        _refuse_embedded(response.response.client_data.cross_origin)
        data = _server(request).register_complete(_state(challenge), response)
        credential = data.credential_data
        if credential is None or credential.public_key.ALGORITHM not in CoseKey.supported_algorithms():
            raise ValueError("a key of no known algorithm")
    except Exception as error:  # the library reads a stranger's bytes: whatever goes wrong means no
        raise PasskeyRefused(str(error)[:200] or type(error).__name__) from error
    return Passkey(bytes(credential), credential.credential_id, rp_id_of(request), data.counter)


def asserted(
    request: HttpRequest, known: Sequence[SecondFactor], answer: str, challenge: str
) -> tuple[SecondFactor, int]:
    """Return which of ``known`` signed the challenge, and its counter. Raises ``PasskeyRefused``."""
    try:
        response = AuthenticationResponse.from_dict(_read(answer))
        _refuse_embedded(response.response.client_data.cross_origin)
        credentials = [_credential(factor) for factor in known]
        used = _server(request).authenticate_complete(_state(challenge), credentials, response)
    except Exception as error:  # as above
        raise PasskeyRefused(str(error)[:200] or type(error).__name__) from error
    wanted = credential_digest(used.credential_id)
    [factor] = [factor for factor in known if factor.credential_digest == wanted]
    return factor, response.response.authenticator_data.counter


def _server(request: HttpRequest) -> Fido2Server:
    origin = f"{urlsplit(public_urls.base_url()).scheme}://{request.get_host().lower()}"
    party = PublicKeyCredentialRpEntity(id=rp_id_of(request), name=settings.BROKER_PRODUCT_NAME)
    return Fido2Server(party, verify_origin=lambda said: said == origin)


def _state(challenge: str) -> dict[str, Any]:
    if not challenge:
        raise ValueError("no challenge is open")
    return {"challenge": websafe_encode(websafe_decode(challenge)), "user_verification": _VERIFICATION}


def _credential(factor: SecondFactor) -> AttestedCredentialData:
    return AttestedCredentialData(base64.b64decode(factor.credential))


def _read(answer: str) -> dict[str, Any]:
    if len(answer) > _LIMIT:
        raise ValueError("too long")
    found = json.loads(answer)
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


def _refuse_embedded(cross_origin: bool | None) -> None:
    if cross_origin:
        raise ValueError("asked for inside another site's page")
