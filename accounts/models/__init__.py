"""The tables of ``accounts``, one file a subject."""

from accounts.models.account import Account, AccountHostName, EmailDomain, Partner, PartnerKey, SsoPolicy
from accounts.models.credential import ApiToken, Invitation, InvitationPurpose, TokenPermission
from accounts.models.departure import Departure
from accounts.models.factor import FactorKind, RecoveryCode, SecondFactor, SecondStep
from accounts.models.group import Group, GroupMembership
from accounts.models.held import HeldChange
from accounts.models.mailed_link import LinkPurpose, MailedLink
from accounts.models.person import Kind, Status, User, UserManager
from accounts.models.role import AccountRole, AccountRoleMembership, BuiltInAccountRole, GuestAccess
from accounts.models.session import EndReason, UserSession
from accounts.models.sighting import GroupSighting, SeenGroup

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
    "FactorKind",
    "Group",
    "GroupMembership",
    "GroupSighting",
    "GuestAccess",
    "HeldChange",
    "Invitation",
    "InvitationPurpose",
    "Kind",
    "LinkPurpose",
    "MailedLink",
    "Partner",
    "PartnerKey",
    "RecoveryCode",
    "SecondFactor",
    "SecondStep",
    "SeenGroup",
    "SsoPolicy",
    "Status",
    "TokenPermission",
    "User",
    "UserManager",
    "UserSession",
]
