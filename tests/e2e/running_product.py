"""The product as ``make run`` starts it: ``python -m demo`` in a data folder and on ports of the test run's own.

Web server, worker, scheduler and the stand-in identity provider are processes of their own, so what the browser tests
meet is what a newcomer meets, from the printed password to gunicorn. The product is on ``localhost`` and the identity
provider on ``127.0.0.1``: two sites, as in life.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from demo.places import ROOT, Places

UP = "Three things to try"  # of the text that `make run` prints when everything answers
PATIENCE = 180.0  # seconds; the demo itself waits 90 for its services after preparing the data
ADA = ("ada@acme.example", "analytical-engine-1843")  # of demo/broker.yaml
GUS = ("gus@globex.example", "difference-engine-1822")


class ProductDidNotStart(Exception):
    """``python -m demo`` ended or never said that it is up; the message has all that it printed."""

    code = "product_did_not_start"


@dataclass(frozen=True)
class RunningProduct:
    """A running demo. ``places`` tells its URLs and folders."""

    places: Places
    process: subprocess.Popen[bytes]
    said: Path

    @property
    def url(self) -> str:
        """The product, without a trailing slash."""
        return self.places.base_url

    @property
    def provider_url(self) -> str:
        """The stand-in identity provider, without a trailing slash."""
        return self.places.simulator_url

    @property
    def scim_token(self) -> str:
        """The token of Acme's directory."""
        return (self.places.simulator_folder / "acme-scim-token").read_text(encoding="utf-8").strip()

    @property
    def operator(self) -> tuple[str, str]:
        """User name and password of the deployment's operator."""
        password = (self.places.var / "demo-admin-password").read_text(encoding="utf-8").strip()
        return "admin@localhost", password

    def manage(self, *arguments: str, allowed: str = "") -> str:
        """Run a management command on the running product's data, as its operator would, and return what it printed.

        ``allowed`` is a further host:port that a configured URL may name.
        """
        environment = self.places.environment()
        if allowed:
            environment["BROKER_NETWORK_ALLOW_LIST"] += f",{allowed}"
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, f"manage.py {' '.join(arguments)}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def configure(self, name: str, text: str, *, allowed: str = "") -> None:
        """Load a configuration file that holds ``text``."""
        path = self.places.configuration.with_name(name)
        path.write_text(text, encoding="utf-8")
        self.manage("configure", str(path), allowed=allowed)

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_product(folder: Path) -> RunningProduct:
    """Start the demo with its data below ``folder`` and return when it is up, or raise ``ProductDidNotStart``."""
    places = Places(folder / "var", _free_port(), _free_port())
    said = folder / "said.txt"
    mine = {
        "BROKER_VAR": str(places.var),
        "PORT": str(places.port),
        "SIMULATOR_PORT": str(places.simulator_port),
        "BROKER_SCIM_RATE": "",  # as shipped, where the other tests switch it off
        "PYTHONUNBUFFERED": "1",
    }
    with said.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "demo"],
            cwd=ROOT,
            env={**os.environ, **mine},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C at the tests' terminal reaches it through stop()
        )
    product = RunningProduct(places, process, said)
    deadline = time.monotonic() + PATIENCE
    while UP not in said.read_text(encoding="utf-8"):
        if process.poll() is not None or time.monotonic() > deadline:
            product.stop()
            raise ProductDidNotStart(said.read_text(encoding="utf-8"))
        time.sleep(0.2)
    return product


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
