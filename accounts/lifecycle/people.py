"""Create and update a person, and provision one from a directory (P-4, V-8, V-13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import privilege, subjects
from accounts.lifecycle import status
from accounts.models import Account, HeldChange, Kind, Partner, User
from accounts.models.person import DEPLOYMENT_REALM, account_realm
from accounts.signals import person_changed
from audit.actors import Actor, ActorKind
from audit.recorder import Subject, record
from audit.refusals import Refused, refusals_audited
from foundation import track_ids
from foundation.folding import fold


class UserNameTaken(Refused):
    """Another person of the realm has this user name (compared without case)."""

    code = "user.name_taken"


class ChangeHeld(Refused):
    """The change was written down and waits for an admin's approval (V-8).

    ``held`` names whose change it is and to what. Whoever rolls an outer transaction back because of this calls
    ``keep_held_change`` afterwards, since the note was rolled back too.
    """

    code = "user.change_held"
    held: tuple[User, PersonChanges] | None = None


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

# Fields of an admin that the directory may only ask to change (V-8).
_HELD_FOR_ADMINS = frozenset({"user_name", "email", "external_id"})


@refusals_audited
@transaction.atomic
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
    _require_creation(actor, account, kind, subject)
    for name, value in _checked(values, actor, "user.create", subject).items():
        setattr(user, name, value)
    if not user.user_name:
        raise InvalidPerson("A person needs a user name.", actor=actor, action="user.create", subject=subject)
    if password is None:
        user.set_unusable_password()
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
    person_changed.send(sender=User, user=user, actor=actor, changed=frozenset(values.given()))
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
        refusal.held = (user, values)
        keep_held_change(refusal)
        raise refusal


def keep_held_change(refusal: ChangeHeld) -> None:
    """Write down what waits for approval; the same request again changes nothing, another one replaces it."""
    if refusal.held is not None:
        _hold(refusal.held[0], refusal.actor, refusal.held[1])


@transaction.atomic
def _update(
    user: User, actor: Actor, values: PersonChanges, details: Details = _NO_DETAILS
) -> frozenset[str]:
    locked = User.objects.select_for_update().get(pk=user.pk)
    subject = subjects.of_user(locked)
    own_details = not {"user_name", "email", "external_id"} & set(values.given())
    privilege.require_over(actor, locked, action="user.update", subject=subject, itself=own_details)
    wanted = _checked(values, actor, "user.update", subject)
    old = {name: getattr(locked, name) or "" for name in wanted}
    changes = {name: [old[name], value or ""] for name, value in wanted.items() if old[name] != (value or "")}
    if not changes and not details:
        return frozenset()
    if actor.kind is ActorKind.SCIM and _HELD_FOR_ADMINS & set(changes) and privilege.is_admin(locked):
        raise ChangeHeld(
            f"{locked.user_name} is an admin here; changing {', '.join(sorted(_HELD_FOR_ADMINS & set(changes)))} "
            "waits for approval by an SSO account admin.",
            actor=actor,
            action="user.update",
            subject=subject,
        )
    for name in changes:
        setattr(locked, name, wanted[name])
    _save(locked, actor, "user.update", subject)
    record(
        actor=actor,
        action="user.updated",
        subject=subjects.of_user(locked),
        message=f"{locked.user_name}: {', '.join(sorted({*changes, *details}))} changed.",
        changes=changes | dict(details),
    )
    person_changed.send(sender=User, user=locked, actor=actor, changed=frozenset(changes))
    user.refresh_from_db()
    return frozenset(changes)


@refusals_audited
@transaction.atomic
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
    folded = fold(values.user_name or "")
    present = User.objects.present().select_for_update()
    holder = present.filter(realm=account_realm(account), user_name_folded=folded).first() if folded else None
    back = _coming_back(account, values)
    replaced = (
        holder is not None and holder != back and not holder.directory_active and bool(values.external_id)
    )
    if holder is not None and replaced and holder.kind == Kind.MEMBER:
        status.archive_user(user=holder, actor=actor)
    if back is not None and (holder is None or holder == back or replaced):
        _restore(back, actor, values, details, directory_active=directory_active)
        return back, True
    user = create_user(
        actor=actor, account=account, values=values, directory_active=directory_active, details=details
    )
    return user, False


def _coming_back(account: Account, values: PersonChanges) -> User | None:
    """Return the one deactivated person of the account whom the directory knows by this externalId."""
    if not values.external_id:
        return None
    gone = User.objects.for_account(account).present().filter(directory_active=False)
    found = list(gone.select_for_update().filter(external_id=values.external_id)[:2])
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
            if name in _HELD_FOR_ADMINS and (getattr(user, name) or "") != value
        }
        if held:
            _hold(user, actor, PersonChanges(**held))
            wanted = replace(values, **dict.fromkeys(held))
    update_user(user=user, actor=actor, values=wanted, details=details)
    if directory_active:
        status.set_directory_active(user=user, actor=actor, active=True)


def _require_creation(actor: Actor, account: Account | None, kind: Kind, subject: Subject) -> None:
    if actor.kind in (ActorKind.SCIM, ActorKind.PROVIDER) and kind == Kind.MEMBER and account is not None:
        return  # their own account only: the caller's scope is the account of the token or provider
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


def _save(user: User, actor: Actor, action: str, subject: Subject) -> None:
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        if (
            not User.objects.present()
            .filter(realm=user.realm or DEPLOYMENT_REALM, user_name_folded=user.user_name_folded)
            .exclude(pk=user.pk)
            .exists()
        ):
            raise
        raise UserNameTaken(
            f"The user name {user.user_name} is already in use in this account.",
            actor=actor,
            action=action,
            subject=subject,
        ) from error


def _hold(user: User, actor: Actor, values: PersonChanges) -> None:
    if user.account is None:
        return
    now = User.objects.get(pk=user.pk)
    changes = {
        name: [getattr(now, name) or "", value]
        for name, value in values.given().items()
        if (getattr(now, name) or "") != value
    }
    waiting = HeldChange.objects.for_account(user.account).filter(user=user, decided_at=None)
    if any(row.changes == changes for row in waiting):
        return  # directories repeat what was refused, every half hour
    waiting.update(decided_at=timezone.now(), decided_by="replaced by a later request", approved=False)
    HeldChange.objects.create(
        account=user.account, user=user, changes=changes, asked_by=actor.label, track_id=track_ids.current()
    )
