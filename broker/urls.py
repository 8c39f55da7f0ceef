"""Every URL of the product, by the app that answers it.

The fixed ones (design, "Interfaces that stay fixed") are spelt out in each app's ``urls.py``. Nothing of
mozilla-django-oidc's, django-scim2's or django-oauth-toolkit's own URLs is included, on purpose.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularJSONAPIView

from broker import health, metrics

handler400 = "broker.error_pages.bad_request"
handler403 = "broker.error_pages.permission_denied"
handler404 = "broker.error_pages.not_found"
handler500 = "broker.error_pages.server_error"

urlpatterns = [
    path("healthz", health.liveness, name="healthz"),
    path("readyz", health.ReadinessView.as_view(), name="readyz"),
    path("metrics", metrics.export, name="metrics"),
    # Browsers ask for it on whatever has no icon of its own, such as JSON.
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}broker/logo.svg")),
    path("api/schema", SpectacularJSONAPIView.as_view(), name="api_schema"),
    path("admin/", admin.site.urls),
    path("", include("scim.urls")),
    path("", include("scim.oauth.urls")),
    path("", include("sso_saml.urls")),
    path("", include("sso_oidc.urls")),
    path("", include("console.setup.urls")),
    path("", include("sso.urls")),
]
