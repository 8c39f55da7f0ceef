"""What mozilla-django-oidc's documentation asks for, PKCE and nonce on, production switches, and nothing else."""

import os
from urllib.parse import urlsplit

_database = urlsplit(os.environ["PEER_DATABASE"])
_provider = os.environ["PEER_PROVIDER"]

SECRET_KEY = "only-for-measurements-on-this-machine-0123456789"
DEBUG = False
ALLOWED_HOSTS = ["localhost"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "mozilla_django_oidc",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "project.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _database.path.lstrip("/"),
        "USER": _database.username or "",
        "PASSWORD": _database.password or "",
        "HOST": _database.hostname or "",
        "PORT": _database.port or "",
        "CONN_MAX_AGE": 60,
    }
}
AUTHENTICATION_BACKENDS = ["mozilla_django_oidc.auth.OIDCAuthenticationBackend"]
OIDC_RP_CLIENT_ID = os.environ["PEER_CLIENT_ID"]
OIDC_RP_CLIENT_SECRET = os.environ["PEER_CLIENT_SECRET"]
OIDC_RP_SIGN_ALGO = "RS256"
OIDC_RP_SCOPES = "openid email profile"
OIDC_USE_PKCE = True
OIDC_OP_AUTHORIZATION_ENDPOINT = f"{_provider}/authorize"
OIDC_OP_TOKEN_ENDPOINT = f"{_provider}/token"
OIDC_OP_USER_ENDPOINT = f"{_provider}/userinfo"
OIDC_OP_JWKS_ENDPOINT = f"{_provider}/keys"
LOGIN_REDIRECT_URL = "/"
LOGIN_REDIRECT_URL_FAILURE = "/failed"
