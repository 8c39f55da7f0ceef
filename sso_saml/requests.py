"""The AuthnRequest that sends a browser to the provider, as a URL of the redirect binding (Bindings §3.4).

``build_authn_request`` is unsigned and asks for little, because every extra breaks with some vendor: no
RequestedAuthnContext (Entra answers AADSTS75011 to people who used a second factor), no NameIDPolicy unless asked
(Entra turns even "unspecified" into a pairwise id instead of what its administrator configured), no Subject for Entra
(AADSTS900236: it takes ``login_hint`` in the URL).

Built with lxml and not with the library, which pastes entity IDs and the typed e-mail into XML text unescaped.
"""

from __future__ import annotations

import base64
import re
import zlib
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import urlencode, urlsplit

from lxml import etree

from sso_saml.messages import SamlConfig
from sso_saml.names import (
    BINDING_POST,
    NAME_ID_UNSPECIFIED,
    NS_ASSERTION,
    NS_PROTOCOL,
    saml,
    samlp,
)

MAX_RELAY_STATE = 80  # bytes, Bindings §3.4.3
_MAX_LOGIN_HINT = 320  # characters, the longest e-mail address
_REQUEST_ID = re.compile(r"[A-Za-z_][A-Za-z0-9._-]{0,255}\Z")  # Entra refuses an ID that begins with a digit


class HintStyle(StrEnum):
    """How the e-mail that was typed travels to the provider (L-4)."""

    PARAMETER = "parameter"  # login_hint in the URL; unknown to a provider, it is ignored
    SUBJECT = (
        "subject"  # Subject of the AuthnRequest; a provider that does not support it may answer with an error
    )


def build_authn_request(
    config: SamlConfig,
    request_id: str,
    issue_instant: datetime,
    login_hint: str | None = None,
    force_authn: bool = False,
    *,
    relay_state: str | None = None,
    hint_style: HintStyle = HintStyle.PARAMETER,
    name_id_format: str | None = None,
) -> str:
    """The URL to redirect the browser to.

    ``request_id`` is an XML name, ``issue_instant`` aware, ``relay_state`` our own opaque id of at most 80 bytes. A
    ``login_hint`` that no provider could use (control characters, too long) is left out: it is a courtesy. Raises
    ``ValueError`` for anything else that does not fit, because all of it is ours.
    """
    if not _REQUEST_ID.match(request_id):
        raise ValueError("request_id is not an XML name")
    if relay_state is not None and not 0 < len(relay_state.encode()) <= MAX_RELAY_STATE:
        raise ValueError(f"RelayState is empty or longer than {MAX_RELAY_STATE} bytes")
    target = urlsplit(config.sso_url)
    if target.scheme not in ("https", "http") or not target.netloc or target.fragment:
        raise ValueError("the Single Sign-On URL is no web address")
    if login_hint is not None and not (login_hint.isprintable() and 0 < len(login_hint) <= _MAX_LOGIN_HINT):
        login_hint = None
    request = _authn_request(config, request_id, issue_instant, force_authn=force_authn)
    if login_hint is not None and hint_style is HintStyle.SUBJECT:
        subject = etree.SubElement(request, saml("Subject"))
        name_id = etree.SubElement(subject, saml("NameID"))
        name_id.set("Format", name_id_format or NAME_ID_UNSPECIFIED)
        name_id.text = login_hint
    if name_id_format is not None:
        policy = etree.SubElement(request, samlp("NameIDPolicy"))
        policy.set("Format", name_id_format)
        policy.set("AllowCreate", "true")
    parameters = [("SAMLRequest", _deflated(etree.tostring(request)))]
    if relay_state is not None:
        parameters.append(("RelayState", relay_state))
    if login_hint is not None and hint_style is HintStyle.PARAMETER:
        parameters.append(("login_hint", login_hint))
    # What the address already carries (Google's idpid) stays as it is.
    query = "&".join(part for part in (target.query, urlencode(parameters)) if part)
    return target._replace(query=query).geturl()


def _authn_request(
    config: SamlConfig, request_id: str, issue_instant: datetime, *, force_authn: bool
) -> etree._Element:
    request = etree.Element(samlp("AuthnRequest"), nsmap={"samlp": NS_PROTOCOL, "saml": NS_ASSERTION})
    request.set("ID", request_id)
    request.set("Version", "2.0")
    request.set("IssueInstant", issue_instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    request.set("Destination", config.sso_url)
    request.set("ProtocolBinding", BINDING_POST)
    request.set("AssertionConsumerServiceURL", config.acs_url)
    if force_authn:
        request.set("ForceAuthn", "true")
    etree.SubElement(request, saml("Issuer")).text = config.sp_entity_id
    return request


def _deflated(document: bytes) -> str:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)  # raw DEFLATE, Bindings §3.4.4.1
    return base64.b64encode(compressor.compress(document) + compressor.flush()).decode("ascii")
