"""Shared callback paths on an OpenID Connect provider's page: an operator permits, others choose (O-2, V-20)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from audit.models import AuditEvent
from sso.models import IdentityProvider, Vendor
from tests.console.admin_pages import address_of, fields_of, page, read, save, words
from tests.console.oidc_page import add_oidc, errors, fill, settings_of
from tests.sso_oidc.misbehaving_provider import MisbehavingProvider
from tests.worlds import World

pytestmark = pytest.mark.usefixtures("offline")
Browse = Callable[[User], Client]
HERE = "http://localhost:8000"


@pytest.fixture
def provider(acme: World) -> IdentityProvider:
    made = add_oidc(acme)
    fill(made, flow="hybrid")
    return made


def test_operator_permits_and_the_address_to_copy_follows(
    acme: World, operator: User, provider: IdentityProvider, browse: Browse
) -> None:  # V-20, O-2
    browser, address = browse(operator), address_of(provider)
    assert f"{HERE}/sso/oidc/{provider.slug}/callback" in browser.get(address).text
    told = errors(save(browser, address, callback_path="openidconnect"))
    assert "needs the permission" in told["callback_path"]
    assert save(browser, address, callback_path="openidconnect", shared_callback="on").status_code == 302
    shown = browser.get(address)
    assert f"{HERE}/sso/openidconnect" in shown.text
    assert f"{HERE}/sso/oidc/{provider.slug}/callback" not in shown.text
    event = AuditEvent.objects.filter(action="provider.updated").latest("created_at")
    assert event.changes["shared_callback"] == [False, True]
    assert event.changes["callback_path"] == ["own", "openidconnect"]
    assert "Callback path /sso/openidconnect" in words(browse(acme.admin).get(address))


def test_sso_account_admin_chooses_only_under_a_permission(
    acme: World, operator: User, provider: IdentityProvider, browse: Browse
) -> None:  # V-20, V-8
    admin, address = browse(acme.sso_admin), address_of(provider)
    assert not {"shared_callback", "callback_path"} & set(fields_of(admin.get(address).text))
    forged = {**read(admin, address), "shared_callback": "on", "callback_path": "idp-callback"}
    assert admin.post(address, forged).status_code == 302
    assert (settings_of(provider).shared_callback, settings_of(provider).callback_path) == (False, "own")
    save(browse(operator), address, shared_callback="on")  # permits, and leaves the choice to the account
    assert settings_of(provider).shared_callback
    assert save(admin, address, callback_path="idp-callback").status_code == 302
    assert f"{HERE}/api/accounts/idp-callback" in admin.get(address).text
    fields = read(browse(operator), address)
    del fields["shared_callback"]
    assert browse(operator).post(address, {**fields, "callback_path": "own"}).status_code == 302
    assert f"{HERE}/sso/oidc/{provider.slug}/callback" in admin.get(address).text
    assert "callback_path" not in fields_of(admin.get(address).text)


def test_permission_stays_when_the_account_goes_back_to_its_own_path(
    acme: World, operator: User, provider: IdentityProvider, browse: Browse
) -> None:  # V-20
    save(browse(operator), address_of(provider), callback_path="openidconnect", shared_callback="on")
    admin = browse(acme.sso_admin)
    for path in ("own", "openidconnect"):
        assert save(admin, address_of(provider), callback_path=path).status_code == 302
        assert settings_of(provider).callback_path == path


def test_code_flow_of_a_provider_that_does_not_name_itself_is_told_beforehand(
    acme: World, operator: User, browse: Browse, idp: MisbehavingProvider
) -> None:  # V-20
    provider = add_oidc(acme, Vendor.OTHER)
    fill(provider, issuer=idp.issuer, client_id="broker-client", flow="code")
    browser, address = browse(operator), address_of(provider)
    browser.post(page(IdentityProvider, "discover", provider.pk))
    shared = {"callback_path": "openidconnect", "shared_callback": "on"}
    assert "doesn't name itself" in errors(save(browser, address, **shared))["callback_path"]
    assert save(browser, address, flow="hybrid", **shared).status_code == 302
