"""Django's registration of ``sso_saml``, which makes itself known to ``sso``."""

from django.apps import AppConfig


class SsoSamlConfig(AppConfig):
    name = "sso_saml"
    verbose_name = "SAML"

    def ready(self) -> None:
        """Register the protocol."""
        from sso.models import ProtocolName
        from sso.protocols import register
        from sso_saml.protocol import SamlProtocol

        register(ProtocolName.SAML, SamlProtocol())
