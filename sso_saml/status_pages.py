"""What an identity provider means when it answers with an error instead of an assertion, where L-10 has words for it.

Such an answer is rarely signed and comes from whoever can make a browser post something, so it chooses a page and does
nothing else. Entra puts its AADSTS number into the StatusMessage; Okta has fixed sentences. Whatever is unknown stays
``saml.status``, a page with a track ID.
"""

from __future__ import annotations

import re

from sso.refusals import Code
from sso_saml.errors import StatusRefusal

_AADSTS = re.compile(r"\bAADSTS([0-9]{4,8})\b")
_BY_AADSTS = {
    50105: Code.NOT_ASSIGNED,
    65001: Code.CONSENT_REFUSED,  # nobody consented yet
    65004: Code.CONSENT_REFUSED,
    90094: Code.CONSENT_REFUSED,  # only an administrator can consent
    90095: Code.CONSENT_REFUSED,
    50020: Code.WRONG_TENANT,  # the account chosen belongs to another tenant
}
_NOT_ASSIGNED = "user is not assigned to the client application"  # Okta


def code_of(refusal: StatusRefusal) -> str:
    """Return the code whose page explains the provider's error, else the refusal's own."""
    number = _AADSTS.search(refusal.status_message)
    known = _BY_AADSTS.get(int(number[1])) if number else None
    if known is None and number is None and _NOT_ASSIGNED in refusal.status_message.lower():
        known = Code.NOT_ASSIGNED
    return (known or refusal.code).value
