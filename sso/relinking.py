"""Let a person in whom a sign-in could not be linked to, by an admin's word: a re-link (J-11, V-3, V-8).

Two refusals can be lifted so: the subject at the provider is another one than before (a recreated or recycled person),
or the one it names has a password or an admin role and proved nothing. The admin names the *refused attempt*; what is
bound is exactly its subject, to exactly the person whom the page showed, as long as neither provider nor person
changed since. The subject bound before is closed, sessions and an unproven password end, and the person is told.

    could_be_lifted   which attempts to ask about
    proposal_of       whom and what an approval would bind now, for the page that asks
    approve           bind it
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import lifecycle, password_admins, privilege, subjects
from accounts.letters import in_language_of
from accounts.lifecycle.locking import locked_row
from accounts.models import Account, EndReason, User
from audit.actors import Actor, ActorKind
from audit.recorder import record
from audit.refusals import Refused, refusals_audited
from foundation import mail
from foundation.transactions import in_transaction
from sso.claims import Claims
from sso.debugging import kept_claims
from sso.matching import Match, named_person
from sso.models import FederatedIdentity, IdentityProvider, Purpose, SignInAttempt
from sso.plan import is_open_to
from sso.providers import trust_changed_since
from sso.refusals import Code, Refusal
from sso.snapshot import SignInState, read_state

LIFTED = "relinked"  # in the attempt's report: what an approval bound
FRESH = timedelta(days=7)  # after that the person tries again
_ACTION = "identity.relink"
_LIFTABLE = frozenset({Code.RECYCLED_IDENTITY.value, Code.LINK_NEEDS_PROOF.value})


class CantRelink(Refused):
    """The attempt names nobody, or no longer the person and provider that the admin saw."""

    code = "identity.relink_impossible"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an approval binds: a person, the subject they get, and the one they had at this provider ("" for none)."""

    user: User
    subject: str
    before: str


def could_be_lifted(attempt: SignInAttempt) -> bool:
    """Tell whether an admin's word could let this attempt's person in; ``proposal_of`` looks closer."""
    return (
        attempt.outcome in _LIFTABLE
        and attempt.purpose == Purpose.SIGN_IN
        and LIFTED not in attempt.report
        and attempt.account_id is not None
        and attempt.created_at > timezone.now() - FRESH
        and kept_claims(attempt) is not None
    )


def proposal_of(attempt: SignInAttempt) -> Proposal | None:
    """Return what approving this attempt would bind now, None when nothing."""
    found = _found(attempt)
    return None if found is None else found.proposal


@refusals_audited
@in_transaction
def approve(*, attempt: SignInAttempt, user_id: UUID, actor: Actor) -> FederatedIdentity:
    """Bind the attempt's subject to ``user_id``, whom the admin was shown; return the identity.

    Needs somebody else who stands over the person (V-8). Raises ``privilege.NotAllowed`` and ``CantRelink``.
    """
    locked = SignInAttempt.objects.select_for_update(of=("self",)).get(pk=attempt.pk)
    person = locked_row(User.objects.get(pk=user_id))
    subject = subjects.of_user(person)
    _require_another_above(person, actor)
    found = _found(locked)
    refusal = CantRelink(
        "This attempt can't be approved: it is too old, was approved already, or no longer names this person and this "
        "provider. Let the person try again.",
        actor=actor,
        action=_ACTION,
        subject=subject,
    )
    if found is None or found.proposal.user.pk != person.pk:
        raise refusal
    now, same_people = timezone.now(), {found.state.provider.pk, *found.state.same_directory}
    before = FederatedIdentity.objects.filter(user=person, provider__in=same_people, closed_at=None)
    before.update(closed_at=now, last_claims="")
    try:
        with transaction.atomic():
            identity = _bind(found, person)
    except IntegrityError:
        raise refusal from None  # bound to somebody at this very moment
    if person.has_usable_password() and not password_admins.is_keeper(person):
        lifecycle.drop_password(
            user=person, actor=actor, why="it was not proven when the identity was linked"
        )
    lifecycle.end_all_sessions(user=person, actor=actor, reason=EndReason.ACCESS)
    locked.report = {**locked.report, LIFTED: str(identity.pk)}
    locked.save(update_fields=["report"])
    record(
        actor=actor,
        action="identity.relinked",
        subject=subject,
        message=(
            f"{actor.label} approved the refused sign-in {locked.track_id}: {person.user_name} is "
            f"{identity.subject} at {found.state.provider.slug} from now on."
        ),
        changes={"subject": [found.proposal.before, identity.subject]},
    )
    _tell(person, found.state)
    return identity


@dataclass(frozen=True, slots=True)
class _Found:
    claims: Claims
    state: SignInState
    proposal: Proposal


def _found(attempt: SignInAttempt) -> _Found | None:
    """Look again at provider, account and people, as a sign-in with these claims would."""
    claims = kept_claims(attempt)
    if claims is None or not could_be_lifted(attempt):
        return None
    provider = IdentityProvider.objects.select_related("account").get(pk=attempt.provider_id)
    account = Account.objects.get(attempts=attempt)
    if trust_changed_since(provider, attempt.created_at):
        return None
    state = read_state(claims, provider, account)
    named = named_person(claims, state)
    if isinstance(named, Refusal) or named.person is None:
        return None
    if not is_open_to(claims, state, named):
        return None  # it would end their password for a way that is closed (V-5, L-8)
    return _Found(claims, state, _proposal(claims, state, named, named.person.user))


def _proposal(claims: Claims, state: SignInState, named: Match, user: User) -> Proposal:
    live = FederatedIdentity.objects.filter(user=user, provider=state.provider, closed_at=None)
    return Proposal(user, claims.subject, ", ".join(live.values_list("subject", flat=True)))


def _require_another_above(person: User, actor: Actor) -> None:
    subject = subjects.of_user(person)
    by_somebody = actor.kind in (ActorKind.USER, ActorKind.CONFIGURATION, ActorKind.SYSTEM)
    if not by_somebody or actor.id == str(person.pk):
        raise privilege.NotAllowed(
            "Somebody else who stands above approves this.", actor=actor, action=_ACTION, subject=subject
        )
    privilege.require_over(actor, person, action=_ACTION, subject=subject)


def _bind(found: _Found, person: User) -> FederatedIdentity:
    return FederatedIdentity.objects.create(
        provider=found.state.provider,
        account=found.state.account,
        user=person,
        subject=found.claims.subject,
        subject_source=found.claims.subject_source.value,
        issuer=found.claims.issuer,
        tenant_id=found.claims.tenant_id or "",
    )


def _tell(person: User, state: SignInState) -> None:
    if not person.email:
        return
    names = {
        "product": settings.BROKER_PRODUCT_NAME,
        "person": person.user_name,
        "provider": state.provider.name,
        "account": state.account.name,
    }
    with in_language_of(person):
        text = _(
            "An administrator of %(account)s linked %(person)s at %(product)s anew with %(provider)s. You were signed "
            "out everywhere; sign in through %(provider)s."
        )
        warning = _("If you did not expect this, tell an admin of your account at once.")
        mail.queue_mail(
            to=[person.email],
            subject=_("%(product)s: your sign-in was linked anew") % names,
            body=f"{text % names}\n\n{warning}\n",
        )
