"""What an identity provider means by its error, as one of a few things that we have words for (L-10).

OAuth's ``error`` is coarse: Entra says ``access_denied`` both when somebody declined the consent and when
nobody assigned them to the application. Its description begins with a number (``AADSTS65004: …``) that
tells these apart, and Okta's has fixed sentences. So the number decides when it is known, then the
sentence, then ``error``. Microsoft reserves the right to change numbers and texts, so an unknown one is
never a failure, only ``other``.

The provider's own text is kept for the audit trail and is never shown on a page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

MAX_ERROR_LENGTH = 128  # characters
_MAX_DESCRIPTION = 1000

# RFC 6749 §4.1.2.1: printable ASCII without the quotation mark and the backslash.
_ERROR = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]{1,128}")
_AADSTS = re.compile(r"\bAADSTS([0-9]{4,8})\b")
_CORRELATION = re.compile(
    r"\bCorrelation ID: ?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b", re.IGNORECASE
)


class ProviderProblem(StrEnum):
    """What a page can explain or an admin can mend; everything else is ``other``."""

    CONSENT_DECLINED = "consent_declined"
    NOT_ASSIGNED = "not_assigned"
    INTERACTION_REQUIRED = "interaction_required"
    UNKNOWN_TENANT = "unknown_tenant"
    HYBRID_NOT_ENABLED = "hybrid_not_enabled"
    CREDENTIALS_REFUSED = "credentials_refused"
    APPLICATION_UNKNOWN = "application_unknown"
    REDIRECT_URI = "redirect_uri"
    BLOCKED_BY_POLICY = "blocked_by_policy"
    UNAVAILABLE = "unavailable"
    OTHER = "other"


_BY_AADSTS = {
    65001: ProviderProblem.CONSENT_DECLINED,  # nobody consented yet
    65004: ProviderProblem.CONSENT_DECLINED,
    90094: ProviderProblem.CONSENT_DECLINED,  # only an administrator can consent
    90095: ProviderProblem.CONSENT_DECLINED,  # asked an administrator to consent
    50105: ProviderProblem.NOT_ASSIGNED,
    50058: ProviderProblem.INTERACTION_REQUIRED,
    50076: ProviderProblem.INTERACTION_REQUIRED,
    50079: ProviderProblem.INTERACTION_REQUIRED,
    50020: ProviderProblem.UNKNOWN_TENANT,  # the account chosen belongs to another tenant
    50194: ProviderProblem.UNKNOWN_TENANT,  # single-tenant application asked through a shared address
    90002: ProviderProblem.UNKNOWN_TENANT,
    700054: ProviderProblem.HYBRID_NOT_ENABLED,
    50011: ProviderProblem.REDIRECT_URI,
    53000: ProviderProblem.BLOCKED_BY_POLICY,  # device not compliant
    53001: ProviderProblem.BLOCKED_BY_POLICY,  # device not joined
    53003: ProviderProblem.BLOCKED_BY_POLICY,  # Conditional Access
    700016: ProviderProblem.APPLICATION_UNKNOWN,
    700025: ProviderProblem.CREDENTIALS_REFUSED,  # a public client that sends a secret
    700027: ProviderProblem.CREDENTIALS_REFUSED,  # our certificate is not known
    7000215: ProviderProblem.CREDENTIALS_REFUSED,
    7000218: ProviderProblem.CREDENTIALS_REFUSED,  # none were sent
    7000222: ProviderProblem.CREDENTIALS_REFUSED,  # expired
}
_BY_SENTENCE = (
    # Okta, with error=access_denied
    ("user is not assigned to the client application", ProviderProblem.NOT_ASSIGNED),
    ("policy evaluation failed for this request", ProviderProblem.BLOCKED_BY_POLICY),
)
_BY_ERROR = {
    "access_denied": ProviderProblem.CONSENT_DECLINED,
    "consent_required": ProviderProblem.CONSENT_DECLINED,
    "interaction_required": ProviderProblem.INTERACTION_REQUIRED,
    "login_required": ProviderProblem.INTERACTION_REQUIRED,
    "account_selection_required": ProviderProblem.INTERACTION_REQUIRED,
    "temporarily_unavailable": ProviderProblem.UNAVAILABLE,
    "invalid_client": ProviderProblem.CREDENTIALS_REFUSED,
    "unauthorized_client": ProviderProblem.APPLICATION_UNKNOWN,
    # Google's own, mostly on its own page
    "org_internal": ProviderProblem.UNKNOWN_TENANT,  # open to one organization's accounts only
    "admin_policy_enforced": ProviderProblem.BLOCKED_BY_POLICY,
    "disabled_client": ProviderProblem.APPLICATION_UNKNOWN,
    "deleted_client": ProviderProblem.APPLICATION_UNKNOWN,
    "redirect_uri_mismatch": ProviderProblem.REDIRECT_URI,
    # Every provider supports `code`, so what is missing can only be `code id_token`.
    "unsupported_response_type": ProviderProblem.HYBRID_NOT_ENABLED,
    "unsupported_response": ProviderProblem.HYBRID_NOT_ENABLED,
}


@dataclass(frozen=True, slots=True)
class ProviderError:
    """An error that a provider sent, at the redirect or from its token endpoint.

    ``error`` is OAuth's code ("unreadable" if it was none), ``aadsts`` Entra's number, ``correlation_id``
    what Microsoft's support asks for. ``description`` is the provider's text on one line, for the audit
    trail only.
    """

    error: str
    problem: ProviderProblem
    aadsts: int | None = None
    correlation_id: str = ""
    description: str = field(default="", repr=False)

    @property
    def summary(self) -> str:
        """The parts that are safe everywhere, for example ``invalid_client AADSTS7000215``."""
        return self.error if self.aadsts is None else f"{self.error} AADSTS{self.aadsts}"


def read_provider_error(error: str, description: str = "") -> ProviderError:
    """Interpret ``error`` and ``error_description`` as they arrived; never fails."""
    number = _AADSTS.search(description)
    aadsts = int(number[1]) if number else None
    correlation = _CORRELATION.search(description)
    return ProviderError(
        error=error if _ERROR.fullmatch(error) else "unreadable",
        problem=_problem(error, aadsts, description),
        aadsts=aadsts,
        correlation_id=correlation[1].lower() if correlation else "",
        description=" ".join(_printable(description[:_MAX_DESCRIPTION]).split()),
    )


def _problem(error: str, aadsts: int | None, description: str) -> ProviderProblem:
    if aadsts in _BY_AADSTS:
        return _BY_AADSTS[aadsts]
    if aadsts is not None and error == "access_denied":
        # A number that we do not know says more than `access_denied`, and certainly not "declined".
        return ProviderProblem.OTHER
    lowered = description.lower()
    for sentence, problem in _BY_SENTENCE:
        if sentence in lowered:
            return problem
    return _BY_ERROR.get(error, ProviderProblem.OTHER)


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)
