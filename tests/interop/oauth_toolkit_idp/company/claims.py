"""What the provider says of its people, in ID tokens and in userinfo."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from oauth2_provider.oauth2_validators import OAuth2Validator


class PeopleValidator(OAuth2Validator):
    """Everybody is called as ``IDP_PERSON`` says, with an address of their own."""

    oidc_claim_scope = None  # all claims with any scope

    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        """Return the claims beside ``sub``."""
        return {"email": request.user.email, **settings.PERSON}
