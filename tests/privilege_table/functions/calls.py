"""A row of the functions' table, and who acts in it: people of the cast, and entrances by themselves."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from audit.actors import Actor, ActorKind
from tests.privilege_table.cast import Cast, Role

NOBODY: frozenset[str] = frozenset()
DIRECTORY, PROVIDER, FILE = "directory (SCIM)", "provider (sign-in)", "configuration file"
OPERATORS = frozenset({Role.OPERATOR.value, FILE})
SSO_ADMINS = OPERATORS | {Role.SSO_ADMIN.value}
ADMINS = SSO_ADMINS | {Role.ACCOUNT_ADMIN.value}
OUTSIDE = frozenset({DIRECTORY, PROVIDER})
# Those who were entitled, or are elsewhere: they get through to nothing.
OTHER_DIRECTORY, OTHER_PROVIDER = "another account's directory", "another account's provider"
DISABLED = "SSO account admin, disabled meanwhile"
LINK = "setup link of a draft"
OTHER_LINK = "another account's setup link"
ACTORS: tuple[str, ...] = (
    *(role.value for role in Role if role is not Role.ANONYMOUS),
    DIRECTORY,
    PROVIDER,
    FILE,
    OTHER_DIRECTORY,
    OTHER_PROVIDER,
    DISABLED,
    LINK,
    OTHER_LINK,
)

Given = Callable[[Cast], dict[str, Any]]


def actor_named(cast: Cast, name: str) -> Actor:
    """Return who acts: a person of the cast, or an entrance by itself."""
    acme, globex, token = cast.acme.account.pk, cast.globex.account.pk, str(cast.things.token.pk)
    disabled = cast.sso_admin.blocked
    entrances = {
        DIRECTORY: Actor(ActorKind.SCIM, token, "Acme directory", account_id=acme),
        PROVIDER: Actor(ActorKind.PROVIDER, str(cast.acme.provider.pk), "Acme Okta", account_id=acme),
        FILE: Actor(ActorKind.CONFIGURATION, "", "configuration file"),
        OTHER_DIRECTORY: Actor(ActorKind.SCIM, "globex", "Globex directory", account_id=globex),
        OTHER_PROVIDER: Actor(ActorKind.PROVIDER, "globex", "Globex Okta", account_id=globex),
        DISABLED: Actor(ActorKind.USER, str(disabled.pk), disabled.user_name),
        LINK: Actor(ActorKind.SETUP_LINK, str(cast.things.setup_link.pk), "setup link", account_id=acme),
        OTHER_LINK: Actor(
            ActorKind.SETUP_LINK, str(cast.things.other_setup_link.pk), "setup link", account_id=globex
        ),
    }
    return entrances[name] if name in entrances else cast.actor(Role(name))


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments beside the actor; ``given`` may prepare what the change needs.

    Those in ``allowed`` get through and leave an event that begins with ``event``; everybody else is refused with
    ``code``.
    """

    name: str
    allowed: frozenset[str]
    function: Callable[..., Any]
    given: Given
    event: str
    code: str = "privilege.not_allowed"
    only: frozenset[str] = frozenset(ACTORS)  # whom this row is about
    but: frozenset[str] = NOBODY  # and whom another row is about

    def arguments(self, cast: Cast) -> dict[str, Any]:
        """Return them; rows are copies, since functions bring the caller's in step with what they wrote."""
        return {
            name: copy(value) if isinstance(value, Model) else value
            for name, value in self.given(cast).items()
        }
