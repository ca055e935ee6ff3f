"""The pool of mail connections of this process: asyncio on the outside, blocking sessions on threads of its own."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar, cast

from app.domain.account import IncomingServer
from app.domain.errors import MailhatchError, ShuttingDown, TooManyConnections, UpstreamTimeout, UpstreamUnavailable
from app.domain.ids import AccountId
from app.domain.ports import AccountObserver, Clock, CredentialSource, Session, SessionFactory
from app.pool.account import AccountConnections, Connection
from app.pool.admission import Admission
from app.pool.capacity import Capacity
from app.pool.closing import Closer
from app.pool.limits import ABORT_GRACE, BUSY_RETRY_AFTER, LOGOUT_TIME
from app.pool.opening import Opener
from app.pool.options import PoolOptions
from app.pool.proving import NothingDone, Operation, proved
from app.pool.reaper import Reaper
from app.pool.registry import Registry
from app.pool.runner import Runner, notice
from app.pool.stats import PoolMeter, PoolStats, SilentMeter
from app.pool.threads import Background, Threads
from app.pool.waiter import Waiter
from app.telemetry.trace import current_cost

S_co = TypeVar("S_co", bound=Session, covariant=True)
T = TypeVar("T")


class Pool(Generic[S_co]):
    """Leases connections for one operation each. One per process, used on one event loop.

    Promises: the budget of an account, the ceiling of a host and the total are never exceeded, connections that are
    being opened or closed included; nothing blocking runs on the loop; a cancelled call leaks no connection; what a
    failing server asks for is honoured.
    """

    def __init__(
        self,
        factory: SessionFactory[S_co],
        credentials: CredentialSource,
        observer: AccountObserver,
        options: PoolOptions,
        clock: Clock,
        meter: PoolMeter | None = None,
    ) -> None:
        """Take the ports; nothing is started before the first call."""
        self._options = options
        self._clock = clock
        self._meter = meter or SilentMeter()
        self._threads = Threads(options.connections_total)
        self._background = Background()
        self._capacity = Capacity(options, clock)
        self._registry = Registry(options, self._capacity, clock, self._grow)
        self._closer = Closer(self._capacity, self._threads, self._background, clock, self._meter)
        self._admission = Admission(self._capacity, clock, self._close_politely)
        self._opener = Opener(
            factory, credentials, observer, options, clock, self._meter, self._capacity, self._admission, self._threads
        )
        self._runner = Runner(self._threads, clock, self._meter, self._give_back)
        self._reaper = Reaper(options, clock, self._capacity, self._registry, self._close_politely)
        self._openings: set[asyncio.Task[None]] = set()
        self._came_back = asyncio.Event()
        self._is_closed = False

    def __repr__(self) -> str:
        """Tell the truth of this moment."""
        now = self.stats()
        return (
            f"<Pool idle={now.idle} leased={now.leased} opening={now.opening} closing={now.closing} "
            f"waiting={now.waiting} accounts={now.accounts}{' closed' if self._is_closed else ''}>"
        )

    def stats(self) -> PoolStats:
        """Count connections by what they do, and calls that wait."""
        return self._registry.stats()

    async def run(
        self,
        account_id: AccountId,
        mailbox: str | None,
        operation: Callable[[S_co, float], T],
        timeout: float,
        interactive: bool = True,
        *,
        name: str = "operation",
        repeatable: bool = True,
        writes: bool = False,
    ) -> T:
        """Do `operation(session, deadline)` in a thread, on a connection that is in `mailbox` if there is one.

        `timeout` is seconds for all of it. An operation that is not `interactive` leaves the last connection of the
        account's budget to those that are. One that `writes` has the account's connections enter mailboxes for writing.

        When a connection that had been idle turns out to be dead (UpstreamUnavailable), the operation is done once more
        on another within the same deadline, which costs nothing on the connections that live, where asking first would
        cost each a round trip. One that is not `repeatable` is done at most once: its connection is proved to be alive
        before, and only what was not begun is done on another.

        Raises what the operation raises; the connection survives only harmless answers, and only if it says so itself.
        Raises TooManyConnections when no connection came free in time, UpstreamTimeout when the server did not answer
        in time, the last connect failure with `retry_after` while the account's server is being left alone, what the
        credential source raises, and ShuttingDown.
        """
        asked = cast("Callable[[Session, float], T]", operation)  # the factory makes no other sessions
        deadline = self._clock.monotonic() + timeout
        connection, was_idle = await self._lease(account_id, mailbox, deadline, interactive)
        if writes:
            self._registry.expect_writes(connection.account)
        try:
            work = asked if repeatable else self._proved(asked, connection)
            return await self._runner.perform(connection, work, deadline, name)
        except UpstreamUnavailable as error:
            may_repeat = was_idle if repeatable else isinstance(error, NothingDone)
            if not may_repeat or error.retry_after is not None or self._clock.monotonic() >= deadline:
                raise UpstreamUnavailable(error.detail, retry_after=error.retry_after) from None
            for other in tuple(connection.account.idle):  # most likely as dead: a server that went took all
                self._capacity.unshelve(other)
                self._closer.close(other, politely=False, then=self._after_close)
        connection, _ = await self._lease(account_id, mailbox, deadline, interactive)
        work = asked if repeatable else self._proved(asked, connection)
        try:
            return await self._runner.perform(connection, work, deadline, name)
        except NothingDone as error:
            raise UpstreamUnavailable(error.detail, retry_after=error.retry_after) from None

    def leave(self, account_id: AccountId, mailbox: str) -> None:
        """Use no connection of the account again that is in this mailbox, or may be in one that lies in it: it was
        renamed or deleted, and they would go on telling of what it was.
        """
        account = self._registry.find(account_id)
        if account is None:
            return
        for connection in account.leased:  # what these are about to enter is not known here
            connection.is_doomed = True
        for connection in tuple(account.idle):
            if (connection.session.selected or "").startswith(mailbox):
                self._retire(connection)

    async def probe(self, incoming: IncomingServer, work: Callable[[float], T], timeout: float) -> T:
        """Do `work(deadline)`, which connects by itself, in a thread: outside any account's budget and breaker, but
        under the ceilings and the host's pace of logins.

        Raises TooManyConnections when there was no room in time, UpstreamTimeout when `work` overran, ShuttingDown,
        and what `work` raises.
        """
        self._require_open()
        deadline = self._clock.monotonic() + timeout
        patience = min(deadline, self._clock.monotonic() + self._options.pool_wait)
        slot = await self._admission.enter(incoming.host.lower(), patience, lambda: not self._is_closed)
        if slot is None:
            self._require_open()
            raise TooManyConnections("Every connection this mail server may get is busy.", retry_after=BUSY_RETRY_AFTER)
        future = self._threads.submit(partial(work, deadline))
        future.add_done_callback(notice)
        future.add_done_callback(lambda _: self._capacity.release(slot))
        await asyncio.wait({future}, timeout=deadline + ABORT_GRACE - self._clock.monotonic())
        if not future.done():
            raise UpstreamTimeout("The mail server did not answer in time.")
        return future.result()

    async def forget(self, account_id: AccountId) -> None:
        """Close the account's connections and drop its backoff: its credentials are new, or it is paused or gone.

        Running operations end as they would; their connections are not used again. Returns when the idle ones have
        logged out, within a bound. Calls that wait go on with what the credential source says from now on.
        """
        account = self._registry.find(account_id)
        if account is None:
            return
        account.epoch += 1
        account.breaker.reset()
        account.unreported = None
        for connection in account.leased:
            connection.is_doomed = True
        closing = [self._retire(connection) for connection in tuple(account.idle)]
        self._registry.serve(account)
        if closing:
            await asyncio.wait(closing, timeout=LOGOUT_TIME + 2 * ABORT_GRACE)

    async def close(self, timeout: float) -> None:
        """End the pool: refuse new calls with ShuttingDown, give running ones `timeout` seconds, log out everywhere."""
        self._is_closed = True
        ends = self._clock.monotonic() + timeout
        for account in self._registry:
            account.fail_waiters(ShuttingDown("The service is shutting down."))
            for connection in tuple(account.idle):
                self._retire(connection)
        self._reaper.stop()
        for task in tuple(self._openings):
            task.cancel()
        await self._wait_for_leased(ends)
        for account in self._registry:
            for connection in account.leased:
                connection.session.abort()
        await self._wait_for_leased(self._clock.monotonic() + ABORT_GRACE)
        await self._background.drain(LOGOUT_TIME + 2 * ABORT_GRACE)
        self._threads.close()

    def _proved(self, operation: Operation[T], connection: Connection) -> Operation[T]:
        return proved(operation, self._clock.monotonic() - connection.idle_since, self._clock)

    async def _wait_for_leased(self, until: float) -> None:
        while any(account.leased for account in self._registry) and (left := until - self._clock.monotonic()) > 0:
            self._came_back.clear()
            try:
                async with asyncio.timeout(left):
                    await self._came_back.wait()
            except TimeoutError:
                return

    def _require_open(self) -> None:
        if self._is_closed:
            raise ShuttingDown("The service is shutting down.")

    async def _lease(
        self, account_id: AccountId, mailbox: str | None, deadline: float, is_interactive: bool
    ) -> tuple[Connection, bool]:
        """Wait for a connection; also tells whether it had been lying idle."""
        self._require_open()
        account = self._registry.obtain(account_id)
        if (pause := account.breaker.pause(self._clock.monotonic())) is not None:
            raise pause
        connection = self._registry.take(account, mailbox, is_interactive)
        if connection is not None:
            self._meter.observe_pool_wait(0.0)
            return connection, True
        began = self._clock.monotonic()
        waiter: Waiter[Connection] = Waiter(mailbox, is_interactive)
        outcome = "cancelled"
        try:
            account.enqueue(waiter)
            self._registry.serve(account)
            self._reaper.start(self._background)
            connection = await self._wait(account, waiter, deadline)
        except MailhatchError as error:
            outcome = error.code
            raise
        else:
            outcome = "ok"
            return connection, False
        finally:
            account.leave(waiter)
            self._registry.prune(account)
            waited = self._clock.monotonic() - began
            current_cost().pool_wait += waited
            self._meter.observe_pool_wait(waited, outcome)

    async def _wait(self, account: AccountConnections, waiter: Waiter[Connection], deadline: float) -> Connection:
        """Wait in the queue: `pool_wait` for others to finish, but up to the deadline for a login that is under way,
        and for background work, which lets others pass.
        """
        now = self._clock.monotonic()
        patience = min(deadline, now + self._options.pool_wait) if waiter.is_interactive else deadline
        try:
            await waiter.wait(patience - now)
            if waiter.is_open and account.is_served_next(waiter):
                await waiter.wait(deadline - self._clock.monotonic())
            is_dialing = account.is_served_next(waiter)
            connection = waiter.withdraw()
        except asyncio.CancelledError:
            self._take_back(waiter)
            raise
        except MailhatchError:
            self._opener.report_late(account)
            raise
        if connection is not None:
            return connection
        if is_dialing:
            raise UpstreamTimeout("The mail server did not let us in in time.")
        raise TooManyConnections("Every connection this account may have is busy.", retry_after=BUSY_RETRY_AFTER)

    def _take_back(self, waiter: Waiter[Connection]) -> None:
        try:
            connection = waiter.withdraw()
        except MailhatchError:
            return
        if connection is not None:
            self._give_back(connection, is_good=True)

    def _give_back(self, connection: Connection, is_good: bool) -> None:
        connection.account.leased.discard(connection)
        is_alive = is_good and connection.session.is_usable
        is_welcome = not self._is_closed and not connection.is_doomed
        if is_alive and is_welcome and self._clock.monotonic() < connection.retire_at:
            self._registry.shelve(connection)
        else:
            self._closer.close(connection, politely=is_alive, then=self._after_close)
        self._came_back.set()

    def _retire(self, connection: Connection) -> "asyncio.Task[None]":
        """Take an idle connection off the shelf and close it politely."""
        self._capacity.unshelve(connection)
        return self._close_politely(connection)

    def _close_politely(self, connection: Connection) -> "asyncio.Task[None]":
        return self._closer.close(connection, politely=connection.session.is_usable, then=self._after_close)

    def _after_close(self, account: AccountConnections) -> None:
        if self._is_closed:
            self._registry.prune(account)
        else:
            self._registry.serve(account)

    def _grow(self, account: AccountConnections) -> None:
        task = self._background.start(self._open(account))
        self._openings.add(task)
        task.add_done_callback(self._openings.discard)

    async def _open(self, account: AccountConnections) -> None:
        epoch = account.epoch
        outcome: Connection | MailhatchError | None = None
        try:
            outcome = await self._opener.open(account)
        finally:
            account.opening -= 1
            is_hopeless = not account.idle and not account.leased and not account.opening
            if isinstance(outcome, MailhatchError) and account.epoch == epoch and is_hopeless:
                account.fail_waiters(outcome)
            if isinstance(outcome, Connection):
                if self._is_closed or outcome.is_doomed:
                    self._close_politely(outcome)
                else:
                    self._registry.welcome(outcome)
            else:
                self._after_close(account)
