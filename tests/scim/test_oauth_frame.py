"""Of django-oauth-toolkit one address can be reached, and behind it only the way to oauthlib's server (V-25)."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import oauth2_provider
import pytest
from django.apps import apps
from django.contrib import admin
from django.core.management import call_command
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver
from oauth2_provider import views
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.settings import DEFAULTS, oauth2_settings

from scim.models import NeverIssued
from scim.oauth.token_endpoint import TokenEndpoint
from tests.scim.directory import Directory
from tests.scim.oauth_client import ask, error_of, new_peer

# What of the library runs on the way: views' mixin, backend, settings. Everything else is mined below.
_ON_THE_WAY = {
    "oauth2_provider.views.mixins": {
        *("get_server_class", "get_validator_class", "get_oauthlib_backend_class", "get_server"),
        *("get_oauthlib_core", "create_token_response"),
    },
    "oauth2_provider.oauth2_backends": {
        *("_get_escaped_full_path", "_extract_params", "extract_headers", "_get_extra_credentials"),
        "create_token_response",
    },
}
_NOT_BEHAVIOUR = ("migrations", "settings", "apps", "checks", "management", "contrib", "admin")


class Stepped(BaseException):
    """A mine went off; no ``except Exception`` may hide it."""


def _patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            yield from _patterns(each)
        else:
            yield each


def test_the_token_endpoint_is_their_only_view_that_an_address_leads_to() -> None:
    found = []
    for pattern in _patterns(get_resolver()):
        callback = pattern.callback
        view = getattr(callback, "view_class", None)
        module = inspect.unwrap(callback).__module__ if view is None else ""
        assert not module.startswith("oauth2_provider"), pattern
        if view is not None and any(base.__module__.startswith("oauth2_provider") for base in view.__mro__):
            found.append((str(pattern.pattern), view))
    assert found == [("oauth/token", TokenEndpoint), ("oauth/token/", TokenEndpoint)]


def test_their_admin_lists_are_not_registered() -> None:
    assert not [model for model in admin.site._registry if model._meta.app_label == "oauth2_provider"]
    assert not [each for each in admin.site._registry.values() if type(each).__module__.startswith("oauth2")]


def _mine(name: str) -> Callable[..., Any]:
    def explode(*_: Any, **__: Any) -> Any:
        raise Stepped(name)

    return explode


@pytest.fixture
def mined(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace all behaviour of the library, but what is on the way, by mines; return their names."""
    laid = []
    for info in pkgutil.walk_packages(oauth2_provider.__path__, "oauth2_provider."):
        if info.name.removeprefix("oauth2_provider.").startswith(_NOT_BEHAVIOUR):
            continue
        try:
            module = importlib.import_module(info.name)
        except (ImportError, AttributeError, RuntimeError):
            continue  # needs settings of its own; so it can't run here at all
        spared = _ON_THE_WAY.get(info.name, set())
        owners = [each for each in vars(module).values() if inspect.isclass(each)]
        for owner in [module, *(each for each in owners if each.__module__ == info.name)]:
            for name, member in list(vars(owner).items()):
                theirs = inspect.isfunction(member) and member.__module__ == info.name
                if theirs and name not in spared and not (name.startswith("__")):
                    monkeypatch.setattr(owner, name, _mine(f"{info.name}.{name}"))
                    laid.append(name)
    return laid


def test_a_token_is_got_and_used_and_refused_with_all_else_of_the_library_mined(
    directory: Directory, mined: list[str]
) -> None:
    assert len(mined) > 150
    assert "validate_bearer_token" in mined
    peer = new_peer(directory)
    with pytest.raises(Stepped):
        OAuth2Validator().validate_bearer_token("x", [], None)
    with pytest.raises(Stepped):
        views.RevokeTokenView().post(None)
    assert peer.uses(peer.token()).status_code == 200
    assert error_of(peer.ask({"client_secret": "x"})) == "invalid_client"
    assert error_of(peer.ask({"scope": "x"})) == "invalid_scope"
    assert (
        error_of(ask({"grant_type": "password", "username": "a", "password": "b"}))
        == "unsupported_grant_type"
    )
    device = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": "x"}
    assert error_of(ask(device)) == "unsupported_grant_type"


def test_all_switches_for_best_current_practice_are_on() -> None:  # RFC 9700
    switches = [name for name in DEFAULTS if name.startswith("COMPLIANT_BCP_")]
    assert len(switches) >= 10
    assert [name for name in switches if getattr(oauth2_settings, name) is not True] == []


def test_the_librarys_own_checks_have_nothing_to_say(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check", deploy=True, tags=["security", "models"])
    assert "oauth2_provider" not in "".join(capsys.readouterr())


def test_no_table_of_the_library_is_made_and_its_places_stay_empty(db: None) -> None:
    tables = connection.introspection.table_names()
    assert "scim_oauthclient" in tables
    assert not [each for each in tables if each.startswith("oauth2_provider")]
    # One that is not swapped would need a table, and settings.MIGRATION_MODULES makes none.
    theirs = apps.get_app_config("oauth2_provider").get_models(include_swapped=True)
    assert [each.__name__ for each in theirs if each._meta.swapped is None] == []
    with pytest.raises(NotImplementedError):
        NeverIssued().save()
    with pytest.raises(NotImplementedError):
        NeverIssued.objects.create()


def test_an_answer_of_the_endpoint_is_json_also_for_who_asks_for_pages(db: None) -> None:
    answer = ask({"grant_type": "client_credentials"}, accept="text/html")
    assert json.loads(answer.content)["error"] == "invalid_client"
