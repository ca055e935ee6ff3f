"""Ending connections, out of everybody's way."""

import asyncio
from collections.abc import Callable
from functools import partial

from app.domain.ports import Clock
from app.pool.account import AccountConnections, Connection
from app.pool.capacity import Capacity
from app.pool.limits import ABORT_GRACE, LOGOUT_TIME
from app.pool.stats import PoolMeter
from app.pool.threads import Background, Threads


class Closer:
    """Closes connections in tasks of its own, so that a caller who is cancelled leaks none.

    A connection counts against its account's budget until the mail server has seen it go.
    """

    def __init__(
        self,
        capacity: Capacity,
        threads: Threads,
        background: Background,
        clock: Clock,
        meter: PoolMeter,
    ) -> None:
        """Take where slots go back to and where blocking calls run."""
        self._capacity = capacity
        self._threads = threads
        self._background = background
        self._clock = clock
        self._meter = meter

    def close(
        self, connection: Connection, politely: bool, then: Callable[[AccountConnections], None]
    ) -> asyncio.Task[None]:
        """Start closing a connection that is neither idle nor leased any more; `then` runs when it is gone.

        A polite one logs out, within its bound; one that is dead or must not be waited for is cut at once.
        """
        connection.account.closing += 1
        if not politely:
            connection.session.abort()
        return self._background.start(self._close(connection, politely, then))

    async def _close(self, connection: Connection, politely: bool, then: Callable[[AccountConnections], None]) -> None:
        began = self._clock.monotonic()
        deadline = began + (LOGOUT_TIME if politely else 0.0)
        future = self._threads.submit(partial(connection.session.close, deadline))
        try:
            await asyncio.wait({future}, timeout=LOGOUT_TIME + ABORT_GRACE)
            if not future.done():
                connection.session.abort()
                await asyncio.wait({future})
            future.result()
        finally:
            connection.account.closing -= 1
            if connection.slot is not None:
                self._capacity.release(connection.slot)
            then(connection.account)
        if politely:
            self._meter.observe_mail("logout", "ok", self._clock.monotonic() - began)
