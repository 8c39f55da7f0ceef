"""The functions below all pages, called as each role: what no page offers is refused there too (V-8, design rule 2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounts import lifecycle
from accounts.lifecycle import PersonChanges
from accounts.lifecycle.roles import account_role_named
from accounts.models import BuiltInAccountRole, EmailDomain, EndReason, Kind, User
from accounts.sources import Source
from audit.actors import Actor, ActorKind
from scim.oauth import clients
from spaces import access, guest_roles, tenants
from sso import provider_grants, providers
from sso.models import ProtocolName, Vendor
from sso_oidc.configuration import OidcValues, save_oidc_settings
from tests.privilege_table.cast import Cast, Role

NOBODY: frozenset[str] = frozenset()
DIRECTORY, PROVIDER, FILE = "directory (SCIM)", "provider (sign-in)", "configuration file"
OPERATORS = frozenset({Role.OPERATOR.value, FILE})
SSO_ADMINS = OPERATORS | {Role.SSO_ADMIN.value}
ADMINS = SSO_ADMINS | {Role.ACCOUNT_ADMIN.value}
ACTORS: tuple[str, ...] = (
    *(role.value for role in Role if role is not Role.ANONYMOUS),
    DIRECTORY,
    PROVIDER,
    FILE,
)
_SSO, _ADMIN = BuiltInAccountRole.SSO_ACCOUNT_ADMIN, BuiltInAccountRole.ACCOUNT_ADMIN


def actor_named(cast: Cast, name: str) -> Actor:
    """Return who acts: a person of the cast, or an entrance by itself."""
    entrances = {
        DIRECTORY: Actor(ActorKind.SCIM, str(cast.token.pk), "Acme directory"),
        PROVIDER: Actor(ActorKind.PROVIDER, str(cast.acme.provider.pk), "Acme Okta"),
        FILE: Actor(ActorKind.CONFIGURATION, "", "configuration file"),
    }
    return entrances[name] if name in entrances else cast.actor(Role(name))


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments, and who gets through. Everybody else is refused with ``code``."""

    name: str
    allowed: frozenset[str]
    call: Callable[[Cast, Actor], Any]
    code: str = "privilege.not_allowed"
    only: frozenset[str] = frozenset(ACTORS)  # whom this row is about
    but: frozenset[str] = NOBODY  # and whom another row is about


def _grant(user: Callable[[Cast], User], role: BuiltInAccountRole) -> Callable[[Cast, Actor], Any]:
    return lambda cast, actor: lifecycle.grant_account_role(
        user=user(cast), role=account_role_named(cast.acme.account, role), actor=actor, source=Source.MANUAL
    )


def _revoke(user: Callable[[Cast], User], role: BuiltInAccountRole) -> Callable[[Cast, Actor], Any]:
    return lambda cast, actor: lifecycle.revoke_account_role(
        user=user(cast), role=account_role_named(cast.acme.account, role), actor=actor, source=Source.MANUAL
    )


def _update(user: Callable[[Cast], User], **values: str) -> Callable[[Cast, Actor], Any]:
    return lambda cast, actor: lifecycle.update_user(
        user=user(cast), actor=actor, values=PersonChanges(**values)
    )


def _employee(cast: Cast) -> User:
    return cast.target


def _peer(cast: Cast) -> User:
    return cast.peer


def _boss(cast: Cast) -> User:
    return cast.boss


def _staff(cast: Cast) -> User:
    return cast.staff


_OUTSIDE = frozenset({DIRECTORY, PROVIDER})


