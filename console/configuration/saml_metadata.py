"""The metadata of a SAML provider in the configuration file: from a file beside it, or from a URL (S-2).

What a URL says is the operator's word when the file names that URL for the first time. When it is already what the
provider is refreshed from, the command is one more refresh: what moves trust waits for approval, unless ``--override``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from console.configuration.fetched_metadata import pem_of
from console.configuration.run import Run
from console.configuration.schema import SamlPart
from sso.models import IdentityProvider
from sso_saml.certificates import CertificateError
from sso_saml.idp_metadata import LIMITS, IdpDescription, MetadataError, parse_idp_metadata
from sso_saml.metadata_fetch import MetadataUnavailable
from sso_saml.metadata_refresh import take
from sso_saml.metadata_state import found_state
from sso_saml.models import Binding, SamlSettings


def read_metadata_file(run: Run, part: SamlPart) -> IdpDescription | None:
    """Read an IdP's metadata: relative to the configuration file's folder, else to ``BROKER_VAR``."""
    at = part.place.at("metadata_file")
    name = part.metadata_file or ""
    folders = (Path(part.place.file).parent, Path(settings.BROKER_VAR))
    path = next((found for folder in folders if (found := folder / name).is_file()), None)
    if path is None:
        run.problem(at, f"there is no such file in {' or '.join(map(str, folders))}")
        return None
    try:
        with path.open("rb") as file:
            description = parse_idp_metadata(
                file.read(LIMITS.max_bytes + 1),
                part.idp_entity_id,
                certificate_pem=pem_of(part.metadata_certificate or ""),
                slo_binding=part.slo_binding or Binding.REDIRECT,
            )
        if part.slo_binding is None or description.slo_binding == part.slo_binding:
            return description
        run.problem(part.place.at("slo_binding"), "the metadata offers no single logout by this binding")
    except OSError as error:
        run.problem(at, f"the file can't be read: {error.strerror}")
    except MetadataError as error:
        choices = f"; idp_entity_id chooses one of {', '.join(error.entity_ids)}" if error.entity_ids else ""
        run.problem(at, f"the metadata can't be used ({error.code.value}{choices})")
    except CertificateError as error:
        run.problem(at, f"a certificate in the metadata can't be used ({error.code.value})")
    return None


def is_same_source(row: SamlSettings, part: SamlPart) -> bool:
    """Tell whether the provider is refreshed already from just what the file says."""
    certificate = part.metadata_certificate
    return (
        bool(row.metadata_url)
        and row.metadata_url == part.metadata_url
        and part.metadata_entity_id in (None, row.metadata_entity_id)
        and (certificate is None or pem_of(certificate) == row.metadata_certificate)
        and bool(row.idp_entity_id)
    )


def fetched_metadata_of(
    run: Run, provider: IdentityProvider, part: SamlPart, same_source: bool
) -> tuple[bool, IdpDescription | None]:
    """Return whether to go on, and what the provider publishes.

    A provider that has its values already can do without for now: an outage elsewhere is no reason to refuse a file.
    """
    at = part.place.at("metadata_url")
    fetched = run.metadata[provider.slug]
    if not isinstance(fetched, MetadataUnavailable):
        return True, fetched
    choices = (
        f"; metadata_entity_id chooses one of {', '.join(fetched.entity_ids)}" if fetched.entity_ids else ""
    )
    message = f"the metadata can't be used ({fetched}{choices})"
    if same_source:
        run.warn(at, f"{message}; what it said before stays")
        return True, None
    run.problem(at, message)
    return False, None


def without_contradictions(
    run: Run, part: SamlPart, values: Mapping[str, Any], description: IdpDescription
) -> dict[str, Any]:
    """Leave out what the metadata decides, so that a file that says otherwise isn't applied anew by every run."""
    decided = found_state(description).values
    for name, value in values.items():
        if name in decided and value != decided[name]:
            run.warn(part.place.at(name), f"has no effect: the provider's metadata says {decided[name]}")
    return {name: value for name, value in values.items() if name not in decided}


def take_metadata(
    run: Run, provider: IdentityProvider, part: SamlPart, description: IdpDescription, *, hold: bool
) -> frozenset[str]:
    """Take over what was fetched; what is held is a warning. Returns the names of what changed."""
    at = part.place.at("metadata_url")
    outcome = take(provider=provider, actor=run.actor, description=description, hold=hold)
    for code in outcome.skipped_certificates:
        run.warn(at, f"a certificate in the metadata is left out ({code.value})")
    if outcome.held:
        codes = ", ".join(reason.value for reason in outcome.held)
        run.warn(
            at,
            f"the metadata changed so much that it waits for approval in the administration ({codes}); "
            "--override takes it over now",
        )
    provider.refresh_from_db()
    return outcome.changed
