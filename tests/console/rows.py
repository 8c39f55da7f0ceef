"""A row of every model that the admin shows, made for a given account; the walk fails for a model without one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts import lifecycle, subjects
from accounts.models import Departure, EmailDomain, GuestAccess, HeldChange, Invitation, Kind
from audit.models import AuditEvent, FailureLogEntry
from audit.recorder import record
from foundation.secret_tokens import digest, random_secret
from scim.models import OAuthClient, OAuthClientSecret, RequestLogEntry
from scim.oauth import clients
from sso.models import ProtocolName, ProviderGrant, Vendor
from sso.provider_grants import grant_provider
from sso.providers import create_provider
from tests.worlds import (
    OPERATOR,
    World,
    add_attempt,
    add_identity,
    add_provisioned,
    add_session,
    add_vendor_person,
)


def _audit_event(world: World) -> AuditEvent:
    subject = subjects.of_account(world.account)
    return record(
        actor=OPERATOR, action="test.event", subject=subject, message=f"Only for {world.account.slug}"
    )


def _failure(world: World) -> FailureLogEntry:
    return FailureLogEntry.objects.create(
        fingerprint=digest(random_secret()),
        track_id="0000-0000-0001",
        code="test.failure",
        message=f"Only for {world.account.slug}",
        account_id=world.account.pk,
    )


def _guest(world: World) -> GuestAccess:
    guest = add_vendor_person(f"guest-of-{world.account.slug}", Kind.STAFF)
    until = timezone.now() + timedelta(days=1)
    return GuestAccess.objects.create(user=guest, account=world.account, basis="staff", expires_at=until)


def _departure(world: World) -> Departure:
    gone = add_provisioned(world.account, "gone")
    lifecycle.delete_user(user=gone, actor=OPERATOR)
    return Departure.objects.create(account=world.account, user=gone, asked_by="a directory", held=True)


def _held(world: World) -> HeldChange:
    changes = {"email": ["old", f"new@{world.account.slug}.example"]}
    return HeldChange.objects.create(
        account=world.account, user=world.admin, changes=changes, asked_by="a directory"
    )


def _invitation(world: World) -> Invitation:
    address = f"invited@{world.account.slug}.example"
    return Invitation.objects.create(
        account=world.account,
        email=address,
        email_folded=address,
        lookup=random_secret()[:12],
        digest=digest(random_secret()),
        expires_at=timezone.now() + timedelta(days=1),
    )


def _token(world: World) -> Any:
    return lifecycle.create_api_token(
        account=world.account, actor=OPERATOR, name=f"{world.account.slug} token"
    )[0]


def _scim_request(world: World) -> RequestLogEntry:
    return RequestLogEntry.objects.create(
        account=world.account, method="GET", path=f"/Users/{world.account.slug}", status=200, duration_ms=3
    )


def _oauth_client(world: World) -> OAuthClient:
    return clients.create_client(
        account=world.account, actor=OPERATOR, name=f"{world.account.slug} directory"
    )


def _oauth_secret(world: World) -> OAuthClientSecret:
    return clients.add_secret(client=_oauth_client(world), actor=OPERATOR)[0]


def _grant(world: World) -> ProviderGrant:
    slug = f"above-{world.account.slug}"
    provider = create_provider(
        actor=OPERATOR, slug=slug, name=slug, protocol=ProtocolName.OIDC, vendor=Vendor.ENTRA
    )
    grant_provider(provider=provider, account=world.account, actor=OPERATOR)
    return ProviderGrant.objects.get(provider=provider)


ROWS: dict[str, Callable[[World], Any]] = {
    "accounts.account": lambda world: world.account,
    "accounts.user": lambda world: world.employee,
    "accounts.group": lambda world: world.group,
    "accounts.accountrole": lambda world: world.account_role,
    "accounts.usersession": lambda world: add_session(world.employee),
    "accounts.apitoken": _token,
    "accounts.heldchange": _held,
    "accounts.departure": _departure,
    "accounts.emaildomain": lambda world: EmailDomain.objects.get(account=world.account),
    "accounts.invitation": _invitation,
    "accounts.guestaccess": _guest,
    "spaces.space": lambda world: world.space,
    "spaces.spacerole": lambda world: world.space_role,
    "spaces.mappingrole": lambda world: world.mapping_role,
    "sso.identityprovider": lambda world: world.provider,
    "sso.providergrant": _grant,
    "sso.federatedidentity": lambda world: add_identity(world.employee, world.provider),
    "sso.signinattempt": lambda world: add_attempt(world.employee, world.provider),
    "scim.requestlogentry": _scim_request,
    "scim.oauthclient": _oauth_client,
    "scim.oauthclientsecret": _oauth_secret,
    "audit.auditevent": _audit_event,
    "audit.failurelogentry": _failure,
}

# Made for operators: rows that belong to no account. Account admins get 404 for all of it.
NOT_FOR_ACCOUNTS = frozenset({"accounts.partner", "accounts.partnerkey", "foundation.outboxmessage"})
