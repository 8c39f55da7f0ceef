"""What readers of the admin see as the name of a column or a table, in their language (A-11).

Models name their columns for programmers; only labels that say more stand in the models themselves. The table here is
laid over the rest once, when the admin is registered. Migrations are not affected: they look at what the model wrote.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db.models import Field, Model
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

COLUMNS: dict[str, StrOrPromise] = {
    "accepted_at": _("accepted at"),
    "account": _("account"),
    "actor_kind": _("kind of actor"),
    "address": _("address"),
    "agent": _("browser"),
    "allows_sso_admins": _("signs in SSO account admins as well"),
    "asked_by": _("asked for by"),
    "attempts": _("attempts"),
    "basis": _("basis"),
    "button_label": _("button label"),
    "checked_at": _("checked at"),
    "claim_names": _("claim names"),
    "client": _("client"),
    "closed_at": _("closed at"),
    "code": _("code"),
    "context": _("context"),
    "count": _("count"),
    "created_at": _("created at"),
    "decided_at": _("decided at"),
    "decided_by": _("decided by"),
    "default_account_role": _("default account role"),
    "default_space": _("default space"),
    "default_space_role": _("default space role"),
    "detail": _("error"),
    "dialect": _("dialect"),
    "display_name": _("display name"),
    "domain": _("domain"),
    "done_at": _("done at"),
    "due_at": _("due at"),
    "email": _("e-mail"),
    "ended_at": _("ended at"),
    "expires_at": _("expires at"),
    "external_id": _("external ID"),
    "family_name": _("family name"),
    "finished_at": _("finished at"),
    "first_seen": _("first seen"),
    "given_name": _("given name"),
    "given_up_at": _("given up at"),
    "granted_by": _("granted by"),
    "group": _("group"),
    "hint": _("hint"),
    "host": _("host name"),
    "invited_by_label": _("invited by"),
    "ip_address": _("IP address"),
    "issuer": _("issuer"),
    "kind": _("kind"),
    "language": _("language"),
    "last_error": _("last error"),
    "last_seen": _("last seen"),
    "last_seen_at": _("last seen at"),
    "last_used_at": _("last used at"),
    "last_used_ip": _("last used from"),
    "lookup": _("public part"),
    "method": _("method"),
    "name": _("name"),
    "name_id": _("NameID"),
    "oauth_client": _("OAuth client"),
    "object_id": _("object ID"),
    "object_type": _("object type"),
    "owner": _("owner"),
    "partner": _("partner"),
    "path": _("path"),
    "permission": _("permission"),
    "phone": _("phone"),
    "position": _("position"),
    "protocol": _("protocol"),
    "provider": _("provider"),
    "provider_label": _("provider"),
    "purpose": _("purpose"),
    "reason": _("reason"),
    "region": _("region"),
    "revoked_at": _("revoked at"),
    "role": _("role"),
    "same_directory_as": _("same directory as"),
    "scim_type": _("SCIM error type"),
    "slug": _("slug"),
    "space": _("space"),
    "state": _("state"),
    "subject": _("subject"),
    "subject_source": _("source of the subject"),
    "support_contact": _("support contact"),
    "target": _("target"),
    "tenant_id": _("tenant ID"),
    "token": _("API token"),
    "track_id": _("track ID"),
    "unsolicited": _("unsolicited"),
    "updated_at": _("updated at"),
    "user": _("user"),
    "vendor": _("vendor"),
    "verified_at": _("verified at"),
    "verified_by": _("verified by"),
}

# By the model's label in lower case: singular, plural.
TABLES: dict[str, tuple[StrOrPromise, StrOrPromise]] = {
    "accounts.user": (_("user"), _("users")),
    "accounts.group": (_("group"), _("groups")),
    "accounts.accountrole": (_("account role"), _("account roles")),
    "accounts.usersession": (_("session"), _("sessions")),
    "accounts.apitoken": (_("API token"), _("API tokens")),
    "accounts.heldchange": (_("held change"), _("held changes")),
    "accounts.departure": (_("held removal"), _("held removals")),
    "accounts.invitation": (_("invitation"), _("invitations")),
    "accounts.guestaccess": (_("guest"), _("guests")),
    "accounts.account": (_("account"), _("accounts")),
    "accounts.emaildomain": (_("e-mail domain"), _("e-mail domains")),
    "accounts.partner": (_("partner"), _("partners")),
    "accounts.partnerkey": (_("partner key"), _("partner keys")),
    "spaces.space": (_("space"), _("spaces")),
    "spaces.spacerole": (_("space role"), _("space roles")),
    "spaces.mappingrole": (_("mapping role"), _("mapping roles")),
    "sso.identityprovider": (_("identity provider"), _("identity providers")),
    "sso.providergrant": (_("provider from above"), _("providers from above")),
    "sso.federatedidentity": (_("identity"), _("identities")),
    "sso.signinattempt": (_("sign-in"), _("sign-ins")),
    "scim.requestlogentry": (_("SCIM request"), _("SCIM requests")),
    "scim.oauthclient": (_("OAuth client"), _("OAuth clients")),
    "scim.oauthclientsecret": (_("OAuth client secret"), _("OAuth client secrets")),
    "audit.auditevent": (_("event"), _("events")),
    "audit.failurelogentry": (_("failure"), _("failures")),
    "foundation.outboxmessage": (_("message"), _("messages")),
}

# unfold brings no German; these are its own words on our pages, named here so that they are translated with ours.
UNFOLDS_OWN: tuple[StrOrPromise, ...] = (
    _("Add row"),
    _("Apply Filters"),
    _("Clear all filters"),
    _("Clear selection"),
    _("Choose file to upload"),
    _("Click here to select the objects across all pages"),
    _("Dark"),
    _("Expand row"),
    _("General"),
    _("Light"),
    _("More actions"),
    _("No results matching your query"),
    _("Remove from sorting"),
    _("Reset filters"),
    _("Run the selected action"),
    _("Select all rows"),
    _("Select value"),
    _("System"),
    _("Toggle sorting"),
    _("Type to search"),
)


def label(models: Iterable[type[Model]]) -> None:
    """Name the tables and those of their columns that carry no name of their own."""
    for model in models:
        options: Any = model._meta
        if options.label_lower in TABLES:
            options.verbose_name, options.verbose_name_plural = TABLES[options.label_lower]
        for field in options.get_fields():
            if isinstance(field, Field) and not written_by_model(field) and field.name in COLUMNS:
                field.verbose_name = COLUMNS[field.name]


def written_by_model(field: Any) -> bool:
    """Tell whether the model itself names this column."""
    return field._verbose_name is not None
