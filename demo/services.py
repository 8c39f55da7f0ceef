"""The processes of the demo: the same commands that an operator would run, on embedded storage."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from demo.places import ROOT, Places, local_addresses
from demo.processes import Service, answers, says


def services(places: Places) -> list[Service]:
    """Return simulator, web server, Celery worker and Celery beat."""
    return [_simulator(places), _web(places), _worker(places), _beat(places)]


def _simulator(places: Places) -> Service:
    command = ["-m", "simulator", *simulator_options(places)]
    return _service(places, "simulator", command, answers(f"{places.simulator_url}/healthz"))


def simulator_options(places: Places) -> list[str]:
    """Return the options by which the simulator serves, and writes its metadata."""
    return [
        *("--config", str(places.simulator_configuration)),
        *("--port", str(places.simulator_port)),
        *("--broker", places.base_url),
        *("--state-dir", str(places.simulator_folder)),
    ]


def _web(places: Places) -> Service:
    binds = []
    for address in local_addresses():
        binds += ["--bind", f"[{address}]:{places.port}" if ":" in address else f"{address}:{places.port}"]
    command = [
        "-m",
        "gunicorn",
        "broker.wsgi",
        *binds,
        "--workers",
        "2",
        "--threads",
        "4",
        "--limit-request-line",
        "8190",
    ]
    command += ["--no-control-socket", "--graceful-timeout", "5"]
    return _service(places, "web", command, answers(f"http://127.0.0.1:{places.port}/readyz"))


def _worker(places: Places) -> Service:
    command = ["-m", "celery", "-A", "broker", "worker", "--concurrency", "1", "--loglevel", "INFO"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return _service(places, "worker", command, says("ready."))


def _beat(places: Places) -> Service:
    command = ["-m", "celery", "-A", "broker", "beat", "--loglevel", "INFO"]
    command += ["--pidfile", ""]  # the run lock already keeps a second one away
    return _service(places, "beat", command, says("beat: Starting"))


def _service(places: Places, name: str, arguments: list[str], is_up: Callable[[Path], bool]) -> Service:
    return Service(
        name=name,
        command=[sys.executable, *arguments],
        environment=places.environment(),
        folder=ROOT,
        log=places.logs / f"{name}.log",
        is_up=is_up,
    )
