"""What a signed-in person sees of themself: My access and ``/api/me``, each grant with its source (L-14, L-15, G-8)."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts import lifecycle
from accounts.lifecycle.roles import account_role_named
from accounts.models import BuiltInAccountRole, User
from accounts.sources import Source
from audit.actors import Actor, ActorKind
from spaces.access import grant_group_space_role, grant_space_role
from spaces.tenants import save_mapping_role
from tests.journeys.conftest import ENGINEERS, OPERATOR, Company
from tests.journeys.person_browser import PersonBrowser, sign_in
from tests.journeys.seen import OIDC, SAML

DIRECTORY = Actor(ActorKind.SCIM, "token-of-acme", "Entra provisioning")


def test_anonymous_browser_is_told_so_and_nothing_else(acme: Company) -> None:
    # design, fixed interfaces
    answer = Client(headers={"host": "localhost:8000"}).get("/api/me")
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.content == b'{"authenticated":false}'


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_who_am_i_can_only_be_asked(acme: Company, browser: PersonBrowser, method: str) -> None:
    sign_in(browser, SAML)
    assert getattr(browser.client, method)("/api/me").status_code == 405


def test_me_holds_exactly_the_fields_that_applications_rely_on(acme: Company, browser: PersonBrowser) -> None:
    # design, fixed interfaces
    sign_in(browser, SAML)
    me = browser.me()
    assert sorted(me) == [
        "account", "account_roles", "authenticated", "display_name", "email", "family_name", "given_name", "groups",
        "id", "session", "spaces", "status", "timezone", "user_name",
    ]  # fmt: skip
    assert sorted(me["session"]) == ["expires_at", "identity_provider"]
    assert sorted(me["groups"][0]) == ["idp_identifier", "name", "source"]
    assert sorted(me["spaces"][0]) == ["name", "roles"]
    assert sorted(me["spaces"][0]["roles"][0]) == ["name", "source"]


def with_every_source(acme: Company, browser: PersonBrowser) -> User:
    """Give Mia access by claim, by hand, by the directory and through a group."""
    sign_in(browser, SAML)
    user = User.objects.get()
    account = acme.account
    admin = account.space_roles.get(name="Space Admin")
    lunch = account.groups.get(name="Friday Lunch")
    devops, trial = account.spaces.get(name="DevOps"), account.spaces.get(name="Trial")
    billing = account_role_named(account, BuiltInAccountRole.ACCOUNT_ADMIN)
    grant_space_role(user=user, space=trial, role=admin, actor=OPERATOR, source=Source.MANUAL)
    lifecycle.grant_account_role(user=user, role=billing, actor=OPERATOR, source=Source.MANUAL)
    lifecycle.set_directory_members(group=lunch, actor=DIRECTORY, add=[user.pk])
    grant_group_space_role(group=lunch, space=devops, role=admin, actor=OPERATOR)
    return user


def test_every_grant_says_where_it_came_from(acme: Company, browser: PersonBrowser) -> None:
    # L-15, G-8
    with_every_source(acme, browser)
    me = browser.me()
    assert me["account_roles"] == [
        {"name": "Account Admin", "source": "manual"},
        {"name": "Member", "source": "claims"},
    ]
    assert me["spaces"] == [
        {
            "name": "DevOps",
            "roles": [
                {"name": "Space Admin", "source": "group"},
                {"name": "Space Developer", "source": "claims"},
            ],
        },
        {
            "name": "Trial",
            "roles": [
                {"name": "Space Admin", "source": "manual"},
                {"name": "Space Member", "source": "claims"},
            ],
        },
    ]
    assert me["groups"] == [
        {"name": "Engineers", "idp_identifier": ENGINEERS, "source": "claims"},
        {"name": "Friday Lunch", "idp_identifier": "", "source": "directory"},
    ]


def test_my_access_tells_the_same_in_words_and_since_when(acme: Company, browser: PersonBrowser) -> None:
    # L-15
    with_every_source(acme, browser)
    page = browser.open("/")
    assert page.status == 200
    for words in (
        "What Mia Keller may do in Acme, and where it comes from.",
        "DevOps Space Admin through group Friday Lunch since",
        "Space Developer from your sign-in since",
        "Trial Space Admin added by hand since",
        "Friday Lunch from the directory since",
        "Account Admin added by hand since",
        "Time zoneEurope/Berlin",
        "through Acme SAML",
    ):
        assert words in page.words, page.words


def test_role_by_mapping_says_so(acme: Company, browser: PersonBrowser) -> None:
    # L-15, R-2
    from spaces.models import MappingRole, MappingScope, MappingScopeRole

    mapped = MappingRole.objects.create(account=acme.account, name="ops")
    scope = MappingScope.objects.create(mapping_role=mapped, space=acme.account.spaces.get(name="DevOps"))
    role = acme.account.space_roles.get(name="Space Developer")
    MappingScopeRole.objects.create(scope=scope, space_role=role)
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"sso_authorization": True})
    sign_in(browser, OIDC, role_mapping="ops")
    assert browser.me()["spaces"] == [
        {"name": "DevOps", "roles": [{"name": "Space Developer", "source": "mapping"}]}
    ]
    assert "Space Developer from a mapping role since" in browser.open("/").words


def test_announcement_of_new_access_is_shown_once(acme: Company, browser: PersonBrowser) -> None:
    # L-14
    page = sign_in(browser, SAML)
    assert "Your access changed. You now have: DevOps (Space Developer), Trial (Space Member)." in page.words
    assert "Your access changed" not in browser.open("/").words
    browser.post("/logout/", {})
    assert "Your access changed" not in sign_in(browser, SAML).words


def test_announcement_names_the_roles_of_the_account_as_well(acme: Company, browser: PersonBrowser) -> None:
    # L-14, R-2: authorization takes every space away and gives a role in the account
    sign_in(browser, SAML)
    save_mapping_role(
        account=acme.account,
        actor=OPERATOR,
        name="admins",
        account_roles=frozenset({account_role_named(acme.account, BuiltInAccountRole.ACCOUNT_ADMIN)}),
        space_roles={},
    )
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"sso_authorization": True})
    browser.post("/logout/", {})
    page = sign_in(browser, SAML, role_mapping="admins")
    assert (
        "Your access changed: you are in no space now. Your roles in the account: Account Admin."
        in page.words
    )


def test_announcement_counts_what_a_group_gives_and_no_change_of_source(
    acme: Company, browser: PersonBrowser
) -> None:
    # L-14, G-8
    engineers = acme.account.groups.get(idp_identifier=ENGINEERS)
    admin = acme.account.space_roles.get(name="Space Admin")
    trial = acme.account.spaces.get(name="Trial")
    grant_group_space_role(group=engineers, space=trial, role=admin, actor=OPERATOR)
    sign_in(browser, SAML)
    browser.post("/logout/", {})
    told = sign_in(browser, SAML, groups="").words
    assert "You now have: DevOps (Space Developer), Trial (Space Member)." in told

    # Mapping roles that give exactly the same change nothing for her.
    save_mapping_role(
        account=acme.account,
        actor=OPERATOR,
        name="same",
        account_roles=frozenset({account_role_named(acme.account, BuiltInAccountRole.MEMBER)}),
        space_roles={
            trial: frozenset({acme.account.space_roles.get(name="Space Member")}),
            acme.account.spaces.get(name="DevOps"): frozenset(
                {acme.account.space_roles.get(name="Space Developer")}
            ),
        },
    )
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"sso_authorization": True})
    browser.post("/logout/", {})
    assert "Your access changed" not in sign_in(browser, SAML, groups="", role_mapping="same").words
    assert browser.me()["spaces"][0]["roles"] == [{"name": "Space Developer", "source": "mapping"}]


def test_my_access_of_nobody_is_the_login_page(acme: Company, browser: PersonBrowser) -> None:
    # L-15
    assert browser.open("/").url.startswith("http://localhost:8000/login/")


def test_name_of_a_space_is_escaped(acme: Company, browser: PersonBrowser) -> None:
    acme.account.spaces.filter(name="Trial").update(name="<b>Trial</b>")
    page = sign_in(browser, SAML, space_name="<b>Trial</b>", space_role="Space Member")
    assert "<b>Trial" not in page.text
    assert "<b>Trial</b> (Space Member)" in page.words


def test_times_are_shown_in_the_persons_own_zone(acme: Company, browser: PersonBrowser) -> None:
    # A-11, design rule 13
    import datetime as dt

    import time_machine

    with time_machine.travel(dt.datetime(2027, 7, 1, 22, 30, tzinfo=dt.UTC), tick=True):
        page = sign_in(browser, SAML, timezone="Asia/Tokyo")
        assert "since July 2, 2027" in page.words
