"""What an OpenID Connect provider's page shows beside its form: values to copy, proofs, discovery."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from audit.models import AuditEvent
from console.admins.columns import NOTHING, badge, facts, lines, moment, to_copy, unreadable
from console.admins.key_table import Link, buttons, key_table
from foundation import public_urls
from foundation.encryption import is_stored, is_unreadable
from sso.models import IdentityProvider, Vendor
from sso.models.key_pair import ProviderKeyPair
from sso_oidc import client_keys, outbound
from sso_oidc.admin_consent import start_path
from sso_oidc.authorization import Flow
from sso_oidc.callback_paths import path_in_use
from sso_oidc.client_authentication import ClientAuthentication
from sso_oidc.configuration import settings_of
from sso_oidc.metadata import ProviderMetadata
from sso_oidc.models import OidcSettings
from sso_oidc.presets import Asked, OurUrl, generic_names, preset_of
from sso_oidc.tenant_claims import owner_of
from sso_oidc.urls_to_copy import urls_to_copy


def our_urls(provider: IdentityProvider) -> dict[OurUrl, str]:
    """Return our addresses towards this provider (O-2, O-7)."""
    ours = urls_to_copy(provider)
    return {
        OurUrl.REDIRECT: ours.redirect_uri,
        OurUrl.POST_LOGOUT: ours.post_logout_redirect_uri,
        OurUrl.BACK_CHANNEL_LOGOUT: ours.backchannel_logout_uri,
        OurUrl.INITIATE_LOGIN: ours.initiate_login_uri,
        OurUrl.KEYS: ours.jwks_uri,
        OurUrl.ADMIN_CONSENT: ours.admin_consent_uri,
        OurUrl.ALL_KEYS: ours.all_keys_uri,
    }


def our_side(provider: IdentityProvider) -> SafeString:
    """Return what the vendor's console asks for, in its words and order; what it has no field for is folded."""
    urls, asks = our_urls(provider), preset_of(provider.vendor).asks
    asked = facts((_asked(each), to_copy(urls[each.url])) for each in asks)
    rest = [(name, url) for url, name in generic_names().items() if url not in {each.url for each in asks}]
    if not rest:
        return asked
    return format_html(
        '{}<details class="console-details"><summary>{}</summary>{}</details>',
        asked,
        _("Further addresses, which this vendor's console doesn't usually ask for"),
        facts((name, to_copy(urls[url])) for name, url in rest),
    )


def _asked(asked: Asked) -> SafeString:
    """Return a field's name and its place in the console."""
    return format_html(
        '{}<span class="console-quiet console-place">{}</span>', asked_name(asked), asked.place
    )


def asked_name(asked: Asked) -> str:
    """Return a field's name, with what it is for where the console has one field for several purposes."""
    purposes = {OurUrl.POST_LOGOUT: _("after signing out"), OurUrl.ADMIN_CONSENT: _("after admin consent")}
    purpose = purposes.get(asked.url, "") if asked.name == "Redirect URI" else ""
    return f"{asked.name} ({purpose})" if purpose else asked.name


def secret_state(settings: OidcSettings) -> SafeString:
    """Return whether there is a client secret and since when; never more than that (V-23)."""
    if is_unreadable(settings, "client_secret"):
        return unreadable(
            _("Enter it again below, or have the old key put back; until then nobody can sign in here.")
        )
    if not settings.client_secret:
        return badge(_("not set"))
    changed = secret_changed_at(settings)
    since = "" if changed is None else _("changed %(when)s") % {"when": moment(changed)}
    return format_html('{} <span class="console-quiet">{}</span>', badge(_("set"), "success"), since)


def secret_changed_at(settings: OidcSettings) -> datetime | None:
    """Return when the client secret was last changed, by the audit trail; None when that no longer reaches back."""
    events = AuditEvent.objects.filter(
        object_type="identity_provider",
        object_id=str(settings.provider_id),
        action="provider.updated",
        message__contains="client_secret",
    )
    return events.order_by("-created_at").values_list("created_at", flat=True).first()


