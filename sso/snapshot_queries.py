"""The look-ups of ``snapshot``, compiled once: they run at every sign-in, and turning them into SQL is what costs.

One look-up of people a column, each by its own index; an OR over all of them would read the account's whole table.
"""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q

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


def _people(column: str, marker: Any) -> dict[bool, CompiledListQuery[User]]:
    """Look-ups by one column: of people who are present (True), and of the deleted."""

    def look_up(is_present: bool) -> CompiledListQuery[User]:
        return CompiledListQuery(
            lambda account, values: (
                User.objects.for_account(account)
                .filter(**{f"{column}__in": values}, deleted_at__isnull=is_present)
                .order_by("-deleted_at", "created_at", "pk")[:FEW]
            ),
            key,
            many(marker),
        )

    return {is_present: look_up(is_present) for is_present in (True, False)}


PEOPLE_BY_KEY = _people("pk", key)
PEOPLE_BY_EXTERNAL_ID = _people("external_id", text)
PEOPLE_BY_NAME = _people("user_name_folded", text)
PEOPLE_BY_EMAIL = _people("email_folded", text)

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
ROLES: CompiledQuery[Any] = CompiledQuery(
    lambda account: AccountRole.objects.for_account(account).values_list("pk", "built_in"), key
)
SPACE_ROLES: CompiledQuery[Any] = CompiledQuery(
    lambda account: SpaceRole.objects.for_account(account).values_list("name", "pk", "built_in"), key
)
SPACES: CompiledQuery[Any] = CompiledQuery(
    lambda account: Space.objects.for_account(account).values_list("name", "pk"), key
)
DOMAINS: CompiledQuery[Any] = CompiledQuery(
    lambda account: (
        EmailDomain.objects.for_account(account).filter(verified_at__isnull=False).values_list("domain")
    ),
    key,
)
PROVIDERS: CompiledQuery[Any] = CompiledQuery(
    lambda account: IdentityProvider.objects.for_account(account).values_list(
        "pk", "same_directory_as_id", "group_sync", "state"
    ),
    key,
)
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
HELD_ROLES: CompiledListQuery[Any] = CompiledListQuery(
    lambda account, people: (
        AccountRoleMembership.objects.for_account(account)
        .filter(user__in=people)
        .values_list("user_id", "role_id", "source")
    ),
    key,
    many(key),
)
HELD_SPACES: CompiledListQuery[Any] = CompiledListQuery(
    lambda account, people: (
        SpaceMembership.objects.for_account(account)
        .filter(user__in=people)
        .values_list("user_id", "space_id", "role_id", "source")
    ),
    key,
    many(key),
)
HELD_GROUPS: CompiledListQuery[Any] = CompiledListQuery(
    lambda account, people: (
        GroupMembership.objects.for_account(account)
        .filter(user__in=people)
        .values_list("user_id", "group_id", "source")
    ),
    key,
    many(key),
)
ABOVE: CompiledListQuery[Any] = CompiledListQuery(
    lambda names, addresses: (
        User.objects.present()
        .exclude(kind=Kind.MEMBER)
        .filter(Q(user_name_folded__in=names) | Q(email_folded__in=addresses))
        .values_list("pk")[:1]
    ),
    many(text),
    many(text),
)
VISITING: CompiledListQuery[Any] = CompiledListQuery(
    lambda names, addresses, account, now: (
        User.objects.present()
        .filter(
            Q(user_name_folded__in=names) | Q(email_folded__in=addresses),
            pk__in=GuestAccess.objects.for_account(account)
            .filter(ended_at=None)
            .filter(Q(expires_at=None) | Q(expires_at__gt=now))
            .values("user"),
        )
        .values_list("pk")[:1]
    ),
    many(text),
    many(text),
    key,
    moment,
)
