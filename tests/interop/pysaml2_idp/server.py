"""A small identity provider made with pysaml2, in a process and an environment of its own.

    python server.py PORT FOLDER

``FOLDER`` is where it keeps its key. It begins without applications; ``POST /applications`` imports the metadata of
one and says how it signs for it. Signing in needs no password: a form asks who. What it thinks of the person's session
is at ``/session``. Everything about SAML is pysaml2's: parsing, signatures, encryption, metadata. It encrypts with
triple DES and has no setting for that, so for AES its template and session key are replaced (``ENCRYPTION``).
"""

from __future__ import annotations

import datetime as dt
import html
import json
import secrets
import sys
from functools import partial
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import make_server

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, entity, saml, samlp
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.server import Server
from saml2.sigver import pre_encryption_part, verify_redirect_signature
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

BINDINGS = {"GET": BINDING_HTTP_REDIRECT, "POST": BINDING_HTTP_POST}
SHORT = {"redirect": BINDING_HTTP_REDIRECT, "post": BINDING_HTTP_POST}
XMLENC, XMLENC_11 = "http://www.w3.org/2001/04/xmlenc#", "http://www.w3.org/2009/xmlenc11#"
# Content algorithm and session key, as xmlsec1 calls it.
ENCRYPTION = {
    "aes128-cbc": (f"{XMLENC}aes128-cbc", "aes-128"),
    "aes256-gcm": (f"{XMLENC_11}aes256-gcm", "aes-256"),
    "tripledes-cbc": (f"{XMLENC}tripledes-cbc", "des-192"),
}
SIGNED = {"sign": True, "sign_alg": SIG_RSA_SHA256, "digest_alg": DIGEST_SHA256}
Answer = tuple[str, list[tuple[str, str]], str]


