"""An assertion counts once, whatever process it comes to (S-8)."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from foundation.compiled_queries import insert
from foundation.secret_tokens import digest
from sso.models import IdentityProvider
from sso_saml.errors import RefusalCode, SamlRefusal
from sso_saml.models import SpentAssertion


def spend(provider: IdentityProvider, assertion_id: str, until: datetime) -> None:
    """Use an assertion up; a second use, at any time until it expires, is ``saml.replay``.

    The unique insert is the check, so two requests at the same moment can't both pass.
    """
    try:
        with transaction.atomic():
            insert(
                [SpentAssertion(provider=provider, assertion_digest=digest(assertion_id), expires_at=until)]
            )
    except IntegrityError:
        raise SamlRefusal(RefusalCode.REPLAY, "the assertion was used before") from None
