"""How we prove to a provider's own endpoints who we are (Core §9), in one place for all of them. No Django.

    client = Client("abc", "secret")
    status, answer = post_as_client(http, metadata, client, metadata.token_endpoint, form, deadline=deadline)

A secret goes into the Authorization header or into the form, whichever the provider takes. With a key of our own there
is no secret: a client assertion is made for each call. A public client sends its client id and nothing else; PKCE alone
protects the code then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from urllib.parse import quote_plus

from foundation.http import Deadline, OutboundHttp
from foundation.strict_json import JsonObject
from sso_oidc.client_assertion import AssertionKey, AssertionStyle, assertion_form
from sso_oidc.errors import OidcCode, OidcRefusal
from sso_oidc.metadata import ProviderMetadata


class ClientAuthentication(StrEnum):
    """How we prove to the token endpoint who we are, by OpenID Connect's names (Core §9)."""

    BASIC = "client_secret_basic"
    POST = "client_secret_post"
    PRIVATE_KEY_JWT = "private_key_jwt"  # RFC 7523: a token signed with our own key
    NONE = "none"  # public client; PKCE alone protects the code


_WITH_SECRET = frozenset({ClientAuthentication.BASIC, ClientAuthentication.POST})


@dataclass(frozen=True, slots=True)
class Client:
    """What the provider knows us by. Without ``secret`` and ``key`` we are a public client.

    ``authentication`` fixes the method; None takes the best that the provider offers for the secret. ``key`` goes with
    private_key_jwt, which is never chosen by itself; ``style`` is how the vendor reads assertions.
    """

    client_id: str
    secret: str = field(default="", repr=False)
    authentication: ClientAuthentication | None = None
    key: AssertionKey | None = None
    style: AssertionStyle = AssertionStyle.STANDARD


def choose_authentication(metadata: ProviderMetadata, client: Client) -> ClientAuthentication:
    """Return the method to use at the provider's endpoints.

    Raises:
        OidcRefusal: oidc.client_authentication - there is none that both sides can do.
    """
    chosen = client.authentication
    if chosen is not None:
        fits = {
            "secret": bool(client.secret) == (chosen in _WITH_SECRET),
            "key": (client.key is not None) == (chosen is ClientAuthentication.PRIVATE_KEY_JWT),
        }
        for credential, fit in fits.items():
            if not fit:
                raise OidcRefusal(
                    OidcCode.CLIENT_AUTHENTICATION, f"{chosen} and the {credential} do not match"
                )
        return chosen
    if not client.secret:
        return ClientAuthentication.NONE
    for method in (ClientAuthentication.BASIC, ClientAuthentication.POST):
        if method.value in metadata.token_endpoint_auth_methods:
            return method
    offered = ", ".join(metadata.token_endpoint_auth_methods)
    raise OidcRefusal(
        OidcCode.CLIENT_AUTHENTICATION, f"a client secret does not do; the provider takes {offered}"
    )


def post_as_client(
    http: OutboundHttp,
    metadata: ProviderMetadata,
    client: Client,
    endpoint: str,
    form: Mapping[str, str],
    *,
    deadline: Deadline,
) -> tuple[int, JsonObject]:
    """POST ``form`` to an endpoint of the provider, authenticated, and return (status, JSON object).

    Raises:
        OidcRefusal: oidc.client_authentication.
        OutboundError: the endpoint could not be reached, answered with a redirect, or with no JSON.
    """
    method = choose_authentication(metadata, client)
    sent = dict(form)
    if method is ClientAuthentication.BASIC:
        # RFC 6749 §2.3.1: form-encoded first, so that a colon or umlaut in either survives.
        auth = (quote_plus(client.client_id), quote_plus(client.secret))
        return http.post_form_json(endpoint, sent, auth=auth, deadline=deadline)
    sent["client_id"] = client.client_id
    if method is ClientAuthentication.POST:
        sent["client_secret"] = client.secret
    if method is not ClientAuthentication.PRIVATE_KEY_JWT:
        return http.post_form_json(endpoint, sent, deadline=deadline)
    status, answer = http.post_form_json(
        endpoint, sent | _assertion(metadata, client, endpoint), deadline=deadline
    )
    if answer.get("error") == "invalid_client" and client.style is AssertionStyle.STANDARD:
        # Servers from before RFC 10070 may know nothing but their endpoint's URL as the audience (Core §9: SHOULD).
        # Who was not recognised has spent nothing, so what was asked can be asked again.
        older = replace(client, style=AssertionStyle.ENDPOINT)
        status, answer = http.post_form_json(
            endpoint, sent | _assertion(metadata, older, endpoint), deadline=deadline
        )
    return status, answer


def _assertion(metadata: ProviderMetadata, client: Client, endpoint: str) -> dict[str, str]:
    if client.key is None:
        raise OidcRefusal(OidcCode.CLIENT_AUTHENTICATION, "there is no key to sign with")
    return assertion_form(
        client.client_id,
        client.key,
        style=client.style,
        issuer=metadata.issuer,
        endpoint=endpoint,
        algorithms=metadata.token_endpoint_auth_algorithms,
    )
