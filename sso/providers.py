"""Make, change, enable and disable identity providers (S-3, V-1, V-4, V-8, V-18).

Only SSO account admins of the account and operators may; a provider above accounts is the operator's alone. Every
change of what decides whom the provider speaks for raises ``version``, so that an older test proves nothing any more,
and a changed issuer suspends the identities until an SSO account admin confirms that it is the same directory.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import password_admins, privilege
from accounts.models import Account, Partner
from audit.actors import Actor, ActorKind
from audit.recorder import Subject, record
from audit.refusals import Refused, refusals_audited
from sso import protocols, readiness, setup_link_changes, subjects
from sso.claim_names import CLAIMS
from sso.graph.clearing import forget_for_changed_target
from sso.models import FederatedIdentity, IdentityProvider, ProtocolName, ProviderGrant, State, Vendor

_DIRECTORY_VENDORS = frozenset({Vendor.ENTRA, Vendor.OKTA})
_FIELDS = frozenset(
    {
        "name",
        "vendor",
        "button_label",
        "just_in_time",
        "update_access_on_login",
        "group_sync",
        "addresses_set_by_directory",
        "default_account_role",
        "default_space",
        "default_space_role",
        "claim_names",
        "same_directory_as",
    }
)
_HARMLESS = frozenset({"name", "button_label"})


class ProviderConflict(Refused):
    """The slug, or something else that names one provider only, is taken."""

    code = "provider.conflict"


class ProviderInvalid(Refused):
    """The settings contradict each other or another account's."""

    code = "provider.invalid"


class NotReady(Refused):
    """The provider can't be enabled yet; the message says what is missing."""

    code = "provider.not_ready"


def vendor_defaults(protocol: str, vendor: str) -> dict[str, bool]:
    """Return what a new provider has on by default (G-3, V-3)."""
    directory = vendor in _DIRECTORY_VENDORS
    return {
        "group_sync": directory,
        "addresses_set_by_directory": directory or protocol == ProtocolName.SAML,
    }


def require_authority(provider: IdentityProvider, actor: Actor, action: str) -> None:
    """Raise ``privilege.NotAllowed`` unless the actor may configure this provider; a setup link its draft (V-22)."""
    if actor.kind is ActorKind.SETUP_LINK:
        setup_link_changes.require_link(provider, actor, action)
        return
    least = privilege.Authority.OPERATOR if provider.is_shared else privilege.Authority.SSO_ACCOUNT_ADMIN
    privilege.require(
        actor, provider.account_id, least, action=action, subject=subjects.of_provider(provider)
    )


@refusals_audited
@transaction.atomic
def create_provider(
    *,
    actor: Actor,
    slug: str,
    name: str,
    protocol: ProtocolName,
    vendor: Vendor,
    account: Account | None = None,
    partner: Partner | None = None,
    values: Mapping[str, Any] | None = None,
) -> IdentityProvider:
    """Create a draft; vendor defaults apply to what ``values`` leaves out."""
    given = {**vendor_defaults(protocol, vendor), **(values or {})}
    provider = IdentityProvider(
        slug=slug, name=name, protocol=protocol, vendor=vendor, account=account, partner=partner
    )
    require_authority(provider, actor, "provider.create")
    try:
        provider.clean_fields()
    except ValidationError as error:
        raise ProviderInvalid(
            "; ".join(error.messages),
            actor=actor,
            action="provider.create",
            subject=subjects.of_provider(provider),
        ) from error
    _set(provider, given, actor, "provider.create")
    _save(provider, actor, "provider.create")
    record(
        actor=actor,
        action="provider.created",
        subject=subjects.of_provider(provider),
        message=f"Identity provider {name} ({slug}) was created as a draft.",
    )
    return provider


@refusals_audited
@transaction.atomic
def update_provider(*, provider: IdentityProvider, actor: Actor, values: Mapping[str, Any]) -> frozenset[str]:
    """Change what both protocols share and return the names of the fields that changed."""
    locked = IdentityProvider.objects.select_for_update().get(pk=provider.pk)
    require_authority(locked, actor, "provider.update")
    before = {name: getattr(locked, name) for name in values}
    _set(locked, values, actor, "provider.update")
    changes = {
        name: [str(before[name]), str(values[name])] for name in values if before[name] != values[name]
    }
    if not changes:
        return frozenset()
    if set(changes) - _HARMLESS:
        locked.version += 1
    _save(locked, actor, "provider.update")
    record(
        actor=actor,
        action="provider.updated",
        subject=subjects.of_provider(locked),
        message=f"Identity provider {locked.slug}: {', '.join(sorted(changes))} changed.",
        changes=changes,
    )
    provider.refresh_from_db()
    return frozenset(changes)


