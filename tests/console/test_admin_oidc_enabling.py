"""An OpenID Connect provider's page: discovery, enabling and testing, and who may not (S-3, O-5, V-8)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from sso import providers
from sso.models import IdentityProvider, State, Vendor
from tests.console.admin_pages import address_of, page, save, words
from tests.console.oidc_page import CLIENT, ENTRA_ISSUER, SECRET, TENANT, add_oidc, errors, fill, settings_of
from tests.sso_oidc.misbehaving_provider import MisbehavingProvider
from tests.worlds import OPERATOR, World

pytestmark = pytest.mark.usefixtures("offline", "quick_keys")
Browse = Callable[[User], Client]


# --- discovery, enabling ----------------------------------------------------------------------------------------------


def test_what_the_provider_says_is_read_when_the_issuer_is_saved(
    acme: World, browse: Browse, operator: User, idp: MisbehavingProvider
) -> None:  # O-1, O-5
    provider = add_oidc(acme, Vendor.OTHER)
    idp.document["end_session_endpoint"] = idp.server.url("/bye")
    browser = browse(operator)
    assert save(browser, address_of(provider), issuer=idp.issuer, client_id="abc").status_code == 302
    told = words(browser.get(address_of(provider)))
    assert f"The provider was found: {idp.issuer}" in told
    for url in ("/authorize", "/token", "/keys", "/userinfo", "/bye"):
        assert idp.server.url(url) in told, url
    asked = idp.count("/.well-known/openid-configuration")
    assert save(browser, address_of(provider), name="Renamed").status_code == 302
    browser.get(address_of(provider))
    assert idp.count("/.well-known/openid-configuration") == asked  # looking at the page asks nobody


def test_discovery_is_read_again_on_request_and_its_trouble_is_told(
    acme: World, browse: Browse, operator: User, idp: MisbehavingProvider
) -> None:  # O-5
    provider = add_oidc(acme, Vendor.OTHER)
    fill(provider, issuer=idp.issuer)
    address = page(IdentityProvider, "discover", provider.pk)
    browser = browse(acme.sso_admin)
    assert address in browser.get(address_of(provider)).text
    assert idp.issuer in words(browser.get(address))
    assert idp.count("/.well-known/openid-configuration") == 0
    assert "The provider was found" in words(browser.post(address, follow=True))
    idp.document["issuer"] = "https://somebody-else.example"
    told = words(browser.post(address, follow=True))
    assert "doesn't fit what is entered here" in told
    assert "https://somebody-else.example" in told
    del idp.server.routes["/.well-known/openid-configuration"]
    assert "There is no discovery document" in words(browser.post(address, follow=True))


def test_enable_saves_and_enables_a_provider_that_answers(
    acme: World, browse: Browse, operator: User, idp: MisbehavingProvider
) -> None:  # S-3
    provider = add_oidc(acme, Vendor.OTHER)
    browser = browse(operator)
    sent = {"issuer": idp.issuer, "client_id": "abc", "client_secret": SECRET, "_enable": "1"}
    assert save(browser, address_of(provider), **sent).status_code == 302
    provider.refresh_from_db()
    assert provider.state == State.ENABLED
    shown = browser.get(address_of(provider))
    assert "It has a button on the account's login page now" in words(shown)
    assert 'name="_enable"' not in shown.text
    assert 'name="_test"' in shown.text


def test_provider_that_does_not_answer_is_saved_and_not_enabled(
    acme: World, browse: Browse, operator: User, idp: MisbehavingProvider
) -> None:  # S-3, O-5
    provider = add_oidc(acme, Vendor.OTHER)
    del idp.server.routes["/.well-known/openid-configuration"]
    browser = browse(operator)
    assert (
        save(browser, address_of(provider), issuer=idp.issuer, client_id="abc", _enable="1").status_code
        == 302
    )
    assert "saved and not enabled" in words(browser.get(address_of(provider)))
    provider.refresh_from_db()
    assert (provider.state, settings_of(provider).client_id) == (State.DRAFT, "abc")


def test_client_authentication_that_the_provider_does_not_take_is_told(
    acme: World, browse: Browse, operator: User, idp: MisbehavingProvider
) -> None:  # O-1
    provider = add_oidc(acme, Vendor.OTHER)
    idp.document["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    sent = {"issuer": idp.issuer, "client_id": "abc", "client_authentication": "client_secret_basic"}
    browser = browse(operator)
    assert save(browser, address_of(provider), **sent).status_code == 302
    assert "It takes: client_secret_post" in words(browser.get(address_of(provider)))


@pytest.mark.parametrize("pressed", ["_enable", "_test"])
def test_enable_and_test_say_at_each_field_what_is_missing(
    pressed: str, acme: World, browse: Browse
) -> None:  # S-3
    provider = add_oidc(acme)
    browser = browse(acme.sso_admin)
    assert set(errors(save(browser, address_of(provider), **{pressed: "1"}))) == {"tenant_id", "client_id"}
    needs = {"tenant_id": TENANT, "client_id": CLIENT, "client_authentication": "client_secret_basic"}
    assert set(errors(save(browser, address_of(provider), **needs, **{pressed: "1"}))) == {"client_secret"}
    other = add_oidc(acme, Vendor.OTHER)
    assert set(errors(save(browser, address_of(other), **{pressed: "1"}))) == {"issuer", "client_id"}


def test_enabled_provider_keeps_its_values_and_is_tested_as_saved(acme: World, browse: Browse) -> None:
    # S-3, V-18
    provider = add_oidc(acme)
    fill(provider, flow="hybrid")
    providers.enable_provider(provider=provider, actor=OPERATOR)
    browser = browse(acme.sso_admin)
    emptied = errors(save(browser, address_of(provider), tenant_id="", client_id="", remove_secret="on"))
    assert {"tenant_id", "client_id"} <= set(emptied)
    changed = save(browser, address_of(provider), flow="code", _test="1")
    assert "save your changes first" in words(changed)
    unchanged = save(browser, address_of(provider), _test="1")
    assert f"/sso/oidc/{provider.slug}/login?test=" in unchanged.text


def test_test_of_a_draft_saves_it_first(acme: World, browse: Browse) -> None:  # S-3
    provider = add_oidc(acme)
    fill(provider, flow="hybrid")
    answer = save(browse(acme.sso_admin), address_of(provider), extra_scopes="groups", _test="1")
    assert f"/sso/oidc/{provider.slug}/login?test=" in answer.text
    assert settings_of(provider).extra_scopes == "groups"
    provider.refresh_from_db()
    assert provider.state == State.DRAFT


# --- who may not ------------------------------------------------------------------------------------------------------

STEPS = (
    *("enable", "disable", "test_connection", "discover"),
    *("make_client_key", "add_client_key", "roll_over_client_key", "drop_client_key"),
)


def test_account_admin_without_the_sso_right_looks_and_changes_nothing(
    acme: World, browse: Browse
) -> None:  # V-8
    provider = add_oidc(acme)
    fill(provider)
    browser = browse(acme.admin)
    shown = browser.get(address_of(provider))
    told = words(shown)
    assert ENTRA_ISSUER in told
    assert CLIENT in told
    assert f"/sso/oidc/{provider.slug}/callback" in told
    for control in ('name="_enable"', 'name="_test"', 'name="_save"', 'name="client_secret"', "/discover/"):
        assert control not in shown.text, control
    assert browser.post(address_of(provider), {"client_id": "mine", "_enable": "1"}).status_code == 403
    for name in STEPS:
        address = page(IdentityProvider, name, provider.pk)
        assert browser.get(address).status_code == 403, name
        assert browser.post(address).status_code == 403, name
    assert settings_of(provider).client_id == CLIENT


def test_other_accounts_admin_finds_nothing(acme: World, globex: World, browse: Browse) -> None:
    provider = add_oidc(acme)
    fill(provider)
    browser = browse(globex.sso_admin)
    for name in ("change", *STEPS):
        address = page(IdentityProvider, name, provider.pk)
        assert browser.get(address).status_code == 404, name
        assert browser.post(address, {"client_id": "mine"}).status_code == 404, name
    assert settings_of(provider).client_id == CLIENT


def test_client_of_another_account_is_refused_without_saying_whose_it_is(
    acme: World, globex: World, browse: Browse
) -> None:  # V-6
    fill(add_oidc(globex))
    provider = add_oidc(acme)
    answer = save(browse(acme.sso_admin), address_of(provider), tenant_id=TENANT, client_id=CLIENT)
    assert answer.status_code == 200
    assert "already in use" in words(answer)
    assert "globex" not in words(answer).lower()
