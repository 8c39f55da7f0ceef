"""The AuthnRequest that sends a browser to the provider, by the redirect or the POST binding (Bindings §3.4, §3.5).

By default it is unsigned and asks for little, because every extra breaks with some vendor: no RequestedAuthnContext
(Entra answers AADSTS75011 to people who used a second factor), no NameIDPolicy unless asked (Entra turns even
"unspecified" into a pairwise id instead of what its administrator configured), no Subject for Entra (AADSTS900236: it
takes ``login_hint`` in the URL).

Built with lxml and not with the library, which pastes entity IDs and the typed e-mail into XML text unescaped.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import SplitResult, urlencode, urlsplit

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
from sso_saml.signing import SigningKey, sign_enveloped, sign_query

MAX_RELAY_STATE = 80  # bytes, Bindings §3.4.3
_MAX_HINT = 320  # characters, the longest e-mail address
_REQUEST_ID = re.compile(r"[A-Za-z_][A-Za-z0-9._-]{0,255}\Z")  # Entra refuses an ID that begins with a digit


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One request: its identity, and what it asks for beyond "who is this?".

    ``request_id`` is an XML name, ``issue_instant`` aware, ``relay_state`` our own opaque id of at most 80 bytes.
    ``login_hint`` travels as a parameter of the address, ``subject_hint`` as Subject of the request; one that no
    provider could use (control characters, too long) is left out: it is a courtesy.
    """

    request_id: str
    issue_instant: datetime
    relay_state: str | None = None
    login_hint: str | None = None
    subject_hint: str | None = None
    force_authn: bool = False
    contexts: tuple[str, ...] = ()
    comparison: str = "exact"
    name_id_format: str | None = None


@dataclass(frozen=True, slots=True)
class PostedRequest:
    """What a browser has to post: where to, and the fields of the form."""

    url: str
    fields: Mapping[str, str]


def redirect_url_of(config: SamlConfig, asking: Asking, key: SigningKey | None = None) -> str:
    """The URL to redirect the browser to; with ``key`` its query is signed.

    Raises ``ValueError`` for what does not fit, because all of it is ours.
    """
    target = _target(config.sso_url)
    request = _authn_request(config, asking, config.sso_url)
    message = [("SAMLRequest", _deflated(etree.tostring(request)))]
    if asking.relay_state is not None:
        message.append(("RelayState", asking.relay_state))
    query = urlencode(message) if key is None else sign_query(message, key)
    return _with_query(target, query, _hint_parameter(asking))


def posted_request(config: SamlConfig, asking: Asking, key: SigningKey | None = None) -> PostedRequest:
    """The form to post; with ``key`` the request inside carries an enveloped signature. Raises like
    ``redirect_url_of``."""
    address = config.sso_post_url or config.sso_url
    target = _target(address)
    request = _authn_request(config, asking, address)
    if key is not None:
        sign_enveloped(request, key)
    fields = {"SAMLRequest": base64.b64encode(etree.tostring(request)).decode("ascii")}
    if asking.relay_state is not None:
        fields["RelayState"] = asking.relay_state
    return PostedRequest(_with_query(target, _hint_parameter(asking)), fields)


def _target(url: str) -> SplitResult:
    target = urlsplit(url)
    if target.scheme not in ("https", "http") or not target.netloc or target.fragment:
        raise ValueError("the Single Sign-On URL is no web address")
    return target


def _with_query(target: SplitResult, *parts: str) -> str:
    # What the address already carries (Google's idpid) stays as it is.
    return target._replace(query="&".join(part for part in (target.query, *parts) if part)).geturl()


def _hint_parameter(asking: Asking) -> str:
    hint = _usable(asking.login_hint)
    return "" if hint is None else urlencode({"login_hint": hint})


def _usable(hint: str | None) -> str | None:
    return hint if hint is not None and hint.isprintable() and 0 < len(hint) <= _MAX_HINT else None


def _authn_request(config: SamlConfig, asking: Asking, destination: str) -> etree._Element:
    if not _REQUEST_ID.match(asking.request_id):
        raise ValueError("request_id is not an XML name")
    if asking.relay_state is not None and not 0 < len(asking.relay_state.encode()) <= MAX_RELAY_STATE:
        raise ValueError(f"RelayState is empty or longer than {MAX_RELAY_STATE} bytes")
    request = etree.Element(samlp("AuthnRequest"), nsmap={"samlp": NS_PROTOCOL, "saml": NS_ASSERTION})
    request.set("ID", asking.request_id)
    request.set("Version", "2.0")
    request.set("IssueInstant", asking.issue_instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    request.set("Destination", destination)
    request.set("ProtocolBinding", BINDING_POST)
    request.set("AssertionConsumerServiceURL", config.acs_url)
    if asking.force_authn:
        request.set("ForceAuthn", "true")
    etree.SubElement(request, saml("Issuer")).text = config.sp_entity_id
    # In the order of the schema (Core §3.4.1).
    if (subject_hint := _usable(asking.subject_hint)) is not None:
        name_id = etree.SubElement(etree.SubElement(request, saml("Subject")), saml("NameID"))
        name_id.set("Format", asking.name_id_format or NAME_ID_UNSPECIFIED)
        name_id.text = subject_hint
    if asking.name_id_format:
        policy = etree.SubElement(request, samlp("NameIDPolicy"))
        policy.set("Format", asking.name_id_format)
        policy.set("AllowCreate", "true")
    if asking.contexts:
        wanted = etree.SubElement(request, samlp("RequestedAuthnContext"))
        wanted.set("Comparison", asking.comparison)
        for context in asking.contexts:
            etree.SubElement(wanted, saml("AuthnContextClassRef")).text = context
    return request


def _deflated(document: bytes) -> str:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)  # raw DEFLATE, Bindings §3.4.4.1
    return base64.b64encode(compressor.compress(document) + compressor.flush()).decode("ascii")
