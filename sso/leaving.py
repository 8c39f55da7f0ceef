"""Send a browser on after it sent a form.

A redirect on this host is a redirect. To another site it is a page that moves on by itself: Chromium applies
``form-action 'self'`` to the redirects of a form as well and would stop there.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render


def send_on(request: HttpRequest, url: str) -> HttpResponse:
    """Return the answer that leads to ``url``, a path here or an absolute address from our own configuration."""
    if url.startswith("/"):
        return redirect(url)
    return render(request, "sso/redirecting.html", {"provider_name": urlsplit(url).hostname, "url": url})
