"""Who needs a second factor, and what a session says about one (V-11, A-9)."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings

from accounts.models import Kind, SecondFactor, User

# `UserSession.context` of a session that began here with more than one factor; what follows says which.
PROVEN = "mfa:"


def requires_second_factor(user: User) -> bool:
    """Tell whether a person may not sign in here without one: operators, vendor staff and partner admins (V-11)."""
    return bool(settings.BROKER_REQUIRE_SECOND_FACTOR) and user.kind != Kind.MEMBER


def has_second_factor(user: User) -> bool:
    """Tell whether one is enrolled; recovery codes alone are none."""
    return SecondFactor.objects.filter(user=user).exists()


def is_proven(user: User, *, provider_id: UUID | None, context: str) -> bool:
    """Tell whether a session is good enough for whom it belongs to: single sign-on, or a second factor (V-11)."""
    return provider_id is not None or context.startswith(PROVEN) or not requires_second_factor(user)
