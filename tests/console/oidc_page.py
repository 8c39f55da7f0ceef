"""An OpenID Connect provider for tests of its page: a draft, its values, what the form complains about."""

from __future__ import annotations

from typing import Any

from sso import providers
from sso.models import IdentityProvider, ProtocolName, Vendor
from sso_oidc.configuration import OidcValues, save_oidc_settings
from sso_oidc.models import OidcSettings
from tests.worlds import OPERATOR, World

TENANT, CLIENT = "11111111-2222-4333-8444-555555555555", "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
ENTRA_ISSUER = f"https://login.microsoftonline.com/{TENANT}/v2.0"
SECRET = "hAU8Q~a-secret-value"


def add_oidc(world: World, vendor: Vendor = Vendor.ENTRA, slug: str = "") -> IdentityProvider:
    """Make a draft without any values."""
    return providers.create_provider(
        actor=OPERATOR,
        slug=slug or f"{world.account.slug}-{vendor.value}",
        name=f"{world.account.name} Directory",
        protocol=ProtocolName.OIDC,
        vendor=vendor,
        account=world.account,
    )


def fill(provider: IdentityProvider, **values: Any) -> None:
    given = {"issuer": ENTRA_ISSUER, "client_id": CLIENT, "client_secret": SECRET, **values}
    save_oidc_settings(provider=provider, actor=OPERATOR, values=OidcValues(**given))


def settings_of(provider: IdentityProvider) -> OidcSettings:
    return OidcSettings.objects.get(provider=provider)


def errors(answer: Any) -> dict[str, str]:
    """The form's errors by field, as text."""
    assert answer.status_code == 200
    return {name: " ".join(told) for name, told in answer.context["adminform"].form.errors.items()}
