"""Microsoft's cloud in a thread: many tenants behind one application, its keys, and its Graph.

``EntraCloud`` answers what Entra answers at ``organizations`` and at each tenant's own address. A test says who signs
in (``Answer``), turns a knob to make the answer a lie, and lets a browser carry it home, all over HTTP.
"""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import RSAKey

from accounts.models import Partner
from sso import providers
from sso.models import IdentityProvider, ProtocolName, Vendor
from sso.provider_grants import grant_provider
from sso_oidc.configuration import OidcValues, save_oidc_settings, save_tenant
from tests.foundation.local_server import LocalServer, Visit, answer
from tests.journeys.person_browser import Page, PersonBrowser
from tests.sso_oidc.misbehaving_provider import RSA, PrivateKey, half_hash, public, sign
from tests.worlds import OPERATOR, World

CLIENT_ID = "0a0a0a0a-1111-4222-8333-444444444444"
CLIENT_SECRET = "secret-of-the-application"
ACME_TENANT = "11111111-2222-4333-8444-555555555555"
GLOBEX_TENANT = "22222222-2222-4333-8444-555555555555"
EVIL_TENANT = "66666666-6666-4666-8666-666666666666"
PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
MIA_OID = "aaaaaaaa-0001-4a00-8000-00000000a001"
NOAH_OID = "aaaaaaaa-0002-4a00-8000-00000000a002"
SLUG = "entra-all"
CODE = "code-of-entra"

ORGANIZATIONS = "/organizations/v2.0"
GRAPH = "/graph/v1.0/users/{oid}/getMemberObjects"


@dataclass(frozen=True)
class Answer:
    """Whom Entra says signed in, and how. ``claims`` override the token's, None leaves one out."""

    tenant: str = ACME_TENANT
    oid: str = MIA_OID
    email: str = "mia@acme.example"
    claims: dict[str, Any] = field(default_factory=dict)  # of both tokens
    back: dict[str, Any] = field(default_factory=dict)  # of the one from the token endpoint
    front: dict[str, Any] = field(default_factory=dict)  # of the one through the browser
    key: PrivateKey = field(default_factory=lambda: RSA)
    parameters: dict[str, str] = field(default_factory=dict)  # of the response

    def but(self, **changes: Any) -> Self:
        """Return it with changes."""
        return replace(self, **changes)


