"""Edges of signature checking that no message over HTTP reaches; the attacks are in the corpus (S-8)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sso_saml.errors import RefusalCode, SamlRefusal
from sso_saml.toolkit import validate_response
from tests.sso_saml.forge import (
    ADA,
    Recipe,
    Seal,
    config,
    expected,
)

HONEST = Recipe()
RESPONSE_SIGNED = HONEST.but(sign_assertion=None, sign_response=Seal())
BOTH_SIGNED = HONEST.but(sign_response=Seal())


def seal(**changes: object) -> Recipe:
    """The honest response with another seal on its assertion."""
    return HONEST.but(sign_assertion=replace(Seal(), **changes))  # type: ignore[arg-type]


def test_signed_bytes_that_cannot_be_told_are_not_read() -> None:
    """ "#default" keeps an unused default namespace: libxmlsec writes it, our own canonical form does not."""
    honest = seal(prefixes="#default").but(default_namespace="urn:x")
    kept = Seal(prefixes="#default", on_canonical=lambda text: text.replace(b" ", b' xmlns="urn:x" ', 1))

    with pytest.raises(SamlRefusal) as refused:
        validate_response(config(), honest.but(sign_assertion=kept).post(), expected())

    assert refused.value.code == RefusalCode.SIGNATURE_INVALID
    assert refused.value.detail == "the content is not what was signed"
    assert validate_response(config(), honest.but(default_namespace=None).post(), expected()).name_id == ADA


@pytest.mark.parametrize(
    "recipe", [HONEST, RESPONSE_SIGNED, BOTH_SIGNED], ids=["assertion", "response", "both"]
)
def test_provider_without_a_certificate_signs_nobody_in(recipe: Recipe) -> None:
    with pytest.raises(SamlRefusal) as refused:
        validate_response(replace(config(), certificates=()), recipe.post(), expected())

    assert refused.value.code == RefusalCode.SIGNATURE_INVALID
    assert validate_response(config(), recipe.post(), expected()).name_id == ADA
