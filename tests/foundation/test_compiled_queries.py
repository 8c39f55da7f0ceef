"""Statements that are compiled once say what the ORM would have said, each time."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection
from django.db.models import Model, OuterRef
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import lifecycle
from accounts.models import Account, ApiToken, Group, GroupMembership, User
from accounts.sources import Source
from audit.actors import configuration
from foundation.compiled_queries import CompiledListQuery, CompiledQuery, key, many, moment, text
from foundation.compiled_writes import CompiledUpdate, insert, update
from foundation.json_rows import JsonRows

PEOPLE = CompiledQuery(lambda account: User.objects.for_account(account).order_by("user_name"), key)
BY_NAME = CompiledQuery(
    lambda account, name: User.objects.for_account(account).filter(user_name=name).select_related("account"),
    key,
    text,
)
NAMES = CompiledQuery(
    lambda account: User.objects.for_account(account).order_by("user_name").values_list("id", "user_name"),
    key,
)


NAMED = CompiledListQuery(
    lambda account, names: (
        User.objects.for_account(account).filter(user_name__in=names).order_by("user_name")
    ),
    key,
    many(text),
)


def columns(row: Model) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.fixture
def accounts(db: None) -> tuple[Account, Account]:
    found = []
    for slug in ("acme", "other"):
        account = lifecycle.create_account(actor=configuration(), slug=slug, name=slug)
        for name in ("ada", "bob"):
            lifecycle.create_user(
                actor=configuration(),
                account=account,
                values=lifecycle.PersonChanges(user_name=name, email=f"{name}@{slug}.example"),
            )
        found.append(account)
    return found[0], found[1]


def test_rows_are_those_of_the_queryset_whatever_was_asked_before(accounts: tuple[Account, Account]) -> None:
    for account in (*accounts, *accounts):
        expected = list(User.objects.for_account(account).order_by("user_name"))
        assert [columns(row) for row in PEOPLE.all(account.pk)] == [columns(row) for row in expected]
        assert NAMES.all(account.pk) == [(row.pk, row.user_name) for row in expected]


def test_related_rows_come_along(accounts: tuple[Account, Account]) -> None:
    for account in accounts:
        user = BY_NAME.first(account.pk, "bob")
        assert user is not None
        with CaptureQueriesContext(connection) as captured:
            found = user.account
        assert found is not None
        assert not captured.captured_queries
        assert columns(found) == columns(Account.objects.get(pk=account.pk))
        assert user.email == f"bob@{account.slug}.example"


def test_nobody_is_found_by_a_value_that_nobody_has(accounts: tuple[Account, Account]) -> None:
    assert BY_NAME.first(accounts[0].pk, "carl") is None
    assert BY_NAME.all(uuid4(), "ada") == []
    assert BY_NAME.all(accounts[0].pk, "' OR 1=1 --") == []


def test_an_argument_that_the_sql_does_not_hold_as_it_is_is_a_mistake(db: None) -> None:
    folded = CompiledQuery(lambda name: User.objects.filter(user_name=name.upper()), text)
    with pytest.raises(TypeError, match="not parameters"):
        folded.all("ada")
    with pytest.raises(TypeError, match="model instances"):
        CompiledQuery(lambda name: User.objects.filter(user_name=name).values("id"), text).all("ada")


@pytest.mark.parametrize(
    "names", [[], ["ada"], ["bob", "ada"], ["nobody"], ["ada", *(f"nobody {n}" for n in range(100))]]
)
def test_a_list_of_any_length_finds_what_the_queryset_finds(
    accounts: tuple[Account, Account], names: list[str]
) -> None:
    for account in (*accounts, *accounts):  # each length is compiled once and then used again
        found = [(user.account_id, user.user_name) for user in NAMED.all(account.pk, names)]
        assert found == [(account.pk, name) for name in ("ada", "bob") if name in names]


def test_an_update_reaches_only_the_rows_that_match(accounts: tuple[Account, Account]) -> None:
    account, other = accounts
    for each in accounts:
        ApiToken.objects.create(account=each, name="one", lookup=each.slug.ljust(12, "0"), digest="x")
    revoke = CompiledUpdate(
        lambda account, now: (
            ApiToken.objects.for_account(account).filter(revoked_at=None),
            {"revoked_at": now},
        ),
        key,
        moment,
    )
    now = timezone.now() - timedelta(days=1)
    assert revoke.run(account.pk, now) == 1
    assert revoke.run(account.pk, now) == 0
    assert ApiToken.objects.for_account(account).get().revoked_at == now
    assert ApiToken.objects.for_account(other).get().revoked_at is None


@pytest.mark.parametrize("count", [1, 2, 5])
def test_new_rows_hold_what_save_would_have_written(accounts: tuple[Account, Account], count: int) -> None:
    rows = [Group(account=accounts[0], name=f"group {n}", name_folded=f"group {n}") for n in range(count)]
    insert(rows)
    stored = Group.objects.for_account(accounts[0]).order_by("name")
    assert [columns(row) for row in stored] == [columns(row) for row in rows]
    for row in rows:
        row.name = "renamed " + row.name
        row.save()  # a row that was written is no longer a new one
    assert stored.filter(name__startswith="renamed").count() == count


def test_rows_that_are_there_already_are_refused_or_passed_over(accounts: tuple[Account, Account]) -> None:
    group = lifecycle.create_group(account=accounts[0], actor=configuration(), name="all")
    user = User.objects.for_account(accounts[0]).order_by("user_name")[0]

    def row(user_id: UUID) -> GroupMembership:
        return GroupMembership(group=group, user_id=user_id, source=Source.DIRECTORY)

    insert([row(user.pk)])
    insert([row(user.pk)], ignore_conflicts=True)
    assert GroupMembership.objects.filter(group=group).count() == 1
    with pytest.raises(IntegrityError):
        insert([row(user.pk)])


def test_an_update_by_key_writes_the_named_fields_alone(accounts: tuple[Account, Account]) -> None:
    user, stale = (User.objects.for_account(accounts[0]).get(user_name="ada") for _ in range(2))
    User.objects.filter(pk=user.pk).update(email="new@acme.example")
    stale.phone = "123"
    update(stale, ["phone", "updated_at"])
    user.refresh_from_db()
    assert (user.email, user.phone) == ("new@acme.example", "123")
    assert user.updated_at == stale.updated_at


@pytest.mark.services
def test_postgresql_keeps_them_prepared(accounts: tuple[Account, Account]) -> None:
    BY_NAME.first(accounts[0].pk, "ada")
    BY_NAME.first(accounts[1].pk, "bob")
    with connection.cursor() as cursor:
        cursor.execute("SELECT generic_plans + custom_plans, statement FROM pg_prepared_statements")
        used = [count for count, statement in cursor.fetchall() if '"user_name" = $' in statement]
    assert used == [2]


def test_rows_that_belong_to_a_row_come_along_in_their_order(accounts: tuple[Account, Account]) -> None:
    people = {user.user_name: user for user in User.objects.for_account(accounts[0])}
    for name in ("Ops", "Élan", 'a "quoted" one'):
        group = lifecycle.create_group(account=accounts[0], actor=configuration(), name=name)
        insert([GroupMembership(group=group, user=people["ada"], source=Source.DIRECTORY)])
    held = GroupMembership.objects.filter(user=OuterRef("pk")).order_by("-group__name")
    asked = CompiledQuery(
        lambda account: User.objects.for_account(account).annotate(held=JsonRows(held, "group__name", "id")),
        key,
    )
    for _ in range(2):
        found = {user.user_name: user for user in asked.all(accounts[0].pk)}
        rows = GroupMembership.objects.filter(user=people["ada"]).order_by("-group__name")
        expected = [[name, number] for name, number in rows.values_list("group__name", "id")]
        assert vars(found["ada"])["held"] == expected
        assert vars(found["bob"])["held"] == []
        assert columns(found["ada"]) == columns(people["ada"])