@transaction.atomic
def note_protocol_change(
    *, provider: IdentityProvider, actor: Actor, changes: Mapping[str, Any], issuer_changed: bool
) -> None:
    """Audit a change of protocol settings; called by ``sso_saml`` and ``sso_oidc`` in the transaction that made it.

    ``changes`` hold no secrets. A changed issuer suspends existing identities (V-1).
    """
    provider.version += 1
    provider.trust_changed_at = timezone.now()
    suspended = (
        issuer_changed and FederatedIdentity.objects.filter(provider=provider, closed_at=None).exists()
    )
    if suspended:
        provider.identities_suspended_at = timezone.now()
    provider.save(
        update_fields=[
            "version",
            "trust_changed_at",
            "identities_suspended_at",
            "private_network",
            "updated_at",
        ]
    )
    forget_for_changed_target(provider=provider, actor=actor, changed=changes)
    setup_link_changes.note(provider=provider, actor=actor, changes=changes)
    note = "; its identities are suspended until an admin confirms the directory" if suspended else ""
    record(
        actor=actor,
        action="provider.updated",
        subject=subjects.of_provider(provider),
        message=f"Identity provider {provider.slug}: {', '.join(sorted(changes))} changed{note}.",
        changes=changes,
    )


def trust_changed_since(provider: IdentityProvider, moment: datetime) -> bool:
    """Tell whether issuer, keys or endpoints of a provider, as it was just read, changed after ``moment`` (V-18)."""
    return provider.trust_changed_at is not None and provider.trust_changed_at > moment


def note_proof(*, provider: IdentityProvider, version: int) -> None:
    """Remember that somebody signed in with the settings saved as ``version``; newer ones stay unproven (L-8, V-18)."""
    if provider.proven_version != version:
        now = timezone.now()
        rows = IdentityProvider.objects.filter(pk=provider.pk, version=version)
        rows.update(proven_version=version, proven_at=now)


@refusals_audited
@transaction.atomic
def enable_provider(*, provider: IdentityProvider, actor: Actor, seen_version: int | None = None) -> bool:
    """Let a provider sign people in; ``NotReady`` says what is missing. Returns whether anything changed.

    ``seen_version`` is the version whose differences the admin was shown: where a setup link filled the draft in,
    nothing else is enabled (V-22, ``setup_link_changes.NotSeen``). Enabling ends the provider's setup links.
    """
    locked = IdentityProvider.objects.select_for_update().get(pk=provider.pk)
    require_authority(locked, actor, "provider.enable")
    if locked.state == State.ENABLED:
        return False
    setup_link_changes.require_seen(provider=locked, actor=actor, seen_version=seen_version)
    missing = problems_of(locked)
    if missing:
        raise NotReady(
            f"{locked.name} can't be enabled: {'; '.join(missing)}.",
            actor=actor,
            action="provider.enable",
            subject=subjects.of_provider(locked),
        )
    #
    account = locked.account or password_admins.only_account()
    if account is not None:
        password_admins.require_one(account, actor, "provider.enable", subjects.of_provider(locked))
    _change_state(locked, actor, State.ENABLED)
    setup_link_changes.approve(provider=locked, actor=actor)
    provider.refresh_from_db()
    return True


@refusals_audited
@transaction.atomic
def disable_provider(*, provider: IdentityProvider, actor: Actor) -> bool:
    """Stop a provider from signing people in; open sessions go on. Returns whether anything changed."""
    locked = IdentityProvider.objects.select_for_update().get(pk=provider.pk)
    require_authority(locked, actor, "provider.disable")
    if locked.state != State.ENABLED:
        return False
    _change_state(locked, actor, State.DISABLED)
    provider.refresh_from_db()
    return True


