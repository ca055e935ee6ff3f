"""Whether the process lives, whether it can serve, and how late its event loop is."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from app.telemetry.limits import CHECK_SECONDS, LAG_INTERVAL
from app.telemetry.metrics import Metrics

#: Returns when what it looks at can serve, raises when not.
Check = Callable[[], Awaitable[None]]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReadyReport:
    """Whether to send traffic here; `checks` says by name `ok`, `failed`, `timed out` or `draining`, and no more."""

    ok: bool
    checks: dict[str, str]


class Health:
    """Answers the probes. Lives on the event loop."""

    def __init__(self, timeout: float = CHECK_SECONDS) -> None:
        """Take how many seconds each check may take."""
        self._timeout = timeout
        self._checks: dict[str, Check] = {}
        self._is_draining = False
        self._fault: str | None = None

    def add(self, name: str, check: Check) -> None:
        """Make readiness depend on `check`; a second one of that name replaces the first."""
        self._checks[name] = check

    def begin_draining(self) -> None:
        """Ask for no more traffic: the process is going down, and finishes what it has."""
        self._is_draining = True

    @property
    def is_draining(self) -> bool:
        """Whether the process is going down."""
        return self._is_draining

    def give_up(self, fault: str) -> None:
        """Ask for a restart: something died that nothing in this process mends. `fault` goes to the log."""
        if self._fault is None:
            _log.critical("the process asks to be restarted: %s", fault)
            self._fault = fault

    @property
    def is_live(self) -> bool:
        """Whether a restart would not help. Never hangs on other servers: restarts do not mend those."""
        return self._fault is None

    async def ready(self) -> ReadyReport:
        """Run all checks side by side, each within the timeout."""
        names = list(self._checks)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._run(name, self._checks[name])) for name in names]
        checks = {name: task.result() for name, task in zip(names, tasks, strict=True)}
        if self._is_draining:
            checks["draining"] = "draining"
        if self._fault is not None:
            checks["process"] = "failed"
        return ReadyReport(all(result == "ok" for result in checks.values()), checks)

    async def _run(self, name: str, check: Check) -> str:
        try:
            async with asyncio.timeout(self._timeout):
                await check()
        except TimeoutError:
            _log.warning("the readiness check %s timed out", name)
            return "timed out"
        except Exception as error:  # noqa: BLE001 - whatever it raises means not ready; outsiders are not told what
            _log.warning("the readiness check %s failed", name, exc_info=error)
            return "failed"
        return "ok"


class LoopLag:
    """Watches how late the event loop runs what is due: what blocks it or eats its CPU shows here."""

    def __init__(
        self,
        metrics: Metrics,
        interval: float = LAG_INTERVAL,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Take where to report, the seconds between two looks and, for tests, another time."""
        self._metrics = metrics
        self._interval = interval
        self._clock = clock
        self._sleep = sleep
        self._worst = 0.0

    @property
    def worst(self) -> float:
        """The longest lateness since the start, in seconds."""
        return self._worst

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            due = self._clock() + self._interval
            await self._sleep(self._interval)
            late = max(self._clock() - due, 0.0)
            self._worst = max(self._worst, late)
            self._metrics.observe_loop_lag(late)
