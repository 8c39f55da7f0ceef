"""Single logout of the SAML identity provider, both ways, by redirect and by POST.

    GET/POST /<directory>/saml/slo        a LogoutRequest of an application, or its LogoutResponse
    GET      /<directory>/saml/sessions   the sessions that were given out, with a button to end each
    POST     /<directory>/saml/end        the button: ``index``, and ``binding`` (``redirect`` or ``post``);
             ``everywhere=1`` names no SessionIndex

An application's request is answered by the binding it came with. Both messages must be signed, as real vendors
want, and are refused without. Once the application's metadata was imported, the signature must be its own.
"""

from __future__ import annotations

import base64
import datetime as dt
import secrets
import zlib
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from simulator.config import ServiceProvider
from simulator.errors import Refused
from simulator.pages import join, page, post_page, render
from simulator.saml_request import SAML, SAMLP, decode_message, find_service_provider, parse_message
from simulator.saml_response import STATUS, instant, sign_element
from simulator.saml_sp_keys import RSA_SHA256, ServiceProviderKeys
from simulator.site import Site
from simulator.web import Params, Request, Response, redirect

DS_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
LIFETIME = dt.timedelta(minutes=5)


def slo(site: Site, request: Request) -> Response:
    """A message of an application arrives."""
    if "SAMLResponse" in _sent(request)[1]:
        return _answered(site, _read(site, request, "SAMLResponse"))
    return _asked(site, request)


def sessions(site: Site, request: Request) -> Response:
    """The list of sessions."""
    rows = join(
        render(
            "session_row",
            name_id=session.name_id,
            entity_id=session.entity_id,
            index=session.index,
            action=site.urls.saml_end,
        )
        for session in site.sessions.all()
    )
    return page("Sessions", render("sessions", rows=rows), heading=site.directory.name)


def end(site: Site, request: Request) -> Response:
    """Sign a person out here, and send the browser to the application with a LogoutRequest."""
    if not request.is_from_own_page(site.urls.base):
        raise Refused("AADSTS90023", "This form was sent from another site.", 403)
    session = site.sessions.get(request.form.one("index"))
    if session is None:
        raise Refused("AADSTS50058", "There is no such session.")
    provider = find_service_provider(site, session.entity_id)
    root = _message(site, "LogoutRequest", provider)
    root.set("NotOnOrAfter", instant(dt.datetime.now(dt.UTC) + LIFETIME))
    name_id = etree.SubElement(root, f"{{{SAML}}}NameID", {"Format": session.name_id_format})
    name_id.text = session.name_id
    if session.sp_name_qualifier is not None:
        name_id.set("SPNameQualifier", session.sp_name_qualifier)
    everywhere = request.form.one("everywhere") == "1"
    if not everywhere:
        etree.SubElement(root, f"{{{SAMLP}}}SessionIndex").text = session.index
    site.sessions.end(session.entity_id, session.name_id, [] if everywhere else [session.index])
    site.sessions.ask(root.get("ID") or "", session)
    binding = "post" if request.form.one("binding") == "post" else "redirect"
    return _send(site, provider, root, "SAMLRequest", binding, secrets.token_urlsafe(16))


def _sent(request: Request) -> tuple[str, Params]:
    """The binding and its parameters."""
    return ("post", request.form) if request.method == "POST" else ("redirect", request.query)


def _asked(site: Site, request: Request) -> Response:
    binding, params = _sent(request)
    root = _read(site, request, "SAMLRequest")
    provider = find_service_provider(site, root.findtext(f"{{{SAML}}}Issuer"))
    name_id = root.findtext(f"{{{SAML}}}NameID")
    if not name_id:
        raise Refused("AADSTS75005", "The request names nobody.")
    indexes = [element.text or "" for element in root.findall(f"{{{SAMLP}}}SessionIndex")]
    ended = site.sessions.end(provider.entity_id, name_id, indexes)
    answer = _message(site, "LogoutResponse", provider)
    answer.set("InResponseTo", root.get("ID") or "")
    status = etree.SubElement(answer, f"{{{SAMLP}}}Status")
    code = etree.SubElement(status, f"{{{SAMLP}}}StatusCode", {"Value": STATUS + "Success"})
    if not ended:
        code.set("Value", STATUS + "Requester")
        etree.SubElement(code, f"{{{SAMLP}}}StatusCode", {"Value": STATUS + "UnknownPrincipal"})
    return _send(site, provider, answer, "SAMLResponse", binding, params.one("RelayState"))


