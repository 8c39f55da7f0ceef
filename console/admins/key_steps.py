"""The steps of a rollover of our keys, as buttons on a provider's page that ask first (S-7, O-1).

Both protocols have the same steps over tables of their own (``sso.key_rollover``); what a step means for the people who
sign in differs, so each gives its questions.

    KEYS = KeySteps("add_next_key", "roll_over_key", "drop_previous_key", key_pairs)
    add_next_key, roll_over_key, drop_previous_key = KEYS.buttons(add=…, made=…, roll_over=…, drop=…)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from django.http import HttpResponse
from django.utils.translation import gettext_lazy

from audit.actors import Actor
from console.admins.confirmed import ask_and_act
from sso.models import IdentityProvider, KeyRole

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Keys(Protocol):
    """A protocol's module of key pairs."""

    def add_next_key(self, *, provider: IdentityProvider, actor: Actor) -> Any: ...
    def roll_over(self, *, provider: IdentityProvider, actor: Actor) -> Any: ...
    def drop_previous(self, *, provider: IdentityProvider, actor: Actor) -> bool: ...


@dataclass(frozen=True, slots=True)
class KeySteps:
    """``add``, ``roll_over`` and ``drop`` are the names of the buttons, ``keys`` what they call."""

    add: str
    roll_over: str
    drop: str
    keys: Keys

    def fitting(self, pairs: Mapping[KeyRole, object]) -> set[str]:
        """Return the steps that fit where the keys stand."""
        found = {self.drop} if KeyRole.PREVIOUS in pairs else set()
        if KeyRole.NEXT not in pairs:
            found.add(self.add)
        elif KeyRole.PREVIOUS not in pairs:
            found.add(self.roll_over)
        return found

    def buttons(
        self, *, add: StrOrPromise, made: StrOrPromise, roll_over: StrOrPromise, drop: StrOrPromise
    ) -> tuple[Callable[..., HttpResponse], Callable[..., HttpResponse], Callable[..., HttpResponse]]:
        """Return the three for a class body, in that order: questions, and what to say when the key was made."""
        return (
            ask_and_act(
                self.add,
                label=gettext_lazy("Add next key"),
                icon="key",
                question=add,
                change=self._add,
                done=made,
            ),
            ask_and_act(
                self.roll_over,
                label=gettext_lazy("Roll over"),
                icon="autorenew",
                question=roll_over,
                change=self._roll_over,
                done=gettext_lazy("Rolled over."),
            ),
            ask_and_act(
                self.drop,
                label=gettext_lazy("Drop previous"),
                icon="delete",
                question=drop,
                change=self._drop,
                done=gettext_lazy("Dropped."),
            ),
        )

    def _add(self, actor: Actor, provider: IdentityProvider) -> bool:
        self.keys.add_next_key(provider=provider, actor=actor)
        return True

    def _roll_over(self, actor: Actor, provider: IdentityProvider) -> bool:
        self.keys.roll_over(provider=provider, actor=actor)
        return True

    def _drop(self, actor: Actor, provider: IdentityProvider) -> bool:
        return self.keys.drop_previous(provider=provider, actor=actor)
