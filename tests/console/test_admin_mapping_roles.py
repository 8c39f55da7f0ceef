"""Mapping roles are added and changed by SSO account admins, who see first whom it affects (R-1, R-4, V-8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.lifecycle.roles import account_role_named
from accounts.models import BuiltInAccountRole, User
from audit.models import AuditEvent
from foundation import outbox
from spaces.models import MappingRole, Space, SpaceMembership, SpaceRole
from spaces.tenants import create_space, describe, save_mapping_role
from tests.console.admin_pages import Fields, address_of, fields_of, page, read, words
from tests.console.last_claims import newcomer
from tests.console.test_admin_authorization_switch import on, spaces_of
from tests.worlds import OPERATOR, World

Browse = Callable[[User], Client]
ADD = page(MappingRole, "add")


def filled(
    fields: Fields, name: str, *, account: list[Any] | None = None, spaces: list[tuple[Any, list[Any]]]
) -> Fields:
    """Return the form's fields as a person would fill them in; a space is a row."""
    rows: Fields = {}
    for number, (space, roles) in enumerate(spaces):
        rows[f"spaces-{number}-space"] = "" if space is None else str(space.pk)
        rows[f"spaces-{number}-roles"] = [str(role.pk) for role in roles]
    return {**fields, "name": name, "account_roles": [role.pk for role in account or []], **rows}


def confirmed(browser: Client, address: str, fields: Fields, button: str = "_save") -> Any:
    """Send the form, read whom it affects, and press a button there."""
    asked = browser.post(address, fields)
    assert "Saving this affects" in words(asked), words(asked)
    return asked, browser.post(address, {**_hidden(asked.text), button: "1"}, follow=True)


def _hidden(text: str) -> dict[str, list[str]]:
    import lxml.html

    found: dict[str, list[str]] = {}
    for field in lxml.html.fromstring(text).get_element_by_id("mapping_role_form").iter("input"):
        if field.get("type") == "hidden":
            found.setdefault(str(field.get("name")), []).append(str(field.get("value", "")))
    return found


def test_sso_account_admin_adds_a_mapping_role_with_account_and_space_scopes(
    acme: World, browse: Browse
) -> None:
    ops = create_space(account=acme.account, actor=OPERATOR, name="Ops")
    member = SpaceRole.objects.for_account(acme.account).get(built_in="space_member")
    browser = browse(acme.sso_admin)
    assert f'href="{ADD}"' in browser.get(page(MappingRole, "changelist")).text
    assert "Add mapping role" in words(browser.get(ADD))
    spaces = [(acme.space, [acme.space_role, member]), (ops, [member])]
    fields = filled(read(browser, ADD), "Sales, EMEA", account=[acme.account_role], spaces=spaces)
    told = words(browser.post(ADD, fields, follow=True))
    assert "It takes effect at each person's next sign-in." in told
    role = MappingRole.objects.get(name="Sales, EMEA")
    assert describe(role) == [
        "Acme Lab: Acme Developer",
        "Acme Lab: Space Member",
        "Ops: Space Member",
        "account: Acme Billing",
    ]
    assert AuditEvent.objects.filter(action="mapping_role.saved", actor_label="sso@acme.example").exists()

    shown = read(browser, address_of(role))
    assert shown["name"] == "Sales, EMEA"
    browser.post(address_of(role), filled(shown, "Sales", spaces=[(acme.space, [member]), (None, [])]))
    role.refresh_from_db()
    assert (role.name, describe(role)) == ("Sales", ["Acme Lab: Space Member"])


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("nothing", "Give at least one role, in the account or in a space."),
        ("twice", "This space is named twice"),
        ("no role", "Choose at least one role in this space."),
        ("no space", "Choose the space of these roles."),
        ("no name", "This field is required."),
        ("taken", "There is a mapping role acme-sales."),
    ],
)
def test_mapping_role_that_says_nothing_or_one_thing_twice_is_refused(
    what: str, sentence: str, acme: World, browse: Browse
) -> None:
    browser = browse(acme.sso_admin)
    spaces: list[tuple[Any, list[Any]]] = {
        "twice": [(acme.space, [acme.space_role])] * 2,
        "no role": [(acme.space, [])],
        "no space": [(None, [acme.space_role])],
        "nothing": [],
    }.get(what, [(acme.space, [acme.space_role])])
    name = {"no name": " ", "taken": "acme-sales"}.get(what, "new")
    answer = browser.post(ADD, filled(read(browser, ADD), name, spaces=spaces))
    assert sentence in words(answer)
    assert MappingRole.objects.count() == 1


def test_more_rows_come_by_a_button_and_keep_what_was_typed(acme: World, browse: Browse) -> None:
    browser = browse(acme.sso_admin)
    fields = filled(read(browser, ADD), "new", spaces=[(acme.space, [acme.space_role])])
    more = fields_of(browser.post(ADD, {**fields, "_more": "1"}).text)
    assert int(more["spaces-TOTAL_FORMS"]) == int(fields["spaces-TOTAL_FORMS"]) + 2
    assert (more["name"], more["spaces-0-space"]) == ("new", str(acme.space.pk))
    for forged in ("99999", "-1", "x", ""):
        assert browser.post(ADD, {**fields, "spaces-TOTAL_FORMS": forged, "_more": "1"}).status_code == 200


