"""What a provider says becomes access: claim names, lists, defaults, mapping roles (J-1 to J-7, R-2, R-7, G-2)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts import lifecycle
from accounts.lifecycle.roles import account_role_named
from accounts.models import AccountRole, BuiltInAccountRole, GroupMembership, User
from accounts.sources import Source
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from spaces.access import grant_space_role
from spaces.models import MappingRole, MappingScope, MappingScopeRole
from sso import providers
from sso.models import SignInAttempt
from tests.journeys.conftest import ENGINEERS, OPERATOR, Company
from tests.journeys.person_browser import PersonBrowser, sign_in
from tests.journeys.seen import OIDC, SAML

STARTS = pytest.mark.parametrize("start", [SAML, OIDC], ids=["saml", "oidc"])
DIRECTORY = Actor(ActorKind.SCIM, "token-of-acme", "Entra provisioning")


def spaces(browser: PersonBrowser) -> dict[str, list[str]]:
    return {space["name"]: [role["name"] for role in space["roles"]] for space in browser.me()["spaces"]}


def map_role(
    company: Company, name: str, *, account: BuiltInAccountRole | None = None, **roles: str
) -> MappingRole:
    """Make a mapping role; ``roles`` are space name → space role."""
    row = MappingRole.objects.create(account=company.account, name=name)
    if account is not None:
        scope = MappingScope.objects.create(mapping_role=row)
        MappingScopeRole.objects.create(
            scope=scope, account_role=account_role_named(company.account, account)
        )
    for space, role in roles.items():
        scope = MappingScope.objects.create(mapping_role=row, space=company.account.spaces.get(name=space))
        MappingScopeRole.objects.create(
            scope=scope, space_role=company.account.space_roles.get(name=role.replace("_", " "))
        )
    return row


def switch_authorization_on(company: Company) -> None:
    lifecycle.update_account(account=company.account, actor=OPERATOR, values={"sso_authorization": True})


@STARTS
@pytest.mark.parametrize(
    ("names", "roles"),
    [
        ("Trial,DevOps", "Space Member,Space Developer"),
        ("Trial\nDevOps", "Space Member\nSpace Developer"),
        (" Trial , DevOps ", "Space Member\n Space Developer "),
    ],
    ids=["one text", "several values", "both, with blanks"],
)
def test_spaces_and_roles_are_paired_however_the_lists_are_sent(
    acme: Company, browser: PersonBrowser, start: str, names: str, roles: str
) -> None:
    # J-4
    sign_in(browser, start, space_name=names, space_role=roles)
    assert spaces(browser) == {"DevOps": ["Space Developer"], "Trial": ["Space Member"]}


@STARTS
def test_claim_under_another_name_is_read_where_the_provider_says(
    make_company: Callable[..., Company], browser: PersonBrowser, start: str
) -> None:
    # J-1
    make_company("acme", claim_names={"given_name": "rufname", "space_name": "team"})
    sign_in(browser, start, extra="rufname=Marie\nteam=Trial", leave_out=["space_name"])
    assert browser.me()["given_name"] == "Marie"
    assert spaces(browser) == {"Trial": ["Space Member"]}


@STARTS
def test_first_role_in_the_account_is_the_providers_default(
    acme: Company, browser: PersonBrowser, start: str
) -> None:
    # J-2
    viewer = AccountRole.objects.create(account=acme.account, name="Billing Viewer")
    for provider in (acme.saml, acme.oidc):
        providers.update_provider(provider=provider, actor=OPERATOR, values={"default_account_role": viewer})
    sign_in(browser, start)
    assert browser.me()["account_roles"] == [{"name": "Billing Viewer", "source": "claims"}]


def test_admin_role_is_no_providers_to_give_even_if_it_got_into_the_default(
    acme: Company, browser: PersonBrowser
) -> None:
    # V-8
    from sso.models import IdentityProvider

    admin = account_role_named(acme.account, BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    with pytest.raises(providers.ProviderInvalid):
        providers.update_provider(provider=acme.saml, actor=OPERATOR, values={"default_account_role": admin})
    IdentityProvider.objects.filter(slug="acme-saml").update(default_account_role=admin)
    sign_in(browser, SAML)
    assert browser.me()["account_roles"] == [{"name": "Member", "source": "claims"}]


def test_default_space_is_for_people_who_are_in_none(acme: Company, browser: PersonBrowser) -> None:
    # J-7
    trial = acme.account.spaces.get(name="Trial")
    providers.update_provider(provider=acme.saml, actor=OPERATOR, values={"default_space": trial})
    user = lifecycle.provision_user(
        account=acme.account,
        actor=DIRECTORY,
        values=lifecycle.PersonChanges(user_name="noah@acme.example", email="noah@acme.example"),
    )[0]
    devops = acme.account.spaces.get(name="DevOps")
    role = acme.account.space_roles.get(name="Space Admin")
    grant_space_role(user=user, space=devops, role=role, actor=OPERATOR, source=Source.MANUAL)
    sign_in(browser, SAML, person="noah@acme.example")
    assert spaces(browser) == {"DevOps": ["Space Admin"]}


@STARTS
def test_rules_that_fired_are_written_down_by_number(
    acme: Company, browser: PersonBrowser, start: str
) -> None:
    # J-5, J-6
    sign_in(browser, start, space_name="Trial,Atlantis", space_role="No Such Role")
    assert spaces(browser) == {"Trial": ["Space Member"]}
    report = SignInAttempt.objects.get().report
    assert {rule["rule"] for rule in report["rules"]} == {1, 3, 6}
    event = AuditEvent.objects.get(action="sign_in.succeeded")
    assert [line.split(":")[0] for line in event.changes["rules"]] == [
        str(rule["rule"]) for rule in report["rules"]
    ]


@STARTS
def test_with_authorization_on_roles_are_exactly_those_of_the_mapping_roles(
    acme: Company, browser: PersonBrowser, start: str
) -> None:
    #
    sign_in(browser, start)
    user = User.objects.get()
    trial = acme.account.spaces.get(name="Trial")
    by_hand = acme.account.space_roles.get(name="Space Admin")
    grant_space_role(user=user, space=trial, role=by_hand, actor=OPERATOR, source=Source.MANUAL)
    map_role(acme, "ops", DevOps="Space Admin")
    map_role(acme, "sales, north", account=BuiltInAccountRole.MEMBER, Trial="Space Member")
    switch_authorization_on(acme)
    browser.post("/logout/", {})
    sign_in(browser, start, role_mapping="ops\nsales, north\nunknown", space_name="DevOps")
    assert spaces(browser) == {"DevOps": ["Space Admin"], "Trial": ["Space Member"]}
    assert {role["source"] for space in browser.me()["spaces"] for role in space["roles"]} == {"mapping"}
    assert browser.me()["account_roles"] == [{"name": "Member", "source": "mapping"}]
    assert [group["name"] for group in browser.me()["groups"]] == ["Engineers"]  # groups are independent
    change = AuditEvent.objects.filter(action="access.changed").order_by("created_at").last()
    assert change is not None
    assert "Trial: Space Admin (manual)" in change.changes["spaces_removed"]  # old values audited


def test_value_of_role_mapping_is_never_split_at_a_comma(acme: Company, browser: PersonBrowser) -> None:
    #
    map_role(acme, "sales", Trial="Space Member")
    switch_authorization_on(acme)
    page = sign_in(browser, SAML, role_mapping="sales,ops")
    assert page.status == 403
    assert not User.objects.exists()


def test_mapping_role_may_make_an_admin_and_its_end_ends_it(
    acme: Company, browser: PersonBrowser, new_browser: Callable[[], PersonBrowser]
) -> None:
    # V-8, R-2
    map_role(acme, "bosses", account=BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    map_role(acme, "staff", account=BuiltInAccountRole.MEMBER)
    switch_authorization_on(acme)
    sign_in(new_browser(), SAML, person="noah@acme.example", role_mapping="bosses")
    sign_in(browser, SAML, role_mapping="bosses")
    assert browser.me()["account_roles"] == [{"name": "SSO Account Admin", "source": "mapping"}]
    browser.post("/logout/", {})
    sign_in(browser, SAML, role_mapping="staff")
    assert browser.me()["account_roles"] == [{"name": "Member", "source": "mapping"}]


@STARTS
def test_groups_pushed_by_the_directory_are_not_the_claims_to_take(
    acme: Company, browser: PersonBrowser, start: str
) -> None:
    # G-2
    sign_in(browser, start, groups="")
    user = User.objects.get()
    engineers = acme.account.groups.get(idp_identifier=ENGINEERS)
    lifecycle.set_directory_members(group=engineers, actor=DIRECTORY, add=[user.pk])
    browser.post("/logout/", {})
    sign_in(browser, start, groups="")
    assert list(GroupMembership.objects.values_list("source", flat=True)) == ["directory"]


@STARTS
def test_group_id_is_the_same_in_any_case(acme: Company, browser: PersonBrowser, start: str) -> None:
    # G-1
    sign_in(browser, start, groups=ENGINEERS.upper())
    assert [group["name"] for group in browser.me()["groups"]] == ["Engineers"]


def test_provider_without_group_sync_touches_no_group(
    make_company: Callable[..., Company], browser: PersonBrowser
) -> None:
    # G-3
    company = make_company("acme", group_sync=False)
    sign_in(browser, SAML)
    assert browser.me()["groups"] == []
    user = User.objects.get()
    engineers = company.account.groups.get(idp_identifier=ENGINEERS)
    lifecycle.set_group_membership(group=engineers, user=user, actor=OPERATOR, member=True)
    browser.post("/logout/", {})
    sign_in(browser, SAML, groups="")
    assert [group["source"] for group in browser.me()["groups"]] == ["manual"]
