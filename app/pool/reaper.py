"""Closing what has been idle too long, forgetting what nothing is known about."""

import asyncio
from collections.abc import Callable

from app.domain.ports import Clock
from app.pool.account import Connection
from app.pool.capacity import Capacity
from app.pool.limits import REAP_LATEST, REAP_SOONEST
from app.pool.options import PoolOptions
from app.pool.registry import Registry
from app.pool.threads import Background


class Reaper:
    """One task for all accounts; it ends when there is nothing to look after and starts again with the next call."""

    def __init__(
        self,
        options: PoolOptions,
        clock: Clock,
        capacity: Capacity,
        registry: Registry,
        close: Callable[[Connection], "asyncio.Task[None]"],
    ) -> None:
        """Take what it looks after, and how to close a connection."""
        self._options = options
        self._clock = clock
        self._capacity = capacity
        self._registry = registry
        self._close = close
        self._task: asyncio.Task[None] | None = None
        soon = min(options.connection_idle, options.connection_lifetime) / 4
        self._period = min(max(soon, REAP_SOONEST), REAP_LATEST)

    def start(self, background: Background) -> None:
        """Begin to look after things, if not yet."""
        if self._task is None or self._task.done():
            self._task = background.start(self._run())

    def stop(self) -> None:
        """End at once."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        while len(self._registry) or self._capacity.hosts:
            await asyncio.sleep(self._period)
            self._look()

    def _look(self) -> None:
        now = self._clock.monotonic()
        for connection in self._capacity.idle:
            if now - connection.idle_since >= self._options.connection_idle or now >= connection.retire_at:
                self._capacity.unshelve(connection)
                self._close(connection)
        for account in self._registry:
            self._registry.prune(account)
        self._capacity.prune()