def test_others_look_and_change_nothing(acme: World, globex: World, browse: Browse) -> None:  # V-8, A-1
    browser = browse(acme.admin)
    address = address_of(acme.mapping_role)
    assert "Acme Billing" in words(browser.get(address))
    assert browser.get(ADD).status_code == 403
    fields = {"name": "mine", "account_roles": [acme.account_role.pk], "spaces-TOTAL_FORMS": 0}
    assert browser.post(ADD, fields).status_code == 403
    assert browser.post(address, {**fields, "_apply": "1"}).status_code == 403
    assert browser.post(page(MappingRole, "delete", acme.mapping_role.pk), {"post": "yes"}).status_code == 403
    assert browse(acme.sso_admin).get(address_of(globex.mapping_role)).status_code == 404
    assert set(MappingRole.objects.values_list("name", flat=True)) == {"acme-sales", "globex-sales"}


def test_roles_and_spaces_of_another_account_are_no_choice(
    acme: World, globex: World, browse: Browse
) -> None:  # A-1, V-10
    browser = browse(acme.sso_admin)
    form = browser.get(ADD).text
    assert "Globex" not in form
    fields = read(browser, ADD)
    for wrong in (
        filled(fields, "x", account=[globex.account_role], spaces=[]),
        filled(fields, "x", spaces=[(globex.space, [acme.space_role])]),
        filled(fields, "x", spaces=[(acme.space, [globex.space_role])]),
    ):
        assert browser.post(ADD, wrong).status_code == 200
    assert not MappingRole.objects.filter(name="x").exists()


def test_operator_chooses_the_account_first(
    acme: World, globex: World, browse: Browse, operator: User
) -> None:
    browser = browse(operator)
    assert "Globex (globex)" in words(browser.get(ADD))
    address = f"{ADD}?account={globex.account.pk}"
    spaces = [(globex.space, [globex.space_role])]
    browser.post(address, filled(read(browser, address), "ops", spaces=spaces))
    assert MappingRole.objects.get(name="ops").account == globex.account


def test_people_affected_are_shown_before_anything_is_saved(acme: World, browse: Browse) -> None:
    browser = on(acme, browse)
    ned = newcomer(acme, "ned", "acme-sales")
    newcomer(acme, "una", "other")
    address = address_of(acme.mapping_role)
    member = SpaceRole.objects.for_account(acme.account).get(built_in="space_member")
    fields = filled(read(browser, address), "acme-sales", spaces=[(acme.space, [member]), (None, [])])
    asked = browser.post(address, fields)
    assert "Saving this affects 1 person." in words(asked)
    assert "ned@acme.example" in words(asked)
    assert "una@acme.example" not in words(asked)
    assert "Acme Lab: Acme Developer" in describe(acme.mapping_role)

    _, done = confirmed(browser, address, fields)
    assert "next sign-in" in words(done)
    assert describe(acme.mapping_role) == ["Acme Lab: Space Member"]
    assert outbox.drain() == 0
    assert spaces_of(ned) == set()


def test_saving_with_apply_now_reaches_exactly_those_it_concerns(acme: World, browse: Browse) -> None:
    browser = on(acme, browse)
    ned = newcomer(acme, "ned", "acme-sales")
    zoe = newcomer(acme, "zoe", "renamed")
    address = address_of(acme.mapping_role)
    spaces = [(acme.space, [acme.space_role]), (None, [])]
    asked, _ = confirmed(browser, address, filled(read(browser, address), "renamed", spaces=spaces), "_apply")
    assert "ned@acme.example (no mapping role of that name)" in words(asked)
    outbox.drain()
    assert spaces_of(zoe) == {("Acme Developer", "mapping")}
    assert spaces_of(ned) == set()
    assert set(SpaceMembership.objects.filter(source="mapping").values_list("user", flat=True)) == {zoe.pk}


def test_admin_does_not_save_away_their_own_role(acme: World, browse: Browse) -> None:
    browser = on(acme, browse)
    role = MappingRole.objects.get(name="admins")
    fields = filled(read(browser, address_of(role)), "admins", account=[acme.account_role], spaces=[])
    _, told = confirmed(browser, address_of(role), fields)
    assert "You would no longer be SSO Account Admin by this change" in words(told)
    browser.post(page(MappingRole, "delete", role.pk), {"post": "yes"})
    assert describe(role) == ["account: SSO Account Admin"]
    assert AuditEvent.objects.filter(reason="mapping_role.own_admin_role").count() == 2


def test_deleting_tells_how_many_were_sent_it(acme: World, browse: Browse) -> None:
    browser = on(acme, browse)
    newcomer(acme, "ned", "acme-sales")
    address = page(MappingRole, "delete", acme.mapping_role.pk)
    assert "acme-sales: 1 person was sent it last" in words(browser.get(address))
    browser.post(address, {"post": "yes"})
    assert not MappingRole.objects.filter(name="acme-sales").exists()
    assert AuditEvent.objects.filter(action="mapping_role.deleted").exists()


def test_form_costs_the_same_for_many_spaces(
    acme: World, browse: Browse, django_assert_max_num_queries: Any
) -> None:
    browser = browse(acme.sso_admin)
    address = address_of(acme.mapping_role)
    with django_assert_max_num_queries(40) as few:
        browser.get(address)
    spaces = [Space.objects.create(account=acme.account, name=f"S{number}") for number in range(15)]
    save_mapping_role(
        account=acme.account,
        actor=OPERATOR,
        name="acme-sales",
        account_roles=frozenset({account_role_named(acme.account, BuiltInAccountRole.MEMBER)}),
        space_roles={space: frozenset({acme.space_role}) for space in spaces},
    )
    with django_assert_max_num_queries(40) as many:
        browser.get(address)
    assert len(many.captured_queries) == len(few.captured_queries)
