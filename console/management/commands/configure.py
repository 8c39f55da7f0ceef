"""``manage.py configure broker.yaml``: load partners, accounts and everything of theirs from one file (A-10).

The difference goes to standard output, warnings and the closing word to standard error. Exit status 1 means that the
file was refused and nothing was changed; each problem is named with its line and key.
"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from console.configuration import load_configuration
from console.configuration.applying import apply_configuration
from console.configuration.problems import ConfigurationError
from console.management.commands._acting import acting
from foundation import track_ids


class Command(BaseCommand):
    """Apply a configuration file."""

    help = (
        "Create and update the partners, accounts, spaces, roles, groups, people and identity providers that a YAML "
        "file names. It removes nothing, may run any number of times, and prints what changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("file", type=Path, help="the YAML file")
        parser.add_argument(
            "--dry-run", action="store_true", help="print what would change, and change nothing"
        )
        parser.add_argument(
            "--override",
            action="store_true",
            help="make changes that could lock people out of an account in use, and people anew who were removed",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, apply, report."""
        file: Path = options["file"]
        with acting(f"configuration file {file.name}") as actor:
            try:
                outcome = apply_configuration(
                    load_configuration(file),
                    actor=actor,
                    override=options["override"],
                    dry_run=options["dry_run"],
                )
            except ConfigurationError as error:
                count = len(error.problems)
                heading = f"nothing was changed, {count} problem{'s' if count > 1 else ''}:"
                raise CommandError("\n".join([heading, *map(str, error.problems)])) from None
            for warning in outcome.warnings:
                self.stderr.write(f"warning: {warning}", self.style.WARNING)
            for line in outcome.difference.lines():
                self.stdout.write(line)
            self.stdout.write(outcome.difference.summary())
            if options["dry_run"]:
                self.stderr.write("dry run: nothing was written")
            elif outcome.difference:
                self.stderr.write(f"track ID {track_ids.current()}")
