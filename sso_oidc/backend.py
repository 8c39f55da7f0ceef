"""The authentication backend of one provider for one callback: mozilla-django-oidc's class, thinly filled.

Its shape is kept (a code becomes tokens, a token is verified, userinfo is fetched) and nothing of its stock behaviour:
settings come with the call and never from ``OIDC_OP_*``, tokens are validated by ``sso_oidc.tokens``, and who the
person is, is decided by ``sso.plan``. It is therefore no entry of ``AUTHENTICATION_BACKENDS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from foundation.http import Deadline, OutboundError
from sso.claims import Claims, ClaimWarning
from sso.models import IdentityProvider, SignInAttempt, Vendor
from sso_oidc import departures, outbound
from sso_oidc.authorization import AuthorizationResponse, check_iss_parameter
from sso_oidc.claims import claims_of
from sso_oidc.client import client_of, has_no_credential, wanted_authentication
from sso_oidc.errors import OidcCode, OidcRefusal
from sso_oidc.metadata import ProviderMetadata
from sso_oidc.models import OidcSettings
from sso_oidc.overage import with_all_groups
from sso_oidc.token_endpoint import TokenResponse, fetch_userinfo, redeem_code
from sso_oidc.tokens import (
    Channel,
    ExpectedToken,
    IdToken,
    check_userinfo_sub,
    validate_id_token,
    validate_same_subject,
)

CALLBACK_SECONDS = 10  # one deadline over all calls of one callback (O-5)


class ProviderBackend(OIDCAuthenticationBackend):
    """Turns the answer of ``provider`` to ``attempt`` into claims. Raises ``OidcRefusal`` and ``OutboundError``."""

    def __init__(
        self, provider: IdentityProvider, settings: OidcSettings, attempt: SignInAttempt, redirect_uri: str
    ) -> None:
        # super().__init__ would read one global provider from Django's settings.
        self.provider = provider
        self.settings = settings
        self.attempt = attempt
        self.redirect_uri = redirect_uri
        self.deadline = Deadline(CALLBACK_SECONDS)
        self.discovery = outbound.discovery(provider)
        self._metadata: ProviderMetadata | None = None
        self._answered_issuer: str | None = None

    @staticmethod
    def get_settings(attr: str, *args: Any) -> Any:
        """Refuse: there is no global provider."""
        raise AttributeError(f"{attr} is not read from the settings; it comes with the provider")

    def authenticate(self, request: HttpRequest | None, **kwargs: Any) -> None:
        """Refuse: signing in is ``sso.sign_in``'s, with the claims that this class returns."""

    @property
    def metadata(self) -> ProviderMetadata:
        """The provider's discovery document, cached."""
        if self._metadata is None:
            self._metadata = outbound.metadata_of(self.provider, self.settings.issuer, deadline=self.deadline)
        return self._metadata

    def check_iss(self, answer: AuthorizationResponse, *, required: bool = False) -> None:
        """Compare the answer's ``iss`` with the issuer (RFC 9207); under a template, later with the token's."""
        if self.metadata.has_template_issuer and answer.iss is not None:
            self._answered_issuer = answer.iss
            return
        check_iss_parameter(answer, self.metadata, required=required)

    def get_token(self, payload: str) -> TokenResponse:
        """Redeem the code ``payload`` at the token endpoint."""
        return redeem_code(
            outbound.http(self.provider),
            self.metadata,
            client_of(self.provider, self.settings),
            code=payload,
            redirect_uri=self.redirect_uri,
            verifier=self.attempt.code_verifier,
            deadline=self.deadline,
        )

    def verify_token(self, token: str, **kwargs: Any) -> IdToken:
        """Validate an ID token; ``kwargs`` are ``channel``, ``code``, ``access_token`` of ``ExpectedToken``."""
        expected = ExpectedToken(
            issuer=self.metadata.issuer,
            client_id=self.settings.client_id,
            nonce=self.attempt.nonce,
            now=timezone.now(),
            algorithms=self.metadata.id_token_algorithms,
            **kwargs,
        )
        valid = self.discovery.check_with_keys(
            self.metadata,
            lambda keys: validate_id_token(token, keys=keys, expected=expected),
            deadline=self.deadline,
        )
        if self._answered_issuer not in (None, valid.issuer):
            raise OidcRefusal(
                OidcCode.ISS_PARAMETER, f"{self._answered_issuer!r}, the token's is {valid.issuer!r}"
            )
        wanted = wanted_authentication(self.settings, self.attempt.purpose)
        wanted.check(valid, asked_at=self.attempt.created_at, now=expected.now)
        return valid

    def get_userinfo(self, access_token: str, id_token: IdToken, payload: Any = None) -> Mapping[str, Any]:
        """Fetch userinfo and insist that it speaks of the same subject."""
        found = fetch_userinfo(
            outbound.http(self.provider, outbound.USERINFO), self.metadata, access_token, self.deadline
        )
        check_userinfo_sub(found, id_token)
        return found

    def verify_front(self, id_token: str, code: str) -> IdToken:
        """Validate the token that came with the code through the browser."""
        return self.verify_token(id_token, channel=Channel.FRONT, code=code)

    @property
    def front_channel_only(self) -> bool:
        """O-3's last way: Entra without any credential of ours signs in with the front-channel token alone.

        Not above accounts: a provider that speaks for many customers has to be one that can prove who asks.
        """
        if self.provider.is_shared:
            return False
        return self.settings.flow == "hybrid" and has_no_credential(self.settings) and self._is_entra

    @property
    def _is_entra(self) -> bool:
        return bool(self.provider.vendor == Vendor.ENTRA)

    def claims_from_front(self, front: IdToken) -> Claims:
        """Return claims without redeeming the code."""
        claims = claims_of(front, self.provider, subject_claim=self.settings.subject_claim)
        claims = with_all_groups(self.provider, self.settings, claims, self.deadline)
        departures.require_still_there(self.provider, departures.Named.by_token(front))
        return claims

    def claims_from_code(self, code: str, *, front: IdToken | None = None) -> Claims:
        """Redeem the code and return claims of the back-channel token; ``front`` must speak of the same person."""
        tokens = self.get_token(code)
        token = self.verify_token(tokens.id_token, access_token=tokens.access_token or None, code=code)
        if front is not None:
            validate_same_subject(front, token)
        userinfo: Mapping[str, Any] | None = None
        warnings: tuple[ClaimWarning, ...] = ()
        if self._needs_userinfo(token, tokens.access_token):
            try:
                userinfo = self.get_userinfo(tokens.access_token, token)
            except OutboundError as error:
                if "email" not in token.claims:
                    raise
                warnings = (ClaimWarning("userinfo_unreachable", error.code.value),)
        claims = claims_of(token, self.provider, userinfo=userinfo, subject_claim=self.settings.subject_claim)
        claims = with_all_groups(
            self.provider, self.settings, _with_warnings(claims, warnings), self.deadline
        )
        # Last, when all was fetched; by the token that was made first.
        first = front or token
        departures.require_still_there(self.provider, departures.Named.by_token(first))
        return replace(claims, session=replace(claims.session, issued_at=first.issued_at))

    def _needs_userinfo(self, token: IdToken, access_token: str) -> bool:
        """Okta and others put groups and custom claims there with the code flow; Entra's has only the e-mail."""
        if not access_token or not self.metadata.userinfo_endpoint:
            return False
        wanted = {"email"} if self._is_entra else {"email", "groups", "space_name"}
        return bool(wanted - set(token.claims))


def _with_warnings(claims: Claims, warnings: tuple[ClaimWarning, ...]) -> Claims:
    return replace(claims, warnings=(*claims.warnings, *warnings)) if warnings else claims
