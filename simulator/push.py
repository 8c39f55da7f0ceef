"""Command line of the SCIM client:

    python -m simulator.push --base-url http://localhost:8000/api/scim --token-file var/scim-token \\
        --dialect entra create --person mia@acme.example

People and groups come from ``--config`` (default demo/simulator.yaml) and ``--directory`` (default: the
first). Each request and answer is printed, the token masked. Exit status 0 when everything was accepted, 1
when the server refused, 2 when the call itself is wrong. ``--token`` is visible in the list of processes;
prefer ``--token-file``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from simulator.config import Directory, DirectoryGroup, Person
from simulator.config_file import load_config
from simulator.errors import ConfigError
from simulator.provisioning import EDITABLE, Push, changed, run
from simulator.scim_client import NotProvisioned, OktaApp, ScimFailure, ScimPusher
from simulator.scim_dialects import Dialect


def main(arguments: Sequence[str] | None = None) -> int:
    """Push once. Returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        directory = _directory(options)
        person = _person(directory, options)
        group = _group(directory, options)
        token = options.token or options.token_file.read_text(encoding="utf-8").strip()
        pusher = ScimPusher(
            options.base_url, token, options.dialect, compliant=options.compliant, okta_app=options.okta_app
        )
        failure = _push(pusher, options, person, group)
    except (ConfigError, ValueError, OSError) as error:
        print(f"simulator.push: {error}", file=sys.stderr)
        return 2
    for exchange in pusher.exchanges:
        print(f"{exchange.request_text}\n\n-> {exchange.status} {exchange.answer}\n")
    if failure is not None:
        print(f"simulator.push: {failure}", file=sys.stderr)
        return 1
    return 0


def _push(
    pusher: ScimPusher, options: argparse.Namespace, person: Person | None, group: DirectoryGroup | None
) -> ScimFailure | NotProvisioned | None:
    try:
        pushed = changed(person, vars(options)) if person else None
        run(pusher, Push(options.action), pushed, group, person.user_name if person else None)
    except (ScimFailure, NotProvisioned) as error:
        return error
    return None


def _directory(options: argparse.Namespace) -> Directory:
    directories = load_config(options.config).directories
    if options.directory is None:
        return directories[0]
    for directory in directories:
        if directory.slug == options.directory:
            return directory
    raise ValueError(f"there is no directory {options.directory!r} in {options.config}")


def _person(directory: Directory, options: argparse.Namespace) -> Person | None:
    if options.person is None:
        return None
    person = directory.person(options.person)
    if person is None:
        raise ValueError(f"{options.person!r} is not in the directory {directory.slug}")
    return person


def _group(directory: Directory, options: argparse.Namespace) -> DirectoryGroup | None:
    if options.group is None:
        return None
    group = directory.group(options.group)
    if group is None:
        raise ValueError(f"the group {options.group!r} is not in the directory {directory.slug}")
    return group


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulator.push", description="Push people and groups by SCIM."
    )
    parser.add_argument("action", choices=list(Push))
    parser.add_argument(
        "--base-url", required=True, help="SCIM base URL, such as http://localhost:8000/api/scim"
    )
    token = parser.add_mutually_exclusive_group(required=True)
    token.add_argument("--token")
    token.add_argument("--token-file", type=Path)
    parser.add_argument("--dialect", choices=list(Dialect), default=Dialect.ENTRA)
    parser.add_argument("--compliant", action="store_true", help="Entra with aadOptscim062020")
    parser.add_argument("--okta-app", choices=list(OktaApp), default=OktaApp.OIN)
    parser.add_argument("--config", type=Path, default=Path("demo/simulator.yaml"))
    parser.add_argument("--directory", help="slug of the directory (default: the first)")
    parser.add_argument("--person", help="object id, user name or e-mail address")
    parser.add_argument("--group", help="id or name of a group")
    for name in EDITABLE:
        parser.add_argument(f"--{name.replace('_', '-')}", help="push this instead of the person's own value")
    return parser


if __name__ == "__main__":
    sys.exit(main())
