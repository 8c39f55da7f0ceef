"""The look-ups of ``snapshot``, compiled once: they run at every sign-in, and turning them into SQL is what costs.

What belongs together comes in one round trip. People are looked up by each column's own index and united; an OR over
the columns would read the account's whole table.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from django.db.models import BooleanField, CharField, F, Q, QuerySet, UUIDField, Value
from django.db.models.functions import Cast

from accounts.models import (
    AccountRole,
    AccountRoleMembership,
    EmailDomain,
    Group,
    GroupMembership,
    GuestAccess,
    Kind,
    User,
)
from foundation.compiled_queries import CompiledListQuery, CompiledQuery, key, many, moment, text
from spaces.models import Space, SpaceMembership, SpaceRole
from sso.models import FederatedIdentity, IdentityProvider

FEW = 20  # people that one claim can name; more is a mistake of somebody's, and refused as ambiguous

PEOPLE_BY_KEY: CompiledListQuery[User] = CompiledListQuery(
    lambda account, people: User.objects.for_account(account).filter(pk__in=people).order_by(),
    key,
    many(key),
)


def _named(account: Any, external_ids: Any, names: Any, addresses: Any) -> Any:
    rows = User.objects.for_account(account).order_by()
    found = rows.filter(external_id__in=external_ids).union(
        rows.filter(user_name_folded__in=names), rows.filter(email_folded__in=addresses)
    )
    # Deleted people last: who is present decides, and more of them than this are refused as ambiguous.
    return found.order_by(F("deleted_at").desc(nulls_first=True), "created_at")[: 4 * FEW]


PEOPLE_BY_NAME: CompiledListQuery[User] = CompiledListQuery(_named, key, many(text), many(text), many(text))

IDENTITIES: CompiledQuery[FederatedIdentity] = CompiledQuery(
    lambda account, provider, subject: (
        FederatedIdentity.objects.for_account(account)
        .filter(provider=provider, subject=subject)
        .order_by(F("closed_at").asc(nulls_first=True))[:FEW]
    ),
    key,
    key,
    text,
)
LINKS: CompiledListQuery[FederatedIdentity] = CompiledListQuery(
    lambda account, people: FederatedIdentity.objects.for_account(account).filter(
        user__in=people, closed_at=None
    ),
    key,
    many(key),
)


class Vocabulary(StrEnum):
    """What a row of ``VOCABULARY`` is about."""

    ACCOUNT_ROLE = "account_role"
    SPACE_ROLE = "space_role"
    SPACE = "space"
    DOMAIN = "domain"
    PROVIDER = "provider"


def _texts(kind: Vocabulary) -> Any:
    return Cast(Value(kind.value), CharField(max_length=12))


_NO_TEXT = Cast(Value(""), CharField(max_length=12))
_NO_ID = Cast(Value(None), UUIDField())
_NOT = Cast(Value(False), BooleanField())


def _vocabulary(account: Any) -> Any:
    """What an account calls its things, as rows (kind, id, text, text, flag, other id); one round trip for all."""

    def rows(kind: Vocabulary, found: QuerySet[Any], *columns: Any) -> Any:
        return found.order_by().values_list(_texts(kind), *columns)

    return rows(
        Vocabulary.ACCOUNT_ROLE,
        AccountRole.objects.for_account(account),
        "pk",
        "built_in",
        _NO_TEXT,
        _NOT,
        _NO_ID,
    ).union(
        rows(
            Vocabulary.SPACE_ROLE,
            SpaceRole.objects.for_account(account),
            "pk",
            "name",
            "built_in",
            _NOT,
            _NO_ID,
        ),
        rows(Vocabulary.SPACE, Space.objects.for_account(account), "pk", "name", _NO_TEXT, _NOT, _NO_ID),
        rows(
            Vocabulary.DOMAIN,
            EmailDomain.objects.for_account(account).filter(verified_at__isnull=False),
            "account_id",
            "domain",
            _NO_TEXT,
            _NOT,
            _NO_ID,
        ),
        rows(
            Vocabulary.PROVIDER,
            IdentityProvider.objects.for_account(account),
            "pk",
            "state",
            _NO_TEXT,
            "group_sync",
            "same_directory_as_id",
        ),
        all=True,
    )


VOCABULARY: CompiledQuery[Any] = CompiledQuery(_vocabulary, key)

GROUPS: CompiledListQuery[Any] = CompiledListQuery(
    lambda account, identifiers, people: (
        Group.objects.for_account(account)
        .filter(idp_identifier_key__isnull=False)
        .filter(
            Q(idp_identifier_key__in=identifiers)
            | Q(pk__in=GroupMembership.objects.filter(user__in=people).values("group"))
        )
        .values_list("pk", "idp_identifier_key")
    ),
    key,
    many(text),
    many(key),
)


def _held(account: Any, people: Any) -> Any:
    """What people hold, as rows (user, space, role, group, source): a role without a space is one of the account."""

    def rows(model: Any, *columns: Any) -> Any:
        return (
            model.objects.for_account(account)
            .filter(user__in=people)
            .order_by()
            .values_list("user_id", *columns)
        )

    return rows(SpaceMembership, "space_id", "role_id", _NO_ID, "source").union(
        rows(AccountRoleMembership, _NO_ID, "role_id", _NO_ID, "source"),
        rows(GroupMembership, _NO_ID, _NO_ID, "group_id", "source"),
        all=True,
    )


HELD: CompiledListQuery[Any] = CompiledListQuery(_held, key, many(key))
RESERVED: CompiledListQuery[Any] = CompiledListQuery(
    lambda names, addresses, account, now: (
        User.objects.present()
        .filter(Q(user_name_folded__in=names) | Q(email_folded__in=addresses))
        .filter(
            ~Q(kind=Kind.MEMBER)
            | Q(
                pk__in=GuestAccess.objects.for_account(account)
                .filter(ended_at=None)
                .filter(Q(expires_at=None) | Q(expires_at__gt=now))
                .values("user")
            )
        )
        .order_by()
        .values_list("pk")[:1]
    ),
    many(text),
    many(text),
    key,
    moment,
)
