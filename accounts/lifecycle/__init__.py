"""The only code that changes a person (design rule 2).

Every function is keyword-only, takes the ``actor``, runs in one transaction, checks privilege (V-8), writes an audit
event with old and new values, and leaves effects (mail, alerts) in the outbox. Admin, SCIM, sign-in and the
configuration file all come through here, so they differ in no effect. A refusal is an ``audit.refusals.Refused``.

    people      create, update, provision from a directory
    status      deactivate and reactivate (directory), disable and enable (admin), delete, readmit
    sessions    open, end one, end all
    passwords   set, make unusable
    roles       account roles
    groups      groups and their members
    tokens      API tokens
    tenants     partners, accounts, host names, e-mail domains
"""

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
from accounts.lifecycle.passwords import drop_password, set_password
from accounts.lifecycle.people import (
    NO_CHANGES,
    ChangeHeld,
    InvalidPerson,
    PersonChanges,
    UserNameTaken,
    create_user,
    keep_held_change,
    provision_user,
    update_user,
)
from accounts.lifecycle.roles import WrongAccount, grant_account_role, revoke_account_role
from accounts.lifecycle.sessions import end_all_sessions, end_session
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
    update_account,
    verify_domain,
    verify_host_name,
)
from accounts.lifecycle.tokens import create_api_token, revoke_api_token

__all__ = [
    "NO_CHANGES",
    "ChangeHeld",
    "GroupConflict",
    "InvalidGroup",
    "InvalidPerson",
    "PersonChanges",
    "ReadOnlyMembership",
    "UserNameTaken",
    "WrongAccount",
    "create_account",
    "create_api_token",
    "create_group",
    "create_partner",
    "create_user",
    "delete_group",
    "delete_user",
    "disable_user",
    "drop_password",
    "enable_user",
    "end_all_sessions",
    "end_session",
    "grant_account_role",
    "keep_held_change",
    "provision_user",
    "readmit_user",
    "revoke_account_role",
    "revoke_api_token",
    "set_directory_active",
    "set_directory_members",
    "set_group_membership",
    "set_password",
    "update_account",
    "update_group",
    "update_user",
    "verify_domain",
    "verify_host_name",
]
