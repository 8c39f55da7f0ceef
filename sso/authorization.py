"""Single Sign-On Authorization of an account on and off (R-2, R-5).

On, mapping roles decide alone what people of the account may do here. So whoever switches must keep SSO account admin
by their own last claims, or nobody could switch it off again; what it means for everybody seen is shown before
(``sso.replanning``). Off, everybody keeps what they have as roles by hand, and who still comes in unknown is asked for
each provider: just-in-time creation ends unless it is wanted.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from accounts import lifecycle, privilege, subjects
from accounts.models import Account
from audit.actors import Actor
from audit.refusals import Refused, refusals_audited
from foundation.transactions import in_transaction
from spaces.mapping_rows import keep_by_hand
from sso.login_options import providers_of
from sso.models import IdentityProvider
from sso.providers import update_provider
from sso.refusals import Code
from sso.replanning import effect_on, effects

_ACTION = "account.authorization"


class NoWorkingProvider(Refused):
    """Authorization needs the SSO module and an enabled provider (R-2)."""

    code = "authorization.no_provider"


class OwnClaimsMissing(Refused):
    """Nothing is known to tell what the acting admin would be afterwards: they were not seen with a role (R-5)."""

    code = "authorization.own_claims_missing"


class OwnRoleLost(Refused):
    """By their last claims the acting admin would no longer be an SSO account admin (R-5)."""

    code = "authorization.own_role_lost"


class NobodyKeepsAdmin(Refused):
    """An operator switches, and nobody seen would be an SSO account admin afterwards (R-5)."""

    code = "authorization.nobody_keeps_admin"


@refusals_audited
@in_transaction
def turn_on(*, account: Account, actor: Actor) -> bool:
    """Let mapping roles decide; return whether it was off. Roles change at each next sign-in or by "apply now"."""
    locked = _locked(account, actor)
    if locked.sso_authorization:
        return False
    refusal = why_not(locked, actor)
    if refusal is not None:
        raise refusal
    lifecycle.update_account(account=account, actor=actor, values={"sso_authorization": True})
    return True


@refusals_audited
@in_transaction
def turn_off(*, account: Account, actor: Actor, just_in_time: Collection[UUID]) -> bool:
    """Let roles be given by hand again; return whether it was on.

    ``just_in_time`` are the account's own providers that go on creating people; the others stop.
    """
    locked = _locked(account, actor)
    if not locked.sso_authorization:
        return False
    lifecycle.update_account(account=account, actor=actor, values={"sso_authorization": False})
    keep_by_hand(account=account, actor=actor)
    for provider in IdentityProvider.objects.for_account(account).order_by("pk"):
        update_provider(provider=provider, actor=actor, values={"just_in_time": provider.pk in just_in_time})
    return True


def why_not(account: Account, actor: Actor) -> Refused | None:
    """Return why this actor can't turn it on now, None when they can."""
    about: dict[str, Any] = {"actor": actor, "action": _ACTION, "subject": subjects.of_account(account)}
    if not providers_of(account):
        return NoWorkingProvider("It needs the SSO module and an enabled identity provider.", **about)
    acting = privilege.user_of(actor)
    if acting is None or acting.account_id != account.pk:
        if any(effect.is_sso_admin for effect in effects(account)):
            return None
        return NobodyKeepsAdmin(
            "Nobody who signed in would be an SSO Account Admin by a mapping role; send one the role first.",
            **about,
        )
    effect = effect_on(account, acting.pk)
    if effect is None or (effect.refusal is not None and effect.refusal.code == Code.ROLE_MAPPING_MISSING):
        return OwnClaimsMissing(
            "Your own last sign-in through a provider brought no role_mapping claim, so nobody can tell whether you "
            "would stay SSO Account Admin. Have it sent, and sign in through the provider once.",
            **about,
        )
    if not effect.is_sso_admin:
        return OwnRoleLost(
            "By the role_mapping claim of your own last sign-in you would no longer be SSO Account Admin. Let a "
            "mapping role that you are sent give it.",
            **about,
        )
    return None


def _locked(account: Account, actor: Actor) -> Account:
    least = privilege.Authority.SSO_ACCOUNT_ADMIN
    privilege.require(actor, account, least, action=_ACTION, subject=subjects.of_account(account))
    return Account.objects.select_for_update().get(pk=account.pk)
