"""A sign-in costs the same number of queries whatever the number of spaces and groups (design rule 1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Group, GroupMembership, User
from spaces.models import Space, SpaceMembership
from sso import apply
from sso.claims import Claims, SubjectSource
from tests.journeys.conftest import Company
from tests.journeys.person_browser import PersonBrowser, sign_in

MANY = 200


def claims_of(company: Company, count: int, *, changed: bool = False) -> Claims:
    """Return claims that name ``count`` spaces and groups; ``changed`` names as many others."""
    first = MANY if changed else 0
    numbers = range(first, first + count)
    return Claims(
        issuer="https://idp.acme.example",
        subject=f"subject-{count}",
        subject_source=SubjectSource.CONFIGURED,
        user_name=f"mia{count}@acme.example",
        email=f"mia{count}@acme.example",
        space_names=tuple(f"Space {n}" for n in numbers),
        space_roles=("Space Developer",),
        groups=tuple(f"group-{n}" for n in numbers),
    )


@pytest.fixture
def big_company(make_company: Callable[..., Company]) -> Company:
    company = make_company("acme", update_access_on_login=True)
    Space.objects.bulk_create(Space(account=company.account, name=f"Space {n}") for n in range(2 * MANY))
    for n in range(2 * MANY):
        Group.objects.create(account=company.account, name=f"Group {n}", idp_identifier=f"group-{n}")
    return company


def queries(company: Company, claims: Claims) -> list[str]:
    """Apply a sign-in and return its queries.

    Django believes that SQLite takes 999 parameters a statement and so sends one insert of many rows in several
    statements; they count as the one that they are.
    """
    with CaptureQueriesContext(connection) as captured:
        apply.sign_in(claims=claims, provider_id=company.saml.pk, account_id=company.account.pk)
    sent = [str(query["sql"]) for query in captured.captured_queries]
    if connection.vendor != "sqlite":
        return sent
    into = [sql.partition(" VALUES ")[0] for sql in sent]
    return [
        sql
        for number, sql in enumerate(sent)
        if number == 0 or not sql.startswith("INSERT OR IGNORE") or into[number] != into[number - 1]
    ]


def held(count: int) -> tuple[int, int]:
    user = User.objects.get(user_name=f"mia{count}@acme.example")
    return (
        SpaceMembership.objects.filter(user=user).count(),
        GroupMembership.objects.filter(user=user).count(),
    )


def test_first_sign_in_costs_the_same_for_one_and_for_two_hundred(big_company: Company) -> None:
    few = queries(big_company, claims_of(big_company, 1))
    many = queries(big_company, claims_of(big_company, MANY))
    assert held(1) == (1, 1)
    assert held(MANY) == (MANY, MANY)
    assert len(many) == len(few), "\n".join(sql[:150] for sql in many)


def test_sign_in_that_changes_nothing_costs_the_same_for_one_and_for_two_hundred(
    big_company: Company,
) -> None:
    for count in (1, MANY):
        queries(big_company, claims_of(big_company, count))
    few, many = (queries(big_company, claims_of(big_company, count)) for count in (1, MANY))
    assert len(many) == len(few)


def test_sign_in_that_changes_everything_costs_the_same_for_one_and_for_two_hundred(
    big_company: Company,
) -> None:
    for count in (1, MANY):
        queries(big_company, claims_of(big_company, count))
    few, many = (queries(big_company, claims_of(big_company, count, changed=True)) for count in (1, MANY))
    assert held(MANY) == (MANY, MANY)
    assert len(many) == len(few), "\n".join(sql[:150] for sql in many)


def test_plan_alone_reads_a_constant_number_and_writes_nothing(big_company: Company) -> None:
    # design rule 1: preview and debugger call the same planner
    from tests.journeys.seen import rows, written

    before = rows()
    counts = []
    for count in (1, MANY):
        with CaptureQueriesContext(connection) as captured:
            plan = apply.preview(
                claims=claims_of(big_company, count), provider=big_company.saml, account=big_company.account
            )
        assert plan.refusal is None
        assert len(plan.access.add_spaces) == count
        counts.append(len(captured.captured_queries))
    assert counts[0] == counts[1]
    assert written(before) == {}


def test_plan_for_a_person_who_holds_much_reads_no_more(big_company: Company) -> None:
    for count in (1, MANY):
        queries(big_company, claims_of(big_company, count))
    counts = []
    for count in (1, MANY):
        nothing = replace(claims_of(big_company, count), space_names=(), groups=())
        with CaptureQueriesContext(connection) as captured:
            plan = apply.preview(claims=nothing, provider=big_company.saml, account=big_company.account)
        assert len(plan.access.remove_spaces) == count
        assert len(plan.access.remove_groups) == count
        counts.append(len(captured.captured_queries))
    assert counts[0] == counts[1]


def test_a_whole_saml_sign_in_of_a_new_person_costs_the_same_for_one_and_for_twenty_groups(
    big_company: Company, new_browser: Callable[[], PersonBrowser]
) -> None:
    """L-1, S-2: start, POST, continuation and the page that follows, over HTTP"""
    counts = []
    for person, count in (("omar", 1), ("mia@acme.example", 1), ("noah@acme.example", 20)):
        numbers = range(count)
        browser = new_browser()
        with CaptureQueriesContext(connection) as captured:
            sign_in(
                browser,
                f"/sso/saml/{big_company.saml.slug}/",
                person=person,
                email=f"{person.partition('@')[0]}@acme.example",
                space_name=",".join(f"Space {n}" for n in range(3)),
                space_role="Space Developer",
                groups="\n".join(f"group-{n}" for n in numbers),
            )
        assert len(browser.me()["groups"]) == count
        assert len(browser.me()["spaces"]) == 3
        counts.append(len(captured.captured_queries))
    # The first one is not compared: the look-ups that the process has not needed before are among its queries.
    assert counts[1] == counts[2], counts
