"""Apply a plan: lock, plan again under the lock, write everything in one transaction with its audit event.

``sign_in`` is the only writer that a sign-in has. It reads provider and account again (V-17), so that what was switched
off while the person was away at the provider counts. Two first sign-ins of one person at the same moment meet at a
unique index: the loser's savepoint is rolled back, it plans again, and finds the person that the winner made (J-13).
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import group_sightings, lifecycle, subjects
from accounts.lifecycle.status import note_signed_in
from accounts.models import Account, User
from audit.actors import Actor, ActorKind
from audit.recorder import Subject, record
from audit.refusals import Refused
from foundation.compiled_queries import CompiledQuery, key, text
from foundation.compiled_writes import insert, update
from foundation.transactions import all_or_nothing
from spaces.access import change_access
from sso import claims_json
from sso.claims import NO_SESSION, Claims
from sso.models import FederatedIdentity, IdentityProvider, State, Vendor
from sso.plan import SignInPlan, plan_sign_in
from sso.providers import trust_changed_since
from sso.refusals import Code, Refusal, SignInRefused
from sso.snapshot import SignInState, read_state

_TRIES = 3


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A sign-in that was applied."""

    user: User
    plan: SignInPlan


def provider_actor(provider: IdentityProvider, address: str, account_id: UUID | None = None) -> Actor:
    """Return the actor of everything that a sign-in changes; ``account_id`` is whose people a shared one signs in."""
    label, account = f"{provider.name} ({provider.slug})", provider.account_id or account_id
    return Actor(ActorKind.PROVIDER, str(provider.pk), label, address, account)


def sign_in(
    *,
    claims: Claims,
    provider_id: UUID,
    account_id: UUID,
    address: str = "",
    proven_user_id: UUID | None = None,
    begun_at: datetime | None = None,
) -> SignedIn:
    """Plan and apply; raise ``SignInRefused`` with the plan's refusal, after which nothing has changed.

    A provider whose issuer, keys or endpoints changed since ``begun_at`` signs nobody in with what it sent before
    (V-18).
    """
    for _ in range(_TRIES):
        try:
            with all_or_nothing():
                return _apply(claims, provider_id, account_id, address, proven_user_id, begun_at)
        except (IntegrityError, lifecycle.UserNameTaken):
            # Somebody else wrote the same person or identity; what they wrote is visible to the next plan.
            continue
        except Refused as refusal:
            # A rule further down said no; the person gets a page with a track ID, never a traceback.
            raise SignInRefused(refusal.code, refusal.message) from refusal
    raise SignInRefused(Code.CONFLICT, f"still in conflict after {_TRIES} plans")


def preview(
    *, claims: Claims, provider: IdentityProvider, account: Account, as_if_enabled: bool = False
) -> SignInPlan:
    """Return what a sign-in with these claims would do now, without doing it (dry run, debugger).

    ``as_if_enabled`` is for tests of drafts (S-3). The assumption is made here, on a copy of the provider that is never
    saved: the planner itself knows no exception, so none can reach a sign-in.
    """
    state = read_state(claims, provider, account)
    if as_if_enabled:
        assumed = copy(provider)
        assumed.state = State.ENABLED
        state = replace(state, provider=assumed)
    return plan_sign_in(claims, state)


def _apply(
    claims: Claims,
    provider_id: UUID,
    account_id: UUID,
    address: str,
    proven_user_id: UUID | None,
    begun_at: datetime | None,
) -> SignedIn:
    provider, account = _read_again(provider_id, account_id)
    if begun_at is not None and trust_changed_since(provider, begun_at):
        raise SignInRefused(Code.PROVIDER_CHANGED, "the provider was changed while the person was away")
    bound = _BOUND.first(account.pk, provider.pk, claims.subject)
    locked_id = None if bound is None else bound[0]
    state = read_state(claims, provider, account)
    plan = plan_sign_in(claims, state, proven_user_id=proven_user_id)
    if plan.refusal is None and plan.user_id is not None and plan.user_id != locked_id:
        # A person to be linked: now that we know whom, plan again with their row locked.
        locked_id = _lock(plan.user_id)
        state = read_state(claims, provider, account)
        plan = plan_sign_in(claims, state, proven_user_id=proven_user_id)
    if plan.refusal is not None:
        if state.identity is None and _BOUND.first(account.pk, provider.pk, claims.subject) is not None:
            # J-13: the person's other sign-in committed between two queries of the snapshot, which saw them half bound.
            raise IntegrityError("the subject was bound while the snapshot was read")
        raise SignInRefused(plan.refusal.code, plan.refusal.detail)
    if plan.user_id is not None and plan.user_id != locked_id:
        raise IntegrityError("the plan moved to another person while it was made")
    return SignedIn(_write(claims, state, plan, provider_actor(provider, address, account_id)), plan)


