"""Who was removed stays out until the directory or an admin says otherwise (V-12, V-13)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts import lifecycle
from accounts.models import GroupMembership, User
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from spaces.models import SpaceMembership
from sso.models import FederatedIdentity
from tests.journeys.conftest import MIA, OPERATOR, Company
from tests.journeys.person_browser import PersonBrowser, sign_in
from tests.journeys.seen import OIDC, SAML, refused_for

DIRECTORY = Actor(ActorKind.SCIM, "token-of-acme", "Entra provisioning")
STARTS = pytest.mark.parametrize("start", [SAML, OIDC], ids=["saml", "oidc"])
NO_ACCOUNT = "mia@acme.example does not have an active account in Identity Broker."


def known(browser: PersonBrowser, start: str = SAML) -> User:
    """Sign Mia in and out again and return her user."""
    sign_in(browser, start)
    browser.post("/logout/", {})
    return User.objects.get(user_name="mia@acme.example")


@STARTS
def test_person_deactivated_by_the_directory_comes_back_as_the_same_user_with_everything(
    acme: Company, browser: PersonBrowser, start: str
) -> None:
    # P-5, V-12
    user = known(browser, start)
    lifecycle.set_directory_active(user=user, actor=DIRECTORY, active=False)
    page = sign_in(browser, start)
    assert refused_for(page) == "user.deactivated"
    assert NO_ACCOUNT in page.words
    assert page.status == 403
    lifecycle.set_directory_active(user=user, actor=DIRECTORY, active=True)
    sign_in(browser, start)
    assert browser.me()["id"] == str(user.pk)
    assert {space["name"] for space in browser.me()["spaces"]} == {"DevOps", "Trial"}


def test_person_an_admin_disabled_is_not_let_in_by_the_directory(
    acme: Company, browser: PersonBrowser
) -> None:
    # P-5, V-12
    user = known(browser)
    lifecycle.disable_user(user=user, actor=OPERATOR)
    lifecycle.set_directory_active(user=user, actor=DIRECTORY, active=False)
    lifecycle.set_directory_active(user=user, actor=DIRECTORY, active=True)
    page = sign_in(browser, SAML)
    assert refused_for(page) == "user.disabled"
    assert NO_ACCOUNT in page.words
    lifecycle.enable_user(user=user, actor=OPERATOR)
    sign_in(browser, SAML)
    assert browser.me()["id"] == str(user.pk)


@pytest.mark.parametrize("end", [lifecycle.disable_user, lifecycle.delete_user])
def test_pending_person_who_was_removed_before_the_first_sign_in_stays_out(
    acme: Company, browser: PersonBrowser, end: Callable[..., bool]
) -> None:
    # V-13
    user, _ = lifecycle.provision_user(
        account=acme.account,
        actor=DIRECTORY,
        values=lifecycle.PersonChanges(user_name="mia@acme.example", external_id=MIA.id),
    )
    end(user=user, actor=DIRECTORY if end is lifecycle.delete_user else OPERATOR)
    assert refused_for(sign_in(browser, SAML)) in ("user.disabled", "user.deprovisioned")
    assert User.objects.count() == 1
    assert not FederatedIdentity.objects.exists()


@STARTS
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"user_name": "new.name@acme.example", "email": "new.name@acme.example"},  # the subject is remembered
        {"object_id": "a1c3e5f7-9999-4a00-8000-00000000a999"},  # the name is remembered
        {
            "object_id": "a1c3e5f7-9999-4a00-8000-00000000a999",
            "user_name": "x@acme.example",
        },  # the address is
    ],
    ids=["all", "subject", "user name", "e-mail"],
)
def test_deleted_person_is_not_created_again_just_in_time(
    acme: Company, browser: PersonBrowser, start: str, fields: dict[str, str]
) -> None:
    # V-13
    user = known(browser, start)
    lifecycle.delete_user(user=user, actor=DIRECTORY)
    page = sign_in(browser, start, **fields)
    assert refused_for(page) == "user.deprovisioned"
    assert "does not have an active account in Identity Broker." in page.words
    assert User.objects.count() == 1
    assert User.objects.get().status.value == "deleted"
    assert FederatedIdentity.objects.get().closed_at is not None
    assert AuditEvent.objects.get(reason="user.deprovisioned").account_id == acme.account.pk


def test_deleting_closes_identities_and_takes_everything_at_once(
    acme: Company, browser: PersonBrowser
) -> None:
    # V-13, P-5
    user = known(browser)
    assert SpaceMembership.objects.filter(user=user).exists()
    lifecycle.delete_user(user=user, actor=DIRECTORY)
    assert not SpaceMembership.objects.filter(user=user).exists()
    assert not GroupMembership.objects.filter(user=user).exists()
    identity = FederatedIdentity.objects.get()
    assert identity.closed_at is not None
    assert identity.last_claims == ""


def test_person_whom_the_directory_makes_anew_is_a_new_person_with_nothing(
    acme: Company, browser: PersonBrowser
) -> None:
    # V-13
    old = known(browser)
    lifecycle.delete_user(user=old, actor=DIRECTORY)
    new, restored = lifecycle.provision_user(
        account=acme.account,
        actor=DIRECTORY,
        values=lifecycle.PersonChanges(user_name="mia@acme.example", external_id=MIA.id),
    )
    assert restored is False
    assert new.pk != old.pk
    assert not SpaceMembership.objects.filter(user=new).exists()
    sign_in(browser, SAML, leave_out=["space_name", "space_role", "groups"])
    assert browser.me()["id"] == str(new.pk)
    assert browser.me()["spaces"] == []
    assert FederatedIdentity.objects.filter(closed_at=None).get().user == new


def test_person_whom_an_admin_readmits_is_created_just_in_time(acme: Company, browser: PersonBrowser) -> None:
    # V-13
    old = known(browser)
    lifecycle.delete_user(user=old, actor=DIRECTORY)
    lifecycle.readmit_user(user=old, actor=OPERATOR)
    sign_in(browser, SAML)
    assert browser.me()["authenticated"] is True
    assert browser.me()["id"] != str(old.pk)
    assert User.objects.get(pk=old.pk).status.value == "deleted"


def test_directory_that_posts_a_deactivated_person_again_restores_the_same_one(
    acme: Company, browser: PersonBrowser
) -> None:
    # V-13
    values = lifecycle.PersonChanges(user_name="mia@acme.example", external_id=MIA.id)
    user, _ = lifecycle.provision_user(account=acme.account, actor=DIRECTORY, values=values)
    sign_in(browser, SAML)
    browser.post("/logout/", {})
    lifecycle.set_directory_active(user=user, actor=DIRECTORY, active=False)
    again, restored = lifecycle.provision_user(account=acme.account, actor=DIRECTORY, values=values)
    assert (again.pk, restored) == (user.pk, True)
    sign_in(browser, SAML)
    assert browser.me()["id"] == str(user.pk)
    assert {space["name"] for space in browser.me()["spaces"]} == {"DevOps", "Trial"}


def test_deactivated_name_given_to_somebody_else_takes_nothing_over(
    acme: Company, browser: PersonBrowser
) -> None:
    # V-13: POST onto a deactivated row with another externalId archives the old row and makes a new person
    old = known(browser)
    lifecycle.update_user(user=old, actor=DIRECTORY, values=lifecycle.PersonChanges(external_id=MIA.id))
    lifecycle.set_directory_active(user=old, actor=DIRECTORY, active=False)
    new, restored = lifecycle.provision_user(
        account=acme.account,
        actor=DIRECTORY,
        values=lifecycle.PersonChanges(user_name="mia@acme.example", external_id="another-mia"),
    )
    assert restored is False
    assert new.pk != old.pk
    assert (
        refused_for(sign_in(browser, SAML)) == "identity.recycled"
    )  # the old Mia's object isn't the new one's
    assert not FederatedIdentity.objects.filter(closed_at=None).exists()
    assert browser.me() == {"authenticated": False}


def test_sign_in_of_somebody_removed_changes_nothing_but_the_audit_trail(
    acme: Company, browser: PersonBrowser
) -> None:
    from tests.journeys.seen import rows, written

    user = known(browser)
    lifecycle.delete_user(user=user, actor=DIRECTORY)
    before = rows()
    sign_in(browser, SAML)
    assert set(written(before)) == {
        "audit.AuditEvent",
        "sso.SignInAttempt",
        "sso.ParkedAnswer",
        "sso_saml.SpentAssertion",
    }
