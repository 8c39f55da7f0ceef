"""Whom a mail goes to when an account's single sign-on needs somebody."""

from __future__ import annotations

from accounts.models import Account, AccountRoleMembership, BuiltInAccountRole, Kind, User
from accounts.models.person import UserQuerySet


def sso_admin_addresses(account: Account | None) -> list[str]:
    """Return the addresses of the account's SSO account admins who may sign in; the operators' when there is none.

    ``None`` stands for what is above accounts, which is the operators'.
    """
    told: set[str] = set()
    if account is not None:
        told = set(sso_admins(account).exclude(email="").values_list("email", flat=True))
    return sorted(told or _operators())


def other_sso_admin_addresses(user: User) -> list[str]:
    """Return whom to tell of what an SSO account admin did past SSO: the account's others, else the operators."""
    told: set[str] = set()
    if user.account is not None:
        others = sso_admins(user.account).exclude(pk=user.pk).exclude(email="")
        told = set(others.values_list("email", flat=True))
    return sorted(told or _operators())


def sso_admins(account: Account) -> UserQuerySet:
    """Return the account's SSO account admins who may sign in."""
    held = AccountRoleMembership.objects.for_account(account).filter(
        role__built_in=BuiltInAccountRole.SSO_ACCOUNT_ADMIN
    )
    able: UserQuerySet = User.objects.for_account(account).able_to_sign_in()
    return able.filter(pk__in=held.values("user"))


def _operators() -> set[str]:
    operators = User.objects.able_to_sign_in().filter(kind=Kind.OPERATOR).exclude(email="")
    return set(operators.values_list("email", flat=True))
