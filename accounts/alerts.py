"""Whom a mail goes to when an account's single sign-on needs somebody."""

from __future__ import annotations

from accounts.models import Account, AccountRoleMembership, BuiltInAccountRole, Kind, User


def admin_addresses(account: Account) -> list[str]:
    """Return the addresses of all admins of the account who may sign in; the operators' when there is none."""
    roles = (BuiltInAccountRole.ACCOUNT_ADMIN, BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    return _addresses_of(account, *roles) or _operators()


def sso_admin_addresses(account: Account | None) -> list[str]:
    """Return the addresses of the account's SSO account admins who may sign in; the operators' when there is none.

    ``None`` stands for what is above accounts, which is the operators'.
    """
    own = [] if account is None else _addresses_of(account, BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    return own or _operators()


def _addresses_of(account: Account, *roles: BuiltInAccountRole) -> list[str]:
    admins = AccountRoleMembership.objects.for_account(account).filter(role__built_in__in=roles)
    able = User.objects.for_account(account).able_to_sign_in().exclude(email="")
    return sorted(set(able.filter(pk__in=admins.values("user")).values_list("email", flat=True)))


def _operators() -> list[str]:
    operators = User.objects.able_to_sign_in().filter(kind=Kind.OPERATOR).exclude(email="")
    return sorted(set(operators.values_list("email", flat=True)))
