"""``/metrics`` for Prometheus: request counts, status codes and times. No names of people or accounts are in it.

Only a scraper that connects straight from this machine, or from a network in ``BROKER_TRUSTED_PROXIES``, gets an
answer. Whatever came through a proxy is refused: behind a proxy on this machine every visitor's connection comes from
the loopback address. With several web processes, set ``PROMETHEUS_MULTIPROC_DIR`` as prometheus_client asks.
"""

from __future__ import annotations

from ipaddress import ip_address

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView

_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA", "HTTP_X_FORWARDED_HOST")


@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Return the metrics, or 404 to whom they are not for."""
    if not _is_scraper(request):
        raise Http404
    response: HttpResponse = ExportToDjangoView(request)
    return response


def _is_scraper(request: HttpRequest) -> bool:
    if any(request.META.get(header) for header in _FORWARDED):
        return False
    try:
        peer = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return peer.is_loopback or any(peer in network for network in settings.BROKER_TRUSTED_PROXIES)
