"""What an identity provider said about one person, in one neutral form.

Protocol code ends here: ``sso_saml`` and ``sso_oidc`` verify what arrived and turn it into ``Claims``; from here on
nobody knows or cares which protocol it was. Everything in this module is a plain, frozen value without behaviour that
needs a database, so the planner, the debugger and tests can build one by hand.

Absent is not empty (J-10): ``None`` means that the provider said nothing about it, an empty tuple or string that it
said "none". Nothing in here is trusted beyond "the provider said so"; what a provider may say about whom is decided by
``sso.plan``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class SubjectSource(StrEnum):
    """Where the immutable subject came from (J-11)."""

    CONFIGURED = "configured"  # the attribute that the provider's settings name
    ENTRA_OBJECT_ID = "entra_object_id"  # tenant id + object id
    SUB = "sub"  # OpenID Connect `sub`
    PERSISTENT_NAME_ID = "persistent_name_id"
    EMAIL_NAME_ID = "email_name_id"  # weak: an e-mail can be given to someone else
    UNSPECIFIED_NAME_ID = "unspecified_name_id"  # weak

    @property
    def is_weak(self) -> bool:
        """True when the provider may hand the same value to another person later."""
        return self in (SubjectSource.EMAIL_NAME_ID, SubjectSource.UNSPECIFIED_NAME_ID)


@dataclass(frozen=True, slots=True)
class ClaimWarning:
    """One thing in the claims that was not taken as it was, without failing the sign-in (J-9).

    ``code`` is stable (``timezone_unknown``, ``groups_overage``, …); ``detail`` is for the account admin and may quote
    the value that the provider sent.
    """

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ProviderSession:
    """What the provider said about its own session; bounds and ends ours (L-13, O-7, S-7)."""

    sid: str = ""  # OIDC `sid`
    session_index: str = ""  # SAML SessionIndex
    name_id: str = ""  # SAML NameID or OIDC `sub` as sent: what a logout names the person by
    name_id_format: str = ""
    name_qualifier: str = ""
    sp_name_qualifier: str = ""
    id_token: str = ""  # raw, for RP-initiated logout; stored encrypted
    issued_at: datetime | None = None  # aware; when the first ID token of the answer was made
    not_on_or_after: datetime | None = None  # aware; SAML SessionNotOnOrAfter or OIDC session_expiry
    authenticated_at: datetime | None = None
    context: str = ""  # SAML AuthnContextClassRef or OIDC acr
    methods: tuple[str, ...] = ()  # OIDC amr


NO_SESSION = ProviderSession()


@dataclass(frozen=True, slots=True)
class Claims:
    """A verified statement of one provider about one person.

    ``issuer`` and ``tenant_id`` are compared with what is stored, never searched by (V-1). ``subject`` is unique within
    the provider. ``external_id`` is what SCIM's externalId is compared with (V-3). ``email_verified`` is ``None`` when
    the provider did not say, and only a real boolean true counts as true.
    """

    issuer: str
    subject: str
    subject_source: SubjectSource
    tenant_id: str | None = None
    external_id: str | None = None
    user_name: str | None = None
    email: str | None = None
    email_verified: bool | None = None
    hosted_domain: str | None = None  # Google's `hd` (V-4)
    given_name: str | None = None
    family_name: str | None = None
    display_name: str | None = None
    phone: str | None = None
    timezone: str | None = None
    space_names: tuple[str, ...] | None = None  # raw, positions kept (J-4, J-6)
    space_roles: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    groups_overage: bool = (
        False  # the provider has more groups than it could send: unknown, never "none" (G-5)
    )
    role_mapping: tuple[str, ...] | None = None  # never split at commas
    session: ProviderSession = NO_SESSION
    warnings: tuple[ClaimWarning, ...] = ()
    raw: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # as sent, for the debugger
