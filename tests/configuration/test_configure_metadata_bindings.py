"""Where an IdP's metadata offers single logout by both bindings, the configuration file may choose one (S-2, S-7)."""

from __future__ import annotations

from pathlib import Path

import pytest

from sso_saml.models import SamlSettings
from tests.configuration.conftest import Configure
from tests.configuration.published_metadata import certificate, metadata

LOGOUT = (
    '<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{name}" '
    'Location="https://idp.acme.example/slo/{name}"/>'
)


def _text(folder: Path, bindings: tuple[str, ...], wanted: str) -> str:
    services = "".join(LOGOUT.format(name=name) for name in bindings)
    published = metadata(certificate("acme")).replace(
        "<md:SingleSignOnService", f"{services}<md:SingleSignOnService"
    )
    (folder / "acme.xml").write_text(published, encoding="utf-8")
    return (
        "accounts: [{slug: acme, name: Acme, identity_providers: [{slug: acme-saml, protocol: saml, "
        f"saml: {{metadata_file: {folder / 'acme.xml'}{wanted}}}}}]}}]"
    )


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [("", "Redirect"), (", slo_binding: redirect", "Redirect"), (", slo_binding: post", "POST")],
)
def test_file_chooses_the_binding_of_single_logout(
    configure: Configure, tmp_path: Path, wanted: str, taken: str
) -> None:
    # S-2, S-7
    configure(_text(tmp_path, ("Redirect", "POST"), wanted))
    row = SamlSettings.objects.get()
    assert (row.slo_url, row.slo_binding) == (f"https://idp.acme.example/slo/{taken}", taken.lower())


def test_a_binding_that_the_metadata_lacks_is_a_mistake(configure: Configure, tmp_path: Path) -> None:
    # S-2
    (problem,) = configure.refused(_text(tmp_path, ("Redirect",), ", slo_binding: post"))
    assert problem.endswith("saml.slo_binding: the metadata offers no single logout by this binding")
    assert not SamlSettings.objects.exists()
