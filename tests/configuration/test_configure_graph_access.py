"""The configuration file gives an Entra provider access to Microsoft Graph, and takes it away (G-5, V-23)."""

from __future__ import annotations

import pytest

from sso.models import GraphAccess
from tests.configuration.conftest import Configure

TENANT = "11111111-2222-4333-8444-555555555555"
ISSUER = f"https://login.microsoftonline.com/{TENANT}/v2.0"
OIDC = f"protocol: oidc, vendor: entra, oidc: {{issuer: '{ISSUER}', client_id: %s}}"
SAML = f"protocol: saml, vendor: entra, saml: {{idp_entity_id: 'https://sts.windows.net/{TENANT}/'}}"
READER = f"{{tenant_id: {TENANT}, client_id: reader, client_secret: secret-of-the-reader}}"


def text(provider: str, graph: str) -> str:
    part = f"{{slug: acme-entra, {provider}, graph: {graph}}}"
    return f"accounts: [{{slug: acme, name: Acme, identity_providers: [{part}]}}]"


def test_own_client_is_switched_on_and_off(configure: Configure) -> None:
    # G-5
    printed = configure(text(OIDC % "abc", "{}"))
    assert "graph: on" in printed.difference
    assert GraphAccess.objects.get().client_id == ""
    assert configure(text(OIDC % "abc", "{}")).difference == "no changes\n"
    assert "graph.all_groups: false → true" in configure(text(OIDC % "abc", "{all_groups: true}")).difference
    assert "graph: on → off" in configure(text(OIDC % "abc", "{enabled: false}")).difference
    assert not GraphAccess.objects.exists()


def test_app_registration_of_a_saml_provider_is_saved_and_its_secret_never_printed(
    configure: Configure,
) -> None:
    # G-5, V-24
    printed = configure(text(SAML, READER))
    assert "graph.client_secret: changed" in printed.difference
    assert "secret-of-the-reader" not in printed.difference + printed.remarks
    access = GraphAccess.objects.get()
    assert (access.tenant_id, access.client_secret) == (TENANT, "secret-of-the-reader")
    assert configure(text(SAML, READER)).difference == "no changes\n"


def test_new_client_of_the_provider_clears_what_the_file_does_not_give_again(configure: Configure) -> None:
    # V-23
    reader = "{client_id: reader, client_secret: secret-of-the-reader}"
    configure(text(OIDC % "abc", reader))
    configure(text(OIDC % "xyz", reader))  # given again: kept
    assert GraphAccess.objects.get().client_id == "reader"
    (without, _, _) = text(OIDC % "new", "{}").rpartition(", graph:")
    configure(f"{without}}}]}}]")
    assert not GraphAccess.objects.exists()


@pytest.mark.parametrize(
    ("provider", "graph", "problem"),
    [
        (SAML, "{}", "with SAML"),
        (SAML, "{tenant_id: organizations, client_id: a, client_secret: b}", "must be a GUID"),
        (OIDC % "abc", "{client_id: a}", "belong together"),
        (
            "protocol: oidc, vendor: okta, oidc: {issuer: 'https://acme.okta.example', client_id: a}",
            "{}",
            "Entra",
        ),
    ],
)
def test_access_that_could_not_work_is_a_mistake(
    configure: Configure, provider: str, graph: str, problem: str
) -> None:
    # G-5
    assert problem in " ".join(configure.refused(text(provider, graph)))
    assert not GraphAccess.objects.exists()
