"""Whose an Entra tenant is, by a connection test; not by what an admin types or a guest says (V-6)."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.urls import reverse

from accounts.models import Kind, User
from audit.models import AuditEvent
from audit.refusals import Refused
from sso import providers, testing
from sso.models import IdentityProvider, ProtocolName, SignInAttempt, State, Vendor
from sso_oidc.configuration import OidcValues, remove_tenant, save_oidc_settings, save_tenant
from sso_oidc.models import TenantOwner
from tests.journeys.entra_world import (
    ACME_TENANT,
    CLIENT_ID,
    CLIENT_SECRET,
    EVIL_TENANT,
    SLUG,
    Answer,
    EntraCloud,
    add_shared_provider,
    allow,
    carry,
)
from tests.journeys.person_browser import Page, PersonBrowser
from tests.worlds import OPERATOR, World, add_vendor_person, found_account, sign_in

MEMBER = Answer()  # mia@acme.example of Acme's tenant


@pytest.fixture
def acme(cloud: EntraCloud) -> World:
    return found_account("acme")


@pytest.fixture
def globex(cloud: EntraCloud) -> World:
    return found_account("globex")


def draft_of(
    cloud: EntraCloud, world: World, client_id: str = CLIENT_ID, issuer: str = ""
) -> IdentityProvider:
    """Make an account's own provider for Acme's tenant, not enabled yet."""
    provider = providers.create_provider(
        actor=OPERATOR,
        slug=f"{world.account.slug}-entra",
        name=f"{world.account.name} Entra",
        protocol=ProtocolName.OIDC,
        vendor=Vendor.ENTRA,
        account=world.account,
    )
    issuer = issuer or cloud.issuer(ACME_TENANT)
    values = OidcValues(issuer=issuer, client_id=client_id, client_secret=CLIENT_SECRET, flow="hybrid")
    save_oidc_settings(provider=provider, actor=OPERATOR, values=values)
    return provider


def browser_of(person: User) -> PersonBrowser:
    browser = PersonBrowser()
    sign_in(browser.client, person)
    return browser


def press(browser: PersonBrowser, provider: IdentityProvider) -> Page:
    """Press “Test connection” and confirm it."""
    path = reverse("admin:sso_identityprovider_test_connection", args=[provider.pk])
    return browser._follow(browser.submit(browser.open(path), form=-1))


def run_test(cloud: EntraCloud, person: User, provider: IdentityProvider, said: Answer) -> Page:
    """Run a whole test as somebody and return its result."""
    browser = browser_of(person)
    return carry(cloud, browser, browser.open(press(browser, provider).link("Continue to")), said)


def owners() -> dict[str, str]:
    """Return whose each tenant is; those of the stand-in are named with its address."""
    rows = TenantOwner.objects.values_list("tenant_id", "account__slug")
    return {name.split()[0]: account for name, account in rows}


def page_of(person: User, provider: IdentityProvider) -> str:
    return browser_of(person).open(reverse("admin:sso_identityprovider_change", args=[provider.pk])).words


def test_member_of_the_tenant_who_tests_a_draft_makes_it_the_accounts(
    cloud: EntraCloud, acme: World, globex: World
) -> None:  # V-6
    mine = draft_of(cloud, acme)
    assert "not proven yet" in page_of(acme.sso_admin, mine)
    shown = run_test(cloud, acme.sso_admin, mine, MEMBER)
    assert "It belongs to this account" in shown.words
    assert owners() == {ACME_TENANT: "acme"}
    assert "proven somebody of the tenant signed in" in page_of(acme.sso_admin, mine)
    event = AuditEvent.objects.get(action="account.tenant_claimed")
    assert (event.actor_label, event.account_id) == (acme.sso_admin.user_name, acme.account.pk)
    assert "It belongs to this account" in run_test(cloud, acme.sso_admin, mine, MEMBER).words

    # The second claim is refused by every way in, without saying whose it is.
    theirs = draft_of(cloud, globex, "another-application")
    refused = press(browser_of(globex.sso_admin), theirs)
    assert "this tenant id is already in use" in refused.words
    enabling = browser_of(globex.sso_admin)
    asked = enabling.open(reverse("admin:sso_identityprovider_enable", args=[theirs.pk]))
    answer = enabling._follow(enabling.submit(asked, form=-1))
    assert "this tenant id is already in use" in answer.words
    assert "already in use" in page_of(globex.sso_admin, theirs)
    for page in (refused.words, answer.words):
        assert "acme" not in page.lower()
    theirs.refresh_from_db()
    assert theirs.state == State.DRAFT
    with pytest.raises(Refused, match="already in use"):
        save_tenant(
            provider=add_shared_provider(cloud), actor=OPERATOR, tenant_id=ACME_TENANT, account=globex.account
        )
    assert owners() == {ACME_TENANT: "acme"}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (MEMBER.but(claims={"idp": f"https://sts.windows.net/{EVIL_TENANT}/"}), "is a guest there"),
        (MEMBER.but(claims={"idp": "live.com"}), "is a guest there"),
        (MEMBER.but(claims={"preferred_username": "eve@bigcorp.example"}), "no verified e-mail domain"),
        (MEMBER.but(claims={"preferred_username": "acme.example"}), "no verified e-mail domain"),
        (MEMBER.but(claims={"preferred_username": None}), "no verified e-mail domain"),
        (MEMBER.but(claims={"tid": EVIL_TENANT}), "from another tenant"),
        (MEMBER.but(claims={"tid": None}), "from another tenant"),
    ],
)
def test_test_that_does_not_speak_for_the_tenant_proves_nothing(
    cloud: EntraCloud, acme: World, said: Answer, why: str
) -> None:  # V-6: a guest, an employee with an account of their own here, a token without tenant
    shown = run_test(cloud, acme.sso_admin, draft_of(cloud, acme), said)
    assert why in shown.words
    assert owners() == {}


def test_employee_cannot_claim_the_employers_tenant_by_an_application_of_their_own(
    cloud: EntraCloud, acme: World
) -> None:  # V-6
    """Everybody may register an application in their employer's tenant; its domain is verified for nobody else."""
    own = found_account("eve-private")
    mine = draft_of(cloud, own)
    shown = run_test(cloud, own.sso_admin, mine, MEMBER)
    assert "no verified e-mail domain of this account" in shown.words
    assert owners() == {}
    theirs = draft_of(cloud, acme, "application-of-acme")
    shown = run_test(cloud, acme.sso_admin, theirs, MEMBER.but(claims={"aud": "application-of-acme"}))
    assert "It belongs to this account" in shown.words


