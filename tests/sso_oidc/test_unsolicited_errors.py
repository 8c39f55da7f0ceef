"""An ``error=`` that nobody asked for signs nobody out, ends nobody's sign-in, is shown nowhere (O-6, V-16)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from accounts.models import UserSession
from sso.models import SignInAttempt, Stage
from tests.journeys.person_browser import Page, PersonBrowser
from tests.journeys.seen import refused_for, rows, track_id_of, written
from tests.sso_oidc.signing_in import ANONYMOUS, CALLBACK, Scene

METHODS = pytest.mark.parametrize("method", ["get", "post"])
LURE = "<b>Call 555-1234</b>"


def send(browser: PersonBrowser, method: str, **fields: Any) -> Page:
    if method == "get":
        return browser.open(f"{CALLBACK}?{urlencode(fields)}")
    return browser.post(CALLBACK, fields)


@METHODS
@pytest.mark.parametrize("error", ["access_denied", "login_required", "server_error", LURE, "x" * 200])
def test_person_who_is_signed_in_stays_so_whatever_error_comes(
    scene: Scene, browser: PersonBrowser, method: str, error: str
) -> None:
    scene.sign_in(browser)
    before = UserSession.objects.get()
    for state in ("unknown", "", "x" * 22):
        page = send(browser, method, error=error, error_description=LURE, state=state, error_uri=LURE)
        assert page.status == 400
        assert track_id_of(page)
        assert "Call 555" not in page.text
        assert error not in page.words
    after = UserSession.objects.get()
    assert (after.ended_at, after.pk) == (None, before.pk)
    assert browser.me()["user_name"] == "mia@acme.example"


@METHODS
def test_error_from_another_browser_leaves_the_sign_in_open(
    scene: Scene, browser: PersonBrowser, method: str
) -> None:
    # V-16: whoever learnt a state can't end somebody's sign-in with it
    scene.begin(browser)
    stranger = PersonBrowser()
    before = rows()
    page = send(stranger, method, error="access_denied", state=scene.asked["state"])
    assert page.status == 400
    assert written(before) == {"audit.FailureLogEntry": 1}
    assert SignInAttempt.objects.get().stage == Stage.OPEN
    scene.come_back(browser, scene.claims())
    assert browser.me()["authenticated"] is True
    assert stranger.me() == ANONYMOUS


def test_error_from_another_browser_is_told_as_that(scene: Scene, browser: PersonBrowser) -> None:
    scene.begin(browser)
    page = send(PersonBrowser(), "get", error="access_denied", state=scene.asked["state"])
    assert refused_for(page) == "attempt.wrong_browser"


def test_error_that_answers_this_browsers_sign_in_ends_it_and_leaves_the_session_alone(
    scene: Scene, browser: PersonBrowser
) -> None:
    scene.sign_in(browser)
    scene.begin(browser)
    page = send(browser, "get", error="server_error", error_description=LURE, state=scene.asked["state"])
    assert refused_for(page) == "oidc.provider_error"
    assert "Call 555" not in page.text
    assert browser.me()["user_name"] == "mia@acme.example"
    page = scene.come_back(browser, scene.claims())
    assert refused_for(page) == "attempt.spent"
    scene.sign_in(browser)  # the twin
    assert browser.me()["authenticated"] is True


def test_error_that_claims_to_be_another_providers_is_refused(scene: Scene, browser: PersonBrowser) -> None:
    # RFC 9207 §2.4: errors name their issuer too
    scene.begin(browser)
    page = send(browser, "get", error="access_denied", state=scene.asked["state"], iss="https://evil.example")
    assert refused_for(page) == "oidc.iss_parameter"
    assert SignInAttempt.objects.get().stage == Stage.OPEN
    page = send(browser, "get", error="access_denied", state=scene.asked["state"], iss=scene.idp.issuer)
    assert refused_for(page) == "consent_refused"
