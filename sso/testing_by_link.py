"""A connection test that the holder of a setup link starts, who has no session here (V-18, V-22).

It is a test like an admin's (``sso.testing``) with less in it: nothing is planned, since what a sign-in would do says
who is here; no tenant is claimed and nothing is proven for L-8, which take an admin. The result, the checks and what
the provider sent about the tester, is for the browser that ran the test and has the link's cookie.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from audit.actors import Actor
from foundation import public_urls
from foundation.client_address import client_address
from foundation.ids import parse_id
from foundation.secret_tokens import matches
from sso import setup_link_changes, setup_links
from sso.models import IdentityProvider, SetupLink, SignInAttempt
from sso.refusals import Code, SignInRefused
from sso.setup_links import SetupLinkRefused

LINK = "setup_link"  # in a ticket and in an attempt's report: the link's id
_OPENED = "opened_seal"  # what the seal becomes once the result was opened; an admin may see it from then on


def require(request: HttpRequest, told: dict[str, Any], provider: IdentityProvider) -> None:
    """Raise ``SignInRefused`` unless a ticket's link still opens this draft and, on its own host, is this browser's."""
    key = parse_id(str(told[LINK]))
    link = SetupLink.objects.filter(pk=key, provider=provider).first() if key else None
    if link is None or told["provider"] != str(provider.pk):
        raise SignInRefused(Code.TEST_NOT_STARTED, "the test's ticket is for something else")
    if not setup_link_changes.is_usable(link, provider):
        raise SignInRefused(Code.TEST_NOT_STARTED, "the setup link of the test ended")
    if request.get_host().lower() == public_urls.netloc() and not _is_of_browser(request, str(link.pk)):
        raise SignInRefused(Code.TEST_NOT_STARTED, "the test was asked for by another setup link")


def is_by_link(attempt: SignInAttempt) -> bool:
    """Tell whether a setup link started this test."""
    return LINK in attempt.report


def starter_of(attempt: SignInAttempt, request: HttpRequest) -> Actor:
    """Return the link that started a test as the one who acts."""
    link = SetupLink.objects.select_related("provider").get(pk=attempt.report[LINK])
    return setup_links.actor_of_link(link, address=client_address(request))


def opened(request: HttpRequest, attempt: SignInAttempt, code: str) -> SignInAttempt | None:
    """Return a finished test to the browser that has both the link and the code that opens its result."""
    if not _is_of_browser(request, attempt.report[LINK]):
        return None
    seal = attempt.report.get("seal") or attempt.report.get(_OPENED, "")
    if not seal or not matches(code, seal):
        return None
    if "seal" in attempt.report:
        attempt.report[_OPENED] = attempt.report.pop("seal")
        attempt.save(update_fields=["report"])
    return attempt


def _is_of_browser(request: HttpRequest, key: str) -> bool:
    try:
        return str(setup_links.of_browser(request).pk) == key
    except SetupLinkRefused:
        return False
