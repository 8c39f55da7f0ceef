"""What a simulator serves: directories (tenants) of people, the applications registered there, and a SCIM
target.

All values are frozen dataclasses, built by hand in tests or read from YAML by ``config_file.load_config``.

Absent is not empty, everywhere: ``None`` means "the directory does not say", ``""`` or ``()`` means "says:
nothing". URLs are compared exactly, character by character, as vendors do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

DEFAULT_BASE_URL = "http://127.0.0.1:9000"
DEFAULT_ENTITY_ID = "${base}/${directory}/saml/metadata"
# SAML NameID formats by the names that the page and the configuration use.
NAME_ID_FORMATS = {
    "email": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    "persistent": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    "transient": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
    "unspecified": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
}

Values = tuple[str, ...] | None


class Vendor(StrEnum):
    """Whose habits a directory follows."""

    ENTRA = "entra"
    OKTA = "okta"
    GENERIC = "generic"


class Flow(StrEnum):
    """OpenID Connect response types that a client may use: ``code``, or ``code id_token`` (hybrid)."""

    CODE = "code"
    HYBRID = "hybrid"


@dataclass(frozen=True)
class Person:
    """One person of a directory.

    ``id`` is the immutable object id (a GUID). ``groups`` are ids of ``DirectoryGroup``. ``claims`` holds
    ``space_name``, ``space_role``, ``timezone`` and ``role_mapping``; ``extra`` any further claim by its name
    on the wire.
    """

    id: str
    user_name: str
    email: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    display_name: str | None = None
    groups: Values = None
    claims: Mapping[str, Values] = field(default_factory=dict)
    extra: Mapping[str, object] = field(default_factory=dict)
    enterprise: Mapping[str, str] = field(default_factory=dict)
    name_id_format: str | None = None

    @property
    def label(self) -> str:
        """Display name and user name, for lists."""
        return f"{self.display_name or self.user_name} ({self.user_name})"


@dataclass(frozen=True)
class DirectoryGroup:
    """A group: Entra sends its ``id``, Okta its ``name``."""

    id: str
    name: str


@dataclass(frozen=True)
class ServiceProvider:
    """A SAML application registered in the directory. The first ACS URL is the default one.

    ``metadata_file``: the application's own metadata, whose keys are used once it is there (``saml_sp_keys``).
    ``slo_url`` takes its logout messages by redirect and by POST; without it there is no single logout.
    """

    entity_id: str
    acs_urls: tuple[str, ...]
    metadata_file: Path | None = None
    slo_url: str | None = None


@dataclass(frozen=True)
class SamlSettings:
    """``entity_id`` may hold ``${base}``, ``${directory}`` and ``${tenant_id}``.

    ``accept_subject``: whether an AuthnRequest may carry a Subject (None: as the vendor does; Entra refuses
    it).
    """

    service_providers: tuple[ServiceProvider, ...] = ()
    entity_id: str = DEFAULT_ENTITY_ID
    accept_subject: bool | None = None


@dataclass(frozen=True)
class OidcClient:
    """An OpenID Connect client. Without ``client_secret`` it is public, and PKCE is required.

    ``backchannel_logout_uri`` takes logout tokens; without it the client is not told of a logout here.
    ``reads_groups``: an Entra administrator let it read everybody's groups at Microsoft Graph.
    """

    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str | None = None
    flows: frozenset[Flow] = frozenset(Flow)
    reads_groups: bool = False


@dataclass(frozen=True)
class ScimTarget:
    """Where the provisioning page pushes to. ``token_file`` is read at each push, so it may come later."""

    base_url: str
    token_file: Path | None = None

    def token(self) -> str | None:
        """The token, or None when no file is named or it does not exist yet."""
        if self.token_file is None or not self.token_file.is_file():
            return None
        return self.token_file.read_text(encoding="utf-8").strip() or None


@dataclass(frozen=True)
class Directory:
    """One tenant of one vendor.

    ``multi_tenant`` (Entra): it stands for ``organizations``, where people of any tenant sign in; the page's tenant id
    says of which.
    """

    slug: str
    vendor: Vendor
    tenant_id: str
    people: tuple[Person, ...]
    name: str = ""
    groups: tuple[DirectoryGroup, ...] = ()
    saml: SamlSettings = SamlSettings()
    oidc_clients: tuple[OidcClient, ...] = ()
    scim: ScimTarget | None = None
    multi_tenant: bool = False

    def person(self, key: str | None) -> Person | None:
        """Find by object id, else by user name or e-mail address without regard to case."""
        if not key:
            return None
        folded = key.strip().casefold()
        for person in self.people:
            if person.id.casefold() == folded:
                return person
        names = (
            (person, {person.user_name.casefold(), (person.email or "").casefold()}) for person in self.people
        )
        return next((person for person, known in names if folded in known), None)

    def group(self, key: str | None) -> DirectoryGroup | None:
        """Find a group by id or by name."""
        return next((group for group in self.groups if key in {group.id, group.name}), None)

    def group_name(self, group_id: str) -> str:
        """The group's name, or the id itself when the directory does not list it."""
        return next((group.name for group in self.groups if group.id == group_id), group_id)


@dataclass(frozen=True)
class SimulatorConfig:
    """Everything that one running simulator serves. ``state_dir`` None keeps the keys in memory only."""

    directories: tuple[Directory, ...]
    base_url: str | None = None
    state_dir: Path | None = None
