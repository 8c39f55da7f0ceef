"""A SCIM client that provisions people and groups as Entra or Okta would.

    pusher = ScimPusher("http://localhost:8000/api/scim", token, Dialect.ENTRA)
    resource = pusher.create(person)
    pusher.deactivate(person)

Every request and answer is kept in ``exchanges`` (the token masked). A status of 400 or more raises
``ScimFailure``, an unknown person or group ``NotProvisioned``. Redirects are not followed: the token must not
travel to another address.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn
from urllib.parse import quote, urlencode

import requests

from simulator import scim_dialects as wire
from simulator.config import DirectoryGroup, Person
from simulator.scim_dialects import Dialect, Json

TIMEOUT_SECONDS = 30.0
MAX_SHOWN = 100_000


class OktaApp(StrEnum):
    """How the Okta integration was made; it decides how ``active`` is changed."""

    OIN = "oin"
    AIW = "aiw"


@dataclass(frozen=True)
class Exchange:
    """One request and its answer. ``status`` is 0 when nobody answered."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Json | None
    status: int
    answer: str

    @property
    def request_text(self) -> str:
        """The request as text, for people; the token is masked."""
        lines = [f"{self.method} {self.url}", *(f"{name}: {value}" for name, value in self.headers.items())]
        return "\n".join(lines) + ("" if self.body is None else f"\n\n{json.dumps(self.body, indent=2)}")


class ScimFailure(Exception):
    """The server said no. ``scim_type`` and ``detail`` are of its SCIM error body, when it sent one."""

    code = "scim_failure"

    def __init__(self, status: int, scim_type: str, detail: str) -> None:
        super().__init__(f"{status} {scim_type} {detail}".replace("  ", " "))
        self.status = status
        self.scim_type = scim_type
        self.detail = detail


class NotProvisioned(Exception):
    """The server does not know the person or group."""

    code = "not_provisioned"


