"""LogoutResponse: ours to a provider, and a provider's to us (SAML Core §3.7.2, Profiles §4.4.4.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lxml import etree

from sso_saml.errors import RefusalCode, SamlRefusal, only_refusals, quoted
from sso_saml.logout_receiving import Addressee, fresh_until
from sso_saml.logout_requests import message_element
from sso_saml.names import STATUS_PARTIAL_LOGOUT, STATUS_RESPONDER, STATUS_SUCCESS, samlp


class Outcome(StrEnum):
    """What a provider says became of its own session."""

    SUCCESS = "success"
    PARTIAL = "partial"  # over there, but not at every application


@dataclass(frozen=True, slots=True)
class LogoutResponse:
    """A provider's verified answer."""

    in_response_to: str
    outcome: Outcome


def build_logout_response(
    *,
    response_id: str,
    now: datetime,
    destination: str,
    issuer: str,
    in_response_to: str,
    status: tuple[str, ...],
) -> etree._Element:
    """Our unsigned answer; ``status`` are the codes from the outermost to the innermost."""
    root = message_element("LogoutResponse", response_id, now, destination, issuer)
    root.set("InResponseTo", in_response_to)
    parent = etree.SubElement(root, samlp("Status"))
    for code in status:
        parent = etree.SubElement(parent, samlp("StatusCode"))
        parent.set("Value", code)
    return root


def answered_request(root: etree._Element) -> str:
    """The request that a verified answer names. Raises ``SamlRefusal``."""
    answers = root.get("InResponseTo")
    if not answers:
        raise SamlRefusal(RefusalCode.IN_RESPONSE_TO, "answers no request")
    return answers


@only_refusals
def read_logout_response(root: etree._Element, to: Addressee, request_id: str) -> LogoutResponse:
    """Read an answer whose signature, Issuer and Destination were verified. Raises ``SamlRefusal``.

    An inner PartialLogout says that the provider's session is over (Core §3.2.2.2), whether the outer code calls that
    a success or, with some providers, its own failure.
    """
    answers = answered_request(root)
    if answers != request_id:
        raise SamlRefusal(RefusalCode.IN_RESPONSE_TO, f"answers {quoted(answers)}, expected our request")
    fresh_until(root, to)
    codes = [code.get("Value") or "" for code in root.iterfind(f".//{samlp('StatusCode')}")]
    if codes[1:2] == [STATUS_PARTIAL_LOGOUT] and codes[0] in (STATUS_SUCCESS, STATUS_RESPONDER):
        return LogoutResponse(answers, Outcome.PARTIAL)
    if codes[:1] != [STATUS_SUCCESS]:
        told = " / ".join(quoted(code.rsplit(":", 1)[-1]) for code in codes[:3])
        raise SamlRefusal(RefusalCode.LOGOUT_NOT_DONE, told or "no status")
    return LogoutResponse(answers, Outcome.SUCCESS)
