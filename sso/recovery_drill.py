"""The recovery drill: who of an account could get back in today, and a link that proves the way (L-9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max
from django.http import HttpRequest
from django.utils import timezone

from accounts import privilege, subjects
from accounts.lifecycle import mailed_links
from accounts.models import (
    Account,
    AccountRoleMembership,
    BuiltInAccountRole,
    Kind,
    LinkPurpose,
    MailedLink,
    User,
)
from accounts.models.person import UserQuerySet
from accounts.recovery import Standing, masked, standing, usable_from
from audit.actors import Actor, ActorKind
from audit.recorder import record
from audit.refusals import Refused, refusals_audited
from foundation.client_address import client_address
from foundation.folding import domain_of
from foundation.rate_limits import hit
from foundation.transactions import in_transaction

TESTS_PER_HOUR = 5


class DrillRefused(Refused):
    """No test link can be sent to this person."""

    code = "recovery_drill.not_possible"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody with the account's SSO account admin role.

    ``address`` is masked. ``shares_domain``: the address is in a domain of the account and may fail with its directory.
    """

    user: User
    standing: Standing
    address: str
    ready_from: datetime | None
    shares_domain: bool
    proved_at: datetime | None


def candidates(account: Account) -> list[Candidate]:
    """Return everybody present who holds the account's SSO account admin role, those who could recover today first."""
    now = timezone.now()
    domains = set(account.email_domains.filter(verified_at__isnull=False).values_list("domain", flat=True))
    passed = MailedLink.objects.for_account(account).filter(
        purpose__in=(LinkPurpose.DRILL, LinkPurpose.ACCESS), spent_at__isnull=False
    )
    found = []
    for user in sso_admins(account).select_related("account"):
        # A proof of an older address proves nothing about this one.
        proofs = passed.filter(user=user, address=user.recovery_email) if user.recovery_email else None
        latest = proofs.aggregate(latest=Max("spent_at"))["latest"] if proofs is not None else None
        found.append(
            Candidate(
                user=user,
                standing=standing(user, now),
                address=masked(user.recovery_email),
                ready_from=usable_from(user),
                shares_domain=domain_of(user.recovery_email) in domains,
                proved_at=latest,
            )
        )
    return sorted(found, key=lambda one: (one.standing is not Standing.READY, one.user.user_name_folded))


def able_to_recover(account: Account) -> list[User]:
    """Return the SSO account admins who could use recovery access now, by user name (L-9); one query."""
    now = timezone.now()
    people = (
        sso_admins(account).able_to_sign_in().select_related("account").order_by("user_name_folded", "pk")
    )
    return [user for user in people if standing(user, now) is Standing.READY]


def sso_admins(account: Account) -> UserQuerySet:
    """Return everybody present who holds the account's SSO account admin role, as a query."""
    held = AccountRoleMembership.objects.for_account(account).filter(
        role__built_in=BuiltInAccountRole.SSO_ACCOUNT_ADMIN
    )
    people: UserQuerySet = User.objects.for_account(account).present()
    return people.filter(pk__in=held.values("user"))


@refusals_audited
@in_transaction
def send_test(*, user: User, actor: Actor) -> None:
    """Mail a test link to the actor's own confirmed recovery address. Raises ``DrillRefused``."""
    subject = subjects.of_user(user)
    own = actor.kind is ActorKind.USER and actor.id == str(user.pk) and user.kind == Kind.MEMBER
    level = privilege.authority_of_user(user, user.account_id)
    why = ""
    if not own or level < privilege.Authority.SSO_ACCOUNT_ADMIN:
        why = "Only an SSO account admin can test their own recovery access."
    elif usable_from(user) is None:
        why = "You have no confirmed recovery address yet."
    elif not hit("recovery-drill", str(user.pk), limit=TESTS_PER_HOUR, seconds=3600).allowed:
        why = "Enough tests for now; wait an hour."
    if why:
        raise DrillRefused(why, actor=actor, action="recovery_drill.send", subject=subject)
    mailed_links.issue(
        user=user, purpose=LinkPurpose.DRILL, address=user.recovery_email, asked_from=actor.address
    )
    record(
        actor=actor,
        action="recovery_drill.sent",
        subject=subject,
        message=f"{user.user_name} tests recovery access by {masked(user.recovery_email)}.",
    )


@in_transaction
def pass_test(request: HttpRequest, token: str) -> None:
    """Spend a test link and note that the way works; nobody is signed in. Raises ``mailed_links.LinkRefused``."""
    link = mailed_links.spend(token, LinkPurpose.DRILL)
    user = link.user
    record(
        actor=Actor(ActorKind.USER, str(user.pk), user.user_name, client_address(request)),
        action="recovery_drill.passed",
        subject=subjects.of_user(user),
        message=f"{user.user_name} opened the test link of recovery access; nobody was signed in.",
    )
