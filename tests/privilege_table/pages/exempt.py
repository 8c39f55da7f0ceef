"""Addresses of the admin that are in no row of the table, each with the reason, and how that is seen to be true.

A name is a pattern of URL names; the first that fits counts.
"""

from __future__ import annotations

from enum import Enum
from fnmatch import fnmatchcase


class Proof(Enum):
    """What a POST to such an address comes to."""

    CLOSED = "403, 404 or 405 for an operator, who may most"
    SHOWS = "whatever it answers an operator, nothing is written"
    ASKS_OUTSIDE = "403 for an account admin; for those above, a provider is asked over the network"
    ELSEWHERE = "leads out of the admin"


EXEMPT: dict[str, tuple[Proof, str]] = {
    "index": (Proof.SHOWS, "the overview"),
    "app_list": (Proof.SHOWS, "the overview of a section"),
    "reports": (Proof.SHOWS, "counts of what the reports show"),
    "report": (Proof.SHOWS, "a report; who is ticked on it is posted elsewhere"),
    "*_export": (Proof.SHOWS, "a list of the viewer's own rows to download"),
    "*_try_claims": (Proof.SHOWS, "what pasted claims would do"),
    "*_replay": (Proof.SHOWS, "what kept claims would do today"),
    "jsi18n": (Proof.SHOWS, "texts for scripts"),
    "autocomplete": (Proof.SHOWS, "choices while typing, of the viewer's own rows"),
    "login": (Proof.ELSEWHERE, "the product's one sign-in (L-1)"),
    "logout": (Proof.ELSEWHERE, "the product's one sign-out"),
    "*_history": (Proof.SHOWS, "what the trail says about a row"),
    "*_changelist": (Proof.SHOWS, "a list acts by its actions alone, which are rows of their own"),
    "*_client_certificate": (Proof.SHOWS, "a certificate of ours to download"),
    "*_sp_certificate": (Proof.SHOWS, "a certificate of ours to download"),
    "scim_oauthclient_add_secret": (Proof.SHOWS, "leads to the form of a new secret"),
    "*_test_connection": (Proof.ASKS_OUTSIDE, "leads the tester to the provider (V-18)"),
    "*_emaildomain_prove": (Proof.ASKS_OUTSIDE, "asks the DNS"),
    "*_discover": (Proof.ASKS_OUTSIDE, "reads the discovery document"),
    "*_refresh_metadata": (Proof.ASKS_OUTSIDE, "reads metadata; what it may change is a function's row"),
    "*_user_disable_last_admin": (Proof.CLOSED, "the account has others; tests/journeys/test_last_admin.py"),
    "*_add": (Proof.CLOSED, "the admin makes none of these"),
    "*_change": (Proof.CLOSED, "the admin changes none of these"),
    "*_delete": (Proof.CLOSED, "the admin removes none of these"),
}


def why_exempt(name: str) -> tuple[str, Proof] | None:
    """Return the pattern that a URL's name fits, and its proof; None when there is no reason."""
    for pattern, (proof, _reason) in EXEMPT.items():
        if fnmatchcase(name, pattern):
            return pattern, proof
    return None
