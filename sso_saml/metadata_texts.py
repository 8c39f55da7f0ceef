"""What admins read about metadata: why a change waits, and why a document can't be used."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext_lazy as _

from foundation.outbound_target import OutboundCode
from sso_saml.certificates import CertificateProblem
from sso_saml.metadata_errors import MetadataProblem
from sso_saml.metadata_verdict import HoldReason

REASONS: Mapping[HoldReason, Any] = MappingProxyType(
    {
        HoldReason.ENTITY_ID: _("It names another entity ID: perhaps another directory."),
        HoldReason.KEYS: _("It holds none of the signing keys that are trusted here."),
        HoldReason.SIGN_ON_HOST: _("It sends people to another host to sign in."),
        HoldReason.LOGOUT_HOST: _("It sends people to another host to sign out."),
    }
)

_PROBLEMS: Mapping[str, Any] = MappingProxyType(
    {
        OutboundCode.BAD_URL: _("The metadata URL can't be used: it must be absolute, without user name."),
        OutboundCode.NOT_HTTPS: _("The metadata URL must begin with https://."),
        OutboundCode.BLOCKED_ADDRESS: _("The metadata URL leads to an address that is not public."),
        OutboundCode.CONNECTION: _("The server of the metadata URL can't be reached."),
        OutboundCode.TIMEOUT: _("The server of the metadata URL took too long."),
        OutboundCode.TOO_LARGE: _("The metadata is larger than 2 MB."),
        OutboundCode.REDIRECT: _("The metadata URL redirects; enter the address that it leads to."),
        OutboundCode.STATUS: _("The server of the metadata URL answered with an error."),
        MetadataProblem.TOO_LARGE: _("The metadata is larger than 2 MB."),
        MetadataProblem.UNSAFE_XML: _("This is no XML that can be read safely."),
        MetadataProblem.NOT_SIGNED: _(
            "The metadata is not signed, though a certificate for its signature is given."
        ),
        MetadataProblem.BAD_SIGNATURE: _("The signature of the metadata does not fit the given certificate."),
        MetadataProblem.NO_IDENTITY_PROVIDER: _("This describes no SAML 2.0 identity provider."),
        MetadataProblem.SEVERAL_ENTITIES: _(
            "The metadata describes several identity providers; choose one by its entity ID."
        ),
        MetadataProblem.UNKNOWN_ENTITY: _("The metadata does not describe the chosen entity ID."),
        MetadataProblem.EXPIRED: _("The metadata is past its own date of validity."),
        MetadataProblem.BAD_TIME: _("The metadata's date of validity can't be read."),
        MetadataProblem.NO_SIGN_ON_URL: _("The metadata names no address to sign in at that can be used."),
        MetadataProblem.BAD_URL: _("The metadata names an address that is not public or not https."),
        MetadataProblem.NO_SIGNING_CERTIFICATE: _("The metadata holds no certificate for signatures."),
        CertificateProblem.WEAK_KEY: _("The certificate in the metadata is too weak; RSA needs 2048 bits."),
    }
)


def explain_problem(problem: str) -> str:
    """Return a sentence for a code, or for a text that begins with one, such as ``SamlSettings.metadata_problem``."""
    code = problem.partition(":")[0]
    if code == "metadata.superseded":
        return str(_("The settings were saved meanwhile; refresh again."))
    if code not in _PROBLEMS and code.startswith("certificate."):
        return str(_("A certificate in the metadata can't be used."))
    return str(_PROBLEMS.get(code, _("The metadata can't be used.")))
