"""Two processes at the same moment on PostgreSQL: whatever the order, the end is one that the rules allow.

``BROKER_TEST_ROUNDS`` says how often each is tried: 3 times unless told otherwise, before a release by
``BROKER_TEST_ROUNDS=50 make test-services``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from accounts import lifecycle
from accounts.lifecycle.roles import account_role_named
from accounts.models import AccountRoleMembership, BuiltInAccountRole, Departure, User
from accounts.sources import Source
from audit.models import AuditEvent
from simulator.config import SimulatorConfig
from simulator.config import Vendor as Dialect
from simulator.server import RunningSimulator, serve_in_thread
from sso.models import FederatedIdentity, Vendor
from tests.concurrency.crew import Crew, Surroundings, crew_of
from tests.concurrency.jobs import HOST
from tests.conftest import client_of
from tests.console.admin_pages import address_of, page
from tests.journeys.conftest import MIA, Company, directory_of, found_company
from tests.journeys.person_browser import PersonBrowser, sign_in
from tests.journeys.seen import SAML
from tests.scim.directory import PATCH_OP, Directory
from tests.worlds import OPERATOR, add_person

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]

ROUNDS = int(os.environ.get("BROKER_TEST_ROUNDS") or 3)
DISABLE = "/admin/reports/disable-people/"
SSO_ADMIN = BuiltInAccountRole.SSO_ACCOUNT_ADMIN
PEOPLE = tuple(
    replace(
        MIA,
        id=f"a1c3e5f7-{number:04}-4a00-8000-00000000b001",
        user_name=f"person{number}@acme.example",
        email=f"person{number}@acme.example",
    )
    for number in range(ROUNDS)
)


@pytest.fixture(scope="module")
def idp() -> Iterator[RunningSimulator]:
    """Acme's directory, with somebody new for every round."""
    acme = replace(directory_of("acme", Dialect.ENTRA), people=(MIA, *PEOPLE))
    with serve_in_thread(SimulatorConfig((acme,))) as running:
        yield running