def own_key(folder: Path, name: str) -> tuple[str, str]:
    """Make a key and its certificate; return the paths."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    )
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + dt.timedelta(days=30))
    private, public = folder / f"{name}.key", folder / f"{name}.crt"
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL
    private.write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))
    public.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(encoding))
    return str(private), str(public)


def configuration(base: str, folder: Path) -> IdPConfig:
    """What an administrator of a pysaml2 identity provider writes; requests must be signed."""
    key, certificate = own_key(folder, "idp")
    both = (BINDING_HTTP_REDIRECT, BINDING_HTTP_POST)
    endpoints = {
        "single_sign_on_service": [(f"{base}/sso", binding) for binding in both],
        "single_logout_service": [(f"{base}/slo", binding) for binding in both],
    }
    formats = [saml.NAMEID_FORMAT_PERSISTENT, saml.NAMEID_FORMAT_TRANSIENT]
    return IdPConfig().load(
        {
            "entityid": f"{base}/metadata",
            "key_file": key,
            "cert_file": certificate,
            "encryption_keypairs": [{"key_file": key, "cert_file": certificate}],
            "signing_algorithm": SIG_RSA_SHA256,
            "digest_algorithm": DIGEST_SHA256,
            "metadata": {"inline": []},
            "service": {
                "idp": {
                    "name": "pysaml2",
                    "endpoints": endpoints,
                    "want_authn_requests_signed": True,
                    "name_id_format": formats,
                    "policy": {"default": {"lifetime": {"minutes": 15}, "attribute_restrictions": None}},
                }
            },
        }
    )


class Provider:
    """The identity provider: who is signed in, at which applications, and what became of it."""

    def __init__(self, base: str, folder: Path) -> None:
        self.base = base
        self.config = configuration(base, folder)
        self.idp = Server(config=self.config)
        self.modes: dict[str, dict[str, Any]] = {}  # entity id → how to sign for it
        self.people: dict[str, dict[str, Any]] = {}  # person → attributes
        self.asked: dict[str, dict[str, Any]] = {}  # requests that wait for "who?"
        self.sessions: dict[str, dict[str, Any]] = {}  # cookie → session
        self.answers: dict[str, str] = {}  # our logout requests → what came back

    def metadata(self, _: dict[str, str], __: str, ___: str) -> Answer:
        return "200 OK", [("Content-Type", "text/xml")], str(entity_descriptor(self.config))

    def import_application(self, fields: dict[str, str], _: str, __: str) -> Answer:
        self.idp.metadata.load("inline", fields["metadata"])
        self.modes[fields["entity_id"]] = json.loads(fields["mode"])
        self.people |= json.loads(fields["people"])
        return "200 OK", [], "imported"

    def sign_on(self, fields: dict[str, str], method: str, _: str) -> Answer:
        binding = BINDINGS[method]
        request = self.idp.parse_authn_request(
            fields["SAMLRequest"],
            binding,
            fields.get("RelayState"),
            fields.get("SigAlg"),
            fields.get("Signature"),
        )
        args = self.idp.response_args(request.message)
        wanted = secrets.token_hex(8)
        self.asked[wanted] = {**args, "relay_state": fields.get("RelayState", ""), "asked_by": binding}
        hidden = f'<input type="hidden" name="asked" value="{wanted}">'
        form = f'<form method="post" action="/login"><input name="who">{hidden}</form>'
        return "200 OK", [("Content-Type", "text/html")], form

    def login(self, fields: dict[str, str], _: str, __: str) -> Answer:
        asked, who = self.asked.pop(fields["asked"]), fields["who"]
        entity_id = asked["sp_entity_id"]
        policy = samlp.NameIDPolicy(format=saml.NAMEID_FORMAT_PERSISTENT, sp_name_qualifier=entity_id)
        name_id = self.idp.ident.construct_nameid(who, name_id_policy=policy, sp_name_qualifier=entity_id)
        mode = dict(self.modes[entity_id])
        self._encrypt_with(mode.pop("content", "tripledes-cbc"))
        response = self.idp.create_authn_response(
            identity=self.people[who],
            in_response_to=asked["in_response_to"],
            destination=asked["destination"],
            sp_entity_id=entity_id,
            name_id=name_id,
            authn={"class_ref": saml.AUTHN_PASSWORD_PROTECTED, "authn_auth": self.base},
            sign_alg=SIG_RSA_SHA256,
            digest_alg=DIGEST_SHA256,
            **mode,
        )
        sent = samlp.response_from_string(str(response))
        cookie = secrets.token_hex(16)
        session = {"who": who, "entity_id": entity_id, "name_id": name_id, "open": True}
        self.sessions[cookie] = {**session, "index": _session_index(sent), "asked_by": asked["asked_by"]}
        status, headers, body = self._send(
            BINDING_HTTP_POST, response, asked["destination"], asked["relay_state"], answer=True
        )
        return status, [*headers, ("Set-Cookie", f"pysaml2={cookie}; HttpOnly; Path=/")], body

    def single_logout(self, fields: dict[str, str], method: str, cookie: str) -> Answer:
        binding = BINDINGS[method]
        if "SAMLResponse" in fields:
            return self._logout_answer(fields, binding)
        request = self.idp.parse_logout_request(
            fields["SAMLRequest"],
            binding,
            fields.get("RelayState"),
            fields.get("SigAlg"),
            fields.get("Signature"),
        ).message
        if method == "POST" and request.signature is None:
            raise ValueError("an unsigned LogoutRequest")
        status = None
        session = self.sessions.get(cookie)
        if (
            session is None
            or request.name_id != session["name_id"]
            or session["index"] not in [each.text for each in request.session_index]
        ):
            status = samlp.Status(status_code=samlp.StatusCode(value=samlp.STATUS_UNKNOWN_PRINCIPAL))
        else:
            session["open"] = False
        way, destination = self.idp.pick_binding("single_logout_service", [binding], "spsso", request)
        response = self.idp.create_logout_response(request, [way], status, **_signed(way))
        return self._send(way, response, destination, fields.get("RelayState", ""), answer=True)

    def begin_logout(self, fields: dict[str, str], _: str, cookie: str) -> Answer:
        session = self.sessions[cookie]
        way, destination = self.idp.pick_binding(
            "single_logout_service", [SHORT[fields["binding"]]], "spsso", entity_id=session["entity_id"]
        )
        request_id, request = self.idp.create_logout_request(
            destination,
            session["entity_id"],
            name_id=session["name_id"],
            session_indexes=[session["index"]],
            expire=(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            **_signed(way),
        )
        session["open"] = False
        self.answers[request_id] = ""
        return self._send(way, request, destination, f"back-{request_id}", answer=False)

    def session(self, _: dict[str, str], __: str, cookie: str) -> Answer:
        """What a test may know of the session that this browser has here."""
        session = self.sessions.get(cookie, {"open": False, "who": "", "asked_by": ""})
        told = {"open": session["open"], "who": session["who"], "asked_by": session["asked_by"]}
        told["logout_answers"] = list(self.answers.values())
        return "200 OK", [("Content-Type", "application/json")], json.dumps(told)

    def _encrypt_with(self, content: str) -> None:
        algorithm, key_type = ENCRYPTION[content]
        entity.pre_encryption_part = partial(pre_encryption_part, msg_enc=algorithm)
        self.idp.sec.encrypt_assertion = partial(
            type(self.idp.sec).encrypt_assertion, self.idp.sec, key_type=key_type
        )

    def _logout_answer(self, fields: dict[str, str], binding: str) -> Answer:
        response = self.idp.parse_logout_request_response(fields["SAMLResponse"], binding)
        message = response.response
        if binding == BINDING_HTTP_REDIRECT:
            certificates = self.idp.metadata.certs(message.issuer.text, "any", "signing")
            order = ("SAMLResponse", "RelayState", "SigAlg", "Signature")
            sent = {name: fields[name] for name in order if name in fields}
            if not any(
                verify_redirect_signature(sent, self.idp.sec.sec_backend, each) for _, each in certificates
            ):
                raise ValueError("a LogoutResponse with a wrong signature")
        elif message.signature is None:  # a signature that is there was verified by pysaml2
            raise ValueError("an unsigned LogoutResponse")
        if fields.get("RelayState") != f"back-{message.in_response_to}":
            raise ValueError("RelayState came back changed")
        self.answers[message.in_response_to] = message.status.status_code.value
        return "200 OK", [("Content-Type", "text/html")], "<p>Signed out everywhere</p>"

    def _send(self, way: str, message: Any, destination: str, relay_state: str, *, answer: bool) -> Answer:
        sign = way == BINDING_HTTP_REDIRECT
        info = self.idp.apply_binding(
            way, str(message), destination, relay_state, response=answer, sign=sign, sigalg=SIG_RSA_SHA256
        )
        if way == BINDING_HTTP_REDIRECT:
            return "303 See Other", [("Location", dict(info["headers"])["Location"])], ""
        body = info["data"]
        return "200 OK", [("Content-Type", "text/html")], "".join(body) if isinstance(body, list) else body


def _signed(way: str) -> dict[str, Any]:
    """By redirect the query is signed instead of the message."""
    return {"sign": False} if way == BINDING_HTTP_REDIRECT else SIGNED


def _session_index(response: Any) -> str:
    return response.assertion[0].authn_statement[0].session_index if response.assertion else ""


def application(provider: Provider) -> Any:
    """The WSGI application around a provider."""
    routes = {
        "/metadata": provider.metadata,
        "/applications": provider.import_application,
        "/sso": provider.sign_on,
        "/login": provider.login,
        "/slo": provider.single_logout,
        "/logout": provider.begin_logout,
        "/session": provider.session,
    }

    def respond(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        method = environ["REQUEST_METHOD"]
        text = environ.get("QUERY_STRING", "")
        if method == "POST":
            text = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        fields = {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}
        cookie = SimpleCookie(environ.get("HTTP_COOKIE", "")).get("pysaml2")
        try:
            status, headers, body = routes[environ["PATH_INFO"]](
                fields, method, cookie.value if cookie else ""
            )
        except Exception as error:
            text = html.escape(f"{type(error).__name__}: {error}")
            status, headers, body = "400 Bad Request", [("Content-Type", "text/html")], f"<p>{text}</p>"
        start_response(status, headers)
        return [body.encode()]

    return respond


if __name__ == "__main__":
    listen, kept = int(sys.argv[1]), Path(sys.argv[2])
    kept.mkdir(parents=True, exist_ok=True)
    make_server(
        "127.0.0.1", listen, application(Provider(f"http://127.0.0.1:{listen}", kept))
    ).serve_forever()
