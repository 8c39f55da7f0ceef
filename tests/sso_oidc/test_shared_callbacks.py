"""Callback paths that several providers share, and the mix-up attack that they invite (O-2, V-20; RFC 9700 §4.4).

The attacker's provider is one that evil.example's admin configured; the honest one is Acme's. What the attacker wants
is Acme's code with our PKCE verifier, at the attacker's token endpoint.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts import privilege
from accounts.models import User
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent, FailureLogEntry
from sso.models import SignInAttempt, Stage
from sso_oidc.configuration import OidcValues, save_oidc_settings
from sso_oidc.models import OidcSettings
from tests.foundation.local_server import answer
from tests.journeys.person_browser import HOME, Page, PersonBrowser
from tests.journeys.seen import refused_for
from tests.sso_oidc.misbehaving_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    CODE,
    OTHER_RSA,
    MisbehavingProvider,
    public,
)
from tests.sso_oidc.signing_in import CALLBACK, Scene
from tests.worlds import OPERATOR, found_account

OPENIDCONNECT = "/sso/openidconnect"
IDP_CALLBACK = "/api/accounts/idp-callback"
PATHS = pytest.mark.parametrize(
    ("name", "path"), [("openidconnect", OPENIDCONNECT), ("idp-callback", IDP_CALLBACK)]
)


@pytest.fixture
def shared(scene: Scene) -> Scene:
    """Acme's provider on the shared path, by the code flow, with ``iss`` in its answers."""
    scene.announce(authorization_response_iss_parameter_supported=True)
    scene.configure(callback_path="openidconnect")
    return scene


@pytest.fixture
def evil(scene: Scene, settings: Settings) -> Iterator[Scene]:
    """Another account whose admin runs a provider of their own, on the shared path too."""
    with MisbehavingProvider() as running:
        settings.BROKER_NETWORK_ALLOW_LIST = running.server.allowed | scene.idp.server.allowed
        running.server.routes["/token"] = lambda visit: answer(running.token_answer)(visit)
        running.key, running.jwks = OTHER_RSA, public(OTHER_RSA)
        running.document["authorization_response_iss_parameter_supported"] = True
        del running.document["userinfo_endpoint"]
        there = Scene(found_account("evil"), running, "evil-oidc")
        there.configure(
            issuer=running.issuer,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            flow="code",
            callback_path="openidconnect",
        )
        yield there


def honest_issuer(scene: Scene, **more: str) -> dict[str, str]:
    return {"iss": scene.idp.issuer, **more}


# --- who may use them, and how ----------------------------------------------------------------------------------------


@PATHS
def test_person_signs_in_by_the_code_flow_with_iss(
    shared: Scene, browser: PersonBrowser, name: str, path: str
) -> None:
    # O-2, V-20
    shared.configure(callback_path=name)
    shared.begin(browser)
    assert shared.asked["redirect_uri"] == f"{HOME}{path}"
    with CaptureQueriesContext(connection) as asked:
        shared.come_back(browser, shared.claims(), path=path, iss=shared.idp.issuer)
    of_hosts = [query for query in asked if "accounts_accounthostname" in query["sql"]]
    assert len(of_hosts) == 1  # comes along with the provider
    assert browser.me()["user_name"] == "mia@acme.example"
    [sent] = [visit.form for visit in shared.idp.server.requests if visit.path == "/token"]
    assert sent["redirect_uri"] == f"{HOME}{path}"


@PATHS
def test_person_signs_in_by_the_hybrid_flow_without_iss(
    scene: Scene, browser: PersonBrowser, name: str, path: str
) -> None:
    # V-20: the ID token says who answers
    scene.configure(callback_path=name, flow="hybrid")
    scene.begin(browser)
    assert scene.asked["redirect_uri"] == f"{HOME}{path}"
    parked = scene.post_back(browser, scene.claims(), path=path)
    assert parked.status == 303
    browser.open(parked.headers["Location"])
    assert browser.me()["user_name"] == "mia@acme.example"


def test_answer_without_iss_is_refused_and_its_code_not_redeemed(
    shared: Scene, browser: PersonBrowser
) -> None:
    # V-20
    shared.begin(browser)
    page = shared.come_back(browser, shared.claims(), path=OPENIDCONNECT)
    assert refused_for(page) == "oidc.iss_parameter"
    assert shared.idp.count("/token") == 0
    shared.come_back(browser, shared.claims(), path=OPENIDCONNECT, iss=shared.idp.issuer)
    assert browser.me()["authenticated"] is True


