"""Persons on the admin's pages, by rank: a member, an account admin, an SSO account admin, vendor staff (V-8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import reverse

from accounts.models import Departure, HeldChange, Kind, SecondFactor, User, UserSession
from sso.models import FederatedIdentity, SignInAttempt
from tests.console.admin_pages import page
from tests.privilege_table.cast import Cast, Rank
from tests.privilege_table.functions.people import refused_attempt
from tests.privilege_table.pages.forms import (
    ADMINS,
    NOBODY,
    OPERATORS,
    SSO_ADMINS,
    FormChange,
    Sent,
    added,
    chosen,
    edited,
    fresh,
    pressed,
)

Of = Callable[[Cast], Rank]


def _present(rank: Of) -> Callable[[Cast], User]:
    return lambda cast: rank(cast).present


def _is(rank: Of, seen: Callable[[User], bool]) -> Callable[[Cast], bool]:
    return lambda cast: seen(fresh(rank(cast).present))


def _details(whom: str, rank: Of, allowed: frozenset[Any]) -> list[FormChange]:
    user = _present(rank)
    return [
        FormChange(
            f"e-mail of {whom}",
            allowed,
            _is(rank, lambda row: row.email == "x@acme.example"),
            "user.updated",
            edited(user, email="x@acme.example"),
        ),
        FormChange(
            f"user name of {whom}",
            allowed,
            _is(rank, lambda row: row.user_name == "renamed"),
            "user.updated",
            edited(user, user_name="renamed"),
        ),
        FormChange(
            f"second factor of {whom}",
            allowed,
            lambda cast: not SecondFactor.objects.filter(user=rank(cast).present).exists(),
            "second_factor.reset",
            pressed(user, "reset_second_factor"),
        ),
        FormChange(
            f"remove {whom}",
            allowed,
            _is(rank, lambda row: row.deleted_at is not None),
            "user.deleted",
            pressed(user, "delete"),
        ),
        FormChange(
            f"remove {whom} from the list",
            allowed,
            _is(rank, lambda row: row.deleted_at is not None),
            "user.deleted",
            chosen("delete_selected", user),
        ),
    ]


def _status(whom: str, rank: Of, allowed: frozenset[Any]) -> list[FormChange]:
    user, rows = _present(rank), []
    for where, disable, enable in (
        ("", pressed(user, "disable"), pressed(lambda cast: rank(cast).blocked, "enable")),
        (
            " from the list",
            chosen("disable_selected", user),
            chosen("enable_selected", lambda cast: rank(cast).blocked),
        ),
    ):
        rows += [
            FormChange(
                f"disable {whom}{where}",
                allowed,
                _is(rank, lambda row: row.disabled_at is not None),
                "user.disabled",
                disable,
            ),
            FormChange(
                f"enable {whom}{where}",
                allowed,
                lambda cast: fresh(rank(cast).blocked).disabled_at is None,
                "user.enabled",
                enable,
            ),
        ]
    return [
        *rows,
        FormChange(
            f"disable {whom} from a report",
            allowed,
            _is(rank, lambda row: row.disabled_at is not None),
            "user.disabled",
            lambda cast: (
                reverse("admin:report_disable"),
                {"person": [str(rank(cast).present.pk)], "confirmed": "1", "report": "unused"},
            ),
        ),
    ]


def _sessions(whom: str, rank: Of, allowed: frozenset[Any]) -> list[FormChange]:
    def ended(cast: Cast) -> bool:
        return fresh(rank(cast).session).ended_at is not None

    def all_ended(cast: Cast) -> bool:
        return int(fresh(rank(cast).present).session_epoch) > rank(cast).present.session_epoch

    user, session = _present(rank), lambda cast: rank(cast).session
    return [
        FormChange(
            f"end the sessions of {whom}",
            allowed,
            all_ended,
            "session.ended_all",
            pressed(user, "end_sessions"),
        ),
        FormChange(
            f"end the sessions of {whom} from the list",
            allowed,
            all_ended,
            "session.ended_all",
            chosen("end_sessions_of_selected", user),
        ),
        FormChange(
            f"end every session of {whom} by one of them",
            allowed,
            all_ended,
            "session.ended_all",
            pressed(session, "end_all_of_person"),
        ),
        FormChange(f"end one session of {whom}", allowed, ended, "session.ended", pressed(session, "end")),
        FormChange(
            f"end one session of {whom} from the list",
            allowed,
            ended,
            "session.ended",
            chosen("end_selected", session, UserSession),
        ),
    ]


def _waiting(whom: str, rank: Of, allowed: frozenset[Any]) -> list[FormChange]:
    """Return what a directory asked for and an admin decides (V-8, P-13)."""

    def held(cast: Cast) -> HeldChange:
        row = rank(cast).held
        assert row is not None
        return row

    def departure(cast: Cast) -> Departure:
        row = rank(cast).departure
        assert row is not None
        return row

    def restored(value: bool) -> Callable[[Cast], bool]:
        return lambda cast: (
            fresh(departure(cast)).decided_at is not None and fresh(departure(cast)).restored is value
        )

    rows = [
        FormChange(
            f"approve another address of {whom}",
            SSO_ADMINS,
            _is(rank, lambda row: row.email.startswith("new-")),
            "held_change.approved",
            pressed(held, "approve"),
        ),
        FormChange(
            f"decline another address of {whom}",
            SSO_ADMINS,
            lambda cast: fresh(held(cast)).decided_at is not None,
            "held_change.declined",
            pressed(held, "decline"),
        ),
    ]
    for name, value, event in (
        ("carry_out", False, "departure.carried_out"),
        ("restore", True, "departure.restored"),
    ):
        for where, request in (
            ("", pressed(departure, name)),
            (" from the list", chosen(f"{name}_selected", departure, Departure)),
        ):
            rows.append(
                FormChange(f"{name} the removal of {whom}{where}", allowed, restored(value), event, request)
            )
    return rows


def _relinked(whom: str, rank: Of, allowed: frozenset[Any]) -> FormChange:
    """Let somebody in by a refused sign-in of theirs (V-8), which is written for the cell."""

    def request(cast: Cast) -> Sent:
        attempt = refused_attempt(cast, rank(cast))
        return page(SignInAttempt, "relink", attempt.pk), {"person": str(rank(cast).present.pk)}

    return FormChange(
        f"let {whom} in by a refused sign-in",
        allowed,
        lambda cast: FederatedIdentity.objects.filter(user=rank(cast).present).exists(),
        "identity.relinked",
        request,
    )


def _flags() -> list[FormChange]:
    """Nobody makes an operator, staff or a partner's admin of somebody by a form, nor gives a password or a proof."""

    def forged(name: str, seen: Callable[[User], bool], **fields: Any) -> FormChange:
        return FormChange(
            name, NOBODY, _is(_member, seen), "user.updated", edited(_present(_member), **fields)
        )

    return [
        forged("flag somebody operator", lambda user: user.kind == Kind.OPERATOR, kind="operator"),
        forged("flag somebody vendor staff", lambda user: user.kind == Kind.STAFF, kind="staff"),
        forged(
            "flag somebody partner admin", lambda user: user.kind == Kind.PARTNER_ADMIN, kind="partner_admin"
        ),
        forged(
            "give a password by a form",
            lambda user: user.check_password("mine-Mine-9"),
            password="mine-Mine-9",
        ),
        forged(
            "give a recovery address by a form",
            lambda user: user.recovery_email != "",
            recovery_email="x@evil.example",
        ),
        forged("give an externalId by a form", lambda user: user.external_id == "x", external_id="x"),
        forged("say what the directory says", lambda user: not user.directory_active, directory_active=""),
    ]


