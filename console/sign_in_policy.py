"""Switching an account between optional and mandatory single sign-on, with the checks of L-8.

Nobody may be asked to come by single sign-on only before it was seen to work: a successful test or a real sign-in at an
enabled provider as it is configured now, and one SSO account admin who has an identity there, or nobody could switch it
back. Nor may anybody lock themselves out: an SSO account admin who switches needs an identity of their own. Who else
would be without a way in is told by the page that asks (``sso.policy_impact``).
"""

from __future__ import annotations

from accounts import lifecycle, privilege, subjects
from accounts.models import Account, SsoPolicy
from audit.actors import Actor
from audit.refusals import Refused, refusals_audited
from foundation.transactions import in_transaction
from sso.login_options import providers_of
from sso.models import IdentityProvider
from sso.policy_impact import WaysIn, an_sso_admin_gets_in, impact_of, read_ways_in


class SsoNotProven(Refused):
    """Single sign-on was not yet seen to work here (L-8)."""

    code = "account.sso_not_proven"


class LocksYouOut(Refused):
    """Whoever switches would have no way in themselves (L-8)."""

    code = "account.locks_you_out"


class SsoStillNeeded(Refused):
    """Without the SSO module nobody would get in: people come by single sign-on only."""

    code = "account.sso_still_needed"


@refusals_audited
@in_transaction
def require_single_sign_on(*, account: Account, actor: Actor) -> bool:
    """Make the policy mandatory; return whether it changed. Raises ``SsoNotProven`` with what is missing."""
    action, subject = "account.update", subjects.of_account(account)
    least = privilege.Authority.SSO_ACCOUNT_ADMIN
    privilege.require(actor, account, least, action=action, subject=subject)
    Account.objects.select_for_update().get(pk=account.pk)  # who disables an admin meanwhile waits here
    proven = [provider.pk for provider in providers_of(account) if is_proven(provider)]
    if not proven:
        raise SsoNotProven(
            "Nobody has signed in through an enabled provider as it is configured now; try it first.",
            actor=actor,
            action=action,
            subject=subject,
        )
    then = read_ways_in(account).if_mandatory()
    if not an_sso_admin_gets_in(then.if_only(proven)):
        raise SsoNotProven(
            "No SSO account admin has signed in through a provider that was seen to work as it is configured now, so "
            "nobody could switch this back.",
            actor=actor,
            action=action,
            subject=subject,
        )
    _refuse_to_lock_out(account, actor, then)
    return bool(
        lifecycle.update_account(account=account, actor=actor, values={"sso_policy": SsoPolicy.MANDATORY})
    )


def allow_passwords(*, account: Account, actor: Actor) -> bool:
    """Make the policy optional; return whether it changed."""
    return bool(
        lifecycle.update_account(account=account, actor=actor, values={"sso_policy": SsoPolicy.OPTIONAL})
    )


def refuse_to_take_the_module(account: Account, actor: Actor) -> None:
    """Raise ``SsoStillNeeded`` if the account's people sign in only through what the SSO module allows (A-2, L-8)."""
    if account.password_sign_in_allowed and not account.sso_authorization:
        return
    raise SsoStillNeeded(
        "People of this account sign in by single sign-on only, which needs the SSO module; allow passwords and turn "
        "authorization off first.",
        actor=actor,
        action="account.update",
        subject=subjects.of_account(account),
    )


def _refuse_to_lock_out(account: Account, actor: Actor, then: WaysIn) -> None:
    acting = privilege.user_of(actor)
    if acting is not None and impact_of(then).locks_out(acting.pk):
        raise LocksYouOut(
            "You would lock yourself out: connect single sign-on first, by signing in through a provider.",
            actor=actor,
            action="account.update",
            subject=subjects.of_account(account),
        )


def is_proven(provider: IdentityProvider) -> bool:
    """Tell whether a sign-in or test succeeded at the provider as it is configured now (L-8, V-18)."""
    return provider.proven_version is not None and provider.proven_version == provider.version