def test_provider_that_does_not_announce_iss_cannot_begin_there_by_the_code_flow(
    shared: Scene, browser: PersonBrowser
) -> None:
    # V-20
    shared.announce(authorization_response_iss_parameter_supported=None)
    assert refused_for(shared.begin(browser)) == "oidc.shared_callback"
    shared.configure(flow="hybrid")
    assert shared.begin(browser).status == 302
    shared.configure(flow="code", callback_path="own")
    assert shared.begin(browser).status == 302


def test_provider_of_its_own_path_is_not_answered_on_a_shared_one(
    scene: Scene, browser: PersonBrowser
) -> None:
    # V-20: an answer counts where its sign-in was sent with
    scene.announce(authorization_response_iss_parameter_supported=True)
    scene.begin(browser)
    assert scene.asked["redirect_uri"] == f"{HOME}{CALLBACK}"
    for path in (OPENIDCONNECT, IDP_CALLBACK):
        page = scene.come_back(browser, scene.claims(), path=path, iss=scene.idp.issuer)
        assert refused_for(page) == "oidc.callback_path"
    assert scene.idp.count("/token") == 0
    scene.come_back(browser, scene.claims(), iss=scene.idp.issuer)
    assert browser.me()["authenticated"] is True


def test_provider_of_a_shared_path_is_not_answered_on_its_own_or_the_other(
    shared: Scene, browser: PersonBrowser
) -> None:
    shared.begin(browser)
    for path in (CALLBACK, IDP_CALLBACK):
        page = shared.come_back(browser, shared.claims(), path=path, iss=shared.idp.issuer)
        assert refused_for(page) == "oidc.callback_path"
    shared.come_back(browser, shared.claims(), path=OPENIDCONNECT, iss=shared.idp.issuer)
    assert browser.me()["authenticated"] is True


def test_path_that_changed_while_the_person_was_away_ends_the_sign_in(
    shared: Scene, browser: PersonBrowser
) -> None:
    # V-18
    shared.begin(browser)
    shared.configure(callback_path="own")
    page = shared.come_back(browser, shared.claims(), iss=shared.idp.issuer)
    assert refused_for(page) == "provider.changed"


# --- the mix-up attack ------------------------------------------------------------------------------------------------


def test_honest_code_is_not_drawn_to_the_attackers_token_endpoint(
    shared: Scene, evil: Scene, browser: PersonBrowser
) -> None:
    # RFC 9700 §4.4, code flow: the honest provider names itself
    evil.begin(browser)  # and the attacker sends the browser on to the honest provider, with this state
    query = urlencode({"code": CODE, "state": evil.asked["state"], **honest_issuer(shared)})
    assert refused_for(browser.open(f"{OPENIDCONNECT}?{query}")) == "oidc.iss_parameter"
    assert evil.idp.count("/token") == 0
    assert shared.idp.count("/token") == 0


def test_honest_code_without_iss_is_not_drawn_there_either(
    scene: Scene, evil: Scene, browser: PersonBrowser
) -> None:
    # an honest provider that knows nothing of RFC 9207
    evil.begin(browser)  # and the attacker sends the browser on to the honest provider, with this state
    query = urlencode({"code": CODE, "state": evil.asked["state"]})
    assert refused_for(browser.open(f"{OPENIDCONNECT}?{query}")) == "oidc.iss_parameter"
    assert evil.idp.count("/token") == 0


def test_honest_hybrid_answer_is_not_taken_for_the_attackers(
    shared: Scene, evil: Scene, browser: PersonBrowser
) -> None:
    # hybrid: the ID token beside the code is the honest provider's
    evil.configure(flow="hybrid")
    evil.announce(authorization_response_iss_parameter_supported=None)
    shared.configure(flow="hybrid")
    evil.begin(browser)  # and the attacker sends the browser on to the honest provider, with this state
    nonce = evil.asked["nonce"]
    shared.begin(PersonBrowser())
    claims = shared.claims(nonce=nonce)
    page = shared.post_back(browser, claims, path=OPENIDCONNECT, state=evil.asked["state"])
    assert refused_for(page) in ("oidc.unknown_key", "oidc.signature", "oidc.issuer")
    page = shared.post_back(
        browser, claims, path=OPENIDCONNECT, state=evil.asked["state"], iss=shared.idp.issuer
    )
    assert refused_for(page) == "oidc.iss_parameter"
    assert evil.idp.count("/token") == 0


def test_attackers_own_sign_in_goes_to_the_attackers_account_alone(
    shared: Scene, evil: Scene, browser: PersonBrowser
) -> None:
    # the twin: on the same path each is taken for what it is
    other = PersonBrowser()
    shared.begin(browser)
    evil.begin(other)
    evil.come_back(other, evil.claims(email="eve@evil.example"), path=OPENIDCONNECT, iss=evil.idp.issuer)
    shared.come_back(browser, shared.claims(), path=OPENIDCONNECT, iss=shared.idp.issuer)
    assert browser.me()["account"]["slug"] == "acme"
    assert other.me()["account"]["slug"] == "evil"


