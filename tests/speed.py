"""What lets thousands of tests take minutes: costs that only pay off in production are taken out, and nothing else.

Each of these leaves what a test can see as it was. ``tests/broker/test_password_cost.py`` proves what a password costs
where the tests' own settings don't reach.
"""

from __future__ import annotations

import gc
import itertools
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from whitenoise.middleware import WhiteNoiseMiddleware

from sso import key_rollover

_KEYS = 16


class QuickArgon2(Argon2PasswordHasher):
    """The product's first hasher, at the least cost that the algorithm knows (RFC 9106 §3.1)."""

    time_cost = 1
    memory_cost = 8  # KiB; the product's is 100 MiB, a tenth of a second of processor time for each sign-in
    parallelism = 1


def hash_passwords_quickly() -> None:
    """Put ``QuickArgon2`` in the place of Django's; the older hashers stay."""
    first, *older = settings.PASSWORD_HASHERS
    assert first.endswith(".Argon2PasswordHasher")
    settings.PASSWORD_HASHERS = [f"{__name__}.{QuickArgon2.__name__}", *older]


def look_for_static_files_once() -> None:
    """Keep what WhiteNoise finds: it looks at start, and every client of a test is a start."""
    found: dict[str, Any] = {}
    search = WhiteNoiseMiddleware.add_files_from_finders

    def add_files(middleware: Any) -> None:
        if not found:
            search(middleware)
            found.update(middleware.files)
        middleware.files.update(found)

    WhiteNoiseMiddleware.add_files_from_finders = add_files


def leave_what_stays_out_of_garbage_collection() -> None:
    """Modules and collected tests stay until the end; without this every full collection walks through all of them."""
    gc.collect()
    gc.freeze()


def hand_out_the_same_keys_again() -> None:
    """Make sixteen key pairs and no more: a new one takes a twentieth of a second, and so does reading it the first
    time. No test has so many that two of them would be one."""
    make, made = key_rollover.new_private_key, []  # type: ignore[var-annotated]
    turns = itertools.cycle(range(_KEYS))

    def next_key() -> RSAPrivateKey:
        turn = next(turns)
        if turn == len(made):
            made.append(make())
        return made[turn]

    key_rollover.new_private_key = next_key
