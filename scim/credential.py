"""Who is calling, once a presented token proved it: one type for every kind of token that SCIM takes.

``scim.api_tokens`` and ``scim.oauth.access_tokens`` end here; nothing behind ``scim.authentication`` asks again which
kind it was, but /Me, which is for a person's own token only.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from accounts.models import Account, User
from audit.actors import Actor
from audit.failures import record_failure
from scim.errors import Unauthorized

# What a request needs to know of its account; the rest is read if somebody asks for it.
ACCOUNT_FIELDS = (
    *("slug", "name", "partner", "closed_at", "sso_module", "sso_ready"),
    *("hold_above_percent", "hold_above_number"),  # asked whenever somebody leaves (P-13)
)
CHALLENGE = 'Bearer realm="scim"'


@dataclass(frozen=True, slots=True)
class Credential:
    """``account`` bounds everything that follows; ``rate_key`` is what operations are counted by (P-8).

    ``token_id`` is the ``ApiToken`` or None, ``client_id`` the OAuth client or None, for the request log. ``owner`` is
    set for a personal token and None for whatever speaks for the account.
    """

    account: Account
    actor: Actor
    rate_key: str
    token_id: UUID | None = None
    client_id: UUID | None = None
    owner: User | None = None


def refused(
    code: str,
    detail: str,
    address: str,
    *,
    target: str = "",
    account_id: UUID | None = None,
    error: str = "",
) -> Unauthorized:
    """Note a failed authentication in the failure log (V-21: bounded, never the audit trail) and return its error.

    ``target`` says to the vendor's support which token it was (its look-up part, never the secret). ``error`` is the
    challenge's own code for a client that acts on it by getting another token (RFC 6750 §3.1).
    """
    record_failure(
        code=code,
        message=f"SCIM: {detail}{f' ({target})' if target else ''}",
        address=address,
        target=target,
        account_id=account_id,
    )
    challenge = f'{CHALLENGE}, error="{error}"' if error else CHALLENGE
    return Unauthorized(detail, headers={"WWW-Authenticate": challenge})


def why_account_refuses(account: Account) -> str:
    """Return why no token of the account works at the moment, "" when they do (P-3, V-25)."""
    if account.closed_at is not None:
        return "The account of this token is closed."
    if not account.sso_module:
        return "Single sign-on is switched off for the account of this token."
    return ""
