"""The values that go into and come out of the SAML core: configuration, expectation, verified assertion.

Plain frozen values without behaviour; ``toolkit`` re-exports them. All moments are aware datetimes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class SamlConfig:
    """One provider's settings, and ours towards it.

    ``certificates`` are PEM texts of the provider's signing certificates; only their keys count, their dates are for
    the administrator. ``slo_url`` is ``None`` when the provider offers no single logout,
    ``sso_post_url`` when the POST binding has no address of its own. ``sp_private_keys`` are PEM
    texts for decryption, in the order to try them; empty when nothing in the message is encrypted.
    """

    idp_entity_id: str
    sso_url: str
    slo_url: str | None
    certificates: tuple[str, ...]
    sp_entity_id: str
    acs_url: str
    sso_post_url: str | None = None
    sp_private_keys: tuple[str, ...] = field(default=(), repr=False)
    require_encryption: bool = False
    allow_rsa_1_5: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """What a response must match at this moment.

    ``request_id`` is the ID of our AuthnRequest, ``None`` for an unsolicited response. ``acs_urls`` are the exact texts
    accepted as Destination and Recipient (more than one only where S-6 allows it). ``authenticated_since`` is set when
    the person had to sign in afresh, ``contexts`` when one of these authentication contexts is a must.
    """

    now: datetime
    request_id: str | None
    acs_urls: tuple[str, ...]
    skew: timedelta = timedelta(seconds=120)
    authenticated_since: datetime | None = None
    contexts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VerifiedAssertion:
    """What the provider said, read from signed bytes only and checked against ``Expected``.

    ``response_id`` alone may be unsigned (when only the assertion is signed). ``name_id`` is ``None`` when the provider
    sent none. ``attributes`` maps each Name to all of its values in order, as sent; a present attribute without values
    has an empty tuple, an absent one no entry (J-10). ``not_on_or_after`` is the first moment at which the same
    assertion would be refused as expired, skew included: keep its ID until then against replay.
    """

    issuer: str
    assertion_id: str
    response_id: str
    in_response_to: str | None
    name_id: str | None
    name_id_format: str | None
    attributes: Mapping[str, tuple[str, ...]]
    session_index: str | None
    session_not_on_or_after: datetime | None
    authn_instant: datetime
    authn_context: str | None
    not_on_or_after: datetime
