"""Who did it: the value that every change of a person or their access is called with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class ActorKind(StrEnum):
    """The entrances through which something can be changed."""

    USER = "user"  # somebody signed in here: an admin, an operator, the person themself
    PROVIDER = "provider"  # a sign-in through an identity provider
    SCIM = "scim"  # a directory's token
    CONFIGURATION = "configuration"  # manage.py configure and the other commands: the vendor operator
    SYSTEM = "system"  # scheduled work
    SETUP_LINK = "setup_link"  # somebody without a login, who was sent a link to fill in one draft (V-22)


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who acts. ``authority`` is what V-8 measures against; see ``accounts.privilege``.

    ``id`` and ``label`` go to the audit trail as text. ``address`` is the client's IP address, "" when there is none.
    ``account_id`` is the one account that a directory or provider may speak for; None for everybody else.
    """

    kind: ActorKind
    id: str
    label: str
    address: str = ""
    account_id: UUID | None = None


SYSTEM = Actor(ActorKind.SYSTEM, "", "system")


def configuration(label: str = "configuration file") -> Actor:
    """Return the vendor operator acting through a command (V-24)."""
    return Actor(ActorKind.CONFIGURATION, "", label)
