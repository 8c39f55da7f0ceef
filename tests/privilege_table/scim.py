"""What SCIM may change, with each kind of credential (V-2, V-8, P-6): as requests, with the answer that is expected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from accounts.models import AccountRoleMembership, Group, GroupMembership, Kind, User
from tests.privilege_table.cast import Cast
from tests.scim.directory import PATCH_OP

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


class Credential(StrEnum):
    """What a request to SCIM carries."""

    TOKEN = "account token"
    OAUTH = "OAuth client"
    OTHER_TOKEN = "other account's token"
    PERSONAL = "personal token of an SSO admin"
    REVOKED = "revoked token"
    NONE = "no credential"


@dataclass(frozen=True, slots=True)
class Push:
    """A request, its status with a good credential of the account, and whether it then has happened."""

    name: str
    method: str
    path: Callable[[Cast], str]
    body: Callable[[Cast], Any]
    status: int
    happens: bool
    seen: Callable[[Cast], bool]


# What every other credential gets, whatever the request.
REFUSED = {
    Credential.OTHER_TOKEN: frozenset({404}),
    Credential.PERSONAL: frozenset({403}),
    Credential.REVOKED: frozenset({401}),
    Credential.NONE: frozenset({401}),
}


def _fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def _patched(**value: Any) -> Callable[[Cast], Any]:
    return lambda cast: {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "value": value}]}


def _person(user: Callable[[Cast], User]) -> Callable[[Cast], str]:
    return lambda cast: f"/Users/{user(cast).pk}"


def _of(whom: str, user: Callable[[Cast], User], *, names: int, rest: int) -> list[Push]:
    """Return the changes of one person: ``names`` is the status of who they are, ``rest`` that of anything else."""
    path = _person(user)

    def change(what: str, status: int, seen: Callable[[User], bool], **value: Any) -> Push:
        return Push(
            f"{what} of {whom}",
            "PATCH",
            path,
            _patched(**value),
            status,
            status == 200,
            lambda cast: seen(_fresh(user(cast))),
        )

    return [
        change("user name", names, lambda row: row.user_name == "renamed", userName="renamed"),
        change(
            "e-mail",
            names,
            lambda row: row.email == "x@acme.example",
            emails=[{"value": "x@acme.example", "type": "work", "primary": True}],
        ),
        change("externalId", names, lambda row: row.external_id == "x-1", externalId="x-1"),
        change("given name", rest, lambda row: row.given_name == "X", name={"givenName": "X"}),
        change("active", rest, lambda row: not row.directory_active, active=False),
        Push(
            f"removal of {whom}",
            "DELETE",
            path,
            lambda cast: None,
            204 if rest == 200 else rest,
            rest == 200,
            lambda cast: _fresh(user(cast)).deleted_at is not None,
        ),
    ]


def _other_ways(name: str, method: str, status: int) -> Push:
    """Return a change of an SSO account admin's user name that is no PATCH of the person (V-8)."""

    def boss(cast: Cast) -> str:
        return f"/Users/{cast.sso_admin.present.pk}"

    def bulk(cast: Cast) -> Any:
        data = _patched(userName="renamed")(cast)
        operation = {"method": "PATCH", "path": boss(cast), "data": data}
        return {"schemas": [BULK], "Operations": [operation]}

    put = method == "PUT"
    return Push(
        name,
        method,
        boss if put else lambda cast: "/Bulk",
        (lambda cast: {"schemas": [USER], "userName": "renamed"}) if put else bulk,
        status,
        False,
        lambda cast: _fresh(cast.sso_admin.present).user_name == "renamed",
    )


def _unheard(what: str, seen: Callable[[User], bool], **value: Any) -> Push:
    """Return a change that is answered and does nothing: what SCIM has no word for (P-9, V-8)."""
    return Push(
        what,
        "PATCH",
        _person(lambda cast: cast.member.present),
        _patched(**value),
        200,
        False,
        lambda cast: seen(_fresh(cast.member.present)),
    )


def _is_admin(user: User) -> bool:
    return AccountRoleMembership.objects.filter(user=user).exists()


def _group(cast: Cast) -> str:
    return f"/Groups/{cast.things.pushed.pk}"


PUSHES: tuple[Push, ...] = (
    *_of("a member", lambda cast: cast.member.present, names=200, rest=200),
    *_of("an account admin", lambda cast: cast.account_admin.present, names=403, rest=200),
    *_of("an SSO account admin", lambda cast: cast.sso_admin.present, names=403, rest=200),
    _other_ways("PUT of another user name of an SSO account admin", "PUT", 403),
    _other_ways("another user name of an SSO account admin in a bulk", "POST", 200),
    Push(
        "a second person of an SSO account admin's user name",
        "POST",
        lambda cast: "/Users",
        lambda cast: {"schemas": [USER], "userName": cast.sso_admin.present.user_name, "externalId": "x-9"},
        409,
        False,
        lambda cast: User.objects.filter(external_id="x-9").exists(),
    ),
    *_of("an operator", lambda cast: cast.people["operator"], names=404, rest=404),  # type: ignore[index]
    *_of("vendor staff", lambda cast: cast.staff.present, names=404, rest=404),
    *_of("a partner's admin", lambda cast: cast.people["partner admin"], names=404, rest=404),  # type: ignore[index]
    *_of("somebody of another account", lambda cast: cast.globex.admin, names=404, rest=404),
    _unheard("a password", lambda row: row.check_password("mine-Mine-9"), password="mine-Mine-9"),
    _unheard("an admin role in roles", _is_admin, roles=[{"value": "SSO Account Admin"}]),
    _unheard("an entitlement", _is_admin, entitlements=[{"value": "SSO Account Admin"}]),
    _unheard("the userType operator", lambda row: row.kind != Kind.MEMBER, userType="operator"),
    _unheard("the kind operator", lambda row: row.kind != Kind.MEMBER, kind="operator"),
    _unheard("a recovery address", lambda row: row.recovery_email != "", recovery_email="x@evil.example"),
    _unheard(
        "an admin's disable lifted", lambda row: row.disabled_by == "x", disabled_by="x", disabled_at=None
    ),
    _unheard(
        "a group by the person",
        lambda row: GroupMembership.objects.filter(user=row).exists(),
        groups=[{"value": "x"}],
    ),
    Push(
        "a member of a pushed group",
        "PATCH",
        _group,
        lambda cast: {
            "schemas": [PATCH_OP],
            "Operations": [
                {"op": "add", "path": "members", "value": [{"value": str(cast.member.present.pk)}]}
            ],
        },
        204,
        True,
        lambda cast: GroupMembership.objects.filter(
            user=cast.member.present, group=cast.things.pushed
        ).exists(),
    ),
    Push(
        "an operator in a group",
        "PATCH",
        _group,
        lambda cast: {
            "schemas": [PATCH_OP],
            "Operations": [
                {"op": "add", "path": "members", "value": [{"value": str(cast.people["operator"].pk)}]}  # type: ignore[index]
            ],
        },
        400,
        False,
        lambda cast: GroupMembership.objects.filter(user=cast.people["operator"]).exists(),  # type: ignore[index]
    ),
    Push(
        "a local group that grants something",  # V-9
        "POST",
        lambda cast: "/Groups",
        lambda cast: {"displayName": cast.acme.group.name},
        409,
        False,
        lambda cast: Group.objects.get(pk=cast.acme.group.pk).directory_owned,
    ),
)
