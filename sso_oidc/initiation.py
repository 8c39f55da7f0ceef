"""Where a sign-in through OpenID Connect begins: on our own pages, or at somebody else's (Core §4; O-7).

A third party sends the browser to the provider's login address with ``iss``, ``login_hint`` and ``target_link_uri``, by
GET or by POST. Our own pages use the same address without ``iss``. Anybody can make a browser come here, as to our
login page, so nothing is taken on trust: ``iss`` must be the issuer that this address belongs to, the target a page of
ours (L-7), and what the browser gets out of it is its own sign-in, asked about before it replaces another's (V-19).

A cross-site POST brings no Lax cookie, and an attempt made without the browser's own would end those of its other tabs
(V-16). So it is answered by a redirect to the same address, which the browser follows with its cookies.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse

from sso import answers, attempts, provider_urls, return_urls, starts
from sso.models import IdentityProvider
from sso.posted import form_of
from sso.refusals import SignInRefused
from sso.starts import Start
from sso_oidc import protocol
from sso_oidc.configuration import settings_of
from sso_oidc.errors import OidcCode

# Beside ``iss``, with the longest value in characters; a longer or repeated one is as if none were given.
_HINTS = {"login_hint": 254, "target_link_uri": 2000}


def begin(request: HttpRequest, provider: IdentityProvider) -> HttpResponse:
    """Send the browser to the provider."""
    return starts.leave(request, provider, _way_out)


def come_again(request: HttpRequest, provider: IdentityProvider) -> HttpResponse:
    """Answer a third party's POST with the GET that does the same; other fields of it are dropped."""
    try:
        form = form_of(request)
        _check_issuer(form, provider)
    except SignInRefused as error:
        return answers.refused(request, error.refusal, provider=provider)
    given = {name: value for name in ("iss", *_HINTS) if (value := _one(form, name))}
    path = reverse("sso_oidc:login", args=[provider.slug])
    return HttpResponseRedirect(f"{path}?{urlencode(given)}" if given else path, status=303)


def _way_out(start: Start) -> tuple[str | HttpResponse, attempts.Begun]:
    query = start.request.GET
    _check_issuer(query, start.provider)
    target = _page_of_ours(_one(query, "target_link_uri"), start.provider)
    return protocol.way_out(replace(start, next_url=start.next_url or target))


def _check_issuer(given: QueryDict, provider: IdentityProvider) -> None:
    if "iss" not in given:
        return
    issuer = settings_of(provider).issuer
    if given.getlist("iss") != [issuer]:
        said = ", ".join(repr(str(each)[:200]) for each in given.getlist("iss"))
        raise SignInRefused(OidcCode.LOGIN_ISSUER, f"{said}, not {issuer!r}")


def _one(given: QueryDict, name: str) -> str:
    values = given.getlist(name)
    if len(values) != 1 or (name in _HINTS and len(values[0]) > _HINTS[name]):
        return ""
    return str(values[0])


def _page_of_ours(uri: str, provider: IdentityProvider) -> str:
    """Return the path of a target on the provider's host, "" for every other: it is then as if none were given."""
    home = provider_urls.absolute(provider, "/")
    return return_urls.safe_next(f"/{uri.removeprefix(home)}" if uri.startswith(home) else uri)
