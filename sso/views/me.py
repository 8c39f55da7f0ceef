"""``GET /api/me``: who am I, for applications and tests (fixed interface)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import entering
from accounts.models import GuestAccess, User
from spaces.effective_access import EffectiveAccess, effective_access, guest_effective_access
from sso.models import IdentityProvider


class HeldRoleSerializer(serializers.Serializer[Any]):
    """A role and its source: manual, claims, mapping, directory or group."""

    name = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # a field called source shadows DRF's own attribute


class SpaceSerializer(serializers.Serializer[Any]):
    """A space and the roles held in it."""

    name = serializers.CharField()
    roles = HeldRoleSerializer(many=True)


class HeldGroupSerializer(serializers.Serializer[Any]):
    """A group, its IdP identifier and the source of the membership."""

    name = serializers.CharField()
    idp_identifier = serializers.CharField(allow_blank=True)
    source = serializers.CharField()  # type: ignore[assignment]  # as above


class AccountSerializer(serializers.Serializer[Any]):
    """The native account; null for people of the vendor."""

    slug = serializers.CharField()
    name = serializers.CharField()


class GuestInSerializer(serializers.Serializer[Any]):
    """The account that this session is in as a guest, whether as "guest" or "staff", until when, and what they may do
    there; nothing else of this answer counts there (R-6)."""

    slug = serializers.CharField()
    name = serializers.CharField()
    basis = serializers.CharField()
    granted_by = serializers.CharField(help_text="Who invited them.")
    expires_at = serializers.DateTimeField(allow_null=True)
    account_roles = HeldRoleSerializer(many=True)
    spaces = SpaceSerializer(many=True)


class SessionSerializer(serializers.Serializer[Any]):
    """The browser's session: the provider's slug or null for a password, and its end (UTC, ISO 8601)."""

    identity_provider = serializers.CharField(allow_null=True)
    expires_at = serializers.DateTimeField()


class MeSerializer(serializers.Serializer[Any]):
    """The signed-in person."""

    authenticated = serializers.BooleanField()
    id = serializers.UUIDField()
    user_name = serializers.CharField()
    email = serializers.CharField()
    given_name = serializers.CharField()
    family_name = serializers.CharField()
    display_name = serializers.CharField()
    timezone = serializers.CharField()
    status = serializers.CharField()
    account = AccountSerializer(allow_null=True)
    guest_in = GuestInSerializer(required=False, help_text="Only while the session is in another account.")
    account_roles = HeldRoleSerializer(many=True)
    spaces = SpaceSerializer(many=True)
    groups = HeldGroupSerializer(many=True)
    session = SessionSerializer()


class MeView(APIView):
    """The person behind this browser's session, with their access and its sources."""

    authentication_classes = (SessionAuthentication,)
    permission_classes = (AllowAny,)

    @extend_schema(
        responses={200: MeSerializer, 401: OpenApiResponse(description='`{"authenticated": false}`')},
        operation_id="me",
    )
    def get(self, request: Request) -> Response:
        """Return the person, or 401 with ``{"authenticated": false}``."""
        user = request.user
        if not isinstance(user, User):
            return Response({"authenticated": False}, status=401)
        return Response(MeSerializer(_me(user, request)).data)


def _guest_in(access: GuestAccess | None) -> dict[str, Any]:
    """Return the key ``guest_in``, or nothing for a session that is at home (V-10)."""
    if access is None:
        return {}
    account = access.account
    return {
        "guest_in": {
            "slug": account.slug,
            "name": account.name,
            "basis": access.basis,
            "granted_by": access.granted_by,
            "expires_at": access.expires_at,
            **_roles(guest_effective_access(access)),
        }
    }


def _roles(access: EffectiveAccess) -> dict[str, Any]:
    """Return the keys ``account_roles`` and ``spaces``."""
    return {
        "account_roles": [{"name": role.name, "source": role.source.value} for role in access.account_roles],
        "spaces": [
            {
                "name": space.name,
                "roles": [{"name": role.name, "source": role.source.value} for role in space.roles],
            }
            for space in access.spaces
        ],
    }


def _me(user: User, request: Request) -> dict[str, Any]:
    access: EffectiveAccess = effective_access(user)
    session = getattr(request._request, "user_session", None)
    provider = (
        IdentityProvider.objects.filter(pk=session.provider_id).first()
        if session and session.provider_id
        else None
    )
    return {
        "authenticated": True,
        "id": user.pk,
        "user_name": user.user_name,
        "email": user.email,
        "given_name": user.given_name,
        "family_name": user.family_name,
        "display_name": user.display_name,
        "timezone": user.timezone,
        "status": user.status.value,
        "account": {"slug": user.account.slug, "name": user.account.name} if user.account else None,
        **_roles(access),
        "groups": [
            {"name": group.name, "idp_identifier": group.idp_identifier, "source": group.source.value}
            for group in access.groups
        ],
        "session": {
            "identity_provider": provider.slug if provider else None,
            "expires_at": session.expires_at if session else None,
        },
        **_guest_in(entering.entered(session, user)),
    }
