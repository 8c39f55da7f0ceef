"""What a signed assertion says about the person: NameID, attributes, authentication.

All functions take elements that come from signed, comment-free bytes and passed the schema. Texts are whole and as
sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from lxml import etree

from sso_saml.errors import RefusalCode, SamlRefusal, quoted
from sso_saml.messages import Expected
from sso_saml.names import NS_SCHEMA_INSTANCE, saml
from sso_saml.times import check_not_over, plus_skew, read_time

_NIL = f"{{{NS_SCHEMA_INSTANCE}}}nil"
_ENCRYPTED = (saml("EncryptedID"), saml("EncryptedAttribute"))


@dataclass(frozen=True, slots=True)
class NameId:
    """The subject's name as sent; what the provider left out is ``None``."""

    value: str
    format: str | None
    qualifier: str | None = None  # NameQualifier
    sp_qualifier: str | None = None  # SPNameQualifier


@dataclass(frozen=True, slots=True)
class Authentication:
    """The AuthnStatement: when and how the person proved themselves, and for how long the session may last."""

    instant: datetime
    context: str | None
    session_index: str | None
    session_not_on_or_after: datetime | None


def check_nothing_encrypted(assertion: etree._Element) -> None:
    """Refuse what decryption left encrypted, in places where nobody is known to send it; ignoring it would be taking it
    for absent."""
    if next(assertion.iter(*_ENCRYPTED), None) is not None:
        raise SamlRefusal(RefusalCode.ENCRYPTED, "an encrypted identifier in an unexpected place")


def read_name_id(assertion: etree._Element) -> NameId | None:
    """The subject's NameID, ``None`` when there is none (ADFS without a rule for it); a blank one is refused."""
    element = assertion.find(f"{saml('Subject')}/{saml('NameID')}")
    return None if element is None else name_id_of(element)


def name_id_of(element: etree._Element) -> NameId:
    """The content of a NameID element."""
    value = element.text or ""
    if not value.strip():
        raise SamlRefusal(RefusalCode.NAME_ID, "the NameID is empty")
    return NameId(value, element.get("Format"), element.get("NameQualifier"), element.get("SPNameQualifier"))


def read_attributes(assertion: etree._Element) -> dict[str, tuple[str, ...]]:
    """Every attribute's values by Name; a Name that repeats (Keycloak's one Role per value) adds up.

    A nil value is no value (Core §2.7.3.1.1), an empty one is the empty string. A value made of elements, such as the
    NameID of eduPersonTargetedID, counts as the text in it without the white space around.
    """
    attributes: dict[str, list[str]] = {}
    for attribute in assertion.iterfind(f"{saml('AttributeStatement')}/{saml('Attribute')}"):
        values = attributes.setdefault(attribute.get("Name") or "", [])
        for element in attribute.iterfind(saml("AttributeValue")):
            if element.get(_NIL) in ("true", "1"):
                continue
            if len(element):
                values.append("".join(cast(Iterator[str], element.itertext())).strip())
            else:
                values.append(element.text or "")
    return {name: tuple(values) for name, values in attributes.items()}


def check_authentication(authentication: Authentication, expected: Expected) -> None:
    """Refuse an answer that does not keep to what we asked for: to sign in afresh, by one of certain contexts.

    A provider that doesn't know ForceAuthn or RequestedAuthnContext ignores them (Core §3.4.1 lets it answer with an
    error instead), so asking alone would prove nothing.
    """
    since = expected.authenticated_since
    if since is not None and plus_skew(authentication.instant, expected.skew) < since:
        raise SamlRefusal(
            RefusalCode.AUTHN_NOT_FRESH,
            f"AuthnInstant {authentication.instant:%Y-%m-%dT%H:%M:%SZ} is before we asked to sign in afresh",
        )
    if expected.contexts and authentication.context not in expected.contexts:
        raise SamlRefusal(RefusalCode.AUTHN_CONTEXT, f"signed in by {quoted(authentication.context)}")


def read_authentication(assertion: etree._Element, now: datetime) -> Authentication:
    """The one AuthnStatement (Profiles §4.1.4.2); refused when the session that it describes is already over."""
    statements = assertion.findall(saml("AuthnStatement"))
    if len(statements) != 1:
        raise SamlRefusal(RefusalCode.AUTHN_STATEMENT, f"{len(statements)} AuthnStatements, one is expected")
    statement = statements[0]
    session_end = None
    if (end := statement.get("SessionNotOnOrAfter")) is not None:
        session_end = read_time(end, "SessionNotOnOrAfter")
        # No skew: a session that is over by our clock would be ended by its first request.
        check_not_over(session_end, now, timedelta(0), "SessionNotOnOrAfter")
    return Authentication(
        instant=read_time(statement.get("AuthnInstant") or "", "AuthnInstant"),
        context=statement.findtext(f"{saml('AuthnContext')}/{saml('AuthnContextClassRef')}"),
        session_index=statement.get("SessionIndex"),
        session_not_on_or_after=session_end,
    )
