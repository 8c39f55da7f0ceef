"""A metadata URL in the configuration file stands for the provider's values, now and from then on (S-2, A-10)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from sso.models import IdentityProvider
from sso_saml.configuration import SamlValues, save_saml_settings
from sso_saml.metadata_refresh import pending
from sso_saml.models import SamlSettings
from tests.configuration.conftest import Configure
from tests.configuration.published_metadata import certificate, metadata, pem
from tests.foundation.local_server import LocalServer, answer
from tests.worlds import OPERATOR

ENTITY = "https://idp.acme.example/saml"


@pytest.fixture
def server(settings: Settings) -> Iterator[LocalServer]:
    with LocalServer() as running:
        settings.BROKER_NETWORK_ALLOW_LIST = running.allowed
        publish(running, metadata(certificate("acme")))
        yield running


def publish(server: LocalServer, text: str) -> None:
    server.routes["/metadata"] = answer(text.encode())


def file(server: LocalServer, *more: str, enabled: bool = True) -> str:
    keys = ", ".join((f'metadata_url: "{server.url("/metadata")}"', *more))
    return f"""
accounts:
  - slug: acme
    name: Acme
    sso_module: true
    identity_providers:
      - {{slug: acme-saml, protocol: saml, enabled: {str(enabled).lower()}, saml: {{{keys}}}}}
