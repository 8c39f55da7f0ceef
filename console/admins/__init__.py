"""The admin's classes, one file a subject, and the one list of what is registered.

Nothing registers itself: a model is in the admin because it stands here, and the test that walks the admin as one
account's admin fails for a model that it has no rows of (A-1).
"""

from __future__ import annotations

from django.contrib.admin import AdminSite


def register_all(site: AdminSite) -> None:
    """Register every class; called once, when the apps are loaded."""
    from accounts import models as accounts
    from audit import models as audit
    from console import labels
    from console.admins.account_roles import AccountRoleAdmin
    from console.admins.accounts import AccountAdmin, PartnerAdmin
    from console.admins.audit_trail import AuditEventAdmin, FailureLogEntryAdmin
    from console.admins.departures import DepartureAdmin
    from console.admins.directory import HeldChangeAdmin
    from console.admins.email_domains import EmailDomainAdmin
    from console.admins.groups import GroupAdmin
    from console.admins.guests import GuestAccessAdmin, InvitationAdmin
    from console.admins.mapping_roles import MappingRoleAdmin
    from console.admins.oauth_clients import OAuthClientAdmin, OAuthClientSecretAdmin
    from console.admins.outbox import OutboxMessageAdmin
    from console.admins.partner_keys import PartnerKeyAdmin
    from console.admins.people import UserAdmin
    from console.admins.provider_grants import ProviderGrantAdmin
    from console.admins.providers import IdentityProviderAdmin
    from console.admins.request_log import RequestLogEntryAdmin
    from console.admins.sign_ins import FederatedIdentityAdmin, SignInAttemptAdmin, UserSessionAdmin
    from console.admins.spaces import SpaceAdmin, SpaceRoleAdmin
    from console.admins.tokens import ApiTokenAdmin
    from foundation import models as foundation
    from scim import models as scim
    from spaces import models as spaces
    from sso import models as sso

    site.register(accounts.Partner, PartnerAdmin)
    site.register(accounts.PartnerKey, PartnerKeyAdmin)
    site.register(accounts.Account, AccountAdmin)
    site.register(accounts.EmailDomain, EmailDomainAdmin)
    site.register(accounts.User, UserAdmin)
    site.register(accounts.Group, GroupAdmin)
    site.register(accounts.AccountRole, AccountRoleAdmin)
    site.register(accounts.UserSession, UserSessionAdmin)
    site.register(accounts.ApiToken, ApiTokenAdmin)
    site.register(accounts.HeldChange, HeldChangeAdmin)
    site.register(accounts.Departure, DepartureAdmin)
    site.register(accounts.Invitation, InvitationAdmin)
    site.register(accounts.GuestAccess, GuestAccessAdmin)
    site.register(spaces.Space, SpaceAdmin)
    site.register(spaces.SpaceRole, SpaceRoleAdmin)
    site.register(spaces.MappingRole, MappingRoleAdmin)
    site.register(sso.IdentityProvider, IdentityProviderAdmin)
    site.register(sso.ProviderGrant, ProviderGrantAdmin)
    site.register(sso.FederatedIdentity, FederatedIdentityAdmin)
    site.register(sso.SignInAttempt, SignInAttemptAdmin)
    site.register(scim.RequestLogEntry, RequestLogEntryAdmin)
    site.register(scim.OAuthClient, OAuthClientAdmin)
    site.register(scim.OAuthClientSecret, OAuthClientSecretAdmin)
    site.register(audit.AuditEvent, AuditEventAdmin)
    site.register(audit.FailureLogEntry, FailureLogEntryAdmin)
    site.register(foundation.OutboxMessage, OutboxMessageAdmin)
    labels.label(site._registry)
