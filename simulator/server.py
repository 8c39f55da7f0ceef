"""Runs the application on the standard library's threaded server, in the foreground or inside a test process.

    with serve_in_thread(config) as simulator:      # a free port; simulator.url, simulator.stop()
        ...

The log line of a request holds method, path and status but never the query, where codes and requests travel.
"""

from __future__ import annotations

import dataclasses
import socketserver
import sys
import threading
from types import TracebackType
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from simulator.app import Simulator, create_app
from simulator.config import SimulatorConfig


class ThreadingWSGIServer(socketserver.ThreadingMixIn, WSGIServer):
    """One thread per request."""

    daemon_threads = True
    request_queue_size = 64


class Handler(WSGIRequestHandler):
    """Logs without the query."""

    timeout = 30

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        path = getattr(self, "path", "-").split("?")[0]
        sys.stderr.write(f"simulator {getattr(self, 'command', '-')} {path!r} {code}\n")

    def log_message(self, format: str, *args: object) -> None:
        sys.stderr.write("simulator: a request could not be read\n")


class QuietHandler(Handler):
    """Logs nothing."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        return

    def log_message(self, format: str, *args: object) -> None:
        return


class RunningSimulator:
    """A server that is bound to its port. ``app`` gives access to keys and directories."""

    def __init__(self, config: SimulatorConfig, host: str, port: int, *, quiet: bool) -> None:
        self._server = ThreadingWSGIServer((host, port), QuietHandler if quiet else Handler)
        base_url = config.base_url or local_url(host, self._server.server_port)
        self.app: Simulator = create_app(dataclasses.replace(config, base_url=base_url))
        self._server.set_app(self.app)
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The base URL, without a trailing slash."""
        return self.app.base_url

    @property
    def port(self) -> int:
        """The port that is listened on, whatever the base URL says."""
        return self._server.server_port

    def run(self) -> None:
        """Serve until ``stop`` is called from elsewhere or the process is interrupted."""
        with self._server:
            self._server.serve_forever(poll_interval=0.1)

    def start(self) -> RunningSimulator:
        self._thread = threading.Thread(target=self.run, name="simulator", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving and free the port. May be called twice."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join(timeout=5)
            self._thread = None

    def __enter__(self) -> RunningSimulator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def local_url(host: str, port: int) -> str:
    """The base URL of a server that listens on ``host`` (a name or an IPv4 address) and ``port``."""
    return f"http://{host}:{port}"


def serve_in_thread(
    config: SimulatorConfig, port: int = 0, host: str = "127.0.0.1", *, quiet: bool = True
) -> RunningSimulator:
    """Serve in a daemon thread. Port 0 takes a free one; ``base_url`` follows it unless configured."""
    return RunningSimulator(config, host, port, quiet=quiet).start()
