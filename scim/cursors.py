"""Cursors: where the next page of a list begins, as a text that only this server can read (RFC 9865 §2).

A page is found by the last row of the one before it (its id and, in a sorted list, the value it was sorted by), so that
each page costs the same however far the client has read, and rows that come and go never shift a page. The cursor
also carries the total that the first page counted. It is encrypted, since a sort value may be anybody's name, and
bound to the account, the endpoint and the query that it was made for; nothing is kept on the server.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import timezone

from foundation.encryption import SecretUnreadable, decrypt, encrypt
from foundation.ids import parse_id
from foundation.secret_tokens import digest
from scim.errors import ExpiredCursor, InvalidCursor

if TYPE_CHECKING:
    from scim.call import Call
    from scim.list_query import ListQuery

TIMEOUT = timedelta(hours=1)  # between two pages; stated by /ServiceProviderConfig as cursorTimeout
_PURPOSE = "scim.cursor"
_LENGTH = 4_096  # characters; a sort value is 300 at most


@dataclass(frozen=True, slots=True)
class Position:
    """The last row that was shown: its id and, in a sorted list, what it was sorted by as text (None for no value).

    ``total`` is what the first page counted.
    """

    after: UUID
    value: str | None
    total: int


def seal(call: Call, endpoint: str, query: ListQuery, position: Position) -> str:
    """Return the cursor of the page after ``position``: unreserved characters only (RFC 9865 §2)."""
    content = [
        _PURPOSE,
        int(timezone.now().timestamp()),
        _bound_to(call, endpoint, query),
        str(position.after),
        position.value,
        position.total,
    ]
    return encrypt(json.dumps(content, separators=(",", ":"))).rstrip("=")


def unseal(call: Call, endpoint: str, query: ListQuery) -> Position:
    """Return the position of the query's cursor; raises ``InvalidCursor`` or ``ExpiredCursor``."""
    cursor = query.cursor or ""
    try:
        if len(cursor) > _LENGTH or not cursor.isascii():
            raise ValueError
        purpose, made, bound, after, value, total = json.loads(decrypt(cursor + "=" * (-len(cursor) % 4)))
        key = parse_id(after)
    except (SecretUnreadable, ValueError, TypeError) as error:
        raise InvalidCursor("The cursor is none of ours. Begin again with an empty cursor.") from error
    if purpose != _PURPOSE or key is None:
        raise InvalidCursor("The cursor is none of ours. Begin again with an empty cursor.")
    if bound != _bound_to(call, endpoint, query):
        raise InvalidCursor(
            "The cursor belongs to another query: send it with the filter, sortBy and sortOrder that it came from."
        )
    if timezone.now().timestamp() - made > TIMEOUT.total_seconds():
        raise ExpiredCursor(
            f"The cursor is older than {int(TIMEOUT.total_seconds())} seconds. Begin again with an empty cursor."
        )
    return Position(key, value, total)


def _bound_to(call: Call, endpoint: str, query: ListQuery) -> str:
    parts = [str(call.account.pk), endpoint, query.filter, query.sort_by.lower(), query.descending]
    return digest(json.dumps(parts))[:32]
