"""Reads a simulator configuration from YAML; see demo/simulator.yaml for an example of every key.

``${broker}`` anywhere in a text is replaced by the product's base URL, so that one file serves the demo and
tests on a free port. Unknown keys and wrong types raise ``ConfigError`` with the path of the key: a typo must
not silently become "no claim".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import yaml

from simulator.config import (
    DEFAULT_ENTITY_ID,
    NAME_ID_FORMATS,
    Directory,
    DirectoryGroup,
    Flow,
    OidcClient,
    Person,
    SamlSettings,
    ScimTarget,
    ServiceProvider,
    SimulatorConfig,
    Values,
    Vendor,
)
from simulator.errors import ConfigError

RESERVED = frozenset({"static", "healthz", "graph", "organizations"})  # first parts of other addresses
CUSTOM_CLAIMS = ("space_name", "space_role", "timezone", "role_mapping")
T = TypeVar("T")


class Section:
    """A mapping of the file with its path. ``done`` refuses what nobody asked for."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            raise ConfigError(where, "must be a mapping with text keys")
        self.values: dict[str, object] = value
        self.where = where
        self.read: set[str] = set()

    def path(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key

    def get(self, key: str) -> object:
        self.read.add(key)
        return self.values.get(key)

    def text(self, key: str) -> str:
        value = self.optional_text(key)
        if not value:
            raise ConfigError(self.path(key), "is required")
        return value

    def optional_text(self, key: str) -> str | None:
        value = self.get(key)
        if value is not None and not isinstance(value, str):
            raise ConfigError(self.path(key), "must be text")
        return value

    def optional_bool(self, key: str) -> bool | None:
        value = self.get(key)
        if value is not None and not isinstance(value, bool):
            raise ConfigError(self.path(key), "must be true or false")
        return value

    def texts(self, key: str) -> Values:
        """Text or a list of texts; None when the key is absent or null."""
        value = self.get(key)
        if value is None:
            return None
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str) for item in values):
            raise ConfigError(self.path(key), "must be text or a list of texts")
        return tuple(values)

    def mapping(self, key: str) -> Mapping[str, object]:
        value = self.get(key)
        return {} if value is None else Section(value, self.path(key)).values

    def sections(self, key: str, build: Callable[[Section], T]) -> tuple[T, ...]:
        """A list of mappings; a single mapping stands for a list of one."""
        value = self.get(key)
        items = [] if value is None else value if isinstance(value, list) else [value]
        built = []
        for index, item in enumerate(items):
            section = Section(item, f"{self.path(key)}[{index}]")
            built.append(build(section))
            section.done()
        return tuple(built)

    def done(self) -> None:
        unknown = sorted(set(self.values) - self.read)
        if unknown:
            raise ConfigError(self.path(unknown[0]), "is not a known key")


