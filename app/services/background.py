import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from app.domain.errors import MailhatchError

_log = logging.getLogger(__name__)


class BackgroundCalls:
    """Makes calls that nobody waits for: a few at a time, one per key, a bounded number waiting.

    A call that fails is logged and forgotten; it never takes another one down.
    """

    def __init__(self, at_once: int, most_waiting: int) -> None:
        """Take how many calls run at a time and how many may wait."""
        self._at_once = at_once
        self._queue: asyncio.Queue[tuple[str, Callable[[], Awaitable[object]]]] = asyncio.Queue(most_waiting)
        self._keys: set[str] = set()
        self._runner: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to make calls."""
        self._runner = asyncio.create_task(self._run(), name="background-calls")

    def submit(self, key: str, call: Callable[[], Awaitable[object]]) -> bool:
        """Have `call` made soon; False when it will not be: not started, too many waiting, or `key` waits already."""
        if self._runner is None or key in self._keys or self._queue.full():
            return False
        self._keys.add(key)
        self._queue.put_nowait((key, call))
        return True

    async def idle(self) -> None:
        """Wait until every call submitted has been made."""
        await self._queue.join()

    async def close(self) -> None:
        """Cancel what runs, drop what waits."""
        runner, self._runner = self._runner, None
        if runner is not None:
            runner.cancel()
            with suppress(asyncio.CancelledError):
                await runner

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(self._at_once):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            key, call = await self._queue.get()
            self._keys.discard(key)  # a change during the call asks for another one
            try:
                await call()
            except MailhatchError as error:
                _log.info("a background call failed", extra={"account": key, "error": error.code})
            except Exception:  # noqa: BLE001 - one broken call must not end the others
                _log.exception("a background call broke", extra={"account": key})
            finally:
                self._queue.task_done()
