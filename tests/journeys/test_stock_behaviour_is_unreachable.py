"""The protocol libraries' classes are frames: not one function of theirs runs in a sign-in or a SCIM call.

``tests/broker`` walks the URL resolver and shows that no address leads to a stock handler. Here every function, method
and property of mozilla-django-oidc and django-scim2 is mined, and whole journeys run over the mines.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any

import django_scim
import mozilla_django_oidc
import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.views import View

from accounts import lifecycle
from accounts.models import User
from tests.journeys.conftest import OPERATOR, Company
from tests.journeys.person_browser import PersonBrowser, answer_of, sign_in
from tests.journeys.seen import CALLBACK, OIDC, fields_of

LIBRARIES = (mozilla_django_oidc, django_scim)
# What is neither behaviour nor reachable: names of constants, and what Django itself imports.
_HARMLESS = ("constants", "migrations", "apps", "tests", "management", "management.commands")


class Stepped(BaseException):
    """A mine went off; no ``except Exception`` may hide it."""


def modules() -> Iterator[ModuleType]:
    for library in LIBRARIES:
        for found in pkgutil.walk_packages(library.__path__, f"{library.__name__}."):
            if not found.name.removeprefix(f"{library.__name__}.").startswith(_HARMLESS):
                try:
                    yield importlib.import_module(found.name)
                except (ImportError, AttributeError, RuntimeError):
                    continue  # needs settings of its own; so it can't run here at all


def mine(name: str) -> Callable[..., Any]:
    def explode(*_: Any, **__: Any) -> Any:
        raise Stepped(name)

    return explode


@pytest.fixture
def mined(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace all behaviour of both libraries by mines and return their names."""
    laid: list[str] = []
    for module in list(modules()):  # all imported before the first mine lies
        for name, thing in list(vars(module).items()):
            if getattr(thing, "__module__", "") != module.__name__:
                continue
            if isinstance(thing, FunctionType):
                monkeypatch.setattr(module, name, mine(f"{module.__name__}.{name}"))
                laid.append(f"{module.__name__}.{name}")
            elif inspect.isclass(thing) and not issubclass(thing, BaseException):
                for attribute, value in list(vars(thing).items()):
                    if isinstance(value, FunctionType | staticmethod | classmethod):
                        monkeypatch.setattr(thing, attribute, mine(f"{thing.__name__}.{attribute}"))
                    elif isinstance(value, property):
                        monkeypatch.setattr(thing, attribute, property(mine(f"{thing.__name__}.{attribute}")))
                    else:
                        continue
                    laid.append(f"{thing.__module__}.{thing.__name__}.{attribute}")
    return laid


def test_there_is_something_to_step_on(mined: list[str]) -> None:
    assert len(mined) > 60
    for name in (
        "mozilla_django_oidc.views.OIDCAuthenticationCallbackView.get",
        "mozilla_django_oidc.views.OIDCAuthenticationRequestView.__init__",
        "mozilla_django_oidc.auth.OIDCAuthenticationBackend.authenticate",
        "django_scim.views.SCIMView.dispatch",
        "django_scim.filters.FilterQuery.search",
    ):
        assert name in mined


@pytest.mark.parametrize("flow", ["code", "hybrid"])
def test_oidc_journey_runs_no_stock_code(
    make_company: Callable[..., Company], browser: PersonBrowser, mined: list[str], flow: str
) -> None:
    # O-1, design traps
    make_company("acme", flow=flow)
    sign_in(browser, OIDC)
    assert browser.me()["authenticated"] is True
    for data in ({"error": "access_denied", "state": "x"}, {"code": "x", "state": "x"}, {}):
        browser.client.get(CALLBACK, data)
        browser.post(CALLBACK, data, cross_site=True)
    for method in ("head", "options", "put", "delete", "patch", "trace"):
        assert getattr(browser.client, method)(CALLBACK).status_code < 500
        assert getattr(browser.client, method)(OIDC).status_code < 500
    assert browser.me()["authenticated"] is True


