"""Every change that the admin offers, as the request that its form or button sends, with who may make it (V-8).

The request is built from the operator's own form, so that everybody sends what would work for somebody: a forger knows
more fields than their own page has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from accounts.lifecycle.roles import account_role_named
from accounts.models import (
    Account,
    AccountHostName,
    AccountRole,
    AccountRoleMembership,
    ApiToken,
    BuiltInAccountRole,
    EmailDomain,
    Group,
    GroupMembership,
    GuestAccess,
    HeldChange,
    Kind,
    Partner,
    PartnerKey,
    User,
    UserSession,
)
from scim.models import OAuthClient
from spaces.models import GroupSpaceRole, GuestAccountRole, GuestSpaceRole, Space, SpaceMembership, SpaceRole
from sso.models import IdentityProvider, ProviderGrant, State
from tests.console.admin_pages import Fields, address_of, page, read, with_row, without_row
from tests.privilege_table.cast import Cast, Role
from tests.privilege_table.cells import Change

Request = tuple[str, Fields]

NOBODY: frozenset[Role] = frozenset()
OPERATORS = frozenset({Role.OPERATOR})
SSO_ADMINS = OPERATORS | {Role.SSO_ADMIN}
ADMINS = SSO_ADMINS | {Role.ACCOUNT_ADMIN}

_SSO, _ADMIN = BuiltInAccountRole.SSO_ACCOUNT_ADMIN, BuiltInAccountRole.ACCOUNT_ADMIN


@dataclass(frozen=True, slots=True)
class FormChange(Change):
    """A change and the address and fields that make it."""

    request: Callable[[Cast], Request]


def _operator(cast: Cast) -> Any:
    return cast.browsers[Role.OPERATOR]


def _edited(row: Callable[[Cast], Model], **values: Any) -> Callable[[Cast], Request]:
    def request(cast: Cast) -> Request:
        address = address_of(row(cast))
        return address, {**read(_operator(cast), address), **values}

    return request


def _added(model: type[Model], values: Callable[[Cast], Fields]) -> Callable[[Cast], Request]:
    def request(cast: Cast) -> Request:
        address = page(model, "add")
        return address, {**read(_operator(cast), address), **values(cast)}

    return request


def _row_added(
    row: Callable[[Cast], Model], prefix: str, values: Callable[[Cast], Fields]
) -> Callable[[Cast], Request]:
    def request(cast: Cast) -> Request:
        address = address_of(row(cast))
        return address, with_row(read(_operator(cast), address), prefix, **values(cast))

    return request


def _row_removed(
    row: Callable[[Cast], Model], prefix: str, held: Callable[[Cast], Model]
) -> Callable[[Cast], Request]:
    def request(cast: Cast) -> Request:
        address = address_of(row(cast))
        return address, without_row(read(_operator(cast), address), prefix, held(cast))

    return request


def _pressed(row: Callable[[Cast], Model], name: str) -> Callable[[Cast], Request]:
    def request(cast: Cast) -> Request:
        found = row(cast)
        return page(type(found), name, found.pk), {"post": "yes"}

    return request


def _chosen(action: str, row: Callable[[Cast], User]) -> Callable[[Cast], Request]:
    """Return the list's action on one row of it."""

    def request(cast: Cast) -> Request:
        fields = {"action": action, "_selected_action": [str(row(cast).pk)], "index": "0", "post": "yes"}
        return page(User, "changelist"), fields

    return request


def _fresh(row: Model) -> Any:
    return type(row)._default_manager.get(pk=row.pk)


def _holds(user: Callable[[Cast], User], role: BuiltInAccountRole) -> Callable[[Cast], bool]:
    return lambda cast: AccountRoleMembership.objects.filter(
        user=user(cast), role__built_in=role.value
    ).exists()


def _role_row(user: Callable[[Cast], User]) -> Callable[[Cast], Model]:
    return lambda cast: AccountRoleMembership.objects.get(user=user(cast), source="manual")


def _employee(cast: Cast) -> User:
    return cast.acme.employee


def _peer(cast: Cast) -> User:
    return cast.peer


def _boss(cast: Cast) -> User:
    return cast.boss


def _granting(user: Callable[[Cast], User], role: BuiltInAccountRole) -> Callable[[Cast], Request]:
    return _row_added(
        user,
        "account_role_memberships",
        lambda cast: {"role": account_role_named(cast.acme.account, role).pk},
    )


