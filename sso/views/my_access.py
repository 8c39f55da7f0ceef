"""``/`` My access: who I am here, what I have, and by whose word (L-15)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts import entering
from accounts.lifecycle.tokens import usable_personal_tokens
from accounts.models import GuestAccess, Kind, User
from accounts.privilege import Authority, authority_of_user
from accounts.sources import Source
from spaces.effective_access import EffectiveAccess, HeldRole, effective_access, guest_effective_access
from sso import connecting, factor_changes, own_sessions, recovery_address
from sso.forms import PersonalTokenForm


@login_required
def my_access(request: HttpRequest) -> HttpResponse:
    """Show the signed-in person's access."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 -- login_required; narrows the type
    return my_access_page(request, user)


def my_access_page(
    request: HttpRequest,
    user: User,
    *,
    token_form: PersonalTokenForm | None = None,
    token_error: str = "",
    status: int = 200,
) -> HttpResponse:
    """Return the page of ``user``; ``token_form`` is one that was sent and isn't good, ``token_error`` says why."""
    access = effective_access(user)
    session = getattr(request, "user_session", None)
    guest_in = entering.entered(session, user)
    context = {
        "profile": {
            "display_name": user.get_full_name(),
            "user_name": user.user_name,
            "email": user.email,
            "timezone": user.timezone,
            "account_name": user.account.name if user.account else "",
        },
        **_roles(access),
        "groups": [
            {
                "name": group.name,
                "idp_identifier": group.idp_identifier,
                "source_label": source_label(group.source),
                "since": group.since,
            }
            for group in access.groups
        ],
        "sessions": own_sessions.open_sessions(user, session),
        "guest_in": guest_in,
        "guest_held": _roles(guest_effective_access(guest_in)) if guest_in else {},
        "guest_access": GuestAccess.open_of(user),
        "connect": connecting.buttons(request, user),
        "has_recovery": recovery_address.may_have_one(user),
        "has_tokens": may_have_tokens(user),
        "tokens": usable_personal_tokens(user),
        "token_form": token_form or PersonalTokenForm(),
        "token_error": token_error,
        "second_factor": factor_changes.summary(user),
        "is_admin": user.kind != "member" or authority_of_user(user, user.account_id) > Authority.NONE,
    }
    return render(request, "sso/my_access.html", context, status=status)


def may_have_tokens(user: User) -> bool:
    """Tell whether a person can make tokens of their own: what they read is a member's data (P-10)."""
    return user.kind == Kind.MEMBER and user.account_id is not None


def source_label(source: Source, via: str = "") -> str:
    """Return what a source is called on a page."""
    labels = {
        Source.MANUAL: _("added by hand"),
        Source.CLAIMS: _("from your sign-in"),
        Source.MAPPING: _("from a mapping role"),
        Source.DIRECTORY: _("from the directory"),
        Source.GROUP: _("through group %(group)s") % {"group": via},
    }
    return labels[source]


def _roles(access: EffectiveAccess) -> dict[str, Any]:
    return {
        "account_roles": [_role(role) for role in access.account_roles],
        "spaces": [
            {"name": space.name, "roles": [_role(role) for role in space.roles]} for space in access.spaces
        ],
    }


def _role(role: HeldRole) -> dict[str, Any]:
    return {"name": role.name, "source_label": source_label(role.source, role.via), "since": role.since}
