"""Python environments of peers that must not share ours: made once from exact pins, made anew when those change."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.parties.party import run


def python_with(folder: Path, *, requirements: Path) -> Path:
    """Return the interpreter of an environment in ``folder`` that holds what ``requirements`` pins, hashes checked."""
    wanted = requirements.read_text(encoding="utf-8")
    python, stamp = folder / "venv" / "bin" / "python", folder / "installed"
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    folder.mkdir(parents=True, exist_ok=True)
    run([sys.executable, "-m", "venv", "--clear", folder / "venv"], folder=folder, environment={})
    install: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--require-hashes",
        "-r",
        requirements,
    ]
    run(install, folder=folder, environment={})
    stamp.write_text(wanted, encoding="utf-8")
    return python
