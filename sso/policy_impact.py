"""Who would be left without a way in, if the policy or the providers of an account were other than they are (L-8).

One question in two forms: "what if single sign-on becomes mandatory" and "what if this provider is disabled".
``read_ways_in`` reads a snapshot of everybody in three queries; ``impact_of`` is pure and answers from it. A way in is
a live identity at a provider that signs people in, or, where passwords are taken, a password; where authorization is
on, a password of somebody with an identity is none (R-4), and a provider from above that keeps SSO account admins out
is none for them (V-5).

Who has neither may still be linked or created at their first sign-in, but only under an address that counts there (V-3,
V-4): without an e-mail address, or with one outside the account's verified domains, they are not found. Who has a
password or an admin role must connect single sign-on while their password still works.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Case, Q, Value, When

from accounts.models import Account, AccountRoleMembership, BuiltInAccountRole, EmailDomain, User
from accounts.password_admins import password_admins
from foundation.folding import domain_of
from sso.login_options import providers_of
from sso.models import FederatedIdentity, ProviderGrant


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who may sign in now, and what they could do it with; ``provider_ids`` are those of live identities."""

    user_id: UUID
    user_name: str
    email: str
    has_password: bool
    provider_ids: frozenset[UUID]
    is_sso_admin: bool = False


@dataclass(frozen=True, slots=True)
class WaysIn:
    """A snapshot of an account: its people and what signs them in."""

    members: tuple[Member, ...]
    provider_ids: frozenset[UUID]  # that sign people in
    passwords: bool  # whether the policy takes passwords
    authorization: bool
    domains: frozenset[str]  # verified
    keeper: UUID | None = None  # whose password counts whatever the policy (L-3, private deployments)
    closed_to_sso_admins: frozenset[UUID] = field(default_factory=frozenset)  # providers from above (V-5)

    def if_mandatory(self) -> WaysIn:
        """Return the same account with single sign-on only."""
        return replace(self, passwords=False)

    def if_disabled(self, provider_id: UUID) -> WaysIn:
        """Return the same account without one of its providers."""
        return replace(self, provider_ids=self.provider_ids - {provider_id})

    def if_only(self, provider_ids: Iterable[UUID]) -> WaysIn:
        """Return the same account with no other providers than these, such as those that were seen to work."""
        return replace(self, provider_ids=self.provider_ids & frozenset(provider_ids))

    def if_closed_to_sso_admins(self, provider_id: UUID) -> WaysIn:
        """Return the same account with a provider from above that keeps SSO account admins out."""
        return replace(self, closed_to_sso_admins=self.closed_to_sso_admins | {provider_id})

    def providers_open_to(self, member: Member) -> frozenset[UUID]:
        """Return the providers that would sign this person in."""
        found = member.provider_ids & self.provider_ids
        return found - self.closed_to_sso_admins if member.is_sso_admin else found


@dataclass(frozen=True, slots=True)
class Impact:
    """Who is concerned, each list by user name; the second to fourth are parts of the first."""

    without_identity: tuple[Member, ...]  # no live identity at a provider that signs people in
    password_only: tuple[Member, ...]  # of those: a password is all they have
    without_address: tuple[Member, ...]  # of those: no e-mail address to be found by
    outside_domains: tuple[Member, ...]  # of those: an address in no verified domain of the account
    without_way_in: tuple[Member, ...]  # can't sign in then

    def locks_out(self, user_id: UUID) -> bool:
        """Tell whether this person would have no way in."""
        return any(member.user_id == user_id for member in self.without_way_in)


def read_ways_in(account: Account) -> WaysIn:
    """Read the snapshot: the account, its providers and domains, and its people in three queries however many."""
    links: dict[UUID, set[UUID]] = {}
    identities = FederatedIdentity.objects.for_account(account).filter(
        closed_at=None, provider__identities_suspended_at=None
    )
    for user_id, provider_id in identities.values_list("user_id", "provider_id"):
        links.setdefault(user_id, set()).add(provider_id)
    # The hash itself stays in the database.
    unusable = Q(password__startswith=UNUSABLE_PASSWORD_PREFIX) | Q(password="")
    has_password = Case(When(unusable, then=Value(False)), default=Value(True))
    able = User.objects.for_account(account).able_to_sign_in().order_by("user_name_folded", "id")
    rows = able.annotate(has_password=has_password).values_list("pk", "user_name", "email", "has_password")
    admins = AccountRoleMembership.objects.for_account(account).filter(
        role__built_in=BuiltInAccountRole.SSO_ACCOUNT_ADMIN
    )
    sso_admins = set(admins.values_list("user_id", flat=True))
    domains = EmailDomain.objects.filter(account=account, verified_at__isnull=False)
    closed = ProviderGrant.objects.for_account(account).filter(allows_sso_admins=False)
    return WaysIn(
        members=tuple(
            Member(key, name, email, bool(password), frozenset(links.get(key, ())), key in sso_admins)
            for key, name, email, password in rows
        ),
        provider_ids=frozenset(provider.pk for provider in providers_of(account)),
        passwords=account.password_sign_in_allowed,
        authorization=account.sso_authorization,
        domains=frozenset(domains.values_list("domain", flat=True)),
        keeper=next(iter(password_admins(account)), None),
        closed_to_sso_admins=frozenset(closed.values_list("provider_id", flat=True)),
    )


def impact_of(ways: WaysIn) -> Impact:
    """Return who would be concerned if the account were as ``ways`` says."""
    without = [member for member in ways.members if not ways.providers_open_to(member)]
    return Impact(
        without_identity=tuple(without),
        password_only=tuple(member for member in without if member.has_password),
        without_address=tuple(member for member in without if not member.email),
        outside_domains=tuple(member for member in without if member.email and _is_outside(member, ways)),
        without_way_in=tuple(member for member in without if not _password_counts(member, ways)),
    )


def newly_without_way_in(now: WaysIn, then: WaysIn) -> tuple[Member, ...]:
    """Return who has a way in now and would have none."""
    known = {member.user_id for member in impact_of(now).without_way_in}
    return tuple(member for member in impact_of(then).without_way_in if member.user_id not in known)


def an_sso_admin_gets_in(ways: WaysIn) -> bool:
    """Tell whether any SSO account admin would have a way in, so that somebody could switch back."""
    outside = {member.user_id for member in impact_of(ways).without_way_in}
    return any(member.is_sso_admin and member.user_id not in outside for member in ways.members)


def _is_outside(member: Member, ways: WaysIn) -> bool:
    return domain_of(member.email) not in ways.domains


def _password_counts(member: Member, ways: WaysIn) -> bool:
    managed = ways.authorization and bool(member.provider_ids)
    taken = member.user_id == ways.keeper or (ways.passwords and not managed)
    return member.has_password and taken
