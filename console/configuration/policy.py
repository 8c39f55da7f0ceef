"""How people may sign in: policy and authorization, applied last because they depend on providers and people.

On an account that has sign-ins, what could lock its people or its admins out is refused without ``--override``; on a
new one it is a warning (L-8, R-2, R-5, V-8, V-24).
"""

from __future__ import annotations

from accounts import lifecycle, subjects
from accounts.models import AccountRoleMembership, BuiltInAccountRole, SsoPolicy, User
from console.configuration.accounts import AccountState
from console.configuration.run import Run
from console.sign_in_policy import is_proven
from spaces.mapping_rows import keep_by_hand
from spaces.models import MappingScopeRole
from sso.login_options import providers_of
from sso.policy_impact import an_sso_admin_gets_in, impact_of, read_ways_in
from sso.replanning import effects

_SHOWN = 5  # people named in a warning


def apply_policy(run: Run, state: AccountState) -> None:
    """Set the account's policy and authorization as the file says."""
    account, part = state.account, state.part
    account.refresh_from_db()
    if state.is_new and not _sso_admins(state):
        run.warn(
            part.place, "nobody here is an SSO Account Admin; only operators can change its single sign-on"
        )
    values: dict[str, object] = {}
    if part.sso_policy is not None and part.sso_policy != account.sso_policy:
        values["sso_policy"] = part.sso_policy.value
        if part.sso_policy is SsoPolicy.MANDATORY:
            _check_mandatory(run, state)
    if part.sso_authorization is not None and part.sso_authorization != account.sso_authorization:
        values["sso_authorization"] = part.sso_authorization
        if part.sso_authorization:
            _check_authorization(run, state)
        else:
            _guard(
                run,
                state,
                "sso_authorization",
                "turning authorization off keeps the roles of mapping roles as roles given by hand, and people go on "
                "being created just in time as the file says; the administration asks about that (R-5)",
            )
    if values:
        old = {name: getattr(account, name) for name in values}
        with run.at(part.place):
            lifecycle.update_account(account=account, actor=run.actor, values=values)
            if values.get("sso_authorization") is False:
                keep_by_hand(account=account, actor=run.actor)
            for name, value in values.items():
                run.difference.changed(state.label, name, old[name], value)


def _check_mandatory(run: Run, state: AccountState) -> None:
    """L-8: proven on an enabled provider, and who would be locked out; at least one SSO account admin gets in."""
    proven = [provider.pk for provider in providers_of(state.account) if is_proven(provider)]
    if not proven:
        _guard(
            run,
            state,
            "sso_policy",
            "single sign-on can't be mandatory before a sign-in or test succeeded at an enabled provider as it is "
            "configured now (L-8)",
        )
    then = read_ways_in(state.account).if_mandatory()
    # Where nothing was seen to work, that was said above; else what was is what lets somebody switch it back.
    if _sso_admins(state) and not an_sso_admin_gets_in(then.if_only(proven) if proven else then):
        _guard(run, state, "sso_policy", "no SSO account admin has signed in through a provider yet (V-8)")
    locked_out = [member.user_name for member in impact_of(then).without_way_in]
    if locked_out:
        more = f" and {len(locked_out) - _SHOWN} more" if len(locked_out) > _SHOWN else ""
        run.warn(
            state.part.place.at("sso_policy"),
            f"without an identity at a provider yet, so without a way in: {', '.join(locked_out[:_SHOWN])}{more}",
        )


def _check_authorization(run: Run, state: AccountState) -> None:
    """R-2: a working provider; R-5: somebody stays SSO account admin."""
    why = ""
    kept = MappingScopeRole.objects.for_account(state.account).filter(
        account_role__built_in=BuiltInAccountRole.SSO_ACCOUNT_ADMIN
    )
    if not providers_of(state.account):
        why = "needs the SSO module and an enabled provider (R-2)"
    elif not kept.exists():
        why = "no mapping role gives SSO Account Admin, so the account's admins lose it at their next sign-in (R-5)"
    elif not any(effect.is_sso_admin for effect in effects(state.account)):
        why = "by the role_mapping claims of their last sign-ins nobody would be SSO Account Admin (R-5)"
    if why:
        _guard(run, state, "sso_authorization", why)


def _guard(run: Run, state: AccountState, key: str, message: str) -> None:
    subject = subjects.of_account(state.account)
    run.guard(state.part.place.at(key), message, in_use=state.in_use, subject=subject)


def _sso_admins(state: AccountState) -> bool:
    """Tell whether anybody who may sign in is SSO account admin."""
    able = User.objects.for_account(state.account).able_to_sign_in()
    held = AccountRoleMembership.objects.for_account(state.account).filter(
        role__built_in=BuiltInAccountRole.SSO_ACCOUNT_ADMIN, user__in=able
    )
    return held.exists()
