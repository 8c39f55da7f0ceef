"""Whatever is sent, the answer is a page with a track ID that leads to a reason, and nothing is half-written (V-21)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest
from django.test import Client
from django.test.client import MULTIPART_CONTENT

from accounts.models import User
from sso.models import SignInAttempt, Stage, Vendor
from tests.journeys.conftest import Company
from tests.journeys.person_browser import Page, PersonBrowser, answer_of, sign_in
from tests.journeys.seen import CALLBACK, CONTINUE, OIDC, SAML, fields_of, refused_for, rows, written

LOGGED = {"audit.FailureLogEntry": 1}
_XML = '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def page_of(answer: object, url: str = "") -> Page:
    return Page(url, answer.status_code, answer.content.decode(), dict(answer.headers))  # type: ignore[attr-defined]


SAML_POSTS: list[tuple[str, dict[str, object], str]] = [
    ("nothing", {}, "saml.not_base64"),
    ("empty", {"SAMLResponse": ""}, "saml.not_base64"),
    ("garbage", {"SAMLResponse": "%%%not base64%%%"}, "saml.not_base64"),
    ("twice", {"SAMLResponse": [b64("<a/>"), b64("<a/>")]}, "saml.not_base64"),
    ("no XML", {"SAMLResponse": b64("hello")}, "saml.not_xml"),
    ("JSON", {"SAMLResponse": b64('{"a": 1}')}, "saml.not_xml"),
    ("half a document", {"SAMLResponse": b64(f"{_XML}>")}, "saml.not_xml"),
    ("another document", {"SAMLResponse": b64("<html/>")}, "saml.root"),
    ("DTD", {"SAMLResponse": b64(f'<!DOCTYPE a [<!ENTITY x "y">]>{_XML}/>')}, "saml.dtd"),
    ("no assertion", {"SAMLResponse": b64(f'{_XML} ID="_a" Version="2.0"/>')}, "unsolicited"),
    ("too big", {"SAMLResponse": "A" * 300_000}, "saml.too_large"),
    ("null characters", {"SAMLResponse": b64("\x00\x00")}, "saml.encoding"),
    ("file", {"RelayState": "x" * 1000}, "saml.not_base64"),
]


@pytest.mark.parametrize(
    ("data", "reason"), [row[1:] for row in SAML_POSTS], ids=[row[0] for row in SAML_POSTS]
)
def test_post_that_is_no_response_is_refused(
    acme: Company, browser: PersonBrowser, data: dict[str, object], reason: str
) -> None:
    # S-8, V-21
    from sso_saml.configuration import SamlValues, save_saml_settings
    from tests.journeys.conftest import OPERATOR

    save_saml_settings(provider=acme.saml, actor=OPERATOR, values=SamlValues(idp_initiated="refuse"))
    before = rows()
    page = browser.post(SAML, data, cross_site=True)
    assert refused_for(page) == reason
    assert written(before) == LOGGED


OIDC_POSTS: list[tuple[str, dict[str, object], str]] = [
    ("nothing", {}, "oidc.state"),
    ("no state", {"code": "c", "id_token": "a.b.c"}, "oidc.state"),
    ("unknown state", {"code": "c", "id_token": "a.b.c", "state": "x"}, "attempt.unknown"),
    ("state twice", {"code": "c", "id_token": "a.b.c", "state": ["x", "y"]}, "oidc.response"),
    ("endless state", {"code": "c", "id_token": "a.b.c", "state": "x" * 3000}, "oidc.response"),
    ("no code", {"id_token": "a.b.c", "state": "x"}, "oidc.response"),
    ("no token", {"code": "c", "state": "x"}, "oidc.response"),
    ("error and code", {"code": "c", "error": "access_denied", "state": "x"}, "oidc.response"),
    ("control characters", {"code": "c\x00", "id_token": "a.b.c", "state": "x\x00"}, "oidc.response"),
]


@pytest.mark.parametrize(
    ("data", "reason"), [row[1:] for row in OIDC_POSTS], ids=[row[0] for row in OIDC_POSTS]
)
def test_post_that_is_no_authorization_response_is_refused(
    acme: Company, browser: PersonBrowser, data: dict[str, object], reason: str
) -> None:
    # O-6, V-21
    before = rows()
    page = browser.post(CALLBACK, data, cross_site=True)
    assert refused_for(page) == reason
    assert written(before) == LOGGED


def raw(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def part(value: object) -> str:
    return raw(json.dumps(value))


TWICE_NAMED = '{"alg": "RS256", "alg": "none"}'

TOKENS = {
    "garbage": "garbage",
    "two parts": "a.b",
    "no JSON": f"{raw('hello')}.{part({})}.c2ln",
    "a list": f"{part([1])}.{part({})}.c2ln",
    "alg none": f"{part({'alg': 'none'})}.{part({'sub': 'mia'})}.c2ln",
    "unsigned": f"{part({'alg': 'none'})}.{part({'sub': 'mia'})}.",
    "symmetric": f"{part({'alg': 'HS256'})}.{part({'sub': 'mia'})}.c2ln",
    "unknown key": f"{part({'alg': 'RS256', 'kid': 'none of theirs'})}.{part({'sub': 'mia'})}.c2ln",
    "too big": "a." + "b" * 200_000 + ".c",
    "twice named": f"{raw(TWICE_NAMED)}.{part({})}.c2ln",
}


@pytest.mark.parametrize("token", list(TOKENS.values()), ids=list(TOKENS))
def test_token_that_is_none_spends_nothing(acme: Company, browser: PersonBrowser, token: str) -> None:
    # O-6, V-17
    answer = answer_of(browser, OIDC)
    before = rows()
    page = browser.post(CALLBACK, {**fields_of(answer), "id_token": token}, cross_site=True)
    assert refused_for(page).startswith("oidc.")
    assert written(before) == LOGGED
    assert SignInAttempt.objects.get().stage == Stage.OPEN
    browser.submit(answer)
    assert browser.me()["authenticated"] is True


def test_code_that_was_swapped_is_noticed_before_anything_is_exchanged(
    acme: Company, browser: PersonBrowser
) -> None:
    # O-6: c_hash
    fields = fields_of(answer_of(browser, OIDC))
    page = browser.post(CALLBACK, {**fields, "code": "somebody-elses"}, cross_site=True)
    assert refused_for(page) == "oidc.c_hash"
    assert not User.objects.exists()


UNKNOWN = [
    "/sso/saml/nobody/",
    "/sso/oidc/nobody/login",
    "/sso/oidc/nobody/callback",
    "/sso/saml/nobody/metadata",
]
WRONG_PROTOCOL = ["/sso/saml/acme-oidc/", "/sso/oidc/acme-saml/login", "/sso/oidc/acme-saml/callback"]


@pytest.mark.parametrize("path", UNKNOWN + WRONG_PROTOCOL)
def test_provider_that_does_not_exist_is_not_found(acme: Company, browser: PersonBrowser, path: str) -> None:
    before = rows()
    page = browser.open(path)
    assert page.status == 404
    assert refused_for(page) == "provider.unknown"
    assert written(before) == LOGGED


@pytest.mark.parametrize("path", ["/sso/saml/nobody/", "/sso/oidc/nobody/callback"])
def test_answer_for_a_provider_that_does_not_exist_is_not_found(
    acme: Company, browser: PersonBrowser, path: str
) -> None:
    page = browser.post(path, {"SAMLResponse": b64("<a/>"), "state": "x"}, cross_site=True)
    assert page.status == 404
    assert refused_for(page) == "provider.unknown"


@pytest.mark.parametrize("path", [SAML, CALLBACK], ids=["saml", "oidc"])
def test_body_that_cannot_be_read_is_refused_with_a_reason(acme: Company, path: str) -> None:
    # V-21: what Django itself would answer with a bare 400
    client = Client(headers={"host": "localhost:8000"})
    form = "application/x-www-form-urlencoded"
    bodies = [
        (b"SAMLResponse=" + b"A" * 1_200_000, form),
        (b"&".join(b"a%d=1" % n for n in range(2100)), form),
        (b"SAMLResponse=x", f"{form}; charset=utf-16"),
        (b"no boundary", "multipart/form-data"),
        (b"broken", MULTIPART_CONTENT),
    ]
    for body, content_type in bodies:
        before = rows()
        page = page_of(client.generic("POST", path, body, content_type))
        assert page.status == 400
        assert refused_for(page) in ("answer.unreadable", "saml.not_base64", "oidc.state")
        assert set(written(before)) <= set(LOGGED)


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/xml"])
def test_body_of_another_kind_is_no_answer(acme: Company, content_type: str) -> None:
    client = Client(headers={"host": "localhost:8000"})
    for path in (SAML, CALLBACK):
        page = page_of(client.post(path, data='{"SAMLResponse": 1}', content_type=content_type))
        assert refused_for(page) in ("saml.not_base64", "oidc.state")


@pytest.mark.parametrize(
    "code", ["", "x", "x" * 10_000, "%00", "%ed%a0%80", "%F0%9F%98%80", "'; DROP TABLE sso_parkedanswer; --"]
)
def test_continuation_without_a_code_of_ours_is_refused(
    acme: Company, browser: PersonBrowser, code: str
) -> None:
    # V-17
    before = rows()
    assert refused_for(browser.open(f"{CONTINUE}?code={code}")) == "attempt.code_unknown"
    assert refused_for(browser.post(CONTINUE, {"code": code, "choice": "continue"})) == "attempt.code_unknown"
    assert refused_for(browser.post(CONTINUE, {"code": code, "choice": "stay"})) == "attempt.code_unknown"
    assert written(before) == LOGGED  # one failure, counted


@pytest.mark.parametrize("start", [SAML, OIDC], ids=["saml", "oidc"])
@pytest.mark.parametrize(
    "query",
    ["login_hint=%00", "login_hint=a%0d%0ab", "next=%00", "displayed=%00", "login_hint=" + "x" * 5000],
)
def test_odd_parameters_of_the_start_do_no_harm(
    acme: Company, browser: PersonBrowser, start: str, query: str
) -> None:
    sign_in(browser, f"{start}?{query}")
    assert browser.me()["authenticated"] is True


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("put", SAML),
        ("delete", SAML),
        ("put", CALLBACK),
        ("delete", CONTINUE),
        ("post", "/sso/saml/acme-saml/metadata"),
    ],
)
def test_methods_that_an_address_does_not_have(
    acme: Company, browser: PersonBrowser, method: str, path: str
) -> None:
    assert getattr(browser.client, method)(path).status_code == 405


LONG = "ﷺ" * 40  # one character that folds into eighteen


@pytest.mark.parametrize("start", [SAML, OIDC], ids=["saml", "oidc"])
@pytest.mark.parametrize(
    "fields",
    [
        {"given_name": "x" * 1500},
        {"given_name": LONG, "family_name": LONG, "display_name": LONG},
        {"display_name": "a\u0301" * 200},
        {"user_name": LONG},
        {"user_name": " "},
        {"timezone": "x" * 500},
        {"space_name": "," * 3000, "space_role": "," * 3000},
        {"groups": "\n".join(f"g{n}" for n in range(140))},
        {"role_mapping": "x" * 1900},
        {"extra": "phone=" + "1" * 400},
    ],
    ids=lambda fields: next(iter(fields)) if isinstance(fields, dict) else None,
)
def test_bad_value_never_fails_a_sign_in(
    acme: Company, browser: PersonBrowser, start: str, fields: dict[str, str]
) -> None:
    # J-9
    sign_in(browser, start, **fields)
    assert browser.me()["email"] == "mia@acme.example"


@pytest.mark.parametrize(
    "extra",
    [
        'family_name="a\\u0000b"',
        'space_name="Trial\\u0000"',
        'groups=["\\u0000", "ok"]',
        'groups={"a": 1}',
        "groups=[[1], {}, null, 3, true]",
        "space_name=17",
        "email_verified=[]",
        "acr=\\u0000",
        "session_expiry=true",
        "session_expiry=99999999999999999999",
        'hd=["acme.example"]',
        "_claim_names=x",
    ],
)
def test_odd_json_in_a_token_never_fails_a_sign_in_by_a_traceback(
    acme: Company, browser: PersonBrowser, extra: str
) -> None:
    # J-9, design rule 6
    page = sign_in(browser, OIDC, extra=extra)
    assert page.status < 500
    if browser.me()["authenticated"]:
        assert browser.me()["email"] == "mia@acme.example"
    else:
        assert refused_for(page)
        assert not User.objects.exists()


@pytest.mark.parametrize("start", [SAML, OIDC], ids=["saml", "oidc"])
@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"leave_out": ["email", "user_name"], "name_id_format": "persistent"}, "no_email"),
        ({"email": "no address", "name_id_format": "persistent"}, "person.invalid"),
        ({"email": "mia@evil.example", "user_name": "mia@evil.example"}, "email.outside_domains"),
    ],
)
def test_claims_that_make_no_person_leave_nothing_half_written(
    acme: Company, browser: PersonBrowser, start: str, fields: dict[str, str], reason: str
) -> None:
    # design rule 1
    before = rows()
    assert refused_for(sign_in(browser, start, **fields)) == reason
    allowed = {"audit.AuditEvent", "sso.SignInAttempt", "sso.ParkedAnswer", "sso_saml.SpentAssertion"}
    assert set(written(before)) <= allowed
    assert written(before)["audit.AuditEvent"] == 1


@pytest.mark.parametrize("tenant", ["x" * 70, "t\u00e9nant"])
def test_tenant_that_is_no_tenant_id_is_refused(acme: Company, browser: PersonBrowser, tenant: str) -> None:
    # V-1: what does not fit its column is refused, not cut
    for start in (SAML, OIDC):
        page = sign_in(browser, start, tenant_id=tenant)
        assert page.status < 500
        browser.post("/logout/", {})
    if len(tenant) > 64:
        assert not User.objects.exists()


def test_object_id_that_is_endless_is_refused(acme: Company, browser: PersonBrowser) -> None:
    for start in (SAML, OIDC):
        assert refused_for(sign_in(browser, start, object_id="x" * 600))
    assert not User.objects.exists()


def test_two_hundred_groups_and_spaces_are_taken(
    make_company: Callable[..., Company], browser: PersonBrowser
) -> None:
    # J-4, G-4
    make_company("globex", Vendor.OKTA)
    names = ",".join(f"Space {n}" for n in range(200))
    groups = "\n".join(f"Group {n}" for n in range(200))
    sign_in(
        browser,
        "/sso/saml/globex-saml/",
        email="mia@globex.example",
        space_name=names,
        space_role=names,
        groups=groups,
    )
    assert browser.me()["authenticated"] is True


@pytest.mark.parametrize(
    "page", ["invitation", "recovery-access", "recovery-drill", "password-reset", "setup"]
)
def test_link_that_no_mail_of_ours_had_still_gets_a_page(db: None, client: Client, page: str) -> None:
    # V-21, V-24: what a header can't hold would end the answer in the web server, behind every error page
    left = client.get(f"/{page}/1€2\n3/")
    assert left.cookies.output(header="").encode("latin-1")
    assert client.get(left.headers["Location"]).status_code in (400, 410)
