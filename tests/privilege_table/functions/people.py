"""What is done to a person, by rank: a member, an account admin, an SSO account admin, vendor staff (V-8, V-12)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from accounts import lifecycle
from accounts.lifecycle import PersonChanges
from accounts.models import EndReason, Kind
from sso import claims_json, relinking
from sso.claims import Claims, SubjectSource
from sso.models import SignInAttempt
from tests.privilege_table.cast import Cast, Rank
from tests.privilege_table.functions.calls import (
    ADMINS,
    DIRECTORY,
    FILE,
    NOBODY,
    OPERATORS,
    OUTSIDE,
    PROVIDER,
    SSO_ADMINS,
    Call,
    Given,
)
from tests.worlds import add_attempt


def _present(rank: Callable[[Cast], Rank], **values: Any) -> Given:
    return lambda cast: {"user": rank(cast).present, **values}


def _updated(rank: Callable[[Cast], Rank], **values: str) -> Given:
    return _present(rank, values=PersonChanges(**values))


def _status(
    whom: str, rank: Callable[[Cast], Rank], people: frozenset[str], outside: frozenset[str]
) -> list[Call]:
    """Return what ends or begins a person's access. ``outside`` are entrances that know them."""
    said = outside & {DIRECTORY}
    lost = ADMINS if outside else people  # a removed admin's roles are gone
    return [
        Call(f"disable {whom}", people, lifecycle.disable_user, _present(rank), "user.disabled"),
        Call(
            f"disable {whom}, the last admin or not",
            OPERATORS,
            lifecycle.disable_user,
            _present(rank, last_admin=True),
            "user.disabled",
        ),
        Call(
            f"enable {whom}",
            people,
            lifecycle.enable_user,
            lambda cast: {"user": rank(cast).blocked},
            "user.enabled",
        ),
        Call(f"remove {whom}", people | said, lifecycle.delete_user, _present(rank), "user.deleted"),
        Call(
            f"readmit {whom}",
            lost,
            lifecycle.readmit_user,
            lambda cast: {"user": rank(cast).gone},
            "user.readmitted",
        ),
        Call(
            f"say that {whom} left",
            said,
            lifecycle.set_directory_active,
            _present(rank, active=False),
            "user.deactivated",
        ),
        Call(
            f"end the sessions of {whom}",
            people | outside,
            lifecycle.end_all_sessions,
            _present(rank, reason=EndReason.ADMIN),
            "session.ended_all",
        ),
        Call(
            f"end one session of {whom}",
            people | outside,
            lifecycle.end_session,
            lambda cast: {"session": rank(cast).session, "reason": EndReason.ADMIN},
            "session.ended",
        ),
        Call(
            f"end the other sessions of {whom}",
            people | outside,
            lifecycle.end_other_sessions,
            lambda cast: {"session": _another(rank(cast)), "reason": EndReason.ADMIN},
            "session.ended_others",
        ),
    ]


def _another(rank: Rank) -> Any:
    session = rank.session
    return type(session)(user=session.user)  # the row in the world is one of the others


def _details(
    whom: str, rank: Callable[[Cast], Rank], people: frozenset[str], outside: frozenset[str]
) -> list[Call]:
    linked = outside & {PROVIDER}  # J-12: linking ends an unproven password
    return [
        Call(
            f"given name of {whom}",
            people | outside,
            lifecycle.update_user,
            _updated(rank, given_name="X"),
            "user.updated",
        ),
        Call(
            f"password of {whom}",
            people,
            lifecycle.set_password,
            _present(rank, password="mine-Mine-9"),
            "user.password_set",
        ),
        Call(
            f"drop the password of {whom}",
            people | linked,
            lifecycle.drop_password,
            _present(rank, why="test"),
            "user.password_dropped",
        ),
        Call(
            f"second factor of {whom}",
            people,
            lifecycle.reset_factors,
            _present(rank),
            "second_factor.reset",
        ),
    ]


def _names(whom: str, rank: Callable[[Cast], Rank], people: frozenset[str], provider: bool) -> list[Call]:
    """Return what says who somebody is: of an admin the directory only asks (V-8)."""
    writers = people | ({PROVIDER} if provider else set())
    admin = whom != "a member"
    calls = []
    for field, value in (("user_name", "renamed"), ("email", "x@acme.example"), ("external_id", "x-1")):
        change = (lifecycle.update_user, _updated(rank, **{field: value}), "user.updated")
        if admin:
            directory = frozenset({DIRECTORY})
            name = f"{field} of {whom}, by the directory"
            calls.append(Call(name, NOBODY, *change, "user.change_held", directory))
        calls.append(
            Call(
                f"{field} of {whom}",
                frozenset(writers if admin else writers | {DIRECTORY}),
                *change,
                but=frozenset({DIRECTORY}) if admin else NOBODY,
            )
        )
    return calls


