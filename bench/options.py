"""What the command lines of the bench have in common."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable

from bench.rows import Row


def names_of(known: Iterable[str]) -> Callable[[str], list[str]]:
    """Return a reader of lists with commas between; the order of ``known`` is kept, anything else is refused."""
    allowed = list(known)

    def read(text: str) -> list[str]:
        found = {each.strip() for each in text.split(",")}
        if unknown := found - set(allowed):
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: none of {', '.join(allowed)}")
        return [each for each in allowed if each in found]

    return read


def add_common(parser: argparse.ArgumentParser, rows: Iterable[Row]) -> None:
    """Add what every bench can be told."""
    known = list(rows)

    def read(text: str) -> list[Row]:
        return [Row(each) for each in names_of(known)(text)]

    parser.add_argument("--seconds", type=float, default=5.0, help="per figure (default: %(default)s)")
    parser.add_argument("--rows", type=read, default=known, help=f"of {', '.join(known)}")
    parser.add_argument("--connections", type=numbers, default=[1, 4], help="default: 1,4")
    parser.add_argument("--keep", action="store_true", help="don't drop the databases")


def say(text: str) -> None:
    """Tell the person who waits how far it is; the result alone goes to standard output."""
    print(text.rstrip(), file=sys.stderr, flush=True)


def numbers(text: str) -> list[int]:
    """Read numbers with commas between."""
    return [int(each) for each in text.split(",")]
