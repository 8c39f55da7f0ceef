"""Open the session of somebody who proved who they are, by a provider or by a password (design rule 10, L-13)."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth import login, logout
from django.http import HttpRequest
from django.utils import timezone

from accounts import sessions
from accounts.lifecycle import end_session
from accounts.models import EndReason, User, UserSession
from audit.actors import Actor, ActorKind
from foundation import track_ids
from foundation.client_address import client_address
from foundation.compiled_writes import insert
from foundation.session_store import SessionStore
from sso.claims import ProviderSession
from sso.models import IdentityProvider

PASSWORD_BACKEND = sessions.PASSWORD_BACKEND
SSO_BACKEND = "sso.backends.SsoBackend"
RECOVERY_LABEL = "Recovery access"  # in lists of sessions, where a provider's name stands


def open_session(
    request: HttpRequest,
    user: User,
    *,
    expires_at: datetime,
    provider: IdentityProvider | None = None,
    subject: str = "",
    context: str = "",
    said: ProviderSession | None = None,
    in_recovery: bool = False,
) -> UserSession:
    """Sign ``user`` in to this browser until ``expires_at``; an older session in it ends.

    ``in_recovery`` is for a session that began with a recovery link (V-15): what is changed in it is marked.

    Django's session is emptied and gets a new key, so nothing that a stranger planted in it survives (session
    fixation). ``context`` says how a sign-in without a provider was proven (``accounts.second_factor``).
    """
    _end_replaced(request)
    request.session.flush()
    login(request, user, backend=PASSWORD_BACKEND if provider is None else SSO_BACKEND)
    seconds = max(1, int((expires_at - timezone.now()).total_seconds()))
    request.session.set_expiry(seconds)
    row = sessions.open_user_session(
        user=user,
        session_key=request.session.session_key or "",
        host=request.get_host().lower(),
        expires_at=expires_at,
        address=client_address(request),
        agent=request.headers.get("User-Agent", ""),
        track_id=track_ids.current(),
    )
    row.context, row.in_recovery = context, in_recovery
    if in_recovery:
        row.provider_label = RECOVERY_LABEL
    if provider is not None:
        row.provider_id = provider.pk
        row.provider_label = provider.name
        row.subject = subject
    if said is not None:
        row.sid = _whole(said.sid, 255)
        row.session_index = _whole(said.session_index, 255)
        row.name_id = _whole(said.name_id, 512)
        row.name_id_format = _whole(said.name_id_format, 255)
        row.name_qualifier = _whole(said.name_qualifier, 1024)
        row.sp_name_qualifier = _whole(said.sp_name_qualifier, 1024)
        row.id_token = said.id_token
        row.context = said.context[:255]
    insert([row], later=True)
    if isinstance(request.session, SessionStore):
        request.session.write_along()
    request.user_session = row  # type: ignore[attr-defined]  # our own attribute on Django's class
    return row


def make_way(request: HttpRequest) -> None:
    """End the session of a browser whose person said that they go on as somebody else (V-19)."""
    _end_replaced(request)
    logout(request)


def _end_replaced(request: HttpRequest) -> None:
    replaced = sessions.current(request)
    if replaced is not None:
        actor = Actor(ActorKind.USER, str(replaced.user_id), replaced.user.user_name, client_address(request))
        end_session(session=replaced, actor=actor, reason=EndReason.REPLACED)


def _whole(text: str, limit: int) -> str:
    """Return what a logout names exactly as it was sent, or nothing: cut, it would name something else."""
    return text if len(text) <= limit else ""
