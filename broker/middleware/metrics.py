"""django-prometheus's middleware, without looking its counters up anew for every request.

Each request raises a dozen counters, most of them found by label; the library compares and sorts the labels' names
each time, under a lock. What was found once is kept: as many as there are counters, which the library keeps as well.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django_prometheus.middleware import PrometheusAfterMiddleware
from django_prometheus.utils import Time


class RequestMetricsMiddleware(PrometheusAfterMiddleware):
    """Counts requests and answers by view, method and status."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._found: dict[tuple[Any, ...], Any] = {}

    def process_request(self, request: HttpRequest) -> None:
        """Count the request; as the library does, but for a look at each of its headers."""
        metrics, meta = self.metrics, request.META
        self.label_metric(metrics.requests_by_method, request, method=self._method(request)).inc()
        self.label_metric(metrics.requests_by_transport, request, transport=self._transport(request)).inc()
        if meta.get("HTTP_X_REQUESTED_WITH") == "XMLHttpRequest":
            metrics.requests_ajax.inc()
        metrics.requests_body_bytes.observe(int(meta.get("CONTENT_LENGTH") or 0))
        request.prometheus_after_middleware_event = Time()  # type: ignore[attr-defined]  # the library's

    def label_metric(self, metric: Any, request: HttpRequest, response: Any = None, **labels: Any) -> Any:
        """Return the counter of a metric for some labels; each metric is always asked with the same names."""
        if not labels:
            return metric
        wanted = (metric, *labels.values())
        found = self._found.get(wanted)
        if found is None:
            found = self._found[wanted] = metric.labels(**labels)
        return found
