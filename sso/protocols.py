"""The registry through which ``sso`` knows its protocols without importing them.

``sso_saml`` and ``sso_oidc`` each register one ``SignInProtocol`` in ``AppConfig.ready()``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from accounts.models import Account, UserSession
from audit.actors import Actor
from sso.certificate_alerts import Certificate
from sso.checks import Check
from sso.claims import Claims
from sso.models import IdentityProvider, SignInAttempt
from sso.refusals import Refusal

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class TenantStanding(StrEnum):
    """What a test showed about the tenant that signed in (V-6)."""

    LET_IN = "let_in"  # through a provider from above, by an operator's list
    NOT_LET_IN = "not_let_in"
    OWNED = "owned"  # it belongs to this account
    UNPROVEN = "unproven"
    TAKEN = "taken"


class SignInProtocol(Protocol):
    """What a protocol does for the sign-in flow."""

    def start_path(self, provider: IdentityProvider) -> str:
        """Return the path where a browser begins, e.g. ``/sso/saml/acme-saml/``."""

    def problems(self, provider: IdentityProvider) -> list[str]:
        """Return what keeps a provider from being enabled, as sentences for an admin; empty when it is ready."""

    def checks(
        self, *, provider: IdentityProvider, claims: Claims | None, refusal: Refusal | None
    ) -> tuple[Check, ...]:
        """Return what was checked in a test, in order: all of it passed with ``claims``, else up to ``refusal``."""

    def check_names(self) -> Mapping[str, StrOrPromise]:
        """Return the name of each check in words."""

    def advice(self, refusal: Refusal, provider: IdentityProvider) -> str:
        """Return what to mend when a test was refused so, in the vendor's words; "" when unknown."""

    def finish(
        self,
        *,
        request: HttpRequest,
        provider: IdentityProvider,
        attempt: SignInAttempt,
        payload: dict[str, Any],
    ) -> Claims:
        """Turn a parked payload of this protocol into claims, after the cookie was checked (V-17).

        Raises ``sso.refusals.SignInRefused``.
        """

    def require_still_there(self, *, provider: IdentityProvider, claims: Claims) -> None:
        """Refuse claims whose session the provider ended after it had said them: they waited for a person's word.

        Raises ``sso.refusals.SignInRefused``. ``finish`` has done so for what it returns.
        """

    def begin_logout(
        self, *, request: HttpRequest, provider: IdentityProvider, session: UserSession
    ) -> HttpResponse | None:
        """Return the answer that sends the browser off to end the provider's session as well (L-12).

        ``session`` began through ``provider`` and is over already. ``None`` where the provider has no logout
        configured, or never named its session.
        """

    def reachable(
        self, provider: IdentityProvider, claims: Claims, served: QuerySet[Account]
    ) -> QuerySet[Account]:
        """Narrow the accounts that allowed a provider from above to those that these claims can concern (V-5)."""

    def test_refusal(self, provider: IdentityProvider, claims: Claims) -> Refusal | None:
        """Return what refuses a test through a provider from above although its answer verified (V-6)."""

    def note_test(self, *, provider: IdentityProvider, claims: Claims, actor: Actor) -> dict[str, str]:
        """Take what a test proves beyond itself, once its starter has brought the result back (V-6).

        Returns what to tell them about the tenant that signed in: ``tenant``, ``standing`` (a ``TenantStanding``) and
        ``detail``; empty where there is no such thing.
        """

    def claims_from(self, provider: IdentityProvider, said: Mapping[str, Any]) -> Claims:
        """Read names and values that somebody pasted as if the provider had sent them, for a trial (A-5).

        Raises ``sso.refusals.SignInRefused`` where a sign-in would be refused for the claims themselves.
        """

    def certificates(self, until: datetime) -> Iterable[Certificate]:
        """Return the certificates of enabled providers that end before ``until``, both sides' (A-7)."""


_protocols: dict[str, SignInProtocol] = {}


def register(name: str, protocol: SignInProtocol) -> None:
    """Make a protocol known under its ``ProtocolName``."""
    _protocols[name] = protocol


def all_protocols() -> tuple[SignInProtocol, ...]:
    """Return every protocol that is installed."""
    return tuple(_protocols.values())


def protocol_of(provider: IdentityProvider) -> SignInProtocol:
    """Return the protocol of a provider; raises ``KeyError`` when it is not installed."""
    return _protocols[provider.protocol]
