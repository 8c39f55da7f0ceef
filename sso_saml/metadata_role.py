"""What one IDPSSODescriptor offers: where to sign in and out, and which keys sign (SAML Metadata §2.4).

Keys marked for encryption are left out: such a key never verifies a signature. A certificate that is too weak, or of a
kind that no accepted signature uses, is left out as well when another one is usable, since vendors publish old keys
beside new ones; alone it is refused with its code, because an admin can then do something about it.
"""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

from lxml import etree

from sso_saml.certificates import (
    MAX_CERTIFICATES,
    CertificateError,
    CertificateProblem,
    SigningCertificate,
    parse_base64,
)
from sso_saml.metadata_errors import MetadataError, MetadataProblem
from sso_saml.models.settings import Binding
from sso_saml.names import BINDING_POST, BINDING_REDIRECT, ds, md

_MAX_URL = 2000  # characters
_LEFT_OUT = frozenset({CertificateProblem.WEAK_KEY, CertificateProblem.UNSUPPORTED_KEY})
_BINDINGS = {Binding.REDIRECT: BINDING_REDIRECT, Binding.POST: BINDING_POST}
_DURATION = re.compile(
    r"P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,6})D)?(?:T(?:(\d{1,8})H)?(?:(\d{1,8})M)?(?:(\d{1,8})(?:\.\d+)?S)?)?\Z",
    flags=re.ASCII,
)
_DAYS = (365, 30, 1)
_SECONDS = (3600, 60, 1)


def endpoint(role: etree._Element, service: str, binding: Binding) -> tuple[str, str] | None:
    """Location and ResponseLocation ("" without one) of the first endpoint with this binding."""
    for found in role.iterfind(md(service)):
        if found.get("Binding") == _BINDINGS[binding]:
            location = (found.get("Location") or "").strip()
            response = (found.get("ResponseLocation") or "").strip()
            _check_url(location, service)
            if response:
                _check_url(response, service)
            return location, response
    return None


def signing_certificates(
    role: etree._Element,
) -> tuple[tuple[SigningCertificate, ...], tuple[CertificateProblem, ...]]:
    """The usable signing certificates, each once, and why others were left out.

    Raises ``MetadataError`` when there is none, ``CertificateError`` when none is usable or one is broken.
    """
    found: dict[str, SigningCertificate] = {}
    left_out: list[CertificateError] = []
    for descriptor in role.iterfind(md("KeyDescriptor")):
        if descriptor.get("use") not in (None, "signing"):
            continue
        for element in descriptor.iterfind(f"{ds('KeyInfo')}/{ds('X509Data')}/{ds('X509Certificate')}"):
            try:
                certificate = parse_base64(element.text or "")
            except CertificateError as error:
                if error.code not in _LEFT_OUT:
                    raise
                left_out.append(error)
            else:
                found[certificate.fingerprint] = certificate
    if not found:
        if left_out:
            raise left_out[0]
        raise MetadataError(MetadataProblem.NO_SIGNING_CERTIFICATE)
    if len(found) > MAX_CERTIFICATES:
        raise CertificateError(CertificateProblem.TOO_MANY, f"more than {MAX_CERTIFICATES} certificates")
    return tuple(found.values()), tuple(error.code for error in left_out)


def read_duration(text: str) -> timedelta | None:
    """An ``xs:duration``, a year counted as 365 days and a month as 30; ``None`` for what is none, or negative."""
    match = _DURATION.match(text)
    if match is None or not any(match.groups()):
        return None
    parts = [int(part or 0) for part in match.groups()]
    days = sum(count * factor for count, factor in zip(parts[:3], _DAYS, strict=True))
    seconds = sum(count * factor for count, factor in zip(parts[3:], _SECONDS, strict=True))
    return timedelta(days=days, seconds=seconds)


def _check_url(url: str, service: str) -> None:
    # Whether plain http or a private address is allowed is the deployment's decision (V-23), which the parser does not
    # know: whoever saves the URL asks.
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("https", "http") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        usable = False
    if not usable or "#" in url or len(url) > _MAX_URL or not url.isprintable() or " " in url:
        raise MetadataError(MetadataProblem.BAD_URL, service)
