"""Nobody grants, removes or edits above themselves, whatever form or address they use (V-8)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts import lifecycle
from accounts.lifecycle.roles import account_role_named
from accounts.models import (
    Account,
    AccountHostName,
    AccountRoleMembership,
    BuiltInAccountRole,
    EmailDomain,
    Partner,
    SsoPolicy,
    User,
)
from accounts.models.role import AccountRole
from audit.models import AuditEvent
from spaces.models import MappingRole, Space
from sso import providers
from sso.models import IdentityProvider, ProtocolName, SignInAttempt, State, Vendor
from sso_oidc.configuration import OidcValues, save_oidc_settings
from tests.console.admin_pages import address_of, page, read, save, with_row, without_row, words
from tests.worlds import OPERATOR, World, add_attempt, add_identity, found_account

Browse = Callable[[User], Client]


def test_an_account_admin_cannot_grant_the_sso_account_admin_role(acme: World, browse: Browse) -> None:  # V-8
    powerful = account_role_named(acme.account, BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    browser = browse(acme.admin)
    address = address_of(acme.employee)
    assert str(powerful.pk) not in browser.get(address).text

    for person in (acme.employee, acme.admin):
        forged = with_row(read(browser, address_of(person)), "account_role_memberships", role=powerful.pk)
        assert "Select a valid choice" in browser.post(address_of(person), forged).text
    assert AccountRoleMembership.objects.filter(role=powerful).get().user == acme.sso_admin


def test_an_sso_account_admin_grants_it(acme: World, browse: Browse) -> None:  # V-8
    powerful = account_role_named(acme.account, BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    browser = browse(acme.sso_admin)
    fields = with_row(read(browser, address_of(acme.employee)), "account_role_memberships", role=powerful.pk)
    assert browser.post(address_of(acme.employee), fields).status_code == 302
    assert AccountRoleMembership.objects.filter(role=powerful, user=acme.employee).exists()


def test_an_account_admin_only_looks_at_an_sso_account_admin(acme: World, browse: Browse) -> None:  # V-8
    browser = browse(acme.admin)
    address = address_of(acme.sso_admin)
    assert browser.get(address).status_code == 200
    assert browser.post(address, {"email": "mine@acme.example"}).status_code == 403
    assert browser.post(page(User, "disable", acme.sso_admin.pk)).status_code == 403
    assert browser.post(page(User, "delete", acme.sso_admin.pk), {"post": "yes"}).status_code == 403
    acme.sso_admin.refresh_from_db()
    assert acme.sso_admin.email == "sso@acme.example"


def test_the_last_sso_account_admin_keeps_the_role(acme: World, browse: Browse) -> None:  # V-14
    row = AccountRoleMembership.objects.get(user=acme.sso_admin)
    browser = browse(acme.sso_admin)
    address = address_of(acme.sso_admin)
    answer = browser.post(address, without_row(read(browser, address), "account_role_memberships", row))
    assert "is the last SSO account admin" in words(answer)
    assert AccountRoleMembership.objects.filter(pk=row.pk).exists()


def test_an_account_admin_looks_at_providers_and_changes_none(acme: World, browse: Browse) -> None:  # V-8
    browser = browse(acme.admin)
    address = address_of(acme.provider)
    assert "Acme Okta" in words(browser.get(address))
    assert browser.post(address, {"name": "Mine"}).status_code == 403
    for name in ("enable", "disable"):
        assert browser.get(page(IdentityProvider, name, acme.provider.pk)).status_code == 403
        assert browser.post(page(IdentityProvider, name, acme.provider.pk)).status_code == 403
    assert browser.get(page(MappingRole, "add")).status_code == 403
    acme.provider.refresh_from_db()
    assert (acme.provider.name, acme.provider.state) == ("Acme Okta", State.ENABLED)


def test_an_sso_account_admin_changes_switches_on_and_off(acme: World, browse: Browse) -> None:  # V-8, S-3
    browser = browse(acme.sso_admin)
    address = address_of(acme.provider)
    version = acme.provider.version
    answer = save(
        browser, address, button_label="Go", claim_names='{"email": "mail"}', default_space=acme.space.pk
    )
    assert answer.status_code == 302
    acme.provider.refresh_from_db()
    assert (acme.provider.button_label, acme.provider.claim_names) == ("Go", {"email": "mail"})
    assert acme.provider.default_space == acme.space
    assert acme.provider.version == version + 1

    browser.post(page(IdentityProvider, "disable", acme.provider.pk))
    acme.provider.refresh_from_db()
    assert acme.provider.state == State.DISABLED
    browser.post(page(IdentityProvider, "enable", acme.provider.pk))
    acme.provider.refresh_from_db()
    assert acme.provider.state == State.ENABLED
    assert AuditEvent.objects.filter(action="provider.enabled", actor_id=str(acme.sso_admin.pk)).exists()


def test_what_keeps_a_provider_from_being_enabled_is_told(acme: World, browse: Browse) -> None:  # S-3
    draft = providers.create_provider(
        actor=OPERATOR,
        slug="acme-saml",
        name="Acme Entra",
        protocol=ProtocolName.SAML,
        vendor=Vendor.ENTRA,
        account=acme.account,
    )
    browser = browse(acme.sso_admin)
    shown = words(browser.get(address_of(draft)))
    assert "http://localhost:8000/sso/saml/acme-saml/" in shown  # S-1: to copy
    told = words(browser.post(page(IdentityProvider, "enable", draft.pk), follow=True))
    assert "can't be enabled" in told
    assert "Single Sign-On URL is missing" in told
    assert AuditEvent.objects.filter(reason="provider.not_ready").exists()


def test_a_changed_issuer_waits_for_the_word_that_it_is_the_same_directory(
    acme: World, browse: Browse
) -> None:  # V-1
    identity = add_identity(acme.employee, acme.provider)
    moved = OidcValues(issuer="https://moved.idp.example", client_secret="again")
    save_oidc_settings(provider=acme.provider, actor=OPERATOR, values=moved)
    address = page(IdentityProvider, "confirm_directory", acme.provider.pk)
    assert browse(acme.admin).get(address).status_code == 403

    browser = browse(acme.sso_admin)
    assert "identities suspended" in words(browser.get(address_of(acme.provider)))
    asked = words(browser.get(address))
    assert "https://acme-oidc.idp.example" in asked
    assert "https://moved.idp.example" in asked

    browser.post(address)
    acme.provider.refresh_from_db()
    identity.refresh_from_db()
    assert acme.provider.identities_suspended_at is None
    assert identity.issuer == "https://moved.idp.example"
    assert browser.get(address).status_code == 403


@pytest.mark.parametrize("bad", ["[1]", "5", '{"email": 3}', '{"nonsense": "x"}', "{"])
def test_claim_names_that_are_none_are_refused_on_the_form(
    bad: str, acme: World, browse: Browse
) -> None:  # J-1
    answer = save(browse(acme.sso_admin), address_of(acme.provider), claim_names=bad)
    assert answer.status_code == 200
    acme.provider.refresh_from_db()
    assert acme.provider.claim_names == {}


def test_an_admin_role_is_no_default_role(acme: World, browse: Browse) -> None:  # V-8
    powerful = account_role_named(acme.account, BuiltInAccountRole.ACCOUNT_ADMIN)
    browser = browse(acme.sso_admin)
    assert str(powerful.pk) not in browser.get(address_of(acme.provider)).text
    answer = save(browser, address_of(acme.provider), default_account_role=powerful.pk)
    assert "Select a valid choice" in answer.text


def test_a_client_secret_is_on_no_page(acme: World, browse: Browse, operator: User) -> None:  # S-3
    for person in (acme.sso_admin, operator):
        answer = browse(person).get(address_of(acme.provider))
        assert "secret-of-acme-oidc" not in answer.text
        assert "Client secret now set changed" in words(answer)


def test_claims_are_for_those_who_configure_sign_in(acme: World, browse: Browse) -> None:  # V-8, A-5
    attempt = add_attempt(
        acme.employee, acme.provider, claims='{"email": "emma@acme.example", "hobby": "chess"}'
    )
    assert "chess" not in browse(acme.admin).get(address_of(attempt)).text
    assert "chess" in browse(acme.sso_admin).get(address_of(attempt)).text
    assert browse(acme.sso_admin).post(address_of(attempt), {}).status_code == 403
    assert SignInAttempt.objects.filter(pk=attempt.pk).exists()


def test_an_account_admin_changes_only_their_part_of_the_account(
    acme: World, browse: Browse
) -> None:  # V-8, X-1
    browser = browse(acme.admin)
    address = address_of(acme.account)
    fields = read(browser, address)
    assert {"sso_module", "slug", "region", "partner", "sso_policy", "sso_authorization"}.isdisjoint(fields)

    forged = {**fields, "name": "Acme Inc", "sso_module": "", "slug": "mine", "sso_policy": "mandatory"}
    assert browser.post(address, forged).status_code == 302
    acme.account.refresh_from_db()
    assert (acme.account.name, acme.account.slug, acme.account.sso_module) == ("Acme Inc", "acme", True)
    assert acme.account.sso_policy == SsoPolicy.OPTIONAL
    assert browser.post(page(Account, "require_sso", acme.account.pk)).status_code == 403
    assert browser.get(page(Account, "add")).status_code == 403


@pytest.mark.parametrize(
    "bad", ["//evil.example", "javascript:alert(1)", "http://evil.example/", "https://a@b.example/"]
)
def test_a_landing_url_leads_nowhere_strange(bad: str, acme: World, browse: Browse) -> None:  # L-7, V-23
    answer = save(browse(acme.admin), address_of(acme.account), landing_url=bad)
    assert answer.status_code == 200
    acme.account.refresh_from_db()
    assert acme.account.landing_url == "/"


def test_sso_is_not_made_mandatory_before_it_was_seen_to_work(acme: World, browse: Browse) -> None:  # L-8
    browser = browse(acme.sso_admin)
    address = page(Account, "require_sso", acme.account.pk)
    asked = words(browser.get(address))
    assert "3 people have no identity at a provider yet" in asked
    assert "emma@acme.example" in asked
    assert "Nobody has signed in through an enabled provider" in words(browser.post(address, follow=True))

    providers.note_proof(provider=acme.provider, version=acme.provider.version)
    assert "nobody could switch this back" in words(browser.post(address, follow=True))
    acme.account.refresh_from_db()
    assert acme.account.sso_policy == SsoPolicy.OPTIONAL

    add_identity(acme.sso_admin, acme.provider)
    browser.post(address)  # and signed out with it: this session began with a password
    acme.account.refresh_from_db()
    assert acme.account.sso_policy == SsoPolicy.MANDATORY


def test_only_an_operator_adds_host_names_and_domains(
    acme: World, browse: Browse, operator: User
) -> None:  # V-6
    address = address_of(acme.account)
    own = browse(acme.sso_admin)
    own.post(address, with_row(read(own, address), "email_domains", domain="evil.example"))
    assert not EmailDomain.objects.filter(domain="evil.example").exists()

    browser = browse(operator)
    fields = with_row(read(browser, address), "host_names", host="login.acme.example", position=0)
    assert browser.post(address, with_row(fields, "email_domains", domain="acme.test")).status_code == 302
    assert AccountHostName.objects.get(host="login.acme.example").verified_at is not None
    assert EmailDomain.objects.get(domain="acme.test").verified_by == "operator"


def test_a_name_of_another_account_is_refused_without_saying_whose(
    acme: World, globex: World, browse: Browse, operator: User
) -> None:  # V-6
    browser = browse(operator)
    address = address_of(acme.account)
    answer = browser.post(address, with_row(read(browser, address), "email_domains", domain="globex.example"))
    assert "globex.example is already in use." in words(answer)
    assert AuditEvent.objects.filter(reason="account.name_taken").exists()


def test_an_operator_makes_a_partner_an_account_and_its_first_admin(
    db: None, browse: Browse, operator: User
) -> None:
    browser = browse(operator)
    browser.post(page(Partner, "add"), {"slug": "reseller", "name": "Reseller"})
    partner = Partner.objects.get(slug="reseller")
    fields = {"name": "Initech", "slug": "initech", "partner": partner.pk, "region": "", "sso_module": "on"}
    browser.post(page(Account, "add"), fields)
    account = Account.objects.get(slug="initech")
    assert (account.partner, account.sso_module) == (partner, True)
    browser.post(page(User, "add"), {"in_account": account.pk, "user_name": "ina@initech.example"})
    ina = User.objects.get(user_name="ina@initech.example")
    assert ina.account == account
    powerful = account_role_named(account, BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    browser.post(
        address_of(ina),
        with_row(read(browser, address_of(ina)), "account_role_memberships", role=powerful.pk),
    )
    assert AccountRoleMembership.objects.filter(user=ina, role=powerful).exists()
    save(browser, address_of(partner), name="Reseller Ltd")
    partner.refresh_from_db()
    assert partner.name == "Reseller Ltd"


def test_spaces_and_roles_are_made_here_and_twice_is_refused(acme: World, browse: Browse) -> None:
    browser = browse(acme.admin)
    browser.post(page(Space, "add"), {"name": "Ops"})
    assert Space.objects.for_account(acme.account).filter(name="Ops").exists()
    assert "There is a space Ops." in words(browser.post(page(Space, "add"), {"name": "Ops"}))
    for label in ("accounts.accountrole", "spaces.spacerole"):
        assert browser.post(page(label, "add"), {"name": "Auditor"}).status_code == 302
    assert AccountRole.objects.for_account(acme.account).filter(name="Auditor").exists()


def test_a_provider_above_accounts_is_not_an_accounts_business(
    acme: World, browse: Browse, operator: User
) -> None:  # V-5
    shared = providers.create_provider(
        actor=OPERATOR,
        slug="entra-all",
        name="Entra for all",
        protocol=ProtocolName.OIDC,
        vendor=Vendor.ENTRA,
    )
    assert browse(acme.sso_admin).get(address_of(shared)).status_code == 404
    browser = browse(operator)
    assert save(browser, address_of(shared), name="Entra").status_code == 302
    shared.refresh_from_db()
    assert shared.name == "Entra"


def test_an_admin_of_one_account_is_nobody_in_another(acme: World, browse: Browse) -> None:
    found_account("globex")
    browser = browse(acme.sso_admin)
    others = IdentityProvider.objects.exclude(account=acme.account)
    assert [browser.get(address_of(row)).status_code for row in others] == [404]
    assert lifecycle.disable_user(user=acme.employee, actor=OPERATOR)
