"""Find out which client asks for a token: by exactly one of three methods, never by two (RFC 6749 §2.3, V-25).

``client_secret_post`` (what Entra's gallery sends), ``client_secret_basic``, and ``private_key_jwt`` (RFC 7523). Who
doesn't prove to be a client learns nothing about which clients exist; who proves it is told what is wrong.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn
from urllib.parse import unquote_plus

from django.db import IntegrityError, transaction
from django.utils import timezone

from foundation import public_urls, rate_limits
from foundation.ids import parse_id
from foundation.secret_tokens import digest, lookup_of, matches
from scim.credential import why_account_refuses
from scim.models import OAuthClient, OAuthClientSecret, SpentClientAssertion
from scim.oauth import assertions
from scim.oauth.assertions import AssertionCode, AssertionRefused
from scim.oauth.client_keys import read_keys
from scim.oauth.errors import InvalidClient, InvalidRequest, TooManyTokens

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SECRET_KIND = "socs"  # noqa: S105 -- a prefix, no secret
ENDPOINT = "/oauth/token"
TOKENS_PER_MINUTE = 60  # of one client, which needs one an hour

_UNPROVEN = (
    "Client authentication failed: check client_id and client secret, and that the secret is still valid."
)


@dataclass(frozen=True, slots=True)
class ProvenClient:
    """A client, and the secret that it proved itself with; None where that was an assertion."""

    client: OAuthClient
    secret: OAuthClientSecret | None


def authenticate(authorization: str, form: Mapping[str, str], now: datetime) -> ProvenClient:
    """Return the client of a request for a token.

    ``authorization`` is that header, ``form`` the body's parameters that have a value, each there once.

    Raises:
        InvalidRequest, InvalidClient: no method, several, or a proof that is none.
        TooManyTokens: a client that doesn't keep its tokens.
    """
    form = {
        name: value for name, value in form.items() if value
    }  # one without a value isn't there (RFC 6749 §3.2)
    by_basic = bool(authorization)
    by_post = "client_secret" in form
    by_assertion = "client_assertion" in form or "client_assertion_type" in form
    if by_basic + by_post + by_assertion > 1:
        raise InvalidRequest("Authenticate by one method only: header, client_secret or client_assertion.")
    if by_assertion:
        proven = _by_assertion(form, now)
    elif by_basic:
        client_id, secret = _basic(authorization)
        if form.get("client_id", client_id) != client_id:
            raise InvalidClient("client_id in the body is another one than in the header.")
        proven = _by_secret(client_id, secret)
    elif by_post:
        proven = _by_secret(form.get("client_id", ""), form["client_secret"])
    else:
        raise InvalidClient("Send client_id and client_secret, or a client_assertion.")
    _check_pace(proven.client)
    return proven


def purge() -> int:
    """Forget assertions that have expired anyway, and return how many."""
    deleted, _ = SpentClientAssertion.objects.filter(forget_at__lt=timezone.now()).delete()
    return int(deleted)


def _basic(header: str) -> tuple[str, str]:
    """Return id and secret of a Basic header; both are form-encoded before base64 (RFC 6749 §2.3.1)."""
    scheme, _blank, encoded = header.partition(" ")
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except ValueError:
        text = ""
    client_id, colon, secret = text.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise InvalidClient("The Authorization header must be Basic with client_id:client_secret in base64.")
    return unquote_plus(client_id), unquote_plus(secret)


def _by_secret(client_id: str, plain: str) -> ProvenClient:
    lookup = lookup_of(plain, SECRET_KIND)
    if lookup is None:
        raise InvalidClient(_UNPROVEN, reason="This is no client secret of ours.")
    rows = OAuthClientSecret.objects.select_related("client__account")
    secret = rows.filter(lookup=lookup).first()
    if secret is None or not matches(plain, secret.digest) or secret.client.client_id != client_id:
        raise InvalidClient(_UNPROVEN, reason="There is no such secret, or it is another client's.")
    _require_usable(secret.client)
    if not secret.is_usable:
        _refuse(secret.client, "This client secret was revoked or has expired. Make a new one.")
    return ProvenClient(secret.client, secret)


def _by_assertion(form: Mapping[str, str], now: datetime) -> ProvenClient:
    if form.get("client_assertion_type") != ASSERTION_TYPE or not form.get("client_assertion"):
        raise InvalidRequest(f"client_assertion needs client_assertion_type={ASSERTION_TYPE}.")
    raw = form["client_assertion"]
    try:
        client_id = assertions.claimed_client_id(raw)
    except AssertionRefused as refusal:
        raise InvalidClient(refusal.detail) from None
    if form.get("client_id", client_id) != client_id:
        raise InvalidClient("client_id in the body is another one than in the assertion.")
    key = parse_id(client_id)
    client = OAuthClient.objects.select_related("account").filter(pk=key).first() if key else None
    keys = read_keys(client.public_keys) if client is not None and client.public_keys else ()
    try:
        # Also for a client that doesn't exist, so that the answer doesn't tell.
        proven = assertions.verify(
            raw, keys=keys, client_id=client_id, audience=public_urls.absolute(ENDPOINT), now=now
        )
    except AssertionRefused as refusal:
        # Nothing is proven yet, so the client is named to the vendor's support only; its account is not.
        raise InvalidClient(refusal.detail, target=client.client_id if client is not None else "") from None
    if client is None or client.client_id != client_id:
        raise InvalidClient("The assertion's iss and sub must both be the client_id.")
    _require_usable(client)
    _spend(client, proven)
    return ProvenClient(client, None)


def _spend(client: OAuthClient, assertion: assertions.Assertion) -> None:
    """Let an assertion through once, in whichever process it comes; one that was refused before is not used up."""
    try:
        with transaction.atomic():
            SpentClientAssertion.objects.create(
                client=client, jti_digest=digest(assertion.jti), forget_at=assertion.forget_at
            )
    except IntegrityError:
        _refuse(
            client, "An assertion with this jti was used before; sign a new one each time.", AssertionCode.JTI
        )


def _require_usable(client: OAuthClient) -> None:
    if client.revoked_at is not None:
        _refuse(client, "This OAuth client was revoked.")
    if why := why_account_refuses(client.account):
        _refuse(client, why)


def _check_pace(client: OAuthClient) -> None:
    verdict = rate_limits.hit("oauth-tokens", client.client_id, limit=TOKENS_PER_MINUTE, seconds=60)
    if not verdict.allowed:
        raise TooManyTokens(
            "An access token is good for an hour; keep it instead of asking for one each time.",
            target=client.client_id,
            account_id=client.account_id,
            retry_after=verdict.retry_after,
        )


def _refuse(client: OAuthClient, detail: str, code: AssertionCode | None = None) -> NoReturn:
    raise InvalidClient(
        detail,
        reason=f"{detail} ({client.name})" if code is None else f"{code}: {detail} ({client.name})",
        target=client.client_id,
        account_id=client.account_id,
    )
