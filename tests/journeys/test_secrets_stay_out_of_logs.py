"""Nothing that would let a reader of the log in as somebody is written there (design rule 8, V-24)."""

from __future__ import annotations

import io
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from audit.models import AuditEvent, FailureLogEntry
from sso.models import SignInAttempt
from tests.journeys.conftest import Company
from tests.journeys.person_browser import PersonBrowser, answer_of
from tests.journeys.seen import CALLBACK, OIDC, SAML, fields_of

STARTS = pytest.mark.parametrize(
    ("start", "flow"), [(SAML, "hybrid"), (OIDC, "hybrid"), (OIDC, "code")], ids=["saml", "hybrid", "code"]
)


def secrets_of(browser: PersonBrowser, *addresses: str) -> set[str]:
    """Return what travelled through the browser and must not be read elsewhere: codes, states, tokens, cookies."""
    found = {cookie.value for cookie in browser.client.cookies.values()}
    for address in (*browser.trail, *addresses):
        for name, values in parse_qs(urlsplit(address).query).items():
            if name in ("code", "state", "nonce", "SAMLRequest", "RelayState", "displayed", "code_challenge"):
                found.update(values)
    return {secret for secret in found if len(secret) >= 16}


@STARTS
def test_whole_sign_in_and_sign_out_leave_no_secret_in_the_log(
    make_company: Callable[..., Company], browser: PersonBrowser, lines: io.StringIO, start: str, flow: str
) -> None:
    make_company("acme", flow=flow)
    if flow == "code":
        fields: dict[str, str] = {}
        browser.submit(browser.open(start), fresh=True, person="mia@acme.example")
    else:
        answer = answer_of(browser, start)
        fields = fields_of(answer)
        browser.submit(answer)
    assert browser.me()["authenticated"] is True
    secrets = secrets_of(browser) | set(fields.values())
    attempt = SignInAttempt.objects.get()
    secrets |= {attempt.nonce, attempt.code_verifier} - {""}
    browser.post("/logout/", {})
    log = lines.getvalue()
    assert "request_finished" in log  # the log is on
    assert attempt.track_id in log
    assert len(secrets) >= 4
    for secret in secrets:
        assert secret not in log, f"{secret[:12]}… is in the log"
    for rows in (AuditEvent.objects.values(), FailureLogEntry.objects.values()):
        assert not [secret for secret in secrets if secret in str(list(rows))]
    assert "a-secret-for-tests" not in log


@pytest.mark.parametrize("start", [SAML, OIDC], ids=["saml", "hybrid"])
def test_refused_answer_leaves_no_secret_in_the_log_either(
    acme: Company, browser: PersonBrowser, lines: io.StringIO, start: str
) -> None:
    fields = fields_of(answer_of(browser, start))
    secrets = secrets_of(browser) | {value for value in fields.values() if len(value) > 16}
    path = SAML if start == SAML else CALLBACK
    broken = {name: value[:-8] + "AAAAAAAA" if len(value) > 200 else value for name, value in fields.items()}
    page = browser.post(path, {**broken, "error_description": "x"}, cross_site=True)
    assert page.status == 400
    browser.open("/sso/continue/?code=" + "s3cr3t-code-" * 4)
    log = lines.getvalue()
    assert "sign_in_refused" in log
    assert "s3cr3t-code" not in log
    for secret in secrets | {value for value in broken.values() if len(value) > 16}:
        assert secret not in log
        assert secret not in str(list(FailureLogEntry.objects.values()))


def test_wrong_password_is_not_written_anywhere(
    acme: Company, browser: PersonBrowser, lines: io.StringIO
) -> None:
    data = {"user_name": "my-s3cr3t-typed-into-the-wrong-field", "password": "my-s3cr3t-password"}
    assert browser.post("/login/acme/", data).status == 401
    assert "s3cr3t-password" not in lines.getvalue()
    assert "s3cr3t" not in str(list(FailureLogEntry.objects.values()))
    assert "s3cr3t" not in lines.getvalue()
