"""How the things of ``sso`` are named in the audit trail."""

from __future__ import annotations

from audit.recorder import Subject
from sso.models import IdentityProvider


def of_provider(provider: IdentityProvider) -> Subject:
    """An identity provider."""
    return Subject(
        "identity_provider",
        str(provider.pk),
        provider.slug,
        account_id=provider.account_id,
        partner_id=provider.partner_id,
    )
