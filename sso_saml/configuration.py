"""Save the SAML settings of a provider: the three values of S-2 and what may differ (V-1, V-6, V-23)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.hosts import is_account_host
from audit.actors import Actor
from audit.refusals import refusals_audited
from foundation import public_urls, regions
from foundation.outbound_target import OutboundError
from sso import subjects
from sso.models import IdentityProvider, Vendor
from sso.private_networks import check_provider_url
from sso.providers import ProviderConflict, ProviderInvalid, note_protocol_change, require_authority
from sso_saml.certificates import CertificateError, SigningCertificate, parse_certificates
from sso_saml.models import (
    Binding,
    ContextComparison,
    HintStyle,
    IdpInitiated,
    MetadataProposal,
    SamlCertificate,
    SamlSettings,
)
from sso_saml.provider_config import redirect_url, settings_of

_ACTION = "provider.saml_settings"
_TEXTS = ("idp_entity_id", "subject_attribute", "name_id_format", "metadata_entity_id")
_URLS = ("sso_url", "sso_post_url", "slo_url", "slo_response_url", "metadata_url")
_SWITCHES = ("sign_requests", "force_authn", "require_encryption", "allow_rsa_1_5")
_CHOICES = {
    "slo_binding": Binding,
    "request_binding": Binding,
    "authn_context_comparison": ContextComparison,
    "hint_style": HintStyle,
    "idp_initiated": IdpInitiated,
}
_SOURCE = frozenset({"metadata_url", "metadata_entity_id", "metadata_certificate"})
_MAX_CONTEXTS = 10
_ABSOLUTE_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]{1,250}\Z")  # printable ASCII without blanks


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlValues:
    """New values, one for each column of ``SamlSettings`` that an admin sets; ``None`` leaves one as it is, "" empties.

    ``certificates`` are all of them, as PEM, base64 or pasted texts; ``authn_contexts`` a URI per line.
    """

    # what the vendor's console gave
    idp_entity_id: str | None = None
    sso_url: str | None = None
    sso_post_url: str | None = None
    slo_url: str | None = None
    slo_response_url: str | None = None
    slo_binding: str | None = None
    certificates: tuple[str, ...] | None = None
    # how we ask
    sp_entity_id: str | None = None  # "" goes back to the Redirect URL
    request_binding: str | None = None
    sign_requests: bool | None = None
    force_authn: bool | None = None
    authn_contexts: str | None = None
    authn_context_comparison: str | None = None
    name_id_format: str | None = None
    hint_style: str | None = None
    # what we accept
    idp_initiated: str | None = None
    subject_attribute: str | None = None
    require_encryption: bool | None = None
    allow_rsa_1_5: bool | None = None
    # where the values come from by themselves
    metadata_url: str | None = None
    metadata_entity_id: str | None = None
    metadata_certificate: str | None = None


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
    if _SOURCE & set(changes):
        _forget_refreshes(row)
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


def _checked(provider: IdentityProvider, actor: Actor, values: SamlValues) -> dict[str, str | bool | None]:
    """The given values as they will be stored. Raises ``ProviderInvalid``."""
    wanted: dict[str, str | bool | None] = {}
    for name in (*_TEXTS, *_URLS, *_SWITCHES):
        value = getattr(values, name)
        if value is not None:
            wanted[name] = value.strip() if isinstance(value, str) else value
    for name, choices in _CHOICES.items():
        value = getattr(values, name)
        if value is not None:
            if value not in choices.values:
                raise _invalid(
                    provider, actor, f"{_label(name)} is one of {', '.join(map(str, choices.values))}"
                )
            wanted[name] = str(value)
    if values.sp_entity_id is not None:
        wanted["sp_entity_id"] = values.sp_entity_id.strip() or None
    if values.authn_contexts is not None:
        wanted["authn_contexts"] = "\n".join(values.authn_contexts.split())
    if values.metadata_certificate is not None:
        wanted["metadata_certificate"] = _metadata_certificate(provider, actor, values.metadata_certificate)
    problem = _entity_id_problem(provider, wanted) or _uri_problem(wanted)
    if wanted.get("hint_style") == HintStyle.SUBJECT and provider.vendor == Vendor.ENTRA:
        problem = "Entra refuses a request with a Subject (AADSTS900236); it takes login_hint in the address"
    if problem:
        raise _invalid(provider, actor, problem)
    for name in _URLS:
        url = wanted.get(name)
        if isinstance(url, str) and url:
            try:
                check_provider_url(url, provider, actor)
            except OutboundError as error:
                raise _invalid(provider, actor, f"{_label(name)}: {error}") from error
    return wanted


def _entity_id_problem(provider: IdentityProvider, wanted: dict[str, str | bool | None]) -> str:
    own, theirs = wanted.get("sp_entity_id"), wanted.get("idp_entity_id")
    redirect = redirect_url(provider)
    if isinstance(own, str) and own != redirect and _is_ours(own):
        return "an entity ID on a host of ours is the Redirect URL of one provider only (V-6)"
    if isinstance(theirs, str) and theirs.rstrip("/") == redirect.rstrip("/"):
        return (
            "this is our own Redirect URL. In Entra the right value is called Microsoft Entra Identifier, in Okta "
            "Issuer (S-2)"
        )
    return ""


def _is_ours(entity_id: str) -> bool:
    """Tell whether a URL is on the deployment's host, a region's, or any account's: there, others have their names."""
    try:
        host = (urlsplit(entity_id).hostname or "").lower()
    except ValueError:
        return False
    bases = (public_urls.base_url(), *(region.base_url for region in regions.all_regions()))
    return host in {urlsplit(base).hostname for base in bases} or is_account_host(host)


def _uri_problem(wanted: dict[str, str | bool | None]) -> str:
    """What is wrong with a NameID format or an authentication context: each is an absolute URI."""
    contexts = str(wanted.get("authn_contexts") or "").splitlines()
    if len(contexts) > _MAX_CONTEXTS:
        return f"at most {_MAX_CONTEXTS} authentication contexts can be asked for"
    for name, uris in (
        ("authn_contexts", contexts),
        ("name_id_format", [str(wanted.get("name_id_format") or "")]),
    ):
        for uri in uris:
            if uri and not _ABSOLUTE_URI.match(uri):
                return f"{_label(name)}: {uri[:80]} is no absolute URI, like those that begin with urn:oasis:names:tc:"
    return ""


def _label(name: str) -> str:
    field: Any = SamlSettings._meta.get_field(name)
    return str(field.verbose_name)


def _metadata_certificate(provider: IdentityProvider, actor: Actor, text: str) -> str:
    if not text.strip():
        return ""
    found = _certificates(provider, actor, (text,))
    if len(found) != 1:
        raise _invalid(provider, actor, f"{_label('metadata_certificate')}: exactly one is expected")
    return found[0].pem


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


def _forget_refreshes(row: SamlSettings) -> None:
    """What came from another source, and what waits from it, says nothing about the new one."""
    row.metadata_refreshed_at = row.metadata_tried_at = None
    row.metadata_problem = ""
    MetadataProposal.objects.filter(settings__provider=row.provider).delete()


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
