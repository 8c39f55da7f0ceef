"""What a SAML provider's page shows beside its form: our values in the vendor's words, keys, the state of metadata."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from console.admins.columns import badge, facts, lines, moment, table, to_copy
from console.admins.key_table import Link, buttons, key_table
from sso.models import IdentityProvider, Vendor
from sso.models.key_pair import ProviderKeyPair
from sso_saml.key_pairs import pairs_of
from sso_saml.metadata_refresh import pending
from sso_saml.metadata_texts import REASONS, explain_problem
from sso_saml.models import SamlSettings
from sso_saml.provider_config import redirect_url, settings_of, sp_entity_id
from sso_saml.vendor_words import words_of


def our_values(provider: IdentityProvider, settings: SamlSettings) -> list[tuple[str, str]]:
    """Return what the vendor's console asks for, by the console's own names and in its order (S-1)."""
    words, url = words_of(provider.vendor), redirect_url(provider)
    entity_id = sp_entity_id(provider, settings)
    named = [
        (words.entity_id, entity_id),
        (words.acs_url, url),
        (words.sign_on_url, url),
        (words.logout_url, f"{url}logout"),
    ]
    if provider.vendor == Vendor.OKTA:
        named[0], named[1] = named[1], named[0]
    return [(name, value) for name, value in named if name]


def our_side(provider: IdentityProvider) -> SafeString:
    """Return these values to copy, and where our metadata is."""
    metadata = f"{redirect_url(provider)}metadata"
    rows: list[tuple[object, object]] = [
        (name, to_copy(value)) for name, value in our_values(provider, settings_of(provider))
    ]
    link = format_html(
        '{} <a href="{}" target="_blank" rel="noopener">{}</a>', to_copy(metadata), metadata, _("Open")
    )
    return facts([*rows, (_("Our metadata, if the provider takes a file or address"), link)])


def our_keys(provider: IdentityProvider, links: Sequence[Link]) -> SafeString:
    """Return our key pairs towards this provider with their dates, and the steps of a rollover that fit now."""

    def downloads(pair: ProviderKeyPair) -> list[Link]:
        address = reverse("admin:sso_identityprovider_sp_certificate", args=[provider.pk, pair.role])
        return [(_("Download"), address)]

    return key_table(pairs_of(provider), downloads, links)


def metadata_state(settings: SamlSettings, links: Sequence[Link]) -> SafeString:
    """Return when the metadata was read last, and what came of it."""
    if not settings.metadata_url:
        return lines([])
    rows: list[tuple[object, object]] = [(_("Taken over"), _when(settings.metadata_refreshed_at))]
    if settings.metadata_problem:
        told = format_html(
            "{} {} <code>{}</code>",
            badge(_("failed"), "danger"),
            explain_problem(settings.metadata_problem),
            settings.metadata_problem,
        )
        rows.append((_("Last try"), format_html("{} {}", _when(settings.metadata_tried_at), told)))
    return format_html("{}{}", facts(rows), buttons(links))


def _when(value: datetime | None) -> str:
    return _("never") if value is None else moment(value)


def waiting(provider: IdentityProvider) -> SafeString:
    """Return what the metadata says and what it would change, "" when nothing waits (V-1, V-22)."""
    found = pending(provider)
    if found is None:
        return SafeString("")
    rows = [(change.label, lines(change.old), lines(change.new)) for change in found.differences]
    return format_html(
        "{}{}{}",
        lines([REASONS[reason] for reason in found.reasons]),
        table((_("Value"), _("Now"), _("In the metadata")), rows),
        format_html("<p class='console-quiet'>{}</p>", moment(found.fetched_at)),
    )


def waiting_notice(provider: IdentityProvider, links: Sequence[Link]) -> SafeString:
    """Return the notice on the page."""
    return format_html(
        '<div class="console-note" role="status"><p><strong>{}</strong></p>{}{}</div>',
        _("The provider's metadata changed and waits for your word"),
        waiting(provider),
        buttons(links),
    )
