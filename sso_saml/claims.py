"""From a verified assertion to ``Claims``: attribute names, the subject, overage (J-1, J-11, S-4, G-5)."""

from __future__ import annotations

from sso.claim_names import (
    ENTRA_GROUPS_LINK_URI,
    ENTRA_OBJECT_ID_URI,
    ENTRA_TENANT_ID_URI,
    names_for,
    read_person,
)
from sso.claims import Claims, ClaimWarning, ProviderSession, SubjectSource
from sso.models import IdentityProvider, ProtocolName, Vendor
from sso_saml.errors import RefusalCode, SamlRefusal
from sso_saml.messages import VerifiedAssertion
from sso_saml.names import NAME_ID_EMAIL, NAME_ID_PERSISTENT, NAME_ID_UNSPECIFIED

_MAX_SUBJECT = 512  # characters
_MAX_TENANT = 64  # characters; a tenant id is a GUID
_OKTA_GROUP_LIMIT = 100  # at exactly this many the list may have been cut (facts, Okta)


def claims_of(assertion: VerifiedAssertion, provider: IdentityProvider, subject_attribute: str) -> Claims:
    """Return what the provider said. Raises ``SamlRefusal`` when nothing immutable names the person (J-11)."""
    bag = assertion.attributes
    person = read_person(bag, names_for(ProtocolName.SAML, provider.vendor, provider.claim_names))
    subject, source = _subject(assertion, provider, subject_attribute)
    tenant = (person.tenant_id or "").lower()
    if len(tenant) > _MAX_TENANT:
        raise SamlRefusal(RefusalCode.NAME_ID, "the tenant id is too long")
    overage = ENTRA_GROUPS_LINK_URI in bag or person.groups_cut
    if (
        provider.vendor == Vendor.OKTA
        and person.groups is not None
        and len(person.groups) == _OKTA_GROUP_LIMIT
    ):
        overage = True
    email = person.email
    if (
        not email
        and assertion.name_id
        and "@" in assertion.name_id
        and assertion.name_id_format
        in (
            NAME_ID_EMAIL,
            NAME_ID_UNSPECIFIED,
            None,
        )
    ):
        email = assertion.name_id.strip()  # S-4
    groups, split_warnings = _groups(person.groups, provider)
    user_name = person.user_name
    if not user_name and source.is_weak:
        user_name = assertion.name_id.strip() if assertion.name_id else None
    return Claims(
        issuer=assertion.issuer,
        subject=subject,
        subject_source=source,
        tenant_id=tenant or None,
        external_id=person.external_id or None,
        user_name=user_name or None,
        email=email,
        given_name=person.given_name,
        family_name=person.family_name,
        display_name=person.display_name,
        phone=person.phone,
        timezone=person.timezone,
        space_names=person.space_names,
        space_roles=person.space_roles,
        groups=groups,
        groups_overage=overage,
        role_mapping=person.role_mapping,
        session=ProviderSession(
            session_index=assertion.session_index or "",
            name_id=assertion.name_id or "",
            name_id_format=assertion.name_id_format or "",
            name_qualifier=assertion.name_qualifier or "",
            sp_name_qualifier=assertion.sp_name_qualifier or "",
            not_on_or_after=assertion.session_not_on_or_after,
            authenticated_at=assertion.authn_instant,
            context=assertion.authn_context or "",
        ),
        warnings=(*person.warnings, *split_warnings, *_weak_warning(source)),
        raw=dict(bag),
    )


def _subject(
    assertion: VerifiedAssertion, provider: IdentityProvider, subject_attribute: str
) -> tuple[str, SubjectSource]:
    """Return the immutable subject, in J-11's order."""
    if subject_attribute:
        value = _single(assertion, subject_attribute)
        if not value:
            raise SamlRefusal(RefusalCode.NAME_ID, f"the subject attribute {subject_attribute} is missing")
        return _bounded(value), SubjectSource.CONFIGURED
    if provider.vendor == Vendor.ENTRA:
        object_id, tenant = _single(assertion, ENTRA_OBJECT_ID_URI), _single(assertion, ENTRA_TENANT_ID_URI)
        if object_id and tenant:
            return _bounded(f"{tenant.lower()}|{object_id.lower()}"), SubjectSource.ENTRA_OBJECT_ID
    name_id = (assertion.name_id or "").strip()
    if not name_id:
        raise SamlRefusal(
            RefusalCode.NAME_ID,
            "no NameID; in ADFS a claim rule has to issue one, or name a subject attribute",
        )
    if assertion.name_id_format == NAME_ID_PERSISTENT:
        return _bounded(name_id), SubjectSource.PERSISTENT_NAME_ID
    if assertion.name_id_format == NAME_ID_EMAIL:
        return _bounded(name_id.lower()), SubjectSource.EMAIL_NAME_ID
    if assertion.name_id_format in (None, NAME_ID_UNSPECIFIED):
        return _bounded(name_id.lower()), SubjectSource.UNSPECIFIED_NAME_ID
    raise SamlRefusal(
        RefusalCode.NAME_ID,
        "the NameID is transient or of an unknown format, and no subject attribute is configured",
    )


def _groups(
    groups: tuple[str, ...] | None, provider: IdentityProvider
) -> tuple[tuple[str, ...] | None, tuple[ClaimWarning, ...]]:
    """Take OneLogin's one value ``a;b;c`` apart.

    OneLogin sends a person's roles like that until its administrator chooses multi-value output. Several values are a
    list already, and Entra's, Okta's and Google's lists never look so: there a semicolon is part of a name. Roles of a
    mapping are never taken apart (R-2).
    """
    if provider.vendor != Vendor.OTHER or groups is None or len(groups) != 1 or ";" not in groups[0]:
        return groups, ()
    parts = tuple(filter(None, (part.strip() for part in groups[0].split(";"))))
    return parts, (
        ClaimWarning(
            "groups_split", f"one value with {len(parts)} groups between semicolons was taken apart"
        ),
    )


def _single(assertion: VerifiedAssertion, name: str) -> str:
    values = {value.strip() for value in assertion.attributes.get(name, ())}
    return values.pop() if len(values) == 1 else ""


def _bounded(subject: str) -> str:
    if len(subject) > _MAX_SUBJECT or not subject.isprintable():
        raise SamlRefusal(RefusalCode.NAME_ID, "the subject is too long or not printable")
    return subject


def _weak_warning(source: SubjectSource) -> tuple[ClaimWarning, ...]:
    if not source.is_weak:
        return ()
    return (
        ClaimWarning(
            "subject_weak", "the subject is an e-mail or unspecified NameID, which can be given to another"
        ),
    )
