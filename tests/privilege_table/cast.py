"""Who tries: one person of every role, and those whom they try it on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from django.test import Client
from django.utils import timezone

from accounts import lifecycle
from accounts.models import (
    BuiltInAccountRole,
    Departure,
    FactorKind,
    GuestAccess,
    HeldChange,
    Kind,
    Partner,
    SecondFactor,
    User,
    UserSession,
)
from audit.actors import Actor, ActorKind
from sso.models import IdentityProvider, State
from sso.session import SSO_BACKEND
from tests.conftest import client_of
from tests.console.admin_pages import Fields
from tests.privilege_table.things import Things, found_things
from tests.worlds import (
    OPERATOR,
    World,
    add_person,
    add_session,
    add_vendor_person,
    found_account,
    sign_in,
)


class Role(StrEnum):
    """A person who tries something at acme."""

    OPERATOR = "operator"
    STAFF = "staff"  # of the vendor, with an unexpired grant for acme
    PARTNER_ADMIN = "partner admin"  # of acme's partner
    SSO_ADMIN = "SSO account admin"
    ACCOUNT_ADMIN = "account admin"
    MEMBER = "member"
    OTHER_SSO_ADMIN = "other account's SSO admin"
    ANONYMOUS = "nobody signed in"


@dataclass
class Rank:
    """People of one rank whom things are done to: present, disabled by an admin, removed, about to be removed."""

    present: User
    blocked: User
    gone: User
    session: UserSession  # of the present one
    departure: Departure | None  # of the last: the directory's removal that waits (P-13)
    held: HeldChange | None  # a directory wants another address for the present one


@dataclass
class Cast:
    """Acme, its partner and its neighbour, people of every rank, and the things that can be changed."""

    acme: World
    globex: World
    partner: Partner
    member: Rank
    account_admin: Rank
    sso_admin: Rank
    staff: Rank
    things: Things
    people: dict[Role, User] = field(default_factory=dict)
    browsers: dict[Role, Client] = field(default_factory=dict)
    at_first: str = ""  # the fingerprint of it all; each cell is rolled back to it
    pages: dict[str, Fields] = field(default_factory=dict)  # as the operator's browser got them, by address
    forms: dict[str, tuple[str, Fields]] = field(default_factory=dict)  # what is sent, by change

    def actor(self, role: Role) -> Actor:
        """Return a role as the one who acts."""
        user = self.people[role]
        return Actor(ActorKind.USER, str(user.pk), user.user_name)


def assemble() -> Cast:
    """Make everybody, and sign each role in."""
    partner = lifecycle.create_partner(actor=OPERATOR, slug="reseller", name="Reseller")
    acme, globex = found_account("acme", partner=partner), found_account("globex")
    staff = add_vendor_person("stan", Kind.STAFF)
    GuestAccess.objects.create(
        user=staff, account=acme.account, basis="staff", expires_at=timezone.now() + timedelta(days=1)
    )
    cast = Cast(
        acme=acme,
        globex=globex,
        partner=partner,
        member=_rank(acme, "mem", None),
        account_admin=_rank(acme, "peer", BuiltInAccountRole.ACCOUNT_ADMIN),
        sso_admin=_rank(acme, "boss", BuiltInAccountRole.SSO_ACCOUNT_ADMIN),
        staff=_staff(),
        things=found_things(acme, globex, partner),
    )
    cast.people = {
        Role.OPERATOR: add_vendor_person("olga", Kind.OPERATOR),
        Role.STAFF: staff,
        Role.PARTNER_ADMIN: add_vendor_person("rita", Kind.PARTNER_ADMIN, partner=partner),
        Role.SSO_ADMIN: acme.sso_admin,
        Role.ACCOUNT_ADMIN: acme.admin,
        Role.MEMBER: acme.employee,
        Role.OTHER_SSO_ADMIN: globex.sso_admin,
    }
    for role in Role:
        cast.browsers[role] = client_of("localhost:8000")
        if role in cast.people:
            _sign_in(cast.browsers[role], cast.people[role])
    return cast


Whom = Callable[[Cast], User]


def member(cast: Cast) -> User:
    """Whom any admin may change."""
    return cast.member.present


def account_admin(cast: Cast) -> User:
    """An account admin to whom things are done."""
    return cast.account_admin.present


def sso_admin(cast: Cast) -> User:
    """An SSO account admin to whom things are done."""
    return cast.sso_admin.present


def _sign_in(browser: Client, user: User) -> None:
    """Open a session; a member's began at the account's provider, so that no policy ends it."""
    sign_in(browser, user)
    if user.account is None:
        return
    session = browser.session
    session["_auth_user_backend"] = SSO_BACKEND
    session.save()
    provider = IdentityProvider.objects.for_account(user.account).filter(state=State.ENABLED).first()
    UserSession.objects.filter(user=user).update(provider_id=provider and provider.pk)


def _rank(world: World, name: str, role: BuiltInAccountRole | None) -> Rank:
    account = world.account
    present, blocked, gone, leaving = (
        add_person(account, f"{prefix}{name}", role) for prefix in ("", "blocked-", "gone-", "leaving-")
    )
    User.objects.filter(pk=leaving.pk).update(deleted_at=timezone.now())  # they keep what they had until then
    departure = Departure.objects.create(account=account, user=leaving, held=True, asked_by="a directory")
    held = HeldChange.objects.create(
        account=account, user=present, changes={"email": [present.email, f"new-{name}@acme.example"]}
    )
    return _with_status(present, blocked, gone, departure=departure, held=held)


def _staff() -> Rank:
    people = (add_vendor_person(name, Kind.STAFF) for name in ("sten", "blocked-sten", "gone-sten"))
    return _with_status(*people, departure=None, held=None)


def _with_status(
    present: User, blocked: User, gone: User, *, departure: Departure | None, held: HeldChange | None
) -> Rank:
    lifecycle.disable_user(user=blocked, actor=OPERATOR)
    lifecycle.delete_user(user=gone, actor=OPERATOR)
    SecondFactor.objects.create(user=present, kind=FactorKind.TOTP, name="app", secret="JBSWY3DPEHPK3PXP")
    return Rank(present, blocked, gone, add_session(present), departure, held)
