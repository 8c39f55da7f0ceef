"""A page that posts a form to a provider by itself: SAML's POST binding (Bindings §3.5), long logouts of OpenID.

Our Content-Security-Policy allows no inline script and no form to another site. The page brings a script file of ours
that sends its only form, a button for browsers without JavaScript, and a policy of its own that opens ``form-action``
for exactly the provider's origin. Chromium holds redirects that follow a form to the same rule: an identity provider
that answers the POST with a redirect to yet another host can be reached by the redirect binding only, the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def post_form(request: HttpRequest, url: str, fields: Mapping[str, str]) -> HttpResponse:
    """Answer with a page whose form posts ``fields`` to ``url``, an address of the provider's checked settings."""
    target = urlsplit(url)
    if target.scheme not in ("https", "http") or not target.hostname or ";" in target.netloc:
        raise ValueError("a form is posted to web addresses only")
    context = {"provider_name": target.hostname, "url": url, "fields": dict(fields)}
    response = render(request, "sso/posting.html", context)
    # django-csp puts this in the place of the settings' 'self'.
    response._csp_replace = {"form-action": [f"{target.scheme}://{target.netloc}"]}  # type: ignore[attr-defined]
    return response
