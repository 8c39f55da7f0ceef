"""A provider that is down gives a clear page at once, and nobody else's sign-ins suffer (O-5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import time_machine
from django.utils import timezone

from audit.models import FailureLogEntry
from sso.models import IdentityProvider, SignInAttempt
from sso_oidc.configuration import OidcValues, save_oidc_settings
from tests.foundation.local_server import Behaviour, Visit, answer
from tests.journeys.entra_world import (
    ACME_TENANT,
    CLIENT_SECRET,
    GLOBEX_TENANT,
    Answer,
    EntraCloud,
    add_own_provider,
    answer_with,
    carry,
)
from tests.journeys.person_browser import Page, PersonBrowser
from tests.journeys.seen import refused_for, track_id_of
from tests.worlds import OPERATOR, found_account

START = "/sso/oidc/acme-entra/login"
TOKEN = f"/{ACME_TENANT}/oauth2/v2.0/token"
DOCUMENT = f"/{ACME_TENANT}/v2.0/.well-known/openid-configuration"
UNREACHABLE = "Acme Entra can't be reached at the moment."


def hang_up(visit: Visit) -> None:
    visit.close_connection = True
    visit.connection.close()


@pytest.fixture
def provider(cloud: EntraCloud) -> IdentityProvider:
    return add_own_provider(cloud, found_account("acme"))


@contextmanager
def broken(cloud: EntraCloud, path: str, behaviour: Behaviour) -> Iterator[None]:
    before = cloud.server.routes[path]
    cloud.server.routes[path] = behaviour
    yield
    cloud.server.routes[path] = before


def later(seconds: float) -> time_machine.travel:
    return time_machine.travel(timezone.now() + dt.timedelta(seconds=seconds), tick=True)


def fail(cloud: EntraCloud, browser: PersonBrowser, times: int = 5) -> Page:
    """Let sign-ins meet a token endpoint that is down."""
    with broken(cloud, TOKEN, answer(b"down", status=503)):
        for _ in range(times):
            page = answer_with(cloud, browser, START, Answer())
            assert refused_for(page) == "provider.unreachable"
    return page


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize("behaviour", [answer(b"down", status=503), answer(b"", status=500), hang_up])
def test_person_reads_that_the_provider_is_down_and_can_try_again(
    cloud: EntraCloud, browser: PersonBrowser, behaviour: Behaviour
) -> None:
    # O-5
    start = f"{START}?login_hint=mia%40acme.example&next=%2Fpersonal-tokens%2F"
    with broken(cloud, TOKEN, behaviour):
        page = answer_with(cloud, browser, start, Answer())
    assert page.status == 503
    assert page.headers["Retry-After"] == "30"
    assert UNREACHABLE in page.words
    assert track_id_of(page)
    assert "email=mia%40acme.example" in page.link("Start again")
    assert refused_for(page) == "provider.unreachable"
    assert browser.me() == {"authenticated": False}
    answer_with(cloud, browser, START, Answer())
    assert browser.me()["user_name"] == "mia@acme.example"


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize("behaviour", [answer(b"down", status=502), hang_up])
def test_sign_in_does_not_begin_where_the_provider_can_not_be_asked(
    cloud: EntraCloud, browser: PersonBrowser, behaviour: Behaviour
) -> None:
    # O-5
    with broken(cloud, DOCUMENT, behaviour):
        page = browser.open(f"{START}?login_hint=mia%40acme.example")
    assert page.status == 503
    assert UNREACHABLE in page.words
    assert "email=mia%40acme.example" in page.link("Start again")
    assert not SignInAttempt.objects.exists()
    answer_with(cloud, browser, START, Answer())
    assert browser.me()["authenticated"] is True


@pytest.mark.usefixtures("provider")
def test_page_says_nothing_of_how_the_provider_failed_and_the_log_does(
    cloud: EntraCloud, browser: PersonBrowser
) -> None:
    # L-11, V-21
    page = fail(cloud, browser, 1)
    assert "503" not in page.words
    assert str(cloud.server.port) not in page.text
    assert "http.status" in FailureLogEntry.objects.get(track_id=track_id_of(page)).message


@pytest.mark.usefixtures("provider")
def test_after_five_failures_in_a_row_nobody_is_sent_there_and_nothing_is_asked(
    cloud: EntraCloud, browser: PersonBrowser
) -> None:
    # O-5: the circuit opens
    waiting = browser.open(START)  # signs in there meanwhile
    fail(cloud, browser)
    asked = len(cloud.server.requests)
    page = browser.open(START)
    assert (page.status, refused_for(page)) == (503, "provider.unreachable")
    late = carry(cloud, browser, waiting, Answer())
    assert (late.status, refused_for(late)) == (503, "provider.unreachable")
    assert len(cloud.server.requests) == asked
    with later(31):
        answer_with(cloud, browser, START, Answer())
        assert browser.me()["authenticated"] is True


@pytest.mark.usefixtures("provider")
def test_success_between_failures_begins_the_count_anew(cloud: EntraCloud, browser: PersonBrowser) -> None:
    # O-5
    fail(cloud, browser, 4)
    answer_with(cloud, browser, START, Answer())
    browser.post("/logout/", {})
    fail(cloud, browser, 4)
    answer_with(cloud, browser, START, Answer())
    assert browser.me()["authenticated"] is True


@pytest.mark.usefixtures("provider")
def test_one_call_tries_whether_it_is_up_again_and_a_failed_try_opens_it_for_as_long(
    cloud: EntraCloud, browser: PersonBrowser
) -> None:
    # O-5: half open
    fail(cloud, browser)
    with later(31):
        fail(cloud, browser, 1)
        assert browser.open(START).status == 503
    with later(62):
        answer_with(cloud, browser, START, Answer())
        assert browser.me()["authenticated"] is True
        browser.post("/logout/", {})
        fail(cloud, browser, 4)  # closed: a few failures are none again
        answer_with(cloud, browser, START, Answer())
        assert browser.me()["authenticated"] is True


@pytest.mark.usefixtures("provider")
def test_one_customers_outage_is_no_other_customers(cloud: EntraCloud, browser: PersonBrowser) -> None:
    # O-5
    add_own_provider(cloud, found_account("globex"), slug="globex-entra", tenant=GLOBEX_TENANT)
    fail(cloud, browser)
    assert browser.open(START).status == 503
    said = Answer(tenant=GLOBEX_TENANT, email="mia@globex.example")
    answer_with(cloud, browser, "/sso/oidc/globex-entra/login", said)
    assert browser.me()["account"]["slug"] == "globex"


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize("status", [400, 401, 500])
def test_strangers_garbage_does_not_open_the_circuit(
    cloud: EntraCloud, browser: PersonBrowser, status: int
) -> None:
    # O-5: made-up codes, and a server that answers them badly
    with broken(cloud, TOKEN, answer({"error": "invalid_grant"}, status=status)):
        for _ in range(7):
            answer_with(cloud, browser, START, Answer(parameters={"code": "made-up"}))
    answer_with(cloud, browser, START, Answer())
    assert browser.me()["authenticated"] is True


@pytest.mark.usefixtures("provider")
def test_answers_that_fit_no_sign_in_count_for_nothing(cloud: EntraCloud, browser: PersonBrowser) -> None:
    # O-5, V-21
    for number in range(7):
        page = browser.open(f"/sso/oidc/acme-entra/callback?code=x&state=made-up-{number}")
        assert refused_for(page) == "attempt.unknown"
    answer_with(cloud, browser, START, Answer())
    assert browser.me()["authenticated"] is True


@pytest.mark.usefixtures("provider")
def test_wrong_address_is_no_outage(cloud: EntraCloud, browser: PersonBrowser) -> None:
    # L-11: nothing that passes by itself
    with broken(cloud, DOCUMENT, answer({"error": "invalid_tenant"}, status=400)):
        for _ in range(7):
            page = browser.open(START)
            assert (page.status, refused_for(page)) == (400, "http.status")
            assert UNREACHABLE not in page.words
    answer_with(cloud, browser, START, Answer())
    assert browser.me()["authenticated"] is True


def test_settings_that_were_saved_are_tried_at_once(
    cloud: EntraCloud, browser: PersonBrowser, provider: IdentityProvider
) -> None:
    # O-5: what was wrong may be mended
    fail(cloud, browser)
    assert browser.open(START).status == 503
    save_oidc_settings(
        provider=provider,
        actor=OPERATOR,
        values=OidcValues(client_secret=CLIENT_SECRET, extra_scopes="offline_access"),
    )
    answer_with(cloud, browser, START, Answer())
    assert browser.me()["authenticated"] is True


@pytest.mark.usefixtures("provider")
def test_calls_of_many_sign_ins_share_connections(cloud: EntraCloud, browser: PersonBrowser) -> None:
    # O-5: connection reuse, through the circuit
    browser.elsewhere.close()
    for _ in range(3):
        answer_with(cloud, browser, START, Answer())
        browser.post("/logout/", {})
    ours = [seen for seen in cloud.server.requests if seen.headers["user-agent"] == "identity-broker"]
    assert len(ours) >= 5
    assert cloud.server.connections <= 2  # the person's browser has one of its own
