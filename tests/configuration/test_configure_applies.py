"""What an operator gets who loads a configuration file (A-10)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import (
    Account,
    AccountHostName,
    AccountRole,
    AccountRoleMembership,
    EmailDomain,
    Group,
    PartnerKey,
    User,
)
from audit.models import AuditEvent
from foundation.secret_tokens import digest
from spaces.models import GroupSpaceRole, MappingRole, Space, SpaceMembership, SpaceRole
from spaces.tenants import describe
from sso.models import IdentityProvider, ProviderGrant
from sso_oidc.models import EntraTenant, OidcSettings
from sso_saml.models import SamlCertificate, SamlSettings
from tests.configuration.conftest import Configure
from tests.configuration.published_metadata import certificate, metadata, pem

ACME = """
accounts:
  - slug: acme
    name: Acme Corp
    sso_module: true
    spaces: [Trial, DevOps]
    space_roles: [Space Developer]
    account_roles: [Billing Viewer]
    groups: [{name: Engineers, idp_identifier: eng, space_roles: {DevOps: [Space Developer]}}]
    mapping_roles: [{name: sales, account: [Billing Viewer], spaces: {Trial: [Space Developer]}}]
    users: [{user_name: ada@acme.example, account_roles: [Billing Viewer], space_roles: {Trial: [Space Admin]}}]
    identity_providers:
      - slug: acme-oidc
        protocol: oidc
        vendor: okta
        enabled: true
        default_space: Trial
        claims: {groups: memberOf}
        oidc: {issuer: "https://acme.okta.example", client_id: abc, client_secret: first-secret, flow: code}
