"""Plan a sign-in: from what a provider said and a snapshot of the account to what would happen, and why.

``plan_sign_in`` is pure. It decides, in this order, and the first refusal ends it:

1. may this provider sign anybody into this account now (``_gate``);
2. whom do the claims mean, or whom would they create (``sso.matching``, V-1 to V-3, V-13);
3. what of the person's details changes (``sso.profile``, J-3, J-8, V-4);
4. what access they get and lose (``sso.access_plan``, J-3 to J-7, G-2, R-2, R-7);
5. how long the session may last (L-13);
6. is the name or address one of the vendor's people or a guest's, whom no provider speaks for (V-2).

Nothing is written here. ``sso.apply`` executes a plan; the debugger, dry runs and impact checks show one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.group_sync import SkipReason
from accounts.lifecycle import NO_CHANGES, PersonChanges
from spaces.access import NO_ACCESS_CHANGE, AccessChange
from spaces.assignment import RuleFired
from sso.access_plan import plan_access
from sso.claims import Claims, ClaimWarning
from sso.matching import Match, MatchKind, match_person
from sso.models import IdentityProvider, ProtocolName, State, Vendor
from sso.profile import plan_profile
from sso.refusals import Code, Refusal
from sso.snapshot import SignInState


@dataclass(frozen=True, slots=True)
class SignInPlan:
    """What a sign-in does, or why it is refused.

    With a ``refusal`` nothing else is to be applied; ``user_id`` may still name whom the claims meant. Without one,
    ``user_id`` is the person to sign in, or None for one to be created with ``profile``.
    """

    refusal: Refusal | None = None
    match: MatchKind | None = None
    user_id: UUID | None = None
    user_name: str = ""
    new_identity: bool = False
    first_login: bool = False
    profile: PersonChanges = NO_CHANGES
    access: AccessChange = NO_ACCESS_CHANGE
    group_synced: bool = False  # whether groups of this person follow a provider from now on (G-2, G-3)
    drop_password: str = ""  # why, "" when it stays
    groups_received: tuple[str, ...] = ()
    groups_skipped: SkipReason | None = None
    session_ends_at: datetime | None = None
    rules: tuple[RuleFired, ...] = ()
    warnings: tuple[ClaimWarning, ...] = ()

    @property
    def creates(self) -> bool:
        """True when the person does not exist yet (J-2)."""
        return self.match is MatchKind.CREATE


def plan_sign_in(claims: Claims, state: SignInState, *, proven_user_id: UUID | None = None) -> SignInPlan:
    """Return what this sign-in would do.

    ``proven_user_id`` is the person who proved at this moment, by signing in here, that they are the one to be linked
    ("connect SSO", V-3).
    """
    plan = _plan(claims, state, proven_user_id)
    if state.reserved and plan.refusal is None and plan.match is not MatchKind.IDENTITY:
        # Last, so that whoever tries addresses reads what they would read if nobody had this one (V-2).
        return SignInPlan(
            refusal=Refusal(Code.RESERVED, "the claims name somebody who is no member of this account (V-2)"),
            warnings=claims.warnings,
        )
    return plan


def _plan(claims: Claims, state: SignInState, proven_user_id: UUID | None) -> SignInPlan:
    refusal = _gate(claims, state)
    if refusal is not None:
        return SignInPlan(refusal=refusal)
    match = match_person(claims, state, proven_user_id=proven_user_id)
    if isinstance(match, Refusal):
        return SignInPlan(refusal=match, warnings=claims.warnings)
    user = None if match.person is None else match.person.user
    if user is not None and _keeps_out(state, match):
        return SignInPlan(refusal=Refusal(Code.ADMIN_NOT_ALLOWED), user_id=user.pk)

    profile = plan_profile(claims, state, match)
    if isinstance(profile, Refusal):
        return SignInPlan(refusal=profile, match=match.kind, user_id=user.pk if user else None)
    # J-3: the sign-in that binds the person's first identity, whether they are new, pending or existing.
    # One that an admin approved (``sso.relinking``) was bound before, and nobody has come by it yet.
    approved = user is not None and match.kind is MatchKind.IDENTITY and not user.connected
    first_login = approved or (match.new_identity and (match.person is None or not match.person.provider_ids))
    access = plan_access(claims, state, match, first_login=first_login)
    if isinstance(access, Refusal):
        return SignInPlan(refusal=access, match=match.kind, user_id=user.pk if user else None)

    given = {grant.role_id for grant in access.change.add_roles}
    if not state.grants_sso_admins and state.sso_admin_role in given:
        return SignInPlan(refusal=Refusal(Code.ADMIN_NOT_ALLOWED), user_id=user.pk if user else None)

    return SignInPlan(
        match=match.kind,
        user_id=user.pk if user else None,
        user_name=user.user_name if user else (profile.changes.user_name or ""),
        new_identity=match.new_identity,
        first_login=first_login,
        profile=profile.changes,
        access=access.change,
        group_synced=access.group_synced or _synced_elsewhere(state, match),
        drop_password=_drop_password(state, match, proven=proven_user_id is not None),
        groups_received=access.groups_received,
        groups_skipped=access.groups_skipped,
        session_ends_at=_session_end(claims, state),
        rules=access.rules,
        warnings=(*claims.warnings, *profile.warnings, *access.warnings),
    )


def is_open_to(claims: Claims, state: SignInState, match: Match) -> bool:
    """Tell whether this provider may sign that person into this account now, whatever else a sign-in would need."""
    return _gate(claims, state) is None and not _keeps_out(state, match)


def _keeps_out(state: SignInState, match: Match) -> bool:
    """Tell whether it is an SSO account admin at a provider from above that isn't theirs to use (V-5)."""
    return match.person is not None and match.person.sso_admin and not state.grants_sso_admins


