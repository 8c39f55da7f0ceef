"""A provider's rows as the value that the SAML core works with (S-1: one Redirect URL for everything)."""

from __future__ import annotations

from django.urls import reverse

from foundation.compiled_queries import CompiledQuery, key
from sso import provider_urls
from sso.models import IdentityProvider, Purpose
from sso_saml.key_pairs import decryption_keys
from sso_saml.messages import SamlConfig
from sso_saml.models import SamlCertificate, SamlSettings


def redirect_url(provider: IdentityProvider) -> str:
    """Return the one Redirect URL: entity ID, ACS and sign-on URL in one. It ends with a slash, so that no other
    provider's URL can begin with it."""
    return provider_urls.absolute(provider, redirect_path(provider))


def redirect_path(provider: IdentityProvider) -> str:
    """Return the path of the Redirect URL."""
    return reverse("sso_saml:redirect_url", args=[provider.slug])


def logout_path(provider: IdentityProvider) -> str:
    """Return the path of single logout."""
    return reverse("sso_saml:logout", args=[provider.slug])


def logout_url(provider: IdentityProvider) -> str:
    """Return the one address that takes logout messages of a provider, both kinds by both bindings (S-7)."""
    return provider_urls.absolute(provider, logout_path(provider))


_SETTINGS = CompiledQuery(lambda provider_id: SamlSettings.objects.filter(provider_id=provider_id), key)
_CERTIFICATES = CompiledQuery(
    lambda provider_id: (
        SamlCertificate.objects.filter(settings_id=provider_id).order_by("not_after", "pk").values_list("pem")
    ),
    key,
)


def settings_of(provider: IdentityProvider) -> SamlSettings:
    """Return the SAML half of a provider, unsaved and empty for one that has none yet."""
    found = _SETTINGS.first(provider.pk)
    if found is None:
        return SamlSettings(provider=provider)
    found.provider = provider
    return found


def sp_entity_id(provider: IdentityProvider, settings: SamlSettings) -> str:
    """Return who we are towards this provider."""
    return settings.sp_entity_id or redirect_url(provider)


def must_be_fresh(settings: SamlSettings, purpose: str) -> bool:
    """Tell whether the provider is to ask for the password again: so set, or the person is to prove themselves."""
    return settings.force_authn or purpose == Purpose.REAUTHENTICATE


def config_of(
    provider: IdentityProvider, settings: SamlSettings | None = None, *, with_keys: bool = False
) -> SamlConfig:
    """Return the settings of a provider as the core wants them, read unless given: a query for the settings, one for
    the certificates, and one for our private keys where the message has something to decrypt."""
    settings = settings or settings_of(provider)
    redirect = redirect_url(provider)
    return SamlConfig(
        idp_entity_id=settings.idp_entity_id,
        sso_url=settings.sso_url,
        sso_post_url=settings.sso_post_url or None,
        slo_url=settings.slo_url or None,
        certificates=tuple(pem for (pem,) in _CERTIFICATES.all(provider.pk)),
        sp_entity_id=settings.sp_entity_id or redirect,
        acs_url=redirect,
        sp_private_keys=decryption_keys(provider) if with_keys else (),
        require_encryption=settings.require_encryption,
        allow_rsa_1_5=settings.allow_rsa_1_5,
    )
