"""Accounts, partners and credentials on the admin's pages (V-6, V-8)."""

from __future__ import annotations

from typing import Any

from accounts.models import (
    Account,
    AccountHostName,
    ApiToken,
    EmailDomain,
    LinkPurpose,
    MailedLink,
    Partner,
    PartnerKey,
)
from foundation.models import OutboxMessage
from scim.models import OAuthClient, OAuthClientSecret
from tests.privilege_table.cast import Cast, Role
from tests.privilege_table.functions import mapping, oneself, tenants
from tests.privilege_table.pages.forms import (
    ADMINS,
    NOBODY,
    OPERATORS,
    SSO_ADMINS,
    FormChange,
    added,
    edited,
    fresh,
    gone,
    pressed,
    row_added,
)


def _account(cast: Cast) -> Account:
    return cast.acme.account


def _partner(cast: Cast) -> Partner:
    return cast.partner


def _setting(name: str, allowed: frozenset[Any], field: str, typed: Any, stored: Any) -> FormChange:
    return FormChange(
        name,
        allowed,
        lambda cast: getattr(fresh(_account(cast)), field) == stored,
        "account.updated",
        edited(_account, **{field.removesuffix("_id"): typed}),
    )


def _is(field: str, value: object) -> Any:
    return lambda cast: getattr(fresh(_account(cast)), field) == value


_ACCOUNTS: tuple[FormChange, ...] = (
    _setting("rename the account", ADMINS, "name", "Mine", "Mine"),
    _setting("hold mass removals", ADMINS, "hold_above_number", "5", 5),
    _setting("switch the SSO module off", OPERATORS, "sso_module", "", False),
    _setting("take the account from its partner", OPERATORS, "partner_id", "", None),
    _setting("switch the policy by a form", NOBODY, "sso_policy", "mandatory", "mandatory"),
    _setting("switch authorization by a form", NOBODY, "sso_authorization", "on", True),
    FormChange(
        "require single sign-on",
        SSO_ADMINS,
        _is("sso_policy", "mandatory"),
        "account.updated",
        pressed(_account, "require_sso"),
        prepare=tenants.proven,
    ),
    FormChange(
        "allow passwords",
        SSO_ADMINS,
        _is("sso_policy", "optional"),
        "account.updated",
        pressed(_account, "allow_passwords"),
        prepare=tenants.mandatory,
    ),
    FormChange(
        "authorization on",
        SSO_ADMINS,
        _is("sso_authorization", True),
        "account.updated",
        pressed(_account, "enable_authorization"),
        prepare=mapping.switching_on,
    ),
    FormChange(
        "authorization off",
        SSO_ADMINS,
        _is("sso_authorization", False),
        "account.updated",
        pressed(_account, "disable_authorization"),
        prepare=mapping.authorized,
    ),
    FormChange(
        "apply mapping roles now",
        SSO_ADMINS,
        lambda cast: OutboxMessage.objects.filter(kind="sso.apply_roles").exists(),
        "access.apply_roles",
        pressed(_account, "apply_roles"),
        prepare=mapping.authorized,
    ),
    FormChange(
        "recovery drill",
        frozenset({Role.SSO_ADMIN}),
        lambda cast: MailedLink.objects.filter(purpose=LinkPurpose.DRILL).exists(),
        "recovery_drill.sent",
        pressed(_account, "recovery_drill"),
        prepare=oneself.with_address,
    ),
    FormChange(
        "make an account",
        OPERATORS,
        lambda cast: Account.objects.filter(slug="mine").exists(),
        "account.created",
        added(Account, lambda cast: {"name": "Mine", "slug": "mine", "partner": "", "region": ""}),
    ),
    FormChange(
        "add an e-mail domain",
        OPERATORS,
        lambda cast: EmailDomain.objects.filter(domain="mine.example").exists(),
        "account.domain_verified",
        row_added(_account, "email_domains", lambda cast: {"domain": "mine.example"}),
    ),
    FormChange(
        "make an e-mail domain that waits for its proof",
        SSO_ADMINS,
        lambda cast: EmailDomain.objects.for_account(_account(cast)).filter(domain="mine.example").exists(),
        "account.domain_claimed",
        added(EmailDomain, lambda cast: {"account": _account(cast).pk, "domain": "mine.example"}),
    ),
    FormChange(
        "vouch for an e-mail domain",
        OPERATORS,
        lambda cast: fresh(cast.things.waiting_domain).verified_at is not None,
        "account.domain_verified",
        pressed(lambda cast: cast.things.waiting_domain, "vouch"),
    ),
    FormChange(
        "withdraw an e-mail domain",
        SSO_ADMINS,
        gone(lambda cast: cast.things.waiting_domain),
        "account.domain_withdrawn",
        pressed(lambda cast: cast.things.waiting_domain, "withdraw"),
    ),
    FormChange(
        "add a host name",
        OPERATORS,
        lambda cast: AccountHostName.objects.filter(host="mine.example").exists(),
        "account.host_verified",
        row_added(_account, "host_names", lambda cast: {"host": "mine.example", "position": 0}),
    ),
)

