"""Send a message of single logout through the browser, signed, by the provider's binding (Bindings §3.4, §3.5)."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from urllib.parse import urlsplit

from csp.constants import SELF
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from lxml import etree

from sso.leaving import send_on
from sso.posting import post_form
from sso_saml.message_gate import Kind
from sso_saml.models import Binding
from sso_saml.signing import SigningKey, sign_enveloped, sign_query

MAX_RELAY_STATE = 80  # bytes, Bindings §3.4.3


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An unsigned message on its way to ``url``."""

    kind: Kind
    root: etree._Element
    url: str
    binding: str
    relay_state: str | None


def send(request: HttpRequest, message: Outgoing, key: SigningKey) -> HttpResponse:
    """Sign and send. After a form of our own the redirect is a page that moves on by itself (``sso.leaving``)."""
    if message.binding == Binding.POST:
        return _by_post(request, message, key)
    address = _address(message, key)
    if message.kind is Kind.REQUEST:
        return send_on(request, address)
    return HttpResponseRedirect(address, status=303)


def _by_post(request: HttpRequest, message: Outgoing, key: SigningKey) -> HttpResponse:
    sign_enveloped(message.root, key)
    fields = {message.kind.parameter: base64.b64encode(etree.tostring(message.root)).decode("ascii")}
    if message.relay_state is not None:
        fields["RelayState"] = message.relay_state
    page = post_form(request, message.url, fields)
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(message.url))
    # Chromium holds the redirects that follow a form to its page's form-action, and after a logout message there are
    # some: back here with the provider's answer, or on to the next application of its list, on whatever host.
    policy = {"form-action": [SELF, origin, "https:"]}
    if message.kind is Kind.RESPONSE:
        # Providers that end all sessions at once load each application in a frame of a page of theirs; that page alone
        # may hold this one, which shows nothing and has nothing to click for.
        policy["frame-ancestors"] = [origin]
        page.xframe_options_exempt = True
    page._csp_replace = policy  # type: ignore[attr-defined]  # django-csp's, in the place of the settings'
    return page


def _address(message: Outgoing, key: SigningKey) -> str:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)  # raw DEFLATE, Bindings §3.4.4.1
    deflated = compressor.compress(etree.tostring(message.root)) + compressor.flush()
    parameters = [(message.kind.parameter, base64.b64encode(deflated).decode("ascii"))]
    if message.relay_state is not None:
        parameters.append(("RelayState", message.relay_state))
    target = urlsplit(message.url)
    query = "&".join(part for part in (target.query, sign_query(parameters, key)) if part)
    return target._replace(query=query).geturl()
