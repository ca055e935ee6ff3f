"""Things done once, however often they are asked for under one key."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from app.domain.errors import IdempotencyMismatch, StorageUnavailable
from app.domain.ids import TokenId
from app.domain.ports import Clock, IdempotencyStore, StoredAnswer
from app.services.limits import UNKEPT_ANSWERS

_log = logging.getLogger(__name__)


class Idempotency:
    """Does what a token asks for under a key, once, and gives the same answer again.

    What was begun is brought to its end, and its answer kept, also when the caller hangs up meanwhile. An answer that
    the database would not take stays in memory and is handed to it again: what was done is never told as a failure.
    """

    def __init__(self, store: IdempotencyStore, clock: Clock) -> None:
        """Take where answers are kept, and the time."""
        self._store = store
        self._clock = clock
        self._running: set[asyncio.Task[StoredAnswer]] = set()
        self._unkept: OrderedDict[tuple[TokenId, str], tuple[bytes, StoredAnswer]] = OrderedDict()

    async def once(
        self, token_id: TokenId, key: str, fingerprint: bytes, act: Callable[[], Awaitable[StoredAnswer]]
    ) -> tuple[StoredAnswer, bool]:
        """Do `act`, or tell what it answered before; and whether it is a repetition.

        When `act` raises nothing was done, and the key is free again. Raises IdempotencyConflict while the first runs,
        IdempotencyMismatch for another payload (its `fingerprint`), and what `act` raises.
        """
        await self._keep_unkept()
        unkept = self._unkept.get((token_id, key))
        if unkept is not None:
            if unkept[0] != fingerprint:
                raise IdempotencyMismatch("This Idempotency-Key was used with another payload. Use a new one.")
            return unkept[1], True
        stored = await self._store.begin(token_id, key, fingerprint, self._clock.now())
        if isinstance(stored, StoredAnswer):
            return stored, True
        task = asyncio.create_task(self._do(token_id, key, fingerprint, act), name="once")
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task), False

    async def close(self) -> None:
        """Wait for what still runs."""
        if self._running:
            await asyncio.wait(self._running)

    async def _do(
        self, token_id: TokenId, key: str, fingerprint: bytes, act: Callable[[], Awaitable[StoredAnswer]]
    ) -> StoredAnswer:
        try:
            answer = await act()
        except BaseException:
            try:
                await self._store.abandon(token_id, key)
            except StorageUnavailable:
                _log.warning("a key could not be freed; it will be when its time is over", extra={"token": token_id})
            raise
        try:
            await self._store.finish(token_id, key, answer)
        except StorageUnavailable:
            _log.warning("an answer could not be kept; it waits in memory", extra={"token": token_id})
            self._unkept[token_id, key] = (fingerprint, answer)
            if len(self._unkept) > UNKEPT_ANSWERS:
                self._unkept.popitem(last=False)
        return answer

    async def _keep_unkept(self) -> None:
        for (token_id, key), (_, answer) in tuple(self._unkept.items()):
            try:
                await self._store.finish(token_id, key, answer)
            except StorageUnavailable:
                return
            self._unkept.pop((token_id, key), None)

    def _ended(self, task: asyncio.Task[StoredAnswer]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # the caller may be gone; whoever is there hears of it
