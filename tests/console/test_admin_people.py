"""What an account admin does to people: pending ones, access by hand, disable, remove (P-4, G-3, R-4, V-12, V-13)."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from accounts import lifecycle
from accounts.lifecycle import PersonChanges
from accounts.lifecycle.roles import account_role_named
from accounts.models import (
    AccountRoleMembership,
    BuiltInAccountRole,
    GroupMembership,
    Status,
    User,
    UserSession,
)
from accounts.sources import Source
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from spaces import access
from spaces.models import SpaceMembership
from tests.console.admin_pages import address_of, page, read, save, with_row, without_row, words
from tests.worlds import OPERATOR, World, add_identity, add_person, add_provisioned, add_session

Browse = Callable[[User], Client]


def test_a_pending_person_is_shown_and_given_a_space_and_a_group_before_the_first_sign_in(
    acme: World, browse: Browse
) -> None:  # P-4
    penny = add_provisioned(acme.account, "penny")
    browser = browse(acme.admin)
    listed = browser.get(page(User, "changelist"), {"status": "pending", "q": "PENNY"})
    assert address_of(penny) in listed.text
    assert "pending" in words(listed)

    fields = read(browser, address_of(penny))
    fields = with_row(fields, "space_memberships", space=acme.space.pk, role=acme.space_role.pk)
    fields = with_row(fields, "group_memberships", group=acme.group.pk)
    answer = browser.post(address_of(penny), {**fields, "given_name": "Penny"})

    assert answer.status_code == 302
    penny.refresh_from_db()
    assert penny.given_name == "Penny"
    assert penny.status is Status.PENDING
    held = SpaceMembership.objects.get(user=penny)
    assert (held.space, held.role, held.source, held.granted_by) == (
        acme.space,
        acme.space_role,
        "manual",
        acme.admin.user_name,
    )
    assert GroupMembership.objects.get(user=penny).source == "manual"


def test_a_person_added_by_hand_is_pending_and_in_the_audit_trail(
    acme: World, browse: Browse
) -> None:  # P-4, A-4
    browser = browse(acme.admin)
    fields = {"user_name": "zoe@acme.example", "email": "zoe@acme.example", "timezone": "Europe/Berlin"}
    answer = browser.post(page(User, "add"), fields)

    zoe = User.objects.get(user_name="zoe@acme.example")
    assert answer["Location"] == address_of(zoe)
    assert (zoe.account, zoe.status, zoe.timezone) == (acme.account, Status.PENDING, "Europe/Berlin")
    assert not zoe.has_usable_password()
    event = AuditEvent.objects.get(action="user.created", object_id=str(zoe.pk))
    assert (event.actor_id, event.actor_label) == (str(acme.admin.pk), acme.admin.user_name)
    assert event.ip_address == "127.0.0.1"
    assert event.track_id


def test_a_taken_user_name_is_said_on_the_form_and_what_was_typed_stays(acme: World, browse: Browse) -> None:
    browser = browse(acme.admin)
    answer = browser.post(page(User, "add"), {"user_name": "EMMA@acme.example", "given_name": "Typed"})

    assert answer.status_code == 200
    assert "is already in use in this account" in words(answer)
    assert 'value="Typed"' in answer.text
    assert User.objects.for_account(acme.account).count() == 3
    refusal = AuditEvent.objects.get(reason="user.name_taken")
    assert refusal.actor_label == acme.admin.user_name


def test_a_time_zone_that_does_not_exist_is_not_taken(acme: World, browse: Browse) -> None:  # J-8
    answer = save(browse(acme.admin), address_of(acme.employee), timezone="Mars/Olympus")
    assert "no time zone" in words(answer)


def test_saving_keeps_a_language_that_only_the_directory_speaks(acme: World, browse: Browse) -> None:
    lifecycle.update_user(user=acme.employee, actor=OPERATOR, values=PersonChanges(language="fr-CA"))
    assert save(browse(acme.admin), address_of(acme.employee), given_name="Emma Maria").status_code == 302
    acme.employee.refresh_from_db()
    assert (acme.employee.language, acme.employee.given_name) == ("fr-CA", "Emma Maria")


def test_the_status_is_told_with_the_facts_behind_it(acme: World, browse: Browse) -> None:  # V-12
    lifecycle.disable_user(user=acme.employee, actor=OPERATOR)
    text = words(browse(acme.admin).get(address_of(acme.employee)))
    assert "disabled" in text
    assert "Directory says active" in text
    assert "(tests)" in text  # by whom


def test_enabling_lifts_the_admins_word_and_not_the_directorys(acme: World, browse: Browse) -> None:  # V-12
    penny = add_provisioned(acme.account, "penny")
    browser = browse(acme.admin)
    browser.post(page(User, "disable", penny.pk))
    lifecycle.set_directory_active(user=penny, actor=Actor(ActorKind.SCIM, "", "a directory"), active=False)
    browser.post(page(User, "enable", penny.pk))
    penny.refresh_from_db()
    assert penny.status is Status.DEACTIVATED
    assert "Directory says not active" in words(browser.get(address_of(penny)))
    assert (
        browser.post(page(User, "enable", penny.pk)).status_code == 403
    )  # nothing is left for an admin to lift


def test_the_user_name_of_somebody_whom_a_directory_knows_is_read_only(acme: World, browse: Browse) -> None:
    penny = add_provisioned(acme.account, "penny")
    browser = browse(acme.admin)
    assert "user_name" not in read(browser, address_of(penny))
    save(browser, address_of(penny), user_name="other@acme.example", given_name="Penny")
    penny.refresh_from_db()
    assert (penny.user_name, penny.given_name) == ("penny@acme.example", "Penny")


def test_disabling_asks_first_and_ends_the_sessions(acme: World, browse: Browse) -> None:  # P-5, L-13
    session = add_session(acme.employee)
    browser = browse(acme.admin)
    address = page(User, "disable", acme.employee.pk)

    asked = browser.get(address)
    acme.employee.refresh_from_db()
    assert acme.employee.disabled_at is None
    assert "All their sessions end at once" in words(asked)

    done = browser.post(address, follow=True)
    acme.employee.refresh_from_db()
    session.refresh_from_db()
    assert acme.employee.status is Status.DISABLED
    assert session.ended_at is not None
    assert "Disabled. All their sessions have ended." in words(done)
    assert browser.get(address).status_code == 403  # not offered to somebody who is disabled already

    browser.post(page(User, "enable", acme.employee.pk))
    acme.employee.refresh_from_db()
    assert acme.employee.disabled_at is None


def test_one_session_is_ended_from_its_page(acme: World, browse: Browse) -> None:  # L-13
    session, other = add_session(acme.employee), add_session(acme.employee)
    browser = browse(acme.admin)
    browser.post(page(UserSession, "end", session.pk))
    session.refresh_from_db()
    other.refresh_from_db()
    assert session.end_reason == "admin"
    assert other.ended_at is None


def test_several_people_are_disabled_at_once_and_refusals_are_told(
    acme: World, browse: Browse
) -> None:  # V-8
    browser = browse(acme.admin)
    chosen = [str(acme.employee.pk), str(acme.sso_admin.pk)]
    sent = {"action": "disable_selected", "_selected_action": chosen, "index": "0"}
    text = words(browser.post(page(User, "changelist"), sent, follow=True))

    acme.employee.refresh_from_db()
    acme.sso_admin.refresh_from_db()
    assert acme.employee.disabled_at is not None
    assert acme.sso_admin.disabled_at is None
    assert "Disabled: 1 row." in text
    assert "it needs sso account admin" in text
    assert (
        AuditEvent.objects.filter(reason="privilege.not_allowed", object_id=str(acme.sso_admin.pk)).count()
        == 1
    )


def test_removing_a_person_keeps_the_row_and_frees_the_name(acme: World, browse: Browse) -> None:  # V-13
    browser = browse(acme.admin)
    address = page(User, "delete", acme.employee.pk)
    assert "emma@acme.example" in words(browser.get(address))

    browser.post(address, {"post": "yes"})

    acme.employee.refresh_from_db()
    assert acme.employee.status is Status.DELETED
    assert not SpaceMembership.objects.filter(user=acme.employee).exists()
    assert address_of(acme.employee) not in browser.get(page(User, "changelist")).text
    assert address_of(acme.employee) in browser.get(page(User, "changelist"), {"status": "deleted"}).text
    assert browser.post(address_of(acme.employee), {"given_name": "x"}).status_code == 403

    browser.post(page(User, "readmit", acme.employee.pk))
    acme.employee.refresh_from_db()
    assert acme.employee.readmitted_at is not None


def test_several_people_are_removed_after_a_question(acme: World, browse: Browse) -> None:  # V-13
    second = add_person(acme.account, "second")
    browser = browse(acme.admin)
    chosen = {
        "action": "delete_selected",
        "_selected_action": [str(acme.employee.pk), str(second.pk)],
        "index": "0",
    }
    assert "Delete these 2 rows?" in words(browser.post(page(User, "changelist"), chosen))
    assert User.objects.for_account(acme.account).present().count() == 4
    browser.post(page(User, "changelist"), {**chosen, "post": "yes"})
    assert User.objects.for_account(acme.account).present().count() == 2
    assert AuditEvent.objects.filter(action="user.deleted").count() == 2


def test_the_last_sso_account_admin_is_not_removed_and_the_reason_is_told(
    acme: World, browse: Browse
) -> None:  # V-14
    browser = browse(acme.sso_admin)
    told = words(browser.post(page(User, "delete", acme.sso_admin.pk), {"post": "yes"}, follow=True))
    acme.sso_admin.refresh_from_db()
    assert acme.sso_admin.deleted_at is None
    assert "is the last SSO account admin of this account" in told
    assert AuditEvent.objects.filter(reason="user.last_sso_admin").exists()


def test_a_membership_that_follows_the_sign_in_is_not_removed_by_hand(
    acme: World, browse: Browse
) -> None:  # G-2
    row = SpaceMembership.objects.get(user=acme.employee)
    SpaceMembership.objects.filter(pk=row.pk).update(source=Source.CLAIMS)
    browser = browse(acme.admin)
    address = address_of(acme.employee)
    assert "follows the sign-in" in words(browser.get(address))

    browser.post(address, without_row(read(browser, address), "space_memberships", row))

    assert SpaceMembership.objects.filter(pk=row.pk).exists()


def test_a_membership_by_hand_is_removed_and_audited(acme: World, browse: Browse) -> None:  # J-3
    row = SpaceMembership.objects.get(user=acme.employee)
    browser = browse(acme.admin)
    address = address_of(acme.employee)
    assert (
        browser.post(address, without_row(read(browser, address), "space_memberships", row)).status_code
        == 302
    )
    assert not SpaceMembership.objects.filter(pk=row.pk).exists()
    assert AuditEvent.objects.filter(action="space_role.revoked", actor_id=str(acme.admin.pk)).count() == 1


def test_mapped_groups_of_a_synchronized_person_are_read_only_with_the_reason(
    acme: World, browse: Browse
) -> None:  # G-3
    person = add_provisioned(acme.account, "sync")
    User.objects.filter(pk=person.pk).update(group_synced=True)
    row = GroupMembership.objects.create(user=person, group=acme.mapped_group, source=Source.MANUAL)
    browser = browse(acme.admin)

    shown = browser.get(address_of(person))
    assert "this person is synchronized by the identity provider" in words(shown)
    browser.post(address_of(person), without_row(read(browser, address_of(person)), "group_memberships", row))
    assert GroupMembership.objects.filter(pk=row.pk).exists()

    # From the group's side the choice is there, since others may be added; the lifecycle refuses and the page says why.
    GroupMembership.objects.filter(pk=row.pk).delete()
    fields = with_row(read(browser, address_of(acme.mapped_group)), "memberships", user=person.pk)
    refused = browser.post(address_of(acme.mapped_group), fields)
    assert "is mapped to the identity provider" in words(refused)
    assert not GroupMembership.objects.filter(user=person).exists()


def test_a_person_with_a_password_is_put_into_a_mapped_group_by_hand(
    acme: World, browse: Browse
) -> None:  # G-3
    browser = browse(acme.admin)
    address = address_of(acme.mapped_group)
    fields = with_row(read(browser, address), "memberships", user=acme.employee.pk)
    assert browser.post(address, fields).status_code == 302
    assert GroupMembership.objects.filter(
        user=acme.employee, group=acme.mapped_group, source="manual"
    ).exists()


def test_roles_follow_the_provider_while_authorization_is_on(acme: World, browse: Browse) -> None:
    add_identity(acme.employee, acme.provider)
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"sso_authorization": True})
    browser = browse(acme.sso_admin)
    address = address_of(acme.employee)
    row = SpaceMembership.objects.get(user=acme.employee)

    shown = browser.get(address)
    assert "roles follow single sign-on authorization" in words(shown)
    assert "Roles follow mapping roles" in words(shown)
    fields = read(browser, address)
    browser.post(address, {**fields, "space_memberships-0-DELETE": "on"})
    browser.post(address, with_row(fields, "space_memberships", space=acme.space.pk, role=acme.space_role.pk))
    member = account_role_named(acme.account, BuiltInAccountRole.MEMBER)
    browser.post(address, with_row(fields, "account_role_memberships", role=member.pk))

    assert SpaceMembership.objects.filter(user=acme.employee).get() == row
    assert not AccountRoleMembership.objects.filter(user=acme.employee).exists()


def test_access_through_groups_is_shown_apart(acme: World, browse: Browse) -> None:  # G-8
    text = words(browse(acme.admin).get(address_of(acme.employee)))
    assert "Acme Developer in Acme Lab, through Acme Readers" in text


def test_the_group_form_has_the_field_idp_identifier(acme: World, browse: Browse) -> None:  # G-1
    browser = browse(acme.admin)
    address = address_of(acme.group)
    assert "IdP identifier" in words(browser.get(address))

    assert save(browser, address, idp_identifier="  5D0E1F2A-0000-4000-8000-00000000000F ").status_code == 302
    acme.group.refresh_from_db()
    assert acme.group.idp_identifier_key == "5d0e1f2a-0000-4000-8000-00000000000f"

    taken = save(
        browser, address_of(acme.mapped_group), idp_identifier="5d0e1f2a-0000-4000-8000-00000000000f"
    )
    assert "has this IdP identifier" in words(taken)
    acme.mapped_group.refresh_from_db()
    assert acme.mapped_group.idp_identifier == "acme-engineers"


def test_a_group_grants_a_space_role_from_its_page(acme: World, browse: Browse) -> None:  # G-8
    browser = browse(acme.admin)
    address = address_of(acme.mapped_group)
    fields = with_row(read(browser, address), "space_grants", space=acme.space.pk, role=acme.space_role.pk)
    assert browser.post(address, fields).status_code == 302
    grant = acme.mapped_group.space_grants.get()
    assert grant.granted_by == acme.admin.user_name
    browser.post(address, without_row(read(browser, address), "space_grants", grant))
    assert not acme.mapped_group.space_grants.exists()


def test_a_group_is_removed_with_its_memberships(acme: World, browse: Browse) -> None:
    browser = browse(acme.admin)
    browser.post(page(type(acme.group), "delete", acme.group.pk), {"post": "yes"})
    assert not GroupMembership.objects.filter(user=acme.employee).exists()
    assert AuditEvent.objects.get(action="group.deleted").actor_label == acme.admin.user_name


def test_members_are_added_to_a_space_from_its_page(acme: World, browse: Browse) -> None:
    browser = browse(acme.admin)
    fields = with_row(
        read(browser, address_of(acme.space)), "memberships", user=acme.admin.pk, role=acme.space_role.pk
    )
    assert browser.post(address_of(acme.space), fields).status_code == 302
    assert access.revoke_space_role(
        user=acme.admin, space=acme.space, role=acme.space_role, actor=OPERATOR, source=Source.MANUAL
    )
