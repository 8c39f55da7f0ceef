"""What an admin can do about a refusal that is decided here and not by a protocol's checks (S-3, V-3, J-2)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from sso.refusals import Code


def advice_for(code: str) -> str:
    """Return the advice in the reader's language, "" where there is none."""
    texts = {
        Code.NO_ACTIVE_ACCOUNT: _(
            "The connection works, but nobody here matches this person and just-in-time users are off. Turn them on, "
            "or provision people by SCIM."
        ),
        Code.DISABLED: _("The connection works, but an admin disabled this person here."),
        Code.DEACTIVATED: _("The connection works, but the directory deactivated this person by SCIM."),
        Code.DEPROVISIONED: _(
            "The connection works, but this person was removed here. An admin can readmit them on their page."
        ),
        Code.NO_EMAIL: _(
            "The connection works, but no e-mail address came. Let the provider send one, or name the attribute that "
            "holds it under claim names."
        ),
        Code.LINK_NEEDS_PROOF: _(
            "The connection works. This person already has a password or an admin role here, so they have to sign in "
            "here once and connect single sign-on on My access; nobody is linked by an address alone. Test with "
            "somebody who has neither to see a whole sign-in."
        ),
        Code.EMAIL_NOT_TRUSTED: _(
            "The connection works. The address belongs to an existing person, but the provider doesn't vouch for it: "
            "verify the e-mail domain of the account, and mark the provider if addresses are set by the directory."
        ),
        Code.OUTSIDE_DOMAINS: _(
            "The connection works, but the e-mail address isn't in a verified domain of the account."
        ),
        Code.ROLE_MAPPING_MISSING: _(
            "The connection works, but authorization by role mapping is on and the claim role_mapping didn't come."
        ),
        Code.ROLE_MAPPING_UNMATCHED: _(
            "The connection works, but no mapping role here has the name that came in role_mapping."
        ),
        Code.OTHER_PROVIDER: _(
            "The connection works, but this person signs in through another provider of the account. Mark the two as "
            "the same directory if they speak for the same people."
        ),
        Code.RECYCLED_IDENTITY: _(
            "The connection works, but this address belonged to somebody with another identifier at the provider. If "
            "it is the same person, they have to be linked anew."
        ),
        Code.AMBIGUOUS: _("The connection works, but the claims fit several people here."),
        Code.RESERVED: _("The connection works, but this name or address is reserved here."),
        Code.IDENTITIES_SUSPENDED: _(
            "The provider's issuer changed. Confirm on its page that it is the same directory."
        ),
        Code.PROVIDER_CHANGED: _("The provider was changed while the test was under way. Test it again."),
        Code.SSO_MODULE_OFF: _("The SSO module of the account is off; an operator switches it on."),
        Code.WRONG_TENANT: _("The person belongs to another organization at the provider."),
        Code.EXPIRED: _("The test took too long. Start it again."),
    }
    return texts.get(Code(code), "") if code in Code._value2member_map_ else ""