def test_result_that_its_starter_never_saw_proves_nothing(cloud: EntraCloud, acme: World) -> None:
    # V-6, V-18: whoever was lured into running it has no code that opens the result, and the starter didn't get it
    starter = browser_of(acme.sso_admin)
    asked = starter.open(press(starter, draft_of(cloud, acme)).link("Continue to"))
    follow = starter._follow
    starter._follow = lambda page: page  # type: ignore[method-assign]  # stop where the browser would go on
    answered = carry(cloud, starter, asked, MEMBER)
    starter._follow = follow  # type: ignore[method-assign]
    sealed = answered.headers["Location"]
    assert urlsplit(sealed).path.startswith("/sso/test/")
    assert SignInAttempt.objects.get().outcome
    assert owners() == {}
    stranger = PersonBrowser()
    assert stranger.open(sealed).status in (200, 404)
    assert owners() == {}
    starter.open(sealed)
    assert owners() == {ACME_TENANT: "acme"}


def test_settings_that_changed_before_the_result_was_opened_are_not_proven(
    cloud: EntraCloud, acme: World
) -> None:  # V-6, V-18
    mine, starter = draft_of(cloud, acme), browser_of(acme.sso_admin)
    asked = starter.open(press(starter, mine).link("Continue to"))
    follow = starter._follow
    starter._follow = lambda page: page  # type: ignore[method-assign]
    sealed = carry(cloud, starter, asked, MEMBER).headers["Location"]
    starter._follow = follow  # type: ignore[method-assign]
    values = OidcValues(client_id="another-application", client_secret="x")
    save_oidc_settings(provider=mine, actor=OPERATOR, values=values)
    assert starter.open(sealed).status == 200
    assert owners() == {}


