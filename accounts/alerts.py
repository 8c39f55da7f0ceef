"""Whom a mail goes to when an account's single sign-on needs somebody."""

from __future__ import annotations

from accounts.models import Account, AccountRoleMembership, BuiltInAccountRole, Kind, User
from accounts.models.person import UserQuerySet


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


def other_sso_admin_addresses(user: User) -> list[str]:
    """Return whom to tell of what an SSO account admin did past SSO: the account's others, else the operators."""
    own: list[str] = []
    if user.account is not None:
        others = sso_admins(user.account).exclude(pk=user.pk).exclude(email="")
        own = sorted(set(others.values_list("email", flat=True)))
    return own or _operators()


def sso_admins(account: Account) -> UserQuerySet:
    """Return the account's SSO account admins who may sign in."""
    return _holders(account, BuiltInAccountRole.SSO_ACCOUNT_ADMIN)


def _holders(account: Account, *roles: BuiltInAccountRole) -> UserQuerySet:
    held = AccountRoleMembership.objects.for_account(account).filter(role__built_in__in=roles)
    able: UserQuerySet = User.objects.for_account(account).able_to_sign_in()
    return able.filter(pk__in=held.values("user"))


def _addresses_of(account: Account, *roles: BuiltInAccountRole) -> list[str]:
    rows = _holders(account, *roles).exclude(email="")
    return sorted(set(rows.values_list("email", flat=True)))


def _operators() -> list[str]:
    operators = User.objects.able_to_sign_in().filter(kind=Kind.OPERATOR).exclude(email="")
    return sorted(set(operators.values_list("email", flat=True)))
