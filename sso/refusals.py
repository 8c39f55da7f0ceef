"""Why a sign-in was refused: stable codes, and what the person reads (L-10, L-11).

The closed list of friendly pages is for what people or their admins can fix; everything else is "something went wrong"
with a track ID. The code and the useful detail go to the audit trail, never to the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account
from foundation.encryption import SecretUnreadable


class Code(StrEnum):
    """Every reason for which the planner or the flow itself refuses; protocols have codes of their own."""

    # friendly (L-10)
    NO_ACTIVE_ACCOUNT = "no_active_account"
    DISABLED = "user.disabled"
    DEACTIVATED = "user.deactivated"
    DEPROVISIONED = "user.deprovisioned"
    NO_EMAIL = "no_email"
    CONSENT_REFUSED = "consent_refused"
    NOT_ASSIGNED = "not_assigned"
    ROLE_MAPPING_MISSING = "role_mapping.missing"
    ROLE_MAPPING_UNMATCHED = "role_mapping.unmatched"
    WRONG_TENANT = "wrong_tenant"
    SSO_REQUIRED = "sso_required"
    EXPIRED = "expired"
    PROVIDER_UNREACHABLE = "provider.unreachable"  # O-5: passes by itself
    STEP_OVER = "second_step.over"
    STEP_LOCKED = "second_step.locked"
    NO_MAILBOX = "second_step.no_mailbox"  # V-11
    # a track ID only (L-11)
    ACCOUNT_CLOSED = "account.closed"
    PROVIDER_UNKNOWN = "provider.unknown"
    PROVIDER_NOT_ENABLED = "provider.not_enabled"
    PROVIDER_CHANGED = "provider.changed"
    PROVIDER_NOT_GRANTED = "provider.not_granted"
    SSO_MODULE_OFF = "account.sso_module_off"
    IDENTITIES_SUSPENDED = "identity.suspended"
    ISSUER_CHANGED = "identity.issuer_changed"
    RECYCLED_IDENTITY = "identity.recycled"
    OTHER_PROVIDER = "identity.other_provider"
    LINK_NEEDS_PROOF = "link.needs_proof"
    EMAIL_NOT_TRUSTED = "link.email_not_trusted"
    AMBIGUOUS = "match.ambiguous"
    RESERVED = "match.reserved"
    OUTSIDE_DOMAINS = "email.outside_domains"
    INVALID_PERSON = "person.invalid"
    ADMIN_NOT_ALLOWED = "provider.no_sso_admins"
    ATTEMPT_UNKNOWN = "attempt.unknown"
    ATTEMPT_SPENT = "attempt.spent"
    WRONG_BROWSER = "attempt.wrong_browser"
    WRONG_HOST = "attempt.wrong_host"
    CODE_UNKNOWN = "attempt.code_unknown"
    UNSOLICITED = "unsolicited"
    UNREADABLE = "answer.unreadable"
    SECRET_UNREADABLE = "secret.unreadable"  # noqa: S105 - a code; no present key of the deployment opens it
    TOO_MANY = "attempt.too_many"
    CONFLICT = "sign_in.conflict"
    PARTNER_KEY = "partner.key"  # S-6: missing, unknown or expired
    WRONG_REGION = "account.wrong_region"  # S-6: a page of its own, since the person's admin can mend it
    TEST_NOT_STARTED = "test.not_started"
    CONSENT_NOT_STARTED = "consent.not_started"
    REAUTHENTICATION_NOT_STARTED = "reauthentication.not_started"
    OTHER_PERSON = "reauthentication.other_person"


_NO_ACCOUNT = frozenset({Code.NO_ACTIVE_ACCOUNT, Code.DISABLED, Code.DEACTIVATED, Code.DEPROVISIONED})


@dataclass(frozen=True, slots=True)
class Refusal:
    """A sign-in that ends here. ``code`` may be a protocol's own; ``detail`` is for the audit trail."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StartAgain:
    """What a sign-in that begins anew keeps of the one that ended (L-6)."""

    account: Account | None = None
    email: str = ""
    next_url: str = ""


