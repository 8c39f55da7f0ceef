"""What to mend when a test was refused, naming the field of the vendor's console (S-3, A-3)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from sso.models import IdentityProvider
from sso.refusals import Code
from sso_saml.errors import RefusalCode
from sso_saml.provider_config import redirect_url, settings_of, sp_entity_id
from sso_saml.vendor_words import words_of

_SIGNATURE_FORM = frozenset(
    {
        RefusalCode.SIGNATURE_PLACE,
        RefusalCode.SIGNATURE_SHAPE,
        RefusalCode.REFERENCE_COUNT,
        RefusalCode.REFERENCE_URI,
        RefusalCode.TRANSFORM,
        RefusalCode.KEY_INFO,
    }
)
_ADDRESS = frozenset({RefusalCode.DESTINATION, RefusalCode.RECIPIENT, RefusalCode.SUBJECT_CONFIRMATION})
_TIMES = frozenset({RefusalCode.TIME_FORMAT, RefusalCode.NOT_YET_VALID, RefusalCode.EXPIRED})


def advice_for(code: str, provider: IdentityProvider) -> str:
    """Return the advice in the reader's language, "" where there is none."""
    words = words_of(provider.vendor)
    names = {
        "issuer": words.issuer,
        "certificate": words.certificate,
        "entity_id": words.entity_id,
        "acs_url": words.acs_url,
        "name_id": words.name_id,
        "signing": words.signing,
        "algorithm": words.algorithm,
        "encryption": words.encryption or "–",
        "assignment": words.assignment,
        "our_url": redirect_url(provider),
        "our_entity_id": sp_entity_id(provider, settings_of(provider)),
    }
    return _text(code) % names


def _text(code: str) -> str:
    if code in _SIGNATURE_FORM:
        return _(
            "The signature has a form that we don't accept, because attackers use it. Let the provider sign the whole "
            "response or the assertion with its standard settings (“%(signing)s”)."
        )
    if code in _ADDRESS:
        return _(
            "The answer was made for another address. Set “%(acs_url)s” at the provider to exactly %(our_url)s, with "
            "the slash at the end."
        )
    if code in _TIMES:
        return _(
            "The answer's time window doesn't include now. Compare the clocks of both sides; two minutes of difference "
            "are allowed."
        )
    texts: dict[str, str] = {
        RefusalCode.SIGNATURE_INVALID: _(
            "No certificate here fits the signature. Download “%(certificate)s” at the provider again and add it under "
            "X.509 Certificate. If the provider is changing its key, add the new one beside the old one."
        ),
        RefusalCode.SIGNATURE_MISSING: _(
            "Neither the response nor the assertion is signed. Turn signing on at the provider (“%(signing)s”)."
        ),
        RefusalCode.ALGORITHM: _(
            "The signature uses an algorithm that is too weak, such as SHA-1. Choose SHA-256 at the provider "
            "(“%(algorithm)s”)."
        ),
        RefusalCode.ISSUER: _(
            "The answer comes from another issuer than the one entered here. Copy the provider's “%(issuer)s” into IdP "
            "Issuer URI / Entity ID, every character of it."
        ),
        RefusalCode.AUDIENCE: _(
            "The answer was made for another application. Set “%(entity_id)s” at the provider to exactly "
            "%(our_entity_id)s."
        ),
        RefusalCode.CONDITIONS: _(
            "The answer doesn't say for whom it is, or on a condition that we don't know. Check “%(entity_id)s” at the "
            "provider."
        ),
        RefusalCode.IN_RESPONSE_TO: _(
            "The answer doesn't belong to this test's request. Start the test again and finish it in the same tab; "
            "don't start from the provider's own tile."
        ),
        Code.ATTEMPT_UNKNOWN: _(
            "The answer doesn't belong to this test's request. Start the test again and finish it in the same tab; "
            "don't start from the provider's own tile."
        ),
        RefusalCode.ENCRYPTED: _(
            "Something in the answer can't be read with our keys. Upload our current encryption certificate at the "
            "provider (“%(encryption)s”), or turn encryption off there."
        ),
        RefusalCode.NOT_ENCRYPTED: _(
            "The answer isn't encrypted, and this provider is set to accept encrypted assertions only. Turn encryption "
            "on at the provider (“%(encryption)s”), or lift that under Advanced."
        ),
        RefusalCode.NAME_ID: _(
            "Nothing in the answer names the person for good. Let the provider send a persistent NameID or an e-mail "
            "address (“%(name_id)s”; in ADFS a claim rule has to issue one), or name a subject attribute "
            "under Advanced."
        ),
        RefusalCode.AUTHN_STATEMENT: _(
            "The answer doesn't say how the person signed in (AuthnStatement). Use the provider's standard SAML "
            "settings."
        ),
        RefusalCode.AUTHN_NOT_FRESH: _(
            "The provider didn't ask to sign in afresh (ForceAuthn), though it was told to. Turn that off under "
            "Advanced if it can't do it."
        ),
        RefusalCode.AUTHN_CONTEXT: _(
            "The person signed in by another method than those asked for. Check the requested authentication contexts "
            "under Advanced; leave them empty unless you know why."
        ),
        RefusalCode.REPLAY: _(
            "This answer had been used before. Start the test again instead of reloading a page."
        ),
        RefusalCode.STATUS: _(
            "The provider itself refused. Its reason stands beside the failed check; look for it in the provider's own "
            "sign-in log."
        ),
        Code.NOT_ASSIGNED: _(
            "You aren't assigned to this application at the provider. Assign yourself, or everybody who may sign in, "
            "under “%(assignment)s”."
        ),
        Code.CONSENT_REFUSED: _(
            "The provider asked for consent and didn't get it. An administrator of the provider has to give it."
        ),
        Code.WRONG_TENANT: _(
            "You chose an account of another organization at the provider. Use one that belongs to this provider."
        ),
    }
    return texts.get(code, "")
