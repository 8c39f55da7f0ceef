"""The form of a provider's cross-site POST: read, or refused with an entry in the failure log (V-21).

Django answers a body that is too big or malformed before any view with a bare 400. Here it becomes a refusal like any
other, so that the track ID on the page leads support to a reason.
"""

from __future__ import annotations

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParserError

from sso.refusals import Code, SignInRefused


def form_of(request: HttpRequest) -> QueryDict:
    """Return the posted fields. Raises ``SignInRefused`` (``answer.unreadable``) when Django can't parse the body."""
    try:
        return request.POST
    except (SuspiciousOperation, BadRequest, MultiPartParserError) as error:
        raise SignInRefused(Code.UNREADABLE, f"the form can't be read: {type(error).__name__}") from error
