"""Which private addresses a provider may be at (V-23, O-5).

``BROKER_NETWORK_ALLOW_LIST`` is the deployment's. Where many customers share a deployment, it must not let any
customer's admin point us at addresses inside our network: there it holds only for providers that an operator marked
private. An operator marks a provider by entering such an address, in the configuration file or the admin.
"""

from __future__ import annotations

from django.conf import settings

from accounts import privilege
from audit.actors import Actor, ActorKind
from foundation.outbound_target import AllowList, OutboundError, check_url
from sso.models import IdentityProvider

_NOTHING: AllowList = frozenset()


def allow_list_of(provider: IdentityProvider) -> AllowList:
    """Return the host and port pairs that this provider may use although they are private or plain http."""
    if settings.BROKER_DEPLOYMENT == "private" or provider.private_network:
        return frozenset(settings.BROKER_NETWORK_ALLOW_LIST)
    return _NOTHING


def check_provider_url(url: str, provider: IdentityProvider, actor: Actor) -> None:
    """Raise ``OutboundError`` unless the provider may have this URL; marks it private for an operator (not saved)."""
    try:
        check_url(url, allow_list_of(provider))
    except OutboundError:
        # Scheduled work has an operator's authority, but what it saves was named by a provider.
        is_operator = privilege.authority_of(actor, provider.account_id) >= privilege.Authority.OPERATOR
        if not is_operator or actor.kind is ActorKind.SYSTEM:
            raise
        check_url(url, settings.BROKER_NETWORK_ALLOW_LIST)
        provider.private_network = True
