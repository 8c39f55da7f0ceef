"""Our key pairs towards one OpenID provider: they sign client assertions (private_key_jwt, O-1, O-3).

How they are made and rolled over is ``sso.key_rollover``'s; how they are published is ``published_keys``'. Every
provider has keys of its own, so an assertion means nothing to any provider but the one that it was made for, and they
are forgotten when the provider becomes another one (V-23).
"""

from __future__ import annotations

from audit.actors import SYSTEM, Actor
from sso import key_rollover
from sso.models import IdentityProvider, KeyRole
from sso_oidc.client_assertion import AssertionKey
from sso_oidc.models import ClientKeyPair


class ClientKeyRefused(key_rollover.KeyRolloverRefused):
    """A step of the rollover that does not fit where the keys stand."""

    code = "provider.client_key"


_KEYS = key_rollover.KeyRollover(
    ClientKeyPair, refusal=ClientKeyRefused, name="client_key", common_name="OpenID Connect"
)


def pairs_of(provider: IdentityProvider) -> dict[KeyRole, ClientKeyPair]:
    """Return the live key pairs by role; empty before the first is needed."""
    return _KEYS.pairs_of(provider)


def is_current_unreadable(provider: IdentityProvider) -> bool:
    """Tell whether there is a key to sign with that can't be used, since no key of the deployment opens it."""
    return KeyRole.CURRENT in _KEYS.unreadable(provider)


def assertion_key(provider: IdentityProvider) -> AssertionKey:
    """Return the key that signs now, made on first need."""
    pair = ensure_key_pair(provider=provider, actor=SYSTEM)
    return AssertionKey(pair.private_key, pair.certificate)


def ensure_key_pair(*, provider: IdentityProvider, actor: Actor) -> ClientKeyPair:
    """Return the current key pair; the first call for a provider makes it, whatever processes ask at once."""
    return _KEYS.ensure(provider=provider, actor=actor)


def add_next_key(*, provider: IdentityProvider, actor: Actor) -> ClientKeyPair:
    """Make the key pair that follows; our key set shows it at once. Refused while there is one already."""
    return _KEYS.add_next(provider=provider, actor=actor)


def roll_over(*, provider: IdentityProvider, actor: Actor) -> ClientKeyPair:
    """Sign with the next key from now on; the current one stays in our key set until it is dropped."""
    return _KEYS.roll_over(provider=provider, actor=actor)


def drop_previous(*, provider: IdentityProvider, actor: Actor) -> bool:
    """Take the previous key out of our key set. Returns whether there was one."""
    return _KEYS.drop_previous(provider=provider, actor=actor)


def clear(provider: IdentityProvider) -> tuple[str, ...]:
    """Forget every pair (V-23), in the transaction that changes the target, and return their fingerprints."""
    return _KEYS.clear(provider)