def load_config(
    path: Path,
    broker_url: str = "http://localhost:8000",
    *,
    base_url: str | None = None,
    state_dir: Path | str | None = None,
) -> SimulatorConfig:
    """Read ``path``. ``broker_url`` replaces ``${broker}``; ``base_url``, ``state_dir`` those of the file."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(str(path), f"cannot be read ({type(error).__name__})") from error
    return parse_config(document, broker_url, path.parent, base_url=base_url, state_dir=state_dir)


def parse_config(
    document: object,
    broker_url: str = "http://localhost:8000",
    folder: Path | None = None,
    *,
    base_url: str | None = None,
    state_dir: Path | str | None = None,
) -> SimulatorConfig:
    """Build the configuration from parsed YAML. Token files are relative to ``folder`` (default: here)."""
    root = Section(_with_broker(document, broker_url.rstrip("/")), "")
    base_url = base_url or root.optional_text("base_url")
    state_dir = state_dir or root.optional_text("state_dir")
    root.read |= {"base_url", "state_dir"}
    directories = root.sections("directories", lambda section: _directory(section, folder or Path()))
    root.done()
    slugs = [directory.slug for directory in directories]
    if not slugs:
        raise ConfigError("directories", "at least one is required")
    if len(set(slugs)) != len(slugs):
        raise ConfigError("directories", "slugs must be unique")
    return SimulatorConfig(
        directories=directories,
        base_url=_absolute("base_url", base_url).rstrip("/") if base_url else None,
        state_dir=Path(state_dir) if state_dir else None,
    )


def _with_broker(value: object, broker_url: str) -> object:
    if isinstance(value, str):
        return value.replace("${broker}", broker_url)
    if isinstance(value, list):
        return [_with_broker(item, broker_url) for item in value]
    if isinstance(value, dict):
        return {key: _with_broker(item, broker_url) for key, item in value.items()}
    return value


def _directory(section: Section, folder: Path) -> Directory:
    slug = section.text("slug")
    if not slug.replace("-", "").isalnum() or not slug.isascii() or slug in RESERVED:
        raise ConfigError(section.path("slug"), "letters, digits and hyphens only")
    people = section.sections("people", _person)
    if not people:
        raise ConfigError(section.path("people"), "at least one person is required")
    if len({person.id for person in people}) != len(people):
        raise ConfigError(section.path("people"), "object ids must be unique")
    saml = section.sections("saml", lambda part: _saml(part, folder))
    scim = section.sections("scim", lambda part: _scim(part, folder))
    return Directory(
        slug=slug,
        vendor=_choice(section, "vendor", Vendor),
        tenant_id=section.text("tenant_id"),
        name=section.optional_text("name") or slug,
        people=people,
        groups=section.sections("groups", lambda part: DirectoryGroup(part.text("id"), part.text("name"))),
        saml=saml[0] if saml else SamlSettings(),
        oidc_clients=section.sections("oidc", _client),
        scim=scim[0] if scim else None,
        multi_tenant=bool(section.optional_bool("multi_tenant")),
    )


def _person(section: Section) -> Person:
    name_id_format = section.optional_text("name_id_format")
    if name_id_format is not None and name_id_format not in NAME_ID_FORMATS:
        raise ConfigError(section.path("name_id_format"), f"choose from {', '.join(NAME_ID_FORMATS)}")
    return Person(
        id=section.text("id"),
        user_name=section.text("user_name"),
        email=section.optional_text("email"),
        given_name=section.optional_text("given_name"),
        family_name=section.optional_text("family_name"),
        display_name=section.optional_text("display_name"),
        groups=section.texts("groups"),
        claims={name: section.texts(name) for name in CUSTOM_CLAIMS},
        extra=section.mapping("extra"),
        enterprise={key: str(value) for key, value in section.mapping("enterprise").items()},
        name_id_format=name_id_format,
    )


def _saml(section: Section, folder: Path) -> SamlSettings:
    return SamlSettings(
        service_providers=section.sections("service_providers", lambda part: _service_provider(part, folder)),
        entity_id=section.optional_text("entity_id") or DEFAULT_ENTITY_ID,
        accept_subject=section.optional_bool("accept_subject"),
    )


def _service_provider(section: Section, folder: Path) -> ServiceProvider:
    urls = section.texts("acs_urls")
    if not urls:
        raise ConfigError(section.path("acs_urls"), "at least one is required")
    slo_url, metadata_file = section.optional_text("slo_url"), section.optional_text("metadata_file")
    return ServiceProvider(
        section.text("entity_id"),
        tuple(_absolute(section.path("acs_urls"), url) for url in urls),
        slo_url=_absolute(section.path("slo_url"), slo_url) if slo_url else None,
        metadata_file=folder / metadata_file if metadata_file else None,
    )


def _client(section: Section) -> OidcClient:
    flows = section.texts("flows")
    if flows is not None and not set(flows) <= set(Flow):
        raise ConfigError(section.path("flows"), f"choose from {', '.join(Flow)}")
    uris = section.texts("redirect_uris") or ()
    after_logout = section.texts("post_logout_redirect_uris") or ()
    backchannel = section.optional_text("backchannel_logout_uri")
    return OidcClient(
        client_id=section.text("client_id"),
        client_secret=section.optional_text("client_secret"),
        redirect_uris=tuple(_absolute(section.path("redirect_uris"), uri) for uri in uris),
        post_logout_redirect_uris=tuple(
            _absolute(section.path("post_logout_redirect_uris"), uri) for uri in after_logout
        ),
        backchannel_logout_uri=(
            None if backchannel is None else _absolute(section.path("backchannel_logout_uri"), backchannel)
        ),
        flows=frozenset(Flow(flow) for flow in flows) if flows else frozenset(Flow),
        reads_groups=bool(section.optional_bool("reads_groups")),
    )


def _scim(section: Section, folder: Path) -> ScimTarget:
    token_file = section.optional_text("token_file")
    return ScimTarget(
        base_url=_absolute(section.path("base_url"), section.text("base_url")).rstrip("/"),
        token_file=folder / token_file if token_file else None,
    )


def _choice(section: Section, key: str, kind: type[Vendor]) -> Vendor:
    value = section.text(key)
    if value not in set(kind):
        raise ConfigError(section.path(key), f"choose from {', '.join(kind)}")
    return kind(value)


def _absolute(where: str, url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ConfigError(where, "is not a URL") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(where, "must be an absolute http(s) URL")
    return url