def _people() -> list[FormChange]:
    """Names, addresses and status of a member, an account admin and an SSO account admin."""
    rows: list[FormChange] = []
    targets = (
        ("a member", _employee, ADMINS),
        ("an account admin", _peer, ADMINS),
        ("an SSO account admin", _boss, SSO_ADMINS),
    )
    for whom, user, allowed in targets:
        rows += [
            FormChange(
                f"e-mail of {whom}",
                allowed,
                lambda cast, user=user: _fresh(user(cast)).email == "x@acme.example",  # type: ignore[misc]
                "user.updated",
                _edited(user, email="x@acme.example"),
            ),
            FormChange(
                f"user name of {whom}",
                allowed,
                lambda cast, user=user: _fresh(user(cast)).user_name == "renamed",  # type: ignore[misc]
                "user.updated",
                _edited(user, user_name="renamed"),
            ),
            FormChange(
                f"disable {whom}",
                allowed,
                lambda cast, user=user: _fresh(user(cast)).disabled_at is not None,  # type: ignore[misc]
                "user.disabled",
                _pressed(user, "disable"),
            ),
            FormChange(
                f"disable {whom} from the list",
                allowed,
                lambda cast, user=user: _fresh(user(cast)).disabled_at is not None,  # type: ignore[misc]
                "user.disabled",
                _chosen("disable_selected", user),
            ),
            FormChange(
                f"end the sessions of {whom}",
                allowed,
                lambda cast, user=user: _fresh(user(cast)).session_epoch > user(cast).session_epoch,  # type: ignore[misc]
                "session.ended_all",
                _pressed(user, "end_sessions"),
            ),
            FormChange(
                f"remove {whom}",
                allowed,
                lambda cast, user=user: _fresh(user(cast)).deleted_at is not None,  # type: ignore[misc]
                "user.deleted",
                _pressed(user, "delete"),
            ),
        ]
    return rows


def _roles() -> list[FormChange]:
    return [
        FormChange(
            "grant SSO account admin",
            SSO_ADMINS,
            _holds(_employee, _SSO),
            "account_role.granted",
            _granting(_employee, _SSO),
        ),
        FormChange(
            "grant SSO account admin to an account admin",
            SSO_ADMINS,
            _holds(_peer, _SSO),
            "account_role.granted",
            _granting(_peer, _SSO),
        ),
        FormChange(
            "grant account admin",
            ADMINS,
            _holds(_employee, _ADMIN),
            "account_role.granted",
            _granting(_employee, _ADMIN),
        ),
        FormChange(
            "grant account admin to an SSO account admin",
            SSO_ADMINS,
            _holds(_boss, _ADMIN),
            "account_role.granted",
            _granting(_boss, _ADMIN),
        ),
        FormChange(
            "revoke account admin",
            ADMINS,
            lambda cast: not _holds(_peer, _ADMIN)(cast),
            "account_role.revoked",
            _row_removed(_peer, "account_role_memberships", _role_row(_peer)),
        ),
        FormChange(
            "revoke SSO account admin",
            SSO_ADMINS,
            lambda cast: not _holds(_boss, _SSO)(cast),
            "account_role.revoked",
            _row_removed(_boss, "account_role_memberships", _role_row(_boss)),
        ),
        FormChange(
            "grant a role without power",
            ADMINS,
            lambda cast: AccountRoleMembership.objects.filter(
                user=cast.acme.employee, role=cast.acme.account_role
            ).exists(),
            "account_role.granted",
            _row_added(
                _employee, "account_role_memberships", lambda cast: {"role": cast.acme.account_role.pk}
            ),
        ),
        FormChange(
            "make an account role",
            ADMINS,
            lambda cast: AccountRole.objects.for_account(cast.acme.account).filter(name="Auditor").exists(),
            "account_role.created",
            _added(AccountRole, lambda cast: {"account": cast.acme.account.pk, "name": "Auditor"}),
        ),
    ]


