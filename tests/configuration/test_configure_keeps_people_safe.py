"""What a file can't do to people and accounts that are in use (V-8, V-24)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db.models import F

from accounts import lifecycle
from accounts.lifecycle.roles import account_role_named
from accounts.models import Account, AccountRoleMembership, BuiltInAccountRole, User
from audit.actors import Actor, ActorKind, configuration
from audit.models import AuditEvent
from sso.models import IdentityProvider
from tests.configuration.conftest import Configure
from tests.console.last_claims import seen_with

ACME = """
accounts:
  - slug: acme
    name: Acme
    sso_module: true
    sso_policy: optional
    sso_authorization: false
    users:
      - {user_name: ada, given_name: Ada, account_roles: [SSO Account Admin], password: analytical-engine-1843}
      - {user_name: bob}
    identity_providers:
      - slug: acme-oidc
        protocol: oidc
        enabled: true
        oidc: {issuer: "https://idp.acme.example", client_id: abc}
"""
MANDATORY = ACME.replace("sso_policy: optional", "sso_policy: mandatory")
AUTHORIZED = ACME.replace("sso_authorization: false", "sso_authorization: true")
ADMINS_BY_MAPPING = AUTHORIZED.replace(
    "    users:", "    mapping_roles: [{name: admins, account: [SSO Account Admin]}]\n    users:"
)
SignedIn = Callable[[str], User]


def prove_provider() -> None:
    """As a successful sign-in or test of the present settings does."""
    IdentityProvider.objects.update(proven_version=F("version"))


# V-24
def test_a_password_counts_only_when_the_person_is_created(configure: Configure) -> None:
    configure(ACME)
    ada = User.objects.get(user_name="ada")
    lifecycle.set_password(user=ada, actor=configuration(), password="chosen-by-ada-herself")
    assert configure(ACME.replace("1843", "1844")).difference == "no changes\n"
    ada.refresh_from_db()
    assert ada.check_password("chosen-by-ada-herself")


# V-24
def test_somebody_without_a_password_gets_none_from_the_file_later(configure: Configure) -> None:
    configure(ACME)
    configure(ACME.replace("{user_name: bob}", "{user_name: bob, password: difference-engine-1822}"))
    assert not User.objects.get(user_name="bob").has_usable_password()


# V-24
@pytest.mark.parametrize("override", [(), ("--override",)])
def test_a_disabled_person_stays_disabled(configure: Configure, override: tuple[str, ...]) -> None:
    configure(ACME)
    lifecycle.disable_user(user=User.objects.get(user_name="ada"), actor=configuration())
    said = configure(ACME.replace("given_name: Ada", "given_name: Augusta"), *override)
    ada = User.objects.get(user_name="ada")
    assert (ada.status.value, ada.given_name) == ("disabled", "Augusta")
    assert "ada is disabled by an admin and stays so (V-24)" in said.remarks


# V-24, V-12
def test_somebody_whom_the_directory_deactivated_stays_out(configure: Configure) -> None:
    configure(ACME)
    directory = Actor(ActorKind.SCIM, "", "Entra")
    lifecycle.set_directory_active(user=User.objects.get(user_name="bob"), actor=directory, active=False)
    configure(ACME)
    assert User.objects.get(user_name="bob").status.value == "deactivated"


# V-13
def test_somebody_who_was_removed_is_not_made_again_unless_overridden(configure: Configure) -> None:
    configure(ACME)
    lifecycle.delete_user(user=User.objects.get(user_name="ada"), actor=configuration())
    said = configure(ACME)
    assert said.difference == "no changes\n"
    assert "ada was removed from this account; --override makes a new person" in said.remarks
    configure(ACME, "--override")
    assert User.objects.present().get(user_name="ada").status.value == "pending"


# L-8
def test_single_sign_on_becomes_mandatory_on_an_account_in_use_only_after_it_worked(
    configure: Configure, signed_in: SignedIn
) -> None:
    configure(ACME)
    signed_in("ada")
    (problem,) = configure.refused(MANDATORY)
    assert problem.startswith(
        "broker.yaml:6 accounts[0].sso_policy: single sign-on can't be mandatory before"
    )
    assert Account.objects.get().sso_policy == "optional"
    assert AuditEvent.objects.latest("created_at").reason == "configuration.guarded"
    prove_provider()
    said = configure(MANDATORY)
    assert said.difference == "~ account acme\n    sso_policy: optional → mandatory\n0 created, 1 changed\n"
    assert "so without a way in: bob" in said.remarks  # L-8: who would be locked out


# L-8, V-18
def test_a_change_of_the_provider_in_the_same_file_unproves_it(
    configure: Configure, signed_in: SignedIn
) -> None:
    configure(ACME)
    signed_in("ada")
    prove_provider()
    (problem,) = configure.refused(
        MANDATORY.replace("protocol: oidc", "protocol: oidc\n        claims: {groups: teams}")
    )
    assert "(L-8)" in problem


# V-8
def test_mandatory_is_refused_while_no_admin_has_come_through_a_provider(
    configure: Configure, signed_in: SignedIn
) -> None:
    configure(ACME)
    signed_in("bob")
    prove_provider()
    (problem,) = configure.refused(MANDATORY)
    assert "no SSO account admin has signed in through a provider yet" in problem


# L-8, V-24
def test_an_operator_may_override_what_could_lock_people_out(
    configure: Configure, signed_in: SignedIn
) -> None:
    configure(ACME)
    signed_in("bob")
    said = configure(MANDATORY, "--override")
    assert Account.objects.get().sso_policy == "mandatory"
    assert said.remarks.count("(overridden)") == 2


# L-8
def test_on_a_new_account_mandatory_is_only_a_warning(configure: Configure) -> None:
    said = configure(MANDATORY)
    assert Account.objects.get().sso_policy == "mandatory"
    assert "warning: " in said.remarks
    assert "(L-8)" in said.remarks


# L-8
@pytest.mark.parametrize(
    ("old", "new"), [("enabled: true", "enabled: false"), ("sso_module: true", "sso_module: false")]
)
def test_the_only_way_into_a_mandatory_account_is_not_closed(
    configure: Configure, signed_in: SignedIn, old: str, new: str
) -> None:
    configure(MANDATORY)
    signed_in("ada")
    (problem,) = configure.refused(MANDATORY.replace(old, new))
    assert new.split(":")[0] in problem
    configure(MANDATORY.replace(old, new), "--override")


# L-8
def test_one_provider_may_take_the_place_of_another_in_one_file(
    configure: Configure, signed_in: SignedIn
) -> None:
    configure(MANDATORY)
    signed_in("ada")
    configure(
        MANDATORY.replace("enabled: true", "enabled: false")
        + "      - slug: acme-new\n        protocol: oidc\n        enabled: true\n"
        + '        oidc: {issuer: "https://new.acme.example", client_id: abc}\n'
    )
    states = dict(IdentityProvider.objects.values_list("slug", "state"))
    assert states == {"acme-oidc": "disabled", "acme-new": "enabled"}


#
def test_authorization_needs_a_mapping_role_that_keeps_an_admin(
    configure: Configure, signed_in: SignedIn
) -> None:
    configure(ACME)
    ada = signed_in("ada")
    (problem,) = configure.refused(AUTHORIZED)
    assert "no mapping role gives SSO Account Admin" in problem
    # A role of that name is not enough: somebody has to have been sent it.
    seen_with(ada, IdentityProvider.objects.get(), "Admins")
    (problem,) = configure.refused(ADMINS_BY_MAPPING)
    assert "nobody would be SSO Account Admin" in problem
    seen_with(ada, IdentityProvider.objects.get(), "admins")
    configure(ADMINS_BY_MAPPING)
    assert Account.objects.get().sso_authorization


#
def test_authorization_needs_a_working_provider(configure: Configure, signed_in: SignedIn) -> None:
    configure(ACME.replace("enabled: true", "enabled: false"))
    signed_in("ada")
    (problem,) = configure.refused(ADMINS_BY_MAPPING.replace("enabled: true", "enabled: false"))
    assert "needs the SSO module and an enabled provider (R-2)" in problem


#
def test_authorization_is_not_turned_off_on_the_side(configure: Configure, signed_in: SignedIn) -> None:
    configure(ADMINS_BY_MAPPING)
    signed_in("ada")
    (problem,) = configure.refused(ACME)
    assert "(R-5)" in problem


#
def test_authorization_turned_off_by_override_keeps_roles_as_given_by_hand(
    configure: Configure, signed_in: SignedIn
) -> None:
    configure(ADMINS_BY_MAPPING)
    ada = signed_in("ada")
    role = account_role_named(Account.objects.get(), BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    AccountRoleMembership.objects.create(user=ada, role=role, source="mapping")
    configure(ACME, "--override")
    assert not AccountRoleMembership.objects.filter(source="mapping").exists()
    assert AccountRoleMembership.objects.filter(user=ada, role=role).get().source == "manual"


#
def test_roles_that_follow_mapping_roles_are_not_given_by_the_file(
    configure: Configure, signed_in: SignedIn
) -> None:
    configure(ADMINS_BY_MAPPING)
    signed_in("bob")
    text = ADMINS_BY_MAPPING.replace("{user_name: bob}", "{user_name: bob, account_roles: [Account Admin]}")
    (problem,) = configure.refused(text)
    assert "users[1].account_roles[0]: roles of bob follow the mapping roles (R-4)" in problem
    assert not AccountRoleMembership.objects.filter(user__user_name="bob").exists()
    configure(text, "--override")
    assert AccountRoleMembership.objects.get(user__user_name="bob").source == "manual"


#
def test_a_role_that_a_mapping_role_already_gives_is_not_missing(
    configure: Configure, signed_in: SignedIn
) -> None:
    configure(ADMINS_BY_MAPPING)
    ada = signed_in("ada")
    AccountRoleMembership.objects.filter(user=ada).update(
        source="mapping"
    )  # as the first sign-in leaves it
    assert configure(ADMINS_BY_MAPPING).difference == "no changes\n"


# V-1
def test_a_new_issuer_suspends_the_identities_and_says_so(configure: Configure, signed_in: SignedIn) -> None:
    configure(ACME)
    signed_in("ada")
    said = configure(ACME.replace("https://idp.acme.example", "https://other.example"))
    assert "confirm that it is the same directory" in said.remarks
    assert IdentityProvider.objects.get().identities_suspended_at is not None


# V-8
def test_a_new_account_without_an_sso_admin_is_a_warning(configure: Configure) -> None:
    said = configure("accounts: [{slug: globex, name: Globex}]")
    assert "broker.yaml:1 accounts[0]: nobody here is an SSO Account Admin" in said.remarks


# V-8
def test_an_admin_role_is_nobodys_default(configure: Configure) -> None:
    (problem,) = configure.refused(
        ACME.replace("protocol: oidc", "protocol: oidc\n        default_account_role: Account Admin")
    )
    assert "an admin role can't be the default role (V-8)" in problem


# O-3
def test_a_provider_keeps_its_protocol_and_its_account(configure: Configure) -> None:
    configure(ACME)
    (problem,) = configure.refused(
        "accounts: [{slug: acme, name: Acme, identity_providers: [{slug: acme-oidc, protocol: saml}]}]"
    )
    assert problem.endswith("protocol: this provider speaks oidc; make another one instead")
    (problem,) = configure.refused("identity_providers: [{slug: acme-oidc, protocol: oidc, vendor: entra}]")
    assert problem == "broker.yaml:1 identity_providers[0].slug: is already in use"


#
def test_a_closed_account_is_not_touched(configure: Configure) -> None:
    configure(ACME)
    Account.objects.update(closed_at="2026-01-01T00:00:00Z")
    (problem,) = configure.refused(ACME)
    assert problem.endswith("this account is closed; take it out of the file")
