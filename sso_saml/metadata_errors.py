"""Why a metadata document was refused: one exception, one closed set of codes.

The detail is in our own words and never quotes the document; what an aggregate offers is in ``entity_ids``.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class MetadataProblem(StrEnum):
    """What is wrong with a metadata document."""

    TOO_LARGE = "metadata.too_large"
    UNSAFE_XML = "metadata.unsafe_xml"
    NOT_SIGNED = "metadata.not_signed"  # a certificate for its signature is given, and there is none
    BAD_SIGNATURE = "metadata.bad_signature"
    NO_IDENTITY_PROVIDER = "metadata.no_identity_provider"
    SEVERAL_ENTITIES = "metadata.several_entities"
    UNKNOWN_ENTITY = "metadata.unknown_entity"
    EXPIRED = "metadata.expired"  # validUntil is over
    BAD_TIME = "metadata.bad_time"
    NO_SIGN_ON_URL = "metadata.no_sign_on_url"
    BAD_URL = "metadata.bad_url"
    NO_SIGNING_CERTIFICATE = "metadata.no_signing_certificate"


class MetadataError(Exception):
    """The document cannot be used. ``entity_ids`` are the choices when an aggregate must be asked for one."""

    def __init__(self, code: MetadataProblem, detail: str = "", entity_ids: Iterable[str] = ()) -> None:
        self.code = code
        self.detail = detail
        self.entity_ids = tuple(entity_ids)
        super().__init__(code.value)
