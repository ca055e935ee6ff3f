"""Load comes from a process of its own, so that its CPU time is not counted for the service."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from tests.contracts.repository import ROOT

#: A row that takes longer than this is stuck.
_PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class HttpJob:
    """GETs over keep-alive connections, one request at a time each.

    `warm` goes first, unmeasured. Then `paths`, again and again, until `seconds` are over and every connection has
    made a request, or exactly `count` of them.
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


def run(job: HttpJob | ImapJob, cores: set[int] | None = None, around: Callable[[bool], None] | None = None) -> Outcome:
    """Start a load, let it warm up, measure. `around` is called with False right before and with True right after."""
    module = "tests.benchmarks.http_load" if isinstance(job, HttpJob) else "tests.benchmarks.imap_load"
    with subprocess.Popen(
        [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdin
        assert process.stdout
        timer = threading.Timer(_PATIENCE + job.seconds, process.kill)
        timer.start()
        try:
            process.stdin.write(json.dumps(asdict(job) | {"cores": sorted(cores or ())}) + "\n")
            process.stdin.flush()
            _expect(process.stdout.readline(), "ready\n")
            if around:
                around(False)
            process.stdin.write("go\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            if around:
                around(True)
            if not answer:
                raise RuntimeError(f"the load {module} ended without a result")
            return Outcome(**json.loads(answer))
        finally:
            timer.cancel()
            timer.join()


def _expect(line: str, wanted: str) -> None:
    if line != wanted:
        raise RuntimeError(f"the load did not become ready: {line!r}")