def _status() -> list[FormChange]:
    return [
        FormChange(
            "enable a member",
            ADMINS,
            lambda cast: _fresh(cast.blocked).disabled_at is None,
            "user.enabled",
            _pressed(lambda cast: cast.blocked, "enable"),
        ),
        FormChange(
            "enable an SSO account admin",
            SSO_ADMINS,
            lambda cast: _fresh(cast.blocked_boss).disabled_at is None,
            "user.enabled",
            _pressed(lambda cast: cast.blocked_boss, "enable"),
        ),
        FormChange(
            "let a removed person come back",
            ADMINS,
            lambda cast: _fresh(cast.gone).readmitted_at is not None,
            "user.readmitted",
            _pressed(lambda cast: cast.gone, "readmit"),
        ),
        FormChange(
            "end one session of an SSO account admin",
            SSO_ADMINS,
            lambda cast: UserSession.objects.get(pk=cast.session.pk).ended_at is not None,
            "session.ended",
            _pressed(lambda cast: cast.session, "end"),
        ),
        FormChange(
            "add a person",
            ADMINS,
            lambda cast: (
                User.objects.for_account(cast.acme.account).filter(user_name="new@acme.example").exists()
            ),
            "user.created",
            _added(User, lambda cast: {"in_account": cast.acme.account.pk, "user_name": "new@acme.example"}),
        ),
        FormChange(
            "approve another address for an SSO account admin",
            SSO_ADMINS,
            lambda cast: _fresh(cast.boss).email == "new@acme.example",
            "held_change.approved",
            _pressed(lambda cast: cast.held, "approve"),
        ),
        FormChange(
            "decline it",
            SSO_ADMINS,
            lambda cast: HeldChange.objects.get(pk=cast.held.pk).decided_at is not None,
            "held_change.declined",
            _pressed(lambda cast: cast.held, "decline"),
        ),
    ]


def _flags() -> list[FormChange]:
    """Nobody makes an operator, staff or a partner's admin of somebody by a form, nor gives a password or a proof."""

    def forged(name: str, seen: Callable[[User], bool], **fields: Any) -> FormChange:
        return FormChange(
            name,
            NOBODY,
            lambda cast: seen(_fresh(cast.acme.employee)),
            "user.updated",
            _edited(_employee, **fields),
        )

    return [
        forged("flag somebody operator", lambda user: user.kind == Kind.OPERATOR, kind="operator"),
        forged("flag somebody vendor staff", lambda user: user.kind == Kind.STAFF, kind="staff"),
        forged(
            "flag somebody partner admin", lambda user: user.kind == Kind.PARTNER_ADMIN, kind="partner_admin"
        ),
        forged(
            "give a password by a form",
            lambda user: user.check_password("mine-Mine-9"),
            password="mine-Mine-9",
        ),
        forged(
            "give a recovery address by a form",
            lambda user: user.recovery_email != "",
            recovery_email="x@evil.example",
        ),
        forged("give an externalId by a form", lambda user: user.external_id == "x", external_id="x"),
        forged("say what the directory says", lambda user: not user.directory_active, directory_active=""),
        FormChange(
            "disable vendor staff",
            OPERATORS,
            lambda cast: _fresh(cast.staff).disabled_at is not None,
            "user.disabled",
            _pressed(lambda cast: cast.staff, "disable"),
        ),
        FormChange(
            "remove vendor staff",
            OPERATORS,
            lambda cast: _fresh(cast.staff).deleted_at is not None,
            "user.deleted",
            _pressed(lambda cast: cast.staff, "delete"),
        ),
    ]


