"""``python -m demo`` prepares the data and runs everything until Ctrl-C; ``python -m demo reset`` empties ``var/``."""

from __future__ import annotations

import sys
from pathlib import Path

from demo.mails import NewMails
from demo.places import Places, PlacesError, places_from_environment
from demo.prepare import PreparationFailed, prepare
from demo.processes import ProcessEnded, Supervisor, end_like_ctrl_c
from demo.reset import empty
from demo.run_lock import AlreadyRunning, RunLock
from demo.services import services
from demo.welcome import welcome


def main(arguments: list[str]) -> int:
    """Return the exit status: 0 after Ctrl-C, 1 when something could not start or ended by itself."""
    try:
        places = places_from_environment()
        if arguments == ["reset"]:
            return _reset(places)
        if arguments:
            print("Usage: python -m demo [reset]", file=sys.stderr)
            return 2
        return _run(places)
    except (PlacesError, PreparationFailed, ProcessEnded, AlreadyRunning) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _run(places: Places) -> int:
    end_like_ctrl_c()
    with RunLock(places.var):
        places.require_free_ports()
        secrets = prepare(places)
        supervisor = Supervisor(services(places))
        try:
            print("Starting web, worker, scheduler and identity provider …", flush=True)
            supervisor.start()
            print(welcome(places, secrets), flush=True)
            supervisor.watch(NewMails(places.mails).tell)
        finally:
            supervisor.stop()
    return 0


def _reset(places: Places) -> int:
    with RunLock(places.var):
        removed = empty(places.var)
    print(f"{_shown(places.var)} is empty ({removed} entries removed).")
    return 0


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) + "/" if path.is_relative_to(Path.cwd()) else str(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
