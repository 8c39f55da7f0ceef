"""On which host a provider's URLs are: its account's own, or the deployment's if above accounts (design rule 9)."""

from __future__ import annotations

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.hosts import canonical_host, canonical_hosts
from foundation import public_urls
from sso.models import IdentityProvider


def with_host(providers: QuerySet[IdentityProvider]) -> QuerySet[IdentityProvider]:
    """Let providers bring the host name of their account along."""
    return providers.annotate(
        account_host=Subquery(canonical_hosts().filter(account=OuterRef("account"))[:1])
    )


def host_of(provider: IdentityProvider) -> str | None:
    """Return the bare host name, None for the deployment's."""
    if "account_host" in vars(provider):
        host: str | None = vars(provider)["account_host"]
        return host
    return None if provider.account is None else canonical_host(provider.account)


def absolute(provider: IdentityProvider, path: str) -> str:
    """Return the public URL of ``path`` on the provider's host."""
    return public_urls.absolute(path, host=host_of(provider))


def is_at_home(provider: IdentityProvider, request_host: str) -> bool:
    """Tell whether a request came to the host on which this provider's sign-ins start and end."""
    return request_host.lower() == public_urls.netloc(host_of(provider))
