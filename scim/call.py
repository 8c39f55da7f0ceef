"""One request of a directory, from the moment its token is known: what every part below the views is handed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from accounts.models import Account
from audit.actors import Actor

Effect = dict[str, Any]


@dataclass(slots=True)
class Call:
    """``account`` bounds everything; ``base`` is the public URL that resources are below, without a trailing slash.

    ``effect`` is filled along the way for the request log (ids, names of attributes, never values).
    ``after_rollback`` holds what must be done although the request is refused, outside its transaction.
    """

    account: Account
    token_id: UUID
    actor: Actor
    base: str
    effect: Effect = field(default_factory=dict)
    after_rollback: list[Callable[[], object]] = field(default_factory=list)

    def location(self, endpoint: str, resource_id: object) -> str:
        """Return the URL of a resource, e.g. ``…/Users/<id>``."""
        return f"{self.base}/{endpoint}/{resource_id}"
