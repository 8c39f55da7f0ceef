"""People of an account and the roles given to them by hand (V-8, V-13, V-24, R-4).

A password counts only for somebody who is created here. Nobody's disable is lifted, and somebody who was removed from
the account is not made again without ``--override``: else every run would undo what a directory or an admin decided.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts import lifecycle, subjects
from accounts.lifecycle import PersonChanges
from accounts.models import AccountRoleMembership, User
from accounts.sources import Source
from console.configuration.accounts import AccountState
from console.configuration.places import Place
from console.configuration.run import Run
from console.configuration.schema import UserPart
from console.configuration.vocabulary import Vocabulary
from foundation.folding import fold
from spaces.access import grant_space_role
from spaces.models import SpaceMembership

_FIELDS = ("user_name", "email", "given_name", "family_name", "display_name", "phone", "timezone", "language")
T = TypeVar("T")
_CHUNK = 5_000  # names in one IN (…): SQLite bears 32,766 parameters


@dataclass(frozen=True, slots=True)
class _People:
    """Those of the file who exist: present ones, names of removed ones, and what they hold by which source."""

    present: dict[str, User] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    account_roles: dict[UUID, set[tuple[UUID, str]]] = field(default_factory=lambda: defaultdict(set))
    space_roles: dict[UUID, set[tuple[UUID, UUID, str]]] = field(default_factory=lambda: defaultdict(set))


def apply_users(run: Run, state: AccountState, words: Vocabulary) -> None:
    """Create and update the people that the file names and give them what it says."""
    people = _load(state, [fold(part.user_name) for part in state.part.users])
    for part in state.part.users:
        folded = fold(part.user_name)
        user = people.present.get(folded)
        if user is not None:
            _update(run, state, part, user)
            if not user.can_sign_in:
                run.warn(part.place, f"{user.user_name} is {user.status.label} and stays so (V-24)")
        elif folded in people.removed and not run.override:
            run.warn(
                part.place, f"{part.user_name} was removed from this account; --override makes a new person"
            )
        else:
            user = _create(run, state, part)
        _give_account_roles(run, state, words, part, user, people)
        _give_space_roles(run, state, words, part, user, people)


def _load(state: AccountState, names: list[str]) -> _People:
    people = _People()
    for some in _chunks(names):
        for user in User.objects.for_account(state.account).filter(user_name_folded__in=some).order_by():
            if user.deleted_at is None:
                people.present[user.user_name_folded] = user
            elif user.readmitted_at is None:
                people.removed.add(user.user_name_folded)
    for ids in _chunks([user.pk for user in people.present.values()]):
        roles = AccountRoleMembership.objects.for_account(state.account).filter(user__in=ids)
        for user_id, role_id, source in roles.values_list("user_id", "role_id", "source"):
            people.account_roles[user_id].add((role_id, source))
        rows = SpaceMembership.objects.for_account(state.account).filter(user__in=ids)
        for user_id, space_id, role_id, source in rows.values_list(
            "user_id", "space_id", "role_id", "source"
        ):
            people.space_roles[user_id].add((space_id, role_id, source))
    return people


def _create(run: Run, state: AccountState, part: UserPart) -> User | None:
    values = {name: value for name in _FIELDS if (value := getattr(part, name)) is not None}
    if part.email is None and _is_address(part.user_name):
        values["email"] = part.user_name
    if part.password is not None:
        try:
            validate_password(part.password, User(**values))
        except ValidationError as error:
            run.problem(part.place.at("password"), " ".join(error.messages))
            return None
        if not state.account.password_sign_in_allowed or state.account.sso_authorization:
            run.warn(part.place.at("password"), "people of this account sign in by single sign-on only (L-3)")
    with run.at(part.place):
        user = lifecycle.create_user(
            actor=run.actor, account=state.account, values=PersonChanges(**values), password=part.password
        )
        label = state.label_of("user", part.user_name)
        run.difference.created(
            label, **{name: value for name, value in values.items() if name != "user_name"}
        )
        if part.password is not None:
            run.difference.secret(label, "password")
        return user
    return None


def _update(run: Run, state: AccountState, part: UserPart, user: User) -> None:
    given = {name: value for name in _FIELDS if (value := getattr(part, name)) is not None}
    changes = {name: (getattr(user, name), new) for name, new in given.items() if getattr(user, name) != new}
    if not changes:
        return
    label = state.label_of("user", part.user_name)
    with run.at(part.place):
        values = PersonChanges(**{name: new for name, (_, new) in changes.items()})
        lifecycle.update_user(user=user, actor=run.actor, values=values)
        for name, (old, new) in changes.items():
            run.difference.changed(label, name, old, new)


def _give_account_roles(
    run: Run, state: AccountState, words: Vocabulary, part: UserPart, user: User | None, people: _People
) -> None:
    for index, name in enumerate(part.account_roles):
        place = part.place.at("account_roles", index)
        role = words.account_role(run, place, name)
        if role is None or user is None:
            continue
        held = people.account_roles[user.pk]
        if (role.pk, Source.MANUAL.value) in held:
            continue
        if _may_give(run, state, user, place, held=any(role.pk == role_id for role_id, _ in held)):
            with run.at(place):
                lifecycle.grant_account_role(user=user, role=role, actor=run.actor, source=Source.MANUAL)
                run.difference.added(state.label_of("user", part.user_name), "account_roles", role.name)


def _give_space_roles(
    run: Run, state: AccountState, words: Vocabulary, part: UserPart, user: User | None, people: _People
) -> None:
    at = part.place.at("space_roles")
    for space, roles in words.roles_by_space(run, at, part.space_roles).items():
        for role in roles:
            if user is None:
                continue
            held = people.space_roles[user.pk]
            if (space.pk, role.pk, Source.MANUAL.value) in held:
                continue
            place = at.at(space.name)
            already = any((space.pk, role.pk) == row[:2] for row in held)
            if _may_give(run, state, user, place, held=already):
                with run.at(place):
                    grant_space_role(user=user, space=space, role=role, actor=run.actor, source=Source.MANUAL)
                    run.difference.added(
                        state.label_of("user", part.user_name), "space_roles", f"{role.name} in {space.name}"
                    )


def _may_give(run: Run, state: AccountState, user: User, place: Place, *, held: bool) -> bool:
    """R-4: where authorization is on, roles of people who come by single sign-on follow their mapping roles."""
    if not (state.account.sso_authorization and user.connected):
        return True
    if held:
        return False  # by a mapping role: nothing is missing
    return run.guard(
        place,
        f"roles of {user.user_name} follow the mapping roles (R-4)",
        in_use=state.in_use,
        subject=subjects.of_user(user),
    )


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))
