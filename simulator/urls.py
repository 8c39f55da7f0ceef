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
        """OpenID Connect issuer."""
        return f"{self.root}/oidc"

    @property
    def discovery(self) -> str:
        return f"{self.issuer}/.well-known/openid-configuration"

    @property
    def oidc_continue(self) -> str:
        return f"{self.issuer}/continue"

    def oidc(self, endpoint: str) -> str:
        """``authorize``, ``token``, ``jwks``, ``userinfo``, ``end_session``, ``sessions`` or ``end``."""
        return f"{self.issuer}/{endpoint}"

    @property
    def provision(self) -> str:
        return f"{self.root}/provision"
