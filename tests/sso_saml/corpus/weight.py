"""The heaviest documents that pass the gate, against a provider with ten certificates: each must be answered in time.

Canonical form repeats a long namespace at every element, and libxmlsec makes it anew for every certificate. Whoever has
no key can still state the right digest.
"""

from __future__ import annotations

from datetime import timedelta

from sso_saml.errors import RefusalCode as C
from tests.sso_saml.corpus.case import HONEST, Case, Ground
from tests.sso_saml.corpus.edits import xml_in_value
from tests.sso_saml.forge import NOW, Recipe, Seal, certificate, pem, rsa_key

# All of one kind, since libxmlsec gives up at once on a key of another kind than the signature's method.
TEN = Ground(
    certificates=(
        *(pem(certificate(rsa_key("others"), NOW + timedelta(days=days))) for days in range(1, 10)),
        pem(certificate(rsa_key("idp"))),
    )
)
STRANGER = Seal(key=rsa_key("mallory"))


def heavy(own: str = "") -> str:
    """Elements that use long namespaces declared once above all of them."""
    namespaces = " ".join(f'xmlns:n{number}="urn:{number:x>120}"' for number in range(16))
    return f"<r {namespaces}>{f'<n1:x{own}/>' * 3300}</r>"


def holding(content: str) -> Recipe:
    """The honest response with this in a value after it was signed: the digest no longer fits."""
    return HONEST.but(on_bytes=lambda document: document.replace(b">Staff<", f">{content}<".encode()))


def sealed_by_a_stranger(content: str) -> Recipe:
    """The same with a digest that fits and a signature by a key that nobody trusts."""
    return HONEST.but(before_signing=xml_in_value(content), sign_assertion=STRANGER)


WEIGHTS = (
    ("many elements with long namespaces", heavy()),
    ("many attributes with long namespaces", heavy(' n0:a="" n2:a=""')),
    ("one endless text", "x" * 180_000),
)
CASES = (
    *(Case(label, C.SIGNATURE_INVALID, holding(content), ground=TEN) for label, content in WEIGHTS),
    *(
        Case(f"{label}, digest right", C.SIGNATURE_INVALID, sealed_by_a_stranger(content), ground=TEN)
        for label, content in WEIGHTS
    ),
)
