"""The simplest token check: one token, in a setting, compared in constant time."""

import hmac

from django.conf import settings


class Directory:
    """Who calls when the token is right."""

    is_authenticated = True


class Nobody:
    """Who calls otherwise; django-scim2 answers 401."""

    is_authenticated = False


class TokenMiddleware:
    """Set ``request.user``, which django-scim2 looks at."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.expected = f"Bearer {settings.PEER_TOKEN}".encode()

    def __call__(self, request):
        given = request.headers.get("Authorization", "").encode()
        request.user = Directory() if hmac.compare_digest(given, self.expected) else Nobody()
        return self.get_response(request)