def notes(provider: IdentityProvider, settings: OidcSettings) -> SafeString:
    """Return what an admin of this vendor has to know before they begin."""
    if provider.is_shared:
        return format_html(
            "<p>{}</p>",
            _(
                "One button for many organizations. Only people of the tenants listed below get in, each tenant into "
                "its own account; an address or a domain never decides."
            ),
        )
    if provider.vendor == Vendor.GOOGLE:
        return _google(provider)
    return _three_ways(settings) if provider.vendor == Vendor.ENTRA else SafeString("")


def has_notes(provider: IdentityProvider) -> bool:
    """Tell whether there is anything to say."""
    return provider.is_shared or provider.vendor in (Vendor.GOOGLE, Vendor.ENTRA)


def admin_consent(provider: IdentityProvider) -> SafeString:
    """Return the link with which Entra's administrator consents for everybody (O-4)."""
    address = public_urls.absolute(start_path(provider))
    told = _(
        "People are asked for their consent at the first sign-in, unless an administrator of Entra gives it for "
        "everybody. Open this as one, or send the address to one who is an admin here, too."
    )
    return format_html(
        "<p>{}</p>{}{}", told, to_copy(address), buttons([(_("Give consent at Entra"), address)])
    )


def _google(provider: IdentityProvider) -> SafeString:
    """All of Google's customers share one issuer, so the Workspace domain in ``hd`` decides (V-4)."""
    verified: list[str] = []
    if provider.account is not None:
        domains = provider.account.email_domains.filter(verified_at__isnull=False).order_by("domain")
        verified = list(domains.values_list("domain", flat=True))
    told = _(
        "Everybody at Google has the same issuer. So only people get in whose Google Workspace domain (the claim hd) "
        "is a verified e-mail domain of the account; private Google accounts never do."
    )
    shown = (
        lines(verified)
        if verified
        else format_html(
            "{} {}", badge(_("none"), "danger"), _("Without a verified domain Google can't be enabled.")
        )
    )
    return format_html("<p>{}</p>{}", told, facts([(_("Verified domains"), shown)]))


def _three_ways(settings: OidcSettings) -> SafeString:
    """O-3: how we prove to Entra that it is us, what each way asks of its admin, and which one is in force."""
    preset, used = preset_of(Vendor.ENTRA), way_of(settings)
    ways = (
        (
            "secret",
            _("With a client secret"),
            _("%(place)s: copy the “%(name)s” and enter it below. It expires after two years at most.")
            % {"place": preset.secret_place, "name": preset.secret},
        ),
        (
            "certificate",
            _("With our certificate"),
            _(
                "No secret is handed over. Make our key under Our keys, upload its certificate at %(place)s, then "
                "choose “private key” below."
            )
            % {"place": preset.certificate_place},
        ),
        (
            "neither",
            _("With neither"),
            _(
                "Flow hybrid, nothing to keep or renew: the ID token that comes through the browser signs in. What is "
                "lost: Entra puts only a few groups into it, so for people in more nothing is taken away and nothing "
                "new is added; and nothing can be looked up afterwards."
            ),
        ),
    )
    items = format_html_join(
        "",
        '<li{}><p><strong>{}</strong> {}</p><p class="console-quiet">{}</p></li>',
        (
            (
                SafeString(' class="console-way-used"') if key == used else "",
                title,
                badge(_("in use"), "success") if key == used else "",
                text,
            )
            for key, title, text in ways
        ),
    )
    return format_html('<ol class="console-ways">{}</ol>', items)


