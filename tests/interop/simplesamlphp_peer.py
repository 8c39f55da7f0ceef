"""SimpleSAMLphp's identity provider, Debian's package, in PHP's own web server (``simplesamlphp_idp/``)."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.interop.saml_company import Attributes
from tests.interop.visitor import Page, Visitor
from tests.interop.waiting import server_process

_CONFIGURATION = Path(__file__).with_name("simplesamlphp_idp")
WEB = Path("/usr/share/simplesamlphp/www")


class SimpleSamlPhp:
    """The running provider; its configuration reads what is put into ``folder``."""

    def __init__(self, port: int, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._folder = folder
        self._people: dict[str, Attributes] = {}

    def metadata(self) -> bytes:
        return requests.get(f"{self.url}/saml2/idp/metadata.php", timeout=60).content

    def import_application(
        self, entity_id: str, metadata: str, people: Mapping[str, Attributes], signing: Mapping[str, object]
    ) -> None:
        folder = self._folder / "applications"
        folder.mkdir(exist_ok=True)
        name = entity_id.rstrip("/").rpartition("/")[2]
        (folder / f"{name}.json").write_text(json.dumps(signing), encoding="utf-8")
        (folder / f"{name}.xml").write_text(metadata, encoding="utf-8")
        self._people |= people
        (self._folder / "people.json").write_text(json.dumps(self._people), encoding="utf-8")

    def sign_in(self, visitor: Visitor, page: Page, person: str) -> Page:
        return visitor.fill(page, username=person, password="password")

    def has_session(self, visitor: Visitor, person: str) -> bool:
        """Its page for people shows their attributes, or the question who they are."""
        page = visitor.open(f"{self.url}/module.php/core/authenticate.php?as=people")
        is_asked = any("password" in form.fields for form in page.forms)
        assert page.status == 200, page.text[:3000]
        return not is_asked and person in page.text

    def begin_logout(self, visitor: Visitor) -> Page:
        """Sign out there; it ends the sessions that it began elsewhere first."""
        back = f"{self.url}/logout.php"
        return visitor.open(f"{self.url}/saml2/idp/SingleLogoutService.php?ReturnTo={back}")


@contextmanager
def running_simplesamlphp(port: int, folder: Path) -> Iterator[SimpleSamlPhp]:
    """Run it until the block ends."""
    for name in ("tmp", "data", "sessions"):
        (folder / name).mkdir()
    _make_key(folder)
    provider = SimpleSamlPhp(port, folder)
    environment = {
        "SIMPLESAMLPHP_CONFIG_DIR": str(_CONFIGURATION),
        "IDP_FOLDER": str(folder),
        "IDP_URL": provider.url,
        "IDP_SALT": secrets.token_hex(16),
    }
    command = ["php", "-d", "display_errors=0", "-S", f"127.0.0.1:{port}", "-t", str(WEB)]
    url = f"{provider.url}/saml2/idp/metadata.php"
    with server_process(command, url, folder / "php.log", environment=environment):
        yield provider


def _make_key(folder: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "simplesamlphp")])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + dt.timedelta(days=30))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    (folder / "idp.key").write_bytes(private)
    (folder / "idp.crt").write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
