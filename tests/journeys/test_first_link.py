"""Whom a first sign-in means: a pending person of the directory, somebody known, a newcomer, or nobody (J-11, V-3)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts import lifecycle
from accounts.models import Account, GuestAccess, Kind, User
from accounts.sources import Source
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from sso import providers
from sso.models import FederatedIdentity, Vendor
from tests.journeys.conftest import MIA, OPERATOR, Company
from tests.journeys.person_browser import PersonBrowser, sign_in
from tests.journeys.seen import OIDC, SAML, refused_for

DIRECTORY = Actor(ActorKind.SCIM, "token-of-acme", "Entra provisioning")
STARTS = pytest.mark.parametrize("start", [SAML, OIDC], ids=["saml", "oidc"])
NewBrowser = Callable[[], PersonBrowser]


def provisioned(account: Account, **values: str) -> User:
    """Push a person as a directory does."""
    user, restored = lifecycle.provision_user(
        account=account, actor=DIRECTORY, values=lifecycle.PersonChanges(**values)
    )
    assert restored is False
    assert user.status.value == "pending"
    return user


@STARTS
@pytest.mark.parametrize(
    ("values", "matched"),
    [
        ({"user_name": "m.keller@old.example", "external_id": MIA.id}, "external_id"),
        ({"user_name": "MIA@ACME.example", "external_id": "hr-4711"}, "user_name"),
        ({"user_name": "m.keller", "email": "Mia@Acme.Example"}, "email"),
    ],
    ids=["externalId", "user name", "e-mail"],
)
def test_pending_person_of_the_directory_becomes_active_as_the_same_user(
    acme: Company, browser: PersonBrowser, start: str, values: dict[str, str], matched: str
) -> None:
    # P-4, J-11
    user = provisioned(acme.account, **values)
    group = acme.account.groups.get(name="Friday Lunch")
    lifecycle.set_group_membership(group=group, user=user, actor=OPERATOR, member=True)
    from spaces.access import grant_space_role

    trial = acme.account.spaces.get(name="Trial")
    admin = acme.account.space_roles.get(name="Space Admin")
    grant_space_role(user=user, space=trial, role=admin, actor=OPERATOR, source=Source.MANUAL)

    sign_in(browser, start)
    me = browser.me()
    assert me["id"] == str(user.pk)
    assert me["status"] == "active"
    assert me["given_name"] == "Mia"
    assert me["spaces"] == [
        {"name": "DevOps", "roles": [{"name": "Space Developer", "source": "claims"}]},
        {
            "name": "Trial",
            "roles": [
                {"name": "Space Admin", "source": "manual"},
                {"name": "Space Member", "source": "claims"},
            ],
        },
    ]
    assert {group["name"] for group in me["groups"]} == {"Engineers", "Friday Lunch"}
    assert User.objects.for_account(acme.account).count() == 1
    assert AuditEvent.objects.filter(message__contains=f"matched by {matched}").exists()


def test_match_by_external_id_comes_before_one_by_name(acme: Company, browser: PersonBrowser) -> None:
    # J-11
    right = provisioned(acme.account, user_name="m.keller@old.example", external_id=MIA.id)
    provisioned(acme.account, user_name="mia@acme.example")
    sign_in(browser, SAML)
    assert browser.me()["id"] == str(right.pk)


@STARTS
@pytest.mark.parametrize("field", ["user_name", "email"])
def test_address_outside_the_verified_domains_finds_nobody(
    acme: Company, browser: PersonBrowser, start: str, field: str
) -> None:
    # V-3
    values = {"user_name": "mia@elsewhere.example"}
    if field == "email":
        values = {"user_name": "m.keller", "email": "mia@elsewhere.example"}
    user = provisioned(acme.account, **values)
    page = sign_in(browser, start, user_name="mia@elsewhere.example", email="mia@elsewhere.example")
    assert refused_for(page) == "link.email_not_trusted"
    assert User.objects.get() == user
    assert not FederatedIdentity.objects.exists()


VOUCHING = [
    ("", False),
    ("email_verified=false", False),
    ('email_verified="true"', False),
    ("email_verified=1", False),
    ('email_verified=["true"]', False),
    ("email_verified=true", True),
]


@pytest.mark.parametrize(("said", "linked"), VOUCHING)
def test_provider_that_does_not_set_addresses_must_vouch_with_a_real_true(
    make_company: Callable[..., Company], browser: PersonBrowser, said: str, linked: bool
) -> None:
    # V-3, design traps
    company = make_company("acme", Vendor.OTHER, addresses_set_by_directory=False)
    user = provisioned(company.account, user_name="m.keller", email="mia@acme.example")
    page = sign_in(browser, OIDC, user_name="mia.k@acme.example", extra=said)
    assert FederatedIdentity.objects.exists() is linked
    if linked:
        assert browser.me()["id"] == str(user.pk)
    else:
        assert refused_for(page) == "link.email_not_trusted"
        assert User.objects.get() == user


@pytest.mark.parametrize(
    ("said", "linked"), [("", False), ("xms_edov=false", False), ("xms_edov=true", True)]
)
def test_entra_vouches_by_its_own_claim(
    make_company: Callable[..., Company], browser: PersonBrowser, said: str, linked: bool
) -> None:
    # V-3
    company = make_company("acme", Vendor.ENTRA, addresses_set_by_directory=False)
    provisioned(company.account, user_name="m.keller", email="mia@acme.example")
    sign_in(browser, OIDC, extra=said)
    assert FederatedIdentity.objects.exists() is linked


def test_user_name_that_people_may_edit_is_not_vouched_for_by_their_own_address(
    make_company: Callable[..., Company], browser: PersonBrowser
) -> None:
    # V-3: preferred_username says the colleague's, email_verified speaks of one's own
    company = make_company("acme", Vendor.OTHER, addresses_set_by_directory=False)
    boss = provisioned(company.account, user_name="boss@acme.example", email="boss@acme.example")
    page = sign_in(
        browser, OIDC, person="noah@acme.example", user_name="boss@acme.example", extra="email_verified=true"
    )
    assert refused_for(page) == "link.email_not_trusted"
    assert User.objects.get() == boss
    assert not FederatedIdentity.objects.exists()


@STARTS
def test_recycled_address_is_not_the_person_who_had_it(
    acme: Company, browser: PersonBrowser, new_browser: NewBrowser, start: str
) -> None:
    # J-11, V-1
    sign_in(browser, start)
    mine = browser.me()["id"]
    newcomer = new_browser()
    page = sign_in(
        newcomer,
        start,
        person="noah@acme.example",
        user_name="mia@acme.example",
        email="mia@acme.example",
        object_id="a1c3e5f7-0002-4a00-8000-00000000a002",
    )
    assert refused_for(page) == "identity.recycled"
    assert "mia@acme.example" not in page.words
    event = AuditEvent.objects.get(action="sign_in.refused")
    assert "possibly a recycled identity" in event.message
    assert event.account_id == acme.account.pk
    assert newcomer.me() == {"authenticated": False}
    assert browser.me()["id"] == mine
    assert FederatedIdentity.objects.count() == 1


def test_recycled_address_is_recognised_through_the_sister_provider_too(
    acme: Company, browser: PersonBrowser, new_browser: NewBrowser
) -> None:
    # V-3: both say which object of the directory it is
    sign_in(browser, SAML)
    page = sign_in(
        new_browser(),
        OIDC,
        person="noah@acme.example",
        user_name="mia@acme.example",
        email="mia@acme.example",
    )
    assert refused_for(page) == "identity.recycled"


def test_second_provider_links_only_when_marked_as_the_same_directory(
    acme: Company, browser: PersonBrowser, new_browser: NewBrowser
) -> None:
    # V-3
    providers.update_provider(provider=acme.oidc, actor=OPERATOR, values={"same_directory_as": None})
    sign_in(browser, SAML)
    other = new_browser()
    assert refused_for(sign_in(other, OIDC)) == "identity.other_provider"
    providers.update_provider(provider=acme.oidc, actor=OPERATOR, values={"same_directory_as": acme.saml})
    sign_in(other, OIDC)
    assert other.me()["id"] == browser.me()["id"]


def test_address_of_two_people_finds_neither(acme: Company, browser: PersonBrowser) -> None:
    # J-11
    for name in ("m.keller", "mia.k"):
        provisioned(acme.account, user_name=name, email="mia@acme.example")
    assert refused_for(sign_in(browser, SAML, user_name="someone@acme.example")) == "match.ambiguous"
    assert not FederatedIdentity.objects.exists()


@pytest.mark.parametrize("kind", [Kind.OPERATOR, Kind.STAFF, Kind.PARTNER_ADMIN])
def test_vendors_people_are_invisible_to_a_customers_provider(
    acme: Company, browser: PersonBrowser, kind: Kind
) -> None:
    # V-2
    is_partners = kind == Kind.PARTNER_ADMIN
    lifecycle.create_user(
        actor=OPERATOR,
        kind=kind,
        partner=lifecycle.create_partner(actor=OPERATOR, slug="r", name="R") if is_partners else None,
        values=lifecycle.PersonChanges(user_name="root@acme.example", email="root@acme.example"),
    )
    page = sign_in(browser, SAML, user_name="root@acme.example", email="root@acme.example")
    assert refused_for(page) == "match.reserved"
    assert "root" not in page.words
    assert User.objects.count() == 1


def test_providers_answer_does_not_tell_who_is_an_operator(acme: Company, browser: PersonBrowser) -> None:
    # V-2, V-4: outside of the account's domains everybody is nobody
    values = lifecycle.PersonChanges(user_name="root@vendor.example", email="root@vendor.example")
    lifecycle.create_user(actor=OPERATOR, kind=Kind.OPERATOR, values=values)
    codes = set()
    for address in ("root@vendor.example", "nobody@vendor.example"):
        page = sign_in(browser, SAML, object_id=address, user_name=address, email=address)
        codes.add(refused_for(page))
    assert len(codes) == 1
    assert codes != {"match.reserved"}


@STARTS
def test_guest_is_invisible_to_the_provider_of_the_account_they_visit(
    acme: Company, browser: PersonBrowser, start: str
) -> None:
    # V-2: Acme's provider can't become Gus by naming him, as long as he may come
    globex = lifecycle.create_account(actor=OPERATOR, slug="globex", name="Globex")
    values = lifecycle.PersonChanges(user_name="gus@globex.example", email="gus@globex.example")
    gus = lifecycle.create_user(actor=OPERATOR, account=globex, values=values)
    access = GuestAccess.objects.create(user=gus, account=acme.account)
    page = sign_in(browser, start, user_name="gus@globex.example", email="someone@acme.example")
    assert refused_for(page) == "match.reserved"
    assert "gus" not in page.words
    assert not FederatedIdentity.objects.exists()
    GuestAccess.objects.filter(pk=access.pk).update(ended_at=timezone.now())
    sign_in(browser, start, user_name="gus@globex.example", email="someone@acme.example")
    assert browser.me()["id"] != str(gus.pk)  # another Gus, of Acme's own


def test_person_of_another_account_is_another_person(
    acme: Company, make_company: Callable[..., Company], browser: PersonBrowser, new_browser: NewBrowser
) -> None:
    # V-2: Globex's provider may say whatever it likes about Acme's people
    globex = make_company("globex", Vendor.OKTA)
    sign_in(browser, SAML)
    evil = new_browser()
    page = sign_in(evil, "/sso/saml/globex-saml/", email="mia@acme.example", user_name="mia@acme.example")
    assert refused_for(page) == "email.outside_domains"
    assert not User.objects.for_account(globex.account).exists()
    page = sign_in(
        evil, "/sso/oidc/globex-oidc/login", email="mia@globex.example", user_name="mia@acme.example"
    )
    assert evil.me().get("account") == {"slug": "globex", "name": "Globex"}
    assert evil.me()["id"] != browser.me()["id"]


def test_transient_name_id_names_nobody(make_company: Callable[..., Company], browser: PersonBrowser) -> None:
    # J-11
    make_company("globex", Vendor.OKTA)
    page = sign_in(browser, "/sso/saml/globex-saml/", email="mia@globex.example", name_id_format="transient")
    assert refused_for(page) == "saml.name_id"
    assert not User.objects.exists()


def test_name_id_that_is_an_address_is_the_same_in_any_case_and_marked_weak(
    make_company: Callable[..., Company], browser: PersonBrowser
) -> None:
    # J-11
    from sso.models import SignInAttempt

    make_company("globex", Vendor.OKTA)
    start = "/sso/saml/globex-saml/"
    sign_in(browser, start, email="mia@globex.example", name_id="Mia@Globex.example")
    browser.post("/logout/", {})
    sign_in(browser, start, email="mia@globex.example", name_id="mia@globex.example")
    assert browser.me()["authenticated"] is True
    identity = FederatedIdentity.objects.get()
    assert identity.subject == "mia@globex.example"
    assert identity.subject_source == "unspecified_name_id"
    warned = {warning["code"] for row in SignInAttempt.objects.all() for warning in row.report["warnings"]}
    assert "subject_weak" in warned


def test_changed_address_follows_the_provider_because_the_subject_is_bound(
    acme: Company, browser: PersonBrowser
) -> None:
    # J-3, J-11
    sign_in(browser, SAML)
    before = browser.me()
    browser.post("/logout/", {})
    sign_in(
        browser, SAML, user_name="mia.maier@acme.example", email="mia.maier@acme.example", family_name="Maier"
    )
    after = browser.me()
    assert after["id"] == before["id"]
    assert after["email"] == "mia.maier@acme.example"
    assert after["family_name"] == "Maier"


def test_pending_person_of_scim_is_not_created_a_second_time_without_just_in_time(
    make_company: Callable[..., Company], browser: PersonBrowser
) -> None:
    # J-2, P-4
    company = make_company("acme", just_in_time=False)
    user = provisioned(company.account, user_name="mia@acme.example", external_id=MIA.id)
    sign_in(browser, SAML)
    assert browser.me()["id"] == str(user.pk)