def tenant_standing(provider: IdentityProvider, links: Sequence[Link]) -> SafeString:
    """Return whether the tenant that the settings name is proven to be the account's, and how it can be (V-6)."""
    owner = owner_of(provider, settings_of(provider))
    if owner is None:
        told = _(
            "Test the connection as a member of the tenant whose user name is in a verified e-mail domain of the "
            "account: then no other account can claim it."
        )
        return format_html("{} <span>{}</span>", badge(_("not proven yet"), "warning"), told)
    if owner.account_id != provider.account_id:
        return format_html(
            "{} <span>{}</span>",
            badge(_("already in use"), "danger"),
            _("It can't be tested or enabled with this tenant id. Ask support."),
        )
    how = _("%(how)s, %(when)s") % {"how": owner.get_proof_display(), "when": moment(owner.created_at)}
    shown = format_html('{} <span class="console-quiet">{}</span>', badge(_("proven"), "success"), how)
    return format_html("{}{}", shown, buttons(links))


def way_of(settings: OidcSettings) -> str:
    """Return which of O-3's ways the settings take, "" for none that works with Entra."""
    if settings.client_authentication == ClientAuthentication.PRIVATE_KEY_JWT:
        return "certificate"
    if is_stored(settings, "client_secret"):
        return "secret"
    if settings.client_id and settings.flow == Flow.HYBRID:
        return "neither"
    return ""


def our_keys(provider: IdentityProvider, links: Sequence[Link]) -> SafeString:
    """Return our key pairs towards this provider, each certificate as a file that the vendor's console takes."""

    def downloads(pair: ProviderKeyPair) -> list[Link]:
        named = "admin:sso_identityprovider_client_certificate"
        return [
            (f".{ending}", reverse(named, args=[provider.pk, pair.role, ending])) for ending in ("cer", "pem")
        ]

    return key_table(client_keys.pairs_of(provider), downloads, links)


def their_side(provider: IdentityProvider, settings: OidcSettings) -> SafeString:
    """Return the settings, for those who only look."""
    rows: list[tuple[object, object]] = [
        (_("Issuer"), settings.issuer),
        (preset_of(provider.vendor).client_id, settings.client_id),
        (_("Client secret"), secret_state(settings)),
        (_("Flow"), settings.get_flow_display()),
        (_("Client authentication"), settings.get_client_authentication_display()),
        (_("Further scopes"), settings.extra_scopes),
        (_("Longest time since authentication, in seconds (max_age)"), _number(settings.max_age_seconds)),
        (_("Authentication context (acr_values)"), settings.acr_values),
        (_("Subject claim"), settings.subject_claim),
        (_("Callback path"), path_in_use(settings).label),
    ]
    return facts(rows)


def discovered(provider: IdentityProvider, settings: OidcSettings, links: Sequence[Link]) -> SafeString:
    """Return what the provider says about itself, as it was last read; nothing is fetched to draw a page."""
    kept = (
        outbound.discovery(provider).kept_metadata(settings.issuer, allow_template_issuer=provider.is_shared)
        if settings.issuer
        else None
    )
    if kept is None:
        return format_html("<p>{}</p>{}", _("Not read yet."), buttons(links))
    metadata, fetched_at = kept
    read = (_("Read"), moment(datetime.fromtimestamp(fetched_at, UTC)))
    return format_html("{}{}", facts([*metadata_rows(metadata), read]), buttons(links))


def metadata_rows(metadata: ProviderMetadata) -> list[tuple[object, object]]:
    """Return the parts of a discovery document that matter here."""
    pushed = metadata.pushed_request_endpoint
    if pushed and metadata.pushed_requests_required:
        pushed = _("%(url)s (required)") % {"url": pushed}
    return [
        (_("Issuer"), metadata.issuer),
        (_("Authorization endpoint"), metadata.authorization_endpoint),
        (_("Token endpoint"), metadata.token_endpoint),
        (_("Client authentication it takes"), ", ".join(metadata.token_endpoint_auth_methods)),
        (_("Keys"), metadata.jwks_uri),
        (_("Userinfo"), metadata.userinfo_endpoint or NOTHING),
        (_("Pushed requests (PAR)"), pushed or _("not offered")),
        (_("Sign-out (end_session)"), metadata.end_session_endpoint or _("not offered")),
        (
            _("Names itself in the answer (iss)"),
            badge(_("yes"), "success") if metadata.iss_parameter_supported else badge(_("no")),
        ),
    ]


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
