"""Signing out here ends the session at the provider too: OpenID Connect RP-Initiated Logout 1.0 (O-7, L-12)."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlsplit

import pytest
import time_machine
from django.utils import timezone

from accounts.models import EndReason, UserSession
from audit.models import FailureLogEntry
from sso import providers
from sso.models import IdentityProvider, Vendor
from sso_oidc.models import ProviderLogout
from sso_oidc.tasks import purge_logouts
from sso_oidc.urls_to_copy import UrlsToCopy, urls_to_copy
from tests.foundation.local_server import answer
from tests.journeys.person_browser import HOME, Page, PersonBrowser
from tests.journeys.seen import rows, written
from tests.sso_oidc.misbehaving_provider import CLIENT_ID
from tests.sso_oidc.signing_in import ANONYMOUS, LOGGED_OUT, Scene, query_of
from tests.worlds import OPERATOR, PASSWORD, add_provider

ASKED = "Acme Okta was asked to end your session there too"
PLAIN = "sign out of your company's identity provider as well"
UNCONFIRMED = "did not confirm that your session there has ended"


def sign_out(browser: PersonBrowser) -> str:
    """Press "Sign out"; gives where the browser is sent."""
    return browser.post("/logout/", {}).link("Continue")


def back(browser: PersonBrowser, state: str, path: str = LOGGED_OUT) -> Page:
    return browser.open(f"{path}?state={state}")


def test_browser_leaves_with_everything_that_the_provider_needs(scene: Scene, browser: PersonBrowser) -> None:
    # RP-Initiated Logout §2
    scene.sign_in(browser)
    id_token = UserSession.objects.get().id_token
    url = sign_out(browser)
    assert url.startswith(scene.idp.server.url("/bye?"))
    sent = query_of(url)
    state = sent.pop("state")
    assert sent == {
        "id_token_hint": id_token,
        "client_id": CLIENT_ID,
        "post_logout_redirect_uri": f"{HOME}{LOGGED_OUT}",
    }
    assert len(state) == 22
    assert browser.me() == ANONYMOUS
    assert UserSession.objects.get().end_reason == EndReason.LOGOUT


def test_person_who_comes_back_reads_what_is_known(scene: Scene, browser: PersonBrowser) -> None:
    # some providers send people back who chose to stay signed in there, so no more than this is known
    scene.sign_in(browser)
    page = back(browser, query_of(sign_out(browser))["state"])
    assert page.status == 200
    assert "You are signed out" in page.words
    assert ASKED in page.words
    assert "ended too" not in page.words


def test_state_is_good_once(scene: Scene, browser: PersonBrowser) -> None:
    scene.sign_in(browser)
    state = query_of(sign_out(browser))["state"]
    assert ASKED in back(browser, state).words
    again = back(browser, state)
    assert (again.status, ASKED in again.words) == (200, False)
    assert PLAIN in again.words


@pytest.mark.parametrize(
    "query", ["", "?state=", "?state=unknown", f"?state={'x' * 5000}", "?state=%00", "?error=x&state=a%ff"]
)
def test_return_that_names_no_logout_is_a_plain_page_and_signs_nobody_out(
    scene: Scene, browser: PersonBrowser, query: str
) -> None:
    # L-12; nothing of the query is shown
    stranger = PersonBrowser()
    before = rows()
    page = stranger.open(f"{LOGGED_OUT}{query}")
    assert page.status == 200
    assert PLAIN in page.words
    assert "unknown" not in page.text
    assert written(before) == {}
    scene.sign_in(browser)
    page = browser.open(f"{LOGGED_OUT}{query}")
    assert page.url == f"{HOME}/"
    assert browser.me()["authenticated"] is True


def test_another_browser_learns_nothing_and_spends_nothing(scene: Scene, browser: PersonBrowser) -> None:
    # V-16
    scene.sign_in(browser)
    state = query_of(sign_out(browser))["state"]
    assert PLAIN in back(PersonBrowser(), state).words
    assert ASKED in back(browser, state).words


def test_another_providers_return_address_knows_nothing_of_it(scene: Scene, browser: PersonBrowser) -> None:
    other = add_provider(scene.world.account, "acme-second")
    scene.sign_in(browser)
    state = query_of(sign_out(browser))["state"]
    assert PLAIN in back(browser, state, f"/sso/oidc/{other.slug}/logged-out").words
    assert back(browser, state, "/sso/oidc/nobody/logged-out").status == 404
    assert ASKED in back(browser, state).words


def test_return_that_comes_late_is_a_plain_page_and_the_row_is_forgotten(
    scene: Scene, browser: PersonBrowser
) -> None:
    scene.sign_in(browser)
    state = query_of(sign_out(browser))["state"]
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=29), tick=True):
        purge_logouts()
        assert ProviderLogout.objects.exists()
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=31), tick=True):
        assert PLAIN in back(browser, state).words
        purge_logouts()
    assert not ProviderLogout.objects.exists()


def test_somebody_who_signed_in_again_meanwhile_stays_signed_in(scene: Scene, browser: PersonBrowser) -> None:
    scene.sign_in(browser)
    state = query_of(sign_out(browser))["state"]
    scene.sign_in(browser)
    assert back(browser, state).url == f"{HOME}/"
    assert browser.me()["authenticated"] is True


def test_provider_without_an_end_session_endpoint_is_left_alone(scene: Scene, browser: PersonBrowser) -> None:
    scene.announce(end_session_endpoint=None)
    scene.sign_in(browser)
    page = browser.sign_out()
    assert page.url == f"{HOME}/logout/"
    assert PLAIN in page.words
    assert not ProviderLogout.objects.exists()


def test_provider_that_was_disabled_meanwhile_is_not_told(scene: Scene, browser: PersonBrowser) -> None:
    scene.sign_in(browser)
    providers.disable_provider(provider=scene.world.provider, actor=OPERATOR)
    assert browser.sign_out().url == f"{HOME}/logout/"
    assert browser.me() == ANONYMOUS


def test_provider_that_is_down_does_not_keep_anybody_signed_in(scene: Scene, browser: PersonBrowser) -> None:
    # L-12: the session here is over before anything is asked; the page tells the truth
    scene.sign_in(browser)
    scene.announce()
    scene.idp.server.routes["/.well-known/openid-configuration"] = answer(b"", status=503)
    page = browser.sign_out()
    assert page.status == 200
    assert UNCONFIRMED in page.words
    assert FailureLogEntry.objects.get().code == "http.status"
    assert FailureLogEntry.objects.get().track_id in page.words
    assert browser.me() == ANONYMOUS


@pytest.mark.parametrize(
    ("endpoint", "code"),
    [
        ("http://169.254.169.254/bye", "oidc.discovery"),
        ("javascript:alert(1)", "oidc.discovery"),
        ("/bye?state=theirs", "oidc.discovery"),
        ("/bye?id_token_hint=theirs", "oidc.discovery"),
    ],
)
def test_endpoint_that_is_no_place_to_go_is_not_gone_to(
    scene: Scene, browser: PersonBrowser, endpoint: str, code: str
) -> None:
    # O-5, V-23
    scene.sign_in(browser)
    scene.announce(end_session_endpoint=scene.idp.server.url(endpoint) if endpoint[0] == "/" else endpoint)
    page = browser.sign_out()
    assert UNCONFIRMED in page.words
    assert FailureLogEntry.objects.get().code == code
    assert browser.me() == ANONYMOUS


def test_endpoint_keeps_its_own_query(scene: Scene, browser: PersonBrowser) -> None:
    # Azure AD B2C names its policy there
    scene.sign_in(browser)
    scene.announce(end_session_endpoint=scene.idp.server.url("/bye?p=b2c_1_sign_in"))
    assert query_of(sign_out(browser))["p"] == "b2c_1_sign_in"


def test_message_too_long_for_an_address_is_posted(scene: Scene, browser: PersonBrowser) -> None:
    # RP-Initiated Logout §2: providers support both; servers refuse long addresses
    scene.sign_in(browser, trace=["x" * 40] * 60)
    id_token = UserSession.objects.get().id_token
    page = browser.post("/logout/", {})
    action, method, fields = page.form()
    assert (action, method) == (scene.idp.server.url("/bye"), "POST")
    assert fields["id_token_hint"] == id_token
    assert set(fields) == {"id_token_hint", "client_id", "post_logout_redirect_uri", "state"}
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(action))
    assert f"form-action 'self' {origin} https:;" in page.headers["Content-Security-Policy"] + ";"
    assert ASKED in back(browser, fields["state"]).words


def test_entra_is_spared_a_long_token_and_told_its_own_hint(scene: Scene, browser: PersonBrowser) -> None:
    # AADSTS90015; Entra ends its session by its own cookie, and documents GET alone
    IdentityProvider.objects.update(vendor=Vendor.ENTRA)
    scene.sign_in(browser, trace=["x" * 40] * 60, login_hint="O.opaque")
    sent = query_of(sign_out(browser))
    assert "id_token_hint" not in sent
    assert sent["logout_hint"] == "O.opaque"
    assert sent["client_id"] == CLIENT_ID


@pytest.mark.parametrize("changed", ["issuer", "client_id"])
def test_id_token_is_not_shown_to_another_provider_than_made_it(
    scene: Scene, browser: PersonBrowser, changed: str
) -> None:
    # V-23: it holds personal data; a provider that was changed meanwhile is another
    scene.sign_in(browser)
    if changed == "client_id":
        scene.configure(client_id="another")
    else:
        session = UserSession.objects.get()
        session.id_token = session.id_token.replace(".", ".e30.", 1).rsplit(".", 2)[0] + ".x"
        session.save()
    sent = query_of(sign_out(browser))
    assert "id_token_hint" not in sent
    assert sent["client_id"] == ("another" if changed == "client_id" else CLIENT_ID)


def test_password_session_leaves_no_provider_behind(scene: Scene, browser: PersonBrowser) -> None:
    browser.submit(browser.open("/login/acme/"), user_name="emma@acme.example", password=PASSWORD)
    assert browser.me()["authenticated"] is True
    assert browser.sign_out().url == f"{HOME}/logout/"
    assert not ProviderLogout.objects.exists()


def test_logout_leaves_what_is_under_way_in_other_tabs(scene: Scene, browser: PersonBrowser) -> None:
    # V-16: the browser's cookie stays what it is
    scene.sign_in(browser)
    scene.begin(browser)
    sign_out(browser)
    scene.come_back(browser, scene.claims())
    assert browser.me()["authenticated"] is True


def test_addresses_to_enter_at_the_provider_are_those_that_are_served(scene: Scene) -> None:
    # O-2, O-7
    here = f"{HOME}/sso/oidc/acme-oidc"
    scene.world.provider.refresh_from_db()
    assert urls_to_copy(scene.world.provider) == UrlsToCopy(
        redirect_uri=f"{here}/callback",
        post_logout_redirect_uri=f"{here}/logged-out",
        backchannel_logout_uri=f"{here}/backchannel-logout",
        initiate_login_uri=f"{here}/login",
        jwks_uri=f"{here}/jwks.json",
        all_keys_uri=f"{HOME}/.well-known/jwks.json",
        admin_consent_uri=f"{here}/admin-consent/return",
    )
    scene.configure(callback_path="idp-callback")
    assert urls_to_copy(scene.world.provider).redirect_uri == f"{HOME}/api/accounts/idp-callback"