def _answered(site: Site, root: etree._Element) -> Response:
    session = site.sessions.answered(root.get("InResponseTo"))
    if session is None:
        raise Refused("AADSTS75008", "The LogoutResponse answers no request.")
    codes = [code.get("Value") or "" for code in root.iter(f"{{{SAMLP}}}StatusCode")]
    told = " / ".join(code.rpartition(":")[2] for code in codes)
    return page("Signed out", render("session_ended", name_id=session.name_id, status=told))


def _read(site: Site, request: Request, name: str) -> etree._Element:
    binding, params = _sent(request)
    if params.repeated():
        raise Refused("AADSTS90015", f"The parameter {params.repeated()} occurs more than once.")
    document = decode_message(params.one(name), binding)
    root = parse_message(document)
    wanted = "LogoutRequest" if name == "SAMLRequest" else "LogoutResponse"
    if root.tag != f"{{{SAMLP}}}{wanted}" or root.get("Version") != "2.0":
        raise Refused("AADSTS75005", f"The message is not a SAML 2.0 {wanted}.")
    provider = find_service_provider(site, root.findtext(f"{{{SAML}}}Issuer"))
    if root.get("Destination") != site.urls.saml_slo:
        raise Refused("AADSTS75008", f"The Destination is not '{site.urls.saml_slo}'.")
    signed = "Signature" in params if binding == "redirect" else root.find(DS_SIGNATURE) is not None
    if not signed:
        raise Refused("AADSTS76021", f"The {wanted} is not signed.")
    keys = ServiceProviderKeys.read(provider.metadata_file)
    if keys.signing and binding == "redirect":
        keys.check_query(request.query_string)
    elif keys.signing:
        keys.check_document(document)
    return root


def _message(site: Site, name: str, provider: ServiceProvider) -> etree._Element:
    root = etree.Element(f"{{{SAMLP}}}{name}", nsmap={"samlp": SAMLP, "saml": SAML})
    root.set("ID", f"_{secrets.token_hex(16)}")
    root.set("Version", "2.0")
    root.set("IssueInstant", instant(dt.datetime.now(dt.UTC)))
    root.set("Destination", _slo_url(provider))
    etree.SubElement(root, f"{{{SAML}}}Issuer").text = site.urls.entity_id
    return root


def _slo_url(provider: ServiceProvider) -> str:
    if provider.slo_url is None:
        raise Refused("AADSTS500113", f"No logout address is registered for '{provider.entity_id}'.")
    return provider.slo_url


def _send(
    site: Site,
    provider: ServiceProvider,
    root: etree._Element,
    name: str,
    binding: str,
    relay_state: str | None,
) -> Response:
    relay = [] if relay_state is None else [("RelayState", relay_state)]
    if binding == "post":
        sign_element(root, site.saml_key)
        return post_page(
            _slo_url(provider), [(name, base64.b64encode(etree.tostring(root)).decode()), *relay]
        )
    squeezer = zlib.compressobj(wbits=-15)
    packed = base64.b64encode(squeezer.compress(etree.tostring(root)) + squeezer.flush()).decode()
    # With lower-case digits, as Microsoft does: what is signed is the text that travels.
    parameters = [(name, packed), *relay, ("SigAlg", RSA_SHA256)]
    query = "&".join(f"{key}={_quoted(value)}" for key, value in parameters)
    key = serialization.load_pem_private_key(
        site.saml_key.private_pem, password=None, unsafe_skip_rsa_key_validation=True
    )
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("the simulator's keys are RSA keys")
    signature = base64.b64encode(key.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()
    return redirect(f"{_slo_url(provider)}?{query}&{urlencode({'Signature': signature})}")


def _quoted(text: str) -> str:
    first, *others = quote(text, safe="").split("%")
    return first + "".join(f"%{part[:2].lower()}{part[2:]}" for part in others)