@pytest.fixture(scope="module")
def crew(django_db_setup: None, django_db_blocker: Any, idp: RunningSimulator) -> Iterator[Crew]:
    """Two processes of the product on the test's database."""
    assert connection.vendor == "postgresql", "run by `make test-services`"
    server = connection.settings_dict
    login = server["USER"] + (f":{server['PASSWORD']}" if server["PASSWORD"] else "")
    address = f"postgres://{login}@{server['HOST']}:{server['PORT']}/{server['NAME']}"
    surroundings = Surroundings(
        environment={"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "broker.settings"},
        cache_prefix=settings.CACHES["default"]["KEY_PREFIX"],
        network=frozenset({("127.0.0.1", idp.port)}),
    )
    with crew_of(2, surroundings) as running:
        yield running


@pytest.fixture
def acme(transactional_db: None, idp: RunningSimulator, settings: Any) -> Company:
    """Acme, committed, so that every process sees it."""
    settings.BROKER_NETWORK_ALLOW_LIST = frozenset({("127.0.0.1", idp.port)})
    return found_company("acme", idp, Vendor.ENTRA)


@dataclass
class Pair:
    """The only two SSO account admins."""

    ann: User
    ben: User

    def able(self) -> list[str]:
        """Return who of them is still an SSO account admin that may sign in."""
        held = AccountRoleMembership.objects.filter(role__built_in=SSO_ADMIN.value).values("user")
        people = User.objects.able_to_sign_in().filter(pk__in=held)
        return sorted(people.values_list("given_name", flat=True))


@pytest.fixture
def pair(acme: Company) -> Pair:
    return Pair(add_person(acme.account, "ann", SSO_ADMIN), add_person(acme.account, "ben", SSO_ADMIN))


def test_of_two_admins_who_disable_each_other_one_stays(crew: Crew, pair: Pair) -> None:
    # V-8, V-14: never zero by hand
    for number in range(ROUNDS):
        crew.at_once(
            ("press", {"user_name": pair.ann.user_name, "address": page(User, "disable", pair.ben.pk)}),
            ("press", {"user_name": pair.ben.user_name, "address": page(User, "disable", pair.ann.pk)}),
        )
        assert len(pair.able()) == 1, number
        for person in (pair.ann, pair.ben):
            lifecycle.enable_user(user=person, actor=OPERATOR)


def test_of_two_admins_who_demote_each_other_one_stays(crew: Crew, acme: Company, pair: Pair) -> None:
    # V-8, V-14
    role = account_role_named(acme.account, SSO_ADMIN)
    for number in range(ROUNDS):
        rows = {row.user_id: row.pk for row in AccountRoleMembership.objects.filter(role=role)}
        crew.at_once(
            *(
                (
                    "remove_row",
                    {
                        "user_name": who.user_name,
                        "address": address_of(whom),
                        "prefix": "account_role_memberships",
                        "row": rows[whom.pk],
                    },
                )
                for who, whom in ((pair.ann, pair.ben), (pair.ben, pair.ann))
            )
        )
        assert len(pair.able()) == 1, number
        for person in (pair.ann, pair.ben):
            lifecycle.grant_account_role(user=person, role=role, actor=OPERATOR, source=Source.MANUAL)


def test_one_demotes_whom_the_other_disables_and_somebody_stays(
    crew: Crew, acme: Company, pair: Pair
) -> None:
    # V-8, V-14
    role = account_role_named(acme.account, SSO_ADMIN)
    for number in range(ROUNDS):
        row = AccountRoleMembership.objects.get(role=role, user=pair.ann)
        crew.at_once(
            ("press", {"user_name": pair.ann.user_name, "address": page(User, "disable", pair.ben.pk)}),
            (
                "remove_row",
                {
                    "user_name": pair.ben.user_name,
                    "address": address_of(pair.ann),
                    "prefix": "account_role_memberships",
                    "row": row.pk,
                },
            ),
        )
        assert len(pair.able()) == 1, number
        lifecycle.enable_user(user=pair.ben, actor=OPERATOR)
        lifecycle.grant_account_role(user=pair.ann, role=role, actor=OPERATOR, source=Source.MANUAL)


def test_role_that_two_admins_grant_at_once_is_held_once(crew: Crew, acme: Company, pair: Pair) -> None:
    # V-8
    role = account_role_named(acme.account, BuiltInAccountRole.ACCOUNT_ADMIN)
    for number in range(ROUNDS):
        emma = add_person(acme.account, f"emma{number}")
        grant = {
            "address": address_of(emma),
            "prefix": "account_role_memberships",
            "values": {"role": str(role.pk)},
        }
        statuses = crew.at_once(
            ("add_row", {"user_name": pair.ann.user_name, **grant}),
            ("add_row", {"user_name": pair.ben.user_name, **grant}),
        )
        assert set(statuses) <= {200, 302}
        assert AccountRoleMembership.objects.filter(user=emma, role=role).count() == 1
        granted = AuditEvent.objects.filter(action="account_role.granted", object_id=str(emma.pk))
        assert granted.count() == 1


def test_first_sign_in_in_two_processes_makes_one_person(crew: Crew, acme: Company) -> None:
    # J-13
    for number, person in enumerate(PEOPLE):
        first, second = crew.at_once(*[("come_by_saml", {"start": SAML, "person": person.user_name})] * 2)
        user = User.objects.for_account(acme.account).get(user_name=person.user_name)
        assert first["status"] == second["status"] == 200, (number, refusals())
        assert first["me"]["id"] == second["me"]["id"] == str(user.pk), number
        assert FederatedIdentity.objects.filter(user=user).count() == 1
        assert AuditEvent.objects.filter(action="user.created", object_id=str(user.pk)).count() == 1


def test_person_who_is_deactivated_during_their_sign_in_is_out(crew: Crew, acme: Company) -> None:
    # P-5, L-13, V-17
    _, token = lifecycle.create_api_token(account=acme.account, actor=OPERATOR, name="directory")
    sign_in(PersonBrowser(), SAML)
    mia = User.objects.for_account(acme.account).get()
    back = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "active", "value": True}]}
    directory = Client(headers={"host": HOST, "authorization": f"Bearer {token}"})
    for number in range(ROUNDS):
        came, status = crew.at_once(
            ("come_by_saml", {"start": SAML, "person": MIA.user_name}),
            ("deactivate", {"token": token, "user": str(mia.pk)}),
        )
        mia.refresh_from_db()
        assert status == 200
        assert mia.status.value == "deactivated"
        # ``came`` looked a moment after its sign-in, which may have been before the deactivation; nobody is in now.
        assert came["status"] in (200, 403), number
        assert not is_in(came["cookies"]), number
        answer = directory.patch(
            f"/api/scim/Users/{mia.pk}", json.dumps(back), content_type="application/scim+json"
        )
        assert answer.status_code == 200
        assert not is_in(came["cookies"]), number  # and being back opens no session that was over


