"""A passkey as the second factor: real WebAuthn answers from a key in software, and what spoils one (V-11)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import lifecycle
from accounts.models import SecondFactor, SecondStep, UserSession
from accounts.tasks import purge_sessions
from audit.models import AuditEvent
from tests.journeys.authenticator import USER_PRESENT, SoftwareKey, passkey_options, use
from tests.journeys.person_browser import Page, PersonBrowser
from tests.worlds import OPERATOR, PASSWORD, World, found_account

NAME = "admin@acme.example"


@pytest.fixture
def acme(db: None) -> World:
    """A company whose people may use passwords."""
    return found_account("acme")


def type_password(browser: PersonBrowser, name: str = NAME) -> Page:
    """Type user name and password, and return where that ends."""
    return browser._follow(browser.post("/login/acme/", {"user_name": name, "password": PASSWORD}))


def add_another(browser: PersonBrowser) -> Page:
    """Press "Set up a second factor" on My access."""
    return browser._follow(browser.post("/second-factor/add/", {}))


def with_passkey(browser: PersonBrowser, key: SoftwareKey, name: str = NAME) -> None:
    """Let somebody at Acme set up a passkey on My access and sign out."""
    type_password(browser, name)
    page = add_another(browser)
    done = use(browser, page, key.create(passkey_options(page)))
    assert "Your recovery codes" in done.words
    browser.sign_out()


def test_person_signs_in_with_password_and_passkey(acme: World, browser: PersonBrowser) -> None:
    # V-11, A-9
    key = SoftwareKey()
    with_passkey(browser, key)
    for _ in range(2):
        page = type_password(browser)
        assert "Use a passkey" in page.text
        assert browser.me() == {"authenticated": False}
        use(browser, page, key.get(passkey_options(page)))
        assert browser.me()["id"] == str(acme.admin.pk)
        browser.sign_out()
    assert set(UserSession.objects.values_list("context", flat=True)) == {"", "mfa:passkey"}
    assert SecondFactor.objects.get().sign_count == 2


def _foreign_origin(key: SoftwareKey) -> None:
    key.origin = "http://localhost:8001"


def _foreign_party(key: SoftwareKey) -> None:
    key.rp_id = "acme.example"


def _unverified(key: SoftwareKey) -> None:
    key.flags = USER_PRESENT


def _absent(key: SoftwareKey) -> None:
    key.flags = 0


def _embedded(key: SoftwareKey) -> None:
    key.cross_origin = True


def _copied(key: SoftwareKey) -> None:
    key.counter = -1 + key.counter


def _another_key(key: SoftwareKey) -> None:
    key.private = SoftwareKey().private


def _unknown(key: SoftwareKey) -> None:
    key.credential_id = b"x" * 32


SPOILT_BOTH = [_foreign_origin, _foreign_party, _unverified, _absent, _embedded]
SPOILT_USE = [*SPOILT_BOTH, _copied, _another_key, _unknown]


@pytest.mark.parametrize("spoil", SPOILT_USE, ids=lambda spoil: spoil.__name__)
def test_spoilt_answer_of_a_passkey_signs_nobody_in(
    acme: World, browser: PersonBrowser, spoil: Callable[[SoftwareKey], None]
) -> None:
    key = SoftwareKey(counter=5)
    with_passkey(browser, key)
    page = type_password(browser)
    spoil(key)
    answer = use(browser, page, key.get(passkey_options(page)))
    assert answer.status == 401
    assert "The passkey was not accepted." in answer.words
    assert browser.me() == {"authenticated": False}
    assert AuditEvent.objects.filter(reason="second_factor.wrong").count() == 1


@pytest.mark.parametrize("spoil", SPOILT_BOTH, ids=lambda spoil: spoil.__name__)
def test_spoilt_registration_sets_nothing_up(
    acme: World, browser: PersonBrowser, spoil: Callable[[SoftwareKey], None]
) -> None:
    type_password(browser)
    key, page = SoftwareKey(), add_another(browser)
    spoil(key)
    answer = use(browser, page, key.create(passkey_options(page)))
    assert "The passkey could not be set up." in answer.words
    assert not SecondFactor.objects.exists()


@pytest.mark.parametrize("nonsense", ["", "[]", "{", '{"id": 1}', "null", "9" * 20_000, '{"response": {}}'])
def test_nonsense_in_place_of_an_answer_is_refused(
    acme: World, browser: PersonBrowser, nonsense: str
) -> None:
    type_password(browser)
    page = add_another(browser)
    assert use(browser, page, nonsense).status == 400
    browser.sign_out()
    with_passkey(browser, SoftwareKey())
    assert use(browser, type_password(browser), nonsense).status == 401


def test_answer_is_good_for_one_challenge(acme: World, browser: PersonBrowser) -> None:
    # WebAuthn §13.4.3
    key = SoftwareKey()
    with_passkey(browser, key)
    page = type_password(browser)
    answer = key.get(passkey_options(page))
    newer = browser.open(page.url)  # shown again: the earlier challenge is void
    assert use(browser, page, answer).status == 401
    assert passkey_options(newer) != passkey_options(page)
    assert use(browser, newer, key.get(passkey_options(newer))).status == 401  # spent by the wrong answer
    newest = browser.open(page.url)
    use(browser, newest, key.get(passkey_options(newest)))
    assert browser.me()["authenticated"] is True
    browser.sign_out()
    assert use(browser, type_password(browser), answer).status == 401


def test_passkey_of_somebody_else_is_not_accepted(acme: World, browser: PersonBrowser) -> None:
    theirs, own = SoftwareKey(), SoftwareKey()
    with_passkey(browser, theirs, "sso@acme.example")
    with_passkey(browser, own)
    page = type_password(browser)
    assert use(browser, page, theirs.get(passkey_options(page))).status == 401
    page = type_password(browser)
    use(browser, page, own.get(passkey_options(page)))
    assert browser.me()["id"] == str(acme.admin.pk)


def test_same_passkey_is_set_up_once(acme: World, browser: PersonBrowser) -> None:
    key = SoftwareKey()
    with_passkey(browser, key)
    page = type_password(browser)
    use(browser, page, key.get(passkey_options(page)))
    page = add_another(browser)
    assert passkey_options(page)["publicKey"]["excludeCredentials"]
    assert use(browser, page, key.create(passkey_options(page))).status == 400
    assert SecondFactor.objects.count() == 1


def test_ten_wrong_codes_do_not_stop_the_passkey(acme: World, browser: PersonBrowser) -> None:
    # whoever knows the password can't lock its owner out
    key = SoftwareKey()
    with_passkey(browser, key)
    page = type_password(browser)
    for _ in range(10):
        browser.submit(page, form=1, code="000000")
    assert browser.submit(page, form=1, code="000000").status == 429
    page = type_password(browser)
    use(browser, page, key.get(passkey_options(page)))
    assert browser.me()["authenticated"] is True


def test_passkey_is_offered_where_it_was_made_alone(acme: World, browser: PersonBrowser) -> None:
    # V-7
    with_passkey(browser, SoftwareKey())
    lifecycle.verify_host_name(account=acme.account, actor=OPERATOR, host="sso.acme.example")
    there = PersonBrowser("http://sso.acme.example:8000")
    page = type_password(there)
    assert "Second step" in page.words
    assert "data-passkey" not in page.text
    assert there.me() == {"authenticated": False}


def test_purge_takes_the_steps_of_yesterday_along(acme: World, browser: PersonBrowser) -> None:
    with_passkey(browser, SoftwareKey())
    type_password(browser)
    assert SecondStep.objects.count() == 2
    assert not SecondStep.objects.exclude(spent_at=None).exclude(challenge="").exists()
    with time_machine.travel(timezone.now() + timedelta(days=2), tick=True):
        purge_sessions()
    assert not SecondStep.objects.exists()
