"""The only code that changes a person (design rule 2).

Every function is keyword-only, takes the ``actor``, runs in one transaction, checks privilege (V-8), writes an audit
event with old and new values, and leaves effects (mail, alerts) in the outbox. Admin, SCIM, sign-in and the
configuration file all come through here, so they differ in no effect. A refusal is an ``audit.refusals.Refused``.

    people      create, update, provision from a directory
    holding     what a directory asks to change on an admin, kept
    held        approve or decline that
    status      deactivate and reactivate (directory), disable and enable (admin), delete, readmit
    departures  deletions that wait because many people leave at once
    sessions    open, end one, end all
    passwords   set, make unusable
    recovery_address  asked for, confirmed, removed, by the person alone
    mailed_links  one-time links by mail
    factors     second factors: add, use, remove, reset
    roles       account roles
    groups      groups and their members
    inviting    invitations by mail: made, sent again, revoked
    accepting   invitations accepted, as a member or as a guest
    guests      guests of an account: entered, left, ended
    tokens      API tokens, of accounts and of people
    tenants     partners, accounts, host names, e-mail domains
    domains     e-mail domains claimed, and proven by DNS
    partner_keys  keys of partners: made, replaced with overlap, revoked
"""

from accounts.lifecycle.accepting import (
    InvitationOver,
    NotInvited,
    accept_as_guest,
    accept_invitation,
    find_invitation,
    is_meant,
)
from accounts.lifecycle.departures import (
    DepartureDecided,
    NameTakenMeanwhile,
    carry_out_departure,
    restore_departed,
)
from accounts.lifecycle.domains import claim_domain, prove_domain, withdraw_domain
from accounts.lifecycle.factors import reset_factors
from accounts.lifecycle.groups import (
    GroupConflict,
    InvalidGroup,
    ReadOnlyMembership,
    create_group,
    delete_group,
    set_directory_members,
    set_group_membership,
    update_group,
)
from accounts.lifecycle.guests import EntryRefused, end_guest_access, enter_account, leave_account
from accounts.lifecycle.held import AlreadyDecided, ChangeStale, approve_held_change, decline_held_change
from accounts.lifecycle.holding import ChangeHeld, keep_held_change
from accounts.lifecycle.inviting import (
    AlreadyHere,
    InvitationRefused,
    MustUseSso,
    TooManyInvitations,
    invite_person,
    resend_invitation,
    revoke_invitation,
)
from accounts.lifecycle.leaving import is_last_admin
from accounts.lifecycle.partner_keys import (
    InvalidOverlap,
    PartnerKeyTaken,
    add_partner_key,
    revoke_partner_key,
    rotate_partner_key,
)
from accounts.lifecycle.passwords import drop_password, set_password
from accounts.lifecycle.people import (
    NO_CHANGES,
    InvalidPerson,
    PersonChanges,
    UserNameTaken,
    create_user,
    provision_user,
    update_user,
)
from accounts.lifecycle.recovery_address import (
    ask_for_recovery_address,
    confirm_recovery_address,
    remove_recovery_address,
)
from accounts.lifecycle.roles import (
    WrongAccount,
    create_account_role,
    grant_account_role,
    revoke_account_role,
)
from accounts.lifecycle.sessions import end_all_sessions, end_other_sessions, end_session
from accounts.lifecycle.status import (
    delete_user,
    disable_user,
    enable_user,
    readmit_user,
    set_directory_active,
)
from accounts.lifecycle.tenants import (
    create_account,
    create_partner,
    rename_partner,
    update_account,
    verify_domain,
    verify_host_name,
)
from accounts.lifecycle.tokens import InvalidToken, create_api_token, create_personal_token, revoke_api_token

__all__ = [
    "NO_CHANGES",
    "AlreadyDecided",
    "AlreadyHere",
    "ChangeHeld",
    "ChangeStale",
    "DepartureDecided",
    "EntryRefused",
    "GroupConflict",
    "InvalidGroup",
    "InvalidOverlap",
    "InvalidPerson",
    "InvalidToken",
    "InvitationOver",
    "InvitationRefused",
    "MustUseSso",
    "NameTakenMeanwhile",
    "NotInvited",
    "PartnerKeyTaken",
    "PersonChanges",
    "ReadOnlyMembership",
    "TooManyInvitations",
    "UserNameTaken",
    "WrongAccount",
    "accept_as_guest",
    "accept_invitation",
    "add_partner_key",
    "approve_held_change",
    "ask_for_recovery_address",
    "carry_out_departure",
    "claim_domain",
    "confirm_recovery_address",
    "create_account",
    "create_account_role",
    "create_api_token",
    "create_group",
    "create_partner",
    "create_personal_token",
    "create_user",
    "decline_held_change",
    "delete_group",
    "delete_user",
    "disable_user",
    "drop_password",
    "enable_user",
    "end_all_sessions",
    "end_guest_access",
    "end_other_sessions",
    "end_session",
    "enter_account",
    "find_invitation",
    "grant_account_role",
    "invite_person",
    "is_last_admin",
    "is_meant",
    "keep_held_change",
    "leave_account",
    "prove_domain",
    "provision_user",
    "readmit_user",
    "remove_recovery_address",
    "rename_partner",
    "resend_invitation",
    "reset_factors",
    "restore_departed",
    "revoke_account_role",
    "revoke_api_token",
    "revoke_invitation",
    "revoke_partner_key",
    "rotate_partner_key",
    "set_directory_active",
    "set_directory_members",
    "set_group_membership",
    "set_password",
    "update_account",
    "update_group",
    "update_user",
    "verify_domain",
    "verify_host_name",
    "withdraw_domain",
]