def _facts(
    whom: str, user: Callable[[Cast], User], people: frozenset[str], outside: frozenset[str]
) -> list[Call]:
    """Return what is done to one person. ``people`` stand high enough; ``outside`` are entrances that know them."""
    said = outside & {DIRECTORY}
    linked = outside & {PROVIDER}  # J-12: linking ends an unproven password
    return [
        Call(f"given name of {whom}", people | outside, _update(user, given_name="X")),
        Call(
            f"password of {whom}",
            people,
            lambda cast, actor: lifecycle.set_password(user=user(cast), actor=actor, password="mine-Mine-9"),
        ),
        Call(
            f"drop the password of {whom}",
            people | linked,
            lambda cast, actor: lifecycle.drop_password(user=user(cast), actor=actor, why="test"),
        ),
        Call(
            f"disable {whom}",
            people,
            lambda cast, actor: lifecycle.disable_user(user=user(cast), actor=actor),
        ),
        Call(
            f"enable {whom}", people, lambda cast, actor: lifecycle.enable_user(user=user(cast), actor=actor)
        ),
        Call(
            f"remove {whom}",
            people | said,
            lambda cast, actor: lifecycle.delete_user(user=user(cast), actor=actor),
        ),
        Call(
            f"readmit {whom}",
            people,
            lambda cast, actor: lifecycle.readmit_user(user=user(cast), actor=actor),
        ),
        Call(
            f"say that {whom} left",
            said,
            lambda cast, actor: lifecycle.set_directory_active(user=user(cast), actor=actor, active=False),
        ),
        Call(
            f"end the sessions of {whom}",
            people | outside,
            lambda cast, actor: lifecycle.end_all_sessions(
                user=user(cast), actor=actor, reason=EndReason.ADMIN
            ),
        ),
    ]


def _names(whom: str, user: Callable[[Cast], User], people: frozenset[str], provider: bool) -> list[Call]:
    """Return what says who somebody is: of an admin the directory only asks (V-8)."""
    writers = people | ({PROVIDER} if provider else set())
    admin = whom != "a member"
    calls = []
    for field, value in (("user_name", "renamed"), ("email", "x@acme.example"), ("external_id", "x-1")):
        change = _update(user, **{field: value})
        held = (
            Call(
                f"{field} of {whom}, by the directory",
                NOBODY,
                change,
                "user.change_held",
                frozenset({DIRECTORY}),
            ),
        )
        calls += held if admin else ()
        calls.append(
            Call(
                f"{field} of {whom}",
                frozenset(writers if admin else writers | {DIRECTORY}),
                change,
                but=frozenset({DIRECTORY}) if admin else NOBODY,
            )
        )
    return calls


def _new_provider(cast: Cast, actor: Actor) -> Any:
    return providers.create_provider(
        actor=actor,
        slug="mine",
        name="Mine",
        protocol=ProtocolName.OIDC,
        vendor=Vendor.OKTA,
        account=cast.acme.account,
    )


def _mapping(cast: Cast, actor: Actor) -> Any:
    powerful = account_role_named(cast.acme.account, _SSO)
    return tenants.save_mapping_role(
        account=cast.acme.account,
        actor=actor,
        name="mine",
        account_roles=frozenset({powerful}),
        space_roles={},
    )


def _setting(**values: Any) -> Callable[[Cast, Actor], Any]:
    return lambda cast, actor: lifecycle.update_account(account=cast.acme.account, actor=actor, values=values)


def _domain(method: EmailDomain.Method) -> Callable[[Cast, Actor], Any]:
    return lambda cast, actor: lifecycle.verify_domain(
        account=cast.acme.account, actor=actor, domain="mine.example", method=method
    )


def _made(kind: Kind) -> Callable[[Cast, Actor], Any]:
    """Return how somebody above accounts would be made."""
    return lambda cast, actor: lifecycle.create_user(
        actor=actor,
        kind=kind,
        account=cast.acme.account if kind == Kind.MEMBER else None,
        partner=cast.partner if kind == Kind.PARTNER_ADMIN else None,
        values=PersonChanges(user_name="new"),
    )