def _gate(claims: Claims, state: SignInState) -> Refusal | None:
    provider, account = state.provider, state.account
    if account.closed_at is not None:
        return Refusal(Code.ACCOUNT_CLOSED)
    if not account.sso_module:
        return Refusal(Code.SSO_MODULE_OFF, "the SSO module of the account is off")
    if provider.state != State.ENABLED:
        return Refusal(Code.PROVIDER_NOT_ENABLED, f"{provider.slug} is {provider.state}")
    if provider.account_id is not None and provider.account_id != account.pk:
        return Refusal(Code.PROVIDER_NOT_GRANTED, "the provider belongs to another account")
    if not state.granted:
        return Refusal(Code.PROVIDER_NOT_GRANTED, "the account did not allow this provider")
    if provider.identities_suspended_at is not None:
        return Refusal(
            Code.IDENTITIES_SUSPENDED,
            "the provider's issuer changed; an SSO account admin has to confirm that it is the same directory",
        )
    if _is_google_oidc(provider) and (claims.hosted_domain or "").lower() not in state.verified_domains:
        # V-4: Google's issuer speaks for everybody; `hd` says whose employee it is.
        return Refusal(Code.WRONG_TENANT, f"hd {claims.hosted_domain!r} is no verified domain of the account")
    return None


def _synced_elsewhere(state: SignInState, match: Match) -> bool:
    others = match.person.provider_ids - {state.provider.pk} if match.person is not None else frozenset()
    return bool(others & state.group_syncing)


def _is_google_oidc(provider: IdentityProvider) -> bool:
    # Google's SAML is set up per customer with a certificate of its own; only its OIDC issuer is everybody's.
    return provider.vendor == Vendor.GOOGLE and provider.protocol == ProtocolName.OIDC


def _drop_password(state: SignInState, match: Match, *, proven: bool) -> str:
    """Tell why a password must not survive this sign-in (V-3, J-12); "" when it may."""
    if match.person is None or not match.person.user.has_usable_password():
        return ""
    if state.password_admins[:1] == (match.person.user.pk,):
        return ""  # L-3: the way back into a private deployment
    if not state.account.password_sign_in_allowed:
        return "single sign-on is mandatory"
    if state.account.sso_authorization:
        return "single sign-on authorization is on"
    if match.new_identity and not proven:
        return "it was not proven when the identity was linked"
    return ""


def _session_end(claims: Claims, state: SignInState) -> datetime:
    own = state.now + state.account.max_session_age
    theirs = claims.session.not_on_or_after
    return own if theirs is None else min(own, theirs)
