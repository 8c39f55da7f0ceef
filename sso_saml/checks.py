"""The checks of a SAML response in the order in which they run, for the result of a test (S-3).

Which check a refusal belongs to follows from its code; ``sso_saml.toolkit`` and ``sso_saml.response`` stop at the
first. Times are the exception: they are looked at in three places, and the detail says in which.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from sso.checks import Check, outcomes
from sso.claims import Claims
from sso.models import IdentityProvider
from sso.refusals import Code, Refusal
from sso_saml.errors import RefusalCode
from sso_saml.provider_config import redirect_url, settings_of, sp_entity_id

NAMES = {
    "request": _("Request sent"),
    "response": _("Response received and well-formed"),
    "status": _("The provider reports success"),
    "encryption": _("Readable with our keys"),
    "signature": _("Signature"),
    "issuer": _("Issuer"),
    "destination": _("Destination"),
    "in_response_to": _("Answers our request (InResponseTo)"),
    "time": _("Time window"),
    "audience": _("Audience"),
    "recipient": _("Recipient"),
    "authentication": _("Authentication statement"),
    "subject": _("NameID and subject"),
    "replay": _("Used for the first time"),
    "email": _("E-mail address"),
}
_ORDER = tuple(NAMES)
_BY_CODE: dict[str, str] = {
    RefusalCode.STATUS: "status",
    RefusalCode.ENCRYPTED: "encryption",
    RefusalCode.NOT_ENCRYPTED: "encryption",
    RefusalCode.SIGNATURE_PLACE: "signature",
    RefusalCode.SIGNATURE_SHAPE: "signature",
    RefusalCode.REFERENCE_COUNT: "signature",
    RefusalCode.REFERENCE_URI: "signature",
    RefusalCode.TRANSFORM: "signature",
    RefusalCode.ALGORITHM: "signature",
    RefusalCode.KEY_INFO: "signature",
    RefusalCode.SIGNATURE_MISSING: "signature",
    RefusalCode.SIGNATURE_INVALID: "signature",
    RefusalCode.ISSUER: "issuer",
    RefusalCode.DESTINATION: "destination",
    RefusalCode.IN_RESPONSE_TO: "in_response_to",
    RefusalCode.TIME_FORMAT: "time",
    RefusalCode.NOT_YET_VALID: "time",
    RefusalCode.EXPIRED: "time",
    RefusalCode.CONDITIONS: "audience",
    RefusalCode.AUDIENCE: "audience",
    RefusalCode.SUBJECT_CONFIRMATION: "recipient",
    RefusalCode.RECIPIENT: "recipient",
    RefusalCode.AUTHN_STATEMENT: "authentication",
    RefusalCode.AUTHN_NOT_FRESH: "authentication",
    RefusalCode.AUTHN_CONTEXT: "authentication",
    RefusalCode.NAME_ID: "subject",
    RefusalCode.REPLAY: "replay",
    # the flow's own, and the provider's errors that have friendly pages
    Code.ATTEMPT_UNKNOWN: "in_response_to",
    Code.NOT_ASSIGNED: "status",
    Code.CONSENT_REFUSED: "status",
    Code.WRONG_TENANT: "status",
}
# Times beyond those of Conditions are read after audience and recipient.
_LATE_TIMES = ("SubjectConfirmationData", "SessionNotOnOrAfter", "AuthnInstant")


def checks_of(
    provider: IdentityProvider, claims: Claims | None, refusal: Refusal | None
) -> tuple[Check, ...]:
    """Return every check with its outcome: all passed with ``claims``, else up to the one that ``refusal`` names."""
    settings = settings_of(provider)
    found = {
        "request": urlsplit(settings.sso_url).hostname or "",
        "issuer": settings.idp_entity_id,
        "destination": redirect_url(provider),
        "audience": sp_entity_id(provider, settings),
        "recipient": redirect_url(provider),
    }
    if claims is not None:
        return _passed(claims, found)
    code, detail = ("", "") if refusal is None else (refusal.code, refusal.detail)
    failed = _BY_CODE.get(code, "response")
    order = _ORDER
    if failed == "time" and detail.startswith(_LATE_TIMES):
        order = tuple(name for name in _ORDER if name != "time")
        after = order.index("recipient") + 1
        order = (*order[:after], "time", *order[after:])
    return outcomes(order, failed=failed, detail=detail, found=found)


def _passed(claims: Claims, found: dict[str, str]) -> tuple[Check, ...]:
    subject = f"{claims.subject} ({claims.subject_source.value})"
    weak = {"subject": subject} if claims.subject_source.is_weak else {}
    if not claims.email:
        weak["email"] = ""
    seen = {**found, "subject": subject, "email": claims.email or ""}
    if claims.session.context:
        seen["authentication"] = claims.session.context
    return outcomes(_ORDER, found=seen, weak=weak)
