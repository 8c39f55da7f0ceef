"""What proves who we are, on an OpenID Connect provider's page: the secret and our keys (O-1, O-3, V-23)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from audit.models import AuditEvent
from sso.models import IdentityProvider
from sso_oidc.models import ClientKeyPair
from tests.console.admin_pages import address_of, fields_of, page, save, words
from tests.console.oidc_page import CLIENT, SECRET, TENANT, add_oidc, errors, fill, settings_of
from tests.worlds import World

pytestmark = pytest.mark.usefixtures("offline", "quick_keys")
Browse = Callable[[User], Client]


# --- the secret -------------------------------------------------------------------------------------------------------


def test_secret_goes_in_and_never_comes_out(acme: World, browse: Browse) -> None:  # V-23, V-8
    provider = add_oidc(acme)
    browser = browse(acme.sso_admin)
    assert "not set" in words(browser.get(address_of(provider)))
    given = {"tenant_id": TENANT, "client_id": CLIENT, "client_secret": SECRET}
    assert save(browser, address_of(provider), **given).status_code == 302
    assert settings_of(provider).client_secret == SECRET
    assert save(browser, address_of(provider), name="Renamed").status_code == 302
    assert settings_of(provider).client_secret == SECRET  # left empty, it stays
    for viewer in (acme.sso_admin, acme.admin):
        shown = browse(viewer).get(address_of(provider))
        assert SECRET not in shown.text
        assert "changed " in words(shown)
        assert SECRET not in browse(viewer).get(page(IdentityProvider, "history", provider.pk)).text
    refused = save(browser, address_of(provider), client_secret=SECRET, acr_values="x" * 400)
    assert SECRET not in refused.text
    assert not AuditEvent.objects.filter(message__contains=SECRET).exists()


def test_new_client_id_says_that_the_secret_goes_before_it_goes(acme: World, browse: Browse) -> None:  # V-23
    provider = add_oidc(acme)
    fill(provider, flow="hybrid")
    browser = browse(acme.sso_admin)
    other = "ffffffff-bbbb-4ccc-8ddd-eeeeeeeeeeee"
    for moved in ({"client_id": other}, {"tenant_id": other}):
        told = errors(save(browser, address_of(provider), **moved))
        assert "makes us forget the stored client secret" in told["client_secret"]
        assert settings_of(provider).client_secret == SECRET
    assert save(browser, address_of(provider), client_id=other, client_secret="new-one").status_code == 302
    assert settings_of(provider).client_secret == "new-one"
    assert save(browser, address_of(provider), tenant_id=other[::-1], remove_secret="on").status_code == 200
    assert save(browser, address_of(provider), client_id=CLIENT, remove_secret="on").headers[
        "Location"
    ] == address_of(provider)
    assert (settings_of(provider).client_id, settings_of(provider).client_secret) == (CLIENT, "")


def test_secret_is_removed_on_request_and_a_public_client_has_none(acme: World, browse: Browse) -> None:
    # O-1
    provider = add_oidc(acme)
    fill(provider, flow="hybrid")
    browser = browse(acme.sso_admin)
    told = errors(save(browser, address_of(provider), client_authentication="none"))
    assert "has no client secret" in told["client_authentication"]
    both = errors(save(browser, address_of(provider), client_secret="x", remove_secret="on"))
    assert "remove_secret" in both
    answer = save(browser, address_of(provider), client_authentication="none", remove_secret="on")
    assert answer.status_code == 302
    assert settings_of(provider).client_secret == ""
    assert "remove_secret" not in fields_of(browser.get(address_of(provider)).text)


# --- our keys ---------------------------------------------------------------------------------------------------------


def roles(provider: IdentityProvider) -> set[str]:
    return set(ClientKeyPair.objects.filter(provider=provider).values_list("role", flat=True))


def test_keys_are_made_and_rolled_over_step_by_step_each_confirmed(
    acme: World, browse: Browse
) -> None:  # O-1, O-3
    provider = add_oidc(acme)
    browser = browse(acme.sso_admin)
    steps = (
        ("make_client_key", {"current"}),
        ("add_client_key", {"current", "next"}),
        ("roll_over_client_key", {"current", "previous"}),
        ("drop_client_key", {"current"}),
    )
    for name, after in steps:
        address, before = page(IdentityProvider, name, provider.pk), roles(provider)
        assert address in browser.get(address_of(provider)).text
        assert browser.get(address).status_code == 200  # asks
        assert roles(provider) == before
        assert browser.post(address).status_code == 302
        assert roles(provider) == after
    for name in ("drop_client_key", "make_client_key"):
        assert browser.post(page(IdentityProvider, name, provider.pk)).status_code == 403


def test_our_certificate_can_be_taken_to_the_vendor_and_no_key_is_shown(
    acme: World, globex: World, browse: Browse
) -> None:  # O-3
    provider = add_oidc(acme)
    browser = browse(acme.sso_admin)
    way = {"tenant_id": TENANT, "client_id": CLIENT, "client_authentication": "private_key_jwt"}
    assert save(browser, address_of(provider), **way).status_code == 302
    shown = browser.get(address_of(provider))
    assert "With our certificate in use" in words(shown)
    assert "PRIVATE KEY" not in shown.text
    for ending in ("cer", "pem"):
        address = page(IdentityProvider, "client_certificate", provider.pk, "current", ending)
        assert address in shown.text
        file = browser.get(address)
        assert file.content.decode().startswith("-----BEGIN CERTIFICATE-----")
        assert "PRIVATE KEY" not in file.content.decode()
        assert f'filename="{provider.slug}-current.{ending}"' in file.headers["Content-Disposition"]
        assert browse(globex.sso_admin).get(address).status_code == 404
    for role, ending in (("next", "cer"), ("nonsense", "cer"), ("current", "key")):
        address = page(IdentityProvider, "client_certificate", provider.pk, role, ending)
        assert browser.get(address).status_code == 404


def test_new_client_id_says_that_our_keys_go_before_they_go(acme: World, browse: Browse) -> None:  # V-23
    provider = add_oidc(acme)
    fill(provider, client_secret="", client_authentication="private_key_jwt")
    before = ClientKeyPair.objects.get().fingerprint
    browser = browse(acme.sso_admin)
    other = "ffffffff-bbbb-4ccc-8ddd-eeeeeeeeeeee"
    told = errors(save(browser, address_of(provider), client_id=other))
    assert "makes us forget our keys" in told["forget_keys"]
    assert ClientKeyPair.objects.get().fingerprint == before
    assert save(browser, address_of(provider), client_id=other, forget_keys="on").status_code == 302
    assert ClientKeyPair.objects.get().fingerprint != before
