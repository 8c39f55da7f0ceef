"""The front page: what this simulator serves, with every value that a configuration needs, ready to copy."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

from simulator.config import OidcClient, Person
from simulator.pages import Markup, join, page, render
from simulator.site import Site
from simulator.web import Response


def front_page(sites: Iterable[Site]) -> Response:
    """All directories."""
    return page("Identity provider simulator", join(_directory(site) for site in sites))


def _directory(site: Site) -> Markup:
    directory, urls = site.directory, site.urls
    return render(
        "front_directory",
        slug=directory.slug,
        name=directory.name,
        vendor=directory.vendor,
        tenant_id=directory.tenant_id,
        entity_id=urls.entity_id,
        sso_url=urls.saml_sso,
        metadata_url=urls.saml_metadata,
        issuer=urls.issuer,
        discovery_url=urls.discovery,
        starts=join(
            render(
                "front_start",
                url=f"{urls.saml_start}?{urlencode({'sp': provider.entity_id})}",
                entity_id=provider.entity_id,
            )
            for provider in directory.saml.service_providers
        ),
        clients=join(_client(client) for client in directory.oidc_clients),
        people=join(_person(site, person) for person in directory.people),
        sessions_url=urls.saml_sessions,
        oidc_sessions_url=urls.oidc("sessions"),
        provision_url=urls.provision,
    )


def _client(client: OidcClient) -> Markup:
    kind = "public, PKCE required" if client.client_secret is None else "with a secret"
    flows = ", ".join(sorted(client.flows))
    return render("front_client", client_id=client.client_id, kind=kind, flows=flows)


def _person(site: Site, person: Person) -> Markup:
    groups = (
        "not said"
        if person.groups is None
        else ", ".join(map(site.directory.group_name, person.groups)) or "none"
    )
    spaces = person.claims.get("space_name")
    return render(
        "front_person",
        name=person.display_name or "",
        user_name=person.user_name,
        email=person.email or "none",
        id=person.id,
        groups=groups,
        spaces="not said" if spaces is None else ", ".join(spaces),
    )
