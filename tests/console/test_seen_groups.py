"""A group's form knows which identifiers really come, and says when one never did (G-7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import group_sightings, lifecycle
from accounts.models import Group, GroupSighting, SeenGroup, User
from accounts.tasks import count_group_sightings, purge_group_sightings
from tests.console.admin_pages import address_of, page, save, words
from tests.scim.directory import Directory
from tests.worlds import OPERATOR, World

Browse = Callable[[User], Client]
GUID = "5d0e1f2a-0000-4000-8000-00000000000f"


def come(world: World, *identifiers: str, times: int = 1) -> None:
    """Let people sign in who are in these groups at the provider."""
    for _ in range(times):
        group_sightings.note(world.account.pk, identifiers)
    count_group_sightings()


def test_form_offers_what_was_seen_with_how_often_and_when(
    acme: World, globex: World, browse: Browse
) -> None:  # G-7
    come(acme, GUID.upper(), "acme-engineers", times=2)
    come(acme, GUID)
    come(globex, "globex-only")
    browser = browse(acme.admin)
    for address in (address_of(acme.group), page(Group, "add")):
        shown = browser.get(address)
        assert f'<option value="{GUID}">seen 3 times, last on ' in shown.text
        assert 'value="acme-engineers">seen' not in shown.text  # another group has it
        assert "globex-only" not in shown.text
    assert "acme-engineers 2 " in words(browser.get(address_of(acme.group)))
    assert "seen 2 times" in words(browser.get(address_of(acme.mapped_group)))


def test_form_warns_of_an_identifier_that_never_came(acme: World, browse: Browse) -> None:  # G-7
    come(acme, GUID)
    browser = browse(acme.admin)
    assert "never seen" in words(browser.get(address_of(acme.mapped_group)))

    save(browser, address_of(acme.group), idp_identifier="mistyped")
    told = words(browser.get(address_of(acme.group)))
    assert "No sign-in and no push of the directory has named “mistyped” yet." in told

    save(browser, address_of(acme.group), idp_identifier=f"{{{GUID.upper()}}}")
    assert "No sign-in and no push" not in words(browser.get(address_of(acme.group)))


def test_what_a_directory_pushes_is_seen_even_after_it_let_go(
    acme: World, browse: Browse
) -> None:  # G-7, A-8
    token = lifecycle.create_api_token(account=acme.account, actor=OPERATOR, name="directory")
    directory = Directory(acme.account, token[1], token[0])
    Group.objects.update(created_at=timezone.now() - timedelta(days=31))
    browser = browse(acme.admin)
    unseen = reverse("admin:report", args=["unseen-groups"])
    assert address_of(acme.mapped_group) in browser.get(unseen).text

    pushed = directory.push_group("Engineers", externalId="acme-engineers")
    assert address_of(acme.mapped_group) not in browser.get(unseen).text  # at once

    directory.delete(f"/Groups/{pushed['id']}")
    count_group_sightings()
    acme.mapped_group.refresh_from_db()
    assert not acme.mapped_group.directory_owned
    assert address_of(acme.mapped_group) not in browser.get(unseen).text
    assert "seen 1 time" in words(browser.get(address_of(acme.mapped_group)))


def test_sightings_are_counted_once_and_forgotten_when_nobody_uses_them(acme: World) -> None:  # G-7
    come(acme, "acme-engineers", "long ago", " ", "x" * 300, "nu\x00ll")
    come(acme, "long ago", "long ago")
    assert {seen.key: seen.count for seen in SeenGroup.objects.all()} == {"acme-engineers": 1, "long ago": 2}
    assert not GroupSighting.objects.exists()

    SeenGroup.objects.update(last_seen_at=SeenGroup.objects.first().last_seen_at - group_sightings.RECENT)  # type: ignore[union-attr]
    purge_group_sightings()
    assert [seen.key for seen in SeenGroup.objects.all()] == ["acme-engineers"]
