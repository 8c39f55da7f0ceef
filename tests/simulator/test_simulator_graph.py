"""The simulator's Microsoft Graph: app tokens, a person's groups page by page, and its refusals (G-5)."""

from __future__ import annotations

import dataclasses

import pytest
import requests

from simulator.config import Directory, OidcClient, Person, SimulatorConfig, Vendor
from simulator.server import RunningSimulator, serve_in_thread
from tests.simulator.conftest import MIA, TENANT

GROUPS = tuple(f"5d0e1f2a-0000-4000-8000-{number:012}" for number in range(250))
DIRECTORY = Directory(
    slug="acme",
    vendor=Vendor.ENTRA,
    tenant_id=TENANT,
    people=(Person(id=MIA, user_name="mia@acme.example", groups=GROUPS),),
    oidc_clients=(
        OidcClient("reader", "s3cret", reads_groups=True),
        OidcClient("other", "s3cret"),
        OidcClient("public"),
    ),
)


@pytest.fixture(scope="module")
def graph() -> RunningSimulator:
    other = dataclasses.replace(
        DIRECTORY,
        slug="other",
        tenant_id=TENANT.replace("1", "9"),
        people=(Person(id=MIA.replace("a", "b"), user_name="noah"),),
    )
    return serve_in_thread(SimulatorConfig((DIRECTORY, other)))


def app_token(graph: RunningSimulator, client: str = "reader", **changes: str) -> requests.Response:
    form = {
        "grant_type": "client_credentials",
        "client_id": client,
        "client_secret": "s3cret",
        "scope": f"{graph.url}/graph/.default",
        **changes,
    }
    return requests.post(f"{graph.url}/{TENANT}/oauth2/v2.0/token", data=form, timeout=10)


def ask(graph: RunningSimulator, token: str, person: str = MIA, body: object = None) -> requests.Response:
    return requests.post(
        f"{graph.url}/graph/v1.0/users/{person}/getMemberObjects",
        json={"securityEnabledOnly": True} if body is None else body,
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )


def test_groups_come_in_pages(graph: RunningSimulator) -> None:
    token = app_token(graph).json()["access_token"]
    found, answer = [], ask(graph, token).json()
    while True:
        found += answer["value"]
        if "@odata.nextLink" not in answer:
            break
        link = answer["@odata.nextLink"]
        answer = requests.get(link, headers={"Authorization": f"Bearer {token}"}, timeout=10).json()
    assert tuple(found) == GROUPS


@pytest.mark.parametrize(
    ("changes", "status", "number"),
    [
        ({"client_secret": "wrong"}, 401, 7000215),
        ({"client_id": "public", "client_secret": ""}, 401, 7000218),
        ({"client_id": "nobody"}, 400, 700016),
        ({"grant_type": "authorization_code"}, 400, 70003),
        ({"scope": "openid"}, 400, 1002012),
    ],
)
def test_application_that_is_not_known_gets_no_token(
    graph: RunningSimulator, changes: dict[str, str], status: int, number: int
) -> None:
    answer = app_token(graph, **changes)
    assert (answer.status_code, answer.json()["error_codes"]) == (status, [number])
    assert app_token(graph).status_code == 200


def test_what_may_not_be_read_is_not_read(graph: RunningSimulator) -> None:
    reader = app_token(graph).json()["access_token"]
    other = app_token(graph, "other").json()["access_token"]
    codes = {
        "InvalidAuthenticationToken": ask(graph, "made-up"),
        "Authorization_RequestDenied": ask(graph, other),
        "Request_ResourceNotFound": ask(graph, reader, MIA.replace("a", "b")),  # of another tenant
        "Request_BadRequest": ask(graph, reader, body={"securityEnabledOnly": "yes"}),
    }
    assert {code: answer.json()["error"]["code"] for code, answer in codes.items()} == {
        code: code for code in codes
    }
    assert ask(graph, reader).status_code == 200
