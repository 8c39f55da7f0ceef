"""Single logout that begins at the provider: a LogoutRequest ends the sessions here that it names (L-12, S-7).

It comes through a browser that may bring no cookie (a cross-site POST, a frame of the provider's page), so the signed
message alone decides: the sessions of this provider with that NameID and one of those SessionIndexes; without an index,
all with that NameID. Other providers' sessions and other people's are out of its reach whatever it says.

The provider learns by its answer whether the person ever signed in here through it, which it knows. A session that is
over already is a success, since over is what was asked for. Source: SAML Core §3.7.3.2, Profiles §4.4.3.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from lxml import etree

from accounts.models import UserSession
from foundation.client_address import client_address
from foundation.secret_tokens import random_secret
from sso.logout import note_failure, signed_out_page
from sso.models import IdentityProvider
from sso.provider_sessions import end_open, sessions_of
from sso.refusals import Refusal
from sso_saml import replay
from sso_saml.assertion_content import NameId
from sso_saml.decryption import Decryption
from sso_saml.errors import RefusalCode, SamlRefusal
from sso_saml.key_pairs import decryption_keys, signing_key
from sso_saml.logout_receiving import Addressee, Arrived, fresh_until, verified
from sso_saml.logout_requests import Departure, names_in_secret, read_departure
from sso_saml.logout_responses import build_logout_response
from sso_saml.logout_sending import MAX_RELAY_STATE, Outgoing, send
from sso_saml.message_gate import LIMITS
from sso_saml.message_gate import Kind as MessageKind
from sso_saml.messages import SamlConfig
from sso_saml.names import NAME_ID_UNSPECIFIED, STATUS_REQUESTER, STATUS_SUCCESS, STATUS_UNKNOWN_PRINCIPAL
from sso_saml.provider_config import settings_of, sp_entity_id
from sso_saml.times import read_time

_SUCCESS = (STATUS_SUCCESS,)


def receive_request(
    request: HttpRequest, provider: IdentityProvider, message: Arrived, to: Addressee
) -> HttpResponse:
    """Verify, end what is named, answer. Raises ``SamlRefusal`` for what the provider did not say, or said before."""
    root = verified(message, to)
    until = fresh_until(root, to)
    status: tuple[str, ...] = _SUCCESS
    with transaction.atomic():
        replay.spend_message(provider, root.get("ID") or "", until)
        try:
            departure = read_departure(root, _decryption(provider, to.config, root))
            _note(provider, departure, read_time(root.get("IssueInstant") or "", "IssueInstant"))
            ended = _end(request, provider, to.config, departure)
        except SamlRefusal as error:
            problem: SamlRefusal | None = error
            status, ended = _status_of(error), []
        else:
            problem = None
    if problem is not None:
        note_failure(request, Refusal(problem.code.value, problem.detail), provider)
    _forget_own(request, ended)
    return _answer(request, provider, message, root, status)


def _decryption(provider: IdentityProvider, config: SamlConfig, root: etree._Element) -> Decryption | None:
    """Our keys, read when they are needed: after the signature, so that a stranger has nothing decrypted here."""
    if not names_in_secret(root):
        return None
    return Decryption(
        private_keys=decryption_keys(provider),
        recipient=config.sp_entity_id,
        allow_rsa_1_5=config.allow_rsa_1_5,
        limits=LIMITS,
    )


def _note(provider: IdentityProvider, departure: Departure, issued: datetime) -> None:
    for index in departure.session_indexes or ("",):
        replay.note_departure(provider, departure.name_id.value, index, issued)


def _end(
    request: HttpRequest, provider: IdentityProvider, config: SamlConfig, departure: Departure
) -> Sequence[UserSession]:
    rows = sessions_of(provider).filter(name_id=departure.name_id.value)
    theirs = [row for row in rows if _is_same_name(row, departure.name_id, config)]
    if not theirs:
        raise SamlRefusal(RefusalCode.LOGOUT_NOBODY, "nobody of this name signed in through this provider")
    if departure.session_indexes:
        theirs = [row for row in theirs if row.session_index in departure.session_indexes]
        if not theirs:
            raise SamlRefusal(RefusalCode.LOGOUT_NO_SESSION, "the person has had no session with this index")
    return end_open(provider, theirs, address=client_address(request))


def _is_same_name(row: UserSession, said: NameId, config: SamlConfig) -> bool:
    """Compare a NameID whose text is the same with what the session began with (Core §3.3.4).

    What one side leaves out says nothing; a qualifier left out is the name of the provider, or ours (Core §8.3.7).
    """
    unspecific = ("", NAME_ID_UNSPECIFIED)
    said_format = said.format or ""
    return (
        (said_format in unspecific or row.name_id_format in unspecific or said_format == row.name_id_format)
        and (said.qualifier or config.idp_entity_id) == (row.name_qualifier or config.idp_entity_id)
        and (said.sp_qualifier or config.sp_entity_id) == (row.sp_name_qualifier or config.sp_entity_id)
    )


def _status_of(error: SamlRefusal) -> tuple[str, ...]:
    if error.code is RefusalCode.LOGOUT_NO_SESSION:
        return _SUCCESS
    if error.code is RefusalCode.LOGOUT_NOBODY:
        return (STATUS_REQUESTER, STATUS_UNKNOWN_PRINCIPAL)
    return (STATUS_REQUESTER,)


def _forget_own(request: HttpRequest, ended: Sequence[UserSession]) -> None:
    """Where the browser did bring its cookie, empty its session now rather than at its next request."""
    own: UserSession | None = getattr(request, "user_session", None)
    if own is not None and own.pk in {row.pk for row in ended}:
        logout(request)


def _answer(
    request: HttpRequest,
    provider: IdentityProvider,
    message: Arrived,
    root: etree._Element,
    status: tuple[str, ...],
) -> HttpResponse:
    settings = settings_of(provider)
    url = settings.slo_response_url or settings.slo_url
    if not url:
        return signed_out_page(request)
    answer = build_logout_response(
        response_id=f"_{random_secret()}",
        now=timezone.now(),
        destination=url,
        issuer=sp_entity_id(provider, settings),
        in_response_to=root.get("ID") or "",
        status=status,
    )
    echo = message.relay_state or ""
    relay_state = echo if 0 < len(echo.encode()) <= MAX_RELAY_STATE else None
    outgoing = Outgoing(MessageKind.RESPONSE, answer, url, settings.slo_binding, relay_state)
    return send(request, outgoing, signing_key(provider))