def _read_again(provider_id: UUID, account_id: UUID) -> tuple[IdentityProvider, Account]:
    """Return provider and account as they are now (V-17)."""
    provider = _PROVIDER.first(provider_id)
    account = None if provider is None else provider.account
    if provider is not None and provider.account_id != account_id:
        account = _ACCOUNT.first(account_id)
    if provider is None or account is None:
        raise SignInRefused(Code.PROVIDER_UNKNOWN, "the provider or account was deleted meanwhile")
    return provider, account


_PROVIDER: CompiledQuery[IdentityProvider] = CompiledQuery(
    lambda provider: IdentityProvider.objects.filter(pk=provider).select_related("account"), key
)
_ACCOUNT: CompiledQuery[Account] = CompiledQuery(lambda account: Account.objects.filter(pk=account), key)
_LOCKED: CompiledQuery[User] = CompiledQuery(
    lambda user: User.objects.select_for_update().filter(pk=user), key
)
_MEMBER: CompiledQuery[User] = CompiledQuery(
    lambda account, user: User.objects.for_account(account).filter(pk=user), key, key
)
# Whose identity it is, their row locked.
_BOUND: CompiledQuery[Any] = CompiledQuery(
    lambda account, provider, subject: (
        User.objects.select_for_update(of=("self",))
        .filter(
            identities__account=account,
            identities__provider=provider,
            identities__subject=subject,
            identities__closed_at=None,
        )
        .values_list("pk")
    ),
    key,
    key,
    text,
)


def _member(account: Account, user_id: UUID) -> User:
    found = _MEMBER.first(account.pk, user_id)
    if found is None:
        raise User.DoesNotExist
    return found


def _lock(user_id: UUID | None) -> UUID | None:
    if user_id is not None:
        _LOCKED.first(user_id)
    return user_id


def _write(claims: Claims, state: SignInState, plan: SignInPlan, actor: Actor) -> User:
    provider, account = state.provider, state.account
    if plan.user_id is None:
        user = lifecycle.create_user(actor=actor, account=account, values=plan.profile)
    else:
        user = _member(account, plan.user_id)
        if plan.profile.given():
            lifecycle.update_user(user=user, actor=actor, values=plan.profile)
    _bind(claims, provider, account, user, plan, state.identity)
    if plan.drop_password:
        lifecycle.drop_password(user=user, actor=actor, why=plan.drop_password)
    note_signed_in(user=user, actor=actor, group_synced=plan.group_synced)
    change_access(user=user, actor=actor, change=plan.access)
    group_sightings.note(account.pk, claims.groups or ())  # G-7
    record(
        actor=actor,
        action="sign_in.succeeded",
        subject=subjects.of_user(user),
        message=_message(provider, user, plan),
        changes={
            "match": plan.match.value if plan.match else "",
            "groups_received": list(plan.groups_received[:200]),
            "rules": [f"{fired.rule.value}: {fired.detail}" for fired in plan.rules],
            "warnings": [f"{warning.code}: {warning.detail}" for warning in plan.warnings],
        },
    )
    return user


def _bind(
    claims: Claims,
    provider: IdentityProvider,
    account: Account,
    user: User,
    plan: SignInPlan,
    known: FederatedIdentity | None,
) -> None:
    now = timezone.now()
    # For previews and the debugger, which need neither the provider's session nor its tokens (design rule 8).
    kept = claims_json.dump(replace(claims, session=NO_SESSION))
    seen = {"last_seen_at": now, "last_claims": kept, "last_claims_at": now}
    if plan.new_identity:
        identity = FederatedIdentity(
            provider=provider,
            account=account,
            user=user,
            subject=claims.subject,
            subject_source=claims.subject_source.value,
            issuer=claims.issuer,
            tenant_id=claims.tenant_id or "",
            **seen,
        )
        insert([identity], later=True)
    elif known is not None:
        for name, value in seen.items():
            setattr(known, name, value)
        update(known, seen, later=True)


def _message(provider: IdentityProvider, user: User, plan: SignInPlan) -> str:
    """Return G-6's sentence with the groups received."""
    names = {Vendor.ENTRA.value: "AzureAD Idp", Vendor.OKTA.value: "Okta Idp"}
    name = names.get(provider.vendor, provider.name)
    groups = ", ".join(plan.groups_received) or (
        "none" if plan.groups_skipped is None else plan.groups_skipped.value
    )
    how = f" matched by {plan.match.value}" if plan.match else ""
    return f"Valid login through {name} detected: {user.user_name}{how}; groups received: {groups[:2000]}"


def audit_refusal(
    *,
    refusal: Refusal,
    provider: IdentityProvider,
    account_id: UUID | None,
    address: str,
    email: str = "",
) -> None:
    """Write the event of a refused sign-in of somebody whom the provider vouched for; call after the rollback."""
    with transaction.atomic():
        record(
            actor=provider_actor(provider, address),
            action="sign_in.refused",
            subject=Subject(
                "identity_provider",
                str(provider.pk),
                email or provider.slug,
                account_id=account_id,
                partner_id=provider.partner_id,
            ),
            message=f"Sign-in refused ({refusal.code}): {refusal.detail or 'see the code'}"[:2000],
            reason=refusal.code,
        )
