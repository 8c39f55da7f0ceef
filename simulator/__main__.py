"""Command line: ``python -m simulator --config demo/simulator.yaml [--port 9000] [--broker
http://localhost:8000]``.

``--write-metadata DIR`` writes each directory's SAML metadata as ``DIR/<directory>.xml`` and ends, so that
the product can be configured from a file before the simulator runs. The keys are kept in ``--state-dir``
(default ``var/simulator``).
"""

from __future__ import annotations

import argparse
import dataclasses
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from simulator.app import create_app
from simulator.config_file import load_config
from simulator.errors import ConfigError
from simulator.saml_metadata import write_metadata
from simulator.server import RunningSimulator, local_url

LOOPBACK = {"127.0.0.1", "localhost"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve, or write metadata. Exit status 0, or 2 when the configuration or the port is unusable."""
    options = _parser().parse_args(arguments)
    try:
        config = load_config(
            options.config, options.broker, base_url=options.base_url, state_dir=options.state_dir
        )
        if options.write_metadata:
            base_url = config.base_url or local_url(options.host, options.port)
            config = dataclasses.replace(config, base_url=base_url)
            for site in create_app(config).sites.values():
                print(write_metadata(site, options.write_metadata))
            return 0
        running = RunningSimulator(config, options.host, options.port, quiet=options.quiet)
    except (ConfigError, OSError) as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        _say_what_runs(running.url, options.host)
        running.run()
    except KeyboardInterrupt:
        print("Simulator stopped.", flush=True)
    return 0


def _say_what_runs(url: str, host: str) -> None:
    print(f"Identity provider simulator on {url}", flush=True)
    print("It signs in ANYBODY as anyone. For development only; never reachable by others.", flush=True)
    if host not in LOOPBACK:
        print(f"WARNING: it listens on {host}, not only on this machine.", file=sys.stderr, flush=True)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator", description="A stand-in identity provider.")
    parser.add_argument("--config", type=Path, default=Path("demo/simulator.yaml"), help="YAML file")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: this machine only)"
    )
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--base-url", help="public URL, when it is not http://HOST:PORT")
    parser.add_argument(
        "--broker", default="http://localhost:8000", help="the product's base URL (${broker})"
    )
    parser.add_argument("--state-dir", type=Path, default=Path("var/simulator"), help="folder of the keys")
    parser.add_argument(
        "--write-metadata", type=Path, metavar="DIR", help="write SAML metadata files and end"
    )
    parser.add_argument("--quiet", action="store_true", help="no line per request")
    return parser


if __name__ == "__main__":
    sys.exit(main())