def _sign_in_settings() -> list[FormChange]:
    provider: Callable[[Cast], Model] = lambda cast: cast.acme.provider  # noqa: E731
    return [
        FormChange(
            "make a provider",
            SSO_ADMINS,
            lambda cast: IdentityProvider.objects.filter(slug="mine", account=cast.acme.account).exists(),
            "provider.created",
            _added(
                IdentityProvider,
                lambda cast: {
                    "account": cast.acme.account.pk,
                    "name": "Mine",
                    "slug": "mine",
                    "protocol": "oidc",
                    "vendor": "okta",
                },
            ),
        ),
        FormChange(
            "change a provider",
            SSO_ADMINS,
            lambda cast: _fresh(cast.acme.provider).name == "Mine",
            "provider.updated",
            _edited(provider, name="Mine"),
        ),
        FormChange(
            "change a provider's claim names",
            SSO_ADMINS,
            lambda cast: _fresh(cast.acme.provider).claim_names == {"email": "mail"},
            "provider.updated",
            _edited(provider, claim_names='{"email": "mail"}'),
        ),
        FormChange(
            "disable a provider",
            SSO_ADMINS,
            lambda cast: _fresh(cast.acme.provider).state != State.ENABLED,
            "provider.disabled",
            _pressed(provider, "disable"),
        ),
        FormChange(
            "change a provider above accounts",
            OPERATORS,
            lambda cast: _fresh(cast.shared).name == "Mine",
            "provider.updated",
            _edited(lambda cast: cast.shared, name="Mine"),
        ),
        FormChange(
            "allow a provider from above",
            SSO_ADMINS,
            lambda cast: ProviderGrant.objects.filter(account=cast.acme.account).exists(),
            "provider.granted",
            _added(ProviderGrant, lambda cast: {"account": cast.acme.account.pk, "provider": cast.shared.pk}),
        ),
        FormChange(
            "add an e-mail domain",
            OPERATORS,
            lambda cast: EmailDomain.objects.filter(domain="mine.example").exists(),
            "account.domain_verified",
            _row_added(
                lambda cast: cast.acme.account, "email_domains", lambda cast: {"domain": "mine.example"}
            ),
        ),
        FormChange(
            "make an e-mail domain that waits for its proof",
            SSO_ADMINS,
            lambda cast: (
                EmailDomain.objects.for_account(cast.acme.account).filter(domain="mine.example").exists()
            ),
            "account.domain_claimed",
            _added(EmailDomain, lambda cast: {"account": cast.acme.account.pk, "domain": "mine.example"}),
        ),
        FormChange(
            "vouch for an e-mail domain",
            OPERATORS,
            lambda cast: EmailDomain.objects.get(pk=cast.waiting_domain.pk).verified_at is not None,
            "account.domain_verified",
            _pressed(lambda cast: cast.waiting_domain, "vouch"),
        ),
        FormChange(
            "withdraw an e-mail domain",
            SSO_ADMINS,
            lambda cast: not EmailDomain.objects.filter(pk=cast.waiting_domain.pk).exists(),
            "account.domain_withdrawn",
            _pressed(lambda cast: cast.waiting_domain, "withdraw"),
        ),
        FormChange(
            "add a host name",
            OPERATORS,
            lambda cast: AccountHostName.objects.filter(host="mine.example").exists(),
            "account.host_verified",
            _row_added(
                lambda cast: cast.acme.account,
                "host_names",
                lambda cast: {"host": "mine.example", "position": 0},
            ),
        ),
        FormChange(
            "make an API token",
            ADMINS,
            lambda cast: ApiToken.objects.for_account(cast.acme.account).filter(name="Mine").exists(),
            "api_token.created",
            _added(
                ApiToken,
                lambda cast: {
                    "account": cast.acme.account.pk,
                    "name": "Mine",
                    "expires_at_0": "",
                    "expires_at_1": "",
                },
            ),
        ),
        FormChange(
            "revoke an API token",
            ADMINS,
            lambda cast: _fresh(cast.token).revoked_at is not None,
            "api_token.revoked",
            _pressed(lambda cast: cast.token, "revoke"),
        ),
        FormChange(
            "make an OAuth client",
            ADMINS,
            lambda cast: OAuthClient.objects.for_account(cast.acme.account).filter(name="Mine").exists(),
            "oauth_client.created",
            _added(OAuthClient, lambda cast: {"account": cast.acme.account.pk, "name": "Mine"}),
        ),
        FormChange(
            "revoke an OAuth client",
            ADMINS,
            lambda cast: _fresh(cast.client).revoked_at is not None,
            "oauth_client.revoked",
            _pressed(lambda cast: cast.client, "revoke"),
        ),
    ]


def _account() -> list[FormChange]:
    account: Callable[[Cast], Model] = lambda cast: cast.acme.account  # noqa: E731
    return [
        FormChange(
            "rename the account",
            ADMINS,
            lambda cast: _fresh(cast.acme.account).name == "Mine",
            "account.updated",
            _edited(account, name="Mine"),
        ),
        FormChange(
            "switch the SSO module off",
            OPERATORS,
            lambda cast: not _fresh(cast.acme.account).sso_module,
            "account.updated",
            _edited(account, sso_module=""),
        ),
        FormChange(
            "take the account from its partner",
            OPERATORS,
            lambda cast: _fresh(cast.acme.account).partner_id is None,
            "account.updated",
            _edited(account, partner=""),
        ),
        FormChange(
            "switch the policy by a form",
            NOBODY,
            lambda cast: _fresh(cast.acme.account).sso_policy != "optional",
            "account.updated",
            _edited(account, sso_policy="mandatory"),
        ),
        FormChange(
            "make an account",
            OPERATORS,
            lambda cast: Account.objects.filter(slug="mine").exists(),
            "account.created",
            _added(Account, lambda cast: {"name": "Mine", "slug": "mine", "partner": "", "region": ""}),
        ),
        FormChange(
            "make a partner",
            OPERATORS,
            lambda cast: Partner.objects.filter(slug="mine").exists(),
            "partner.created",
            _added(Partner, lambda cast: {"name": "Mine", "slug": "mine"}),
        ),
        FormChange(
            "rename the partner",
            OPERATORS,
            lambda cast: _fresh(cast.partner).name == "Mine",
            "partner.updated",
            _edited(lambda cast: cast.partner, name="Mine"),
        ),
        FormChange(
            "make a partner key",
            OPERATORS,
            lambda cast: PartnerKey.objects.filter(partner=cast.partner).count() > 1,
            "partner.key",
            _added(PartnerKey, lambda cast: {"partner": cast.partner.pk, "overlap_days": 3}),
        ),
        FormChange(
            "revoke a partner key",
            OPERATORS,
            lambda cast: not PartnerKey.objects.filter(pk=cast.key.pk, expires_at=None).exists(),
            "partner.key",
            _pressed(lambda cast: cast.key, "revoke"),
        ),
    ]