class ScimPusher:
    """One SCIM endpoint, one token, one vendor's dialect.

    ``compliant`` is Entra's flag aadOptscim062020; ``okta_app`` and ``send_password`` concern Okta. Raises ValueError
    for a token that cannot be sent.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        dialect: Dialect | str,
        *,
        compliant: bool = False,
        okta_app: OktaApp | str = OktaApp.OIN,
        send_password: bool = True,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.dialect = Dialect(dialect)
        self.compliant = compliant
        self.okta_app = OktaApp(okta_app)
        self.send_password = send_password
        self.timeout = timeout
        self.exchanges: list[Exchange] = []
        if not token.isascii() or not token.isprintable():
            raise ValueError("the token holds characters that no HTTP header can carry")
        self._token = token
        self._session = requests.Session()
        self._session.trust_env = False

    def test_connection(self) -> None:
        """What the vendor's "Test connection" sends."""
        if self.dialect is Dialect.OKTA:
            self._call("GET", "/Users", query={"startIndex": "1", "count": "2"})
            self._call("GET", "/Groups", query={"count": "100", "startIndex": "1"})
            return
        nobody = secrets.token_hex(16)
        self._call("GET", "/Users", query=wire.user_query(self.dialect, nobody))
        self._call("GET", "/Groups", query=wire.group_query(self.dialect, nobody))

    def match(self, person: Person) -> Json | None:
        """The person's SCIM resource, looked up by user name, or None."""
        return self._first("/Users", wire.user_query(self.dialect, person.user_name))

    def create(self, person: Person) -> Json:
        """Look the person up; create them, or reactivate and update who is found. Gives the resource."""
        found = self.match(person)
        if found is None:
            if self.dialect is Dialect.ENTRA:
                return self._call("POST", "/Users", wire.entra_user(person))
            password = secrets.token_urlsafe(12) if self.send_password else None
            return self._call("POST", "/Users", wire.okta_user(person, password))
        if found.get("active") is False:
            self._set_active(found, True)
        return self._bring_up_to_date(found, person)

    def update(self, person: Person, known_as: str | None = None) -> Json:
        """Send what changed (Entra: PATCH; Okta: GET, PUT). Gives the resource as the server then has it.

        ``known_as``: the user name before a rename, looked up when the new one is not known.
        """
        found = self.match(person)
        if found is None and known_as is not None:
            found = self._first("/Users", wire.user_query(self.dialect, known_as))
        return self._bring_up_to_date(found or self._missing(person), person)

    def deactivate(self, person: Person) -> None:
        self._set_active(self._known(person), False)

    def reactivate(self, person: Person) -> None:
        self._set_active(self._known(person), True)

    def delete(self, person: Person) -> None:
        """Entra's hard delete. Okta only deactivates; in its dialect this is sent all the same."""
        self._call("DELETE", _path("Users", self._known(person)))

    def match_group(self, group: DirectoryGroup) -> Json | None:
        """The group's SCIM resource, looked up by name, or None."""
        return self._first("/Groups", wire.group_query(self.dialect, group.name))

    def create_group(self, group: DirectoryGroup) -> Json:
        """Create the group unless it is found by name. Gives the resource."""
        return self.match_group(group) or self._call("POST", "/Groups", wire.group_body(self.dialect, group))

    def add_members(self, group: DirectoryGroup, people: Sequence[Person]) -> None:
        self._patch_members(
            group, wire.add_members(self.dialect, [self._known(each) for each in people], self.compliant)
        )

    def remove_members(self, group: DirectoryGroup, people: Sequence[Person]) -> None:
        users = [self._known(each) for each in people]
        self._patch_members(group, wire.remove_members(self.dialect, users, self.compliant))

    def delete_group(self, group: DirectoryGroup) -> None:
        self._call("DELETE", _path("Groups", self._known_group(group)))

    def _bring_up_to_date(self, found: Json, person: Person) -> Json:
        path = _path("Users", found)
        current = self._call("GET", path)
        if self.dialect is Dialect.OKTA:
            return self._call("PUT", path, wire.okta_put(current, person, None))
        operations = wire.entra_changes(current, person, self.compliant)
        if not operations:
            return current
        return self._call("PATCH", path, wire.patch(operations)) or self._call("GET", path)

    def _set_active(self, found: Json, active: bool) -> None:
        path = _path("Users", found)
        if self.dialect is Dialect.ENTRA:
            self._call("PATCH", path, wire.entra_active(active, self.compliant))
        elif self.okta_app is OktaApp.OIN:
            self._call("PATCH", path, wire.okta_active(active))
        else:
            self._call("PUT", path, wire.okta_put(self._call("GET", path), None, active))

    def _patch_members(self, group: DirectoryGroup, body: Json) -> None:
        self._call("PATCH", _path("Groups", self._known_group(group)), body)

    def _known(self, person: Person) -> Json:
        return self.match(person) or self._missing(person)

    def _missing(self, person: Person) -> NoReturn:
        raise NotProvisioned(f"{person.user_name} is not known to the SCIM server")

    def _known_group(self, group: DirectoryGroup) -> Json:
        found = self.match_group(group)
        if found is None:
            raise NotProvisioned(f"the group {group.name} is not known to the SCIM server")
        return found

    def _first(self, path: str, query: dict[str, str]) -> Json | None:
        """The only resource of a list; Okta also takes a 404 as "none"."""
        try:
            listed = self._call("GET", path, query=query)
        except ScimFailure as failure:
            if failure.status == 404 and self.dialect is Dialect.OKTA:
                return None
            raise
        resources = listed.get("Resources") or []
        return resources[0] if resources else None

    def _call(
        self, method: str, path: str, body: Json | None = None, query: dict[str, str] | None = None
    ) -> Json:
        """Send one request; gives the JSON body ({} when there is none). Raises ``ScimFailure``."""
        url = self.base_url + path + (f"?{urlencode(query, quote_via=quote)}" if query else "")
        headers = wire.headers(self.dialect)
        data = None if body is None else json.dumps(body).encode()
        try:
            reply = self._session.request(
                method,
                url,
                data=data,
                headers={**headers, "Authorization": f"Bearer {self._token}"},
                timeout=self.timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            self.exchanges.append(Exchange(method, url, headers, body, 0, type(error).__name__))
            raise ScimFailure(0, "", f"no answer ({type(error).__name__})") from error
        shown = {**headers, "Authorization": "Bearer ********"}
        self.exchanges.append(Exchange(method, url, shown, body, reply.status_code, reply.text[:MAX_SHOWN]))
        answer = _json(reply)
        if not 200 <= reply.status_code < 300:
            raise ScimFailure(
                reply.status_code, str(answer.get("scimType", "")), str(answer.get("detail", ""))
            )
        return answer


def _path(kind: str, resource: Mapping[str, Any]) -> str:
    return f"/{kind}/{quote(str(resource['id']), safe='')}"


def _json(reply: requests.Response) -> Json:
    try:
        value = reply.json() if reply.content else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
