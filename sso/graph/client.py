"""Ask Microsoft Graph for the groups of one person. No rows: credentials and hosts come in.

``POST /v1.0/users/{id}/getMemberObjects`` gives at most 11,000 ids and refuses beyond (learn.microsoft.com/graph/api/
user-getmembergroups); the list is taken whole or not at all. The app token is kept, encrypted, in the shared cache
until shortly before it ends, under a name that changes with tenant, client and secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.cache import cache

from foundation.encryption import SecretUnreadable, decrypt, encrypt
from foundation.http import Deadline, OutboundError, OutboundHttp
from foundation.secret_tokens import digest
from sso.graph.clouds import Cloud

MAX_GROUPS = 11_000
MAX_PAGES = 25
_EARLY_SECONDS = 300
_KEPT_AT_MOST = 3600

GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,63}")
_AADSTS = re.compile(r"\AAADSTS([0-9]{4,8})\b")


class GraphFailure(Exception):
    """The groups could not be read whole. ``reason`` is in our words and codes, for an admin."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class GraphCredentials:
    """Who asks. ``authenticate`` takes the token endpoint's URL and returns the form fields that prove it.

    ``secret_id`` changes with the secret or key, so that a kept token ends with what it was got by; it is hashed.
    """

    client_id: str
    authenticate: Callable[[str], Mapping[str, str]] = field(repr=False)
    secret_id: str = field(repr=False)


def with_secret(client_id: str, secret: str) -> GraphCredentials:
    """Return credentials that are a client secret, sent in the form (client_secret_post)."""
    return GraphCredentials(client_id, lambda _endpoint: {"client_secret": secret}, secret)


@dataclass(frozen=True, slots=True)
class GroupReader:
    """One person's look-up: where, as whom, and until when."""

    http: OutboundHttp
    cloud: Cloud
    tenant_id: str
    credentials: GraphCredentials
    deadline: Deadline

    def groups_of(self, object_id: str, *, all_groups: bool) -> tuple[str, ...]:
        """Return the ids of all groups of a person, nested ones included. Raises ``GraphFailure``."""
        try:
            return self._groups_of(object_id, all_groups=all_groups)
        except OutboundError as error:
            raise GraphFailure(f"Microsoft Graph: {error}") from None

    def _groups_of(self, object_id: str, *, all_groups: bool) -> tuple[str, ...]:
        if not GUID.fullmatch(object_id):
            raise GraphFailure("the person's object id is no GUID")
        kept = self._kept_token()
        token = kept or self._new_token()
        url = f"{self.cloud.graph}/v1.0/users/{object_id}/getMemberObjects"
        body = {"securityEnabledOnly": not all_groups}
        status, answer = self._ask(url, body, token)
        if status == 401 and kept is not None:  # revoked before its time
            token = self._new_token()
            status, answer = self._ask(url, body, token)
        if status != 200:
            raise GraphFailure(_refusal(status, answer))
        return self._pages(answer, token)

    def _ask(self, url: str, body: Mapping[str, Any], token: str) -> tuple[int, dict[str, Any]]:
        return self.http.post_json(
            url, body, deadline=self.deadline, headers={"Authorization": f"Bearer {token}"}
        )

    def _pages(self, answer: Mapping[str, Any], token: str) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for page in range(1, MAX_PAGES + 1):
            for value in _values(answer):
                found[value] = None
            if len(found) > MAX_GROUPS:
                raise GraphFailure(f"more than {MAX_GROUPS} groups")
            following = answer.get("@odata.nextLink")
            if following is None:
                return tuple(found)
            if page == MAX_PAGES:
                break
            # The token goes nowhere but to Graph itself, whatever the answer says.
            if not isinstance(following, str) or not following.startswith(f"{self.cloud.graph}/v1.0/"):
                raise GraphFailure("the next page is not at Microsoft Graph")
            answer = self.http.get_json(
                following, deadline=self.deadline, headers={"Authorization": f"Bearer {token}"}
            )
        raise GraphFailure(f"more than {MAX_PAGES} pages")

    # --- app token ----------------------------------------------------------------------------------------------------

    @property
    def _cache_key(self) -> str:
        named = (self.cloud.graph, self.tenant_id, self.credentials.client_id, self.credentials.secret_id)
        return f"graph-token:{digest(chr(0).join(named))}"

    def _kept_token(self) -> str | None:
        kept = cache.get(self._cache_key)
        try:
            return decrypt(kept) if isinstance(kept, str) else None
        except SecretUnreadable:
            return None

    def _new_token(self) -> str:
        """Ask for an app token (RFC 6749 §4.4; scope ``.default`` is what was consented to) and keep it."""
        endpoint = self.cloud.token_endpoint(self.tenant_id)
        form = {
            "grant_type": "client_credentials",
            "client_id": self.credentials.client_id,
            "scope": f"{self.cloud.graph}/.default",
            **self.credentials.authenticate(endpoint),
        }
        status, answer = self.http.post_form_json(endpoint, form, deadline=self.deadline)
        if status != 200:
            raise GraphFailure(f"no token for Microsoft Graph: {_oauth_refusal(status, answer)}")
        token, seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise GraphFailure("no usable token for Microsoft Graph")
        if isinstance(seconds, int) and not isinstance(seconds, bool) and seconds > _EARLY_SECONDS:
            cache.set(self._cache_key, encrypt(token), min(seconds - _EARLY_SECONDS, _KEPT_AT_MOST))
        return token


def _values(answer: Mapping[str, Any]) -> list[str]:
    values = answer.get("value")
    if not isinstance(values, list):
        raise GraphFailure("an answer of Microsoft Graph without a list")
    found = [value.lower() if isinstance(value, str) else "" for value in values]
    if not all(GUID.fullmatch(value) for value in found):
        raise GraphFailure("an answer of Microsoft Graph with something that is no id")
    return found


def _refusal(status: int, answer: Mapping[str, Any]) -> str:
    error = answer.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    known = code if isinstance(code, str) and _CODE.fullmatch(code) else "no code"
    if status == 403:
        return (
            f"Microsoft Graph refused ({known}): the application needs the application permissions User.Read.All and "
            "GroupMember.Read.All, with admin consent"
        )
    return f"Microsoft Graph answered {status} ({known})"


def _oauth_refusal(status: int, answer: Mapping[str, Any]) -> str:
    error, description = answer.get("error"), answer.get("error_description")
    number = _AADSTS.match(description) if isinstance(description, str) else None
    known = error if isinstance(error, str) and _CODE.fullmatch(error) else f"status {status}"
    return f"{known} AADSTS{number[1]}" if number else known
