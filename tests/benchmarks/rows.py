"""What a row of a table holds, and how it is won."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tests.benchmarks import processes
from tests.benchmarks.cases import Case, Requests, State
from tests.benchmarks.load import HttpJob, ImapJob, Loader, Outcome
from tests.benchmarks.scale import Scale
from tests.benchmarks.stage import COUNTED, MailServer, Service

Who = Literal["raw socket", "imapclient", "Mailhatch"]
_BASELINES: tuple[tuple[Who, Literal["raw", "imapclient"]], ...] = (("raw socket", "raw"), ("imapclient", "imapclient"))


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement. Times are seconds; `cpu` is per request, of the client itself for the baselines, else of the
    service. `round_trips` are those of one request, seen by a proxy. `growth` is the service's peak memory in bytes
    over what it had before.
    """

    case: str
    who: Who
    state: State
    concurrency: int
    requests: int
    p50: float
    p99: float
    rate: float
    cpu: float
    round_trips: int | None
    growth: int | None
    failures: dict[str, int]


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all do not exceed (nearest rank); NaN of none."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)] if ranked else math.nan


def baseline_rows(scale: Scale, load: Loader, server: MailServer, case: Case) -> list[Row]:
    """Measure the raw socket and imapclient."""
    rows = []
    for who, client in _BASELINES:
        for state, operation in case.operations.items():

            def job(
                concurrency: int, count: int | None, port: int, operation: str = operation, client: str = client
            ) -> ImapJob:
                return ImapJob(
                    "raw" if client == "raw" else "imapclient", operation, "127.0.0.1", port,
                    server.logins(case.accounts), case.mailbox, case.turns, concurrency,
                    0.0 if case.downloads else scale.seconds, count,
                )  # fmt: skip

            trips = _round_trips(load, server, job(1, 1, server.proxy.port))
            for concurrency, count in _loads(scale, case):
                if concurrency <= case.baseline_concurrency:
                    outcome = load.run(job(concurrency, count, server.dovecot.plain.port))
                    rows.append(_row(case, who, state, concurrency, outcome, outcome.cpu, trips, None))
    return rows


def service_rows(
    scale: Scale, load: Loader, server: MailServer, service: Service, case: Case, state: State
) -> list[Row]:
    """Measure the service. In the state `cached` everything was asked for before."""
    requests = case.requests(service, service.accounts[: case.accounts])
    rows = []
    for concurrency, count in _loads(scale, case):
        seconds = 0.0 if case.downloads else scale.seconds
        job = _job(service, requests, state, concurrency, seconds, count)
        rows.append(measure(load, service, job, case, state))
        requests.cold.rotate(-rows[-1].requests)
    trips = _round_trips(load, server, _counted_job(service, case, state))  # last: it takes memory too
    return [replace(row, round_trips=trips) for row in rows]


def measure(
    load: Loader,
    service: Service,
    job: HttpJob,
    case: Case,
    state: State,
    cores: set[int] | None = None,
) -> Row:
    """Measure one row of the service; its round trips are not counted yet."""
    cpu: list[float] = []
    memory: list[int] = []

    def around(is_over: bool) -> None:
        cpu.append(processes.cpu_seconds(service.pid))
        memory.append(processes.peak(service.pid) if is_over else processes.resident(service.pid))
        if not is_over:
            processes.reset_peak(service.pid)

    outcome = load.run(job, cores, around)
    growth = memory[1] - memory[0] if case.downloads else None
    return _row(case, "Mailhatch", state, job.concurrency, outcome, cpu[1] - cpu[0], None, growth)


def _job(
    service: Service, requests: Requests, state: State, concurrency: int, seconds: float, count: int | None
) -> HttpJob:
    wanted = list(requests.cold) if state == "cold" else list(requests.cached)
    warm = list(requests.warm) if state == "cold" else [*requests.warm, *requests.cached]
    # Each connection takes part, so that the pool has opened as many to the mail server as it will use.
    rounds = 1 + 2 * concurrency // len(warm)
    return HttpJob(service.host, service.port, service.token, warm * rounds, wanted, concurrency, seconds, count)


def _counted_job(service: Service, case: Case, state: State) -> HttpJob:
    requests = case.requests(service, [service.counted])
    warm, wanted = list(requests.warm), list(requests.cold)[-1:]  # no case has opened the same oldest one before
    if state == "cached":
        warm, wanted = [*warm, *requests.cached], list(requests.cached)[:1]
    return HttpJob(service.host, service.port, service.token, warm, wanted, 1, 0.0, 1)


def _round_trips(load: Loader, server: MailServer, job: HttpJob | ImapJob) -> int:
    """Count the round trips of one request on a warm connection. The service goes there as the account COUNTED."""
    seen: list[int] = []
    outcome = load.run(job, None, lambda _: seen.append(server.proxy.counts.round_trips))
    if outcome.failures:
        raise RuntimeError(f"the request that is counted failed: {outcome.failures} ({COUNTED})")
    return seen[1] - seen[0]


def _loads(scale: Scale, case: Case) -> list[tuple[int, int | None]]:
    counts: Sequence[int | None] = case.downloads or [case.most if scale.seconds else None] * len(scale.concurrencies)
    return list(zip(scale.concurrencies, counts, strict=True))


def _row(
    case: Case, who: Who, state: State, concurrency: int, outcome: Outcome, cpu: float, trips: int | None,
    growth: int | None,
) -> Row:  # fmt: skip
    count = len(outcome.latencies)
    return Row(
        case=case.key,
        who=who,
        state=state,
        concurrency=concurrency,
        requests=count,
        p50=percentile(outcome.latencies, 0.5),
        p99=percentile(outcome.latencies, 0.99),
        rate=count / outcome.wall,
        cpu=cpu / count if count else math.nan,
        round_trips=trips,
        growth=growth,
        failures=outcome.failures,
    )