class SignInRefused(Exception):
    """Raised by protocols and flow for a refusal; carries it to the one place that audits and answers."""

    def __init__(self, code: str, detail: str = "", *, again: StartAgain | None = None) -> None:
        super().__init__(code)
        self.refusal = Refusal(code, detail)
        self.again = again


def secret_unreadable(error: SecretUnreadable) -> SignInRefused:
    """Return the refusal of a sign-in that needs a stored secret which no present key opens (503)."""
    return SignInRefused(Code.SECRET_UNREADABLE, str(error))


@dataclass(frozen=True, slots=True)
class Wording:
    """What the names in the messages are for this sign-in."""

    product: str
    email: str = ""
    account: str = ""
    provider: str = ""
    vendor: str = ""
    url: str = ""  # of the right region (S-6)


def message_for(code: str, words: Wording) -> str | None:
    """Return the friendly message of L-10 in the reader's language, None when the code has none (L-11)."""
    if code in _NO_ACCOUNT:
        if not words.email:
            return _("You do not have an active account in %(product)s.") % {"product": words.product}
        return _("%(email)s does not have an active account in %(product)s.") % {
            "email": words.email,
            "product": words.product,
        }
    texts = {
        Code.NO_EMAIL: _(
            "Account in %(account)s's identity provider (%(provider)s) does not have an associated email address."
        ),
        Code.CONSENT_REFUSED: _(
            "To login to %(product)s using your %(vendor)s account, you have to consent to permissions requested by "
            "%(product)s."
        ),
        Code.NOT_ASSIGNED: _(
            "You are not assigned to %(product)s in %(account)s's identity provider. Ask your administrator for access."
        ),
        Code.ROLE_MAPPING_MISSING: _(
            "Your identity provider did not say which role you have in %(product)s. Ask your administrator to send the "
            "role_mapping claim."
        ),
        Code.ROLE_MAPPING_UNMATCHED: _(
            "The role that your identity provider sent is not known in %(product)s. Ask your administrator to check "
            "the mapping roles."
        ),
        Code.WRONG_TENANT: _(
            "The account that you chose does not belong to an organization known to %(product)s."
        ),
        Code.SSO_REQUIRED: _("%(account)s signs in to %(product)s with the corporate account only."),
        Code.WRONG_REGION: _(
            "Your account belongs to another region of %(product)s. Ask your administrator to send sign-ins to %(url)s."
        ),
        Code.PROVIDER_UNREACHABLE: _(
            "%(provider)s can't be reached at the moment. This usually passes within minutes: please try again."
        ),
        Code.STEP_OVER: _(
            "This step was not finished within 10 minutes, or it was begun in another browser. Please start again."
        ),
        Code.STEP_LOCKED: _(
            "Too many wrong codes were typed. Please wait an hour, or use a passkey if you have one."
        ),
        Code.NO_MAILBOX: _(
            "Your first sign-in takes a code that is mailed to you, and no e-mail address of yours is known. Ask an "
            "operator of %(product)s to enter it."
        ),
        Code.EXPIRED: _("This sign-in took longer than 30 minutes and has expired. Please start again."),
    }
    text = texts.get(Code(code)) if code in Code._value2member_map_ else None
    if text is None:
        return None
    return text % {
        "product": words.product,
        "email": words.email,
        "account": words.account,
        "provider": words.provider,
        "vendor": words.vendor,
        "url": words.url,
    }


HEADINGS = {
    Code.EXPIRED: gettext_lazy("Sign-in expired"),
    Code.PROVIDER_UNREACHABLE: gettext_lazy("Your identity provider doesn't answer"),
    Code.STEP_OVER: gettext_lazy("Sign-in expired"),
    Code.STEP_LOCKED: gettext_lazy("Too many wrong codes"),
    Code.SSO_REQUIRED: gettext_lazy("Use your corporate account"),
    Code.CONSENT_REFUSED: gettext_lazy("Consent is needed"),
}
DEFAULT_HEADING = gettext_lazy("You can't sign in yet")
