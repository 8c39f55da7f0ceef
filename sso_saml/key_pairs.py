"""Our key pairs towards one provider: made when first needed, rolled over with an overlap (S-7).

A pair goes *next* → *current* → *previous* → gone. Metadata shows next and current; next signs nothing yet, so that the
provider can learn it first. After ``roll_over`` the former current still decrypts, as *previous*, until it is dropped:
a provider goes on encrypting to the key that it knows.

RSA of 2048 bits: the size that every vendor's documentation shows and takes. What is signed or encrypted with it is
worth something for minutes, and a longer key costs each sign-in that tries three of them. The certificate is only the
form in which a key is handed over. Its ten years are there for providers that read dates; nobody needs to trust it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import transaction
from django.utils import timezone

from audit.actors import SYSTEM, Actor
from audit.recorder import record
from audit.refusals import Refused, refusals_audited
from sso import subjects
from sso.models import IdentityProvider, KeyRole
from sso.providers import require_authority
from sso_saml.models import SpKeyPair
from sso_saml.signing import SigningKey

KEY_BITS = 2048
CERTIFICATE_YEARS = 10
_SHORT = 16  # characters of a fingerprint in the audit trail
# Newest first: the order in which decryption tries them is the order in which providers are likely to use them.
_DECRYPTION_ORDER = (KeyRole.CURRENT, KeyRole.NEXT, KeyRole.PREVIOUS)


class KeyRolloverRefused(Refused):
    """A step of the rollover that does not fit where the keys stand."""

    code = "provider.sp_key"


def pairs_of(provider: IdentityProvider) -> dict[KeyRole, SpKeyPair]:
    """The live key pairs by role; empty before the first is needed."""
    return {KeyRole(pair.role): pair for pair in SpKeyPair.objects.filter(provider=provider)}


def published(provider: IdentityProvider) -> tuple[SpKeyPair, ...]:
    """What our metadata shows: current, made on first need, and next."""
    ensure_key_pair(provider=provider, actor=SYSTEM)
    pairs = pairs_of(provider)
    return tuple(pairs[role] for role in (KeyRole.CURRENT, KeyRole.NEXT) if role in pairs)


def signing_key(provider: IdentityProvider) -> SigningKey:
    """The current key pair, made on first need."""
    pair = ensure_key_pair(provider=provider, actor=SYSTEM)
    return SigningKey(pair.private_key, pair.certificate)


def decryption_keys(provider: IdentityProvider) -> tuple[str, ...]:
    """Every live private key as PEM, in the order to try them. Makes none: nobody can know a key that isn't there."""
    pairs = pairs_of(provider)
    return tuple(pairs[role].private_key for role in _DECRYPTION_ORDER if role in pairs)


def ensure_key_pair(*, provider: IdentityProvider, actor: Actor) -> SpKeyPair:
    """Return the current key pair; the first call for a provider makes it, whatever processes ask at once.

    It asks for no authority, because a stranger who reads our metadata may be the first to need it.
    """
    current = SpKeyPair.objects.filter(provider=provider, role=KeyRole.CURRENT).first()
    if current is not None:
        return current
    fresh = _generate(provider)  # slow, so before the lock
    with transaction.atomic():
        locked = _locked(provider)
        current = SpKeyPair.objects.filter(provider=locked, role=KeyRole.CURRENT).first()
        return current or _add(locked, actor, KeyRole.CURRENT, fresh)


@refusals_audited
def add_next_key(*, provider: IdentityProvider, actor: Actor) -> SpKeyPair:
    """Make the key pair that follows; metadata shows it at once. Refused while there is one already."""
    require_authority(provider, actor, "provider.add_sp_key")
    ensure_key_pair(provider=provider, actor=actor)
    fresh = _generate(provider)
    with transaction.atomic():
        locked = _locked(provider)
        if SpKeyPair.objects.filter(provider=locked, role=KeyRole.NEXT).exists():
            raise _refused(locked, actor, "provider.add_sp_key", "there is a next key already")
        return _add(locked, actor, KeyRole.NEXT, fresh)


