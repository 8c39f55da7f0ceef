"""People as their provider saw them last, without a sign-in over HTTP: what previews are made from (R-5)."""

from __future__ import annotations

from django.utils import timezone

from accounts.lifecycle.roles import account_role_named
from accounts.models import BuiltInAccountRole, User
from spaces.tenants import save_mapping_role
from sso import claims_json
from sso.claims import Claims, SubjectSource
from sso.models import FederatedIdentity, IdentityProvider
from tests.worlds import OPERATOR, World, add_identity, add_provisioned


def seen_with(
    user: User, provider: IdentityProvider, *role_mapping: str, silent: bool = False
) -> FederatedIdentity:
    """Bind a person to the provider, which said these names in ``role_mapping``; ``silent``: it sent no such claim."""
    known = FederatedIdentity.objects.filter(user=user, provider=provider).first()
    identity = known or add_identity(user, provider)
    claims = Claims(
        issuer=identity.issuer,
        subject=identity.subject,
        subject_source=SubjectSource.SUB,
        email=user.email,
        role_mapping=None if silent else role_mapping,
    )
    identity.last_claims = claims_json.dump(claims)
    identity.last_claims_at = timezone.now()
    identity.save(update_fields=["last_claims", "last_claims_at"])
    return identity


def newcomer(world: World, name: str, *role_mapping: str, silent: bool = False) -> User:
    """Make a person without a password who was seen so."""
    user = add_provisioned(world.account, name)
    seen_with(user, world.provider, *role_mapping, silent=silent)
    user.refresh_from_db()
    return user


def map_admins(world: World, name: str = "admins") -> None:
    """Let a mapping role give SSO Account Admin."""
    role = account_role_named(world.account, BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    save_mapping_role(
        account=world.account,
        actor=OPERATOR,
        name=name,
        account_roles=frozenset({role}),
        space_roles={},
    )
