"""A namespace that is a relative URI has no canonical form, so nothing that declares one can be signed (S-8)."""

from __future__ import annotations

import pytest

from sso_saml.errors import RefusalCode, SamlRefusal
from sso_saml.toolkit import validate_response
from tests.sso_saml.forge import Recipe, Seal, config, expected

RELATIVE = b"x/y"


@pytest.mark.parametrize(
    "honest", [Recipe(), Recipe(sign_assertion=None, sign_response=Seal())], ids=["assertion", "response"]
)
def test_response_with_a_relative_namespace_is_refused_as_badly_signed(honest: Recipe) -> None:
    # S-8: libxml2 gives up on it in the middle of canonicalisation
    assert validate_response(config(), honest.post(), expected()).name_id

    def declare(document: bytes) -> bytes:
        return document.replace(b"<saml:AttributeValue", b'<saml:AttributeValue xmlns:q="%s"' % RELATIVE, 1)

    with pytest.raises(SamlRefusal) as refused:
        validate_response(config(), honest.but(on_bytes=declare).post(), expected())
    assert refused.value.code is RefusalCode.SIGNATURE_INVALID
