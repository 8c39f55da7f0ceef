"""Build ``.venv`` from the locks, whatever was there before; standard library only, Python 3.11 or newer.

    python3 scripts/venv.py        what `make run` needs (requirements.txt)
    python3 scripts/venv.py --dev  and what tests and checks need (requirements-dev.txt)

A stamp in ``.venv`` names the locks and the Python it was built from. While it fits nothing happens. When a lock has
changed, pip brings the environment up to date; when there is no stamp, or pip fails, or Python is another one, a new
environment is made from scratch. Only what the locks pin is installed, with its hashes checked.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
RUN_LOCK = ROOT / "requirements.txt"
DEV_LOCK = ROOT / "requirements-dev.txt"


class BuildFailed(Exception):
    """The environment can't be built; the message tells a newcomer what to do."""


def main() -> int:
    """Build what is asked for; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dev", action="store_true", help="tools for tests and checks as well")
    options = parser.parse_args()
    try:
        build(dev=options.dev)
    except BuildFailed as error:
        print(f"\n.venv: {error}", file=sys.stderr)
        return 1
    return 0


def build(*, dev: bool) -> None:
    """Bring ``.venv`` up to date with the locks."""
    if sys.version_info < (3, 11):  # noqa: UP036  (this file is the one that an older Python may run)
        raise BuildFailed(f"Python 3.11 or newer is needed, {sys.executable} is {sys.version.split()[0]}.")
    locks = [RUN_LOCK, DEV_LOCK] if dev else [RUN_LOCK]
    if _is_current(dev=dev):
        return
    started = time.monotonic()
    packages = sum(re.match(r"[a-z0-9][^ ]*==", line) is not None for lock in locks for line in lock.open())
    print(f".venv: installing {packages} locked packages (a minute or two the first time)", flush=True)
    # Without any stamp the last installation was interrupted, or wasn't ours: what is there can't be relied on.
    fresh = not _works() or not any(_stamp(dev=kind).exists() for kind in (True, False))
    if fresh:
        _create()
    try:
        _install(locks)
    except BuildFailed:
        if fresh:
            raise
        print(".venv: that failed in the existing environment, starting from scratch", flush=True)
        _create()
        _install(locks)
    _stamp(dev=False).write_text(_fingerprint([RUN_LOCK]))
    if dev:
        _stamp(dev=True).write_text(_fingerprint(locks))
    print(f".venv: ready after {time.monotonic() - started:.0f} s", flush=True)


def _stamp(*, dev: bool) -> Path:
    return VENV / (".built-dev" if dev else ".built-run")


def _fingerprint(locks: list[Path]) -> str:
    """Name what an environment is made of: the locks' contents and the Python."""
    content = b"".join(lock.read_bytes() for lock in locks)
    return f"{hashlib.sha256(content).hexdigest()} {sys.version_info[:3]} {sys.base_prefix}\n"


def _is_current(*, dev: bool) -> bool:
    # The development environment contains the other one, so its stamp serves both.
    wanted = [(_stamp(dev=True), [RUN_LOCK, DEV_LOCK])]
    if not dev:
        wanted.append((_stamp(dev=False), [RUN_LOCK]))
    for stamp, locks in wanted:
        try:
            if stamp.read_text() == _fingerprint(locks) and _works():
                return True
        except OSError:
            continue
    return False


def _works() -> bool:
    """Tell whether ``.venv`` runs, belongs to this Python and to this folder, and has pip."""
    code = "import sys, pip; print(sys.version_info[:3], sys.base_prefix, sys.prefix)"
    try:
        found = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return found.stdout.strip() == f"{sys.version_info[:3]} {sys.base_prefix} {VENV}"


def _create() -> None:
    """Make an empty environment, away with the old one."""
    print(f".venv: creating with {sys.executable} ({sys.version.split()[0]})", flush=True)
    if VENV.is_symlink() or VENV.is_file():
        VENV.unlink()
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True)
    if made.returncode:
        raise BuildFailed(
            f"`{sys.executable} -m venv` failed. On Debian: apt-get install python3-venv python3-pip\n"
            f"{made.stdout}{made.stderr}"
        )


def _install(locks: list[Path]) -> None:
    for stamp in (_stamp(dev=False), _stamp(dev=True)):
        stamp.unlink(missing_ok=True)  # an interrupted installation must not pass for a finished one
    command = [
        str(PYTHON),
        "-m",
        "pip",
        "install",
        "--require-hashes",
        "--no-deps",
        "--disable-pip-version-check",
    ]
    command += ["--progress-bar", "on" if sys.stdout.isatty() else "off", "--no-input"]
    for lock in locks:
        command += ["-r", str(lock)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    tail: list[str] = []
    count = 0
    assert process.stdout is not None  # noqa: S101  (for the type checker)
    for line in process.stdout:
        tail = [*tail[-30:], line]
        if line.startswith("Collecting "):
            count += 1
            _progress(f"{count:3} {line.split()[1].split(';')[0]}")
        elif line.startswith("Installing collected packages"):
            _progress("    unpacking")
    _progress("")
    if process.wait():
        raise BuildFailed("pip could not install the locked packages:\n" + "".join(tail))


def _progress(text: str) -> None:
    """Show one line that the next one replaces; on a file or in CI every fifteenth package only."""
    if sys.stdout.isatty():
        print(f"\r\033[K  {text}", end="", flush=True)
    elif text and (not text[:3].strip() or int(text[:3]) % 15 == 0):
        print(f"  {text.strip()}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