"""


def saved() -> SamlSettings:
    return SamlSettings.objects.get(provider__slug="acme-saml")


def provider() -> IdentityProvider:
    return IdentityProvider.objects.get(slug="acme-saml")


def test_values_come_from_the_url_and_a_second_run_changes_nothing(
    configure: Configure, server: LocalServer
) -> None:
    printed = configure(file(server)).difference
    assert f"saml.idp_entity_id: {ENTITY}" in printed or f"saml.idp_entity_id: (none) → {ENTITY}" in printed
    assert provider().is_enabled
    assert saved().certificates.count() == 1
    assert saved().metadata_refreshed_at is not None

    version = provider().version
    assert configure(file(server)).difference == "no changes\n"
    assert provider().version == version
    assert server.paths() == ["/metadata"] * 2  # once a run


def test_dry_run_fetches_and_writes_nothing(configure: Configure, server: LocalServer) -> None:
    printed = configure(file(server), "--dry-run").difference

    assert ENTITY in printed
    assert server.paths() == ["/metadata"]
    assert not IdentityProvider.objects.exists()


def test_bad_metadata_of_a_new_provider_is_a_problem_in_its_place(
    configure: Configure, server: LocalServer
) -> None:
    at = "broker.yaml:7 accounts[0].identity_providers[0].saml.metadata_url:"
    publish(server, "<html>secret</html>")
    assert configure.refused(file(server)) == [
        f"{at} the metadata can't be used (metadata.no_identity_provider: not SAML metadata)"
    ]
    server.routes.clear()
    (problem,) = configure.refused(file(server))
    assert problem == f"{at} the metadata can't be used (http.status: 127.0.0.1:{server.port} 404)"


def test_aggregate_is_asked_about_and_chosen_from(configure: Configure, server: LocalServer) -> None:
    one, two = (metadata(certificate(name), entity_id=f"urn:{name}") for name in ("a", "b"))
    group = f'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">{one}{two}</md:EntitiesDescriptor>'
    publish(server, group)

    (problem,) = configure.refused(file(server))
    assert problem.endswith("; metadata_entity_id chooses one of urn:a, urn:b)")
    configure(file(server, "metadata_entity_id: 'urn:b'"))
    assert saved().idp_entity_id == "urn:b"
    assert configure(file(server)).difference == "no changes\n"  # left out: the choice stays


def test_outage_of_a_configured_provider_is_a_warning(configure: Configure, server: LocalServer) -> None:
    configure(file(server))
    server.routes.clear()
    printed = configure(file(server))

    assert printed.difference == "no changes\n"
    assert "what it said before stays" in printed.remarks
    assert saved().idp_entity_id == ENTITY


def test_change_that_moves_trust_waits_unless_the_operator_overrides(
    configure: Configure, server: LocalServer
) -> None:  # V-22
    configure(file(server))
    publish(server, metadata(certificate("another")))
    printed = configure(file(server))

    assert printed.difference == "no changes\n"
    assert "waits for approval in the administration (metadata.all_keys_replaced)" in printed.remarks
    assert pending(provider()) is not None
    assert [row.pem for row in saved().certificates.all()] == [pem(certificate("acme"))]

    assert "saml.certificates" in configure(file(server), "--override").difference
    assert [row.pem for row in saved().certificates.all()] == [pem(certificate("another"))]
    assert pending(provider()) is None


def test_key_beside_a_trusted_one_is_taken_over(configure: Configure, server: LocalServer) -> None:  # S-7
    configure(file(server))
    publish(server, metadata(certificate("acme"), certificate("next")))

    assert "saml.certificates" in configure(file(server)).difference
    assert saved().certificates.count() == 2


def test_certificate_left_out_of_the_file_still_guards_the_metadata(
    configure: Configure, server: LocalServer
) -> None:
    configure(file(server))
    signing = SamlValues(metadata_certificate=pem(certificate("federation")))
    save_saml_settings(provider=provider(), actor=OPERATOR, values=signing)
    publish(server, metadata(certificate("acme"), certificate("mallory")))
    printed = configure(file(server))

    assert "metadata.not_signed" in printed.remarks
    assert saved().certificates.count() == 1


def test_certificate_of_the_signature_is_shown_by_its_fingerprint(
    configure: Configure, server: LocalServer
) -> None:
    text = pem(certificate("federation")).replace("\n", "\\n")
    configure(file(server))
    publish(server, metadata(certificate("acme")))
    (problem,) = configure.refused(file(server, f'metadata_certificate: "{text}"'))
    assert "metadata.not_signed" in problem

    save_saml_settings(provider=provider(), actor=OPERATOR, values=SamlValues(metadata_url=""))
    keys = f'metadata_url: "", metadata_certificate: "{text}"'
    printed = configure(file(server).replace(f'metadata_url: "{server.url("/metadata")}"', keys)).difference
    assert "saml.metadata_certificate: (none) → " in printed
    assert "BEGIN CERTIFICATE" not in printed


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ("metadata_file: acme.xml", "is another source than metadata_file; give one or the other"),
        ("sso_url: 'https://idp.acme.example/sso'", "comes from metadata_url; give one or the other"),
        ("certificates: []", "comes from metadata_url; give one or the other"),
        ("idp_entity_id: 'urn:x'", "comes from metadata_url; metadata_entity_id chooses from an aggregate"),
    ],
)
def test_values_have_one_source(configure: Configure, server: LocalServer, keys: str, complaint: str) -> None:
    assert any(problem.endswith(complaint) for problem in configure.refused(file(server, keys)))
    assert server.requests == []


def test_file_that_contradicts_the_metadata_is_warned_of_and_stays_idempotent(
    configure: Configure, server: LocalServer
) -> None:
    wants = metadata(certificate("acme")).replace(
        "<md:IDPSSODescriptor", '<md:IDPSSODescriptor WantAuthnRequestsSigned="true"'
    )
    publish(server, wants)
    text = file(server, "sign_requests: false")
    assert "has no effect: the provider's metadata says True" in configure(text).remarks
    assert saved().sign_requests
    assert configure(text).difference == "no changes\n"


def test_public_document_that_points_inside_is_refused(
    configure: Configure, server: LocalServer
) -> None:  # V-23
    inside = metadata(certificate("acme")).replace("https://idp.acme.example/sso", "https://10.0.0.7/sso")
    publish(server, inside)

    (problem,) = configure.refused(file(server))
    assert "metadata.bad_url: http.blocked_address" in problem
