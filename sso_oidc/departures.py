"""Logout tokens that were used, and sessions that ended at a provider while its answer was under way here (O-7).

Both are rows of ``SpentLogoutToken``; a prefix keeps the two kinds of names apart, whatever a provider puts into them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from foundation.secret_tokens import digest
from sso import attempts
from sso.claims import Claims
from sso.models import IdentityProvider
from sso_oidc.errors import OidcCode, OidcRefusal
from sso_oidc.logout_tokens import LogoutToken
from sso_oidc.models import SpentLogoutToken
from sso_oidc.tokens import IdToken

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def spend(provider: IdentityProvider, token: LogoutToken) -> None:
    """Use a logout token up; a second use is ``oidc.logout_replay`` (Back-Channel Logout §2.6, step 8).

    The unique insert is the check, so two requests at the same moment can't both pass.
    """
    row = SpentLogoutToken(
        provider=provider, jti_digest=digest(f"jti:{token.jti}"), expires_at=token.usable_until
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise OidcRefusal(OidcCode.LOGOUT_REPLAY, "the logout token was used before") from None


def note(provider: IdentityProvider, token: LogoutToken) -> None:
    """Remember that the session, or all of the person's, ended at the provider when the token was made.

    An answer of the provider to a sign-in may be under way or parked meanwhile (V-17); it lasts no longer than that.
    """
    name = _of_session(token.issuer, token.sid) if token.sid else _of_person(token.issuer, token.subject)
    until = token.issued_at + attempts.LIFETIME
    row, made = SpentLogoutToken.objects.get_or_create(
        provider=provider, jti_digest=name, defaults={"expires_at": until}
    )
    if not made and row.expires_at < until:
        SpentLogoutToken.objects.filter(pk=row.pk).update(expires_at=until)


@dataclass(frozen=True, slots=True)
class Named:
    """Whose session an ID token began, and when the token was made."""

    issuer: str
    sid: str
    subject: str
    issued_at: datetime

    @classmethod
    def by_token(cls, token: IdToken) -> Named:
        """Read it from the token itself."""
        return cls(token.issuer, token.sid, token.subject, token.issued_at)

    @classmethod
    def by_claims(cls, claims: Claims) -> Named:
        """Read it from what became of the token; claims that don't say when count as older than any logout."""
        said = claims.session
        return cls(claims.issuer, said.sid, said.name_id, said.issued_at or _LONG_AGO)


def require_still_there(provider: IdentityProvider, named: Named) -> None:
    """Refuse an ID token whose session the provider ended after it had made the token (``oidc.logged_out``).

    A session is named: it ended in the same second at the earliest, and a new one has a new name. A person is named:
    they may have signed in afresh in that second.
    """
    session, person = _of_session(named.issuer, named.sid), _of_person(named.issuer, named.subject)
    begun = named.issued_at + attempts.LIFETIME
    ended = SpentLogoutToken.objects.filter(provider=provider).filter(
        Q(jti_digest=session, expires_at__gte=begun) | Q(jti_digest=person, expires_at__gt=begun)
    )
    if ended.exists():
        raise OidcRefusal(OidcCode.LOGGED_OUT, "the provider ended this session in the meantime")


def _of_session(issuer: str, sid: str) -> str:
    return digest(f"session:{issuer}\n{sid}")


def _of_person(issuer: str, subject: str) -> str:
    return digest(f"person:{issuer}\n{subject}")
