"""The signature of a metadata document: it is on the root, it verifies, and what it signed is what is read.

Only asked for when an administrator gave the certificate of that signature. The same strictness as for responses: the
shape is checked first, the key is ours and never KeyInfo's, and the caller goes on with a tree parsed anew from the
very bytes that were signed. A signature of an entity inside an aggregate counts for nothing: whoever puts an aggregate
together could leave out the newer of two signed entities. Source: SAML Metadata §3.
"""

from __future__ import annotations

import re

from lxml import etree

from sso_saml.errors import SamlRefusal
from sso_saml.metadata_errors import MetadataError, MetadataProblem
from sso_saml.names import ds
from sso_saml.safe_xml import XmlLimits
from sso_saml.signature_shape import check_signature
from sso_saml.toolkit import signed_metadata

# NCName in ASCII, so that "#" + ID is nothing but a plain reference.
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9._-]{0,255}\Z")


def signed_root(root: etree._Element, certificate_pem: str, limits: XmlLimits) -> etree._Element:
    """The root element as it was signed. Raises ``MetadataError``."""
    signatures = root.findall(ds("Signature"))
    if not signatures:
        raise MetadataError(MetadataProblem.NOT_SIGNED)
    root_id = root.get("ID") or ""
    if len(signatures) > 1 or not _ID.match(root_id):
        raise MetadataError(MetadataProblem.BAD_SIGNATURE, "two signatures, or no proper ID")
    if sum(element.get("ID") == root_id for element in root.iter(etree.Element)) > 1:
        raise MetadataError(MetadataProblem.BAD_SIGNATURE, "the ID of the root is used twice")
    try:
        shape = check_signature(signatures[0], root_id)
        return signed_metadata(root, shape, (certificate_pem,), limits)
    except SamlRefusal as refusal:
        raise MetadataError(MetadataProblem.BAD_SIGNATURE, refusal.code.value) from None
