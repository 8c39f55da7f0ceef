"""Disabling the people who were ticked in a report: what is asked, what is done, who is refused (A-8, V-8, V-12)."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from accounts import lifecycle
from accounts.lifecycle import create_partner
from accounts.models import BuiltInAccountRole, Kind, User
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from tests.console.admin_pages import address_of, words
from tests.console.rows import ROWS
from tests.console.test_reports import report, was_here
from tests.worlds import OPERATOR, World, add_person, add_session, add_vendor_person, found_account

Browse = Callable[[User], Client]
DISABLE = "/admin/reports/disable-people/"


def test_admin_disables_ticked_people_after_being_told_what_ends(acme: World, browse: Browse) -> None:
    # A-8, V-12
    ulla, uwe, una = (was_here(acme.account, name, 100) for name in ("ulla", "uwe", "una"))
    add_session(ulla)
    add_session(ulla)
    lifecycle.create_personal_token(
        user=ulla, actor=Actor(ActorKind.USER, str(ulla.pk), ulla.user_name), name="hers"
    )
    sent = ROWS["accounts.invitation"](acme)
    sent.invited_by = ulla
    sent.save()
    browser = browse(acme.admin)
    ticked = {"person": [str(ulla.pk), str(uwe.pk)], "report": "unused", "days": "99", "page": "1"}

    asked = browser.post(DISABLE, ticked)

    assert "Disable these 2 people?" in words(asked)
    assert "ulla@acme.example Ulla 2 1 1" in words(asked)
    assert "una@acme.example" not in words(asked)
    assert not AuditEvent.objects.filter(action="user.disabled").exists()
    assert not User.objects.filter(disabled_at__isnull=False).exists()

    done = browser.post(DISABLE, {**ticked, "confirmed": "yes"}, follow=True)

    assert done.redirect_chain == [(f"{report('unused')}?days=99&page=1", 302)]
    assert "Disabled: 2 rows." in words(done)
    assert address_of(ulla) not in done.text
    assert address_of(una) in done.text
    events = AuditEvent.objects.filter(action="user.disabled", actor_label=acme.admin.user_name)
    assert {event.object_id for event in events} == {str(ulla.pk), str(uwe.pk)}
    ulla.refresh_from_db()
    assert ulla.disabled_by == acme.admin.user_name
    assert ulla.directory_active
    assert not ulla.sessions.filter(ended_at=None).exists()
    sent.refresh_from_db()
    assert sent.revoked_at is not None
    assert not ulla.personal_tokens.filter(revoked_at=None).exists()


def test_oneself_the_last_sso_admin_and_those_above_are_refused_with_the_reason(
    acme: World, browse: Browse, operator: User
) -> None:  # A-8, V-8
    cases = (
        (acme.admin, acme.admin, "is you", "user.own_status"),
        (acme.admin, acme.sso_admin, "it needs sso account admin", "privilege.not_allowed"),
        (operator, acme.sso_admin, "is the last SSO account admin", "user.last_sso_admin"),
    )
    for viewer, target, reason, code in cases:
        browser = browse(viewer)
        asked = browser.post(DISABLE, {"person": str(target.pk)})
        assert "These stay as they are" in words(asked)
        assert reason in words(asked)
        assert 'name="confirmed"' not in asked.text
        assert not AuditEvent.objects.filter(reason=code).exists()

        forced = browser.post(DISABLE, {"person": str(target.pk), "confirmed": "yes"}, follow=True)
        assert reason in words(forced)
        assert AuditEvent.objects.get(reason=code).object_id == str(target.pk)
        target.refresh_from_db()
        assert target.disabled_at is None


def test_of_two_sso_admins_who_are_both_ticked_one_is_left(
    acme: World, browse: Browse, operator: User
) -> None:  # A-8, V-14
    second = add_person(acme.account, "second", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    both = {"person": [str(second.pk), str(acme.sso_admin.pk)], "confirmed": "yes"}
    browse(operator).post(DISABLE, both)
    assert User.objects.filter(pk__in=[second.pk, acme.sso_admin.pk], disabled_at=None).count() == 1


def test_nobody_is_disabled_by_those_who_only_look_or_from_elsewhere(
    acme: World, globex: World, browse: Browse
) -> None:
    partner = create_partner(actor=OPERATOR, slug="reseller", name="Reseller")
    world = found_account("initech", partner=partner)
    rita = add_vendor_person("rita", Kind.PARTNER_ADMIN, partner=partner)
    sent = {"person": [str(world.employee.pk), "nonsense"], "confirmed": "yes"}
    assert browse(rita).post(DISABLE, sent).status_code == 403
    told = browse(acme.admin).post(DISABLE, sent, follow=True)
    assert "Nothing was selected." in words(told)
    assert "emma@initech" not in told.text
    assert browse(world.admin).get(DISABLE).status_code == 302
    assert not User.objects.filter(disabled_at__isnull=False).exists()
