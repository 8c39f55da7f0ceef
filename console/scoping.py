"""Whose rows a signed-in admin sees, and who they are in the audit trail (A-1, V-7, V-8).

Three kinds of people reach the admin: operators (every account), partner admins (the accounts of their partner, to look
at only) and account admins, with or without the SSO role (their own account). ``viewer_of`` tells which one a request
comes from; it asks ``accounts.privilege`` and never Django's ``is_staff`` or permissions. Every queryset of the admin
is begun with ``Viewer.rows``, so that what isn't theirs does not exist for them: in lists, forms, choices, filters,
auto-completion, history and behind typed addresses.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest

from accounts.models import Account, Kind, User
from accounts.privilege import Authority, authority_of_user
from audit.actors import Actor, ActorKind
from foundation import public_urls
from foundation.client_address import client_address

_CACHED = "_console_viewer"


class Reach(StrEnum):
    """How far somebody sees."""

    DEPLOYMENT = "deployment"
    PARTNER = "partner"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person with a right to the admin. ``authority`` counts in every account within reach."""

    user: User
    reach: Reach
    authority: Authority
    account_id: UUID | None = None
    partner_id: UUID | None = None

    @property
    def sees_many_accounts(self) -> bool:
        """Whether it makes sense to show which account a row belongs to."""
        return self.reach is not Reach.ACCOUNT

    def may(self, least: Authority) -> bool:
        """Tell whether the viewer stands at ``least`` that high; a partner admin may only look."""
        return self.authority >= least

    def rows(self, lookup: str) -> Q:
        """Return the condition for rows whose account is found by ``lookup`` (``account``, ``user__account``, …)."""
        if self.reach is Reach.DEPLOYMENT:
            return Q()
        if self.reach is Reach.PARTNER:
            return Q(**{f"{lookup}__partner": self.partner_id})
        return Q(**{lookup: self.account_id})

    def accounts(self) -> Q:
        """Return the condition for accounts themselves."""
        return Q(partner=self.partner_id) if self.reach is Reach.PARTNER else self.rows("pk")

    def plain_rows(self) -> Q:
        """Return the condition for rows that name account and partner in plain columns, without foreign keys."""
        if self.reach is Reach.DEPLOYMENT:
            return Q()
        if self.reach is Reach.PARTNER:
            accounts = Account.objects.filter(partner=self.partner_id).values("pk")
            return Q(account_id__in=accounts) | Q(account_id=None, partner_id=self.partner_id)
        return Q(account_id=self.account_id)


def viewer_of(request: HttpRequest) -> Viewer | None:
    """Return who looks at the admin, None for somebody without a right to it. Asked once per request."""
    user = request.user
    cached = getattr(request, _CACHED, None)
    if cached is not None and cached[0] == user.pk:
        known: Viewer | None = cached[1]
        return known
    viewer = _viewer(user) if isinstance(user, User) and user.can_sign_in else None
    setattr(request, _CACHED, (user.pk, viewer))
    return viewer


def require_viewer(request: HttpRequest) -> Viewer:
    """Return the viewer inside a view of the admin, which nobody else reaches."""
    viewer = viewer_of(request)
    if viewer is None:
        raise PermissionError("a view of the admin was reached without a right to it")
    return viewer


def _viewer(user: User) -> Viewer | None:
    if user.kind == Kind.OPERATOR:
        return Viewer(user, Reach.DEPLOYMENT, Authority.OPERATOR)
    if user.kind == Kind.PARTNER_ADMIN and user.partner_id is not None:
        return Viewer(user, Reach.PARTNER, Authority.NONE, partner_id=user.partner_id)
    if user.kind != Kind.MEMBER or user.account is None or user.account.closed_at is not None:
        return None
    authority = authority_of_user(user, user.account_id)
    if authority < Authority.ACCOUNT_ADMIN:
        return None
    return Viewer(user, Reach.ACCOUNT, authority, account_id=user.account_id)


def actor_of(request: HttpRequest) -> Actor:
    """Return the signed-in admin as the one who acts."""
    user = require_viewer(request).user
    return Actor(ActorKind.USER, str(user.pk), user.user_name, client_address(request))


def is_deployment_host(request: HttpRequest) -> bool:
    """Tell whether the request came to the deployment's own host, the only one that has an admin (V-7)."""
    return request.get_host().lower() == public_urls.netloc()
