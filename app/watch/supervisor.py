"""Which accounts are watched: all of them, by one task each, as the database has them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from app.domain.errors import StorageUnavailable
from app.domain.ids import AccountId
from app.domain.ports import Clock, SnapshotStore
from app.domain.snapshots import Watch
from app.watch.limits import ACCOUNTS_EVERY, NOTE_EVERY, ROUNDS_AT_ONCE
from app.watch.round import Rounds, WatchParts
from app.watch.watcher import Watcher

_log = logging.getLogger(__name__)

#: Tells which accounts are to be watched now, each with what changes when its server or login does.
Watchable = Callable[[], Awaitable[Mapping[AccountId, object]]]


class Supervisor:
    """Starts and ends watchers. Used on one event loop."""

    def __init__(self, watchable: Watchable, parts: WatchParts, store: SnapshotStore, clock: Clock, interval: float):
        """Take which accounts to watch, what rounds are made with, and the seconds between rounds."""
        self._watchable = watchable
        self._parts = parts
        self._store = store
        self._clock = clock
        self._interval = interval
        self._turns = asyncio.Semaphore(ROUNDS_AT_ONCE)
        self._running: dict[AccountId, tuple[object, Watcher, asyncio.Task[None]]] = {}
        self._now: dict[AccountId, Watch] = {}
        self._unwritten: dict[AccountId, Watch] = {}
        self._noted_at = clock.monotonic()

    def watch(self, account_id: AccountId) -> Watch | None:
        """How an account stands, as this process knows; None when it does not watch it."""
        return self._now.get(account_id)

    def look_now(self, account_id: AccountId) -> None:
        """Have an account looked at soon: something has happened to it."""
        running = self._running.get(account_id)
        if running is not None:
            running[1].look_now()

    async def run(self) -> None:
        """Watch until cancelled; then every watcher has ended."""
        try:
            while True:
                with suppress(StorageUnavailable):
                    await self.adjust()
                    await self._note()
                await asyncio.sleep(ACCOUNTS_EVERY)
        finally:
            tasks = [task for _, _, task in self._running.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._running.clear()
            with suppress(StorageUnavailable):
                await self._store.synced(list(self._unwritten.items()))

    async def adjust(self) -> None:
        """Start what is to be watched and is not, end what is not to be any more."""
        wanted = await self._watchable()
        for account_id, (mark, _, task) in tuple(self._running.items()):
            if task.done() or wanted.get(account_id) != mark:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                del self._running[account_id]
                self._now.pop(account_id, None)
                self._unwritten.pop(account_id, None)
        for account_id, mark in wanted.items():
            if account_id not in self._running:
                rounds = Rounds(account_id, self._parts)
                watcher = Watcher(account_id, rounds, self._interval, self._turns, self._synced)
                task = asyncio.create_task(watcher.run(), name=f"watch {account_id}")
                self._running[account_id] = (mark, watcher, task)

    def _synced(self, account_id: AccountId, watch: Watch) -> None:
        self._now[account_id] = watch
        self._unwritten[account_id] = watch

    async def _note(self) -> None:
        """Write down who is in sync, for other processes and the next start; now and then."""
        if self._clock.monotonic() - self._noted_at < NOTE_EVERY or not self._unwritten:
            return
        self._noted_at = self._clock.monotonic()
        noted, self._unwritten = self._unwritten, {}
        await self._store.synced(list(noted.items()))
