"""Mails about a provider's metadata, to those who may decide: queued in the present transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils import translation

from accounts.alerts import sso_admin_addresses
from foundation import mail, public_urls
from sso.models import IdentityProvider
from sso_saml.metadata_texts import REASONS
from sso_saml.metadata_verdict import HoldReason


def tell_held(provider: IdentityProvider, reasons: Sequence[HoldReason]) -> None:
    """Something waits for a decision."""
    # As all mails: in English, whatever language the admin who refreshed by hand has chosen.
    with translation.override("en"):
        lines = "\n".join(f"- {REASONS[reason]}" for reason in reasons)
    mail.queue_mail(
        to=sso_admin_addresses(provider.account),
        subject=f"{provider.name}: changed metadata waits for approval",
        body=(
            f"The metadata of the identity provider {provider.name} changed so much that it was not taken over by "
            f"itself:\n{lines}\n\nWhat is configured stays as it is until an SSO account admin has compared old and "
            f"new, and approved:\n{_page(provider)}\n"
            "If nobody announced such a change to you, ask those who run the identity provider before you approve.\n"
        ),
    )


def tell_failing(provider: IdentityProvider, since: datetime, problem: str) -> None:
    """Nothing usable came for days."""
    mail.queue_mail(
        to=sso_admin_addresses(provider.account),
        subject=f"{provider.name}: its metadata can't be refreshed",
        body=(
            f"Since {since:%Y-%m-%d} the metadata of the identity provider {provider.name} could not be refreshed "
            f"({problem}).\nPeople go on signing in with what is configured, until the provider changes its key.\n"
            f"{_page(provider)}\n"
        ),
    )


def _page(provider: IdentityProvider) -> str:
    return f"{public_urls.absolute('/admin/')} → Identity providers → {provider.slug}"