@refusals_audited
@transaction.atomic
def confirm_same_directory(*, provider: IdentityProvider, actor: Actor, issuer: str) -> int:
    """Say that a provider under its new issuer still speaks for the same people (V-1); return how many it frees.

    ``issuer`` is what the provider's answers will say from now on; the identities are compared with it again.
    """
    locked = IdentityProvider.objects.select_for_update().get(pk=provider.pk)
    require_authority(locked, actor, "provider.confirm_directory")
    if locked.identities_suspended_at is None:
        return 0
    freed = FederatedIdentity.objects.filter(provider=locked, closed_at=None).update(issuer=issuer)
    locked.identities_suspended_at = None
    locked.save(update_fields=["identities_suspended_at", "updated_at"])
    record(
        actor=actor,
        action="provider.directory_confirmed",
        subject=subjects.of_provider(locked),
        message=f"Identity provider {locked.slug} is still the same directory; {freed} identities are usable again.",
        changes={"issuer": [None, issuer]},
    )
    provider.refresh_from_db()
    return freed


def _change_state(locked: IdentityProvider, actor: Actor, state: State) -> None:
    before = locked.state
    locked.state = state
    locked.save(update_fields=["state", "updated_at"])
    for account_id in [locked.account_id] if locked.account_id else _allowed_by(locked):
        readiness.note(account_id)
    record(
        actor=actor,
        action=f"provider.{state.value}",
        subject=subjects.of_provider(locked),
        message=f"Identity provider {locked.slug} is {state.label}.",
        changes={"state": [before, state.value]},
    )


def _allowed_by(provider: IdentityProvider) -> list[UUID]:
    # In one order everywhere, since each is locked.
    grants = ProviderGrant.objects.filter(provider=provider).order_by("account_id")
    return list(grants.values_list("account_id", flat=True))


def problems_of(provider: IdentityProvider) -> list[str]:
    """Return what keeps a provider from signing people in and from being tested, as sentences; empty when ready."""
    return [*_problems(provider), *protocols.protocol_of(provider).problems(provider)]


def _problems(provider: IdentityProvider) -> list[str]:
    if provider.account is None:
        return []
    problems = []
    if not provider.account.sso_module:
        problems.append("the SSO module of the account is off; an operator switches it on")
    shared_issuer = provider.vendor == Vendor.GOOGLE and provider.protocol == ProtocolName.OIDC
    if shared_issuer and not _has_verified_domain(provider.account):
        problems.append("a shared issuer needs a verified e-mail domain of the account")
    return problems


def _has_verified_domain(account: Account) -> bool:
    return account.email_domains.filter(verified_at__isnull=False).exists()


def _set(provider: IdentityProvider, values: Mapping[str, Any], actor: Actor, action: str) -> None:
    for name, value in values.items():
        if name not in _FIELDS:
            raise KeyError(name)
        setattr(provider, name, value)
    problem = _contradiction(provider)
    if problem:
        raise ProviderInvalid(problem, actor=actor, action=action, subject=subjects.of_provider(provider))


def _contradiction(provider: IdentityProvider) -> str:
    """Return what is wrong with the shared settings, "" when nothing is."""
    account = provider.account_id
    for name in ("default_account_role", "default_space", "default_space_role", "same_directory_as"):
        related = getattr(provider, name)
        if related is not None and related.account_id != account:
            return f"{name.replace('_', ' ')} belongs to another account"
    role = provider.default_account_role
    if role is not None and role.built_in in ("account_admin", "sso_account_admin"):
        return "an admin role can't be the default role (V-8)"
    unknown = set(provider.claim_names) - set(CLAIMS)
    if unknown:
        return f"unknown claims: {', '.join(sorted(unknown))}; known are {', '.join(CLAIMS)}"
    if provider.same_directory_as_id is not None and provider.same_directory_as_id == provider.pk:
        return "a provider can't be marked as the same directory as itself"
    return ""


def _save(provider: IdentityProvider, actor: Actor, action: str) -> None:
    try:
        with transaction.atomic():
            provider.save()
    except IntegrityError as error:
        raise ProviderConflict(
            f"The slug {provider.slug} is already in use.",
            actor=actor,
            action=action,
            subject=Subject("identity_provider", "", provider.slug, account_id=provider.account_id),
        ) from error