def test_declined_consent_runs_no_stock_code(acme: Company, browser: PersonBrowser, mined: list[str]) -> None:
    state = fields_of(answer_of(browser, OIDC))["state"]
    browser.post(CALLBACK, {"error": "access_denied", "state": state}, cross_site=True)
    browser.client.get(CALLBACK, {"error": "access_denied", "state": state})


def test_directory_push_runs_no_stock_code(acme: Company, browser: PersonBrowser, mined: list[str]) -> None:
    # P-4, P-5, and the way from a pending person to an open session and out again
    _, token = lifecycle.create_api_token(account=acme.account, actor=OPERATOR, name="Entra")
    client = Client(headers={"host": "localhost:8000", "authorization": f"Bearer {token}"})

    def call(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = json.dumps(body) if body is not None else ""
        answer = client.generic(method, f"/api/scim{path}", data, "application/scim+json")
        assert answer.status_code < 500 or answer.status_code == 501  # what we say we don't have
        return answer

    person = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "mia@acme.example",
        "externalId": "a1c3e5f7-0001-4a00-8000-00000000a001",
        "emails": [{"value": "mia@acme.example", "type": "work", "primary": True}],
        "active": True,
    }
    created = call("POST", "/Users", person)
    assert created.status_code == 201
    key = created.json()["id"]
    sign_in(browser, OIDC)
    assert browser.me()["id"] == key  # the same user, no duplicate

    assert call("GET", f"/Users/{key}").status_code == 200
    assert call("GET", '/Users?filter=userName eq "mia@acme.example"').json()["totalResults"] == 1
    assert call("GET", "/Groups?startIndex=1&count=1").status_code == 200
    assert call("PUT", f"/Users/{key}", person).status_code == 200
    off = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "Replace", "path": "active", "value": "False"}],  # Entra's spelling
    }
    assert call("PATCH", f"/Users/{key}", off).status_code in (200, 204)
    assert browser.me() == {"authenticated": False}  # the open session is over at its next request
    assert call("DELETE", f"/Users/{key}").status_code == 204
    assert call("GET", f"/Users/{key}").status_code == 404
    assert User.objects.get().status.value == "deleted"
    for path in (
        "/ServiceProviderConfig",
        "/Schemas",
        "/ResourceTypes",
        "/Me",
        "/Bulk",
        "/nothing",
        "/Users/.search",
    ):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"):
            call(method, path, {} if method in ("POST", "PUT", "PATCH") else None)


def test_every_view_on_such_a_frame_overrides_what_the_frame_answers_with() -> None:
    seen = set()

    def walk(resolver: URLResolver) -> Iterator[URLPattern]:
        for each in resolver.url_patterns:
            if isinstance(each, URLResolver):
                yield from walk(each)
            else:
                yield each

    for pattern in walk(get_resolver()):
        view = getattr(pattern.callback, "view_class", None)
        frames = [
            base
            for base in getattr(view, "__mro__", ())
            if base.__module__.startswith(("mozilla_", "django_scim"))
        ]
        if view is None or not frames:
            continue
        seen.add(frames[-1].__module__)
        for name in (*View.http_method_names, "dispatch", "__init__", "setup"):
            owner = next((base for base in view.__mro__ if name in vars(base)), View)
            assert owner not in frames, f"{view.__qualname__}.{name} is {owner.__qualname__}'s"
    assert seen == {"mozilla_django_oidc.views", "django_scim.views"}


def test_no_provider_is_set_for_the_whole_deployment() -> None:
    assert [name for name in dir(settings) if name.startswith("OIDC_")] == []
    assert not any("mozilla" in name or "django_scim" in name for name in settings.INSTALLED_APPS)
    assert not any("mozilla" in name for name in (*settings.MIDDLEWARE, *settings.AUTHENTICATION_BACKENDS))
