"""Every key that ``manage.py configure`` knows, as frozen dataclasses; the keys of the file are the fields below.

A field that may be left out leaves what is there as it is. Text fields, and numbers where it says so, take "" to empty
something. A list names what
must exist: what it doesn't name stays. The exceptions, whose lists are values and replace the old ones, are
``certificates``, ``authn_contexts`` and the roles that a scope of a mapping role gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from accounts.models import (
    Account,
    AccountHostName,
    AccountRole,
    EmailDomain,
    Group,
    Partner,
    SsoPolicy,
    User,
)
from console.configuration import checks
from console.configuration.checks import Unique, column
from console.configuration.problems import did_you_mean
from console.configuration.reading import Contradiction, Part
from spaces.models import MappingRole, Space, SpaceRole
from sso.claim_names import CLAIMS
from sso.models import GraphAccess, IdentityProvider, ProtocolName, Vendor
from sso_oidc.authorization import Flow
from sso_oidc.client_authentication import ClientAuthentication
from sso_oidc.models import OidcSettings
from sso_oidc.models.settings import CallbackPath
from sso_saml.models import Binding, ContextComparison, HintStyle, IdpInitiated, SamlSettings

Names = tuple[Annotated[str, checks.not_empty], ...]  # references, looked up when the file is applied
RolesBySpace = Mapping[str, Names]

_FROM_METADATA = ("sso_url", "sso_post_url", "slo_url", "slo_response_url", "certificates")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerPart(Part):
    """A reseller. ``api_key`` is added to the keys it has; older ones end in the admin (S-6: rotation with overlap)."""

    slug: Annotated[str, column(Partner, "slug")]
    name: Annotated[str, column(Partner, "name")]
    api_key: Annotated[str, checks.api_key] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPart(Part):
    """A group and the space roles that it grants (G-1, G-8)."""

    name: Annotated[str, column(Group, "name")]
    idp_identifier: Annotated[str, column(Group, "idp_identifier")] | None = None
    space_roles: RolesBySpace = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingRolePart(Part):
    """A mapping role (R-1). Each scope named here gives exactly the roles listed; scopes not named stay."""

    name: Annotated[str, column(MappingRole, "name")]
    account: Names = ()
    spaces: RolesBySpace = field(default_factory=dict)

    def contradictions(self) -> Iterator[Contradiction]:
        """R-1: at least one scope, each with at least one role."""
        if not self.account and not self.spaces:
            yield (), "needs at least one scope: account or spaces (R-1)"
        for space, roles in self.spaces.items():
            if not roles:
                yield ("spaces", space), "needs at least one role (R-1)"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPart(Part):
    """A person. ``password`` counts only when the person is created (V-24); without ``email`` a new person's is the
    user name, if that is an address."""

    user_name: Annotated[str, column(User, "user_name")]
    email: Annotated[str, column(User, "email"), checks.email_address] | None = None
    given_name: Annotated[str, column(User, "given_name")] | None = None
    family_name: Annotated[str, column(User, "family_name")] | None = None
    display_name: Annotated[str, column(User, "display_name")] | None = None
    phone: Annotated[str, column(User, "phone")] | None = None
    timezone: Annotated[str, checks.time_zone] | None = None
    language: Annotated[str, checks.language] | None = None
    account_roles: Names = ()
    space_roles: RolesBySpace = field(default_factory=dict)
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlPart(Part):
    """The SAML half of a provider (S-1, S-2, S-5, S-7, L-4). ``metadata_file`` and ``metadata_url`` stand for the
    values of the provider's metadata; the latter is fetched now, and from then on once a day."""

    metadata_file: Annotated[str, checks.not_empty] | None = None
    idp_entity_id: Annotated[str, column(SamlSettings, "idp_entity_id")] | None = None
    sso_url: Annotated[str, column(SamlSettings, "sso_url"), checks.outside_url] | None = None
    sso_post_url: Annotated[str, column(SamlSettings, "sso_post_url"), checks.outside_url] | None = None
    slo_url: Annotated[str, column(SamlSettings, "slo_url"), checks.outside_url] | None = None
    slo_response_url: Annotated[str, column(SamlSettings, "slo_response_url"), checks.outside_url] | None = (
        None
    )
    slo_binding: Binding | None = None
    certificates: tuple[Annotated[str, checks.certificate], ...] | None = None
    entity_id: Annotated[str, column(SamlSettings, "sp_entity_id")] | None = None
    request_binding: Binding | None = None
    sign_requests: bool | None = None
    force_authn: bool | None = None
    authn_contexts: tuple[Annotated[str, checks.not_empty], ...] | None = None
    authn_context_comparison: ContextComparison | None = None
    name_id_format: Annotated[str, column(SamlSettings, "name_id_format")] | None = None
    hint_style: HintStyle | None = None
    idp_initiated: IdpInitiated | None = None
    subject_attribute: Annotated[str, column(SamlSettings, "subject_attribute")] | None = None
    require_encryption: bool | None = None
    allow_rsa_1_5: bool | None = None
    metadata_url: Annotated[str, column(SamlSettings, "metadata_url"), checks.outside_url] | None = None
    metadata_entity_id: Annotated[str, column(SamlSettings, "metadata_entity_id")] | None = None
    metadata_certificate: Annotated[str, checks.certificate_or_none] | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """The provider's values come from one place; beside a file an entity ID may choose from an aggregate, and a
        binding from those of single logout."""
        source = "metadata_file" if self.metadata_file is not None else "metadata_url"
        if self.metadata_file is not None and self.metadata_url:
            yield ("metadata_url",), "is another source than metadata_file; give one or the other"
        if self.metadata_url and self.idp_entity_id is not None:
            yield ("idp_entity_id",), "comes from metadata_url; metadata_entity_id chooses from an aggregate"
        if self.metadata_url and self.slo_binding is not None:
            yield ("slo_binding",), "comes from metadata_url; give one or the other"
        if self.metadata_file is not None or self.metadata_url:
            for name in _FROM_METADATA:
                if getattr(self, name) is not None:
                    yield (name,), f"comes from {source}; give one or the other"


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcPart(Part):
    """The OpenID Connect half of a provider (O-1)."""

    issuer: Annotated[str, column(OidcSettings, "issuer"), checks.outside_url] | None = None
    client_id: Annotated[str, column(OidcSettings, "client_id")] | None = None
    client_secret: Annotated[str, checks.secret] | None = field(default=None, repr=False)
    flow: Flow | None = None
    extra_scopes: Annotated[str, column(OidcSettings, "extra_scopes")] | None = None
    subject_claim: Annotated[str, column(OidcSettings, "subject_claim")] | None = None
    callback_path: CallbackPath | None = None  # V-20: the file is the operator
    client_authentication: Annotated[str, checks.client_authentication] | None = None  # "": the best on offer
    pushed_requests: bool | None = None
    max_age_seconds: Annotated[int, column(OidcSettings, "max_age_seconds")] | Literal[""] | None = None
    acr_values: Annotated[str, column(OidcSettings, "acr_values")] | None = None  # with blanks between

    def contradictions(self) -> Iterator[Contradiction]:
        """What says who we are fits together (Core §9)."""
        if self.client_authentication == ClientAuthentication.NONE and self.client_secret:
            yield ("client_authentication",), "is none, which has no client_secret; give one or the other"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphPart(Part):
    """Reading the groups of people with too many of them (G-5); ``{}`` is the provider's own OpenID Connect client."""

    enabled: bool = True
    tenant_id: Annotated[str, checks.tenant_id] | None = None  # SAML: of the app registration
    client_id: Annotated[str, column(GraphAccess, "client_id")] | None = None
    client_secret: Annotated[str, checks.secret] | None = field(default=None, repr=False)
    all_groups: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPart(Part):
    """What the providers of accounts and those above have in common."""

    slug: Annotated[str, column(IdentityProvider, "slug")]
    name: Annotated[str, column(IdentityProvider, "name")] | None = None  # a new one's is its slug
    protocol: ProtocolName
    vendor: Vendor | None = None
    enabled: bool | None = None
    just_in_time: bool | None = None
    update_access_on_login: bool | None = None
    group_sync: bool | None = None
    addresses_set_by_directory: bool | None = None
    button_label: Annotated[str, column(IdentityProvider, "button_label")] | None = None
    claims: Mapping[str, str] = field(default_factory=dict)  # "" goes back to the vendor's name
    saml: SamlPart | None = None
    oidc: OidcPart | None = None
    graph: GraphPart | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """Settings of the other protocol, and claims that nothing reads."""
        yield from self.common_contradictions()

    def common_contradictions(self) -> Iterator[Contradiction]:
        """What can't be at any level."""
        for other in ProtocolName:
            if other is not self.protocol and getattr(self, other.value) is not None:
                yield (other.value,), f"doesn't fit: the protocol of this provider is {self.protocol.value}"
        for claim in self.claims:
            if claim not in CLAIMS:
                yield ("claims", claim), f"is not a known claim{did_you_mean(claim, CLAIMS)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountProviderPart(ProviderPart):
    """A provider of one account."""

    default_account_role: Annotated[str, checks.not_empty] | None = None
    default_space: Annotated[str, checks.not_empty] | None = None
    default_space_role: Annotated[str, checks.not_empty] | None = None
    same_directory_as: Annotated[str, checks.not_empty] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantPart(Part):
    """An Entra tenant whose people sign into an account through a provider above it (O-3, V-6)."""

    tenant_id: Annotated[str, checks.tenant_id]
    account: Annotated[str, checks.not_empty]


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedProviderPart(ProviderPart):
    """A provider of a partner, or of the deployment (V-5)."""

    partner: Annotated[str, checks.not_empty] | None = None
    tenants: tuple[TenantPart, ...] = ()
    accounts: Names = ()  # of the partner, that it is switched on for

    def contradictions(self) -> Iterator[Contradiction]:
        """Above accounts there are only multi-tenant Entra (O-3) and a partner's SAML (S-6)."""
        yield from self.common_contradictions()
        if self.protocol is ProtocolName.OIDC and self.vendor is not Vendor.ENTRA:
            yield (
                ("vendor",),
                "must be entra: above accounts only its multi-tenant OpenID Connect is possible (O-3)",
            )
        if self.protocol is ProtocolName.SAML and self.partner is None:
            yield ("partner",), "is required: above accounts SAML belongs to a partner (S-6)"
        if self.protocol is ProtocolName.SAML and self.tenants:
            yield ("tenants",), "belong to an Entra provider with OpenID Connect"
        if self.protocol is ProtocolName.OIDC and self.accounts:
            yield ("accounts",), "are named in tenants, each with its tenant id (O-3)"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPart(Part):
    """One customer with everything that is theirs. Host names and domains count as verified (V-6)."""

    slug: Annotated[str, column(Account, "slug")]
    name: Annotated[str, column(Account, "name")]
    partner: Annotated[str, checks.not_empty] | None = None
    host_names: tuple[Annotated[str, column(AccountHostName, "host", folded=True)], ...] = ()
    email_domains: tuple[Annotated[str, column(EmailDomain, "domain", folded=True)], ...] = ()
    region: Annotated[str, checks.region] | None = None
    landing_url: Annotated[str, column(Account, "landing_url"), checks.landing_url] | None = None
    support_contact: Annotated[str, column(Account, "support_contact")] | None = None  # "": the deployment's
    sso_policy: SsoPolicy | None = None
    sso_module: bool | None = None
    sso_authorization: bool | None = None
    max_session_hours: Annotated[int, column(Account, "max_session_hours")] | None = None
    hold_above_percent: Annotated[int, column(Account, "hold_above_percent")] | None = (
        None  # P-13; 0: doesn't count
    )
    hold_above_number: Annotated[int, column(Account, "hold_above_number")] | None = (
        None  # both 0: nothing waits
    )
    spaces: tuple[Annotated[str, column(Space, "name")], ...] = ()
    space_roles: tuple[Annotated[str, column(SpaceRole, "name")], ...] = ()
    account_roles: tuple[Annotated[str, column(AccountRole, "name")], ...] = ()
    groups: Annotated[tuple[GroupPart, ...], Unique("name", folded=True)] = ()
    mapping_roles: Annotated[tuple[MappingRolePart, ...], Unique("name")] = ()
    users: Annotated[tuple[UserPart, ...], Unique("user_name", folded=True)] = ()
    identity_providers: Annotated[tuple[AccountProviderPart, ...], Unique("slug")] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration(Part):
    """A whole file."""

    partners: Annotated[tuple[PartnerPart, ...], Unique("slug")] = ()
    accounts: Annotated[tuple[AccountPart, ...], Unique("slug")] = ()
    identity_providers: Annotated[tuple[SharedProviderPart, ...], Unique("slug")] = ()