def refusals() -> list[tuple[str, str]]:
    """Return what the trail says that was refused, for the message of a test that fails."""
    return list(AuditEvent.objects.exclude(reason="").values_list("reason", "message"))


def is_in(cookies: dict[str, str]) -> bool:
    """Tell whether a browser with these cookies is signed in."""
    browser = client_of(HOST)
    for name, value in cookies.items():
        browser.cookies[name] = value
    answer = browser.get("/api/me")
    assert answer.status_code in (200, 401)
    return bool(answer.status_code == 200)


def test_both_groups_that_a_held_wave_takes_from_one_person_are_kept(crew: Crew, acme: Company) -> None:
    # P-13: directories change several groups of a person side by side
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"hold_above_number": 1})
    row, token = lifecycle.create_api_token(account=acme.account, actor=OPERATOR, name="directory")
    directory = Directory(acme.account, token, row)
    for number in range(ROUNDS):
        first, second = (directory.push(f"p{number}-{n}") for n in range(2))
        groups = [directory.push_group(f"G{number}-{n}", members=[{"value": second["id"]}]) for n in range(2)]
        for each in (first, second):
            off = {"op": "replace", "path": "active", "value": False}
            directory.patch(f"/Users/{each['id']}", off)
        answers = crew.at_once(
            *(("take_out", {"token": token, "group": group["id"], "user": second["id"]}) for group in groups)
        )
        assert all(status < 300 for status in answers), answers
        kept = Departure.objects.get(user=second["id"], held=True).directory_groups
        assert sorted(kept) == sorted(group["id"] for group in groups)


def test_directory_sends_somebody_again_while_an_admin_carries_their_removal_out(
    crew: Crew, acme: Company
) -> None:
    # P-13: they come back or are somebody new, and the directory is never told of an error
    admin = add_person(acme.account, "boss", SSO_ADMIN)
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"hold_above_number": 1})
    row, token = lifecycle.create_api_token(account=acme.account, actor=OPERATOR, name="directory")
    directory = Directory(acme.account, token, row)
    directory.delete(f"/Users/{directory.push('first')['id']}")
    for number in range(ROUNDS):
        name, known_as = f"q{number}@acme.example", f"known-{number}"
        pushed = directory.push(name, externalId=known_as)
        directory.delete(f"/Users/{pushed['id']}")
        waiting = Departure.objects.get(user=pushed["id"], held=True)
        pressed, sent = crew.at_once(
            ("press", {"user_name": admin.user_name, "address": page(Departure, "carry_out", waiting.pk)}),
            ("send_again", {"token": token, "user_name": pushed["userName"], "external_id": known_as}),
        )
        assert (pressed, sent) == (302, 201)
        (present,) = User.objects.present().filter(account=acme.account, external_id=known_as)
        waiting.refresh_from_db()
        assert (present.pk == waiting.user_id) == waiting.restored


def test_admin_is_asked_about_many_people_while_another_disables_some_of_them(
    crew: Crew, acme: Company
) -> None:
    # what would happen is found out by doing it and taking it back, which must stand in nobody's way
    asking, sure = (add_person(acme.account, f"boss{number}", SSO_ADMIN).user_name for number in range(2))
    for number in range(ROUNDS):
        people = [str(add_person(acme.account, f"r{number}-{each:02}").pk) for each in range(30)]
        some = people[10:]
        answers = crew.at_once(
            ("send_form", {"user_name": asking, "address": DISABLE, "fields": {"person": people}}),
            (
                "send_form",
                {"user_name": sure, "address": DISABLE, "fields": {"person": some, "confirmed": "yes"}},
            ),
        )
        assert answers == [200, 302]
        disabled = User.objects.filter(pk__in=people, disabled_at__isnull=False)
        assert {str(person.pk): person.disabled_by for person in disabled} == dict.fromkeys(some, sure)
