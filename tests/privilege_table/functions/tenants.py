"""What belongs to an account or a partner: names, policy, credentials (V-6, V-8)."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from accounts import lifecycle
from accounts.models import Account, EmailDomain, User
from console import sign_in_policy
from scim.oauth import clients
from sso.models import IdentityProvider
from tests.privilege_table.cast import Cast, Role
from tests.privilege_table.functions.calls import ADMINS, NOBODY, OPERATORS, SSO_ADMINS, Call, Given
from tests.worlds import add_identity


def _account(**values: Any) -> Given:
    return lambda cast: {"account": cast.acme.account, **values}


def _setting(**values: Any) -> Given:
    return _account(values=values)


def proven(cast: Cast) -> dict[str, Any]:
    """Let single sign-on be seen to work, and both acting admins come by it (L-8)."""
    provider = cast.acme.provider
    IdentityProvider.objects.filter(pk=provider.pk).update(proven_version=provider.version)
    for role in (Role.SSO_ADMIN, Role.ACCOUNT_ADMIN):
        add_identity(User.objects.get(pk=cast.people[role].pk), provider)
    return {"account": cast.acme.account}


def mandatory(cast: Cast) -> dict[str, Any]:
    Account.objects.filter(pk=cast.acme.account.pk).update(sso_policy="mandatory")
    return {"account": cast.acme.account}


def _personal_token(role: Role) -> Given:
    def given(cast: Cast) -> dict[str, Any]:
        user = cast.people[role]
        token, _ = lifecycle.create_personal_token(user=user, actor=cast.actor(role), name="mine")
        return {"token": token}

    return given


_NAMES: tuple[Call, ...] = (
    Call(
        "verify a domain by word",
        OPERATORS,
        lifecycle.verify_domain,
        _account(domain="mine.example", method=EmailDomain.Method.OPERATOR),
        "account.domain_verified",
    ),
    Call(
        "verify a domain by DNS",
        SSO_ADMINS,
        lifecycle.verify_domain,
        _account(domain="mine.example", method=EmailDomain.Method.DNS),
        "account.domain_verified",
    ),
    Call(
        "name a domain",
        SSO_ADMINS,
        lifecycle.claim_domain,
        _account(domain="mine.example"),
        "account.domain_claimed",
    ),
    Call(
        "withdraw a domain",
        SSO_ADMINS,
        lifecycle.withdraw_domain,
        lambda cast: {"domain": cast.things.waiting_domain},
        "account.domain_withdrawn",
    ),
    Call(
        "prove a domain",
        NOBODY,
        lifecycle.prove_domain,
        lambda cast: {"domain": cast.things.waiting_domain},
        "",
        but=SSO_ADMINS,  # whose answer is the DNS's
    ),
    Call(
        "verify a host name",
        OPERATORS,
        lifecycle.verify_host_name,
        _account(host="mine.example"),
        "account.host_verified",
    ),
    Call(
        "switch the policy",
        SSO_ADMINS,
        lifecycle.update_account,
        _setting(sso_policy="mandatory"),
        "account.",
    ),
    Call(
        "require single sign-on",
        SSO_ADMINS,
        sign_in_policy.require_single_sign_on,
        proven,
        "account.updated",
    ),
    Call("allow passwords", SSO_ADMINS, sign_in_policy.allow_passwords, mandatory, "account.updated"),
    Call(
        "switch authorization",
        SSO_ADMINS,
        lifecycle.update_account,
        _setting(sso_authorization=True),
        "account.updated",
    ),
    Call(
        "switch the module",
        OPERATORS,
        lifecycle.update_account,
        _setting(sso_module=False),
        "account.updated",
    ),
    Call(
        "say that single sign-on works",
        NOBODY,
        lifecycle.update_account,
        _setting(sso_ready=False),
        "account.updated",
        code="account.invalid",
    ),
    Call(
        "close the account",
        OPERATORS,
        lifecycle.update_account,
        _setting(closed_at=timezone.now()),
        "account.updated",
    ),
    Call("rename the account", ADMINS, lifecycle.update_account, _setting(name="Mine"), "account.updated"),
    Call(
        "hold mass removals",
        ADMINS,
        lifecycle.update_account,
        _setting(hold_above_number=5),
        "account.updated",
    ),
    Call(
        "make an account",
        OPERATORS,
        lifecycle.create_account,
        lambda cast: {"slug": "mine", "name": "Mine"},
        "account.created",
    ),
    Call(
        "make a partner",
        OPERATORS,
        lifecycle.create_partner,
        lambda cast: {"slug": "mine", "name": "Mine"},
        "partner.created",
    ),
    Call(
        "rename a partner",
        OPERATORS,
        lifecycle.rename_partner,
        lambda cast: {"partner": cast.partner, "name": "Mine"},
        "partner.updated",
    ),
    Call(
        "add a partner key",
        OPERATORS,
        lifecycle.add_partner_key,
        lambda cast: {"partner": cast.partner, "api_key": "0" * 32},
        "partner.key_added",
    ),
    Call(
        "replace a partner key",
        OPERATORS,
        lifecycle.rotate_partner_key,
        lambda cast: {"partner": cast.partner},
        "partner.key",
    ),
    Call(
        "revoke a partner key",
        OPERATORS,
        lifecycle.revoke_partner_key,
        lambda cast: {"key": cast.things.key},
        "partner.key_revoked",
    ),
)

# A directory may deactivate and remove admins, so who makes its credentials stands as high as the highest of them.
_CREDENTIALS: tuple[Call, ...] = (
    Call("make an API token", SSO_ADMINS, lifecycle.create_api_token, _account(name="Mine"), "api_token."),
    Call(
        "revoke an API token",
        ADMINS,
        lifecycle.revoke_api_token,
        lambda cast: {"token": cast.things.token},
        "api_token.revoked",
    ),
    Call(
        "revoke a member's own token",
        ADMINS | {Role.MEMBER.value},
        lifecycle.revoke_api_token,
        _personal_token(Role.MEMBER),
        "api_token.revoked",
    ),
    Call(
        "revoke an SSO account admin's own token",
        SSO_ADMINS,
        lifecycle.revoke_api_token,
        _personal_token(Role.SSO_ADMIN),
        "api_token.revoked",
    ),
    Call("make an OAuth client", SSO_ADMINS, clients.create_client, _account(name="Mine"), "oauth_client."),
    Call(
        "add a secret",
        SSO_ADMINS,
        clients.add_secret,
        lambda cast: {"client": cast.things.client},
        "oauth_client.secret_added",
    ),
    Call(
        "set a client's keys",
        SSO_ADMINS,
        clients.set_public_keys,
        lambda cast: {"client": cast.things.client, "public_keys": PUBLIC_KEYS},
        "oauth_client.keys_changed",
    ),
    Call(
        "revoke a secret",
        ADMINS,
        clients.revoke_secret,
        lambda cast: {"secret": cast.things.secret},
        "oauth_client.secret_revoked",
    ),
    Call(
        "revoke an OAuth client",
        ADMINS,
        clients.revoke_client,
        lambda cast: {"client": cast.things.client},
        "oauth_client.revoked",
    ),
)

PUBLIC_KEYS = """{"keys": [{"kty": "EC", "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"""

CALLS: tuple[Call, ...] = (*_NAMES, *_CREDENTIALS)
