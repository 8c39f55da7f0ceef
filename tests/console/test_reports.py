"""Reports: who is pending or unused for long, which mapped groups nobody ever had, what was given by hand (A-8)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import lifecycle
from accounts.lifecycle import PersonChanges, create_partner
from accounts.models import Kind, User
from accounts.sources import Source
from accounts.tasks import count_group_sightings
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from spaces import access
from tests.console.admin_pages import address_of, words
from tests.console.test_admin_queries import queries
from tests.worlds import (
    OPERATOR,
    World,
    add_identity,
    add_person,
    add_provisioned,
    add_vendor_person,
    found_account,
)

Browse = Callable[[User], Client]
SLUGS = ("pending", "unused", "unseen-groups", "hand-made")
PEOPLE = ("pending", "unused", "hand-made")


def report(slug: str) -> str:
    return reverse("admin:report", args=[slug])


def age(user: User, **days: int) -> None:
    """Let something of a person have happened so many days ago: ``created_at=40``."""
    now = timezone.now()
    User.objects.filter(pk=user.pk).update(**{name: now - timedelta(days=n) for name, n in days.items()})


def was_here(account: Any, name: str, days: int) -> User:
    """Make a person whose last sign-in was so many days ago."""
    person = add_person(account, name)
    age(person, first_login_at=days + 100, last_login=days)
    return person


def one_of_each(world: World) -> dict[str, Any]:
    """Give an account a row for each report; return what the page names by slug."""
    pending = add_provisioned(world.account, "penny")
    age(pending, created_at=40)
    unused = was_here(world.account, "ulla", 100)
    lost = lifecycle.create_group(
        account=world.account, actor=OPERATOR, name=f"{world.account.slug} lost", idp_identifier="lost"
    )
    type(lost).objects.filter(pk=lost.pk).update(created_at=timezone.now() - timedelta(days=40))
    world.provider.group_sync = True
    world.provider.save()
    add_identity(world.employee, world.provider)
    return {"pending": pending, "unused": unused, "unseen-groups": lost, "hand-made": world.employee}


def test_admin_finds_who_is_pending_longer_than_they_say(acme: World, browse: Browse) -> None:
    long, short = add_provisioned(acme.account, "penny"), add_provisioned(acme.account, "paul")
    out = add_provisioned(acme.account, "otto")
    for person, days in ((long, 31), (short, 29), (out, 31)):
        age(person, created_at=days)
    lifecycle.disable_user(user=out, actor=OPERATOR)
    browser = browse(acme.admin)

    page = browser.get(report("pending"))
    assert address_of(long) in page.text
    assert address_of(short) not in page.text
    assert address_of(out) not in page.text
    assert address_of(short) in browser.get(report("pending"), {"days": "28"}).text


def test_admin_finds_who_has_not_signed_in_for_long(acme: World, browse: Browse) -> None:
    gone, here = was_here(acme.account, "ulla", 91), was_here(acme.account, "hanna", 89)
    disabled, deactivated = was_here(acme.account, "dora", 91), was_here(acme.account, "dirk", 91)
    lifecycle.disable_user(user=disabled, actor=OPERATOR)
    directory = Actor(ActorKind.SCIM, "", "a directory")
    lifecycle.set_directory_active(user=deactivated, actor=directory, active=False)
    never = add_provisioned(acme.account, "penny")
    age(never, created_at=100)

    page = browse(acme.admin).get(report("unused")).text

    assert address_of(gone) in page
    for other in (here, disabled, deactivated, never):
        assert address_of(other) not in page, other


def test_admin_finds_mapped_groups_that_nobody_ever_brought_along(
    acme: World, browse: Browse
) -> None:  # A-8, G-7
    from accounts import group_sightings

    groups = {
        name: lifecycle.create_group(account=acme.account, actor=OPERATOR, name=name, idp_identifier=name)
        for name in ("seen", "held", "lost", "new")
    }
    old = timezone.now() - timedelta(days=31)
    type(acme.group).objects.exclude(name="new").update(created_at=old)
    group_sightings.note(acme.account.pk, ["seen", "something else"])
    count_group_sightings()
    groups["held"].memberships.create(user=acme.employee, source=Source.CLAIMS)
    browser = browse(acme.admin)

    page = browser.get(report("unseen-groups")).text

    assert address_of(groups["lost"]) in page
    for other in (groups["seen"], groups["held"], groups["new"], acme.group):
        assert address_of(other) not in page, other
    assert 'name="person"' not in page


def test_admin_finds_what_was_given_by_hand_to_managed_people(acme: World, browse: Browse) -> None:
    managed, free = add_person(acme.account, "mona"), add_person(acme.account, "frank")
    acme.provider.group_sync = True
    acme.provider.save()
    by = Actor(ActorKind.USER, str(acme.admin.pk), acme.admin.user_name)
    for person in (managed, free):
        role, space = {"role": acme.account_role}, {"space": acme.space, "role": acme.space_role}
        lifecycle.grant_account_role(user=person, actor=by, source=Source.MANUAL, **role)
        access.grant_space_role(user=person, actor=by, source=Source.MANUAL, **space)
        lifecycle.set_group_membership(group=acme.group, user=person, actor=by, member=True)
    add_identity(managed, acme.provider)
    other = acme.space.memberships.create(user=managed, role=acme.space_role, source=Source.CLAIMS)
    browser = browse(acme.admin)

    page = browser.get(report("hand-made"))

    told = words(page)
    assert address_of(free) not in page.text
    for what in ("Account role Acme Billing", "Acme Developer in Acme Lab", "Group Acme Readers"):
        assert f"mona@acme.example {what} admin@acme.example" in told
    events = AuditEvent.objects.filter(
        actor_label=by.label, action__in=("account_role.granted", "space_role.granted", "group.member_added")
    )
    assert sum(address_of(event) in page.text for event in events) == 3  # hers alone, not Frank's
    assert told.count("mona@acme.example") == 3, other
    assert "removed: mapping roles decide" not in told

    acme.account.sso_authorization = True
    acme.account.save()
    assert words(browser.get(report("hand-made"))).count("removed: mapping roles decide") == 2


@pytest.mark.parametrize("slug", SLUGS)
def test_report_shows_only_what_is_the_viewers(slug: str, browse: Browse, operator: User, db: None) -> None:
    # on the page, in the export, on the overview
    partner = create_partner(actor=OPERATOR, slug="reseller", name="Reseller")
    acme, globex = found_account("acme", partner=partner), found_account("globex")
    own, other = one_of_each(acme)[slug], one_of_each(globex)[slug]
    rita = add_vendor_person("rita", Kind.PARTNER_ADMIN, partner=partner)
    for viewer, both in ((acme.admin, False), (rita, False), (operator, True)):
        browser = browse(viewer)
        page = browser.get(report(slug)).text
        assert address_of(own) in page
        assert (address_of(other) in page) is both
        saved = exported(browser, slug)
        assert any("acme" in "".join(row) for row in saved[1:])
        assert any("globex" in "".join(row).lower() for row in saved) is both
        assert reverse("admin:reports") in browser.get(reverse("admin:index")).text
        assert ('name="person"' in page) is (viewer is not rita and slug in PEOPLE)
    assert browse(acme.employee).get(report(slug)).status_code == 403


def exported(browser: Client, slug: str, **fields: str) -> list[list[str]]:
    answer = browser.post(reverse("admin:report_export", args=[slug]), fields)
    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.reader(io.StringIO(text)))


def test_exported_cells_are_no_formulas_and_the_export_is_in_the_trail(
    acme: World, browse: Browse
) -> None:  # A-8, V-24
    values = PersonChanges(user_name="=HYPERLINK(1)", email="pia@acme.example", display_name="@Pia")
    age(lifecycle.create_user(actor=OPERATOR, account=acme.account, values=values), created_at=40)
    browser = browse(acme.admin)

    header, *rows = exported(browser, "pending", days="39")

    assert header[:3] == ["User", "Name", "E-mail"]
    assert [row[:3] for row in rows] == [["'=HYPERLINK(1)", "'@Pia", "pia@acme.example"]]
    event = AuditEvent.objects.get(action="export.made")
    assert event.actor_label == acme.admin.user_name
    assert event.account_id == acme.account.pk
    assert "pending (39 days) was exported as CSV: 1 rows." in event.message


def test_export_that_would_be_too_long_is_refused_with_the_reason(
    acme: World, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.reports.page.MOST_EXPORTED", 1)
    for name in ("penny", "paul"):
        age(add_provisioned(acme.account, name), created_at=40)
    answer = browse(acme.admin).post(reverse("admin:report_export", args=["pending"]), follow=True)
    assert "These are more than 1 rows" in words(answer)
    assert not AuditEvent.objects.filter(action="export.made").exists()


@pytest.mark.parametrize("days", ["0", "3651", "-1", "1e3", "ten", "%00"])
def test_number_of_days_that_is_none_is_refused_with_the_reason(
    days: str, acme: World, browse: Browse
) -> None:
    browser = browse(acme.admin)
    answer = browser.get(f"{report('unused')}?days={days}")
    assert answer.status_code == 400
    assert browser.post(reverse("admin:report_export", args=["unused"]), {"days": days}).status_code == 400
    assert not AuditEvent.objects.filter(action="export.made").exists()
    assert browser.get(f"{report('unused')}?days=3650&page=x").status_code == 200
    assert browser.get(reverse("admin:report", args=["nothing"])).status_code == 404


def test_empty_report_says_what_that_means(acme: World, browse: Browse) -> None:
    browser = browse(acme.admin)
    assert "everybody who was added came" in words(browser.get(report("pending")))
    for slug in SLUGS:
        page = browser.get(report(slug)).text
        assert "Export CSV" not in page
        assert "<table" not in page


@pytest.mark.parametrize("slug", SLUGS)
def test_a_longer_report_needs_no_more_queries(slug: str, acme: World, browse: Browse) -> None:
    browser = browse(acme.admin)
    one_of_each(acme)
    few = len(queries(browser, report(slug)))
    for number in range(6):
        add_another(acme, number)
    assert len(queries(browser, report(slug))) == few
    assert few <= 8
    assert words(browser.get(report(slug))).count("more") >= 6


def add_another(world: World, number: int) -> None:
    """Add one row more to every report, with "more" in its name."""
    age(add_provisioned(world.account, f"more-p{number}"), created_at=40)
    was_here(world.account, f"more-u{number}", 100)
    name = f"more-{number}"
    group = lifecycle.create_group(account=world.account, actor=OPERATOR, name=name, idp_identifier=name)
    type(group).objects.filter(pk=group.pk).update(created_at=timezone.now() - timedelta(days=40))
    managed = add_person(world.account, f"more-h{number}")
    lifecycle.set_group_membership(group=world.group, user=managed, actor=OPERATOR, member=True)
    add_identity(managed, world.provider)


def test_long_report_comes_in_pages_of_fifty(acme: World, browse: Browse) -> None:
    people = [User(account=acme.account, user_name=f"p{number:03}") for number in range(51)]
    for number, person in enumerate(people):
        person.created_at = timezone.now() - timedelta(days=200 - number)
        person.set_unusable_password()
        person.derive()
    User.objects.bulk_create(people)
    browser = browse(acme.admin)

    first, second = browser.get(report("pending")), browser.get(report("pending"), {"page": "2"})

    assert first.text.count('name="person"') == 50
    assert second.text.count('name="person"') == 1
    assert "p050" in second.text
    assert "Page 2 of 2" in words(second)
    assert "days=30&amp;page=1" in second.text


def test_first_page_tells_how_much_the_reports_hold_for_one_statement_more(
    acme: World, globex: World, browse: Browse
) -> None:
    one_of_each(acme), one_of_each(globex)
    browser = browse(acme.admin)
    sent = queries(browser, reverse("admin:index"))
    assert sum("seen_groups" in sql or "accounts_seengroup" in sql for sql in sent) == 1
    told = words(browser.get(reverse("admin:index")))
    assert "Pending people 1 " in told
    assert "No longer signing in 1 " in told
    assert "Mapped groups never seen 1 " in told
    assert "Made by hand 2 " in told  # Emma's space and group
    overview = words(browser.get(reverse("admin:reports")))
    assert "Made by hand 2 " in overview
