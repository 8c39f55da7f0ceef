"""What the processes of a crew do, through the product's own addresses; see ``crew``."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from tests.concurrency.crew import Job
from tests.console.admin_pages import read, with_row, without_row
from tests.journeys.person_browser import PersonBrowser, answer_of
from tests.scim.directory import PATCH_OP
from tests.worlds import PASSWORD

HOST = "localhost:8000"


def _signed_in(user_name: str) -> Client:
    browser = Client(headers={"host": HOST})
    answer = browser.post("/login/acme/", {"user_name": user_name, "password": PASSWORD})
    assert answer.status_code == 302, answer.status_code
    return browser


def press(user_name: str, address: str) -> Job:
    """Press a button of the admin as this person."""
    browser = _signed_in(user_name)
    yield
    return browser.post(address).status_code


def send_form(user_name: str, address: str, fields: dict[str, Any]) -> Job:
    """Send a form of the admin as this person."""
    browser = _signed_in(user_name)
    yield
    return browser.post(address, fields).status_code


def add_row(user_name: str, address: str, prefix: str, values: dict[str, str]) -> Job:
    """Save a form of the admin with one row more."""
    browser = _signed_in(user_name)
    fields = with_row(read(browser, address), prefix, **values)
    yield
    return browser.post(address, fields).status_code


def remove_row(user_name: str, address: str, prefix: str, row: Any) -> Job:
    """Save a form of the admin with the row of this key removed."""
    from accounts.models import AccountRoleMembership

    browser = _signed_in(user_name)
    held = AccountRoleMembership.objects.get(pk=row)
    fields = without_row(read(browser, address), prefix, held)
    yield
    return browser.post(address, fields).status_code


def come_by_saml(start: str, person: str) -> Job:
    """Sign in through the provider; the answer is carried home at the moment that both wait for."""
    browser = PersonBrowser()
    answer = answer_of(browser, start, person)
    yield
    page = browser.submit(answer)
    cookies = {name: morsel.value for name, morsel in browser.client.cookies.items()}
    return {"status": page.status, "me": browser.me(), "cookies": cookies}


def deactivate(token: str, user: str) -> Job:
    """Say by SCIM that somebody left."""
    directory = Client(headers={"host": HOST, "authorization": f"Bearer {token}"})
    body = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "active", "value": False}]}
    yield
    answer = directory.patch(
        f"/api/scim/Users/{user}", json.dumps(body), content_type="application/scim+json"
    )
    return answer.status_code


def take_out(token: str, group: str, user: str) -> Job:
    """Say by SCIM that somebody is no longer in a group."""
    directory = Client(headers={"host": HOST, "authorization": f"Bearer {token}"})
    operation = {"op": "remove", "path": "members", "value": [{"value": user}]}
    body = {"schemas": [PATCH_OP], "Operations": [operation]}
    yield
    answer = directory.patch(
        f"/api/scim/Groups/{group}", json.dumps(body), content_type="application/scim+json"
    )
    return answer.status_code


def send_again(token: str, user_name: str, external_id: str) -> Job:
    """Create somebody by SCIM whom the directory had deleted."""
    directory = Client(headers={"host": HOST, "authorization": f"Bearer {token}"})
    schema = "urn:ietf:params:scim:schemas:core:2.0:User"
    body = {"schemas": [schema], "userName": user_name, "externalId": external_id, "active": True}
    yield
    answer = directory.post("/api/scim/Users", json.dumps(body), content_type="application/scim+json")
    return answer.status_code
