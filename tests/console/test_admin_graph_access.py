"""Access to Microsoft Graph on an Entra provider's page: who may, what it needs, what a new target takes away (G-5)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from audit.models import AuditEvent
from sso import providers
from sso.graph.access import access_of
from sso.models import IdentityProvider, ProtocolName, Vendor
from tests.console.admin_pages import address_of, fields_of, read, save, words
from tests.console.oidc_page import CLIENT, TENANT, add_oidc, errors, fill
from tests.worlds import OPERATOR, World

pytestmark = pytest.mark.usefixtures("offline")
Browse = Callable[[User], Client]
READER, OTHER = "bbbbbbbb-bbbb-4ccc-8ddd-eeeeeeeeeeee", "cccccccc-bbbb-4ccc-8ddd-eeeeeeeeeeee"
SECRET = "Qr58Q~secret-of-the-reader"


@pytest.fixture
def oidc(acme: World) -> IdentityProvider:
    provider = add_oidc(acme)
    fill(provider)
    return provider


@pytest.fixture
def saml(acme: World) -> IdentityProvider:
    return providers.create_provider(
        actor=OPERATOR,
        slug="acme-saml",
        name="Acme SAML",
        protocol=ProtocolName.SAML,
        vendor=Vendor.ENTRA,
        account=acme.account,
    )


def test_switch_alone_lets_the_providers_own_application_ask(
    acme: World, oidc: IdentityProvider, browse: Browse
) -> None:  # G-5
    browser = browse(acme.sso_admin)
    assert "Access now off" in words(browser.get(address_of(oidc)))
    assert save(browser, address_of(oidc), graph_on="on", graph_all_groups="on").status_code == 302
    access = access_of(oidc)
    assert access is not None
    assert (access.client_id, access.client_secret, access.all_groups) == ("", "", True)
    shown = words(browse(acme.admin).get(address_of(oidc)))
    assert "Asks the provider's own application" in shown
    assert "User.Read.All" in words(browser.get(address_of(oidc)))
    event = AuditEvent.objects.get(action="provider.graph_access_saved")
    assert (event.actor_label, event.object_id) == (acme.sso_admin.user_name, str(oidc.pk))
    fields = read(browser, address_of(oidc))
    del fields["graph_on"]
    assert browser.post(address_of(oidc), fields).status_code == 302
    assert access_of(oidc) is None
    assert AuditEvent.objects.filter(action="provider.graph_access_removed").count() == 1


def test_saml_needs_an_application_of_its_own_whose_secret_never_comes_out(
    acme: World, saml: IdentityProvider, browse: Browse
) -> None:  # G-5, V-23
    browser, address = browse(acme.sso_admin), address_of(saml)
    told = errors(save(browser, address, graph_on="on"))
    assert set(told) == {"graph_tenant_id", "graph_client_id"}
    assert "graph_client_secret" in errors(
        save(browser, address, graph_on="on", graph_tenant_id=TENANT, graph_client_id=READER)
    )
    whole = {"graph_tenant_id": TENANT, "graph_client_id": READER, "graph_client_secret": SECRET}
    assert "graph_on" in errors(save(browser, address, **whole))  # typed, and not switched on
    assert save(browser, address, graph_on="on", **whole).status_code == 302
    access = access_of(saml)
    assert access is not None
    assert (access.tenant_id, access.client_id, access.client_secret) == (TENANT, READER, SECRET)
    for viewer in (acme.sso_admin, acme.admin):
        shown = browse(viewer).get(address)
        assert SECRET not in shown.text
        assert READER in words(shown) or READER in shown.text
    assert (
        save(browser, address, name="Renamed").status_code == 302
    )  # nothing of it is lost by another change
    assert access_of(saml).client_secret == SECRET  # type: ignore[union-attr]
    assert not AuditEvent.objects.filter(message__contains=SECRET).exists()


def test_another_tenant_or_client_takes_another_secret(
    acme: World, saml: IdentityProvider, browse: Browse
) -> None:  # V-23
    browser, address = browse(acme.sso_admin), address_of(saml)
    whole = {"graph_tenant_id": TENANT, "graph_client_id": READER, "graph_client_secret": SECRET}
    save(browser, address, graph_on="on", **whole)
    for moved in ({"graph_tenant_id": OTHER}, {"graph_client_id": OTHER}):
        told = errors(save(browser, address, **moved))
        assert "makes us forget the stored secret" in told["graph_client_secret"]
        assert access_of(saml).client_id == READER  # type: ignore[union-attr]
    assert save(browser, address, graph_client_id=OTHER, graph_client_secret="new").status_code == 302
    access = access_of(saml)
    assert access is not None
    assert (access.client_id, access.client_secret) == (OTHER, "new")


def test_new_address_of_the_provider_switches_it_off_and_says_so(
    acme: World, oidc: IdentityProvider, browse: Browse
) -> None:  # V-23
    browser = browse(acme.sso_admin)
    assert save(browser, address_of(oidc), graph_on="on").status_code == 302
    answer = save(browser, address_of(oidc), client_id=OTHER, client_secret="another")
    assert answer.status_code == 302
    assert access_of(oidc) is None
    assert "access to Microsoft Graph was switched off" in words(browser.get(address_of(oidc)))


def test_application_without_a_credential_cannot_ask(acme: World, browse: Browse) -> None:  # G-5, O-3
    provider = add_oidc(acme)
    fill(provider, client_secret="", flow="hybrid")
    browser = browse(acme.sso_admin)
    told = errors(save(browser, address_of(provider), graph_on="on"))
    assert "neither a secret nor our certificate" in told["graph_client_id"]
    assert save(browser, address_of(provider), graph_on="on", client_secret="of-the-app").status_code == 302
    assert access_of(provider) is not None


def test_only_who_may_change_the_provider_switches_it(
    acme: World, globex: World, oidc: IdentityProvider, browse: Browse
) -> None:  # V-8, A-1
    fields = {**read(browse(acme.sso_admin), address_of(oidc)), "graph_on": "on"}
    assert browse(acme.admin).post(address_of(oidc), fields).status_code == 403
    assert browse(globex.sso_admin).post(address_of(oidc), fields).status_code == 404
    assert access_of(oidc) is None


def test_other_vendors_have_no_such_fields(acme: World, browse: Browse) -> None:
    okta = add_oidc(acme, Vendor.OKTA)
    browser = browse(acme.sso_admin)
    assert not [name for name in fields_of(browser.get(address_of(okta)).text) if name.startswith("graph_")]
    fields = {**read(browser, address_of(okta)), "graph_on": "on", "graph_client_id": CLIENT}
    assert browser.post(address_of(okta), fields).status_code == 302
    assert access_of(okta) is None


def test_provider_that_becomes_another_vendors_forgets_it(
    acme: World, oidc: IdentityProvider, browse: Browse
) -> None:  # V-23
    browser = browse(acme.sso_admin)
    save(browser, address_of(oidc), graph_on="on")
    assert access_of(oidc) is not None
    assert save(browser, address_of(oidc), vendor="other").status_code == 302
    assert access_of(oidc) is None


def test_new_sign_on_url_of_a_saml_provider_forgets_it_too(
    acme: World, saml: IdentityProvider, browse: Browse
) -> None:  # V-23: an endpoint decides as much as an issuer where credentials go
    browser, address = browse(acme.sso_admin), address_of(saml)
    whole = {"graph_tenant_id": TENANT, "graph_client_id": READER, "graph_client_secret": SECRET}
    assert save(browser, address, graph_on="on", **whole).status_code == 302
    moved = save(browser, address, sso_url="https://login.microsoftonline.us/other/saml2")
    assert moved.status_code == 302
    assert access_of(saml) is None
