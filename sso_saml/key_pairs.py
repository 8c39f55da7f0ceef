"""Our key pairs towards one SAML provider (S-7); how they are made and rolled over is ``sso.key_rollover``'s.

Metadata shows next and current. All live keys decrypt, since a provider goes on encrypting to the key that it knows;
only the current one signs.
"""

from __future__ import annotations

from audit.actors import SYSTEM, Actor
from foundation.encryption import is_unreadable
from sso import key_rollover
from sso.models import IdentityProvider, KeyRole
from sso_saml.models import SpKeyPair
from sso_saml.signing import SigningKey

# Newest first: the order in which decryption tries them is the order in which providers are likely to use them.
_DECRYPTION_ORDER = (KeyRole.CURRENT, KeyRole.NEXT, KeyRole.PREVIOUS)


class KeyRolloverRefused(key_rollover.KeyRolloverRefused):
    """A step of the rollover that does not fit where the keys stand."""

    code = "provider.sp_key"


_KEYS = key_rollover.KeyRollover(SpKeyPair, refusal=KeyRolloverRefused, name="sp_key", common_name="SAML")


def pairs_of(provider: IdentityProvider) -> dict[KeyRole, SpKeyPair]:
    """The live key pairs by role; empty before the first is needed."""
    return _KEYS.pairs_of(provider)


def published(provider: IdentityProvider) -> tuple[SpKeyPair, ...]:
    """What our metadata shows: current, made on first need, and next."""
    return _KEYS.published(provider, SYSTEM)


def signing_key(provider: IdentityProvider) -> SigningKey:
    """The current key pair, made on first need."""
    pair = ensure_key_pair(provider=provider, actor=SYSTEM)
    return SigningKey(pair.private_key, pair.certificate)


def decryption_keys(provider: IdentityProvider) -> tuple[str, ...]:
    """Every live private key as PEM, in the order to try them. Makes none: nobody can know a key that isn't there.

    One that can't be read is left out while another can; ``SecretUnreadable`` where none is left.
    """
    pairs = pairs_of(provider)
    live = [pairs[role] for role in _DECRYPTION_ORDER if role in pairs]
    readable = [pair for pair in live if not is_unreadable(pair, "private_key")]
    return tuple(pair.private_key for pair in readable or live)


def is_current_unreadable(provider: IdentityProvider) -> bool:
    """Tell whether there is a key to sign with that can't be used, since no key of the deployment opens it."""
    return KeyRole.CURRENT in _KEYS.unreadable(provider)


def ensure_key_pair(*, provider: IdentityProvider, actor: Actor) -> SpKeyPair:
    """Return the current key pair; the first call for a provider makes it, whatever processes ask at once."""
    return _KEYS.ensure(provider=provider, actor=actor)


def add_next_key(*, provider: IdentityProvider, actor: Actor) -> SpKeyPair:
    """Make the key pair that follows; metadata shows it at once. Refused while there is one already."""
    return _KEYS.add_next(provider=provider, actor=actor)


def roll_over(*, provider: IdentityProvider, actor: Actor) -> SpKeyPair:
    """Sign with the next key from now on; the current one becomes previous and still decrypts."""
    return _KEYS.roll_over(provider=provider, actor=actor)


def drop_previous(*, provider: IdentityProvider, actor: Actor) -> bool:
    """Forget the previous key: what is encrypted to it can't be read any more. Returns whether there was one."""
    return _KEYS.drop_previous(provider=provider, actor=actor)
