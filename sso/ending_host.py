"""On which host a sign-in ends, where an account has a host name of its own (V-7, design rule 9).

A session lives on the host that it began on. An account's people begin and end on the account's host; but the admin is
on the deployment's host only. So a sign-in for it begins on the deployment's host, with the cookie there (V-16), while
the provider goes on answering where it always does, and nothing has to be registered twice. What a session of the
deployment's host then asks the provider ("connect SSO", a fresh proof) goes the same way:

    begin      deployment's host: attempt and cookie             (``starts.leave``)
    answer     account's host: a POST is verified and parked,    (``passes_by``)
               the GET of the code flow is handed on as it is
    go on      deployment's host: cookie and code, then the session

An answer of any other sign-in that comes to another host than it began on is refused as before.
"""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse

from accounts.hosts import canonical_host
from accounts.models import Account
from foundation import public_urls
from sso.models import Purpose, SignInAttempt
from sso.return_urls import safe_next

_ADMIN = "admin:index"
_ASKED_BY_A_SESSION = frozenset({Purpose.LINK.value, Purpose.REAUTHENTICATE.value})


def is_on_the_deployment(next_url: str) -> bool:
    """Tell whether a path leads to the admin, which only the deployment's host has."""
    return safe_next(next_url).startswith(reverse(_ADMIN))


def host_for(account: Account, next_url: str) -> str | None:
    """Return the bare host name on which a sign-in for ``next_url`` ends, None for the deployment's."""
    return None if is_on_the_deployment(next_url) else canonical_host(account)


def is_deployments(request: HttpRequest) -> bool:
    """Tell whether a request came to the deployment's host."""
    return request.get_host().lower() == public_urls.netloc()


def passes_by(attempt: SignInAttempt) -> bool:
    """Tell whether an attempt's answer comes to the account's host and goes on to the deployment's."""
    meant = attempt.purpose in _ASKED_BY_A_SESSION or is_on_the_deployment(attempt.next_url)
    return meant and attempt.provider.account_id is not None and attempt.host == public_urls.netloc()


def is_elsewhere(attempt: SignInAttempt, request: HttpRequest) -> bool:
    """Tell whether the browser's cookie, and so the rest of the sign-in, is on another host than this answer."""
    return attempt.host != request.get_host().lower()
