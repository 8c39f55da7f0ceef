"""Settings and descriptions in the terms of ``metadata_verdict``, and as ``SamlValues``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sso.models import IdentityProvider, State
from sso_saml.configuration import SamlValues
from sso_saml.idp_metadata import IdpDescription
from sso_saml.metadata_verdict import Found, Saved
from sso_saml.models import SamlSettings

# What metadata decides, by the names of SamlValues; certificates go beside them.
NAMES = (
    "idp_entity_id",
    "sso_url",
    "sso_post_url",
    "slo_url",
    "slo_response_url",
    "slo_binding",
    "request_binding",
    "sign_requests",
)


def values_from(description: IdpDescription) -> SamlValues:
    """What a description makes of the settings.

    What the provider does not publish is emptied, for an address of logout that it no longer has would be told who
    signs out. How we ask follows only where it must: requests are signed when the provider wants it (signing more than
    wanted does no harm), and the binding is chosen when there is no choice.
    """
    return settings_values(_named(description) | {"certificates": _pems(description)})


def settings_values(values: Mapping[str, Any]) -> SamlValues:
    """The same from names and values, as a verdict or a proposal holds them."""
    given = dict(values)
    if "certificates" in given:
        given["certificates"] = tuple(given["certificates"])
    return SamlValues(**given)


def saved_state(provider: IdentityProvider, row: SamlSettings) -> Saved:
    """What is trusted now."""
    rows = [] if row._state.adding else list(row.certificates.values_list("pem", "fingerprint"))
    return Saved(
        values={name: getattr(row, name) for name in NAMES},
        keys=_keys(pem for pem, _ in rows),
        certificates=frozenset(fingerprint for _, fingerprint in rows),
        is_draft=provider.state == State.DRAFT,
    )


def found_state(description: IdpDescription) -> Found:
    """What the metadata says."""
    pems = _pems(description)
    return Found(
        values=_named(description),
        keys=_keys(pems),
        certificates=frozenset(certificate.fingerprint for certificate in description.certificates),
        pems=pems,
    )


def _named(description: IdpDescription) -> dict[str, Any]:
    values: dict[str, Any] = {
        "idp_entity_id": description.entity_id,
        "sso_url": description.sso_url,
        "sso_post_url": description.sso_post_url or "",
        "slo_url": description.slo_url or "",
        "slo_response_url": description.slo_response_url or "",
        "slo_binding": description.slo_binding.value,
    }
    if len(description.bindings) == 1:
        values["request_binding"] = next(iter(description.bindings)).value
    if description.wants_signed_requests:
        values["sign_requests"] = True
    return values


def _pems(description: IdpDescription) -> tuple[str, ...]:
    return tuple(certificate.pem for certificate in description.certificates)


def _keys(pems: Iterable[str]) -> frozenset[str]:
    """Digests of the public keys: a certificate that was renewed for the same key is no new trust."""
    found = set()
    for pem in pems:
        key = x509.load_pem_x509_certificate(pem.encode()).public_key()
        found.add(
            hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
        )
    return frozenset(found)
