"""Create and update a person, and provision one from a directory (P-4, V-8, V-13)."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, UNUSABLE_PASSWORD_SUFFIX_LENGTH
from django.db import IntegrityError

from accounts import privilege, subjects
from accounts.lifecycle import departures, status
from accounts.lifecycle.holding import HELD_FIELDS, ChangeHeld, held_refusal, hold, keep_held_change
from accounts.lifecycle.locking import bring_in_step, locked_row
from accounts.models import Account, Kind, Partner, User
from accounts.models.person import account_realm
from accounts.signals import person_changed
from audit.actors import Actor, ActorKind
from audit.recorder import Subject, record
from audit.refusals import Refused, refusals_audited
from foundation.compiled_queries import CompiledQuery, key, text
from foundation.compiled_writes import insert, update
from foundation.folding import fold
from foundation.transactions import in_transaction, is_all_or_nothing, recoverable


class UserNameTaken(Refused):
    """Another person of the realm has this user name (compared without case)."""

    code = "user.name_taken"


class InvalidPerson(Refused):
    """A value can't be stored."""

    code = "user.invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChanges:
    """New values; ``None`` leaves a field as it is, "" empties it (design rule 5)."""

    user_name: str | None = None
    email: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    display_name: str | None = None
    phone: str | None = None
    timezone: str | None = None
    language: str | None = None
    external_id: str | None = None

    def given(self) -> dict[str, str]:
        """Return the fields that are to change."""
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name)) is not None}


# What the floor above keeps about a person beyond our columns changed with them: ``{name: [old, new]}``, for the audit.
Details = Mapping[str, Any]
_NO_DETAILS: Details = MappingProxyType({})

NO_CHANGES = PersonChanges()

_DIRECTORY = frozenset({ActorKind.SCIM, ActorKind.CONFIGURATION, ActorKind.SYSTEM})


@refusals_audited
@in_transaction
def create_user(
    *,
    actor: Actor,
    values: PersonChanges,
    account: Account | None = None,
    partner: Partner | None = None,
    kind: Kind = Kind.MEMBER,
    directory_active: bool = True,
    password: str | None = None,
    details: Details = _NO_DETAILS,
) -> User:
    """Create a person and return them; pending until the first sign-in, without a usable password unless given one.

    ``details`` are audited along with the columns: what the caller keeps about the person in tables of its own.

    Raises ``UserNameTaken`` when the realm has the name, ``InvalidPerson`` on an empty or overlong value, and
    ``privilege.NotAllowed``. A race for the same name ends in ``UserNameTaken`` for one of the two, never in an error.
    """
    user = User(account=account, partner=partner, kind=kind, directory_active=directory_active)
    user.provisioned_by = actor.kind.value
    subject = Subject(
        "user", "", values.user_name or "", account_id=user.account_id, partner_id=user.partner_id
    )
    _require_creation(actor, account, kind, subject, with_password=password is not None)
    for name, value in _checked(values, actor, "user.create", subject).items():
        setattr(user, name, value)
    if not user.user_name:
        raise InvalidPerson("A person needs a user name.", actor=actor, action="user.create", subject=subject)
    if password is None:
        # As set_unusable_password(), whose forty draws of a letter cost as much as writing the row.
        user.password = f"{UNUSABLE_PASSWORD_PREFIX}{secrets.token_hex(UNUSABLE_PASSWORD_SUFFIX_LENGTH // 2)}"
    else:
        user.set_password(password)
    _save(user, actor, "user.create", subject)
    record(
        actor=actor,
        action="user.created",
        subject=subjects.of_user(user),
        message=f"{user.user_name} was created, {user.status.label}.",
        changes={name: [None, value] for name, value in values.given().items() if value} | dict(details),
    )
    person_changed.send(sender=User, user=user, actor=actor, changed=frozenset(values.given()), created=True)
    return user


