"""Signed out at the provider, a person is signed out here: OpenID Connect Back-Channel Logout 1.0 (O-7, L-12).

Every token that is refused is an honest one with one thing wrong. Mia stays signed in, the provider's server reads a
400 and support finds the code; then the honest twin comes and signs her out.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import EndReason, UserSession
from audit.models import AuditEvent, FailureLogEntry
from sso import providers
from sso.models import IdentityProvider
from sso_oidc.logout_tokens import LOGOUT_EVENT
from sso_oidc.models import SpentLogoutToken
from sso_oidc.tasks import purge_logouts
from tests.journeys.person_browser import HOME, Page, PersonBrowser
from tests.journeys.seen import rows, written
from tests.sso_oidc.misbehaving_provider import (
    CLIENT_ID,
    OTHER_RSA,
    part,
    public,
    sign,
    sign_with_hmac,
)
from tests.sso_oidc.signing_in import ANONYMOUS, BACKCHANNEL, In, Scene, post_form
from tests.worlds import OPERATOR, add_provider, found_account


def reason(page: Page) -> str:
    """Why a logout token was refused, found as support would: by the track ID that the provider was told."""
    assert page.status == 400, page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Content-Type"] == "application/json"
    said = json.loads(page.text)
    assert said["error"] == "invalid_request"
    track_id = said["error_description"].removeprefix("Track ID ")
    return FailureLogEntry.objects.get(track_id=track_id).code


def is_in(browser: PersonBrowser) -> bool:
    return bool(browser.me()["authenticated"])


# --- what it ends -----------------------------------------------------------------------------------------------------


def test_signed_out_at_the_provider_the_next_request_here_is_signed_out(
    scene: Scene, browser: PersonBrowser
) -> None:
    # O-7, L-12
    scene.sign_in(browser)
    assert is_in(browser)
    page = scene.tell(scene.logout_token())
    assert (page.status, page.text) == (200, "")
    assert page.headers["Cache-Control"] == "no-store"
    assert browser.me() == ANONYMOUS
    assert UserSession.objects.get().end_reason == EndReason.PROVIDER_LOGOUT
    event = AuditEvent.objects.get(action="session.ended")
    assert event.actor_kind == "provider"
    assert event.account_id == scene.world.account.pk


@pytest.mark.parametrize(
    ("named", "left"),
    [
        ({"sid": "sid-office"}, ["phone", "noah"]),
        ({"sid": "sid-office", "sub": ...}, ["phone", "noah"]),
        ({"sid": ..., "sub": "sub-mia"}, ["noah"]),
        ({"sid": "sid-office", "sub": "sub-noah"}, ["office", "phone", "noah"]),
        ({"sid": "sid-unknown"}, ["office", "phone", "noah"]),
        ({"sid": ..., "sub": "sub-unknown"}, ["office", "phone", "noah"]),
        ({"sid": ..., "sub": "SUB-MIA"}, ["office", "phone", "noah"]),
    ],
    ids=["sid and sub", "sid", "sub", "another's sid", "unknown sid", "unknown sub", "other case"],
)
def test_token_ends_the_sessions_that_it_names(scene: Scene, named: dict[str, Any], left: list[str]) -> None:
    # §2.4, §2.7; one that names none is a success too
    people = {"office": PersonBrowser(), "phone": PersonBrowser(), "noah": PersonBrowser()}
    scene.sign_in(people["office"], sid="sid-office")
    scene.sign_in(people["phone"], sid="sid-phone")
    scene.sign_in(people["noah"], "noah")
    assert scene.tell(scene.logout_token(**named)).status == 200
    assert [name for name, browser in people.items() if is_in(browser)] == left


def test_session_whose_id_token_named_no_sid_ends_with_the_person_named(
    scene: Scene, browser: PersonBrowser
) -> None:
    # It can't be told apart from the one meant.
    noah = PersonBrowser()
    scene.sign_in(browser, sid=None)
    scene.sign_in(noah, "noah", sid=None)
    assert scene.tell(scene.logout_token(sub=...)).status == 200
    assert is_in(browser)
    assert scene.tell(scene.logout_token()).status == 200
    assert (is_in(browser), is_in(noah)) == (False, True)


def test_person_known_by_another_claim_is_found_by_sub(scene: Scene, browser: PersonBrowser) -> None:
    # J-11: what we know the person by is not what a logout token names them by
    scene.configure(subject_claim="employee_id")
    scene.sign_in(browser, employee_id="E-1", sid=None)
    assert UserSession.objects.get().subject == "E-1"
    assert scene.tell(scene.logout_token(sid=..., sub="E-1")).status == 200
    assert is_in(browser)
    assert scene.tell(scene.logout_token(sid=...)).status == 200
    assert browser.me() == ANONYMOUS


def test_sessions_of_other_providers_and_passwords_go_on(scene: Scene, browser: PersonBrowser) -> None:
    # V-2: same sub, same sid, another account's provider with the same people at the same place
    other = found_account("globex")
    scene.sign_in(browser)
    UserSession.objects.update(provider_id=other.provider.pk)
    assert scene.tell(scene.logout_token()).status == 200
    assert is_in(browser)
    UserSession.objects.update(provider_id=scene.world.provider.pk)
    assert scene.tell(scene.logout_token()).status == 200
    assert browser.me() == ANONYMOUS


def test_session_that_is_over_is_a_success_and_stays_as_it_ended(
    scene: Scene, browser: PersonBrowser
) -> None:
    # §2.7: idempotent
    scene.sign_in(browser)
    browser.post("/logout/", {})
    assert scene.tell(scene.logout_token()).status == 200
    assert UserSession.objects.get().end_reason == EndReason.LOGOUT


def test_disabled_provider_may_still_end_what_it_began_and_a_draft_began_nothing(
    scene: Scene, browser: PersonBrowser
) -> None:
    scene.sign_in(browser)
    draft = add_provider(scene.world.account, "acme-draft", enabled=False)
    page = post_form(f"/sso/oidc/{draft.slug}/backchannel-logout", {"logout_token": scene.logout_token()})
    assert reason(page) == "provider.not_enabled"
    providers.disable_provider(provider=scene.world.provider, actor=OPERATOR)
    assert is_in(browser)
    assert scene.tell(scene.logout_token()).status == 200
    assert browser.me() == ANONYMOUS


def test_signed_out_person_signs_in_again_at_once(scene: Scene, browser: PersonBrowser) -> None:
    scene.sign_in(browser)
    scene.tell(scene.logout_token(sid=...))
    scene.sign_in(browser, sid="sid-new")
    assert is_in(browser)


# --- an answer under way meanwhile ------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [{}, {"sub": ...}, {"sid": ...}], ids=["sid and sub", "sid", "sub"])
def test_answer_that_is_parked_while_the_provider_ends_its_session_signs_nobody_in(
    scene: Scene, browser: PersonBrowser, named: dict[str, Any]
) -> None:
    # V-17, §2.7
    scene.configure(flow="hybrid")
    scene.begin(browser)
    parked = scene.post_back(browser, scene.claims())
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=3), tick=True):
        assert scene.tell(scene.logout_token(**named)).status == 200
        page = browser.open(parked.headers["Location"])
        assert FailureLogEntry.objects.get().code == "oidc.logged_out"
        assert page.status == 400
        assert browser.me() == ANONYMOUS
        scene.begin(browser)
        iat = int(time.time()) + 1
        again = scene.post_back(browser, scene.claims(sid="sid-new", iat=iat))
        browser.open(again.headers["Location"])
        assert is_in(browser)


def test_logout_of_somebody_else_leaves_a_parked_answer_alone(scene: Scene, browser: PersonBrowser) -> None:
    scene.configure(flow="hybrid")
    scene.begin(browser)
    parked = scene.post_back(browser, scene.claims())
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=3), tick=True):
        scene.tell(scene.logout_token(sub="sub-noah", sid="sid-noah"))
        scene.tell(scene.logout_token(sub="sub-noah", sid=...))
        browser.open(parked.headers["Location"])
    assert is_in(browser)


# --- what it takes ----------------------------------------------------------------------------------------------------


HONEST: list[tuple[str, dict[str, Any]]] = [
    ("typ JWT", {"header": {"typ": "JWT"}}),
    ("no typ", {"header": {"typ": None}}),
    ("the whole media type", {"header": {"typ": "application/LOGOUT+JWT"}}),
    ("Keycloak's event", {"events": {LOGOUT_EVENT: {"revoke_offline_access": True}}}),
    ("a second event", {"events": {LOGOUT_EVENT: {}, "https://idp.example/other": {}}}),
    ("audience in a list", {"aud": [CLIENT_ID]}),
    ("audiences with azp", {"aud": [CLIENT_ID, "another"], "azp": CLIENT_ID}),
    ("more claims", {"trace_id": "x", "typ": "Logout"}),  # §2.4: what is not understood is ignored
    ("for a long time", {"exp": 4102444800}),
    ("a clock that is ahead", {"iat": In(60)}),
]


@pytest.mark.parametrize("changes", [row[1] for row in HONEST], ids=[row[0] for row in HONEST])
def test_every_honest_form_of_a_token_is_understood(
    scene: Scene, browser: PersonBrowser, changes: dict[str, Any]
) -> None:
    # §2.4, §2.6; typ is explicit since the final specification
    scene.sign_in(browser)
    assert scene.tell(scene.logout_token(**changes)).status == 200
    assert browser.me() == ANONYMOUS


CLAIMS: list[tuple[str, dict[str, Any], str]] = [
    ("no event", {"events": ...}, "oidc.logout_event"),
    ("empty events", {"events": {}}, "oidc.logout_event"),
    ("another event", {"events": {"https://idp.example/other": {}}}, "oidc.logout_event"),
    ("event of another type", {"events": {LOGOUT_EVENT: []}}, "oidc.logout_event"),
    ("event is null", {"events": {LOGOUT_EVENT: None}}, "oidc.logout_event"),
    ("events in a list", {"events": [LOGOUT_EVENT]}, "oidc.logout_event"),
    ("a nonce", {"nonce": "n"}, "oidc.nonce"),
    ("an empty nonce", {"nonce": None}, "oidc.nonce"),
    ("neither sub nor sid", {"sub": ..., "sid": ...}, "oidc.subject"),
    ("sub is a number", {"sub": 7}, "oidc.subject"),
    ("sub is empty", {"sub": ""}, "oidc.subject"),
    ("sid is a number", {"sid": 7}, "oidc.claim"),
    ("sid is empty", {"sid": ""}, "oidc.claim"),
    ("sid with a line break", {"sid": "sid-mia\n"}, "oidc.claim"),
    ("sid with a null character", {"sid": "sid-mia\x00"}, "oidc.malformed"),
    ("no jti", {"jti": ...}, "oidc.jti"),
    ("jti is empty", {"jti": ""}, "oidc.jti"),
    ("jti is a number", {"jti": 1}, "oidc.jti"),
    ("another issuer", {"iss": "https://evil.example"}, "oidc.issuer"),
    ("no issuer", {"iss": ...}, "oidc.issuer"),
    ("another audience", {"aud": "another"}, "oidc.audience"),
    ("no audience", {"aud": ...}, "oidc.audience"),
    ("audience in other case", {"aud": CLIENT_ID.upper()}, "oidc.audience"),
    ("one of several audiences", {"aud": [CLIENT_ID, "another"]}, "oidc.azp"),
    ("no exp", {"exp": ...}, "oidc.claim"),
    ("over", {"iat": In(-900), "exp": In(-600)}, "oidc.expired"),
    ("no iat", {"iat": ...}, "oidc.claim"),
    ("from the future", {"iat": In(3600)}, "oidc.issued_at"),
    ("old", {"iat": In(-7200), "exp": In(7200)}, "oidc.issued_at"),
    ("not yet", {"nbf": In(3600)}, "oidc.not_before"),
    ("access token", {"header": {"typ": "at+jwt"}}, "oidc.malformed"),
    ("security event", {"header": {"typ": "secevent+jwt"}}, "oidc.malformed"),
    ("critical extension", {"header": {"crit": ["b64"], "b64": False}}, "oidc.malformed"),
    ("unknown key", {"header": {"kid": "nobody"}}, "oidc.unknown_key"),
]


@pytest.mark.parametrize(("changes", "code"), [row[1:] for row in CLAIMS], ids=[row[0] for row in CLAIMS])
def test_token_that_is_wrong_ends_nothing(
    scene: Scene, browser: PersonBrowser, changes: dict[str, Any], code: str
) -> None:
    # §2.6
    scene.sign_in(browser)
    before = rows()
    assert reason(scene.tell(scene.logout_token(**changes))) == code
    assert written(before) == {"audit.FailureLogEntry": 1}  # V-21
    assert is_in(browser)
    assert scene.tell(scene.logout_token()).status == 200
    assert browser.me() == ANONYMOUS


def signed_by_another(scene: Scene) -> str:
    return sign(scene.logout_claims(), OTHER_RSA, typ="logout+jwt", kid="rsa-1")


def signed_with_none(scene: Scene) -> str:
    return f"{part({'alg': 'none', 'typ': 'logout+jwt'})}.{part(scene.logout_claims())}."


def signed_with_the_client_secret(scene: Scene) -> str:
    return sign_with_hmac(scene.logout_claims(), b"p:ss w\xc3\xb6rd&", "rsa-1")


def with_its_own_key(scene: Scene) -> str:
    jwk = public(OTHER_RSA)["keys"][0]
    return sign(scene.logout_claims(), OTHER_RSA, typ="logout+jwt", kid="rsa-1", jwk=jwk)


def changed_after_signing(scene: Scene) -> str:
    header, _, signature = scene.logout_token().split(".")
    return f"{header}.{part(scene.logout_claims(sub='sub-noah'))}.{signature}"


SIGNATURES: list[tuple[Callable[[Scene], str], str]] = [
    (signed_by_another, "oidc.signature"),
    (signed_with_none, "oidc.malformed"),
    (signed_with_the_client_secret, "oidc.algorithm"),
    (with_its_own_key, "oidc.signature"),
    (changed_after_signing, "oidc.signature"),
    (lambda scene: scene.logout_token() + "x", "oidc.signature"),
    (lambda scene: "", "oidc.malformed"),
    (lambda scene: "no token", "oidc.malformed"),
    (lambda scene: "a.b.c.d.e", "oidc.malformed"),  # encrypted
]


@pytest.mark.parametrize(("forge", "code"), SIGNATURES, ids=range(len(SIGNATURES)))
def test_token_that_the_provider_did_not_sign_ends_nothing(
    scene: Scene, browser: PersonBrowser, forge: Callable[[Scene], str], code: str
) -> None:
    # §2.6, RFC 8725
    scene.sign_in(browser)
    assert reason(scene.tell(forge(scene))) == code
    assert is_in(browser)


def test_id_token_is_no_logout_token_and_a_logout_token_no_id_token(
    scene: Scene, browser: PersonBrowser
) -> None:
    # §4.1: cross-JWT confusion, in both directions and whatever typ says
    scene.sign_in(browser)
    stolen = UserSession.objects.get().id_token
    assert reason(scene.tell(stolen)) == "oidc.logout_event"
    with_event = sign({**scene.claims(), "jti": "j", "events": {LOGOUT_EVENT: {}}}, scene.idp.key)
    assert reason(scene.tell(with_event)) == "oidc.nonce"
    thief = PersonBrowser()
    for typ, code in (("logout+jwt", "oidc.malformed"), ("JWT", "oidc.nonce")):
        scene.begin(thief)
        scene.idp.token_answer["id_token"] = scene.logout_token(header={"typ": typ})
        page = thief.open(f"{scene.path('callback')}?code=code-4711&state={scene.asked['state']}")
        assert page.status == 400
        assert FailureLogEntry.objects.order_by("last_seen").last().code == code  # type: ignore[union-attr]
    assert thief.me() == ANONYMOUS
    assert is_in(browser)


# --- once -------------------------------------------------------------------------------------------------------------


def test_token_counts_once(scene: Scene, browser: PersonBrowser) -> None:
    # §2.6, step 8
    token = scene.logout_token(sid=...)
    assert scene.tell(token).status == 200
    scene.sign_in(browser)
    assert reason(scene.tell(token)) == "oidc.logout_replay"
    assert is_in(browser)
    assert scene.tell(scene.logout_token(sid=...)).status == 200
    assert browser.me() == ANONYMOUS


def test_same_jti_of_another_provider_is_another_token(scene: Scene) -> None:
    other = add_provider(scene.world.account, "acme-second")
    scene.tell(scene.logout_token(jti="one"))
    IdentityProvider.objects.filter(pk=other.pk).update(private_network=True)
    twin = Scene(scene.world, scene.idp, other.slug)
    other.oidc_settings.issuer = scene.idp.issuer
    other.oidc_settings.save()
    assert twin.tell(twin.logout_token(jti="one", aud=other.slug)).status == 200


def test_used_tokens_are_kept_as_long_as_they_could_be_used(scene: Scene) -> None:
    now = timezone.now()
    scene.tell(scene.logout_token(exp=4102444800))  # a provider can't fill the table by a date far away
    assert max(SpentLogoutToken.objects.values_list("expires_at", flat=True)) < now + dt.timedelta(minutes=33)
    with time_machine.travel(now + dt.timedelta(minutes=29), tick=True):
        purge_logouts()
        assert SpentLogoutToken.objects.exists()
    with time_machine.travel(now + dt.timedelta(minutes=34), tick=True):
        purge_logouts()
    assert not SpentLogoutToken.objects.exists()


def test_token_is_not_used_up_while_the_providers_keys_cannot_be_had(
    scene: Scene, browser: PersonBrowser
) -> None:
    # The provider may send it again.
    scene.sign_in(browser)
    token = scene.logout_token()
    scene.announce()
    keys = scene.idp.server.routes.pop("/keys")
    assert reason(scene.tell(token)) == "http.status"
    scene.idp.server.routes["/keys"] = keys
    assert scene.tell(token).status == 200
    assert browser.me() == ANONYMOUS


# --- how it comes -----------------------------------------------------------------------------------------------------


def test_message_that_is_no_form_with_one_token_is_refused(scene: Scene, browser: PersonBrowser) -> None:
    # §2.5
    scene.sign_in(browser)
    server = Client(headers={"host": "localhost:8000"})
    form = "application/x-www-form-urlencoded"
    bodies = [
        ("", form),
        ("token=x", form),
        (f"logout_token={scene.logout_token()}&logout_token={scene.logout_token()}", form),
        (json.dumps({"logout_token": scene.logout_token()}), "application/json"),
        (scene.logout_token(), "application/logout+jwt"),
    ]
    for body, content_type in bodies:
        answer = server.post(BACKCHANNEL, body, content_type=content_type)
        page = Page("", answer.status_code, answer.content.decode(), dict(answer.headers))
        assert reason(page) == "oidc.logout_request"
    huge = server.post(BACKCHANNEL, f"logout_token={'x' * 3_000_000}", content_type=form)
    assert huge.status_code == 400
    assert is_in(browser)


def test_only_a_post_to_the_providers_own_address_is_heard(scene: Scene, browser: PersonBrowser) -> None:
    scene.sign_in(browser)
    assert PersonBrowser().open(f"{BACKCHANNEL}?logout_token={scene.logout_token()}").status == 405
    page = post_form("/sso/oidc/nobody/backchannel-logout", {"logout_token": scene.logout_token()})
    assert page.status == 404
    assert is_in(browser)


def test_address_of_another_providers_takes_no_token_of_this_one(
    scene: Scene, browser: PersonBrowser
) -> None:
    scene.sign_in(browser)
    other = found_account("globex")
    IdentityProvider.objects.filter(pk=other.provider.pk).update(private_network=True)
    other.provider.oidc_settings.issuer = scene.idp.issuer
    other.provider.oidc_settings.save()
    page = post_form(
        f"/sso/oidc/{other.provider.slug}/backchannel-logout", {"logout_token": scene.logout_token()}
    )
    assert reason(page) == "oidc.audience"
    assert is_in(browser)


def test_flood_from_one_address_is_cut_off(
    scene: Scene, browser: PersonBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    # V-21
    from sso_oidc import backchannel

    monkeypatch.setattr(backchannel, "PER_ADDRESS", 2)
    for _ in range(2):
        scene.tell("x")
    page = scene.tell("x")
    assert page.status == 429
    assert FailureLogEntry.objects.order_by("last_seen").last().code == "attempt.too_many"  # type: ignore[union-attr]


def test_nothing_of_the_token_is_told_or_kept(scene: Scene) -> None:
    # design rule 8
    token = scene.logout_token(iss="https://evil.example", sub="secret-sub")
    page = scene.tell(token)
    assert "secret-sub" not in page.text
    assert "evil.example" not in page.text
    kept = FailureLogEntry.objects.get().message
    assert token not in kept
    assert "secret-sub" not in kept
    assert scene.tell(scene.logout_token()).status == 200
    assert f"{HOME}" not in page.text
