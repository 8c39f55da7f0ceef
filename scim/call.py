"""One request of a directory, from the moment its token is known: what every part below the views is handed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from accounts.models import Account
from audit.actors import Actor
from scim.credential import Credential

Effect = dict[str, Any]


@dataclass(slots=True)
class Call:
    """``credential`` says for whom it is; ``base`` is the public URL that resources are below, without a final slash.

    ``effect`` is filled along the way for the request log (ids, names of attributes, never values).
    ``after_rollback`` holds what must be done although the request is refused, outside its transaction.
    """

    credential: Credential
    base: str
    effect: Effect = field(default_factory=dict)
    after_rollback: list[Callable[[], object]] = field(default_factory=list)

    @property
    def account(self) -> Account:
        """The account that bounds everything."""
        return self.credential.account

    @property
    def actor(self) -> Actor:
        """Who will stand in the audit trail."""
        return self.credential.actor

    def location(self, endpoint: str, resource_id: object) -> str:
        """Return the URL of a resource, e.g. ``…/Users/<id>``."""
        return f"{self.base}/{endpoint}/{resource_id}"
