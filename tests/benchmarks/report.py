"""A run as text: tables that read well on a terminal and are Markdown too."""

import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from tests.benchmarks.cases import Case
from tests.benchmarks.rows import Row
from tests.benchmarks.scale import MEBIBYTE
from tests.benchmarks.targets import Target

_HEAD = ("who", "", "at once", "requests", "p50 ms", "p99 ms", "per second", "CPU ms", "round trips")

PREFACE = """\
# Benchmarks

Written by `.venv/bin/python -m tests.benchmarks --write`; `make bench` prints the same. One run, one Dovecot over plain
loopback, a maildir in memory where there is room, messages of about 7 kB. *cold* is the service without its summary
cache and messages that were not opened before; *cached* is the service as it comes, everything asked for before.
*raw socket* sends composed commands and reads until the tag, without understanding anything; *imapclient* is used as
its documentation shows, a thread for each connection. In their rows *cached* is the same commands without what a cache
saves.

*CPU* is per request: of the service's process, or of the client itself. *Round trips* are those of one request on a
warm connection, counted by a proxy before the mail server. *Memory* is the highest the service had above what it had
before. The load comes from a process of its own and shares the cores with Dovecot and the service, so that times under
concurrency say more about the machine than about the service; CPU says more. One account has three connections to its
mail server, as by default, whatever comes at once.
"""


def machine() -> str:
    """Say what the run ran on."""
    dovecot = subprocess.run(["dovecot", "--version"], capture_output=True, text=True, timeout=20, check=False).stdout
    python = platform.python_version()
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores, Python {python}, Dovecot {dovecot.split()[0] if dovecot else 'unknown'}"


def date() -> str:
    """Say when."""
    return datetime.now(UTC).strftime("%d %B %Y")


def case_lines(case: Case, rows: Sequence[Row]) -> Iterator[str]:
    """Write the table of one case."""
    yield f"## {case.title}"
    yield ""
    head = (*_HEAD, "memory MB") if case.downloads else _HEAD
    yield from table(head, [_cells(row, with_memory=bool(case.downloads)) for row in rows])
    for row in rows:
        if row.failures:
            yield ""
            yield f"Failed, {row.who} {row.state} at {row.concurrency}: {row.failures}"
    yield ""


def target_lines(found: Sequence[Target]) -> Iterator[str]:
    """Write the table of targets."""
    yield "## Targets"
    yield ""
    cells = [(target.aim, target.measured, "yes" if target.reached else "no") for target in found]
    yield from table(("aim", "measured", "reached"), cells)
    yield ""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Write a Markdown table with even columns."""
    widths = [max(len(line[at]) for line in [head, *rows]) for at in range(len(head))]
    for line in [head, ["-" * width for width in widths], *rows]:
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"


def _cells(row: Row, *, with_memory: bool) -> tuple[str, ...]:
    cells = (
        row.who,
        row.state,
        str(row.concurrency),
        str(row.requests),
        f"{row.p50 * 1000:.2f}",
        f"{row.p99 * 1000:.2f}",
        f"{row.rate:.1f}" if row.rate < 100 else f"{row.rate:.0f}",
        f"{row.cpu * 1000:.2f}",
        "" if row.round_trips is None else str(row.round_trips),
    )
    if with_memory:
        return (*cells, "" if row.growth is None else f"{row.growth / MEBIBYTE:.1f}")
    return cells