_PARTNERS: tuple[FormChange, ...] = (
    FormChange(
        "make a partner",
        OPERATORS,
        lambda cast: Partner.objects.filter(slug="mine").exists(),
        "partner.created",
        added(Partner, lambda cast: {"name": "Mine", "slug": "mine"}),
    ),
    FormChange(
        "rename the partner",
        OPERATORS,
        lambda cast: fresh(cast.partner).name == "Mine",
        "partner.updated",
        edited(_partner, name="Mine"),
    ),
    FormChange(
        "make a partner key",
        OPERATORS,
        lambda cast: PartnerKey.objects.filter(partner=cast.partner).count() > 1,
        "partner.key",
        added(PartnerKey, lambda cast: {"partner": cast.partner.pk, "overlap_days": 3}),
    ),
    FormChange(
        "revoke a partner key",
        OPERATORS,
        lambda cast: fresh(cast.things.key).expires_at is not None,
        "partner.key",
        pressed(lambda cast: cast.things.key, "revoke"),
    ),
)

_CREDENTIALS: tuple[FormChange, ...] = (
    FormChange(
        "make an API token",
        SSO_ADMINS,
        lambda cast: ApiToken.objects.for_account(_account(cast)).filter(name="Mine").exists(),
        "api_token.created",
        added(
            ApiToken,
            lambda cast: {
                "account": _account(cast).pk,
                "name": "Mine",
                "expires_at_0": "",
                "expires_at_1": "",
            },
        ),
    ),
    FormChange(
        "revoke an API token",
        ADMINS,
        lambda cast: fresh(cast.things.token).revoked_at is not None,
        "api_token.revoked",
        pressed(lambda cast: cast.things.token, "revoke"),
    ),
    FormChange(
        "make an OAuth client",
        SSO_ADMINS,
        lambda cast: OAuthClient.objects.for_account(_account(cast)).filter(name="Mine").exists(),
        "oauth_client.created",
        added(OAuthClient, lambda cast: {"account": _account(cast).pk, "name": "Mine"}),
    ),
    FormChange(
        "set the keys of an OAuth client",
        SSO_ADMINS,
        lambda cast: fresh(cast.things.client).public_keys != "",
        "oauth_client.keys_changed",
        edited(lambda cast: cast.things.client, public_keys=tenants.PUBLIC_KEYS),
    ),
    FormChange(
        "add a secret to an OAuth client",
        SSO_ADMINS,
        lambda cast: OAuthClientSecret.objects.filter(client=cast.things.client).count() > 1,
        "oauth_client.secret_added",
        added(
            OAuthClientSecret,
            lambda cast: {"client": cast.things.client.pk, "expires_at_0": "", "expires_at_1": ""},
        ),
    ),
    FormChange(
        "revoke a secret",
        ADMINS,
        lambda cast: fresh(cast.things.secret).revoked_at is not None,
        "oauth_client.secret_revoked",
        pressed(lambda cast: cast.things.secret, "revoke"),
    ),
    FormChange(
        "revoke an OAuth client",
        ADMINS,
        lambda cast: fresh(cast.things.client).revoked_at is not None,
        "oauth_client.revoked",
        pressed(lambda cast: cast.things.client, "revoke"),
    ),
)


CHANGES: tuple[FormChange, ...] = (*_ACCOUNTS, *_PARTNERS, *_CREDENTIALS)
