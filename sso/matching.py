"""Whom a provider's claims mean: a person bound before, one to be linked now, one to be created, or nobody.

The order is that of J-11 and the limits are those of V-1 to V-3 and V-13: the bound subject first; then externalId,
user name, e-mail, each only for people without an identity elsewhere; then creation just in time. People who were
deprovisioned are recognised too, and stay out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from accounts.models import Status, User
from foundation.folding import domain_of, fold
from sso.claims import Claims, SubjectSource
from sso.refusals import Code, Refusal
from sso.snapshot import Person, SignInState

_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class MatchKind(StrEnum):
    """How the person was found."""

    IDENTITY = "identity"
    EXTERNAL_ID = "external_id"
    USER_NAME = "user_name"
    EMAIL = "email"
    PROVEN = "proven"
    CREATE = "create"


@dataclass(frozen=True, slots=True)
class Match:
    """``person`` is None when they are to be created; ``new_identity`` when this sign-in binds the subject."""

    kind: MatchKind
    person: Person | None
    new_identity: bool


def match_person(claims: Claims, state: SignInState, *, proven_user_id: UUID | None) -> Match | Refusal:
    """Return whom the claims mean or why nobody may sign in with them."""
    if state.identity is not None and state.bound is not None:
        if proven_user_id not in (None, state.bound.user.pk):
            return Refusal(
                Code.LINK_NEEDS_PROOF,
                f"the person who connects SSO is signed in over there as {state.bound.user.user_name}",
            )
        return _bound(claims, state, state.bound)
    if proven_user_id is not None:
        return _proven(claims, state, proven_user_id)
    found = _candidate(claims, state, may_link=_may_link)
    if isinstance(found, Refusal):
        return found
    if found is not None:
        return found
    if state.departed:
        who = state.departed[0]
        return Refusal(
            Code.DEPROVISIONED, f"{who.user_name} was removed at {who.deleted_at:%Y-%m-%d %H:%M} UTC (V-13)"
        )
    if not state.provider.just_in_time:
        return Refusal(Code.NO_ACTIVE_ACCOUNT, "no such person, and just-in-time creation is off")
    return Match(MatchKind.CREATE, None, new_identity=True)


def named_person(claims: Claims, state: SignInState) -> Match | Refusal:
    """Return the present person whom the claims of a refused sign-in name, for an admin who may lift that (V-3, V-8).

    They are found as at a first link, by what counts there; only "it was another subject" and "they proved nothing" are
    the admin's to lift. Two directories stay two (V-3), and a subject that is somebody's stays theirs.
    """
    if state.identity is not None or state.reserved:
        return Refusal(Code.RESERVED, "the subject is bound to somebody, or the name is no member's")
    found = _candidate(claims, state, may_link=_one_directory)
    return found or Refusal(Code.NO_ACTIVE_ACCOUNT, "the claims name nobody")


def _bound(claims: Claims, state: SignInState, person: Person) -> Match | Refusal:
    identity = state.identity
    assert identity is not None  # noqa: S101 -- the caller looked; narrows the type
    if identity.issuer != claims.issuer or identity.tenant_id != (claims.tenant_id or ""):
        return Refusal(
            Code.ISSUER_CHANGED,
            f"the identity was bound with issuer {identity.issuer!r}, tenant {identity.tenant_id!r}; now "
            f"{claims.issuer!r}, {claims.tenant_id!r} (V-1)",
        )
    return _unless_blocked(person.user) or Match(MatchKind.IDENTITY, person, new_identity=False)


def _candidate(
    claims: Claims, state: SignInState, *, may_link: Callable[[Claims, SignInState, Person], Refusal | None]
) -> Match | Refusal | None:
    for kind, people, trusted in (
        (MatchKind.EXTERNAL_ID, state.by_external_id, _id_counts(claims, state)),
        (MatchKind.USER_NAME, state.by_user_name, _counts(claims, state, claims.user_name)),
        (MatchKind.EMAIL, state.by_email, _counts(claims, state, claims.email)),
    ):
        if not people:
            continue
        if len(people) > 1:
            return Refusal(Code.AMBIGUOUS, f"{len(people)} people have this {kind.value.replace('_', ' ')}")
        person = people[0]
        blocked = _unless_blocked(person.user)
        if blocked is not None:
            return blocked
        if not trusted:
            return Refusal(
                Code.EMAIL_NOT_TRUSTED,
                f"{person.user.user_name} has this {kind.value.replace('_', ' ')}, but it doesn't count: it needs a "
                "verified domain of the account and a verified address or a directory that sets addresses (V-3)",
            )
        refusal = may_link(claims, state, person)
        return refusal or Match(kind, person, new_identity=True)
    return None


def _may_link(claims: Claims, state: SignInState, person: Person) -> Refusal | None:
    """Refuse unless this person may be bound to this subject without having proven anything (V-3)."""
    name = person.user.user_name
    if state.provider.pk in person.provider_ids:
        return Refusal(
            Code.RECYCLED_IDENTITY,
            f"{name} is bound to another subject of {state.provider.slug}; possibly a recycled identity (J-11)",
        )
    other = _one_directory(claims, state, person)
    if other is not None:
        return other
    # The same directory must mean the same object where both say which object it is.
    if (
        claims.subject_source is SubjectSource.ENTRA_OBJECT_ID
        and person.sister_subjects
        and claims.subject not in person.sister_subjects
    ):
        return Refusal(Code.RECYCLED_IDENTITY, f"{name} is another object of the same directory")
    # V-13: the directory made another person of this name, and this is the object of the one before.
    mine = person.user.external_id
    if mine and mine != claims.external_id and any(u.external_id not in (None, mine) for u in state.former):
        return Refusal(Code.RECYCLED_IDENTITY, f"{name} is not the person whom this subject belonged to")
    if person.user.has_usable_password() or person.admin:
        return Refusal(
            Code.LINK_NEEDS_PROOF,
            f"{name} has a password or is an admin: they connect SSO after signing in here, or an admin approves (V-3)",
        )
    return None


def _one_directory(_claims: Claims, state: SignInState, person: Person) -> Refusal | None:
    if person.provider_ids - {state.provider.pk} - state.same_directory:
        return Refusal(
            Code.OTHER_PROVIDER,
            f"{person.user.user_name} signs in with another provider; mark both as one directory to let them share "
            "people (V-3)",
        )
    return None


def _proven(claims: Claims, state: SignInState, user_id: UUID) -> Match | Refusal:
    # Even so the claims must name them in a way that counts: a browser may be signed in as somebody else over there.
    people = {p.user.pk: p for p in state.by_external_id if _id_counts(claims, state)}
    people |= {p.user.pk: p for p in state.by_user_name if _counts(claims, state, claims.user_name)}
    people |= {p.user.pk: p for p in state.by_email if _counts(claims, state, claims.email)}
    person = people.get(user_id)
    if person is None:
        return Refusal(
            Code.LINK_NEEDS_PROOF, "the claims name somebody else than the person who is signed in"
        )
    blocked = _unless_blocked(person.user)
    if blocked is not None:
        return blocked
    if state.provider.pk in person.provider_ids:
        return Refusal(Code.RECYCLED_IDENTITY, f"{person.user.user_name} is bound to another subject already")
    if person.provider_ids - state.same_directory:
        return Refusal(Code.OTHER_PROVIDER, f"{person.user.user_name} signs in with another provider")
    return Match(MatchKind.PROVEN, person, new_identity=True)


def _counts(claims: Claims, state: SignInState, name: str | None) -> bool:
    """Tell whether a user name or e-mail is proof enough to find a person by (V-3)."""
    if not name:
        return False
    if "@" not in name:
        return state.provider.addresses_set_by_directory and not state.provider.serves_many_by_name
    # `email_verified` speaks of the e-mail alone; a user name (`preferred_username`) is often the person's to edit.
    verified = claims.email_verified is True and fold(name) == fold(claims.email or "")
    vouched = verified or state.provider.addresses_set_by_directory
    return vouched and domain_of(name) in state.verified_domains


def _id_counts(claims: Claims, state: SignInState) -> bool:
    """Tell whether an externalId is proof enough: employee 1001 of one account is not employee 1001 of the next."""
    if not state.provider.serves_many_by_name:
        return True
    return is_unique_in_the_world(claims.external_id) or _counts(claims, state, claims.email)


def is_unique_in_the_world(external_id: str | None) -> bool:
    """Tell whether an id is a GUID in its usual form, as Entra's object ids are."""
    return bool(external_id) and _GUID.fullmatch(external_id or "") is not None


_BLOCKED = {
    Status.DELETED: Code.DEPROVISIONED,
    Status.DISABLED: Code.DISABLED,
    Status.DEACTIVATED: Code.DEACTIVATED,
}


def _unless_blocked(user: User) -> Refusal | None:
    code = _BLOCKED.get(user.status)
    return None if code is None else Refusal(code, f"{user.user_name} is {user.status.label}")
