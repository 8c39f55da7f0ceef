"""How the things of ``accounts`` are named in the audit trail."""

from __future__ import annotations

from accounts.models import (
    Account,
    AccountRole,
    ApiToken,
    Group,
    GuestAccess,
    Invitation,
    Partner,
    User,
)
from audit.recorder import Subject


def of_user(user: User) -> Subject:
    """A person."""
    return Subject(
        "user", str(user.pk), user.user_name, account_id=user.account_id, partner_id=user.partner_id
    )


def of_account(account: Account) -> Subject:
    """An account; its partner sees the event too."""
    return Subject(
        "account", str(account.pk), account.slug, account_id=account.pk, partner_id=account.partner_id
    )


def of_partner(partner: Partner) -> Subject:
    """A partner."""
    return Subject("partner", str(partner.pk), partner.slug, partner_id=partner.pk)


def of_account_role(role: AccountRole) -> Subject:
    """An account role."""
    return Subject("account_role", str(role.pk), role.name, account_id=role.account_id)


def of_group(group: Group) -> Subject:
    """A group."""
    return Subject("group", str(group.pk), group.name, account_id=group.account_id)


def of_token(token: ApiToken) -> Subject:
    """An API token, named by its look-up part, which is no secret."""
    return Subject("api_token", str(token.pk), f"{token.name} ({token.lookup})", account_id=token.account_id)


def of_invitation(invitation: Invitation) -> Subject:
    """An invitation, named by its address."""
    return Subject("invitation", str(invitation.pk), invitation.email, account_id=invitation.account_id)


def of_guest_access(access: GuestAccess) -> Subject:
    """A guest, in the trail of the account that they come to."""
    return Subject("guest", str(access.pk), access.user.user_name, account_id=access.account_id)
