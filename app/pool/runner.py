"""One operation on one leased connection."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from app.domain.errors import MailhatchError, UpstreamThrottled, UpstreamTimeout
from app.domain.ports import HARMLESS, Clock, Session
from app.pool.account import Connection
from app.pool.limits import ABORT_GRACE
from app.pool.stats import PoolMeter
from app.pool.threads import Threads
from app.telemetry.trace import current_cost

T = TypeVar("T")


class Runner:
    """Runs operations in threads, cuts those that overrun or are cancelled, and ends every lease."""

    def __init__(
        self, threads: Threads, clock: Clock, meter: PoolMeter, give_back: Callable[[Connection, bool], None]
    ) -> None:
        """Take where blocking calls run; `give_back` takes a connection, and whether it may be used again."""
        self._threads = threads
        self._clock = clock
        self._meter = meter
        self._give_back = give_back

    async def perform(
        self, connection: Connection, operation: Callable[[Session, float], T], deadline: float, name: str
    ) -> T:
        """Do the operation and give the connection back, whatever happens.

        The session keeps the deadline itself. When it does not, or the caller is cancelled, the connection is cut;
        the lease then ends when the thread has come back, and not before. Raises UpstreamTimeout for an overrun.
        """
        session = connection.session
        began, trips, before = self._clock.monotonic(), session.round_trips, session.bytes_received
        future = self._threads.submit(partial(operation, session, deadline))
        outcome, is_good = "cancelled", False
        try:
            result = await self._result(future, session, deadline)
        except MailhatchError as error:
            outcome, is_good = error.code, isinstance(error, HARMLESS)
            if isinstance(error, UpstreamThrottled):
                connection.account.breaker.fail(error, self._clock.monotonic())
            raise
        except Exception:
            outcome = "internal_error"
            raise
        else:
            outcome, is_good = "ok", True
            return result
        finally:
            took = self._clock.monotonic() - began
            cost = current_cost()
            cost.mail += took
            trips = session.round_trips - trips
            cost.round_trips += trips
            cost.bytes += session.bytes_received - before
            self._meter.count_round_trips(trips)
            self._meter.observe_mail(name, outcome, took)
            self._end(connection, future, is_good)

    async def _result(self, future: asyncio.Future[T], session: Session, deadline: float) -> T:
        await asyncio.wait({future}, timeout=max(0.0, deadline - self._clock.monotonic()) + ABORT_GRACE)
        if future.done():
            return future.result()
        session.abort()
        await asyncio.wait({future}, timeout=ABORT_GRACE)
        raise UpstreamTimeout("The mail server did not answer in time.")

    def _end(self, connection: Connection, future: asyncio.Future[Any], is_good: bool) -> None:
        if future.done():
            notice(future)
            self._give_back(connection, is_good)
            return
        connection.session.abort()
        future.add_done_callback(notice)
        future.add_done_callback(lambda _: self._give_back(connection, False))


def notice(future: asyncio.Future[Any]) -> None:
    """Look at how a thread ended that nobody waits for any more, so that asyncio does not complain."""
    if not future.cancelled():
        future.exception()
