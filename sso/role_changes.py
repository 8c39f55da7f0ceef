"""Apply mapping roles at once, to everybody whose last claims name them (R-4): what their next sign-in would do anyway.

``apply_now`` is the admin's click; it leaves work in the outbox, which a task does a few seconds later for
``AT_ONCE`` people a message. Each person is a transaction of their own: locked, planned anew, written by
``spaces.access`` with an audit event. Whoever loses something or would be refused has no open session afterwards. Doing
it twice changes nothing more.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from accounts import lifecycle, privilege, subjects
from accounts.models import Account, EndReason, User, UserSession
from audit.actors import Actor, ActorKind
from audit.recorder import record, record_refusal
from audit.refusals import Refused, refusals_audited
from foundation import outbox
from foundation.transactions import in_transaction
from spaces.access import change_access
from sso.replanning import Effect, effect_on, effects

KIND = "sso.apply_roles"
AT_ONCE = 200


class AuthorizationOff(Refused):
    """Mapping roles decide nothing while authorization is off."""

    code = "authorization.off"


@refusals_audited
@in_transaction
def apply_now(*, account: Account, actor: Actor, names: frozenset[str] | None = None) -> None:
    """Have the account's mapping roles applied to everybody seen, or to those whose claims hold one of ``names``."""
    subject = subjects.of_account(account)
    least = privilege.Authority.SSO_ACCOUNT_ADMIN
    privilege.require(actor, account, least, action="access.apply_roles", subject=subject)
    if not Account.objects.get(pk=account.pk).sso_authorization:
        raise AuthorizationOff(
            "Single sign-on authorization is off, so mapping roles decide nothing.",
            actor=actor,
            action="access.apply_roles",
            subject=subject,
        )
    whom = "everybody" if names is None else f"people with {', '.join(sorted(names))}"
    record(
        actor=actor,
        action="access.apply_roles",
        subject=subject,
        message=f"Mapping roles are applied at once to {whom}."[:2000],
    )
    _queue(account.pk, actor, names, after=None)


def concerns(effect: Effect, names: frozenset[str] | None) -> bool:
    """Tell whether "apply now" changes anything for this person."""
    if names is not None and not names & set(effect.role_mapping):
        return False
    return bool(effect.change) or effect.is_unmapped


def _queue(account_id: UUID, actor: Actor, names: frozenset[str] | None, *, after: UUID | None) -> None:
    outbox.add(
        KIND,
        {
            "account": str(account_id),
            "actor": [actor.kind.value, actor.id, actor.label, actor.address],
            "names": None if names is None else sorted(names),
            "after": None if after is None else str(after),
        },
    )


@outbox.handles(KIND)
def _apply(payload: dict[str, Any]) -> None:
    account = Account.objects.filter(pk=payload["account"], sso_authorization=True, closed_at=None).first()
    if account is None:
        return  # switched off meanwhile: rows are kept by hand from then on
    kind, *rest = payload["actor"]
    actor = Actor(ActorKind(kind), *rest)
    if privilege.authority_of(actor, account.pk) < privilege.Authority.SSO_ACCOUNT_ADMIN:
        record_refusal(
            actor=actor,
            action="access.apply_roles",
            subject=subjects.of_account(account),
            message=f"Refused: {actor.label} asked for it and is no SSO account admin any more.",
            reason=privilege.NotAllowed.code,
        )
        return
    names = None if payload["names"] is None else frozenset(payload["names"])
    after = None if payload["after"] is None else UUID(payload["after"])
    done = 0
    for effect in effects(account, names=names, after=after):
        if not concerns(effect, names):
            continue
        _apply_to(account, effect.user_id, actor, names)
        done += 1
        if done == AT_ONCE:
            with transaction.atomic():
                _queue(account.pk, actor, names, after=effect.user_id)
            return


@transaction.atomic
def _apply_to(account: Account, user_id: UUID, actor: Actor, names: frozenset[str] | None) -> None:
    user = User.objects.for_account(account).select_for_update().filter(pk=user_id).first()
    if not Account.objects.filter(pk=account.pk, sso_authorization=True).exists():
        return
    effect = None if user is None else effect_on(account, user_id)
    if user is None or effect is None or not concerns(effect, names):
        return
    change_access(user=user, actor=actor, change=effect.change, by="mapping roles applied at once")
    if effect.loses or effect.is_unmapped:
        _end_sessions(user, actor)


def _end_sessions(user: User, actor: Actor) -> None:
    open_rows = UserSession.objects.filter(user=user, ended_at=None).count()
    if not open_rows:
        return
    lifecycle.end_all_sessions(user=user, actor=actor, reason=EndReason.ACCESS, quietly=True)
    record(
        actor=actor,
        action="session.ended_all",
        subject=subjects.of_user(user),
        message=f"All sessions of {user.user_name} ended: mapping roles were applied; {open_rows} were open.",
    )
