"""The end of the event log, followed once for all who wait for something new."""

import asyncio
import logging
from collections.abc import Callable

from app.domain.errors import StorageUnavailable
from app.domain.events import Event
from app.domain.ports import EventLog

_log = logging.getLogger(__name__)

#: Seconds between looks at the log when nobody in this process wrote to it: other processes may have.
_FALLBACK = 1.0
#: Events read at a time.
_PAGE = 500


class LogTail:
    """Reads the log once and wakes those whose events came. Used on one event loop."""

    def __init__(self, log: EventLog) -> None:
        """Take the log; `run` follows it."""
        self._log = log
        self._news = asyncio.Event()
        self._waiting: dict[asyncio.Future[None], Callable[[Event], bool]] = {}

    def written(self) -> None:
        """Say that events were committed in this process."""
        self._news.set()

    async def wait(self, matches: Callable[[Event], bool], seconds: float) -> None:
        """Return when an event came that matches, or after `seconds`. Read the log then: events are not handed over."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[waiter] = matches
        try:
            await asyncio.wait({waiter}, timeout=seconds)
        finally:
            del self._waiting[waiter]

    async def run(self) -> None:
        """Follow the log until cancelled."""
        reached: int | None = None
        while True:
            try:
                if reached is None:
                    reached = (await self._log.head()).position
                page = await self._log.tail(reached, _PAGE)
                reached = page.reached
                self._wake(page.events)
                if len(page.events) == _PAGE:
                    continue
            except StorageUnavailable:
                _log.warning("the event log could not be read")
            try:
                async with asyncio.timeout(_FALLBACK):
                    await self._news.wait()
            except TimeoutError:
                continue
            self._news.clear()

    def _wake(self, events: tuple[Event, ...]) -> None:
        for waiter, matches in self._waiting.items():
            if not waiter.done() and any(matches(event) for event in events):
                waiter.set_result(None)
