"""Load comes from a process of its own, so that its CPU time is not counted for the service."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import IO, Any, Literal, Self

from tests.contracts.repository import ROOT

#: A row that takes longer than this is stuck.
_PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class HttpJob:
    """Requests over keep-alive connections, one at a time each: GETs of addresses, and `METHOD address body` as JSON.

    `warm` goes first, unmeasured. Then `paths`, again and again, until `seconds` are over and every connection has
    made a request, and no more than `count` of them; with `seconds` 0 exactly `count`, or one for each connection.
    """

    host: str
    port: int
    token: str
    warm: Sequence[str]
    paths: Sequence[str]
    concurrency: int
    seconds: float
    count: int | None = None


@dataclass(frozen=True, slots=True)
class ImapJob:
    """One operation over connections that are logged in and in the mailbox.

    `logins` are taken in turn. `turns` are the arguments of the operation, in turn; see `imap_load`.
    """

    who: Literal["raw", "imapclient"]
    operation: str
    host: str
    port: int
    logins: Sequence[tuple[str, str]]
    mailbox: str
    turns: Sequence[Any]
    concurrency: int
    seconds: float
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a load saw: `latencies`, `wall` and its own `cpu` are seconds; `failures` counts answers that are no 200."""

    latencies: list[float]
    wall: float
    cpu: float
    transferred: int
    failures: dict[str, int] = field(default_factory=dict)


class Loader:
    """The processes that make the load, one for each kind of job, started when first needed. A context manager."""

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running.values():
            with process:  # closes its input, which ends it
                assert process.stdin
                process.stdin.close()
        self._running.clear()

    def run(
        self, job: HttpJob | ImapJob, cores: set[int] | None = None, around: Callable[[bool], None] | None = None
    ) -> Outcome:
        """Let a job warm up, then measure. `around` is called with False right before and with True right after."""
        process = self._process("http_load" if isinstance(job, HttpJob) else "imap_load")
        assert process.stdin
        assert process.stdout
        timer = threading.Timer(_PATIENCE + job.seconds, process.kill)
        timer.start()
        try:
            _say(process.stdin, json.dumps(asdict(job) | {"cores": sorted(cores or os.sched_getaffinity(0))}))
            ready = process.stdout.readline()
            if ready != "ready\n":
                raise RuntimeError(f"the load did not become ready: {ready!r}")
            if around:
                around(False)
            _say(process.stdin, "go")
            answer = process.stdout.readline()
            if around:
                around(True)
            if not answer:
                raise RuntimeError(f"the load ended without a result: {job.concurrency} at once")
            return Outcome(**json.loads(answer))
        finally:
            timer.cancel()
            timer.join()

    def _process(self, name: str) -> "subprocess.Popen[str]":
        if name not in self._running:
            command = [sys.executable, "-m", f"tests.benchmarks.{name}"]
            self._running[name] = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
            )
        return self._running[name]


def _say(to: IO[str], line: str) -> None:
    to.write(line + "\n")
    to.flush()
