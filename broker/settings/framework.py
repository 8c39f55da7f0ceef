"""Which Django apps and middleware run, in which order, and where templates are.

The order of the middleware is a chain of trust, from the outside in: a request gets its track ID and client address,
then its host is checked, and only then does anything read its cookies or its path.
"""

from __future__ import annotations

from broker.settings.environment import BASE_DIR, DEBUG

__all__ = [
    "AUTH_USER_MODEL",
    "DEFAULT_AUTO_FIELD",
    "INSTALLED_APPS",
    "MIDDLEWARE",
    "ROOT_URLCONF",
    "TEMPLATES",
    "WSGI_APPLICATION",
]

INSTALLED_APPS = [
    "broker.apps.BrokerConfig",
    "foundation.apps.FoundationConfig",
    "audit.apps.AuditConfig",
    "accounts.apps.AccountsConfig",
    "spaces.apps.SpacesConfig",
    "sso.apps.SsoConfig",
    "sso_saml.apps.SsoSamlConfig",
    "sso_oidc.apps.SsoOidcConfig",
    "scim.apps.ScimConfig",
    "console.apps.ConsoleConfig",
    # unfold overrides the admin's templates and so comes before it. Site and registrations are the console's own.
    "unfold.apps.BasicAppConfig",
    "console.apps.ConsoleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    # For its checks and its swapped models (scim.models.oauth); no table and no address of its own is used.
    "oauth2_provider",
    "rest_framework",
    "drf_spectacular",
    "axes",
    "csp",
    "django_structlog",
    "django_prometheus",
    "health_check",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "broker.middleware.track_id.TrackIdMiddleware",
    "broker.middleware.client_address.ClientAddressMiddleware",
    # Headers of every answer, the refusal of an unknown host included.
    "django.middleware.security.SecurityMiddleware",
    "broker.middleware.response_headers.ResponseHeadersMiddleware",
    "broker.middleware.browser_only.BrowserCsp",
    "broker.middleware.admin_csp.AdminCspMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # Inside of this one the host is one of ours.
    "broker.middleware.hosts.HostMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "broker.middleware.request_log.RequestLogMiddleware",
    # From here on for browsers alone; programs (SCIM) pass through.
    "broker.middleware.browser_only.BrowserSession",
    "broker.middleware.browser_only.BrowserLocale",
    "broker.middleware.browser_only.BrowserCommon",
    "broker.middleware.browser_only.BrowserCsrf",
    "broker.middleware.browser_only.BrowserAuthentication",
    "broker.middleware.browser_only.BrowserUserSession",
    "broker.middleware.browser_only.BrowserMessages",
    "axes.middleware.AxesMiddleware",
    "broker.middleware.unreadable_secrets.UnreadableSecretsMiddleware",
    "broker.middleware.metrics.RequestMetricsMiddleware",
]

ROOT_URLCONF = "broker.urls"
WSGI_APPLICATION = "broker.wsgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "debug": DEBUG,
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "broker.context.product",
            ],
        },
    },
]
