"""Functions that take an actor and are in no row of the table, each with the reason.

They ask for no authority of their own, so each is called only by one that does, or by something that nobody acts for.
"""

from __future__ import annotations

_INSIDE = "writes in the transaction of a function of the table, which checked"
_TELLS = "decides or tells, and writes nothing"
_RAISES = "is what the table's functions refuse with"
_SIGNS_IN = "called by a sign-in about the person who proved themselves, on their locked row"

EXEMPT: dict[str, str] = {
    # accounts
    "accounts.lifecycle.departures.note": _INSIDE,
    "accounts.lifecycle.departures.hold": _INSIDE,
    "accounts.lifecycle.departures.keep_memberships": _INSIDE,
    "accounts.lifecycle.departures.bring_back_by_directory": _INSIDE,
    "accounts.lifecycle.guests.enter_account": "about one's own session and grant: `accounts.entering.why_not`",
    "accounts.lifecycle.guests.leave_account": "brings one's own session home, which takes access away",
    "accounts.lifecycle.holding.held_refusal": _RAISES,
    "accounts.lifecycle.holding.hold": _INSIDE,
    "accounts.lifecycle.leaving.alert_if_last_admin": _INSIDE,
    "accounts.lifecycle.leaving.alert_if_last_password_admin": _INSIDE,
    "accounts.lifecycle.roles.refuse_if_managed": _RAISES,
    "accounts.lifecycle.status.archive_user": _INSIDE,  # of provision_user
    "accounts.lifecycle.status.note_signed_in": _SIGNS_IN,
    "accounts.lifecycle.status.record_first_login": _SIGNS_IN,
    "accounts.password_admins.refuse_if_last": _RAISES,
    "accounts.password_admins.refuse_if_last_role": _RAISES,
    "accounts.password_admins.require_one": _RAISES,
    "accounts.privilege.authority_of": _TELLS,
    "accounts.privilege.require": _RAISES,
    "accounts.privilege.require_over": _RAISES,
    "accounts.privilege.require_within": _RAISES,
    "accounts.privilege.user_of": _TELLS,
    "spaces.guest_roles.carry_over": _INSIDE,  # of accept_as_guest, about the person's own grant
    # sign-in settings
    "sso.authorization.why_not": _TELLS,
    "sso.graph.clearing.forget_for_changed_target": _INSIDE,
    "sso.private_networks.check_provider_url": _RAISES,
    "sso.providers.note_protocol_change": _INSIDE,
    "sso.providers.require_authority": _RAISES,
    "sso.setup_link_changes.approve": _INSIDE,
    "sso.setup_link_changes.end": _INSIDE,
    "sso.setup_link_changes.end_of_account": _INSIDE,
    "sso.setup_link_changes.note": _INSIDE,
    "sso.setup_link_changes.require_link": _RAISES,
    "sso.setup_link_changes.require_seen": _RAISES,
    "sso.testing.way_in": "leads a tester away; the admin's page that calls it is in the table",
    "sso_oidc.tenant_claims.claim": _INSIDE,
    "sso_oidc.tenant_claims.note_test": "about what a validated test of one's own provider proved",
    "sso_oidc.tenant_claims.release": _INSIDE,
    "sso_oidc.client_keys.ensure_key_pair": "a stranger who reads our key set may be the first to need the key",
    "sso_saml.key_pairs.ensure_key_pair": "a stranger who reads our metadata may be the first to need the key",
    "sso_saml.metadata_proposals.keep": _INSIDE,
    "sso_saml.metadata_refresh.take": _INSIDE,
    # around
    "audit.recorder.record": "writes the trail",
    "audit.recorder.record_refusal": "writes the trail",
    "console.configuration.applying.apply_configuration": "the configuration file, an entrance of its own",
    "console.sign_in_policy.refuse_to_take_the_module": _RAISES,
    "scim.receivers.follow_person": _INSIDE,
}