class EntraCloud:
    """A context manager. ``groups`` is what Graph says of each object id; ``jwks`` what is published."""

    def __init__(self) -> None:
        self.server = LocalServer()
        self.groups: dict[str, tuple[str, ...]] = {}
        self.page_size = 500
        self.app_tokens = 0  # how many were handed out
        self.uploaded = ""  # the certificate of the application, PEM

    def __enter__(self) -> Self:
        self.server.__enter__()
        self.base = self.server.url("")
        self.template = f"{self.base}/{{tenantid}}/v2.0"
        self.jwks = public(RSA, issuer=self.template)
        self.said: Answer = Answer()
        self.nonce = ""
        routes = self.server.routes
        routes["/authorize"] = answer(b"<html><body>Sign in to your account</body></html>")
        routes["/keys"] = lambda visit: answer(self.jwks)(visit)
        self.serve(ORGANIZATIONS, self.template, "organizations")
        for tenant in (ACME_TENANT, GLOBEX_TENANT, EVIL_TENANT, PERSONAL_TENANT):
            self.serve(f"/{tenant}/v2.0", self.issuer(tenant), tenant)
        for oid in (MIA_OID, NOAH_OID):
            routes[GRAPH.format(oid=oid)] = self._member_objects
        return self

    def __exit__(self, *failure: object) -> None:
        self.server.__exit__(*failure)

    def issuer(self, tenant: str) -> str:
        """Return the issuer of a tenant's tokens."""
        return self.template.replace("{tenantid}", tenant)

    def serve(self, path: str, issuer: str, tenant: str) -> None:
        """Publish a discovery document and a token endpoint."""
        document = {
            "issuer": issuer,
            "authorization_endpoint": self.server.url("/authorize"),
            "token_endpoint": self.server.url(f"/{tenant}/oauth2/v2.0/token"),
            "jwks_uri": self.server.url("/keys"),
            "response_types_supported": ["code", "code id_token"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        }
        self.server.routes[f"{path}/.well-known/openid-configuration"] = answer(document)
        self.server.routes[f"/{tenant}/oauth2/v2.0/token"] = self._token

    def claims(self, said: Answer, extra: dict[str, Any]) -> dict[str, Any]:
        """Return the claims of a token about whom ``said`` names."""
        now = int(time.time())
        claims = {
            "iss": self.issuer(said.tenant),
            "tid": said.tenant,
            "oid": said.oid,
            "sub": f"pairwise-{said.tenant[:4]}-{said.oid[:13]}",
            "aud": CLIENT_ID,
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "preferred_username": said.email,
            "email": said.email,
            "name": "Somebody",
            "ver": "2.0",
            **said.claims,
            **extra,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def count(self, part: str) -> int:
        """Tell how many requests had ``part`` in their path."""
        return sum(part in path for path in self.server.paths())

    # --- endpoints ----------------------------------------------------------------------------------------------------

    def _token(self, visit: Visit) -> None:
        form = visit.seen.form
        known = (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
        known = known or self._knows_by_certificate(visit)
        basic = visit.seen.headers.get("authorization", "").startswith("Basic ")
        if not known and not basic:
            return answer({"error": "invalid_client", "error_description": "AADSTS7000215: No."}, status=401)(
                visit
            )
        if form.get("grant_type") == "client_credentials":
            self.app_tokens += 1
            tenant = visit.seen.path.split("/")[1]
            token = {
                "token_type": "Bearer",
                "expires_in": 3599,
                "access_token": f"app-token-{tenant}-{self.app_tokens}",
            }
            return answer(token)(visit)
        if form.get("code") != CODE:
            return answer({"error": "invalid_grant", "error_description": "AADSTS70000: No."}, status=400)(
                visit
            )
        id_token = sign(self.claims(self.said, self.said.back), self.said.key)
        return answer({"token_type": "Bearer", "access_token": "user-token", "id_token": id_token})(visit)

    def _knows_by_certificate(self, visit: Visit) -> bool:
        """Check a client assertion against the certificate that was uploaded, as Entra documents it."""
        assertion = visit.seen.form.get("client_assertion", "")
        if not assertion or not self.uploaded:
            return False
        certificate = x509.load_pem_x509_certificate(self.uploaded.encode())
        digest = base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).rstrip(b"=").decode()
        public = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        token = jwt.decode(assertion, RSAKey.import_key(public), algorithms=["PS256"])
        here = self.server.url(visit.seen.path)
        said = (token.claims["iss"], token.claims["sub"], token.claims["aud"], token.header["x5t#S256"])
        return said == (CLIENT_ID, CLIENT_ID, here, digest)

    def _member_objects(self, visit: Visit) -> None:
        if not visit.seen.headers.get("authorization", "").startswith("Bearer app-token-"):
            return answer({"error": {"code": "InvalidAuthenticationToken"}}, status=401)(visit)
        path, _, query = visit.seen.path.partition("?")
        groups = self.groups.get(path.split("/")[4], ())
        first = int((parse_qs(query).get("$skip") or ["0"])[0])
        found: dict[str, Any] = {"value": list(groups[first : first + self.page_size])}
        if first + self.page_size < len(groups):
            found["@odata.nextLink"] = self.server.url(f"{path}?$skip={first + self.page_size}")
        return answer(found)(visit)


def add_shared_provider(
    cloud: EntraCloud,
    *,
    flow: str = "hybrid",
    slug: str = SLUG,
    partner: Partner | None = None,
    tenants: dict[str, World] | None = None,
    path: str = ORGANIZATIONS,
) -> IdentityProvider:
    """Make an enabled multi-tenant provider above accounts whose tenants an operator verified."""
    provider = providers.create_provider(
        actor=OPERATOR,
        slug=slug,
        name="Microsoft",
        protocol=ProtocolName.OIDC,
        vendor=Vendor.ENTRA,
        partner=partner,
    )
    values = OidcValues(
        issuer=f"{cloud.base}{path}", client_id=CLIENT_ID, client_secret=CLIENT_SECRET, flow=flow
    )
    save_oidc_settings(provider=provider, actor=OPERATOR, values=values)
    for tenant, world in (tenants or {}).items():
        allow(provider, tenant, world)
    providers.enable_provider(provider=provider, actor=OPERATOR)
    return provider


def add_own_provider(
    cloud: EntraCloud,
    world: World,
    *,
    flow: str = "code",
    slug: str = "acme-entra",
    tenant: str = ACME_TENANT,
) -> IdentityProvider:
    """Make an enabled provider of one account, which asks one tenant."""
    provider = providers.create_provider(
        actor=OPERATOR,
        slug=slug,
        name=f"{world.account.name} Entra",
        protocol=ProtocolName.OIDC,
        vendor=Vendor.ENTRA,
        account=world.account,
    )
    values = OidcValues(
        issuer=cloud.issuer(tenant), client_id=CLIENT_ID, client_secret=CLIENT_SECRET, flow=flow
    )
    save_oidc_settings(provider=provider, actor=OPERATOR, values=values)
    providers.enable_provider(provider=provider, actor=OPERATOR)
    return provider


def allow(provider: IdentityProvider, tenant: str, world: World) -> None:
    """Verify a tenant for an account that switched the provider on."""
    save_tenant(provider=provider, actor=OPERATOR, tenant_id=tenant, account=world.account)
    grant_provider(provider=provider, account=world.account, actor=OPERATOR)


def answer_with(cloud: EntraCloud, browser: PersonBrowser, start: str, said: Answer) -> Page:
    """Begin at ``start``, let Entra answer, and return where the browser ends up."""
    asked = browser.open(start)
    assert asked.url.startswith(cloud.base), f"not at Entra but at {asked.url}: {asked.words[:300]}"
    return carry(cloud, browser, asked, said)


def carry(cloud: EntraCloud, browser: PersonBrowser, asked: Page, said: Answer) -> Page:
    """Carry the answer to the request in ``asked`` home."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(asked.url).query).items()}
    cloud.said, cloud.nonce = said, query["nonce"]
    callback = urlsplit(query["redirect_uri"]).path
    fields = {"code": CODE, "state": query["state"], **said.parameters}
    if query["response_type"] == "code":
        return browser.open(f"{callback}?{urlencode(fields)}")
    front = {"c_hash": half_hash(CODE), **said.front}
    fields["id_token"] = sign(cloud.claims(said, front), said.key)
    page = browser.post(callback, fields, cross_site=True)
    return browser.open(page.headers["Location"]) if page.status == 303 else page
