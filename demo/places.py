"""Where the demo runs: folders, ports and URLs, and the environment of its processes.

``PORT``, ``SIMULATOR_PORT`` and ``BROKER_VAR`` may move it. Databases and brokers named in the environment or ``.env``
are left alone: the demo writes made-up accounts and only ever uses its own embedded ones.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_PORT = 8000
DEFAULT_SIMULATOR_PORT = 9000


class PlacesError(Exception):
    """The demo can't run there."""


@dataclass(frozen=True, slots=True)
class Places:
    """``var`` is absolute. The web server and the simulator are two sites: ``localhost`` and ``127.0.0.1``."""

    var: Path
    port: int
    simulator_port: int

    @property
    def base_url(self) -> str:
        """The product, as browsers see it."""
        return f"http://localhost:{self.port}"

    @property
    def simulator_url(self) -> str:
        """The stand-in identity provider."""
        return f"http://127.0.0.1:{self.simulator_port}"

    @property
    def logs(self) -> Path:
        """One file for each process."""
        return self.var / "log"

    @property
    def mails(self) -> Path:
        """Mails, one file for each connection; nothing is sent."""
        return self.var / "mail"

    @property
    def simulator_folder(self) -> Path:
        """The simulator's keys, metadata and SCIM token."""
        return self.var / "simulator"

    @property
    def is_default(self) -> bool:
        """True when the files in ``demo/`` fit as they are."""
        usual = (ROOT / "var", DEFAULT_PORT, DEFAULT_SIMULATOR_PORT)
        return (self.var, self.port, self.simulator_port) == usual

    @property
    def configuration(self) -> Path:
        """The file that ``manage.py configure`` loads."""
        return self._file("broker.yaml")

    @property
    def simulator_configuration(self) -> Path:
        """The simulator's directory of people."""
        return self._file("simulator.yaml")

    def _file(self, name: str) -> Path:
        return (ROOT if self.is_default else self.var) / "demo" / name

    def write_moved_files(self) -> None:
        """Copy the two files with this run's folder and ports, unless those in ``demo/`` already fit."""
        if self.is_default:
            return
        (self.var / "demo").mkdir(parents=True, exist_ok=True)
        for name in ("broker.yaml", "simulator.yaml"):
            text = (ROOT / "demo" / name).read_text(encoding="utf-8")
            text = text.replace(f"http://127.0.0.1:{DEFAULT_SIMULATOR_PORT}", self.simulator_url)
            text = text.replace("../var/", f"{self.var}/")
            (self.var / "demo" / name).write_text(text, encoding="utf-8")

    def environment(self) -> dict[str, str]:
        """The environment of every process; an empty variable counts as unset and hides what ``.env`` says."""
        mine = dict.fromkeys(
            (
                "DATABASE_URL",
                "REDIS_URL",
                "CELERY_BROKER_URL",
                "EMAIL_URL",
                "BROKER_REGIONS",
                "BROKER_DEPLOYMENT",
            ),
            "",
        )
        mine |= {
            "BROKER_BASE_URL": self.base_url,
            "BROKER_VAR": str(self.var),
            "BROKER_NETWORK_ALLOW_LIST": f"127.0.0.1:{self.simulator_port}",
            "DJANGO_SETTINGS_MODULE": "broker.settings",
            "PYTHONUNBUFFERED": "1",
        }
        return {**os.environ, **mine}

    def require_free_ports(self) -> None:
        """Raise ``PlacesError`` naming the port that another program has."""
        for variable, port in (("PORT", self.port), ("SIMULATOR_PORT", self.simulator_port)):
            for address in local_addresses():
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                with socket.socket(family, socket.SOCK_STREAM) as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    try:
                        probe.bind((address, port))
                    except OSError as error:
                        raise PlacesError(
                            f"Port {port} is in use by another program ({error.strerror}). "
                            f"End that one, or choose another: {variable}={port + 1} make run"
                        ) from error


def local_addresses() -> list[str]:
    """Return what ``localhost`` may mean to a browser here: 127.0.0.1, and ::1 where IPv6 is on."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return ["127.0.0.1"]
    return ["127.0.0.1", "::1"]


def places_from_environment() -> Places:
    """Read ``BROKER_VAR``, ``PORT`` and ``SIMULATOR_PORT``."""
    places = Places(
        var=(ROOT / (os.environ.get("BROKER_VAR", "").strip() or "var")).resolve(),
        port=_port("PORT", DEFAULT_PORT),
        simulator_port=_port("SIMULATOR_PORT", DEFAULT_SIMULATOR_PORT),
    )
    if places.port == places.simulator_port:
        raise PlacesError("PORT and SIMULATOR_PORT must differ.")
    return places


def _port(variable: str, default: int) -> int:
    text = os.environ.get(variable, "").strip() or str(default)
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65535):
        raise PlacesError(f"{variable}: {text!r} is not a port number.")
    return int(text)