"""


def everything() -> dict[str, list[Any]]:
    """Return every row of every table."""
    tables = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in tables}


#
def test_every_key_of_the_design_is_applied(configure: Configure, full_example: str) -> None:
    configure(full_example)

    acme = Account.objects.get(slug="acme")
    assert (acme.name, acme.region, acme.landing_url, acme.max_session_hours) == ("Acme Corp", "eu", "/", 12)
    assert acme.support_contact == "helpdesk@acme.example"
    assert (acme.hold_above_percent, acme.hold_above_number) == (20, 5)
    assert (acme.sso_module, acme.sso_ready, acme.sso_policy, acme.sso_authorization) == (
        True,
        True,
        "optional",
        False,
    )
    assert acme.partner is not None
    assert acme.partner.name == "Reseller Ltd"
    assert set(Space.objects.for_account(acme).values_list("name", flat=True)) == {"Trial", "DevOps"}
    assert SpaceRole.objects.for_account(acme).filter(name="Space Developer").exists()
    assert AccountRole.objects.for_account(acme).filter(name="Billing Viewer").exists()
    group = Group.objects.for_account(acme).get(name="Engineers")
    assert group.idp_identifier == "5d0e1f2a-0000-4000-8000-000000000001"
    grant = GroupSpaceRole.objects.for_account(acme).get(group=group)
    assert (grant.space.name, grant.role.name) == ("DevOps", "Space Developer")
    sales = MappingRole.objects.for_account(acme).get(name="sales")
    assert describe(sales) == ["Trial: Space Developer", "account: Billing Viewer"]
    ada = User.objects.for_account(acme).get(user_name="ada@acme.example")
    assert (ada.given_name, ada.email, ada.status.value) == ("Ada", "ada@acme.example", "pending")
    assert ada.check_password("analytical-engine-1843")
    held = AccountRoleMembership.objects.for_account(acme).get(user=ada)
    assert (held.role.name, held.source, held.granted_by) == (
        "Account Admin",
        "manual",
        "configuration file broker.yaml",
    )


# A-10, S-2, O-1
def test_providers_of_the_design_are_ready_to_sign_people_in(configure: Configure, full_example: str) -> None:
    configure(full_example)

    saml = IdentityProvider.objects.get(slug="acme-saml")
    assert (saml.name, saml.vendor, saml.state, saml.button_label) == (
        "Acme Entra",
        "entra",
        "enabled",
        "Sign in with Microsoft",
    )
    assert (saml.just_in_time, saml.update_access_on_login, saml.group_sync) == (True, False, True)
    assert [str(saml.default_account_role), str(saml.default_space), str(saml.default_space_role)] == [
        "Member",
        "Trial",
        "Space Member",
    ]
    assert saml.claim_names == {"email": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"}
    settings = SamlSettings.objects.get(provider=saml)
    assert (settings.idp_entity_id, settings.sso_url, settings.idp_initiated, settings.sp_entity_id) == (
        "https://idp.acme.example/saml",
        "https://idp.acme.example/sso",
        "refuse",
        None,
    )
    assert [row.pem for row in SamlCertificate.objects.filter(settings=settings)] == [
        pem(certificate("acme"))
    ]
    oidc = IdentityProvider.objects.get(slug="acme-oidc")
    assert oidc.same_directory_as == saml  # V-3
    row = OidcSettings.objects.get(provider=oidc)
    assert (row.issuer, row.client_id, row.client_secret, row.flow) == (
        "https://acme.okta.example",
        "abc",
        "xyz-secret-of-okta",
        "code",
    )


# O-3, V-5, V-6
def test_a_tenant_in_the_file_counts_as_verified_and_switches_the_shared_provider_on(
    configure: Configure, full_example: str
) -> None:
    configure(full_example)

    shared = IdentityProvider.objects.get(slug="entra-all")
    assert shared.is_shared
    assert str(shared.partner) == "Reseller Ltd"
    tenant = EntraTenant.objects.get(provider=shared)
    assert (tenant.tenant_id, tenant.account.slug) == ("11111111-2222-4333-8444-555555555555", "acme")
    assert tenant.verified_at is not None
    grant = ProviderGrant.objects.get(provider=shared, account__slug="acme")
    assert not grant.allows_sso_admins


# V-6
def test_domains_and_host_names_in_the_file_count_as_verified(configure: Configure) -> None:
    configure(
        "accounts: [{slug: acme, name: Acme, email_domains: [ACME.example], "
        "host_names: [Sso.Acme.example, id.acme.example]}]"
    )
    domain = EmailDomain.objects.get()
    assert (domain.domain, domain.verified_by) == ("acme.example", "operator")
    assert domain.verified_at is not None
    hosts = AccountHostName.objects.filter(verified_at__isnull=False).order_by("position")
    assert [row.host for row in hosts] == ["sso.acme.example", "id.acme.example"]


#
def test_the_first_host_name_of_the_file_becomes_canonical(configure: Configure) -> None:
    configure("accounts: [{slug: acme, name: Acme, host_names: [old.acme.example]}]")
    text = "accounts: [{slug: acme, name: Acme, host_names: [new.acme.example]}]"
    configure(text)
    hosts = AccountHostName.objects.order_by("position").values_list("host", flat=True)
    assert list(hosts) == ["new.acme.example", "old.acme.example"]
    assert configure(text).difference == "no changes\n"


#
@pytest.mark.parametrize(
    "text", [ACME, "partners: [{slug: reseller, name: Reseller}]"], ids=["account", "partner"]
)
def test_a_second_run_changes_nothing(configure: Configure, text: str) -> None:
    configure(text)
    before = everything()
    assert configure(text).difference == "no changes\n"
    assert everything() == before


#
def test_a_second_run_of_every_key_changes_nothing(configure: Configure, full_example: str) -> None:
    configure(full_example)
    before = everything()
    assert configure(full_example).difference == "no changes\n"
    assert everything() == before


#
def test_a_dry_run_prints_what_a_run_does_and_leaves_no_trace(
    configure: Configure, full_example: str
) -> None:
    before = everything()
    tried = configure(full_example, "--dry-run")
    assert everything() == before
    assert "dry run: nothing was written" in tried.remarks
    assert configure(full_example).difference == tried.difference
    assert tried.difference.startswith("+ partner reseller\n")


#
def test_the_difference_shows_old_and_new_values(configure: Configure) -> None:
    configure(ACME)
    changed = configure(
        ACME.replace("flow: code", "flow: hybrid")
        .replace("name: Acme Corp", "name: Acme Ltd")
        .replace("groups: memberOf", "groups: teams, email: mail2")
        .replace("idp_identifier: eng", "idp_identifier: engineers")
    )
    assert changed.difference == (
        "~ account acme\n"
        "    name: Acme Corp → Acme Ltd\n"
        "~ acme: group Engineers\n"
        "    idp_identifier: eng → engineers\n"
        "~ acme: identity provider acme-oidc\n"
        "    claims.groups: memberOf → teams\n"
        "    claims.email: (none) → mail2\n"
        "    oidc.flow: code → hybrid\n"
        "0 created, 3 changed\n"
    )


# P-13
def test_the_hold_on_mass_deprovisioning_is_set_and_switched_off_by_the_file(configure: Configure) -> None:
    configure("accounts: [{slug: acme, name: Acme, hold_above_percent: 20, hold_above_number: 5}]")
    configure("accounts: [{slug: acme, name: Acme}]")  # not named: stays
    off = "accounts: [{slug: acme, name: Acme, hold_above_percent: 0, hold_above_number: 0}]"

    dry = configure(off, "--dry-run")

    assert "hold_above_percent: 20 → 0" in dry.difference
    assert "hold_above_number: 5 → 0" in dry.difference
    assert Account.objects.get().holds_mass_leaving
    configure(off)
    assert not Account.objects.get().holds_mass_leaving


# V-20
def test_the_file_permits_a_shared_callback_path_and_takes_it_back(configure: Configure) -> None:
    configure(ACME)
    shared = configure(ACME.replace("flow: code", "flow: hybrid, callback_path: idp-callback"))
    assert "oidc.callback_path: own → idp-callback" in shared.difference
    row = OidcSettings.objects.get(provider__slug="acme-oidc")
    assert (row.callback_path, row.shared_callback) == ("idp-callback", True)
    configure(ACME.replace("flow: code", "flow: hybrid"))  # what the file doesn't name stays
    row.refresh_from_db()
    assert row.shared_callback is True
    own = configure(ACME.replace("flow: code", "flow: hybrid, callback_path: own"))
    assert "oidc.callback_path: idp-callback → own" in own.difference
    row.refresh_from_db()
    assert (row.callback_path, row.shared_callback) == ("own", False)


# V-24
def test_secrets_are_never_printed(configure: Configure, full_example: str) -> None:
    secrets = ["xyz-secret", "analytical-engine-1843", "0123456789abcdef"]
    first = configure(full_example)
    second = configure(
        full_example.replace("xyz-secret-of-okta", "xyz-secret-another").replace(
            "0123456789abcdef01", "fedcba987654321001"
        )
    )
    printed = first.difference + first.remarks + second.difference + second.remarks
    assert not [secret for secret in [*secrets, "fedcba9876543210"] if secret in printed]
    assert "    oidc.client_secret: changed\n" in second.difference
    assert "    api_key: changed\n" in second.difference
    recorded = str(list(AuditEvent.objects.values()))
    assert not [secret for secret in [*secrets, "fedcba9876543210"] if secret in recorded]


# S-6
def test_a_new_partner_key_works_beside_the_old_one_and_only_digests_are_kept(configure: Configure) -> None:
    text = "partners: [{slug: reseller, name: Reseller, api_key: %s}]"
    configure(text % ("a" * 32))
    configure(text % ("b" * 32))
    assert {key.digest for key in PartnerKey.objects.all()} == {digest("a" * 32), digest("b" * 32)}


#
def test_what_the_file_no_longer_names_stays(configure: Configure) -> None:
    configure(ACME)
    before = everything()
    assert configure("accounts: [{slug: acme, name: Acme Corp}]").difference == "no changes\n"
    assert everything() == before


#
def test_roles_and_grants_given_by_hand_stay(configure: Configure) -> None:
    configure(ACME)
    group, trial = Group.objects.get(), Space.objects.get(name="Trial")
    admin = SpaceRole.objects.get(name="Space Admin")
    GroupSpaceRole.objects.create(group=group, space=trial, role=admin)
    configure(ACME)
    assert GroupSpaceRole.objects.filter(group=group).count() == 2


#
def test_a_scope_that_the_file_names_gives_exactly_its_roles_and_another_one_stays(
    configure: Configure,
) -> None:
    configure(ACME)
    changed = configure(ACME.replace("spaces: {Trial: [Space Developer]}", "spaces: {DevOps: [Space Admin]}"))
    assert "space DevOps: (none) → Space Admin" in changed.difference
    changed = configure(ACME.replace("spaces: {Trial: [Space Developer]}", "spaces: {Trial: [Space Admin]}"))
    assert "space Trial: Space Developer → Space Admin" in changed.difference
    assert describe(MappingRole.objects.get()) == [
        "DevOps: Space Admin",
        "Trial: Space Admin",
        "account: Billing Viewer",
    ]


# J-3
def test_space_roles_in_the_file_are_given_by_hand(configure: Configure) -> None:
    configure(ACME)
    row = SpaceMembership.objects.get(user__user_name="ada@acme.example")
    assert (row.space.name, row.role.name, row.source) == ("Trial", "Space Admin", "manual")


# S-7
def test_new_metadata_replaces_the_certificates_of_a_provider(
    configure: Configure, full_example: str, tmp_path: Path
) -> None:
    configure(full_example)
    (tmp_path / "acme.xml").write_text(metadata(certificate("acme"), certificate("next")), encoding="utf-8")
    assert "saml.certificates:" in configure(full_example).difference
    assert SamlCertificate.objects.count() == 2


# S-2
def test_metadata_is_looked_for_beside_the_file_and_then_in_the_data_folder(
    configure: Configure, full_example: str, tmp_path: Path, settings: Any
) -> None:
    settings.BROKER_VAR = tmp_path / "var"
    (tmp_path / "var" / "simulator").mkdir(parents=True)
    (tmp_path / "acme.xml").rename(tmp_path / "var" / "simulator" / "acme.xml")
    configure(full_example.replace("acme.xml", "simulator/acme.xml"))
    assert SamlSettings.objects.get().idp_entity_id == "https://idp.acme.example/saml"


# S-2
def test_certificates_and_endpoints_may_stand_in_the_file_itself(configure: Configure) -> None:
    text = pem(certificate("acme")).replace("\n", "\n              ")
    configure(f"""
