"""Our key pairs towards one provider: made when first needed, rolled over with an overlap (S-7, O-1).

A pair goes *next* → *current* → *previous* → gone. What we publish shows next beside current; next signs nothing yet,
so that the provider can learn it first. After ``roll_over`` the former current stays, as *previous*, until it is
dropped: a provider goes on with the key that it knows.

Each protocol makes one ``KeyRollover`` over its own table:

    KEYS = KeyRollover(SpKeyPair, refusal=KeyRolloverRefused, name="sp_key", common_name="SAML")
    pair = KEYS.ensure(provider=provider, actor=SYSTEM)

RSA of 2048 bits: the size that every vendor's documentation shows and takes. What is signed or encrypted with it is
worth something for minutes, and a longer key costs each sign-in that uses it. The certificate is only the form in which
a key is handed over. Its ten years are there for providers that read dates; nobody needs to trust it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from audit.recorder import record
from audit.refusals import Refused, refusals_audited
from foundation.encryption import is_unreadable
from sso import subjects
from sso.models import IdentityProvider, KeyRole, ProviderKeyPair
from sso.providers import require_authority

KEY_BITS = 2048
CERTIFICATE_YEARS = 10
_SHORT = 16  # characters of a fingerprint in the audit trail

UNREADABLE_KEY = (
    "our own key can't be read with the deployment's present keys; add the next one, hand it over, roll over"
)

Pair = TypeVar("Pair", bound=ProviderKeyPair)


def new_private_key() -> rsa.RSAPrivateKey:
    """Return a fresh key; takes a twentieth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)


class KeyRolloverRefused(Refused):
    """A step of the rollover that does not fit where the keys stand."""

    code = "provider.key"


@dataclass(frozen=True, slots=True)
class Generated:
    """A fresh pair that is stored nowhere yet: PEM, SHA-256 of the certificate's DER form in hex, aware moment."""

    private_key: str = field(repr=False)
    certificate: str
    fingerprint: str
    not_after: dt.datetime


