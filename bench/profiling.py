"""Where our time goes: the requests of a row, answered in one process under ``cProfile``, without a socket between.

The process is a fresh one with the settings of the measured server; what is profiled is the WSGI application, with the
same middleware. Times include the profiler's own cost, so they tell shares, not speeds.
"""

from __future__ import annotations

import cProfile
import io
import json
import pstats
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.load import Address, Answer
from bench.parties.ours import Ours
from bench.parties.party import run
from bench.places import ROOT, WORK
from bench.postgres import tidy
from bench.rows import TITLES, Row, Share, Stock, plan

_REQUESTS = 400
_WARM_UP = 30
_SHOWN = 45


def profile(database: str, *, people: int, members: int, rows: Sequence[Row]) -> None:
    """Fill ``database`` and print the top functions of each row."""
    party = Ours(database)
    try:
        address = party.start()
        stock = party.seed(people, members)
    finally:
        party.stop()
    tidy(database)
    task = WORK / "profile.json"
    found = {"ids": stock.ids, "group": stock.group, "members": stock.members, "token": address.token}
    task.write_text(json.dumps({**found, "port": address.port, "rows": list(rows)}), encoding="utf-8")
    print(run([sys.executable, "-m", "bench.profiling", task], folder=ROOT, environment=party.environment()))


def _profile_here(task: Path) -> None:
    read = json.loads(task.read_text(encoding="utf-8"))
    from broker.wsgi import application

    address = Address(read["port"], "/api/scim", read["token"])
    stock = Stock(ids=read["ids"], group=read["group"], members=read["members"])
    for row in read["rows"]:
        _one(application, Row(row), address, stock)


def _one(application: Callable[..., Any], row: Row, address: Address, stock: Stock) -> None:
    requests = plan(row, address, stock, Share(0, 1, 1))
    exchange = next(requests)
    profiler = cProfile.Profile()
    began = 0.0
    done = wrong = 0
    for number in range(_REQUESTS + _WARM_UP):
        if number == _WARM_UP:
            began = time.perf_counter()
            profiler.enable()
        answer = ask_application(application, exchange.request)
        if number >= _WARM_UP:
            done += 1
        profiler.disable()
        if complaint := exchange.check(answer):
            wrong += 1
            print(f"wrong: {complaint}"[:200])
        try:
            exchange = requests.send(answer)
        except StopIteration:
            break
        if number >= _WARM_UP:
            profiler.enable()
    profiler.disable()
    spent = time.perf_counter() - began
    print(
        f"=== {TITLES[row]}: {done} requests, {wrong} wrong, {spent / max(done, 1) * 1000:.2f} ms each, profiled"
    )
    for order in ("tottime", "cumulative"):
        text = io.StringIO()
        pstats.Stats(profiler, stream=text).sort_stats(order).print_stats(_SHOWN)
        lines = [line for line in text.getvalue().splitlines() if line.strip()]
        print("\n".join(line.replace(f"{ROOT}/", "") for line in lines[2:]))


def ask_application(application: Callable[..., Any], request: bytes) -> Answer:
    """Give a request to the WSGI application as gunicorn would."""
    head, body = request.split(b"\r\n\r\n", 1)
    first, *lines = head.decode().split("\r\n")
    method, target, _ = first.split(" ")
    path, _, query = target.partition("?")
    headers = dict(line.split(": ", 1) for line in lines)
    host, port = headers.pop("Host").split(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": f"{host}:{port}",
        "CONTENT_TYPE": headers.pop("Content-Type", ""),
        "CONTENT_LENGTH": headers.pop("Content-Length", ""),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    heads: list[str] = []

    def start_response(line: str, fields: list[tuple[str, str]], _: Any = None) -> None:
        heads.append("\r\n".join([f"HTTP/1.1 {line}", *(f"{name}: {value}" for name, value in fields)]))

    parts = application(environ, start_response)
    try:
        found = b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
    return Answer(int(heads[0][9:12]), found, heads[0].encode("latin-1"))


if __name__ == "__main__":
    _profile_here(Path(sys.argv[1]))
