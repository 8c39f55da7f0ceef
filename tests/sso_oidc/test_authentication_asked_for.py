"""When and how people must have signed in at the provider: asked for, checked in every token, recorded (O-1, O-6)."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import lxml.html
import pytest
import time_machine
from django.utils import timezone

from accounts.models import UserSession
from sso.models import SignInAttempt
from tests.sso_oidc.openid_world import (
    LOGIN,
    ClientCheckingProvider,
    OpenIdWorld,
    last_code,
)

FLOWS = pytest.mark.parametrize("flow", ["code", "hybrid"])
GOLD = "urn:acme:gold"
SILVER = "urn:acme:silver"


def ago(seconds: float) -> int:
    return int(time.time() - seconds)


# --- max_age ----------------------------------------------------------------------------------------------------------


@FLOWS
@pytest.mark.parametrize(
    ("max_age", "seconds", "comes_in"),
    [
        (600, 0, True),
        (600, 600, True),
        (600, 710, True),  # two minutes of skew
        (600, 730, False),
        (600, -110, True),  # their clock is ahead
        (600, -130, False),
        (0, 5, True),
        (0, 110, True),
        (0, 130, False),
    ],
)
def test_person_must_have_authenticated_lately_enough(
    idp: ClientCheckingProvider, flow: str, max_age: int, seconds: int, comes_in: bool
) -> None:
    # Core §3.1.2.1, §3.1.3.7 (13)
    world = OpenIdWorld(idp, values={"flow": flow, "max_age_seconds": max_age})
    asked = world.leave()
    assert asked["max_age"] == str(max_age)
    assert ("prompt" in asked) == (max_age == 0)
    world.come_back(asked, auth_time=ago(seconds))
    assert world.is_in == comes_in
    if not comes_in:
        assert last_code() == "oidc.auth_time"


@FLOWS
def test_provider_that_does_not_say_when_is_refused(idp: ClientCheckingProvider, flow: str) -> None:
    # Core §2: with max_age, auth_time is REQUIRED; anybody can take max_age out of the address
    world = OpenIdWorld(idp, values={"flow": flow, "max_age_seconds": 600})
    assert world.sign_in().status_code == 400
    assert last_code() == "oidc.auth_time"
    world.sign_in(auth_time=ago(1))
    assert world.is_in


def test_both_tokens_of_hybrid_must_say_when(idp: ClientCheckingProvider) -> None:
    # Core §3.3.2.11, §3.3.3.6
    world = OpenIdWorld(idp, values={"flow": "hybrid", "max_age_seconds": 600})
    for front, back in ((None, ago(1)), (ago(9000), ago(1)), (ago(1), ago(9000)), (ago(1), None)):
        asked = world.leave()
        assert world.come_back(asked, front={"auth_time": front}, auth_time=back).status_code == 400
        assert last_code() == "oidc.auth_time"
    world.come_back(world.leave(), front={"auth_time": ago(1)}, auth_time=ago(1))
    assert world.is_in


@pytest.mark.parametrize("value", ["1700000000", True, -1, [], {}])
def test_time_that_is_none_is_refused(idp: ClientCheckingProvider, value: Any) -> None:
    world = OpenIdWorld(idp, values={"max_age_seconds": 600})
    assert world.sign_in(auth_time=value).status_code == 400
    assert last_code() == "oidc.claim"


def test_who_authenticated_because_we_asked_may_take_their_time(idp: ClientCheckingProvider) -> None:
    # consent, or a coffee: the attempt lasts half an hour (L-6)
    world = OpenIdWorld(idp, values={"max_age_seconds": 60})
    now = timezone.now()
    asked = world.leave()
    with time_machine.travel(now + timedelta(minutes=20), tick=True):
        world.come_back(asked, auth_time=int(now.timestamp()) + 5)
        assert world.is_in


def test_older_session_is_not_made_good_by_waiting(idp: ClientCheckingProvider) -> None:
    # the twin of the test above
    world = OpenIdWorld(idp, values={"max_age_seconds": 60})
    now = timezone.now()
    asked = world.leave()
    with time_machine.travel(now + timedelta(minutes=20), tick=True):
        assert world.come_back(asked, auth_time=int(now.timestamp()) - 150).status_code == 400
        assert last_code() == "oidc.auth_time"


def test_nothing_is_asked_and_nothing_checked_by_default(idp: ClientCheckingProvider) -> None:
    world = OpenIdWorld(idp)
    asked = world.leave()
    assert not {"max_age", "prompt", "acr_values"} & set(asked)
    world.come_back(asked, auth_time=ago(9_000_000))
    assert world.is_in


def test_setting_is_taken_back(idp: ClientCheckingProvider) -> None:
    world = OpenIdWorld(idp, values={"max_age_seconds": 60, "acr_values": GOLD})
    assert world.save(max_age_seconds="", acr_values="") == {"max_age_seconds", "acr_values"}
    world.sign_in()
    assert world.is_in


@FLOWS
def test_who_proves_themselves_again_signs_in_afresh_whatever_is_set(
    idp: ClientCheckingProvider, flow: str
) -> None:
    # V-15, V-18: a provider that answers from an older session of the person's proves nothing
    world = OpenIdWorld(idp, values={"flow": flow, "max_age_seconds": 3600})
    world.sign_in(auth_time=ago(3000))
    for seconds, proved in ((None, False), (130, False), (1, True)):
        page = lxml.html.fromstring(world.browser.get("/second-factor/").text)
        [link] = page.xpath("//a[contains(@href, 'reauthenticate=')]/@href")
        asked = world.leave(**dict(parse_qsl(urlsplit(link).query)))
        assert (asked["max_age"], asked["prompt"]) == ("0", "login")
        answer = world.come_back(asked, **({} if seconds is None else {"auth_time": ago(seconds)}))
        assert (answer.status_code == 302) == proved
        assert ("Set up a second factor" in world.browser.get("/second-factor/").text) == proved
        if not proved:
            assert last_code() == "oidc.auth_time"
            assert "did not confirm that you signed in there just now" in answer.text
    assert world.is_in


# --- acr_values -------------------------------------------------------------------------------------------------------


@FLOWS
@pytest.mark.parametrize(
    ("acr", "comes_in"),
    [
        (GOLD, True),
        (SILVER, True),
        (None, False),
        ("0", False),
        (f"{GOLD} ", False),
        ("URN:ACME:GOLD", False),
    ],
)
def test_one_of_the_contexts_asked_for_must_hold(
    idp: ClientCheckingProvider, flow: str, acr: str | None, comes_in: bool
) -> None:
    # Core §2, §5.5.1.1: a wish by the letter; what an admin has set is none
    world = OpenIdWorld(idp, values={"flow": flow, "acr_values": f" {GOLD}  {SILVER} "})
    asked = world.leave()
    assert asked["acr_values"] == f"{GOLD} {SILVER}"
    world.come_back(asked, acr=acr)
    assert world.is_in == comes_in
    if not comes_in:
        assert last_code() == "oidc.acr"


def test_both_tokens_of_hybrid_must_say_how(idp: ClientCheckingProvider) -> None:
    world = OpenIdWorld(idp, values={"flow": "hybrid", "acr_values": GOLD})
    for front, back in ((SILVER, GOLD), (GOLD, SILVER), (None, GOLD), (GOLD, None)):
        assert world.come_back(world.leave(), front={"acr": front}, acr=back).status_code == 400
        assert last_code() == "oidc.acr"


# --- what is kept -----------------------------------------------------------------------------------------------------


@FLOWS
def test_when_and_how_is_recorded(idp: ClientCheckingProvider, flow: str) -> None:
    world = OpenIdWorld(idp, values={"flow": flow})
    moment = ago(77)
    world.sign_in(auth_time=moment, acr=GOLD, amr=["pwd", "mfa"])
    assert UserSession.objects.get().context == GOLD
    said = SignInAttempt.objects.get().report["authentication"]
    assert datetime.fromisoformat(said["authenticated_at"]).timestamp() == moment
    assert (said["context"], said["methods"]) == (GOLD, ["pwd", "mfa"])


def test_record_is_empty_where_the_provider_says_nothing(idp: ClientCheckingProvider) -> None:
    world = OpenIdWorld(idp)
    world.sign_in()
    said = SignInAttempt.objects.get().report["authentication"]
    assert said == {"authenticated_at": "", "context": "", "methods": []}


@pytest.mark.parametrize("amr", [["", "pwd"], ["x" * 5000], [f"method-{number}" for number in range(500)]])
def test_odd_methods_are_kept_within_bounds(idp: ClientCheckingProvider, amr: list[str]) -> None:
    world = OpenIdWorld(idp)
    world.sign_in(amr=amr)
    assert world.is_in
    kept = SignInAttempt.objects.get().report["authentication"]["methods"]
    assert len(kept) <= 20
    assert all(0 < len(method) <= 64 for method in kept)


# --- session_expiry ---------------------------------------------------------------------------------------------------


def expires_in(world: OpenIdWorld) -> timedelta:
    return datetime.fromisoformat(world.me()["session"]["expires_at"]) - timezone.now()


def warned(code: str) -> bool:
    return code in {warning["code"] for warning in SignInAttempt.objects.get().report["warnings"]}


@FLOWS
def test_session_ends_when_the_provider_says(idp: ClientCheckingProvider, flow: str) -> None:
    # L-13
    world = OpenIdWorld(idp, values={"flow": flow})
    world.sign_in(session_expiry=ago(-600))
    assert timedelta(seconds=590) < expires_in(world) <= timedelta(seconds=600)
    with time_machine.travel(timezone.now() + timedelta(seconds=605), tick=True):
        assert not world.is_in
    assert not warned("session_expiry_unusable")


@pytest.mark.parametrize("value", ["1900000000", True, False, 0, -5, 1e300, [1900000000], {}, "soon"])
def test_end_that_is_no_time_is_a_warning(idp: ClientCheckingProvider, value: Any) -> None:
    # J-9, L-13: never a failure; the account's own maximum bounds the session
    world = OpenIdWorld(idp)
    world.sign_in(session_expiry=value)
    assert world.is_in
    assert timedelta(hours=11) < expires_in(world) <= timedelta(hours=12)
    assert warned("session_expiry_unusable")


def test_end_with_a_fraction_is_taken(idp: ClientCheckingProvider) -> None:
    # RFC 7519 §2: NumericDate may have one
    world = OpenIdWorld(idp)
    world.sign_in(session_expiry=time.time() + 600.5)
    assert expires_in(world) <= timedelta(seconds=601)


def test_late_end_does_not_make_a_session_longer_than_the_account_allows(idp: ClientCheckingProvider) -> None:
    # L-13
    world = OpenIdWorld(idp)
    world.sign_in(session_expiry=ago(-30 * 24 * 3600))
    assert expires_in(world) <= timedelta(hours=12)


def test_session_that_is_over_at_the_provider_is_over_here(idp: ClientCheckingProvider) -> None:
    # L-13: nobody is signed in for a moment longer than the provider allows
    world = OpenIdWorld(idp)
    world.sign_in(session_expiry=ago(30))
    assert not world.is_in


def test_address_of_the_login_page_sets_none_of_it(idp: ClientCheckingProvider) -> None:
    # V-18: what is asked comes from the settings, never from a link
    world = OpenIdWorld(idp, values={"max_age_seconds": 60, "acr_values": GOLD})
    page = world.browser.get(LOGIN, {"max_age": "99999", "acr_values": "low", "prompt": "none"})
    assert "99999" not in page["Location"]
    assert "low" not in page["Location"].partition("state=")[0]
    assert "prompt" not in page["Location"]