def test_answer_of_one_provider_under_the_state_of_another_is_refused(
    shared: Scene, evil: Scene, browser: PersonBrowser
) -> None:
    shared.begin(browser)
    page = shared.come_back(browser, shared.claims(), path=OPENIDCONNECT, iss=evil.idp.issuer)
    assert refused_for(page) == "oidc.iss_parameter"
    assert shared.idp.count("/token") == 0


# --- what strangers send ----------------------------------------------------------------------------------------------


@PATHS
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"state": ""},
        {"state": "unknown", "code": "c"},
        {"state": ["a", "b"], "code": "c"},
        {"state": "<script>", "error": "<script>alert(1)</script>", "error_description": "Call 555-1234"},
    ],
    ids=["nothing", "empty", "unknown", "twice", "error"],
)
def test_answer_that_names_no_sign_in_is_refused_and_nobody_is_signed_out(
    scene: Scene, browser: PersonBrowser, name: str, path: str, method: str, fields: dict[str, object]
) -> None:
    # V-20, V-21
    scene.sign_in(browser)
    query = urlencode(fields, doseq=True)
    page = browser.open(f"{path}?{query}") if method == "get" else browser.post(path, fields)
    assert refused_for(page) == "attempt.unknown"
    assert FailureLogEntry.objects.get().target == name
    assert "<script>" not in page.text
    assert "Call 555" not in page.text
    assert browser.me()["authenticated"] is True


def test_attempt_of_another_host_is_unknown_here(shared: Scene, browser: PersonBrowser) -> None:
    # design rule 9
    shared.begin(browser)
    SignInAttempt.objects.update(host="other.example")
    page = shared.come_back(browser, shared.claims(), path=OPENIDCONNECT, iss=shared.idp.issuer)
    assert refused_for(page) == "attempt.unknown"


def test_another_browser_cannot_finish_there(shared: Scene, browser: PersonBrowser) -> None:
    # V-16
    shared.begin(browser)
    thief = PersonBrowser()
    page = shared.come_back(thief, shared.claims(), path=OPENIDCONNECT, iss=shared.idp.issuer)
    assert refused_for(page) == "attempt.wrong_browser"
    assert shared.idp.count("/token") == 0


# --- an operator's permission -----------------------------------------------------------------------------------------


def sso_admin(scene: Scene) -> Actor:
    admin: User = scene.world.sso_admin
    return Actor(ActorKind.USER, str(admin.pk), admin.user_name)


def save(scene: Scene, actor: Actor, path: str) -> OidcSettings:
    save_oidc_settings(provider=scene.world.provider, actor=actor, values=OidcValues(callback_path=path))
    return OidcSettings.objects.get(provider=scene.world.provider)


def test_sso_account_admin_chooses_a_shared_path_only_where_an_operator_permitted_one(scene: Scene) -> None:
    # V-20
    with pytest.raises(privilege.NotAllowed):
        save(scene, sso_admin(scene), "openidconnect")
    permitted = OidcValues(shared_callback=True)
    with pytest.raises(privilege.NotAllowed):
        save_oidc_settings(provider=scene.world.provider, actor=sso_admin(scene), values=permitted)
    row = save(scene, OPERATOR, "openidconnect")
    assert (row.callback_path, row.shared_callback) == ("openidconnect", True)
    assert save(scene, sso_admin(scene), "own").callback_path == "own"
    assert save(scene, sso_admin(scene), "idp-callback").callback_path == "idp-callback"
    assert AuditEvent.objects.filter(action="provider.updated", message__contains="callback_path").exists()
    row = save(scene, OPERATOR, "own")
    assert (row.callback_path, row.shared_callback) == ("own", False)
    with pytest.raises(privilege.NotAllowed):
        save(scene, sso_admin(scene), "openidconnect")


def test_permission_that_is_gone_leads_back_to_the_own_path(shared: Scene, browser: PersonBrowser) -> None:
    OidcSettings.objects.update(shared_callback=False)
    shared.begin(browser)
    assert shared.asked["redirect_uri"] == f"{HOME}{CALLBACK}"


def test_refusal_spends_nothing_that_the_person_still_needs(shared: Scene, browser: PersonBrowser) -> None:
    shared.begin(browser)
    page: Page = shared.come_back(browser, shared.claims(), path=OPENIDCONNECT, iss="https://evil.example")
    assert refused_for(page) == "oidc.iss_parameter"
    assert SignInAttempt.objects.get().stage == Stage.OPEN