@refusals_audited
def update_user(
    *, user: User, actor: Actor, values: PersonChanges, details: Details = _NO_DETAILS
) -> frozenset[str]:
    """Change a person and return the names of the fields that changed; ``user`` is refreshed.

    ``details`` are changes that the caller makes in tables of its own in this transaction; they are audited in the same
    event and move ``updated_at``, columns or not. What a directory or provider may not write on an admin is held for
    approval (``ChangeHeld``, nothing is changed).
    """
    try:
        return _update(user, actor, values, details)
    except ChangeHeld as refusal:
        refusal.held = (user, values.given())
        if not is_all_or_nothing():
            keep_held_change(refusal)
        raise refusal


@in_transaction
def _update(
    user: User, actor: Actor, values: PersonChanges, details: Details = _NO_DETAILS
) -> frozenset[str]:
    locked = locked_row(user)
    subject = subjects.of_user(locked)
    own_details = not {"user_name", "email", "external_id"} & set(values.given())
    privilege.require_over(actor, locked, action="user.update", subject=subject, itself=own_details)
    wanted = _checked(values, actor, "user.update", subject)
    old = {name: getattr(locked, name) or "" for name in wanted}
    changes = {name: [old[name], value or ""] for name, value in wanted.items() if old[name] != (value or "")}
    if not changes and not details:
        return frozenset()
    if actor.kind is ActorKind.SCIM and HELD_FIELDS & set(changes) and privilege.is_admin(locked):
        raise held_refusal(locked, actor, changes, action="user.update", subject=subject)
    if actor.kind is ActorKind.PROVIDER:
        _refuse_renaming_sso_admin(locked, actor, changes, subject)
    for name in changes:
        setattr(locked, name, wanted[name])
    _save(locked, actor, "user.update", subject, changed=changes)
    record(
        actor=actor,
        action="user.updated",
        subject=subjects.of_user(locked),
        message=f"{locked.user_name}: {', '.join(sorted({*changes, *details}))} changed.",
        changes=changes | dict(details),
    )
    person_changed.send(sender=User, user=locked, actor=actor, changed=frozenset(changes))
    bring_in_step(user, locked)
    return frozenset(changes)


def _refuse_renaming_sso_admin(
    locked: User, actor: Actor, changes: Mapping[str, Any], subject: Subject
) -> None:
    """V-8: who an SSO account admin is, is no provider's to say; the planner leaves it out, and this checks."""
    renamed = any(fold(old) != fold(new) for name, (old, new) in changes.items() if name in HELD_FIELDS)
    if renamed and privilege.authority_of_user_roles(locked) >= privilege.Authority.SSO_ACCOUNT_ADMIN:
        raise privilege.NotAllowed(
            f"{locked.user_name} is an SSO account admin here; a sign-in doesn't change their name or address.",
            actor=actor,
            action="user.update",
            subject=subject,
        )


@refusals_audited
@in_transaction
def provision_user(
    *,
    account: Account,
    actor: Actor,
    values: PersonChanges,
    directory_active: bool = True,
    details: Details = _NO_DETAILS,
) -> tuple[User, bool]:
    """Answer a directory's "create": return the person and whether an existing one was restored (V-13).

    A deactivated person with the same externalId is restored under the same id, also under a new user name. Otherwise
    a live row of the name is ``UserNameTaken``; a deactivated one with another externalId is archived and a new person
    made; without an externalId it is ``UserNameTaken``.
    """
    if actor.kind not in _DIRECTORY:
        raise privilege.NotAllowed(
            "What a directory creates is the directory's.",
            actor=actor,
            action="user.create",
            subject=Subject("user", "", values.user_name or "", account_id=account.pk),
        )
    folded = fold(values.user_name or "")
    holder = _HOLDER.first(account_realm(account), folded) if folded else None
    back = _coming_back(account, values)
    held = None if back is not None else departures.coming_back(account, values.external_id or "")
    replaced = (
        holder is not None and holder != back and not holder.directory_active and bool(values.external_id)
    )
    if holder is not None and replaced and holder.kind == Kind.MEMBER:
        status.archive_user(user=holder, actor=actor)
    if back is not None and (holder is None or holder == back or replaced):
        _restore(back, actor, values, details, directory_active=directory_active)
        return back, True
    if held is not None and (holder is None or replaced):  # P-13: their deletion was not carried out
        departures.bring_back_by_directory(held, actor)
        _restore(held, actor, values, details, directory_active=directory_active)
        return held, True
    user = create_user(
        actor=actor, account=account, values=values, directory_active=directory_active, details=details
    )
    return user, False


