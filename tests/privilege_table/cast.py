"""Who tries: one person of every role, and those whom they try it on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from django.test import Client
from django.utils import timezone

from accounts import lifecycle
from accounts.models import (
    ApiToken,
    BuiltInAccountRole,
    EmailDomain,
    Group,
    GuestAccess,
    HeldChange,
    Kind,
    Partner,
    PartnerKey,
    User,
    UserSession,
)
from audit.actors import Actor, ActorKind
from scim.models import OAuthClient
from scim.oauth import clients
from sso import providers
from sso.models import IdentityProvider, ProtocolName, State, Vendor
from tests.conftest import client_of
from tests.console.admin_pages import Fields
from tests.worlds import (
    OPERATOR,
    World,
    add_person,
    add_provider,
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
class Cast:
    """Acme, its partner and its neighbour; ``boss`` is a second SSO account admin, ``peer`` a second account admin."""

    acme: World
    globex: World
    partner: Partner
    boss: User
    peer: User
    gone: User  # deleted
    pushed: Group  # by the directory
    target: User  # a member whom things are done to
    blocked: User  # disabled by an admin
    blocked_boss: User  # an SSO account admin, disabled
    draft: IdentityProvider
    shared: IdentityProvider
    token: ApiToken
    client: OAuthClient
    key: PartnerKey
    held: HeldChange  # a directory wants another address for the boss
    session: UserSession  # of the boss
    staff: User  # a colleague of the one who acts
    guest: GuestAccess  # of a member of globex, in acme
    waiting_domain: EmailDomain  # of acme, not proven
    former_guest: GuestAccess  # of another one, whose access is over
    people: dict[Role, User] = field(default_factory=dict)
    browsers: dict[Role, Client] = field(default_factory=dict)
    at_first: str = ""  # the fingerprint of it all; each cell is rolled back to it
    forms: dict[str, tuple[str, Fields]] = field(
        default_factory=dict
    )  # as the operator's page gave them, by change

    def actor(self, role: Role) -> Actor:
        """Return a role as the one who acts."""
        user = self.people[role]
        return Actor(ActorKind.USER, str(user.pk), user.user_name)


def assemble() -> Cast:
    """Make everybody, and sign each role in."""
    partner = lifecycle.create_partner(actor=OPERATOR, slug="reseller", name="Reseller")
    acme, globex = found_account("acme", partner=partner), found_account("globex")
    account = acme.account
    boss = add_person(account, "boss", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    peer = add_person(account, "peer", BuiltInAccountRole.ACCOUNT_ADMIN)
    gone, blocked = add_person(account, "gone"), add_person(account, "blocked")
    blocked_boss = add_person(account, "blocked-boss", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    lifecycle.delete_user(user=gone, actor=OPERATOR)
    for user in (blocked, blocked_boss):
        lifecycle.disable_user(user=user, actor=OPERATOR)
    draft = add_provider(account, "acme-draft", enabled=False)
    shared = providers.create_provider(
        actor=OPERATOR, slug="entra-all", name="Entra", protocol=ProtocolName.OIDC, vendor=Vendor.ENTRA
    )
    IdentityProvider.objects.filter(pk=shared.pk).update(state=State.DISABLED)  # no draft any more
    staff = add_vendor_person("stan", Kind.STAFF)
    GuestAccess.objects.create(
        user=staff, account=account, basis="staff", expires_at=timezone.now() + timedelta(days=1)
    )
    colleague = add_vendor_person("sten", Kind.STAFF)
    held = HeldChange.objects.create(
        account=account,
        user=boss,
        changes={"email": [boss.email, "new@acme.example"]},
        asked_by="a directory",
    )
    key, _ = lifecycle.rotate_partner_key(partner=partner, actor=OPERATOR)
    cast = Cast(
        acme=acme,
        globex=globex,
        partner=partner,
        boss=boss,
        peer=peer,
        gone=gone,
        pushed=lifecycle.create_group(
            account=account, actor=OPERATOR, name="Pushed", external_id="g-1", directory_owned=True
        ),
        target=add_person(account, "target"),
        blocked=blocked,
        blocked_boss=blocked_boss,
        draft=draft,
        shared=shared,
        token=lifecycle.create_api_token(account=account, actor=OPERATOR, name="Acme directory")[0],
        client=clients.create_client(account=account, actor=OPERATOR, name="Acme OAuth"),
        key=key,
        held=held,
        session=add_session(boss),
        staff=colleague,
        guest=GuestAccess.objects.create(user=globex.employee, account=account),
        waiting_domain=EmailDomain.objects.create(account=account, domain="waiting.example"),
        former_guest=GuestAccess.objects.create(user=globex.admin, account=account, ended_at=timezone.now()),
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
            sign_in(cast.browsers[role], cast.people[role])
    return cast
