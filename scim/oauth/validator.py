"""django-oauth-toolkit's validator, of which the endpoint asks six questions; each is answered here (V-25).

Its own answers are for one secret per client in its own table, and are not reached: a test proves it.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from oauth2_provider.oauth2_validators import OAuth2Validator

from scim.models import OAuthClient, OAuthClientSecret
from scim.oauth import access_tokens
from scim.oauth.client_authentication import ProvenClient, authenticate
from scim.oauth.errors import InvalidClient

GRANT_TYPE = "client_credentials"
SCOPE = "scim"
ADDRESS = "broker.client_address"  # among the headers handed on; a client can't send one of this form


class ClientValidator(OAuth2Validator):
    """``request`` is oauthlib's. What it took from the body is only ever read through ``decoded_body``."""

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        """Put the proven client on the request; raises ``TokenRefused``, which passes through oauthlib."""
        proven = authenticate(
            request.headers.get("Authorization", ""), dict(request.decoded_body or ()), timezone.now()
        )
        request.client, request.proven = proven.client, proven
        request.client_id = proven.client.client_id
        return True

    def client_authentication_required(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        """No client is public."""
        return True

    def authenticate_client_id(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> bool:
        """No client is let in by its name alone."""
        return False

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """Every client has this grant and no other."""
        return grant_type == GRANT_TYPE

    def get_default_scopes(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> list[str]:
        """A request that names no scope means the only one."""
        return [SCOPE]

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """There is one, however often it is named."""
        request.scopes = [SCOPE]
        return set(scopes) == {SCOPE}

    def save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any) -> None:
        """Keep the token's digest and note the use; ``token`` is what will be answered, and says its true end."""
        proven: ProvenClient = request.proven
        now = timezone.now()
        use = {"last_used_at": now, "last_used_ip": request.headers.get(ADDRESS) or None}
        clients = OAuthClient.objects.for_account(proven.client.account_id).filter(pk=proven.client.pk)
        if proven.secret is None:
            clients = clients.filter(public_keys=proven.client.public_keys)
        with transaction.atomic():
            # First of all, since it waits for whoever replaces the keys and ends the tokens that were got with them.
            if not clients.update(**use):
                raise InvalidClient("The keys of this client were replaced a moment ago.")
            kept = access_tokens.keep(
                token["access_token"], client=proven.client, secret=proven.secret, now=now
            )
            if proven.secret is not None:
                secrets = OAuthClientSecret.objects.for_account(proven.client.account_id)
                secrets.filter(pk=proven.secret.pk).update(**use)
        token["expires_in"] = int((kept.expires_at - now).total_seconds())
