"""A partner's key travels in an address and is read nowhere else (S-6, V-24, design rule 8)."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.test import Client

from accounts import lifecycle
from tests.journeys.partner_world import ENTRANCE, Reseller, add_employee, arrive, deliver, found_reseller
from tests.journeys.person_browser import HOME, Page, PersonBrowser
from tests.worlds import OPERATOR


@pytest.fixture
def reseller(db: None) -> Reseller:
    return found_reseller()


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that goes to standard error while the test runs, debug lines of every library included."""
    [handler] = [each for each in logging.getLogger().handlers if each.get_name() == "stderr"]
    assert isinstance(handler, logging.StreamHandler)
    root, level = logging.getLogger(), logging.getLogger().level
    written = io.StringIO()
    before = handler.setStream(written)
    root.setLevel(logging.DEBUG)
    yield written
    root.setLevel(level)
    if before is not None:
        handler.setStream(before)


def everything_stored() -> str:
    """Return every value of every row of every table, decrypted as our own code would read it."""
    return "\n".join(str(list(model._default_manager.values())) for model in apps.get_models())


def ways(reseller: Reseller, browser: PersonBrowser) -> list[Page]:
    """Walk every way that a request with a key can end; return the pages."""
    key, mail = reseller.key, "mia@acme.example"
    named = f"{HOME}{ENTRANCE}?x-rs-key={key}"
    pages = [
        arrive(browser, reseller.say(mail), key),
        deliver(browser, reseller.say(mail, destination=f"{named}&more=1"), key),
        deliver(browser, reseller.say(mail, recipient=f"{named}/"), key),
        deliver(browser, reseller.say(mail, audiences=((named,),)), key),
        deliver(browser, reseller.say(mail, assertion_issuer=named, response_issuer=named), key),
        deliver(browser, reseller.say(mail, sign_assertion=None), key),
        deliver(browser, reseller.say(mail, in_response_to=named), key),
        deliver(browser, reseller.say(mail, status=("urn:x",), status_message=f"see {named}"), key),
        deliver(browser, reseller.say("nobody@never.example"), key),
        browser.post(f"{ENTRANCE}?x-rs-key={key}", {"SAMLResponse": "!"}, cross_site=True),
        browser.post(f"{ENTRANCE}?x-rs-key={key}&x-rs-key={key}", {}, cross_site=True),
        browser.post(f"{ENTRANCE}?x-rs-key={key}", {"a" * 30: "x"} | {f"f{n}": "x" for n in range(3000)}),
        browser.post(f"{ENTRANCE}/nowhere?x-rs-key={key}", {}, cross_site=True),
        browser.open(f"/nowhere/?x-rs-key={key}"),
        browser.open(f"/sso/saml/reseller-saml/metadata?x-rs-key={key}"),
    ]
    for method in ("get", "put", "delete", "options", "head"):
        answer = getattr(browser.client, method)(f"{ENTRANCE}?x-rs-key={key}")
        pages.append(Page(ENTRANCE, answer.status_code, answer.content.decode(), dict(answer.headers)))
    return pages


def test_key_is_in_no_log_no_table_and_no_page(
    reseller: Reseller, browser: PersonBrowser, lines: io.StringIO
) -> None:
    # S-6
    add_employee(reseller.accounts["acme"], "mia")
    pages = ways(reseller, browser)
    assert {page.status for page in pages} >= {200, 303, 400, 404, 405}
    log, stored = lines.getvalue(), everything_stored()
    assert "request_finished" in log
    assert "sign_in_refused" in log
    assert "masked" in stored  # what providers repeat of the address is there, without the key
    for page in pages:
        assert reseller.key not in page.text
        assert reseller.key not in str(page.headers)
    assert reseller.key not in log
    assert reseller.key not in stored


def test_wrong_key_is_not_written_down_either(
    reseller: Reseller, browser: PersonBrowser, lines: io.StringIO
) -> None:
    # S-6: a key that was just revoked, or another product's
    reseller.key, right = "f00dfeedf00dfeedf00dfeedf00dfeed", reseller.key
    assert right != reseller.key
    pages = ways(reseller, browser)
    assert reseller.key not in lines.getvalue()
    assert reseller.key not in everything_stored()
    assert not [page for page in pages if reseller.key in page.text]


def test_crash_tells_nothing_of_the_key(
    reseller: Reseller, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    # V-24
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr("sso_saml.partner_entrance.check_encoded", broken)
    client = Client(headers={"host": "localhost:8000"}, raise_request_exception=False)
    answer = client.post(f"{ENTRANCE}?x-rs-key={reseller.key}", {"SAMLResponse": "x"})
    assert answer.status_code == 500
    assert "on purpose" in lines.getvalue()
    assert reseller.key not in lines.getvalue()
    assert reseller.key not in answer.content.decode()


def test_pages_send_no_referrer(reseller: Reseller, browser: PersonBrowser) -> None:
    # V-24
    page = deliver(browser, reseller.say("mia@acme.example"), reseller.key)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert "x-rs-key" not in page.headers["Location"]


def test_new_key_is_audited_by_its_first_characters(reseller: Reseller, lines: io.StringIO) -> None:
    # S-6, design rule 8
    row, plain = lifecycle.rotate_partner_key(partner=reseller.partner, actor=OPERATOR)
    lifecycle.revoke_partner_key(key=row, actor=OPERATOR)
    stored = everything_stored()
    assert plain not in stored + lines.getvalue()
    assert f"{plain[:4]}…" in stored
