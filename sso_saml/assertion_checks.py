"""Is this signed assertion for us, from that provider, in answer to that request, and now?

Every function takes elements read from signed bytes (the caller's duty; the Response may be unsigned when only the
assertion is signed, and is marked so), raises ``SamlRefusal`` with a code of its own, and compares whole texts: no
prefix, no case folding, no trimming. Sources: SAML Core §2.4, §2.5; Bindings §3.5.5.2; Profiles §4.1.4.2, §4.1.4.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from sso_saml.errors import RefusalCode, SamlRefusal, quoted
from sso_saml.messages import Expected, SamlConfig
from sso_saml.names import CONFIRMATION_BEARER, saml
from sso_saml.times import check_begun, check_not_over, plus_skew, read_time

_CONFIRMATION_DATA = saml("SubjectConfirmationData")
# A condition that is not understood makes the assertion indeterminate (Core §2.5.1), which is no yes.
_UNDERSTOOD_CONDITIONS = frozenset(
    {saml("AudienceRestriction"), saml("OneTimeUse"), saml("ProxyRestriction")}
)


@dataclass(frozen=True, slots=True, eq=False)
class SignedContent:
    """The elements to read. ``response`` is the unsigned one unless ``response_is_signed``."""

    response: etree._Element
    response_is_signed: bool
    assertion: etree._Element


def check_issuers(content: SignedContent, config: SamlConfig) -> str:
    """The provider's entity ID, from the assertion (required) and the Response (where present)."""
    issuer = content.assertion.findtext(saml("Issuer"))
    if not issuer or issuer != config.idp_entity_id:  # a draft may have no entity ID yet
        raise SamlRefusal(
            RefusalCode.ISSUER, f"assertion from {quoted(issuer)}, not {quoted(config.idp_entity_id)}"
        )
    outer = content.response.find(saml("Issuer"))
    if outer is not None and outer.text != config.idp_entity_id:
        raise SamlRefusal(
            RefusalCode.ISSUER, f"Response from {quoted(outer.text)}, not {quoted(config.idp_entity_id)}"
        )
    return issuer


def check_destination(content: SignedContent, expected: Expected) -> None:
    """Destination is one of our addresses; a signed Response must have one (Bindings §3.5.5.2)."""
    destination = content.response.get("Destination")
    if destination is None and not content.response_is_signed:
        return
    if not destination or destination not in expected.acs_urls:
        raise SamlRefusal(RefusalCode.DESTINATION, f"sent to {quoted(destination)}")


def check_in_response_to(content: SignedContent, expected: Expected) -> str | None:
    """The request that is answered, or ``None`` for an unsolicited response.

    An answer names our request in every place that names one, and in at least one signed place: what stands on an
    unsigned Response anyone can write. An unsolicited response names none anywhere (V-19).
    """
    outer = content.response.get("InResponseTo")
    inner = [data.get("InResponseTo") for data in content.assertion.iter(_CONFIRMATION_DATA)]
    named = [value for value in (outer, *inner) if value is not None]
    for value in named:
        if value != expected.request_id:
            wanted = "nothing" if expected.request_id is None else "our request"
            raise SamlRefusal(RefusalCode.IN_RESPONSE_TO, f"answers {quoted(value)}, expected {wanted}")
    if expected.request_id is not None:
        signed = [value for value in inner if value is not None]
        if outer is not None and content.response_is_signed:
            signed.append(outer)
        if not signed:
            raise SamlRefusal(RefusalCode.IN_RESPONSE_TO, "nothing signed says which request is answered")
    return expected.request_id


def check_conditions(assertion: etree._Element, config: SamlConfig, expected: Expected) -> datetime | None:
    """Time and audience of Conditions; gives its NotOnOrAfter where set. Every AudienceRestriction must name us."""
    conditions = assertion.find(saml("Conditions"))
    if conditions is None:
        raise SamlRefusal(RefusalCode.CONDITIONS, "no Conditions")
    for condition in conditions:
        if condition.tag not in _UNDERSTOOD_CONDITIONS:
            raise SamlRefusal(RefusalCode.CONDITIONS, f"unknown condition {quoted(str(condition.tag))}")
    if (begin := conditions.get("NotBefore")) is not None:
        where = "Conditions NotBefore"
        check_begun(read_time(begin, where), expected.now, expected.skew, where)
    until = None
    if (end := conditions.get("NotOnOrAfter")) is not None:
        where = "Conditions NotOnOrAfter"
        until = read_time(end, where)
        check_not_over(until, expected.now, expected.skew, where)
    restrictions = conditions.findall(saml("AudienceRestriction"))
    if not restrictions:
        raise SamlRefusal(RefusalCode.AUDIENCE, "no AudienceRestriction")
    for restriction in restrictions:
        audiences = [audience.text for audience in restriction.findall(saml("Audience"))]
        if config.sp_entity_id not in audiences:
            sent = ", ".join(quoted(audience) for audience in audiences[:2])
            raise SamlRefusal(RefusalCode.AUDIENCE, f"meant for {sent or 'nobody'}")
    return until


def check_subject_confirmation(assertion: etree._Element, expected: Expected) -> datetime:
    """At least one bearer confirmation fits; gives the latest NotOnOrAfter of those that do.

    The first refusal is the one reported: providers send one confirmation, or the interesting one first.
    """
    fitting: list[datetime] = []
    refusals: list[SamlRefusal] = []
    for confirmation in assertion.iterfind(f"{saml('Subject')}/{saml('SubjectConfirmation')}"):
        if confirmation.get("Method") != CONFIRMATION_BEARER:
            continue
        try:
            fitting.append(_confirmed_until(confirmation, expected))
        except SamlRefusal as refusal:
            refusals.append(refusal)
    if fitting:
        return max(fitting)
    raise refusals[0] if refusals else SamlRefusal(RefusalCode.SUBJECT_CONFIRMATION, "no bearer confirmation")


def acceptable_until(confirmed: datetime, conditions: datetime | None, expected: Expected) -> datetime:
    """The first moment at which the assertion would be refused as expired: the earlier end, plus the skew."""
    return plus_skew(confirmed if conditions is None else min(confirmed, conditions), expected.skew)


def _confirmed_until(confirmation: etree._Element, expected: Expected) -> datetime:
    data = confirmation.find(_CONFIRMATION_DATA)
    if data is None:
        raise SamlRefusal(RefusalCode.SUBJECT_CONFIRMATION, "no SubjectConfirmationData")
    recipient = data.get("Recipient")
    if not recipient or recipient not in expected.acs_urls:
        raise SamlRefusal(RefusalCode.RECIPIENT, f"meant for {quoted(recipient)}")
    if data.get("NotBefore") is not None:  # forbidden by Profiles §4.1.4.2
        raise SamlRefusal(RefusalCode.SUBJECT_CONFIRMATION, "SubjectConfirmationData has NotBefore")
    end = data.get("NotOnOrAfter")
    if end is None:
        raise SamlRefusal(RefusalCode.SUBJECT_CONFIRMATION, "SubjectConfirmationData has no NotOnOrAfter")
    until = read_time(end, "SubjectConfirmationData NotOnOrAfter")
    check_not_over(until, expected.now, expected.skew, "SubjectConfirmationData NotOnOrAfter")
    return until
