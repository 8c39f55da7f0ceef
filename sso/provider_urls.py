"""On which host a provider's URLs are: its account's own, or the deployment's if above accounts (design rule 9)."""

from __future__ import annotations

from accounts.hosts import canonical_host
from foundation import public_urls
from sso.models import IdentityProvider


def host_of(provider: IdentityProvider) -> str | None:
    """Return the bare host name, None for the deployment's."""
    return None if provider.account is None else canonical_host(provider.account)


def absolute(provider: IdentityProvider, path: str) -> str:
    """Return the public URL of ``path`` on the provider's host."""
    return public_urls.absolute(path, host=host_of(provider))


def is_at_home(provider: IdentityProvider, request_host: str) -> bool:
    """Tell whether a request came to the host on which this provider's sign-ins start and end."""
    return request_host.lower() == public_urls.netloc(host_of(provider))
