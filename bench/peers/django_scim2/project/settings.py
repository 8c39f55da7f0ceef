"""What django-scim2's documentation asks for, production switches, and nothing else."""

import os
from urllib.parse import urlsplit

_database = urlsplit(os.environ["PEER_DATABASE"])

SECRET_KEY = "only-for-measurements-on-this-machine-0123456789"
DEBUG = False
ALLOWED_HOSTS = ["localhost"]
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django_scim", "directory"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "project.token.TokenMiddleware",
]
ROOT_URLCONF = "project.urls"
AUTH_USER_MODEL = "directory.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# All tables are made from the models, in an empty database.
MIGRATION_MODULES = {"auth": None, "contenttypes": None, "directory": None}
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
PEER_TOKEN = os.environ["PEER_TOKEN"]
SCIM_SERVICE_PROVIDER = {
    "NETLOC": "localhost",
    "GROUP_MODEL": "directory.models.Group",
    "AUTHENTICATION_SCHEMES": [
        {"type": "oauthbearertoken", "name": "Token", "description": "A fixed token."},
    ],
}
