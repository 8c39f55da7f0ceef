"""Labels and help texts of an OpenID Connect provider's form, by the names of the vendor's console."""

from __future__ import annotations

from django.utils.translation import gettext as _

from sso.models import IdentityProvider, Vendor
from sso_oidc.presets import ENTRA_SHARED_ISSUER, Preset


def field_label(name: str, preset: Preset, provider: IdentityProvider) -> str:
    """Return the label, "" to keep the field's own."""
    labels = {
        "tenant_id": preset.tenant,
        "client_id": preset.client_id,
        "issuer": _("Okta domain or issuer") if provider.vendor == Vendor.OKTA else _("Issuer"),
        "client_secret": _("Client secret"),
        "flow": _("Flow"),
        "client_authentication": _("Client authentication"),
        "extra_scopes": _("Further scopes"),
        "pushed_requests": _("Push the request first where the provider takes it (PAR)"),
        "max_age_seconds": _("Longest time since authentication, in seconds (max_age)"),
        "acr_values": _("Authentication context (acr_values)"),
        "subject_claim": _("Subject claim"),
    }
    return labels.get(name, "")


def field_help(name: str, preset: Preset, provider: IdentityProvider) -> str:
    """Return the help text, "" for none."""
    if name == "issuer":
        return _issuer_help(preset, provider)
    if name == "flow" and provider.vendor == Vendor.ENTRA:
        return _(
            "Hybrid needs “ID tokens (used for implicit and hybrid flows)” ticked at Entra under Authentication. Code "
            "works without, and needs a client secret or our certificate."
        )
    if name == "max_age_seconds" and provider.vendor == Vendor.ENTRA:
        return _(
            "Empty: any. Entra says when somebody authenticated only with the optional claim auth_time in the ID "
            "token, and without it everybody is refused."
        )
    texts = {
        "tenant_id": _found(preset.client_id_place, preset.tenant),
        "client_id": _found(preset.client_id_place, preset.client_id),
        "client_secret": _secret_help(preset),
        "remove_secret": _("It can't be shown or brought back afterwards."),
        "forget_keys": _("Only when the issuer or the client id changes; otherwise it does nothing."),
        "flow": _("Code with PKCE works everywhere. Hybrid is for providers that ask for it."),
        "client_authentication": _("How we prove to the provider that a request for tokens comes from us."),
        "extra_scopes": _(
            "With blanks between, for instance “groups”. openid, email and profile are always asked for."
        ),
        "pushed_requests": _(
            "The request goes to the provider directly instead of through the browser. Switch it off only if that "
            "makes trouble."
        ),
        "max_age_seconds": _(
            "Empty: any. Otherwise somebody who authenticated at the provider longer ago has to do so again; 0 means "
            "every time."
        ),
        "acr_values": _(
            "With blanks between, as the provider defines them, for instance for a second factor. An answer with none "
            "of them is refused. Leave it empty unless you know why."
        ),
        "subject_claim": _(
            "The claim that names a person for good, if it isn't the usual one (sub; at Entra tid and oid)."
        ),
    }
    return texts.get(name, "")


def _issuer_help(preset: Preset, provider: IdentityProvider) -> str:
    if provider.is_shared:
        return _(
            "For every organization at Microsoft: %(issuer)s. Which of them may sign in is the list below."
        ) % {"issuer": ENTRA_SHARED_ISSUER}
    if preset.by_tenant:
        return _(
            "Empty: it follows from the tenant id. Only for another cloud than the public one, for instance "
            "https://login.microsoftonline.us/<tenant id>/v2.0."
        )
    if preset.issuer_template:
        return _("Empty: %(issuer)s.") % {"issuer": preset.issuer_template}
    if provider.vendor == Vendor.OKTA:
        return _(
            "Your Okta domain, such as acme.okta.com; with a custom authorization server its issuer, such as "
            "https://acme.okta.com/oauth2/default. At Okta: %(place)s."
        ) % {"place": preset.issuer_place}
    return _(
        "Exactly as the provider writes it in its discovery document: what stands before "
        "“/.well-known/openid-configuration”."
    )


def _secret_help(preset: Preset) -> str:
    found = _found(preset.secret_place, preset.secret)
    return " ".join(filter(None, (found, _("It is stored encrypted and never shown again."))))


def _found(place: str, name: str) -> str:
    """Say where a value stands in the vendor's console; of an unknown one, nothing."""
    if not place:
        return ""
    return _("In the provider's console under “%(place)s”: “%(name)s”.") % {"place": place, "name": name}