def _waiting(whom: str, rank: Callable[[Cast], Rank], people: frozenset[str]) -> list[Call]:
    """Return what a directory asked for and an admin decides (V-8, P-13)."""
    return [
        Call(
            f"approve another address of {whom}",
            SSO_ADMINS,
            lifecycle.approve_held_change,
            lambda cast: {"held": rank(cast).held},
            "held_change.approved",
        ),
        Call(
            f"decline another address of {whom}",
            SSO_ADMINS,
            lifecycle.decline_held_change,
            lambda cast: {"held": rank(cast).held},
            "held_change.declined",
        ),
        Call(
            f"carry out the removal of {whom}",
            people,
            lifecycle.carry_out_departure,
            lambda cast: {"departure": rank(cast).departure},
            "departure.carried_out",
        ),
        Call(
            f"restore {whom}",
            people,
            lifecycle.restore_departed,
            lambda cast: {"departure": rank(cast).departure},
            "departure.restored",
        ),
    ]


def _member(cast: Cast) -> Rank:
    return cast.member


def _account_admin(cast: Cast) -> Rank:
    return cast.account_admin


def _sso_admin(cast: Cast) -> Rank:
    return cast.sso_admin


def _staff(cast: Cast) -> Rank:
    return cast.staff


def _made(kind: Kind, **more: Any) -> Given:
    """Return how somebody would be made."""
    return lambda cast: {
        "kind": kind,
        "account": cast.acme.account if kind == Kind.MEMBER else None,
        "partner": cast.partner if kind == Kind.PARTNER_ADMIN else None,
        "values": PersonChanges(user_name="new"),
        **more,
    }


def refused_attempt(cast: Cast, rank: Rank) -> SignInAttempt:
    """Return a sign-in that named somebody by their address and was refused, since they had proven nothing (V-3)."""
    provider = cast.acme.provider
    attempt = add_attempt(rank.present, provider)
    claims = Claims(
        issuer=f"https://{provider.slug}.idp.example",
        subject=f"new-{rank.present.pk}",
        subject_source=SubjectSource.SUB,
        email=rank.present.email,
    )
    SignInAttempt.objects.filter(pk=attempt.pk).update(
        outcome="link.needs_proof",
        user=None,
        claims=json.dumps(claims_json.without_session_secrets(claims)),
        report={},
    )
    attempt.refresh_from_db()
    return attempt


def _relinked(whom: str, rank: Callable[[Cast], Rank], people: frozenset[str]) -> Call:
    return Call(
        f"let {whom} in by a refused sign-in",
        people,
        relinking.approve,
        lambda cast: {"attempt": refused_attempt(cast, rank(cast)), "user_id": rank(cast).present.pk},
        "identity.relinked",
    )


CALLS: tuple[Call, ...] = (
    *(
        call
        for whom, rank, people, outside in (
            ("a member", _member, ADMINS, OUTSIDE),
            ("an account admin", _account_admin, ADMINS, OUTSIDE),
            ("an SSO account admin", _sso_admin, SSO_ADMINS, OUTSIDE),
            ("vendor staff", _staff, OPERATORS, NOBODY),
        )
        for call in (
            *_status(whom, rank, people, outside),
            *_details(whom, rank, people, outside),
        )
    ),
    *(
        call
        for whom, rank, people in (
            ("a member", _member, ADMINS),
            ("an account admin", _account_admin, ADMINS),
            ("an SSO account admin", _sso_admin, SSO_ADMINS),
        )
        for call in (
            *_names(whom, rank, people, whom != "an SSO account admin"),
            *_waiting(whom, rank, people),
            _relinked(whom, rank, people),
        )
    ),
    Call(
        "user name of vendor staff",
        OPERATORS,
        lifecycle.update_user,
        _updated(_staff, user_name="renamed"),
        "user.updated",
    ),
    Call("make a member", ADMINS | OUTSIDE, lifecycle.create_user, _made(Kind.MEMBER), "user.created"),
    Call(
        "make a member with a password",
        ADMINS,
        lifecycle.create_user,
        _made(Kind.MEMBER, password="mine-Mine-9"),
        "user.created",
    ),
    Call("make an operator", OPERATORS, lifecycle.create_user, _made(Kind.OPERATOR), "user.created"),
    Call("make vendor staff", OPERATORS, lifecycle.create_user, _made(Kind.STAFF), "user.created"),
    Call(
        "make a partner's admin", OPERATORS, lifecycle.create_user, _made(Kind.PARTNER_ADMIN), "user.created"
    ),
    Call(
        "push a member",
        frozenset({DIRECTORY, FILE}),
        lifecycle.provision_user,
        lambda cast: {
            "account": cast.acme.account,
            "values": PersonChanges(user_name="new", external_id="n-1"),
        },
        "user.created",
    ),
)