@dataclass(frozen=True, slots=True)
class KeyRollover(Generic[Pair]):
    """The rollover of one protocol's key pairs.

    ``name`` is what the audit trail calls a pair (actions ``provider.<name>_added``, ``provider.add_<name>``, …),
    ``common_name`` begins the name in its certificates.
    """

    model: type[Pair]
    refusal: type[KeyRolloverRefused]
    name: str
    common_name: str

    def pairs_of(self, provider: IdentityProvider) -> dict[KeyRole, Pair]:
        """Return the live key pairs by role; empty before the first is needed."""
        return {KeyRole(pair.role): pair for pair in self.model.objects.filter(provider=provider)}

    def unreadable(self, provider: IdentityProvider) -> frozenset[KeyRole]:
        """Return the roles of the pairs whose private half no present key of the deployment opens."""
        pairs = self.pairs_of(provider)
        return frozenset(role for role, pair in pairs.items() if is_unreadable(pair, "private_key"))

    def published(self, provider: IdentityProvider, actor: Actor) -> tuple[Pair, ...]:
        """Return what a provider is to learn: current, made on first need, and next."""
        self.ensure(provider=provider, actor=actor)
        pairs = self.pairs_of(provider)
        return tuple(pairs[role] for role in (KeyRole.CURRENT, KeyRole.NEXT) if role in pairs)

    def ensure(self, *, provider: IdentityProvider, actor: Actor) -> Pair:
        """Return the current key pair; the first call for a provider makes it, whatever processes ask at once.

        It asks for no authority, because a stranger who reads what we publish may be the first to need it.
        """
        current = self.model.objects.filter(provider=provider, role=KeyRole.CURRENT).first()
        if current is not None:
            return current
        fresh = self._generate(provider)  # slow, so before the lock
        with transaction.atomic():
            locked = _locked(provider)
            current = self.model.objects.filter(provider=locked, role=KeyRole.CURRENT).first()
            return current or self._add(locked, actor, KeyRole.CURRENT, fresh)

    @refusals_audited
    def add_next(self, *, provider: IdentityProvider, actor: Actor) -> Pair:
        """Make the key pair that follows; it is published at once. Refused while there is one already."""
        action = f"provider.add_{self.name}"
        require_authority(provider, actor, action)
        self.ensure(provider=provider, actor=actor)
        fresh = self._generate(provider)
        with transaction.atomic():
            locked = _locked(provider)
            if self.model.objects.filter(provider=locked, role=KeyRole.NEXT).exists():
                raise self._refused(locked, actor, action, "there is a next key already")
            return self._add(locked, actor, KeyRole.NEXT, fresh)

    @refusals_audited
    @transaction.atomic
    def roll_over(self, *, provider: IdentityProvider, actor: Actor) -> Pair:
        """Sign with the next key from now on; the current one becomes previous and stays known."""
        action = f"provider.roll_over_{self.name}"
        locked = _locked(provider)
        require_authority(locked, actor, action)
        pairs = self.pairs_of(locked)
        if KeyRole.NEXT not in pairs:
            raise self._refused(locked, actor, action, "there is no next key; add one first")
        if KeyRole.PREVIOUS in pairs:
            raise self._refused(locked, actor, action, "the key before this one is still kept; drop it first")
        # In this order, because no two pairs of a provider have one role.
        for role, becomes in ((KeyRole.CURRENT, KeyRole.PREVIOUS), (KeyRole.NEXT, KeyRole.CURRENT)):
            pairs[role].role = becomes
            pairs[role].save(update_fields=["role"])
        old, new = pairs[KeyRole.CURRENT], pairs[KeyRole.NEXT]
        self._record(
            locked,
            actor,
            "rolled_over",
            f"key {new.fingerprint[:_SHORT]}… signs from now on.",
            [old.fingerprint, new.fingerprint],
        )
        return new

    @refusals_audited
    @transaction.atomic
    def drop_previous(self, *, provider: IdentityProvider, actor: Actor) -> bool:
        """Forget the previous key: who still uses it can't be understood any more. Returns whether there was one."""
        locked = _locked(provider)
        require_authority(locked, actor, f"provider.drop_{self.name}")
        pair = self.pairs_of(locked).get(KeyRole.PREVIOUS)
        if pair is None:
            return False
        pair.delete()
        short = pair.fingerprint[:_SHORT]
        self._record(
            locked, actor, "dropped", f"previous key {short}… was dropped.", [pair.fingerprint, None]
        )
        return True

    def clear(self, provider: IdentityProvider) -> tuple[str, ...]:
        """Forget every pair, because they were made for another target (V-23), and return their fingerprints.

        For whoever changes the target: in that transaction, with its authority and its event in the audit trail.
        """
        rows = self.model.objects.filter(provider=provider)
        fingerprints = tuple(rows.values_list("fingerprint", flat=True))
        if fingerprints:
            rows.delete()
        return fingerprints

    def _generate(self, provider: IdentityProvider) -> Generated:
        key = new_private_key()
        # The common name is for people who compare certificates; 64 characters at most (X.520).
        common_name = f"{self.common_name} {provider.slug}"[:64]
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
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
        return Generated(
            private_key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii"),
            certificate=certificate.public_bytes(Encoding.PEM).decode("ascii"),
            fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
            not_after=not_after,
        )

    def _add(self, provider: IdentityProvider, actor: Actor, role: KeyRole, made: Generated) -> Pair:
        pair = self.model.objects.create(
            provider=provider,
            role=role,
            private_key=made.private_key,
            certificate=made.certificate,
            fingerprint=made.fingerprint,
            not_after=made.not_after,
        )
        short = pair.fingerprint[:_SHORT]
        self._record(
            provider, actor, "added", f"{role.value} key {short}… was made.", [None, pair.fingerprint]
        )
        return pair

    def _record(
        self,
        provider: IdentityProvider,
        actor: Actor,
        done: str,
        what: str,
        change: list[str | None] | list[str],
    ) -> None:
        record(
            actor=actor,
            action=f"provider.{self.name}_{done}",
            subject=subjects.of_provider(provider),
            message=f"Identity provider {provider.slug}: {what}",
            changes={self.name: change},
        )

    def _refused(
        self, provider: IdentityProvider, actor: Actor, action: str, message: str
    ) -> KeyRolloverRefused:
        return self.refusal(message, actor=actor, action=action, subject=subjects.of_provider(provider))


def _locked(provider: IdentityProvider) -> IdentityProvider:
    return IdentityProvider.objects.select_for_update().get(pk=provider.pk)
