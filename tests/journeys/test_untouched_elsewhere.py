"""What one account does to a person changes nothing for them in another (V-2, V-10, P-6)."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from accounts import lifecycle
from accounts.lifecycle import PersonChanges
from accounts.models import GuestAccess, User
from tests.conftest import client_of
from tests.console.admin_pages import address_of, page
from tests.worlds import OPERATOR, PASSWORD, World, found_account, sign_in


def browser_of(user: User) -> Client:
    client = client_of("localhost:8000")
    sign_in(client, user)
    return client


def guest_of(world: World, user: User) -> GuestAccess:
    until = timezone.now() + timedelta(days=1)
    return GuestAccess.objects.create(user=user, account=world.account, expires_at=until)


def test_account_that_disables_somebody_does_not_touch_their_namesake(db: None) -> None:
    # V-2: the same address in two accounts is two people
    acme, globex = found_account("acme"), found_account("globex")
    values = PersonChanges(user_name="emma@acme.example", email="emma@acme.example")
    namesake = lifecycle.create_user(actor=OPERATOR, account=globex.account, values=values, password=PASSWORD)
    there, here = browser_of(namesake), browser_of(acme.employee)

    browser_of(acme.admin).post(page(User, "disable", acme.employee.pk))

    assert here.get("/api/me").status_code == 401
    assert there.get("/api/me").json()["id"] == str(namesake.pk)
    assert browser_of(namesake).get("/api/me").json()["status"] == "active"


def test_host_cannot_disable_a_guest_at_home(db: None) -> None:
    # V-2, V-10
    acme, globex = found_account("acme"), found_account("globex")
    guest_of(globex, acme.employee)
    at_home = browser_of(acme.employee)
    host = browser_of(globex.sso_admin)

    for name in ("disable", "end_sessions", "delete"):
        assert host.post(page(User, name, acme.employee.pk), {"post": "yes"}).status_code == 404
    assert host.get(address_of(acme.employee)).status_code == 404
    sent = {"action": "disable_selected", "_selected_action": [str(acme.employee.pk)], "index": "0"}
    host.post(page(User, "changelist"), sent)

    acme.employee.refresh_from_db()
    assert acme.employee.disabled_at is None
    assert at_home.get("/api/me").json()["account"]["slug"] == "acme"


def test_hosts_directory_does_not_reach_a_guest(db: None) -> None:
    # P-6
    acme, globex = found_account("acme"), found_account("globex")
    guest_of(globex, acme.employee)
    _, token = lifecycle.create_api_token(account=globex.account, actor=OPERATOR, name="Globex directory")
    directory = Client(headers={"host": "localhost:8000", "authorization": f"Bearer {token}"})

    assert directory.get(f"/api/scim/Users/{acme.employee.pk}").status_code == 404
    assert directory.delete(f"/api/scim/Users/{acme.employee.pk}").status_code == 404
    assert browser_of(acme.employee).get("/api/me").json()["status"] == "active"


def test_who_is_disabled_at_home_is_a_guest_no_more(db: None) -> None:
    # V-10, V-12: the right to be a guest stands on the person, whose status is asked at each request
    acme, globex = found_account("acme"), found_account("globex")
    guest_of(globex, acme.employee)
    here = browser_of(acme.employee)
    browser_of(acme.admin).post(page(User, "delete", acme.employee.pk), {"post": "yes"})
    assert here.get("/api/me").status_code == 401
    assert GuestAccess.objects.get().ended_at is not None
