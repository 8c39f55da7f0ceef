"""The discovery document of a provider, read strictly into a frozen value (OIDC Discovery §3, §4.3).

The document decides where codes and secrets are sent, so nothing in it is taken on trust: its issuer must
be, character for character, the one that the account's admin configured (else any web server could speak
for any provider), and every URL must pass ``check_url`` (https and public, unless the deployment allows the
host).

Entra's addresses for many tenants (``…/organizations/v2.0``) publish the template issuer
``https://login.microsoftonline.com/{tenantid}/v2.0``, which by its nature equals no configured one. It is
taken only when the caller allows it; what a token's issuer must then be is ``issuer_for_tenant``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from foundation.http import OutboundError
from foundation.strict_json import JsonObject, NotStrictJson, parse_object
from sso_oidc.errors import OidcCode, OidcRefusal
from sso_oidc.keys import ID_TOKEN_ALGORITHMS

TENANT_PLACEHOLDER = "{tenantid}"
_SHARED_TENANTS = re.compile(r"/(organizations|common)/")
_TENANT_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class ProviderMetadata:
    """What a provider says about itself. Optional endpoints are empty when it has none."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    token_endpoint_auth_methods: tuple[str, ...] = ("client_secret_basic",)  # the default of Discovery §3
    token_endpoint_auth_algorithms: tuple[str, ...] | None = None  # of client assertions; None: not said
    pushed_request_endpoint: str = ""  # RFC 9126
    pushed_requests_required: bool = False
    id_token_algorithms: frozenset[str] = ID_TOKEN_ALGORITHMS  # never more than we allow
    iss_parameter_supported: bool = False  # RFC 9207: the response then must carry `iss`

    @property
    def has_template_issuer(self) -> bool:
        """True for Entra's shared addresses; ``issuer`` then is no issuer of any token."""
        return TENANT_PLACEHOLDER in self.issuer


def well_known_url(issuer: str) -> str:
    """Return where an issuer publishes its metadata (OpenID Connect Discovery §4).

    Raises:
        OidcRefusal: oidc.discovery - an issuer has no query and no fragment, and is no template.
    """
    if any(sign in issuer for sign in "?#{"):
        raise OidcRefusal(OidcCode.DISCOVERY, "the issuer has a query or fragment, or is a template")
    return issuer.removesuffix("/") + "/.well-known/openid-configuration"


def issuer_for_tenant(template: str, tenant_id: str) -> str:
    """Put a tenant id into Entra's template issuer.

    Raises:
        OidcRefusal: oidc.issuer - the tenant id is no GUID in lower case.
    """
    if not _TENANT_ID.fullmatch(tenant_id):
        raise OidcRefusal(OidcCode.ISSUER, "the tenant id is no GUID")
    return template.replace(TENANT_PLACEHOLDER, tenant_id)


def read_metadata(
    document: bytes,
    *,
    issuer: str,
    check_url: Callable[[str], None],
    allow_template_issuer: bool = False,
) -> ProviderMetadata:
    """Read a discovery document for the configured ``issuer``.

    ``check_url`` raises ``OutboundError`` for a URL that must not be used.

    Raises:
        OidcRefusal: oidc.discovery, with what is wrong in the detail.
    """
    try:
        fields = parse_object(document)
    except NotStrictJson as error:
        raise OidcRefusal(OidcCode.DISCOVERY, str(error)) from None
    said = fields.get("issuer")
    expected = {issuer}
    if allow_template_issuer:
        expected.add(_SHARED_TENANTS.sub(f"/{TENANT_PLACEHOLDER}/", issuer, count=1))
    if not isinstance(said, str) or said not in expected:
        raise OidcRefusal(OidcCode.DISCOVERY, f"the document is for the issuer {said!r}, not {issuer!r}")

    def url(name: str, *, required: bool) -> str:
        value = fields.get(name)
        if value is None and not required:
            return ""
        if not isinstance(value, str):
            raise OidcRefusal(OidcCode.DISCOVERY, f"{name} is missing or no text")
        try:
            check_url(value)
        except OutboundError as error:
            raise OidcRefusal(OidcCode.DISCOVERY, f"{name}: {error}") from None
        return value

    return ProviderMetadata(
        issuer=said,
        authorization_endpoint=url("authorization_endpoint", required=True),
        token_endpoint=url("token_endpoint", required=True),
        jwks_uri=url("jwks_uri", required=True),
        userinfo_endpoint=url("userinfo_endpoint", required=False),
        end_session_endpoint=url("end_session_endpoint", required=False),
        token_endpoint_auth_methods=_texts(fields, "token_endpoint_auth_methods_supported")
        or ("client_secret_basic",),
        token_endpoint_auth_algorithms=_texts(fields, "token_endpoint_auth_signing_alg_values_supported"),
        pushed_request_endpoint=url("pushed_authorization_request_endpoint", required=False),
        pushed_requests_required=_flag(fields, "require_pushed_authorization_requests"),
        id_token_algorithms=_algorithms(_texts(fields, "id_token_signing_alg_values_supported")),
        iss_parameter_supported=_flag(fields, "authorization_response_iss_parameter_supported"),
    )


def _texts(fields: JsonObject, name: str) -> tuple[str, ...] | None:
    value: Any = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise OidcRefusal(OidcCode.DISCOVERY, f"{name} is no list of texts")
    return tuple(value)


def _flag(fields: JsonObject, name: str) -> bool:
    value: Any = fields.get(name, False)
    if not isinstance(value, bool):
        raise OidcRefusal(OidcCode.DISCOVERY, f"{name} is neither true nor false")
    return value


def _algorithms(announced: tuple[str, ...] | None) -> frozenset[str]:
    if announced is None:
        return ID_TOKEN_ALGORITHMS
    usable = ID_TOKEN_ALGORITHMS.intersection(announced)
    if not usable:
        raise OidcRefusal(OidcCode.DISCOVERY, "no ID token algorithm that is allowed")
    return usable
