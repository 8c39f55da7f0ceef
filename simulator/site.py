"""What a request handler works with: one directory, its addresses, the signing keys, the open codes and sessions."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.app_tokens import AppTokens
from simulator.config import Directory
from simulator.keys import KeyStore, SigningKey
from simulator.oidc_grants import GrantStore
from simulator.oidc_sessions import OidcSessions
from simulator.saml_sessions import SamlSessions
from simulator.urls import DirectoryUrls


@dataclass(frozen=True)
class Site:
    """One directory of a running simulator."""

    directory: Directory
    urls: DirectoryUrls
    keys: KeyStore
    grants: GrantStore
    sessions: SamlSessions = field(default_factory=SamlSessions)
    oidc_sessions: OidcSessions = field(default_factory=OidcSessions)
    app_tokens: AppTokens = field(default_factory=AppTokens)

    @property
    def saml_key(self) -> SigningKey:
        return self.keys.saml(self.directory.slug)

    @property
    def oidc_key(self) -> SigningKey:
        return self.keys.oidc(self.directory.slug)
