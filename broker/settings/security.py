"""Cookies, passwords, lock-out and response headers.

Over https every cookie carries the ``__Host-`` prefix, so no neighbouring host can set it (V-7); on http, which only
localhost may use, the prefix and the Secure flag are not possible. No cookie is ever ``SameSite=None`` (design rule 7).
"""

from __future__ import annotations

from datetime import timedelta

from csp.constants import NONE, SELF, UNSAFE_EVAL

from broker.settings.environment import BROKER_BASE_URL, BROKER_IS_HTTPS

__all__ = [
    "ADMIN_CONTENT_SECURITY_POLICY",
    "ALLOWED_HOSTS",
    "AUTHENTICATION_BACKENDS",
    "AUTH_PASSWORD_VALIDATORS",
    "AXES_CLIENT_IP_CALLABLE",
    "AXES_COOLOFF_TIME",
    "AXES_DISABLE_ACCESS_LOG",
    "AXES_ENABLE_ADMIN",
    "AXES_FAILURE_LIMIT",
    "AXES_HANDLER",
    "AXES_LOCKOUT_CALLABLE",
    "AXES_LOCKOUT_PARAMETERS",
    "AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT",
    "AXES_RESET_ON_SUCCESS",
    "AXES_SENSITIVE_PARAMETERS",
    "AXES_USERNAME_CALLABLE",
    "AXES_USERNAME_FORM_FIELD",
    "AXES_VERBOSE",
    "BROKER_COOKIE_PREFIX",
    "CONTENT_SECURITY_POLICY",
    "CSRF_COOKIE_HTTPONLY",
    "CSRF_COOKIE_NAME",
    "CSRF_COOKIE_SAMESITE",
    "CSRF_COOKIE_SECURE",
    "CSRF_FAILURE_VIEW",
    "DATA_UPLOAD_MAX_MEMORY_SIZE",
    "DATA_UPLOAD_MAX_NUMBER_FIELDS",
    "LOGIN_REDIRECT_URL",
    "LOGIN_URL",
    "LOGOUT_REDIRECT_URL",
    "MESSAGE_STORAGE",
    "PASSWORD_HASHERS",
    "SECURE_CONTENT_TYPE_NOSNIFF",
    "SECURE_CROSS_ORIGIN_OPENER_POLICY",
    "SECURE_HSTS_INCLUDE_SUBDOMAINS",
    "SECURE_HSTS_SECONDS",
    "SECURE_REFERRER_POLICY",
    "SECURE_SSL_REDIRECT",
    "SESSION_COOKIE_AGE",
    "SESSION_COOKIE_HTTPONLY",
    "SESSION_COOKIE_NAME",
    "SESSION_COOKIE_SAMESITE",
    "SESSION_COOKIE_SECURE",
    "SESSION_ENGINE",
    "SESSION_SERIALIZER",
    "SILENCED_SYSTEM_CHECKS",
    "X_FRAME_OPTIONS",
]

# broker.middleware.hosts compares Host exactly, port included, with the configured URLs and the accounts' host names,
# which Django's static list can't know. It runs before anything that calls get_host().
ALLOWED_HOSTS = ["*"]

# --- cookies ----------------------------------------------------------------------------------------------------------

BROKER_COOKIE_PREFIX = "__Host-" if BROKER_IS_HTTPS else ""

# Announcements speak of a person's access: they belong to the session, not into a cookie that outlives it (L-14).
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_ENGINE = "foundation.session_store"
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
SESSION_COOKIE_NAME = f"{BROKER_COOKIE_PREFIX}session"
SESSION_COOKIE_AGE = 12 * 3600  # seconds; an account or its provider may shorten it (L-13)
SESSION_COOKIE_SECURE = BROKER_IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

# A cookie rather than the session: otherwise every stranger who opens the login page makes a session row (V-21).
CSRF_COOKIE_NAME = f"{BROKER_COOKIE_PREFIX}csrf"
CSRF_COOKIE_SECURE = BROKER_IS_HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "broker.error_pages.csrf_failure"

# --- sign-in by password ----------------------------------------------------------------------------------------------

LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "accounts.backends.RealmPasswordBackend",
    "sso.backends.SsoBackend",
]

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "accounts.password_quality.DisguisedPasswordValidator"},
]

# Ten wrong passwords of one user name from one address lock that pair for a quarter of an hour. The name alone doesn't
# lock, or anyone could lock anyone out.
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "broker.lockout.folded_user_name"
AXES_CLIENT_IP_CALLABLE = "broker.middleware.client_address.address_of"
AXES_LOCKOUT_CALLABLE = "broker.lockout.page"
AXES_DISABLE_ACCESS_LOG = True  # the audit trail is ours
AXES_ENABLE_ADMIN = False  # its rows belong to no account
AXES_VERBOSE = False
AXES_HANDLER = "broker.lockout_counts.PasswordCounts"
AXES_SENSITIVE_PARAMETERS = ["username", "password", "ip_address", "next", "csrfmiddlewaretoken"]

# --- headers ----------------------------------------------------------------------------------------------------------

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "no-referrer"  # V-24; what this means for CSRF is told in broker.middleware.csrf
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if BROKER_IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = False  # neighbours on the customer's domain are not ours to decide about
SECURE_SSL_REDIRECT = False  # the scheme comes from BROKER_BASE_URL; whatever ends TLS redirects port 80
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY: dict[str, dict[str, list[str]]] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
# Alpine, inside unfold, compiles the expressions in its attributes with Function(). Nothing else differs.
ADMIN_CONTENT_SECURITY_POLICY: dict[str, list[str]] = {
    **CONTENT_SECURITY_POLICY["DIRECTIVES"],
    "script-src": [SELF, UNSAFE_EVAL],
}

# A request body that Django parses into forms. SAML responses and SCIM documents have limits of their own below this.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

SILENCED_SYSTEM_CHECKS = [
    # The CSRF middleware is a subclass of Django's. HSTS for subdomains, SSL redirect, preload: decided above.
    "security.W003",
    "security.W005",
    "security.W008",
    "security.W021",
    *(("security.W004", "security.W012", "security.W016") if BROKER_BASE_URL.startswith("http://") else ()),
]