def _access() -> list[FormChange]:
    group: Callable[[Cast], Model] = lambda cast: cast.acme.group  # noqa: E731

    def lab(cast: Cast) -> Fields:
        return {"space": cast.acme.space.pk, "role": cast.acme.space_role.pk}

    return [
        FormChange(
            "make a group",
            ADMINS,
            lambda cast: Group.objects.for_account(cast.acme.account).filter(name="Mine").exists(),
            "group.created",
            _added(Group, lambda cast: {"account": cast.acme.account.pk, "name": "Mine"}),
        ),
        FormChange(
            "map a group",
            ADMINS,
            lambda cast: _fresh(cast.acme.group).idp_identifier == "mine",
            "group.updated",
            _edited(group, idp_identifier="mine"),
        ),
        FormChange(
            "delete a group",
            ADMINS,
            lambda cast: not Group.objects.filter(pk=cast.acme.group.pk).exists(),
            "group.deleted",
            _pressed(group, "delete"),
        ),
        FormChange(
            "put somebody into a group",
            ADMINS,
            lambda cast: GroupMembership.objects.filter(user=cast.peer).exists(),
            "group.member",
            _row_added(_peer, "group_memberships", lambda cast: {"group": cast.acme.group.pk}),
        ),
        FormChange(
            "let a group grant a space",
            ADMINS,
            lambda cast: GroupSpaceRole.objects.filter(group=cast.acme.mapped_group).exists(),
            "group.grant",
            _row_added(lambda cast: cast.acme.mapped_group, "space_grants", lab),
        ),
        FormChange(
            "make a space",
            ADMINS,
            lambda cast: Space.objects.for_account(cast.acme.account).filter(name="Mine").exists(),
            "space.created",
            _added(Space, lambda cast: {"account": cast.acme.account.pk, "name": "Mine"}),
        ),
        FormChange(
            "make a space role",
            ADMINS,
            lambda cast: SpaceRole.objects.for_account(cast.acme.account).filter(name="Mine").exists(),
            "space_role.created",
            _added(SpaceRole, lambda cast: {"account": cast.acme.account.pk, "name": "Mine"}),
        ),
        FormChange(
            "give a role in a space",
            ADMINS,
            lambda cast: SpaceMembership.objects.filter(user=cast.peer).exists(),
            "space_role.granted",
            _row_added(_peer, "space_memberships", lab),
        ),
        FormChange(
            "give an SSO account admin a role in a space",
            SSO_ADMINS,
            lambda cast: SpaceMembership.objects.filter(user=cast.boss).exists(),
            "space_role.granted",
            _row_added(_boss, "space_memberships", lab),
        ),
        FormChange(
            "give a guest a role in a space",
            ADMINS,
            lambda cast: GuestSpaceRole.objects.filter(access=cast.guest).exists(),
            "guest.role_granted",
            _row_added(lambda cast: cast.guest, "space_roles", lab),
        ),
        FormChange(
            "give a guest an account role",
            ADMINS,
            lambda cast: GuestAccountRole.objects.filter(access=cast.guest).exists(),
            "guest.role_granted",
            _row_added(
                lambda cast: cast.guest, "account_roles", lambda cast: {"role": cast.acme.account_role.pk}
            ),
        ),
        FormChange(
            "give a guest an admin role",
            NOBODY,
            lambda cast: GuestAccountRole.objects.filter(access=cast.guest).exists(),
            "guest.role_granted",
            _row_added(
                lambda cast: cast.guest,
                "account_roles",
                lambda cast: {"role": account_role_named(cast.acme.account, _ADMIN).pk},
            ),
        ),
        FormChange(
            "end a guest's access",
            ADMINS,
            lambda cast: GuestAccess.objects.get(pk=cast.guest.pk).ended_at is not None,
            "guest.ended",
            _pressed(lambda cast: cast.guest, "end"),
        ),
    ]


CHANGES: tuple[FormChange, ...] = (
    *_people(),
    *_roles(),
    *_status(),
    *_flags(),
    *_sign_in_settings(),
    *_account(),
    *_access(),
)
