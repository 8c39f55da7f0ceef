"""What a directory may change, and what another credential may not (V-2, V-8, P-2, P-6)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts import lifecycle
from scim.oauth import clients
from tests.privilege_table.cast import Cast, Role
from tests.privilege_table.cells import fingerprint, undone, watching
from tests.privilege_table.scim import PUSHES, REFUSED, Credential, Push
from tests.worlds import OPERATOR

pytestmark = pytest.mark.django_db


def header_of(cast: Cast, credential: Credential) -> str:
    """Return the Authorization header that this credential makes."""
    if credential is Credential.NONE:
        return ""
    if credential is Credential.OAUTH:
        _, secret = clients.add_secret(client=cast.things.client, actor=OPERATOR)
        asked = {
            "grant_type": "client_credentials",
            "client_id": cast.things.client.client_id,
            "client_secret": secret,
        }
        answer = Client(headers={"host": "localhost:8000"}).post(
            "/oauth/token", urlencode(asked), content_type="application/x-www-form-urlencoded"
        )
        return f"Bearer {answer.json()['access_token']}"
    if credential is Credential.PERSONAL:
        owner = cast.people[Role.SSO_ADMIN]
        _, plain = lifecycle.create_personal_token(user=owner, actor=cast.actor(Role.SSO_ADMIN), name="mine")
        return f"Bearer {plain}"
    account = cast.globex.account if credential is Credential.OTHER_TOKEN else cast.acme.account
    row, plain = lifecycle.create_api_token(account=account, actor=OPERATOR, name="table")
    if credential is Credential.REVOKED:
        lifecycle.revoke_api_token(token=row, actor=OPERATOR)
    return f"Bearer {plain}"


@pytest.mark.parametrize("credential", list(Credential))
def test_no_credential_changes_more_than_is_its_accounts(
    credential: Credential, cast: Cast, record_property: Any
) -> None:
    # V-2, V-8, P-6
    good = credential in (Credential.TOKEN, Credential.OAUTH)
    wrong = []
    with undone():
        authorization = header_of(cast, credential)
        at_first = fingerprint()
        for push in PUSHES:
            with undone():
                problem = _judged(cast, push, credential, authorization, at_first)
            if problem:
                wrong.append(f"{push.name}: {problem}")
    allowed = sum(push.happens for push in PUSHES) if good else 0
    record_property("privilege_cells", ("SCIM", allowed, len(PUSHES) - allowed))
    assert not wrong, f"{credential}:\n" + "\n".join(wrong)


def _judged(cast: Cast, push: Push, credential: Credential, authorization: str, at_first: str) -> str:
    """Return what is wrong with a cell, "" when nothing is."""
    if push.seen(cast):
        return "it was so before"
    browser = Client(headers={"host": "localhost:8000", "authorization": authorization})
    body = push.body(cast)
    data = b"" if body is None else json.dumps(body).encode()
    with watching() as watch:
        answer = browser.generic(
            push.method, f"/api/scim{push.path(cast)}", data, content_type="application/scim+json"
        )
    happened = push.seen(cast)
    wanted = REFUSED.get(credential, frozenset({push.status}))
    theirs = credential is Credential.OTHER_TOKEN and (
        "another account" in push.name or push.method == "POST"
    )
    if theirs:
        return ""  # it is their own
    if answer.status_code not in wanted:
        return f"answered {answer.status_code}: {answer.content[:120]!r}"
    if happened != (push.happens and credential not in REFUSED):
        return "happened" if happened else "did not happen"
    if happened:
        return "" if watch.events(actor_kind="scim", reason="") else "no event"
    if credential in REFUSED and watch.changed(at_first):
        return "changed something"
    if push.status == 403 and credential not in REFUSED:
        held = watch.events(reason="user.change_held", actor_kind="scim")
        return "" if held else "the refusal is not in the trail"
    return ""