CALLS: tuple[Call, ...] = (
    *_facts("a member", _employee, ADMINS, _OUTSIDE),
    *_facts("an account admin", _peer, ADMINS, _OUTSIDE),
    *_facts("an SSO account admin", _boss, SSO_ADMINS, _OUTSIDE),
    *_facts("vendor staff", _staff, OPERATORS, NOBODY),
    *_names("a member", _employee, ADMINS, True),
    *_names("an account admin", _peer, ADMINS, True),
    *_names("an SSO account admin", _boss, SSO_ADMINS, False),
    Call("user name of vendor staff", OPERATORS, _update(_staff, user_name="renamed")),
    Call("make a member", ADMINS | _OUTSIDE, _made(Kind.MEMBER)),
    Call("make an operator", OPERATORS, _made(Kind.OPERATOR)),
    Call("make vendor staff", OPERATORS, _made(Kind.STAFF)),
    Call("make a partner's admin", OPERATORS, _made(Kind.PARTNER_ADMIN)),
    Call("grant SSO account admin", SSO_ADMINS, _grant(_employee, _SSO)),
    Call("grant SSO account admin to an account admin", SSO_ADMINS, _grant(_peer, _SSO)),
    Call("grant account admin", ADMINS, _grant(_employee, _ADMIN)),
    Call("grant account admin to an SSO account admin", SSO_ADMINS, _grant(_boss, _ADMIN)),
    Call("revoke account admin", ADMINS, _revoke(_peer, _ADMIN)),
    Call("revoke SSO account admin", SSO_ADMINS, _revoke(_boss, _SSO)),
    Call("make a provider", SSO_ADMINS, _new_provider),
    Call(
        "change a provider",
        SSO_ADMINS,
        lambda cast, actor: providers.update_provider(
            provider=cast.acme.provider, actor=actor, values={"name": "Mine"}
        ),
    ),
    Call(
        "change a provider's issuer",
        SSO_ADMINS,
        lambda cast, actor: save_oidc_settings(
            provider=cast.acme.provider,
            actor=actor,
            values=OidcValues(issuer="https://mine.idp.example", client_secret="mine"),
        ),
    ),
    Call(
        "enable a provider",
        SSO_ADMINS,
        lambda cast, actor: providers.enable_provider(provider=cast.acme.provider, actor=actor),
    ),
    Call(
        "disable a provider",
        SSO_ADMINS,
        lambda cast, actor: providers.disable_provider(provider=cast.acme.provider, actor=actor),
    ),
    Call(
        "say that it is the same directory",
        SSO_ADMINS,
        lambda cast, actor: providers.confirm_same_directory(
            provider=cast.acme.provider, actor=actor, issuer="https://mine.idp.example"
        ),
    ),
    Call(
        "change a provider above accounts",
        OPERATORS,
        lambda cast, actor: providers.update_provider(
            provider=cast.shared, actor=actor, values={"name": "Mine"}
        ),
    ),
    Call(
        "allow a provider from above",
        SSO_ADMINS,
        lambda cast, actor: provider_grants.grant_provider(
            provider=cast.shared, account=cast.acme.account, actor=actor
        ),
    ),
    Call("save a mapping role", SSO_ADMINS, _mapping),
    Call("verify a domain by word", OPERATORS, _domain(EmailDomain.Method.OPERATOR)),
    Call("verify a domain by DNS", SSO_ADMINS, _domain(EmailDomain.Method.DNS)),
    Call(
        "name a domain",
        SSO_ADMINS,
        lambda cast, actor: lifecycle.claim_domain(
            account=cast.acme.account, actor=actor, domain="mine.example"
        ),
    ),
    Call(
        "withdraw a domain",
        SSO_ADMINS,
        lambda cast, actor: lifecycle.withdraw_domain(domain=cast.waiting_domain, actor=actor),
    ),
    Call(
        "prove a domain",
        NOBODY,
        lambda cast, actor: lifecycle.prove_domain(domain=cast.waiting_domain, actor=actor),
        only=frozenset(ACTORS) - SSO_ADMINS,  # whose answer is the DNS's
    ),
    Call(
        "verify a host name",
        OPERATORS,
        lambda cast, actor: lifecycle.verify_host_name(
            account=cast.acme.account, actor=actor, host="mine.example"
        ),
    ),
    Call("switch the policy", SSO_ADMINS, _setting(sso_policy="mandatory")),
    Call("switch authorization", SSO_ADMINS, _setting(sso_authorization=True)),
    Call("switch the module", OPERATORS, _setting(sso_module=False)),
    Call("close the account", OPERATORS, _setting(closed_at=timezone.now())),
    Call("rename the account", ADMINS, _setting(name="Mine")),
    Call(
        "make an API token",
        ADMINS,
        lambda cast, actor: lifecycle.create_api_token(account=cast.acme.account, actor=actor, name="Mine"),
    ),
    Call(
        "revoke an API token",
        ADMINS,
        lambda cast, actor: lifecycle.revoke_api_token(token=cast.token, actor=actor),
    ),
    Call(
        "make an OAuth client",
        ADMINS,
        lambda cast, actor: clients.create_client(account=cast.acme.account, actor=actor, name="Mine"),
    ),
    Call(
        "revoke an OAuth client",
        ADMINS,
        lambda cast, actor: clients.revoke_client(client=cast.client, actor=actor),
    ),
    Call(
        "make a group",
        ADMINS | _OUTSIDE,
        lambda cast, actor: lifecycle.create_group(account=cast.acme.account, actor=actor, name="Mine"),
    ),
    Call(
        "let a group grant a space",
        ADMINS,
        lambda cast, actor: access.grant_group_space_role(
            group=cast.acme.mapped_group, space=cast.acme.space, role=cast.acme.space_role, actor=actor
        ),
    ),
    Call(
        "give a role in a space",
        ADMINS,
        lambda cast, actor: access.grant_space_role(
            user=cast.peer,
            space=cast.acme.space,
            role=cast.acme.space_role,
            actor=actor,
            source=Source.MANUAL,
        ),
    ),
    Call(
        "give a guest a role in a space",
        ADMINS,
        lambda cast, actor: guest_roles.grant_guest_space_role(
            access=cast.guest, space=cast.acme.space, role=cast.acme.space_role, actor=actor
        ),
    ),
    Call(
        "take a role in a space from a guest",
        ADMINS,
        lambda cast, actor: guest_roles.revoke_guest_space_role(
            access=cast.guest, space=cast.acme.space, role=cast.acme.space_role, actor=actor
        ),
    ),
    Call(
        "give a guest an account role",
        ADMINS,
        lambda cast, actor: guest_roles.grant_guest_account_role(
            access=cast.guest, role=cast.acme.account_role, actor=actor
        ),
    ),
    *(
        Call(
            f"give {name} to a guest whose access is over",
            NOBODY,
            give,
            "guest.over",
            only=ADMINS,
        )
        for name, give in (
            (
                "a role in a space",
                lambda cast, actor: guest_roles.grant_guest_space_role(
                    access=cast.former_guest, space=cast.acme.space, role=cast.acme.space_role, actor=actor
                ),
            ),
            (
                "an account role",
                lambda cast, actor: guest_roles.grant_guest_account_role(
                    access=cast.former_guest, role=cast.acme.account_role, actor=actor
                ),
            ),
        )
    ),
    Call(
        "give a guest an admin role",
        NOBODY,
        lambda cast, actor: guest_roles.grant_guest_account_role(
            access=cast.guest, role=account_role_named(cast.acme.account, _SSO), actor=actor
        ),
        "guest.built_in_role",
        only=ADMINS,
    ),
    Call(
        "give a guest another account's role",
        NOBODY,
        lambda cast, actor: guest_roles.grant_guest_account_role(
            access=cast.guest, role=cast.globex.account_role, actor=actor
        ),
        "access.wrong_account",
        only=ADMINS,
    ),
    Call(
        "make a space",
        ADMINS,
        lambda cast, actor: tenants.create_space(account=cast.acme.account, actor=actor, name="Mine"),
    ),
    Call(
        "approve a held change",
        SSO_ADMINS,
        lambda cast, actor: lifecycle.approve_held_change(held=cast.held, actor=actor),
    ),
    Call(
        "make an account",
        OPERATORS,
        lambda cast, actor: lifecycle.create_account(actor=actor, slug="mine", name="Mine"),
    ),
    Call(
        "make a partner",
        OPERATORS,
        lambda cast, actor: lifecycle.create_partner(actor=actor, slug="mine", name="Mine"),
    ),
    Call(
        "replace a partner key",
        OPERATORS,
        lambda cast, actor: lifecycle.rotate_partner_key(partner=cast.partner, actor=actor),
    ),
    Call(
        "revoke a partner key",
        OPERATORS,
        lambda cast, actor: lifecycle.revoke_partner_key(key=cast.key, actor=actor),
    ),
)
