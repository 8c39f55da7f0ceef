"""The addresses of one directory, derived from the configured base URL, never from a request's Host."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.config import Directory


@dataclass(frozen=True)
class DirectoryUrls:
    """``base`` has no trailing slash."""

    base: str
    directory: Directory

    @property
    def root(self) -> str:
        return f"{self.base}/{self.directory.slug}"

    @property
    def entity_id(self) -> str:
        """SAML entity ID of the identity provider, as it stands in Issuer."""
        text = self.directory.saml.entity_id
        for name, value in (
            ("base", self.base),
            ("directory", self.directory.slug),
            ("tenant_id", self.directory.tenant_id),
        ):
            text = text.replace("${" + name + "}", value)
        return text

    @property
    def saml_sso(self) -> str:
        return f"{self.root}/saml/sso"

    @property
    def saml_metadata(self) -> str:
        return f"{self.root}/saml/metadata"

    @property
    def saml_start(self) -> str:
        return f"{self.root}/saml/start"

    @property
    def saml_continue(self) -> str:
        return f"{self.root}/saml/continue"

    @property
    def saml_slo(self) -> str:
        return f"{self.root}/saml/slo"

    @property
    def saml_sessions(self) -> str:
        return f"{self.root}/saml/sessions"

    @property
    def saml_end(self) -> str:
        return f"{self.root}/saml/end"

    @property
    def issuer(self) -> str:
        """OpenID Connect issuer; with many tenants the address that is configured, which no token names."""
        return f"{self.root}/{'organizations/v2.0' if self.directory.multi_tenant else 'oidc'}"

    @property
    def published_issuer(self) -> str:
        """What the discovery document says: with many tenants Entra's template."""
        return f"{self.root}/{{tenantid}}/v2.0" if self.directory.multi_tenant else self.issuer

    def issuer_of(self, tenant_id: str) -> str:
        """The issuer of a token for somebody of this tenant."""
        return self.published_issuer.replace("{tenantid}", tenant_id)

    @property
    def discovery(self) -> str:
        return f"{self.issuer}/.well-known/openid-configuration"

    @property
    def oidc_continue(self) -> str:
        return f"{self.root}/oidc/continue"

    def oidc(self, endpoint: str) -> str:
        """``authorize``, ``token``, ``jwks``, ``userinfo``, ``end_session``, ``sessions`` or ``end``."""
        return f"{self.root}/oidc/{endpoint}"

    @property
    def provision(self) -> str:
        return f"{self.root}/provision"
