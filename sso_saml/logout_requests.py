"""LogoutRequest: ours to a provider, and a provider's to us (SAML Core §3.7.1, Profiles §4.4.4.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree

from sso_saml.assertion_content import NameId, name_id_of
from sso_saml.decryption import Decryption
from sso_saml.errors import RefusalCode, SamlRefusal, only_refusals
from sso_saml.logout_receiving import LIFETIME
from sso_saml.names import NS_ASSERTION, NS_PROTOCOL, saml, samlp

_BY_THE_PERSON = "urn:oasis:names:tc:SAML:2.0:logout:user"  # Core §3.7.3


@dataclass(frozen=True, slots=True)
class Departure:
    """Whose session a LogoutRequest ends: no ``session_indexes`` means all of the person's at that provider."""

    name_id: NameId
    session_indexes: tuple[str, ...]


def build_logout_request(
    *, request_id: str, now: datetime, destination: str, issuer: str, leaving: Departure
) -> etree._Element:
    """Our unsigned request; the NameID goes back as the provider sent it, since it is compared whole (Core §3.3.4)."""
    root = message_element("LogoutRequest", request_id, now, destination, issuer)
    root.set("NotOnOrAfter", instant(now + LIFETIME))
    root.set("Reason", _BY_THE_PERSON)
    name_id = etree.SubElement(root, saml("NameID"))
    for attribute, value in (
        ("NameQualifier", leaving.name_id.qualifier),
        ("SPNameQualifier", leaving.name_id.sp_qualifier),
        ("Format", leaving.name_id.format),
    ):
        if value:
            name_id.set(attribute, value)
    name_id.text = leaving.name_id.value
    for index in leaving.session_indexes:
        etree.SubElement(root, samlp("SessionIndex")).text = index
    return root


@only_refusals
def read_departure(root: etree._Element, decryption: Decryption | None) -> Departure:
    """Whom a verified request of a provider is about. Raises ``SamlRefusal`` (``saml.name_id``, ``saml.encrypted``).

    ``decryption`` is needed where ``names_in_secret`` says so.
    """
    element, encrypted = root.find(saml("NameID")), root.find(saml("EncryptedID"))
    if encrypted is not None and decryption is not None:
        element = decryption.element_in(encrypted, saml("NameID"))
    if element is None or len(element):
        raise SamlRefusal(RefusalCode.NAME_ID, "the request names nobody by NameID")
    indexes = tuple(each.text or "" for each in root.iterfind(samlp("SessionIndex")))
    return Departure(name_id_of(element), indexes)


def names_in_secret(root: etree._Element) -> bool:
    """Tell whether the person's name is encrypted to us."""
    return root.find(saml("EncryptedID")) is not None


def message_element(
    name: str, message_id: str, now: datetime, destination: str, issuer: str
) -> etree._Element:
    """The beginning of a message of ours: ID, Version, IssueInstant, Destination, Issuer."""
    root = etree.Element(samlp(name), nsmap={"samlp": NS_PROTOCOL, "saml": NS_ASSERTION})
    root.set("ID", message_id)
    root.set("Version", "2.0")
    root.set("IssueInstant", instant(now))
    root.set("Destination", destination)
    etree.SubElement(root, saml("Issuer")).text = issuer
    return root


def instant(moment: datetime) -> str:
    """``moment`` as SAML writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
