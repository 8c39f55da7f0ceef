"""Nothing of django-scim2's own behaviour can be reached (design, first trap)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

from scim.urls import urlpatterns
from tests.scim.directory import Directory, error_of


def _patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            yield from _patterns(each)
        else:
            yield each


def _is_theirs(member: object) -> bool:
    inner = getattr(member, "fget", None) or getattr(member, "__wrapped__", None) or member
    return getattr(inner, "__module__", "").startswith(("django_scim", "scim2_filter_parser"))


def test_no_member_of_their_views_is_reachable_through_any_address() -> None:
    """Walks the whole URL resolver: whatever a class of theirs defines is ours or gone in every view."""
    frames = 0
    for pattern in _patterns(get_resolver()):
        callback = pattern.callback
        assert not _is_theirs(callback), pattern
        view = getattr(callback, "view_class", None)
        for base in view.__mro__ if view is not None else ():
            if not base.__module__.startswith("django_scim"):
                continue
            frames += 1
            members = [
                name
                for name, value in vars(base).items()
                if callable(value) or isinstance(value, property | classmethod | staticmethod)
            ]
            assert "dispatch" in members, "the walk looks at nothing"
            for name in members:
                found = next(vars(owner)[name] for owner in view.__mro__ if name in vars(owner))
                assert not _is_theirs(found), f"{view.__name__}.{name} is django-scim2's"
    assert frames >= len(urlpatterns)


def test_their_app_urls_and_models_are_not_installed() -> None:
    """No table of theirs, no address of theirs, no filter of theirs in memory."""
    assert not any(app.startswith("django_scim") for app in settings.INSTALLED_APPS)
    # A process of its own: another test may have imported them to look at them.
    script = "import sys; import broker.wsgi, broker.urls; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "scim.views.frame" in loaded
    assert not {"django_scim.urls", "django_scim.filters", "django_scim.adapters"} & loaded


def test_failure_of_ours_is_told_without_its_text_and_nothing_is_half_done(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L-11: a failure injected after the person was written"""

    def broken(*args: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("scim.users.create_document", broken)
    response = directory.post("/Users", {"userName": "ada"})
    assert response.status_code == 500
    assert "secret detail" not in error_of(response)["detail"]
    monkeypatch.undo()
    assert directory.read("/Users")["totalResults"] == 0