def test_address_that_is_not_microsofts_vouches_for_no_tenant(cloud: EntraCloud, acme: World) -> None:
    # V-6: whoever runs the provider signs what they like, the tenant too
    own = draft_of(cloud, acme, issuer=f"https://idp.evil.example/{ACME_TENANT}/v2.0")
    assert "Whose tenant it is" not in page_of(acme.sso_admin, own)
    same = draft_of(cloud, found_account("globex"))
    assert "Whose tenant it is" in page_of(add_vendor_person("olga", Kind.OPERATOR), same)


def test_private_provider_takes_nobodys_tenant_at_microsoft(
    cloud: EntraCloud, acme: World, globex: World
) -> None:
    # V-6: an operator's word lets a company use an address in its own network, and not speak for Microsoft
    theirs = draft_of(cloud, globex)
    emma = MEMBER.but(claims={"preferred_username": "emma@globex.example"})
    assert "It belongs to this account" in run_test(cloud, globex.sso_admin, theirs, emma).words
    issuer = f"https://login.microsoftonline.com/{ACME_TENANT}/v2.0"
    mine = draft_of(cloud, acme, "application-of-acme", issuer=issuer)
    assert "not proven yet" in page_of(acme.sso_admin, mine)
    assert "already in use" not in press(browser_of(acme.sso_admin), mine).words


def test_operator_releases_a_tenant_and_nobody_else_does(
    cloud: EntraCloud, acme: World, globex: World
) -> None:  # V-6, V-8
    mine = draft_of(cloud, acme)
    run_test(cloud, acme.sso_admin, mine, MEMBER)
    path = reverse("admin:sso_identityprovider_release_tenant", args=[mine.pk])
    assert "Release the tenant" not in page_of(acme.sso_admin, mine)
    assert browser_of(acme.sso_admin).post(path, {}).status == 403
    assert owners() == {ACME_TENANT: "acme"}
    operator = browser_of(add_vendor_person("olga", Kind.OPERATOR))
    operator._follow(operator.submit(operator.open(path), form=-1))
    assert owners() == {}
    assert AuditEvent.objects.get(action="account.tenant_released").account_id == acme.account.pk


# --- providers above accounts -----------------------------------------------------------------------------------------


def test_test_of_the_button_for_everybody_passes_for_a_listed_tenant_alone(
    cloud: EntraCloud, acme: World
) -> None:  # V-6, O-3, L-8
    shared = add_shared_provider(cloud, tenants={ACME_TENANT: acme})
    operator = add_vendor_person("olga", Kind.OPERATOR)
    stranger = Answer(tenant=EVIL_TENANT, email="eve@evil.example")
    shown = run_test(cloud, operator, shared, stranger)
    assert "this person would not get in" in shown.words
    assert EVIL_TENANT in shown.words
    assert "not on the list of tenants" in shown.words
    shared.refresh_from_db()
    assert shared.proven_version is None
    assert SignInAttempt.objects.get().outcome == "wrong_tenant"

    shown = run_test(cloud, operator, shared, MEMBER)
    assert "The connection works" in shown.words
    assert ACME_TENANT in shown.words
    assert "Its people sign into Acme." in shown.words
    shared.refresh_from_db()
    assert shared.proven_version == shared.version
    assert SignInAttempt.objects.latest("created_at").outcome == testing.PASSED
    assert shared.slug == SLUG


def test_tenant_that_an_operator_took_out_everywhere_may_be_claimed_again(
    cloud: EntraCloud, acme: World, globex: World
) -> None:  # V-6
    shared = add_shared_provider(cloud)
    allow(shared, ACME_TENANT, acme)
    assert owners() == {ACME_TENANT: "acme"}
    remove_tenant(tenant=shared.tenants.get(), actor=OPERATOR)
    assert owners() == {}
    allow(shared, ACME_TENANT, globex)
    assert owners() == {ACME_TENANT: "globex"}
