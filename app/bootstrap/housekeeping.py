"""What goes on beside the requests."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from app.domain.errors import StorageUnavailable
from app.domain.ports import Clock
from app.storage.accounts import SqlAccountStore
from app.storage.idempotency import SqlIdempotencyStore
from app.storage.moved_messages import SqlMovedMessageStore
from app.telemetry.metrics import Metrics

_log = logging.getLogger(__name__)


def refresher(metrics: Metrics, store: SqlAccountStore) -> Callable[[], Awaitable[None]]:
    """Make what brings the metrics up to date before they are read; without the database the others are still told."""

    async def refresh() -> None:
        try:
            metrics.set_accounts(await store.count_by_state())
        except StorageUnavailable:
            _log.warning("accounts could not be counted; the metric is old")

    return refresh


async def purge_hourly(idempotency: SqlIdempotencyStore, moved: SqlMovedMessageStore, clock: Clock) -> None:
    """Drop what has had its time, now and each hour; a database that is down is asked again next time."""
    while True:
        try:
            await idempotency.purge(clock.now())
            await moved.purge(clock.now())
        except StorageUnavailable:
            _log.warning("old rows could not be dropped")
        await asyncio.sleep(3600)


async def stopped(task: asyncio.Task[None]) -> None:
    """End a task and wait until it has ended."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
