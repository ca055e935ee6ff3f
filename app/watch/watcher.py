"""Watching one account for as long as it is to be watched: round after round."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

from app.domain.errors import AccountPaused, Conflict, MailhatchError, NotFound
from app.domain.ids import AccountId
from app.domain.snapshots import Watch
from app.watch.limits import FIRST_BACKOFF, JITTER, LONGEST_BACKOFF
from app.watch.round import Rounds

_log = logging.getLogger(__name__)

#: Waits for a number of seconds, or until the event is set.
Pause = Callable[[asyncio.Event, float], Awaitable[None]]


async def pause(wake: asyncio.Event, seconds: float) -> None:
    """Wait for a number of seconds, or until the event is set."""
    try:
        async with asyncio.timeout(seconds):
            await wake.wait()
    except TimeoutError:
        return


class Watcher:
    """One account's watcher. `run` ends when the account is gone; all else is tried again, later each time."""

    def __init__(
        self,
        account_id: AccountId,
        rounds: Rounds,
        interval: float,
        turns: asyncio.Semaphore,
        synced: Callable[[AccountId, Watch], None],
        pause: Pause = pause,
    ) -> None:
        """Take the account, seconds between rounds, whose turn it is among accounts, and who hears of being in sync."""
        self._account_id = account_id
        self._rounds = rounds
        self._interval = interval
        self._turns = turns
        self._synced = synced
        self._pause = pause
        self._wake = asyncio.Event()
        self._random = random.SystemRandom()
        self._failures = 0

    def look_now(self) -> None:
        """Begin the next round at once: something has happened."""
        self._wake.set()

    async def run(self) -> None:
        """Watch until the account is gone."""
        while True:
            self._wake.clear()
            try:
                wait = await self._round()
            except NotFound:
                return
            await self._pause(self._wake, wait * self._random.uniform(1 - JITTER, 1 + JITTER))

    async def _round(self) -> float:
        """Do a round; tells how long to wait before the next."""
        try:
            async with self._turns:
                watch = await self._rounds.run()
        except NotFound:
            raise
        except Conflict:
            return FIRST_BACKOFF
        except AccountPaused:
            return LONGEST_BACKOFF
        except MailhatchError as error:
            return self._backoff(error.code, error.retry_after or 0.0)
        except Exception:  # noqa: BLE001 - whatever it was, the account is looked at again
            _log.exception("watching an account failed in an unexpected way", extra={"account": self._account_id})
            return self._backoff("internal_error", 0.0)
        self._failures = 0
        self._synced(self._account_id, watch)
        return self._interval

    def _backoff(self, code: str, at_least: float) -> float:
        self._failures += 1
        _log.info("an account could not be looked at", extra={"account": self._account_id, "error": code})
        return max(at_least, min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** min(self._failures - 1, 10)))
