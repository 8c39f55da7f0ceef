"""PingFederate, PingOne, Google Workspace and Rippling, where their requests differ from the others' (P-8).

Sources: https://docs.pingidentity.com/integrations/scim/pf_scim_connector.html (people without PATCH; groups are found
"by retrieving all groups and finding a match", their members changed by PATCH or PUT); PingOne's SCIM API asks for
``emails[primary eq true].value``, as does Rippling, which looks people up by address; Google sends
``application/json`` under the agent ``Google-Auto-Provisioning`` (scimitar's test of it).
"""

from __future__ import annotations

import json

import pytest

from scim.models import RequestLogEntry
from scim.request_log import flush
from tests.scim.directory import CORE, Directory, error_of


def test_pingfederate_reads_all_groups_and_finds_its_own(directory: Directory) -> None:
    """P-8, P-10"""
    ada = directory.push("ada")["id"]
    for name in ("Other", "Engineers"):
        directory.push_group(name)
    every = directory.read("/Groups")["Resources"]
    group = next(each for each in every if each["displayName"] == "Engineers")
    path = f"/Groups/{group['id']}"
    put = directory.put(path, group | {"members": [{"value": ada, "display": "ada", "type": "User"}]})
    assert [each["value"] for each in json.loads(put.content)["members"]] == [ada]
    patch = {"op": "remove", "path": "members", "value": [{"value": ada, "type": "User"}]}
    assert directory.patch(path, patch).status_code == 204
    assert directory.read(path)["members"] == []


def test_pingfederate_disables_by_put(directory: Directory) -> None:
    """P-5, P-8: a person is written whole or disabled, never patched"""
    made = directory.push("ada", externalId="ping-1", displayName="Ada")
    body = {"schemas": [CORE], "id": made["id"], "userName": "ada", "active": "false"}
    assert json.loads(directory.put(f"/Users/{made['id']}", body).content)["active"] is False


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('emails[primary eq true].value eq "Ada@corp.example"', ["ada"]),
        ('emails[primary eq true and value eq "ada@corp.example"]', ["ada"]),
        ('emails[primary eq true].value eq "ada@home.example"', []),
        ('emails.value eq "ada@home.example"', ["ada"]),
        ('(userName eq "ada") or (emails.value eq "ada@corp.example")', ["ada"]),
    ],
)
def test_people_are_looked_up_by_their_primary_address(
    directory: Directory, text: str, found: list[str]
) -> None:
    """P-8, P-10: Rippling and PingOne"""
    emails = [{"value": "ada@corp.example", "primary": True}, {"value": "ada@home.example"}]
    directory.push("ada", emails=emails)
    directory.push("bob", emails=[{"value": "bob@corp.example", "primary": True}])
    assert [each["userName"] for each in directory.listed("/Users", filter=text)["Resources"]] == found


def test_google_sends_plain_json(directory: Directory) -> None:
    """P-1, P-8, A-6"""
    directory.headers |= {
        "user-agent": "Google-Auto-Provisioning",
        "content-type": "application/json; charset=UTF-8",
    }
    made = directory.push("ada", active=True)
    off = directory.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": False})
    assert json.loads(off.content)["active"] is False
    flush()
    assert set(RequestLogEntry.objects.values_list("dialect", flat=True)) == {"google"}


@pytest.mark.parametrize(
    "text", ["userName eq 'ada'", "userName eq “ada”", "userName eq ada and active eq true"]
)
def test_filter_with_wrong_quotes_is_refused_with_the_mend(directory: Directory, text: str) -> None:
    """P-8, P-10: nobody found would make the client create the same person again"""
    directory.push("ada")
    response = directory.post("/Users/.search", {"filter": text})
    assert (response.status_code, error_of(response)["scimType"]) == (400, "invalidFilter")


def test_address_with_an_apostrophe_is_found_without_quotes(directory: Directory) -> None:
    """P-8"""
    directory.push("o'brien@corp.example")
    assert directory.find("userName eq o'brien@corp.example") == ["o'brien@corp.example"]
