"""What only the person does about themself: the SSO account admin of the cast, whoever acts (V-8, V-11, V-15)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts import lifecycle, totp
from accounts.lifecycle import factors, mailed_links
from accounts.models import LinkPurpose, MailedLink, SecondFactor, User
from sso import recovery_drill
from tests.privilege_table.cast import Cast, Role
from tests.privilege_table.functions.calls import Call, Given

_SECRET = "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU"  # of an authenticator app that is being enrolled
_THEMSELF = frozenset({Role.SSO_ADMIN.value})


def _own(**values: Any) -> Given:
    return lambda cast: {"user": cast.people[Role.SSO_ADMIN], **values}


def _new_app(cast: Cast) -> dict[str, Any]:
    code = totp.code_at(_SECRET, int(timezone.now().timestamp()) // totp.STEP_SECONDS)
    return {"user": cast.people[Role.SSO_ADMIN], "name": "app", "secret": _SECRET, "code": code}


def _own_factor(cast: Cast) -> dict[str, Any]:
    user = cast.people[Role.SSO_ADMIN]
    return {"factor": SecondFactor.objects.create(user=user, kind="totp", name="app", secret=_SECRET)}


def _own_link(cast: Cast) -> dict[str, Any]:
    user = cast.people[Role.SSO_ADMIN]
    address, purpose = "own@private.example", LinkPurpose.ADDRESS
    link: MailedLink = mailed_links.issue(user=user, purpose=purpose, address=address, asked_from="")
    return {"user": user, "link": link}


def with_address(cast: Cast) -> dict[str, Any]:
    user = cast.people[Role.SSO_ADMIN]
    long_ago = timezone.now() - timedelta(days=30)
    User.objects.filter(pk=user.pk).update(
        recovery_email="own@private.example",
        recovery_email_confirmed_at=long_ago,
        recovery_email_changed_at=long_ago,
    )
    return {"user": User.objects.get(pk=user.pk)}


_PASSKEY = factors.Passkey(b"key", b"credential", "localhost", 0)
CALLS: tuple[Call, ...] = (
    Call("own app", _THEMSELF, factors.add_authenticator, _new_app, "second_factor.added"),
    Call(
        "own passkey",
        _THEMSELF,
        factors.add_passkey,
        _own(name="key", passkey=_PASSKEY),
        "second_factor.added",
    ),
    Call("remove own factor", _THEMSELF, factors.remove_factor, _own_factor, "second_factor.removed"),
    Call(
        "own recovery codes",
        _THEMSELF,
        factors.make_recovery_codes,
        _own(),
        "second_factor.recovery_codes",
    ),
    Call(
        "ask for a recovery address",
        _THEMSELF,
        lifecycle.ask_for_recovery_address,
        _own(address="own@private.example"),
        "recovery_address.asked",
    ),
    Call(
        "confirm a recovery address",
        _THEMSELF,
        lifecycle.confirm_recovery_address,
        _own_link,
        "recovery_address.changed",
    ),
    Call(
        "remove a recovery address",
        _THEMSELF,
        lifecycle.remove_recovery_address,
        with_address,
        "recovery_address.removed",
    ),
    Call(
        "recovery drill",
        _THEMSELF,
        recovery_drill.send_test,
        with_address,
        "recovery_drill.sent",
        code="recovery_drill.not_possible",
    ),
    Call(
        "personal token",
        _THEMSELF,
        lifecycle.create_personal_token,
        _own(name="mine"),
        "personal_token.created",
    ),
)
