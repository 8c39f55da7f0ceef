"""An identity provider's error in a SAML response chooses a page only where we have words for it (L-10, L-11)."""

from __future__ import annotations

import pytest

from sso_saml.errors import StatusRefusal
from sso_saml.status_pages import code_of

RESPONDER = "urn:oasis:names:tc:SAML:2.0:status:Responder"
DENIED = "urn:oasis:names:tc:SAML:2.0:status:RequestDenied"
CASES = [
    ("AADSTS50105: The signed in user is not assigned to a role.", "not_assigned"),
    ("AADSTS65004: User declined to consent.", "consent_refused"),
    ("AADSTS65001: Nobody consented.", "consent_refused"),
    ("AADSTS90094: Only an administrator can.", "consent_refused"),
    ("AADSTS50020: User account from another tenant.", "wrong_tenant"),
    ("User is not assigned to the client application.", "not_assigned"),
    ("AADSTS99999: User is not assigned to the client application.", "saml.status"),  # the number decides
    ("XAADSTS50105", "saml.status"),
    ("AADSTS501055", "saml.status"),
    ("Access denied.", "saml.status"),
    ("", "saml.status"),
]


@pytest.mark.parametrize(("message", "code"), CASES)
def test_error_that_has_words_is_told_apart(message: str, code: str) -> None:
    assert code_of(StatusRefusal((RESPONDER, DENIED), message)) == code