def _coming_back(account: Account, values: PersonChanges) -> User | None:
    """Return the one deactivated person of the account whom the directory knows by this externalId."""
    if not values.external_id:
        return None
    found = _GONE.all(account.pk, values.external_id)
    return found[0] if len(found) == 1 else None


def _restore(
    user: User, actor: Actor, values: PersonChanges, details: Details, *, directory_active: bool
) -> None:
    """Give a person back what they had; of an admin's name and address the new ones wait for approval (V-8)."""
    wanted = values
    if actor.kind is ActorKind.SCIM and privilege.is_admin(user):
        held = {
            name: value
            for name, value in values.given().items()
            if name in HELD_FIELDS and (getattr(user, name) or "") != value
        }
        if held:
            hold(user, actor, held)
            wanted = replace(values, **dict.fromkeys(held))
    update_user(user=user, actor=actor, values=wanted, details=details)
    if directory_active:
        status.set_directory_active(user=user, actor=actor, active=True)


def _require_creation(
    actor: Actor, account: Account | None, kind: Kind, subject: Subject, *, with_password: bool
) -> None:
    outside = actor.kind in (ActorKind.SCIM, ActorKind.PROVIDER)  # neither has a say in passwords (P-9, J-12)
    if outside and kind == Kind.MEMBER and account is not None and not with_password:
        privilege.require_within(actor, account.pk, action="user.create", subject=subject)
        return
    least = privilege.Authority.ACCOUNT_ADMIN if kind == Kind.MEMBER else privilege.Authority.OPERATOR
    privilege.require(actor, account, least, action="user.create", subject=subject)


def _checked(values: PersonChanges, actor: Actor, action: str, subject: Subject) -> dict[str, str | None]:
    """Return the values as they will be stored; refuse what doesn't fit rather than cut it."""
    checked: dict[str, str | None] = {}
    for name, value in values.given().items():
        field = User._meta.get_field(name)
        limit: Any = getattr(field, "max_length", None)
        # Folding can lengthen a text, and its column is as wide as the first.
        if "\x00" in value or (limit is not None and max(len(value), len(fold(value))) > limit):
            raise InvalidPerson(
                f"{name} is longer than {limit} characters or has a null character.",
                actor=actor,
                action=action,
                subject=subject,
            )
        if name == "user_name" and not fold(value):
            raise InvalidPerson("A person needs a user name.", actor=actor, action=action, subject=subject)
        checked[name] = (value or None) if name == "external_id" else value
    return checked


def _save(
    user: User, actor: Actor, action: str, subject: Subject, *, changed: Collection[str] | None = None
) -> None:
    """Write a new person, or of a known one what ``changed``."""
    user.derive()
    try:
        with recoverable():
            if changed is None:
                insert([user])
            else:
                # Only the user name can be somebody else's already.
                fields = User.columns_to_write(["updated_at", *changed])
                update(user, fields, later="user_name" not in changed)
    except IntegrityError as error:
        # PostgreSQL names the constraint, SQLite its columns.
        if not any(name in str(error) for name in ("user_name_once_per_realm", "user_name_folded")):
            raise
        raise UserNameTaken(
            f"The user name {user.user_name} is already in use in this account.",
            actor=actor,
            action=action,
            subject=subject,
        ) from error


_HOLDER = CompiledQuery(
    lambda realm, folded: (
        User.objects.present().filter(realm=realm, user_name_folded=folded).order_by().select_for_update()
    ),
    text,
    text,
)
_GONE = CompiledQuery(
    lambda account, external_id: (
        User.objects.for_account(account)
        .present()
        .filter(directory_active=False, external_id=external_id)
        .order_by()
        .select_for_update()[:2]
    ),
    key,
    text,
)
