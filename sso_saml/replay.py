"""An assertion or LogoutRequest counts once, whatever process it comes to (S-8)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from foundation.compiled_queries import CompiledQuery, key, moment, text
from foundation.compiled_writes import insert
from foundation.secret_tokens import digest
from foundation.transactions import all_or_nothing
from sso.claims import ProviderSession
from sso.models import IdentityProvider
from sso_saml.errors import RefusalCode, SamlRefusal
from sso_saml.models import SpentAssertion
from sso_saml.times import plus_skew

# Longer than an answer may be under way: verified within its NotOnOrAfter, then parked for two minutes (V-17).
DEPARTURE_LIFETIME = timedelta(minutes=30)
_DEPARTED = CompiledQuery(
    lambda provider, whole, this, begun: (
        SpentAssertion.objects.filter(provider=provider, expires_at__gt=begun)
        .filter(Q(assertion_digest=whole) | Q(assertion_digest=this))
        .values_list("pk")
    ),
    key,
    text,
    text,
    moment,
)


@contextmanager
def used_once() -> Iterator[None]:
    """Open the transaction in which an assertion is spent and its answer kept; a second use is ``saml.replay``.

    The unique insert is the check, so two requests at the same moment can't both pass.
    """
    try:
        with all_or_nothing():
            yield
    except IntegrityError as error:
        # PostgreSQL names the constraint, SQLite the table and its columns.
        if not any(name in str(error) for name in ("assertion_used_once", "spentassertion")):
            raise
        raise SamlRefusal(RefusalCode.REPLAY, "the message was used before") from None


def spend(provider: IdentityProvider, assertion_id: str, until: datetime) -> None:
    """Use an assertion up, inside of ``used_once``: at any time until it expires it counts no more."""
    insert(
        [SpentAssertion(provider=provider, assertion_digest=digest(assertion_id), expires_at=until)],
        later=True,
    )


def spend_message(provider: IdentityProvider, message_id: str, until: datetime) -> None:
    """Use up a LogoutRequest; a second use is ``saml.replay``, and the caller's transaction may go on.

    A colon is in no XML ID, so the two kinds can't meet.
    """
    spent = SpentAssertion(
        provider=provider, assertion_digest=digest(f"logout:{message_id}"), expires_at=until
    )
    try:
        with transaction.atomic():
            insert([spent])
    except IntegrityError:
        raise SamlRefusal(RefusalCode.REPLAY, "the message was used before") from None


def note_departure(provider: IdentityProvider, name_id: str, session_index: str, issued: datetime) -> None:
    """Remember that a session of a person's ended at the provider at ``issued``; no ``session_index``: all of theirs.

    An answer may be on its way here while the provider already asks us to end what it begins (Core §3.7.3.2). The
    newest counts: an older request may come later, by the browser of the person themself.
    """
    until = issued + DEPARTURE_LIFETIME
    noted, made = SpentAssertion.objects.get_or_create(
        provider=provider,
        assertion_digest=_departure_digest(name_id, session_index),
        defaults={"expires_at": until},
    )
    if not made:
        SpentAssertion.objects.filter(pk=noted.pk, expires_at__lt=until).update(expires_at=until)


def has_departed(provider: IdentityProvider, said: ProviderSession) -> bool:
    """Tell whether the provider asked to end this session after it began there and before it began here."""
    if said.authenticated_at is None or not said.name_id:
        return False
    whole, this = (_departure_digest(said.name_id, index) for index in ("", said.session_index))
    return bool(_DEPARTED.all(provider.pk, whole, this, plus_skew(said.authenticated_at, DEPARTURE_LIFETIME)))


def _departure_digest(name_id: str, session_index: str) -> str:
    return digest(f"departed:{session_index}\n{name_id}")
