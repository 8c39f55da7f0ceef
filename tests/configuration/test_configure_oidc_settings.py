"""How we ask an OpenID provider and prove who we are, by the configuration file (O-1, A-10)."""

from __future__ import annotations

import pytest

from sso.models import IdentityProvider
from sso_oidc.models import OidcSettings
from tests.configuration.conftest import Configure

HEAD = (
    "accounts:\n  - slug: acme\n    name: Acme\n    sso_module: true\n    identity_providers:\n"
    "      - slug: acme-oidc\n        protocol: oidc\n        oidc:\n"
    "          issuer: https://idp.acme.example\n          client_id: abc\n"
)


def text(*lines: str) -> str:
    return HEAD + "".join(f"          {line}\n" for line in lines)


def row() -> OidcSettings:
    return OidcSettings.objects.get(provider__slug="acme-oidc")


EVERY = (
    "client_authentication: client_secret_post",
    "client_secret: xyz-secret",
    "pushed_requests: false",
    "max_age_seconds: 3600",
    "acr_values: urn:mfa urn:phr",
)


# O-1, A-10
def test_every_setting_is_applied_and_the_same_file_again_changes_nothing(configure: Configure) -> None:
    printed = configure(text(*EVERY)).difference
    found = row()
    assert (found.client_authentication, found.pushed_requests) == ("client_secret_post", False)
    assert (found.max_age_seconds, found.acr_values) == (3600, "urn:mfa urn:phr")
    assert "oidc.max_age_seconds: 3600" in printed
    assert "oidc.pushed_requests: false" in printed
    assert "xyz-secret" not in printed
    version = IdentityProvider.objects.get().version
    assert configure(text(*EVERY)).difference == "no changes\n"
    assert IdentityProvider.objects.get().version == version


#
def test_what_a_later_file_leaves_out_stays_and_what_it_empties_goes(configure: Configure) -> None:
    configure(text(*EVERY))
    assert configure(text()).difference == "no changes\n"
    emptied = ('client_authentication: ""', 'max_age_seconds: ""', 'acr_values: ""', "pushed_requests: true")
    assert configure(text(*emptied)).difference == (
        "~ acme: identity provider acme-oidc\n"
        "    oidc.acr_values: urn:mfa urn:phr → (none)\n"
        "    oidc.client_authentication: client_secret_post → (none)\n"
        "    oidc.max_age_seconds: 3600 → (none)\n"
        "    oidc.pushed_requests: false → true\n"
        "0 created, 1 changed\n"
    )
    assert row().max_age_seconds is None


#
def test_dry_run_prints_the_same_and_changes_nothing(configure: Configure) -> None:
    configure(text())
    printed = configure(text("max_age_seconds: 0", "client_authentication: private_key_jwt"), "--dry-run")
    assert "oidc.max_age_seconds: (none) → 0" in printed.difference
    assert "oidc.client_authentication: (none) → private_key_jwt" in printed.difference
    assert (row().max_age_seconds, row().client_authentication) == (None, "")


# V-23
def test_new_client_id_that_forgets_our_key_is_told_and_the_permission_for_a_shared_path_too(
    configure: Configure,
) -> None:
    configure(text("client_authentication: private_key_jwt"))
    moved = text("client_authentication: private_key_jwt", "callback_path: openidconnect")
    assert configure(moved.replace("client_id: abc", "client_id: xyz")).difference == (
        "~ acme: identity provider acme-oidc\n"
        "    oidc.callback_path: own → openidconnect\n"
        "    oidc.client_id: abc → xyz\n"
        "    oidc.shared_callback: false → true\n"
        "    oidc.client_key: cleared\n"
        "0 created, 1 changed\n"
    )


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (
            ("client_authentication: tls_client_auth",),
            "11 accounts[0].identity_providers[0].oidc.client_authentication: must be client_secret_basic, "
            "client_secret_post, private_key_jwt or none",
        ),
        (
            ("client_authentication: none", "client_secret: xyz"),
            "11 accounts[0].identity_providers[0].oidc.client_authentication: is none, which has no client_secret; "
            "give one or the other",
        ),
        (
            ("max_age_seconds: -1",),
            "11 accounts[0].identity_providers[0].oidc.max_age_seconds: must be a whole number",
        ),
        (
            ("max_age_seconds: one hour",),
            "11 accounts[0].identity_providers[0].oidc.max_age_seconds: must be a whole number",
        ),
        (
            ("pushed_requests: maybe",),
            "11 accounts[0].identity_providers[0].oidc.pushed_requests: must be true or false",
        ),
        (
            (f"acr_values: {'x' * 301}",),
            "11 accounts[0].identity_providers[0].oidc.acr_values: ensure this value has at most 300 characters (it "
            "has 301)",
        ),
        (
            ("max_age_seconds: 99999999",),
            "8 accounts[0].identity_providers[0].oidc: max_age_seconds is a number from 0 to 31536000",
        ),
    ],
)
#
def test_mistake_is_named_with_its_line_and_nothing_is_changed(
    lines: tuple[str, ...], problem: str, configure: Configure
) -> None:
    assert configure.refused(text(*lines)) == [f"broker.yaml:{problem}"]
    assert not IdentityProvider.objects.exists()


# O-3
def test_tenant_of_another_partners_account_is_refused(configure: Configure) -> None:
    problems = configure.refused(
        "partners: [{slug: reseller, name: Reseller}]\n"
        "accounts: [{slug: acme, name: Acme}]\n"
        "identity_providers:\n  - slug: entra-all\n    partner: reseller\n    protocol: oidc\n    vendor: entra\n"
        "    tenants: [{tenant_id: 11111111-2222-4333-8444-555555555555, account: acme}]\n"
    )
    assert [problem for problem in problems if "doesn't stand below this provider" in problem]
