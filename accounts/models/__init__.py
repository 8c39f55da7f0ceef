"""The tables of ``accounts``, one file a subject."""

from accounts.models.account import Account, AccountHostName, EmailDomain, Partner, PartnerKey, SsoPolicy
from accounts.models.credential import ApiToken, Invitation, InvitationPurpose, TokenPermission
from accounts.models.departure import Departure
from accounts.models.group import Group, GroupMembership
from accounts.models.held import HeldChange
from accounts.models.person import Kind, Status, User, UserManager
from accounts.models.role import AccountRole, AccountRoleMembership, BuiltInAccountRole, GuestAccess
from accounts.models.session import EndReason, UserSession

__all__ = [
    "Account",
    "AccountHostName",
    "AccountRole",
    "AccountRoleMembership",
    "ApiToken",
    "BuiltInAccountRole",
    "Departure",
    "EmailDomain",
    "EndReason",
    "Group",
    "GroupMembership",
    "GuestAccess",
    "HeldChange",
    "Invitation",
    "InvitationPurpose",
    "Kind",
    "Partner",
    "PartnerKey",
    "SsoPolicy",
    "Status",
    "TokenPermission",
    "User",
    "UserManager",
    "UserSession",
]