accounts:
  - slug: acme
    name: Acme
    identity_providers:
      - slug: acme-saml
        protocol: saml
        saml:
          idp_entity_id: urn:acme
          sso_url: https://idp.acme.example/sso
          certificates:
            - |
              {text}
""")
    provider = IdentityProvider.objects.get()
    assert (provider.name, provider.state, provider.vendor) == ("acme-saml", "draft", "other")
    assert SamlCertificate.objects.get().pem == pem(certificate("acme"))


# V-23
def test_everything_that_a_saml_provider_may_need_stands_in_the_file(configure: Configure) -> None:
    # S-7, L-4, L-12, A-10
    keys = {
        "idp_entity_id": "https://idp.example/saml",
        "sso_url": "https://idp.example/sso",
        "sso_post_url": "https://idp.example/sso/post",
        "slo_url": "https://idp.example/slo",
        "slo_response_url": "https://idp.example/slo/done",
        "slo_binding": "post",
        "request_binding": "post",
        "sign_requests": True,
        "force_authn": True,
        "authn_contexts": ["urn:oasis:names:tc:SAML:2.0:ac:classes:X509", "urn:x:strong"],
        "authn_context_comparison": "minimum",
        "name_id_format": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
        "hint_style": "none",
        "idp_initiated": "accept",
        "subject_attribute": "uid",
        "require_encryption": True,
        "allow_rsa_1_5": True,
    }
    provider = {"slug": "acme-saml", "protocol": "saml", "saml": keys}
    text = json.dumps({"accounts": [{"slug": "acme", "name": "Acme", "identity_providers": [provider]}]})
    configure(text)
    row = SamlSettings.objects.get()
    found = {name: getattr(row, name) for name in keys}
    assert found == {**keys, "authn_contexts": "\n".join(row.requested_contexts)}
    assert row.requested_contexts == tuple(keys["authn_contexts"])  # type: ignore[arg-type]
    version = IdentityProvider.objects.get().version
    configure(text)
    assert IdentityProvider.objects.get().version == version

    provider["saml"] = {"authn_contexts": [], "sign_requests": False}
    configure(json.dumps({"accounts": [{"slug": "acme", "name": "Acme", "identity_providers": [provider]}]}))
    row.refresh_from_db()
    assert (row.authn_contexts, row.sign_requests) == ("", False)
    assert row.slo_url == "https://idp.example/slo"


def test_a_new_client_id_clears_the_secret_and_says_so(configure: Configure) -> None:
    configure(ACME)
    changed = configure(ACME.replace("client_id: abc, client_secret: first-secret", "client_id: other"))
    assert "oidc.client_secret: cleared" in changed.difference
    assert "give it too (V-23)" in changed.remarks
    assert OidcSettings.objects.get().client_secret == ""


# S-3
def test_a_provider_is_disabled_when_the_file_says_so(configure: Configure) -> None:
    configure(ACME)
    assert (
        "    enabled: true → false\n" in configure(ACME.replace("enabled: true", "enabled: false")).difference
    )
    assert IdentityProvider.objects.get().state == "disabled"


#
def test_every_change_is_audited_with_the_file_as_actor_under_one_track_id(configure: Configure) -> None:
    said = configure(ACME).remarks
    events = AuditEvent.objects.all()
    assert {event.actor_label for event in events} == {"configuration file broker.yaml"}
    (track_id,) = {event.track_id for event in events}
    assert f"track ID {track_id}" in said


#
def test_the_number_of_queries_does_not_grow_with_the_people_who_are_there_already(
    configure: Configure,
) -> None:
    def people(count: int) -> str:
        rows = "".join(
            f"      - {{user_name: u{n}@acme.example, account_roles: [Member]}}\n" for n in range(count)
        )
        return f"accounts:\n  - slug: acme\n    name: Acme\n    users:\n{rows}"

    counts = []
    for count in (1, 200):
        configure(people(count))
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert configure(people(count)).difference == "no changes\n"
        counts.append(len(captured))
    assert counts[0] == counts[1]
