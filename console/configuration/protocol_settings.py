"""The SAML or OpenID Connect half of a provider (S-2, O-1, V-23)."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from django.conf import settings

from console.configuration.places import Place
from console.configuration.run import Run
from console.configuration.schema import OidcPart, SamlPart
from sso.models import IdentityProvider
from sso_oidc.configuration import OidcValues, save_oidc_settings
from sso_oidc.configuration import settings_of as oidc_settings_of
from sso_saml.certificates import CertificateError
from sso_saml.configuration import SamlValues, save_saml_settings
from sso_saml.idp_metadata import LIMITS, IdpDescription, MetadataError, parse_idp_metadata
from sso_saml.models import SamlCertificate
from sso_saml.provider_config import settings_of as saml_settings_of

_SHORT = 16  # characters of a certificate's fingerprint that are shown


def apply_saml(run: Run, label: str, provider: IdentityProvider, part: SamlPart) -> bool:
    """Save the SAML settings of a provider; return whether anything changed."""
    metadata = None
    if part.metadata_file is not None:
        metadata = _metadata(run, part.place, part.metadata_file, part.idp_entity_id)
        if metadata is None:
            return False
    values = _saml_values(part, metadata)
    before = _saml_state(provider)
    with run.at(part.place):
        changed = save_saml_settings(provider=provider, actor=run.actor, values=values)
        after = _saml_state(provider) if changed else before
        for name in sorted(changed):
            run.difference.changed(label, f"saml.{_KEYS.get(name, name)}", before[name], after[name])
        return bool(changed)
    return False


_KEYS = {"sp_entity_id": "entity_id"}  # what a column is called in the file
_SAME_NAMES = frozenset(value.name for value in fields(SamlPart)) & {
    value.name for value in fields(SamlValues)
}


def _saml_values(part: SamlPart, metadata: IdpDescription | None) -> SamlValues:
    given: dict[str, Any] = {name: getattr(part, name) for name in _SAME_NAMES}
    given["sp_entity_id"] = part.entity_id
    if part.authn_contexts is not None:
        given["authn_contexts"] = "\n".join(part.authn_contexts)
    if metadata is not None:
        given |= {
            "idp_entity_id": metadata.entity_id,
            "sso_url": metadata.sso_url,
            "slo_url": metadata.slo_url,
            "certificates": tuple(certificate.pem for certificate in metadata.certificates),
        }
    return SamlValues(**given)


def _saml_state(provider: IdentityProvider) -> dict[str, Any]:
    row = saml_settings_of(provider)
    certificates = SamlCertificate.objects.filter(settings__provider=provider)
    fingerprints = sorted(certificates.values_list("fingerprint", flat=True))
    names = {value.name for value in fields(SamlValues)} - {"certificates"}
    state: dict[str, Any] = {name: None if row._state.adding else getattr(row, name) for name in names}
    return state | {"certificates": [f"{fingerprint[:_SHORT]}…" for fingerprint in fingerprints]}


def _metadata(run: Run, place: Place, name: str, entity_id: str | None) -> IdpDescription | None:
    """Read an IdP's metadata: relative to the configuration file's folder, else to ``BROKER_VAR``."""
    at = place.at("metadata_file")
    folders = (Path(place.file).parent, Path(settings.BROKER_VAR))
    path = next((found for folder in folders if (found := folder / name).is_file()), None)
    if path is None:
        run.problem(at, f"there is no such file in {' or '.join(map(str, folders))}")
        return None
    try:
        with path.open("rb") as file:
            return parse_idp_metadata(file.read(LIMITS.max_bytes + 1), entity_id)
    except OSError as error:
        run.problem(at, f"the file can't be read: {error.strerror}")
    except MetadataError as error:
        choices = f"; idp_entity_id chooses one of {', '.join(error.entity_ids)}" if error.entity_ids else ""
        run.problem(at, f"the metadata can't be used ({error.code.value}{choices})")
    except CertificateError as error:
        run.problem(at, f"a certificate in the metadata can't be used ({error.code.value})")
    return None


def apply_oidc(run: Run, label: str, provider: IdentityProvider, part: OidcPart) -> bool:
    """Save the OpenID Connect settings of a provider; return whether anything changed."""
    values = OidcValues(
        issuer=part.issuer,
        client_id=part.client_id,
        client_secret=part.client_secret,
        flow=None if part.flow is None else part.flow.value,
        extra_scopes=part.extra_scopes,
        subject_claim=part.subject_claim,
    )
    before = oidc_settings_of(provider)
    with run.at(part.place):
        changed = save_oidc_settings(provider=provider, actor=run.actor, values=values)
        for name in sorted(changed - {"client_secret"}):
            old = None if before._state.adding else getattr(before, name)
            run.difference.changed(label, f"oidc.{name}", old, getattr(values, name))
        if "client_secret" in changed:
            cleared = not part.client_secret
            run.difference.secret(label, "oidc.client_secret", "cleared" if cleared else "changed")
            if part.client_secret is None:
                run.warn(part.place, "a new issuer or client id clears the client secret; give it too (V-23)")
        return bool(changed)
    return False
