"""A message of single logout, from the HTTP request to verified bytes (Bindings §3.4, §3.5; S-7, L-12).

Always signed, by a key of the configured certificates, SHA-256 or better: by redirect over the query as it was sent, by
POST inside the message, and then only what was signed is read. SOAP is not spoken here: a message that comes by it is
refused as any other would be.

The checks that both messages share: whom it is from, that it was sent to exactly this address (a signed message must
say so, Bindings §3.4.5.2, §3.5.5.2), and that it is fresh.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest
from lxml import etree

from sso.posted import form_of
from sso_saml.errors import RefusalCode, SamlRefusal, quoted
from sso_saml.message_gate import Kind, check_posted, check_redirected
from sso_saml.messages import SamlConfig
from sso_saml.names import saml
from sso_saml.query_signature import SignedQuery, kinds_in, read_query, verify_query
from sso_saml.times import check_begun, check_not_over, plus_skew, read_time
from sso_saml.toolkit import check_schema, verified_root

SKEW = timedelta(seconds=120)
# How long after IssueInstant a message counts. Browsers carry it at once; longer would only help a replay.
LIFETIME = timedelta(minutes=5)
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_ENTITY = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message as it came, nothing in it looked at. ``relay_state`` is not covered by the signature of a POST."""

    kind: Kind
    relay_state: str | None
    content: SignedQuery | str


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who receives: the provider's settings, our exact address for these messages, the clock."""

    config: SamlConfig
    url: str
    now: datetime


def arrived(request: HttpRequest) -> Arrived:
    """Take one message off the request. Raises ``SamlRefusal``, or ``SignInRefused`` for a form that can't be read."""
    if request.method == "POST":
        return _posted(request)
    query = str(request.META.get("QUERY_STRING", ""))
    kinds = kinds_in(query)
    if not kinds:
        raise SamlRefusal(RefusalCode.BINDING, "no SAML message in the query")
    read = read_query(query, kinds[0])
    return Arrived(read.kind, read.relay_state, read)


def verified(message: Arrived, to: Addressee) -> etree._Element:
    """Verify signature, schema, Issuer, Destination; give the root read from signed bytes. Raises ``SamlRefusal``."""
    if isinstance(message.content, SignedQuery):
        verify_query(message.content, to.config.certificates)
        root = check_redirected(message.content.message, message.kind).root
        check_schema(root)
    else:
        checked = check_posted(message.content, message.kind)
        if checked.signature is None:
            raise SamlRefusal(RefusalCode.SIGNATURE_MISSING)
        root = verified_root(checked.root, checked.signature, to.config)
        check_schema(checked.root)
    _check_issuer(root, to.config)
    destination = root.get("Destination")
    if destination != to.url:
        raise SamlRefusal(RefusalCode.DESTINATION, f"sent to {quoted(destination)}")
    return root


def fresh_until(root: etree._Element, to: Addressee) -> datetime:
    """Check IssueInstant, and NotOnOrAfter where set; give the first moment at which this would be refused as old."""
    issued = read_time(root.get("IssueInstant") or "", "IssueInstant")
    check_begun(issued, to.now, SKEW, "IssueInstant")
    until = plus_skew(issued, LIFETIME)
    if (end := root.get("NotOnOrAfter")) is not None:
        until = min(until, read_time(end, "NotOnOrAfter"))
    check_not_over(until, to.now, SKEW, "the message")
    return plus_skew(until, SKEW)


def _posted(request: HttpRequest) -> Arrived:
    if request.content_type not in _FORMS:
        raise SamlRefusal(
            RefusalCode.BINDING,
            f"{quoted(request.content_type)}: SOAP and other bindings are not spoken here",
        )
    form = form_of(request)
    present = [kind for kind in Kind if kind.parameter in form]
    if len(present) != 1 or len(form.getlist(present[0].parameter)) != 1:
        raise SamlRefusal(RefusalCode.PARAMETERS, "one SAMLRequest or SAMLResponse is expected")
    relay_states = form.getlist("RelayState")
    if len(relay_states) > 1:
        raise SamlRefusal(RefusalCode.PARAMETERS, "RelayState is there twice")
    relay_state = str(relay_states[0]) if relay_states else None
    return Arrived(present[0], relay_state, str(form[present[0].parameter]))


def _check_issuer(root: etree._Element, config: SamlConfig) -> None:
    issuer = root.find(saml("Issuer"))
    said = None if issuer is None else issuer.text
    if not said or said != config.idp_entity_id:
        raise SamlRefusal(RefusalCode.ISSUER, f"from {quoted(said)}, not {quoted(config.idp_entity_id)}")
    if issuer is not None and issuer.get("Format") not in (None, _ENTITY):  # Core §3.2.1
        raise SamlRefusal(RefusalCode.ISSUER, "an Issuer that is no entity ID")
