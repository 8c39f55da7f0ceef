"""A newcomer meets clear words when the demo can't run, and never loses a folder that isn't the product's."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from demo.places import Places
from demo.processes import ProcessEnded, Service, Supervisor, answers, says
from demo.run_lock import RunLock

ROOT = Path(__file__).resolve().parents[2]


def demo(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m demo`` on ``folder``."""
    return subprocess.run(
        [sys.executable, "-m", "demo", *arguments],
        cwd=ROOT,
        env={**os.environ, "BROKER_VAR": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_port_of_another_program_is_named_with_the_way_out(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        started = demo(tmp_path, PORT=str(port))
    assert started.returncode == 1
    assert f"Port {port} is in use" in started.stderr
    assert f"PORT={port + 1} make run" in started.stderr
    assert "Traceback" not in started.stderr


def test_port_that_is_no_number_is_refused_in_words(tmp_path: Path) -> None:
    started = demo(tmp_path, SIMULATOR_PORT="ninety")
    assert started.returncode == 1
    assert started.stderr.strip() == "SIMULATOR_PORT: 'ninety' is not a port number."


def test_second_run_and_reset_are_refused_while_the_first_runs(tmp_path: Path) -> None:
    with RunLock(tmp_path):
        for arguments in ((), ("reset",)):
            refused = demo(tmp_path, *arguments)
            assert refused.returncode == 1
            assert "already running" in refused.stderr


def test_reset_empties_the_data_folder(tmp_path: Path) -> None:
    (tmp_path / "secret-key").write_text("x")
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "1.log").write_text("x")
    assert demo(tmp_path, "reset").returncode == 0
    assert [entry.name for entry in tmp_path.iterdir()] == [".running"]


def test_reset_leaves_a_folder_of_something_else_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.odt").write_text("x")
    refused = demo(tmp_path, "reset")
    assert refused.returncode == 1
    assert "nothing was removed" in refused.stderr
    assert (tmp_path / "thesis.odt").exists()


def test_files_of_the_demo_follow_its_folder_and_ports(tmp_path: Path) -> None:
    places = Places(tmp_path, 8123, 9123)
    places.write_moved_files()
    configuration = places.configuration.read_text(encoding="utf-8")
    assert "http://127.0.0.1:9123/acme/oidc" in configuration
    assert f"metadata_file: {tmp_path}/simulator/acme.xml" in configuration
    assert "9000" not in configuration


def test_demo_never_touches_a_database_named_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://live@db.example.com/live")
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://live.example.com")
    environment = Places(tmp_path, 8123, 9123).environment()
    assert environment["DATABASE_URL"] == ""
    assert environment["CELERY_BROKER_URL"] == ""


def service(folder: Path, name: str, code: str) -> Service:
    """A process that runs ``code``."""
    return Service(
        name, [sys.executable, "-u", "-c", code], dict(os.environ), folder, folder / f"{name}.log", says("up")
    )


def is_running(process_id: int) -> bool:
    """Tell whether a process still runs; one that ended but wasn't collected by its new parent yet doesn't."""
    try:
        after_the_name = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8").rpartition(")")[2]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return after_the_name.split()[0] != "Z"


def test_when_one_process_ends_all_end_and_the_reason_is_shown(tmp_path: Path) -> None:
    # The first one's own child must end as well.
    patient = "import subprocess, sys; p = subprocess.Popen(['sleep', '300']); print('up', p.pid); p.wait()"
    brittle = "print('up'); import time; time.sleep(1); raise SystemExit('out of coffee')"
    supervisor = Supervisor([service(tmp_path, "patient", patient), service(tmp_path, "brittle", brittle)])
    try:
        supervisor.start()
        with pytest.raises(ProcessEnded, match=r"brittle ended by itself(?s:.*)out of coffee"):
            supervisor.watch(lambda: None)
    finally:
        supervisor.stop()
    child = int((tmp_path / "patient.log").read_text().split()[1])
    deadline = time.monotonic() + 10
    while is_running(child):
        assert time.monotonic() < deadline, "a child outlived the supervisor"
        time.sleep(0.1)


def test_service_that_is_not_there_yet_does_not_answer(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    assert answers(f"http://127.0.0.1:{port}/healthz")(tmp_path / "log") is False