@refusals_audited
@transaction.atomic
def roll_over(*, provider: IdentityProvider, actor: Actor) -> SpKeyPair:
    """Sign with the next key from now on; the current one becomes previous and still decrypts."""
    locked = _locked(provider)
    require_authority(locked, actor, "provider.roll_over_sp_key")
    pairs = pairs_of(locked)
    if KeyRole.NEXT not in pairs:
        raise _refused(locked, actor, "provider.roll_over_sp_key", "there is no next key; add one first")
    if KeyRole.PREVIOUS in pairs:
        raise _refused(
            locked, actor, "provider.roll_over_sp_key", "the key before this one is still kept; drop it first"
        )
    # In this order, because no two pairs of a provider have one role.
    for role, becomes in ((KeyRole.CURRENT, KeyRole.PREVIOUS), (KeyRole.NEXT, KeyRole.CURRENT)):
        pairs[role].role = becomes
        pairs[role].save(update_fields=["role"])
    old, new = pairs[KeyRole.CURRENT], pairs[KeyRole.NEXT]
    record(
        actor=actor,
        action="provider.sp_key_rolled_over",
        subject=subjects.of_provider(locked),
        message=f"Identity provider {locked.slug}: key {new.fingerprint[:_SHORT]}… signs from now on.",
        changes={"sp_key": [old.fingerprint, new.fingerprint]},
    )
    return new


@refusals_audited
@transaction.atomic
def drop_previous(*, provider: IdentityProvider, actor: Actor) -> bool:
    """Forget the previous key: what is encrypted to it can't be read any more. Returns whether there was one."""
    locked = _locked(provider)
    require_authority(locked, actor, "provider.drop_sp_key")
    pair = pairs_of(locked).get(KeyRole.PREVIOUS)
    if pair is None:
        return False
    pair.delete()
    record(
        actor=actor,
        action="provider.sp_key_dropped",
        subject=subjects.of_provider(locked),
        message=f"Identity provider {locked.slug}: previous key {pair.fingerprint[:_SHORT]}… was dropped.",
        changes={"sp_key": [pair.fingerprint, None]},
    )
    return True


@dataclass(frozen=True, slots=True)
class _Generated:
    private_key: str
    certificate: str
    fingerprint: str
    not_after: dt.datetime


def _generate(provider: IdentityProvider) -> _Generated:
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    # The common name is for people who compare certificates; 64 characters at most (X.520).
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"SAML {provider.slug}"[:64])])
    now = timezone.now().replace(microsecond=0)
    not_after = now + dt.timedelta(days=365 * CERTIFICATE_YEARS)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))  # clocks differ
        .not_valid_after(not_after)
        .sign(key, hashes.SHA256())
    )
    return _Generated(
        private_key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii"),
        certificate=certificate.public_bytes(Encoding.PEM).decode("ascii"),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        not_after=not_after,
    )


def _locked(provider: IdentityProvider) -> IdentityProvider:
    return IdentityProvider.objects.select_for_update().get(pk=provider.pk)


def _add(provider: IdentityProvider, actor: Actor, role: KeyRole, made: _Generated) -> SpKeyPair:
    pair = SpKeyPair.objects.create(
        provider=provider,
        role=role,
        private_key=made.private_key,
        certificate=made.certificate,
        fingerprint=made.fingerprint,
        not_after=made.not_after,
    )
    record(
        actor=actor,
        action="provider.sp_key_added",
        subject=subjects.of_provider(provider),
        message=f"Identity provider {provider.slug}: {role.value} key {pair.fingerprint[:_SHORT]}… was made.",
        changes={"sp_key": [None, pair.fingerprint]},
    )
    return pair


def _refused(provider: IdentityProvider, actor: Actor, action: str, message: str) -> KeyRolloverRefused:
    return KeyRolloverRefused(message, actor=actor, action=action, subject=subjects.of_provider(provider))
