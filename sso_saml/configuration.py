"""Save the SAML settings of a provider: the three values of S-2 and what may differ (V-1, V-6, V-23)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from audit.actors import Actor
from audit.refusals import refusals_audited
from foundation import public_urls
from foundation.outbound_target import OutboundError
from sso import subjects
from sso.models import IdentityProvider
from sso.private_networks import check_provider_url
from sso.provider_urls import host_of
from sso.providers import ProviderConflict, ProviderInvalid, note_protocol_change, require_authority
from sso_saml.certificates import CertificateError, SigningCertificate, parse_certificates
from sso_saml.models import IdpInitiated, SamlCertificate, SamlSettings
from sso_saml.provider_config import redirect_url, settings_of

_ACTION = "provider.saml_settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlValues:
    """New values; ``None`` leaves one as it is. ``certificates`` are all of them, as PEM, base64 or pasted texts."""

    idp_entity_id: str | None = None
    sso_url: str | None = None
    slo_url: str | None = None
    sp_entity_id: str | None = None  # "" goes back to the Redirect URL
    idp_initiated: str | None = None
    subject_attribute: str | None = None
    certificates: tuple[str, ...] | None = None


@refusals_audited
@transaction.atomic
def save_saml_settings(*, provider: IdentityProvider, actor: Actor, values: SamlValues) -> frozenset[str]:
    """Save and return the names of what changed. Raises ``ProviderInvalid`` or ``ProviderConflict`` with a hint."""
    locked = IdentityProvider.objects.select_for_update().get(pk=provider.pk)
    require_authority(locked, actor, _ACTION)
    row = settings_of(locked)
    wanted = _checked(locked, actor, values)
    changes: dict[str, Any] = {
        name: [getattr(row, name), value]
        for name, value in wanted.items()
        if (getattr(row, name) or "") != (value or "")
    }
    for name in changes:
        setattr(row, name, wanted[name])
    certificates = None if values.certificates is None else _certificates(locked, actor, values.certificates)
    held = set() if row._state.adding else set(row.certificates.values_list("fingerprint", flat=True))
    if certificates is not None and {c.fingerprint for c in certificates} != held:
        changes["certificates"] = [sorted(held), sorted(c.fingerprint for c in certificates)]
    if not changes:
        return frozenset()
    _save(row, locked, actor)
    if "certificates" in changes and certificates is not None:
        row.certificates.all().delete()
        SamlCertificate.objects.bulk_create([_row(row, certificate) for certificate in certificates])
    note_protocol_change(
        provider=locked,
        actor=actor,
        changes=changes,
        issuer_changed="idp_entity_id" in changes and bool(changes["idp_entity_id"][0]),
    )
    provider.refresh_from_db()
    return frozenset(changes)


def _checked(provider: IdentityProvider, actor: Actor, values: SamlValues) -> dict[str, str | None]:
    wanted: dict[str, str | None] = {}
    for name in ("idp_entity_id", "sso_url", "slo_url", "subject_attribute"):
        value = getattr(values, name)
        if value is not None:
            wanted[name] = value.strip()
    if values.sp_entity_id is not None:
        wanted["sp_entity_id"] = values.sp_entity_id.strip() or None
    if values.idp_initiated is not None:
        if values.idp_initiated not in IdpInitiated.values:
            raise _invalid(
                provider, actor, f"IdP-initiated sign-in is one of {', '.join(IdpInitiated.values)}"
            )
        wanted["idp_initiated"] = values.idp_initiated
    own = wanted.get("sp_entity_id")
    if own and own != redirect_url(provider) and own.startswith(f"{public_urls.origin(host_of(provider))}/"):
        raise _invalid(
            provider, actor, "an entity ID on our own host is the Redirect URL of one provider only (V-6)"
        )
    if wanted.get("idp_entity_id") == redirect_url(provider):
        raise _invalid(
            provider,
            actor,
            "this is our own Redirect URL. In Entra the right value is called Microsoft Entra Identifier, in Okta "
            "Issuer (S-2)",
        )
    for name in ("sso_url", "slo_url"):
        url = wanted.get(name)
        if url:
            try:
                check_provider_url(url, provider, actor)
            except OutboundError as error:
                raise _invalid(provider, actor, f"{name.replace('_', ' ')}: {error}") from error
    return wanted


def _certificates(
    provider: IdentityProvider, actor: Actor, texts: tuple[str, ...]
) -> tuple[SigningCertificate, ...]:
    found: dict[str, SigningCertificate] = {}
    for text in texts:
        try:
            found |= {
                certificate.fingerprint: certificate for certificate in parse_certificates(text.encode())
            }
        except CertificateError as error:
            raise _invalid(
                provider, actor, f"X.509 Certificate: {error.code.value} {error.detail}".strip()
            ) from error
    return tuple(found.values())


def _row(settings: SamlSettings, certificate: SigningCertificate) -> SamlCertificate:
    return SamlCertificate(
        settings=settings,
        pem=certificate.pem,
        fingerprint=certificate.fingerprint,
        subject=certificate.subject,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
    )


def _save(row: SamlSettings, provider: IdentityProvider, actor: Actor) -> None:
    try:
        row.clean_fields(exclude=["provider"])
    except ValidationError as error:
        raise _invalid(provider, actor, "; ".join(error.messages)) from error
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise ProviderConflict(
            "This entity ID of ours is already in use.",
            actor=actor,
            action=_ACTION,
            subject=subjects.of_provider(provider),
        ) from error


def _invalid(provider: IdentityProvider, actor: Actor, message: str) -> ProviderInvalid:
    return ProviderInvalid(message, actor=actor, action=_ACTION, subject=subjects.of_provider(provider))
