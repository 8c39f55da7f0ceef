"""django-oauth-toolkit, which serves ``/oauth/token`` and nothing else (V-25).

Which grant, which server and which validator are fixed in code, in ``scim.oauth.token_endpoint``. What stands here is
what the library reads at import: the models in place of its own, and all of its switches for RFC 9700 (best current
practice), so that its checks under ``manage.py check --deploy`` hold even for parts that no address leads to.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "MIGRATION_MODULES",
    "OAUTH2_PROVIDER",
    "OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL",
    "OAUTH2_PROVIDER_APPLICATION_MODEL",
    "OAUTH2_PROVIDER_DEVICE_GRANT_MODEL",
    "OAUTH2_PROVIDER_GRANT_MODEL",
    "OAUTH2_PROVIDER_ID_TOKEN_MODEL",
    "OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL",
]

OAUTH2_PROVIDER_APPLICATION_MODEL = "scim.OAuthClient"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "scim.OAuthAccessToken"  # noqa: S105  (a model's name)
OAUTH2_PROVIDER_GRANT_MODEL = "scim.NeverIssued"
OAUTH2_PROVIDER_DEVICE_GRANT_MODEL = "scim.NeverIssued"
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "scim.NeverIssued"  # noqa: S105
OAUTH2_PROVIDER_ID_TOKEN_MODEL = "scim.NeverIssued"  # noqa: S105

# Every model of the library is swapped, so it has no table, and its own migrations would change nothing but take
# more than half of the time of `manage.py migrate`. tests/scim/test_oauth_frame.py fails when a version brings a model
# that can't be swapped.
MIGRATION_MODULES: dict[str, str | None] = {"oauth2_provider": None}

OAUTH2_PROVIDER: dict[str, Any] = {
    "SCOPES": {"scim": "Users and groups of the account, over SCIM"},
    "DEFAULT_SCOPES": ["scim"],
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "ACCESS_TOKEN_GENERATOR": "scim.oauth.access_tokens.generate",
    "OAUTH2_VALIDATOR_CLASS": "scim.oauth.validator.ClientValidator",
    "OAUTH2_SERVER_CLASS": "oauthlib.oauth2.BackendApplicationServer",  # client_credentials and no other grant
    "OAUTH_PRE_TOKEN_VALIDATION": [],  # the device flow's
    "OIDC_ENABLED": False,
    "DCR_ENABLED": False,
    "CIMD_ENABLED": False,
    "PKCE_REQUIRED": True,
    "ALLOW_URI_WILDCARDS": False,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    **dict.fromkeys(
        (
            "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT",
            "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS",
            "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT",
            "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT",
            "COMPLIANT_BCP_RFC9700_PKCE_METHOD",
            "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED",
            "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING",
            "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME",
            "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN",
            "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE",
        ),
        True,
    ),
}
