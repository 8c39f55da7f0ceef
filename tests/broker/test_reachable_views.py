"""Which code an address can reach: ours, the admin, the API's schema, and no stock view of a protocol library."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.views import View

OURS = (
    "accounts.",
    "audit.",
    "broker.",
    "console.",
    "foundation.",
    "scim.",
    "sso.",
    "sso_oidc.",
    "sso_saml.",
)
# The admin's site is ours (console.admin_site) and guards what it mounts, one redirect of Django's own included.
FRAMES = ("django.contrib.admin.", "unfold.", "drf_spectacular.", "django.views.generic.base.")
PROTOCOL_LIBRARIES = ("mozilla_django_oidc", "django_scim", "onelogin", "oauth2_provider")
HANDLERS = (*View.http_method_names, "dispatch", "setup", "http_method_not_allowed")


def patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    """Walk down to every address."""
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            yield from patterns(each)
        else:
            yield each


def test_every_address_leads_to_code_of_ours_or_to_a_known_frame() -> None:
    seen = 0
    for pattern in patterns(get_resolver()):
        view = getattr(pattern.callback, "view_class", None) or inspect.unwrap(pattern.callback)
        module = view.__module__ + "."
        assert module.startswith(OURS + FRAMES), f"{pattern.pattern} leads to {module}"
        seen += 1
    assert seen > 30


def test_no_handler_of_a_protocol_librarys_view_is_reachable() -> None:
    frames = set()
    for pattern in patterns(get_resolver()):
        view = getattr(pattern.callback, "view_class", None)
        if view is None:
            continue
        frames |= {base.__module__.split(".")[0] for base in view.__mro__} & set(PROTOCOL_LIBRARIES)
        for name in HANDLERS:
            owner = next((base for base in view.__mro__ if name in vars(base)), None)
            theirs = owner is not None and owner.__module__.startswith(PROTOCOL_LIBRARIES)
            assert not theirs, f"{view.__name__}.{name} is {owner}'s"
    used = {"mozilla_django_oidc", "django_scim", "oauth2_provider"}
    assert frames == used, "these frames are in use, so the walk saw them"


def test_no_provider_is_configured_for_the_whole_deployment() -> None:
    # settings of a provider reach the backend per call
    assert [name for name in dir(settings) if name.startswith(("OIDC_", "SCIM_", "SAML_"))] == []
    for chosen in (settings.AUTHENTICATION_BACKENDS, settings.MIDDLEWARE):
        assert [each for each in chosen if each.startswith(PROTOCOL_LIBRARIES)] == []
    # oauth2_provider is an app for its checks; tests/scim/test_oauth_frame.py shows what of it can be reached.
    apps = [each for each in settings.INSTALLED_APPS if each.startswith(PROTOCOL_LIBRARIES)]
    assert apps == ["oauth2_provider"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        "/oidc/authenticate/",
        "/oidc/callback/",
        "/oidc/logout/",
        "/scim/v2/Users",
        "/oauth/authorize",
        "/oauth/authorize/",
        "/oauth/introspect/",
        "/oauth/revoke_token/",
        "/oauth/applications/",
        "/oauth/device-authorization/",
        "/oauth/register/",
        "/o/token/",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/health_check/",
    ],
)
def test_addresses_that_the_libraries_would_mount_do_not_exist(path: str) -> None:
    assert Client(headers={"host": "localhost:8000"}).get(path).status_code == 404


@pytest.mark.django_db
def test_schema_of_the_api_is_for_people_who_are_signed_in() -> None:
    assert Client(headers={"host": "localhost:8000"}).get("/api/schema").status_code in (401, 403)
