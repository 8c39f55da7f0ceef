"""From validated tokens to ``Claims``: claim names, the subject, overage (J-1, J-11, G-5, V-3, V-4)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sso.claim_names import as_bag, is_storable, names_for, read_person
from sso.claims import Claims, ClaimWarning, ProviderSession, SubjectSource
from sso.models import IdentityProvider, ProtocolName, Vendor
from sso.refusals import Code, SignInRefused
from sso_oidc.errors import OidcCode, OidcRefusal
from sso_oidc.tokens import IdToken

_MAX_SUBJECT = 512  # characters
_MAX_METHOD = 64  # characters of an entry of amr (RFC 8176: "pwd", "mfa", …)
_MANY = 20
_MAX_QUOTED = 100  # characters
_MAX_TENANT = 64  # characters; a tenant id is a GUID
_LATEST = 253402300799  # end of the year 9999
PERSONAL_ACCOUNTS_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"  # Microsoft's consumers (facts, Entra)
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_OKTA_GROUP_LIMIT = 100  # at exactly this many the list may have been cut (facts, Okta)


def claims_of(
    token: IdToken,
    provider: IdentityProvider,
    *,
    userinfo: Mapping[str, Any] | None = None,
    subject_claim: str = "",
) -> Claims:
    """Return what the provider said. ``userinfo`` fills only what the token leaves out."""
    said: dict[str, Any] = {**(userinfo or {}), **token.claims}
    bag = as_bag(said)
    person = read_person(bag, names_for(ProtocolName.OIDC, provider.vendor, provider.claim_names))
    subject, source = _subject(token, provider, subject_claim)
    overage = person.groups_cut or has_overage(said, person.groups, provider.vendor)
    ends, doubts = session_end(said.get("session_expiry"))
    tenant = (person.tenant_id or "").lower()
    if provider.is_shared:
        # What the issuer was built from and compared with (O-3): no other claim may say whose somebody is.
        tenant = str(token.claims.get("tid", ""))
    if len(tenant) > _MAX_TENANT:
        raise OidcRefusal(OidcCode.CLAIM, "the tenant id is too long")
    return Claims(
        issuer=token.issuer,
        subject=subject,
        subject_source=source,
        tenant_id=tenant or None,
        external_id=person.external_id or None,
        user_name=person.user_name or None,
        email=person.email,
        email_verified=email_is_verified(person.email, (token.claims, userinfo or {}), provider.vendor),
        hosted_domain=said["hd"] if isinstance(said.get("hd"), str) else None,
        given_name=person.given_name,
        family_name=person.family_name,
        display_name=person.display_name,
        phone=person.phone,
        timezone=person.timezone,
        space_names=person.space_names,
        space_roles=person.space_roles,
        groups=person.groups,
        groups_overage=overage,
        role_mapping=person.role_mapping,
        session=ProviderSession(
            sid=token.sid if is_storable(token.sid) else "",
            name_id=token.subject,
            id_token=token.raw,
            issued_at=token.issued_at,
            authenticated_at=token.authenticated_at,
            context=token.context if is_storable(token.context) else "",
            methods=tuple(
                method[:_MAX_METHOD] for method in token.methods[:_MANY] if method and is_storable(method)
            ),
            not_on_or_after=ends,
        ),
        warnings=(*person.warnings, *doubts),
        raw=bag,
    )


def session_end(value: object) -> tuple[datetime | None, tuple[ClaimWarning, ...]]:
    """Return when the provider's session ends, by ``session_expiry`` (seconds since 1970); None if not said (L-13).

    A value that is no such time is a warning and bounds nothing (J-9). A moment that is past already is one, and the
    session here is over at once.
    """
    if value is None:
        return None, ()
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _LATEST:
        return None, (ClaimWarning("session_expiry_unusable", f"{value!r}"[:_MAX_QUOTED]),)
    return datetime.fromtimestamp(int(value), UTC), ()


def email_is_verified(email: str | None, documents: Sequence[Mapping[str, Any]], vendor: str) -> bool | None:
    """Return what was said about this very address: true only for a real boolean true, None when nothing was.

    The flag speaks of the ``email`` beside it in the same document. Where the address came from another claim, or the
    token's address stands beside userinfo's flag, nothing was said about it: taking one for the other would let
    somebody vouch for a colleague's address with their own (V-3).

    Entra has no ``email_verified``; its ``xms_edov`` says that the domain's owner verified the address, and is sent in
    several forms.
    """
    for document in documents:
        if not email or document.get("email") != email:
            continue
        if vendor == Vendor.ENTRA:
            value = document.get("xms_edov")
            return None if value is None else value in (True, 1, "1", "true")
        value = document.get("email_verified")
        return None if value is None else value is True
    return None


def has_overage(said: Mapping[str, Any], groups: tuple[str, ...] | None, vendor: str) -> bool:
    """Tell whether the person has more groups than the token holds (G-5)."""
    if said.get("hasgroups"):
        return True
    names = said.get("_claim_names")
    if isinstance(names, Mapping) and "groups" in names:
        return True
    return vendor == Vendor.OKTA and groups is not None and len(groups) == _OKTA_GROUP_LIMIT


def _subject(token: IdToken, provider: IdentityProvider, subject_claim: str) -> tuple[str, SubjectSource]:
    if provider.is_shared:
        return _subject_in_tenant(token), SubjectSource.ENTRA_OBJECT_ID
    if subject_claim:
        value = token.claims.get(subject_claim)
        if not isinstance(value, str) or not value.strip():
            raise OidcRefusal(OidcCode.SUBJECT, f"the subject claim {subject_claim} is missing")
        return _bounded(value.strip()), SubjectSource.CONFIGURED
    if provider.vendor == Vendor.ENTRA:
        object_id, tenant = token.claims.get("oid"), token.claims.get("tid")
        if isinstance(object_id, str) and isinstance(tenant, str) and object_id and tenant:
            return _bounded(entra_subject(tenant, object_id)), SubjectSource.ENTRA_OBJECT_ID
    return token.subject, SubjectSource.SUB


def entra_subject(tenant_id: str, object_id: str) -> str:
    """Return what a person of an Entra tenant is known by: the object id is unique only within the tenant (J-11)."""
    return f"{tenant_id.lower()}|{object_id.lower()}"


def _subject_in_tenant(token: IdToken) -> str:
    """Return tid|oid, the only name of a person above accounts (O-3); ``sub`` alone says nothing about the tenant."""
    object_id, tenant = token.claims.get("oid"), token.claims.get("tid")
    if tenant == PERSONAL_ACCOUNTS_TENANT:
        raise SignInRefused(Code.WRONG_TENANT, "a personal Microsoft account belongs to no organization")
    if not isinstance(object_id, str) or not _GUID.fullmatch(object_id):
        raise OidcRefusal(OidcCode.SUBJECT, "above accounts the token must name the person by oid")
    return entra_subject(str(tenant), object_id)


def _bounded(subject: str) -> str:
    if len(subject) > _MAX_SUBJECT or not subject.isprintable():
        raise OidcRefusal(OidcCode.SUBJECT, "the subject is too long or not printable")
    return subject