def _member(cast: Cast) -> Rank:
    return cast.member


def _staff(cast: Cast) -> Rank:
    return cast.staff


_RANKS: tuple[tuple[str, Of, frozenset[Any]], ...] = (
    ("a member", _member, ADMINS),
    ("an account admin", lambda cast: cast.account_admin, ADMINS),
    ("an SSO account admin", lambda cast: cast.sso_admin, SSO_ADMINS),
)

CHANGES: tuple[FormChange, ...] = (
    *(
        change
        for row in _RANKS
        for change in (
            *_details(*row),
            *_status(*row),
            *_sessions(*row),
            *_waiting(*row),
            _relinked(*row),
        )
    ),
    *_flags(),
    FormChange(
        "disable vendor staff",
        OPERATORS,
        _is(_staff, lambda row: row.disabled_at is not None),
        "user.disabled",
        pressed(_present(_staff), "disable"),
    ),
    FormChange(
        "remove vendor staff",
        OPERATORS,
        _is(_staff, lambda row: row.deleted_at is not None),
        "user.deleted",
        pressed(_present(_staff), "delete"),
    ),
    FormChange(
        "second factor of vendor staff",
        OPERATORS,
        lambda cast: not SecondFactor.objects.filter(user=cast.staff.present).exists(),
        "second_factor.reset",
        pressed(_present(_staff), "reset_second_factor"),
    ),
    FormChange(
        "let a removed person come back",
        ADMINS,
        lambda cast: fresh(cast.member.gone).readmitted_at is not None,
        "user.readmitted",
        pressed(lambda cast: cast.member.gone, "readmit"),
    ),
    FormChange(
        "add a person",
        ADMINS,
        lambda cast: (
            User.objects.for_account(cast.acme.account).filter(user_name="new@acme.example").exists()
        ),
        "user.created",
        added(User, lambda cast: {"in_account": cast.acme.account.pk, "user_name": "new@acme.example"}),
    ),
)
