"""The SAML or OpenID Connect half of a provider (S-2, O-1, V-23)."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from console.configuration.run import Run
from console.configuration.saml_metadata import (
    fetched_metadata_of,
    is_same_source,
    read_metadata_file,
    take_metadata,
    without_contradictions,
)
from console.configuration.schema import OidcPart, SamlPart
from sso.models import IdentityProvider
from sso_oidc.configuration import OidcValues, save_oidc_settings
from sso_oidc.configuration import settings_of as oidc_settings_of
from sso_saml.certificates import parse_certificates
from sso_saml.configuration import SamlValues, save_saml_settings
from sso_saml.idp_metadata import IdpDescription
from sso_saml.metadata_refresh import values_from
from sso_saml.models import SamlCertificate
from sso_saml.provider_config import settings_of as saml_settings_of

_SHORT = 16  # characters of a certificate's fingerprint that are shown


def apply_saml(run: Run, label: str, provider: IdentityProvider, part: SamlPart) -> bool:
    """Save the SAML settings of a provider; return whether anything changed."""
    before = _saml_state(provider)
    same_source = is_same_source(saml_settings_of(provider), part)
    description: IdpDescription | None = None
    values = _given(part)
    if part.metadata_file is not None:
        found = read_metadata_file(run, part)
        if found is None:
            return False
        values = _set_values(values_from(found)) | values | {"idp_entity_id": found.entity_id}
    elif part.metadata_url:
        usable, description = fetched_metadata_of(run, provider, part, same_source)
        if not usable:
            return False
    if description is not None:
        values = without_contradictions(run, part, values, description)
    with run.at(part.place):
        changed = save_saml_settings(provider=provider, actor=run.actor, values=SamlValues(**values))
        if description is not None:
            changed |= take_metadata(run, provider, part, description, hold=same_source and not run.override)
        after = _saml_state(provider) if changed else before
        for name in sorted(changed):
            run.difference.changed(label, f"saml.{_KEYS.get(name, name)}", before[name], after[name])
        return bool(changed)
    return False


_KEYS = {"sp_entity_id": "entity_id"}  # what a column is called in the file
_SAME_NAMES = frozenset(value.name for value in fields(SamlPart)) & {
    value.name for value in fields(SamlValues)
}


def _given(part: SamlPart) -> dict[str, Any]:
    """What the file itself says, by the names of SamlValues."""
    given: dict[str, Any] = {name: getattr(part, name) for name in _SAME_NAMES}
    given["sp_entity_id"] = part.entity_id
    if part.authn_contexts is not None:
        given["authn_contexts"] = "\n".join(part.authn_contexts)
    return {name: value for name, value in given.items() if value is not None}


def _set_values(values: SamlValues) -> dict[str, Any]:
    return {one.name: value for one in fields(SamlValues) if (value := getattr(values, one.name)) is not None}


def _saml_state(provider: IdentityProvider) -> dict[str, Any]:
    row = saml_settings_of(provider)
    certificates = SamlCertificate.objects.filter(settings__provider=provider)
    fingerprints = sorted(certificates.values_list("fingerprint", flat=True))
    names = {value.name for value in fields(SamlValues)} - {"certificates"}
    state: dict[str, Any] = {name: None if row._state.adding else getattr(row, name) for name in names}
    if row.metadata_certificate:
        signing = parse_certificates(row.metadata_certificate.encode())
        state["metadata_certificate"] = f"{signing[0].fingerprint[:_SHORT]}…"
    return state | {"certificates": [f"{fingerprint[:_SHORT]}…" for fingerprint in fingerprints]}


def apply_oidc(run: Run, label: str, provider: IdentityProvider, part: OidcPart) -> bool:
    """Save the OpenID Connect settings of a provider; return whether anything changed."""
    values = OidcValues(
        issuer=part.issuer,
        client_id=part.client_id,
        client_secret=part.client_secret,
        flow=None if part.flow is None else part.flow.value,
        extra_scopes=part.extra_scopes,
        subject_claim=part.subject_claim,
        callback_path=None if part.callback_path is None else part.callback_path.value,
        client_authentication=part.client_authentication,
        pushed_requests=part.pushed_requests,
        max_age_seconds=part.max_age_seconds,
        acr_values=part.acr_values,
    )
    before = oidc_settings_of(provider)
    with run.at(part.place):
        changed = save_oidc_settings(provider=provider, actor=run.actor, values=values)
        after = oidc_settings_of(provider)
        for name in sorted(changed - {"client_secret", "client_key"}):
            old = None if before._state.adding else getattr(before, name)
            run.difference.changed(label, f"oidc.{name}", old, getattr(after, name))
        if "client_key" in changed:
            run.difference.secret(label, "oidc.client_key", "cleared")
        if "client_secret" in changed:
            cleared = not part.client_secret
            run.difference.secret(label, "oidc.client_secret", "cleared" if cleared else "changed")
            if part.client_secret is None:
                run.warn(part.place, "a new issuer or client id clears the client secret; give it too (V-23)")
        return bool(changed)
    return False
