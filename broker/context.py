"""What every page's template may show: ``product_name``, ``support_email`` and the request's ``track_id``."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from foundation import track_ids


def product(request: HttpRequest | None = None) -> dict[str, str]:
    """Return the three names; also usable without a request, for the pages that need nothing else."""
    return {
        "product_name": settings.BROKER_PRODUCT_NAME,
        "support_email": settings.BROKER_SUPPORT_EMAIL,
        "track_id": track_ids.current(),
    }
