"""Two processes of the product that do something at the same moment, each with connections of its own.

A job is a generator of ``jobs``: what it does before its ``yield`` is preparation (signing in, waiting for the
provider's answer); then both processes meet at a barrier and go on together. What it returns comes back to the test.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

_PATIENCE = 60  # seconds; a process that takes longer is stuck

Job = Generator[None, None, Any]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a process needs to know of the test that started it."""

    environment: Mapping[str, str]
    cache_prefix: str
    network: frozenset[tuple[str, int]]


@dataclass
class Crew:
    """The processes, ready for jobs."""

    pipes: list[Connection] = field(default_factory=list)

    def at_once(self, *jobs: tuple[str, Mapping[str, Any]]) -> list[Any]:
        """Do the jobs together, one in each process, and return what each came to."""
        assert len(jobs) == len(self.pipes)
        for pipe, job in zip(self.pipes, jobs, strict=True):
            pipe.send(job)
        results = []
        for pipe in self.pipes:
            assert pipe.poll(_PATIENCE), "a process is stuck"
            results.append(pipe.recv())
        failed = [result for result in results if isinstance(result, str) and result.startswith("Traceback")]
        assert not failed, failed[0]
        return results


@contextmanager
def crew_of(size: int, surroundings: Surroundings) -> Iterator[Crew]:
    """Start the processes and end them afterwards."""
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(size)
    crew, processes = Crew(), []
    for _ in range(size):
        here, there = spawn.Pipe()
        process = spawn.Process(target=_serve, args=(there, barrier, surroundings), daemon=True)
        process.start()
        crew.pipes.append(here)
        processes.append(process)
    try:
        yield crew
    finally:
        for pipe in crew.pipes:
            pipe.send(None)
        for process in processes:
            process.join(20)
            process.kill()


def _serve(pipe: Connection, barrier: Any, surroundings: Surroundings) -> None:
    """Run in the process: prepare Django as the tests do, then do what is asked for."""
    os.environ.update(surroundings.environment)
    import django
    from django.conf import settings

    settings.CACHES["default"]["KEY_PREFIX"] = surroundings.cache_prefix
    settings.BROKER_NETWORK_ALLOW_LIST = surroundings.network
    settings.ALLOWED_HOSTS = ["*"]
    django.setup()
    import traceback

    from django.db import connections

    from tests import speed
    from tests.concurrency import jobs

    speed.hash_passwords_quickly()
    speed.look_for_static_files_once()
    while (asked := pipe.recv()) is not None:
        name, arguments = asked
        job: Callable[..., Job] = getattr(jobs, name)
        try:
            steps = job(**arguments)
            next(steps)
            barrier.wait(_PATIENCE)
            result: Any = _rest(steps)
        except Exception:
            barrier.abort()
            result = traceback.format_exc()
        connections.close_all()
        pipe.send(result)


def _rest(steps: Job) -> Any:
    try:
        next(steps)
    except StopIteration as end:
        return end.value
    raise AssertionError("a job has one moment that both wait for")
