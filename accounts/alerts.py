"""Whom a mail goes to when an account's single sign-on needs somebody."""

from __future__ import annotations

from accounts.models import Account, AccountRoleMembership, BuiltInAccountRole, Kind, User


def sso_admin_addresses(account: Account | None) -> list[str]:
    """Return the addresses of the account's SSO account admins who may sign in; the operators' when there is none.

    ``None`` stands for what is above accounts, which is the operators'.
    """
    told: set[str] = set()
    if account is not None:
        admins = AccountRoleMembership.objects.for_account(account).filter(
            role__built_in=BuiltInAccountRole.SSO_ACCOUNT_ADMIN
        )
        able = User.objects.for_account(account).able_to_sign_in().exclude(email="")
        told = set(able.filter(pk__in=admins.values("user")).values_list("email", flat=True))
    if not told:
        operators = User.objects.able_to_sign_in().filter(kind=Kind.OPERATOR).exclude(email="")
        told = set(operators.values_list("email", flat=True))
    return sorted(told)
