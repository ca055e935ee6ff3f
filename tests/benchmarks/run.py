"""One run from nothing to a report; it stops all that it started."""

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from tests.benchmarks import processes
from tests.benchmarks.cases import Case, cases
from tests.benchmarks.load import HttpJob, Loader
from tests.benchmarks.rows import Row, baseline_rows, measure, service_rows
from tests.benchmarks.scale import Scale
from tests.benchmarks.stage import MailServer, Service, mail_server, service
from tests.benchmarks.targets import Target, targets


@dataclass(slots=True)
class Run:
    """What a run found. `idle_bytes` is the service's memory before its first request, `used_bytes` after its last."""

    cases: list[Case]
    rows: list[Row] = field(default_factory=list)
    one_core: Row | None = None
    idle_bytes: int = 0
    used_bytes: int = 0

    def of(self, case: Case) -> list[Row]:
        """Return the rows of a case."""
        return [row for row in self.rows if row.case == case.key]

    def targets(self) -> list[Target]:
        """Hold the run against the aims."""
        assert self.one_core
        return targets(self.rows, self.one_core, self.idle_bytes)


def run(scale: Scale, tell: Callable[[str], None], only: Collection[str] | None = None) -> Run:
    """Measure every case, or those whose key is in `only`; `tell` hears how far it is. Raises DovecotUnavailable."""
    by_key = {case.key: case for case in cases(scale) if only is None or case.key in only}
    result = Run(list(by_key.values()))
    tell(f"Dovecot, {scale.accounts} accounts, mailboxes of {scale.small:,} and {scale.large:,} messages …")
    with mail_server(scale) as server, Loader() as load:
        for case in result.cases:
            tell(f"Raw socket and imapclient: {case.title} …")
            result.rows += baseline_rows(scale, load, server, case)
        with service(server, with_cache=False) as cold:
            for case in [each for each in result.cases if "cold" in each.states]:
                tell(f"Mailhatch, cold: {case.title} …")
                result.rows += service_rows(scale, load, server, cold, case, "cold")
        with service(server, with_cache=True) as warm:
            result.idle_bytes = warm.idle_bytes
            for case in result.cases:
                tell(f"Mailhatch, cached: {case.title} …")
                result.rows += service_rows(scale, load, server, warm, case, "cached")
            tell("Mailhatch on one core, cached pages …")
            result.one_core = _on_one_core(scale, load, server, warm, result.cases)
            result.used_bytes = processes.resident(warm.pid)
    return result


def _on_one_core(scale: Scale, load: Loader, server: MailServer, warm: Service, all_cases: list[Case]) -> Row:
    """Measure cached pages with the service on one core and all else on the others; the best of the concurrencies."""
    every = os.sched_getaffinity(0)
    one = {min(every)}
    others = every - one or one
    case = next(case for case in all_cases if case.key == f"first-{scale.accounts}")
    paths = list(case.requests(warm, warm.accounts[: case.accounts]).cached)
    assert server.dovecot._process
    processes.pin(warm.pid, one)
    processes.pin(server.dovecot._process.pid, others)
    rows = [
        measure(
            load,
            warm,
            HttpJob(warm.host, warm.port, warm.token, paths * 4, paths, concurrency, 2 * scale.seconds),
            case,
            "cached",
            others,
        )
        for concurrency in scale.concurrencies[-2:]
    ]
    return max(rows, key=lambda row: row.rate)
