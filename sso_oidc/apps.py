"""Django's registration of ``sso_oidc``, which makes itself known to ``sso``."""

from django.apps import AppConfig


class SsoOidcConfig(AppConfig):
    name = "sso_oidc"
    verbose_name = "OpenID Connect"

    def ready(self) -> None:
        """Register the protocol."""
        from sso.models import ProtocolName
        from sso.protocols import register
        from sso_oidc.protocol import OidcProtocol

        register(ProtocolName.OIDC, OidcProtocol())
