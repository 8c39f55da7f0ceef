"""All of the corpus: attacks by class, and the honest ways beside them."""

from __future__ import annotations

from tests.sso_saml.corpus import (
    addresses,
    comments,
    encoding,
    encryption,
    keys,
    reuse,
    signature_shape,
    size,
    structure,
    valid,
    validity,
    weight,
    wrapping,
    xml_text,
)
from tests.sso_saml.corpus.case import Case, Variant, twins_of
from tests.sso_saml.corpus.encrypted import all_inside

ATTACKS: dict[str, tuple[Case, ...]] = {
    "bytes and base64": encoding.CASES,
    "XML": xml_text.CASES,
    "size": size.CASES,
    "structure": structure.CASES,
    "weight": weight.CASES,
    "wrapping": wrapping.CASES,
    "signature shape": signature_shape.CASES,
    "keys": keys.CASES,
    "comments": comments.CASES,
    "issuer": addresses.ISSUER,
    "destination": addresses.DESTINATION,
    "recipient": addresses.RECIPIENT,
    "audience": addresses.AUDIENCE,
    "request": addresses.REQUEST,
    "times": validity.TIMES,
    "confirmation": validity.CONFIRMATION,
    "conditions": validity.CONDITIONS,
    "statements": validity.STATEMENTS,
    "subject": validity.SUBJECT,
    "replay": reuse.REPLAY,
    "other customers": reuse.TENANTS,
    "form": reuse.FORM,
    "encryption": encryption.CASES,
}
for _family in ("bytes and base64", "XML", "size", "structure", "wrapping", "signature shape", "keys"):
    ATTACKS[f"{_family}, encrypted"] = all_inside(ATTACKS[_family])
VARIANTS: tuple[Variant, ...] = (*valid.VARIANTS, *encryption.VARIANTS)
TWINS: tuple[Variant, ...] = tuple(twins_of(case for cases in ATTACKS.values() for case in cases))
